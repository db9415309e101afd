//! The rows that a file was refused, of whatever kind the file is: staff, places or a schedule. They are kept because
//! the file itself goes; never with a value of the row.

use domain::table::Reject;
use serde::Serialize;
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all,
    store::{Error, Rows, Sql, Tx},
};

#[derive(Serialize)]
struct New<'a> {
    ordinal: usize,
    line: u64,
    column_name: &'a str,
    reason: &'a str,
}

const KEEP: Sql = Sql {
    sqlite: "
    INSERT INTO import_reject (file, ordinal, line, column_name, reason)
    SELECT $1, value ->> 'ordinal', value ->> 'line', value ->> 'column_name', value ->> 'reason'
    FROM json_each($2)",
    postgres: "
    INSERT INTO import_reject (file, ordinal, line, column_name, reason)
    SELECT $1, ordinal, line, column_name, reason
    FROM json_to_recordset($2::json) AS row (ordinal BIGINT, line BIGINT, column_name TEXT, reason TEXT)",
};

/// Keeps what a file was refused, by the id of its import or schedule.
pub async fn keep(tx: &mut Tx, file: impl Into<Uuid>, rejects: &[Reject]) -> Result<(), Error> {
    let rows: Vec<New<'_>> = rejects
        .iter()
        .enumerate()
        .map(|(ordinal, Reject { row, column, reason })| New {
            ordinal,
            line: *row,
            column_name: column,
            reason,
        })
        .collect();
    execute!(tx, KEEP, file.into(), Rows::of(&rows).text()).map(|_| ())
}

const OF_FILE: &str = "
    SELECT line, column_name, reason
    FROM import_reject
    WHERE file = $1
    ORDER BY ordinal";

/// What a file that was taken over was refused, in the order in which it was found.
pub async fn of_file(tx: &mut Tx, file: impl Into<Uuid>) -> Result<Vec<Reject>, Error> {
    let rows = fetch_all!(tx, (i64, String, String), OF_FILE, file.into())?;
    let reject = |(line, column, reason)| Reject { row: u64::try_from(line).unwrap_or(0), column, reason };
    Ok(rows.into_iter().map(reject).collect())
}
