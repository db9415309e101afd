//! Statements that are put off: several that nobody asks for an answer go to SQLite's thread as one text.
//!
//! A statement of sqlx on SQLite is a message to the thread of its connection and one back, which costs more than most
//! of our writes do inside. What a command writes at its end is one text of several statements with one list of values;
//! such texts are few, so that the connection keeps them prepared.

use std::fmt::Write as _;

use sqlx::{
    Arguments as _, AssertSqlSafe, Encode, Executor as _, Sqlite, SqliteConnection, Type,
    sqlite::SqliteArguments,
};

use super::Error;

/// What a transaction still has to write.
#[derive(Debug, Default)]
pub struct Script {
    text: String,
    values: SqliteArguments,
    /// How many values the statements before the last one have.
    before: usize,
    wrong: Option<Error>,
}

impl Script {
    pub(super) const fn is_empty(&self) -> bool {
        self.text.is_empty() && self.wrong.is_none()
    }

    /// Begins a statement, whose values `$1`, `$2` … follow.
    #[must_use]
    pub fn begin(&mut self, sql: &'static str) -> &mut Self {
        self.before = self.values.len();
        append(&mut self.text, sql, self.before);
        self.text.push_str(";\n");
        self
    }

    /// The next value of the statement.
    #[must_use]
    pub fn bind<'value, T: Encode<'value, Sqlite> + Type<Sqlite>>(&mut self, value: T) -> &mut Self {
        if let Err(error) = self.values.add(value) {
            self.wrong = Some(Error::Other(sqlx::Error::Encode(error)));
        }
        self
    }

    /// Ends the statement.
    ///
    /// # Errors
    /// When a value cannot be written.
    pub fn end(&mut self) -> Result<(), Error> {
        self.wrong.take().map_or(Ok(()), Err)
    }

    pub(super) async fn run(self, connection: &mut SqliteConnection) -> Result<(), Error> {
        let script = sqlx::query_with::<Sqlite, _>(AssertSqlSafe(self.text), self.values);
        connection.execute(script).await.map(|_| ()).map_err(Error::from)
    }
}

/// Appends a statement whose values come behind so many others: `$1` is `$4` behind three. Text in quotes stays.
fn append(text: &mut String, sql: &str, before: usize) {
    let (mut rest, mut is_quoted) = (sql, false);
    while let Some(at) = rest.find(['$', '\'']) {
        let (plain, sign) = rest.split_at(at);
        text.push_str(plain);
        let after = &sign[1..];
        let digits = after.len() - after.trim_start_matches(|sign: char| sign.is_ascii_digit()).len();
        match after[..digits].parse::<usize>() {
            Ok(number) if sign.starts_with('$') && !is_quoted => {
                let _ = write!(text, "${}", number + before);
                rest = &after[digits..];
            }
            _ => {
                is_quoted ^= sign.starts_with('\'');
                text.push_str(&sign[..1]);
                rest = after;
            }
        }
    }
    text.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_behind_those_before_and_text_in_quotes_stays() {
        let mut text = String::new();
        append(
            &mut text,
            "UPDATE a SET b = $2, c = '$1 it''s $2', d = value ->> '$.e' WHERE f = $1 AND g > $12",
            3,
        );
        assert_eq!(
            text,
            "UPDATE a SET b = $5, c = '$1 it''s $2', d = value ->> '$.e' WHERE f = $4 AND g > $15"
        );
    }
}
