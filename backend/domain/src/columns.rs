//! Which column of a file means what: guessed from the header, changed by the person who imports, and the same for
//! every kind of file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A value that a kind of file can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    pub key: &'static str,
    pub label: &'static str,
    pub required: bool,
    /// Other headers that mean this column, in lower case, letters and digits only.
    pub names: &'static [&'static str],
}

/// For each key, the column of the file that carries it, counted from 0.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Mapping(pub BTreeMap<String, usize>);

/// A row that was refused: where, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refused {
    /// Line of the file, counted from 1 with the header.
    pub row: usize,
    pub column: String,
    pub reason: String,
}

impl Mapping {
    /// Each header that names a column is taken for it; what nothing names stays open.
    pub fn guess(columns: &[Column], header: &[String]) -> Self {
        let plain: Vec<String> = header.iter().map(|name| plain(name)).collect();
        let found = |column: &Column| {
            plain
                .iter()
                .position(|name| *name == self::plain(column.key) || column.names.contains(&name.as_str()))
        };
        Self(columns.iter().filter_map(|column| Some((column.key.to_owned(), found(column)?))).collect())
    }

    /// The columns that the file must have and that nothing is mapped to.
    pub fn missing(&self, columns: &[Column]) -> Vec<&'static str> {
        columns
            .iter()
            .filter(|column| column.required && !self.0.contains_key(column.key))
            .map(|column| column.label)
            .collect()
    }

    /// The value of a key in a row, without surrounding white space; empty when nothing is mapped to it.
    pub fn value<'a>(&self, row: &'a [String], key: &str) -> &'a str {
        self.0.get(key).and_then(|index| row.get(*index)).map_or("", |value| value.trim())
    }
}

fn plain(header: &str) -> String {
    header.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// `yes`, `true`, `1`, `x` and the like; `None` for what is neither yes nor no.
pub fn yes_or_no(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "yes" | "y" | "true" | "t" | "1" | "x" => Some(true),
        "" | "no" | "n" | "false" | "f" | "0" => Some(false),
        _ => None,
    }
}

/// The parts of a list in one cell, separated by semicolons or bars.
pub fn list(text: &str) -> Vec<String> {
    text.split([';', '|']).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_recognised_however_they_are_written() {
        let columns = [
            Column { key: "staff_number", label: "Staff number", required: true, names: &["employeeid"] },
            Column { key: "name", label: "Name", required: true, names: &[] },
        ];
        let header = ["Employee ID".to_owned(), "Other".to_owned()];
        let mapping = Mapping::guess(&columns, &header);
        assert_eq!(mapping.value(&[" 0042 ".to_owned()], "staff_number"), "0042");
        assert_eq!(mapping.missing(&columns), ["Name"]);
        assert_eq!(mapping.value(&[], "staff_number"), "");
    }
}
