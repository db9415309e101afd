//! Files with rows and columns, as hospitals export them: any usual encoding and delimiter, quoted fields, and
//! columns whose names have to be guessed. The staff directory and the schedule both come in through here.
//!
//! Whatever the bytes, reading ends in a table or in one sentence; a row that cannot be used is kept with its
//! reason, so that the importer can give back a list of what it refused.

use std::collections::BTreeMap;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How large a file may be. Beyond these it is no schedule and no directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub bytes: usize,
    pub rows: usize,
    pub columns: usize,
    /// Characters of one field; a row with a longer one is refused alone.
    pub field: usize,
}

impl Limits {
    /// A year of a large system's schedule, or its whole staff.
    pub const IMPORT: Self = Self { bytes: 256 * 1024 * 1024, rows: 1_000_000, columns: 200, field: 4_000 };
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// `UTF-8`, `UTF-16LE`, `UTF-16BE` or `windows-1252`.
    pub encoding: &'static str,
    pub delimiter: char,
    pub header: Vec<String>,
    pub rows: Vec<Record>,
}

/// One row under the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The line of the file on which the row begins; the header is usually line 1.
    pub line: u64,
    /// As many as the header has.
    pub cells: Vec<String>,
    /// Why the row as a whole cannot be used.
    pub trouble: Option<String>,
}

/// Why a file as a whole cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("The file is empty. Export it again with its header row.")]
    Empty,
    #[error("The file is larger than {0} MB. Split it into several files.")]
    TooLarge(usize),
    #[error("The file has more than {0} rows. Split it into several files.")]
    TooManyRows(usize),
    #[error("The header has more than {0} columns. Is this the right file?")]
    TooManyColumns(usize),
    #[error(
        "This is not a text file with rows and columns. Export it as CSV; a spreadsheet file cannot be read."
    )]
    NotText,
    #[error("The column {0:?} stands twice in the header. Rename one of them.")]
    ColumnTwice(String),
}

/// Most line breaks that a quoted field can have; a field with more is a quotation mark that was never closed.
const MOST_BREAKS_IN_A_FIELD: usize = 50;

/// Reads a file of unknown encoding and delimiter.
///
/// # Errors
/// [`Unreadable`] with one sentence when no table can be made of it.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Table, Unreadable> {
    if bytes.len() > limits.bytes {
        return Err(Unreadable::TooLarge(limits.bytes / (1024 * 1024)));
    }
    let (text, encoding) = decode(bytes)?;
    if text.trim().is_empty() {
        return Err(Unreadable::Empty);
    }
    let delimiter = delimiter(&text);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let first = records.next().ok_or(Unreadable::Empty)?.map_err(|_| Unreadable::NotText)?;
    let header = header(&first, limits)?;
    let mut lines = Lines { text: text.as_bytes(), at: 0, line: 1 };
    let mut rows = Vec::new();
    for record in records {
        let record = record.map_err(|_| Unreadable::NotText)?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() == limits.rows {
            return Err(Unreadable::TooManyRows(limits.rows));
        }
        let line = lines.of(&record);
        rows.push(row(&record, line, &header, limits));
    }
    Ok(Table { encoding: encoding.name(), delimiter: char::from(delimiter), header, rows })
}

fn decode(bytes: &[u8]) -> Result<(String, &'static Encoding), Unreadable> {
    let (encoding, skip) = Encoding::for_bom(bytes).unwrap_or_else(|| (without_bom(bytes), 0));
    let (text, broken) = encoding.decode_without_bom_handling(bytes.get(skip..).unwrap_or_default());
    if broken || text.contains('\0') {
        return Err(Unreadable::NotText);
    }
    Ok((text.into_owned(), encoding))
}

/// Western text in UTF-16 has a zero in every second byte; what is valid UTF-8 is UTF-8; the rest is what
/// Windows programs call ANSI.
fn without_bom(bytes: &[u8]) -> &'static Encoding {
    let start = bytes.get(..bytes.len().min(2_000)).unwrap_or_default();
    let zeros = |parity: usize| start.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let half = start.len() / 2;
    if half > 0 && zeros(1) * 2 > half && zeros(0) == 0 {
        UTF_16LE
    } else if half > 0 && zeros(0) * 2 > half && zeros(1) == 0 {
        UTF_16BE
    } else if std::str::from_utf8(bytes).is_ok() {
        UTF_8
    } else {
        WINDOWS_1252
    }
}

/// The delimiter that stands most often outside quotation marks in the first line.
fn delimiter(text: &str) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0)];
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted && counts.iter().any(|(_, count)| *count > 0) => break,
            _ if quoted => {}
            _ => {
                if let Some((_, count)) = counts.iter_mut().find(|(candidate, _)| *candidate == byte) {
                    *count += 1;
                }
            }
        }
    }
    // The first of equals wins, so a file of one column counts as separated by commas.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| delimiter)
}

fn header(first: &csv::StringRecord, limits: &Limits) -> Result<Vec<String>, Unreadable> {
    let mut header: Vec<String> =
        first.iter().map(|cell| cell.trim().chars().take(limits.field).collect()).collect();
    while header.last().is_some_and(String::is_empty) {
        header.pop();
    }
    if header.is_empty() {
        return Err(Unreadable::Empty);
    }
    if header.len() > limits.columns {
        return Err(Unreadable::TooManyColumns(limits.columns));
    }
    let mut seen = std::collections::BTreeSet::new();
    for name in header.iter().filter(|name| !name.is_empty()) {
        if !seen.insert(name.to_lowercase()) {
            return Err(Unreadable::ColumnTwice(name.chars().take(60).collect()));
        }
    }
    Ok(header)
}

/// Counts lines as an editor does. The reader's own count is one behind where lines end in CRLF.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, record: &csv::StringRecord) -> u64 {
        let reported =
            record.position().map_or(self.at, |position| usize::try_from(position.byte()).unwrap_or(self.at));
        let rest = self.text.get(reported..).unwrap_or_default();
        let start = reported + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = self.text.get(self.at..start).unwrap_or_default();
        let ends = passed.split(|byte| *byte == b'\n').count() - 1;
        self.line += u64::try_from(ends).unwrap_or(0);
        self.at = start;
        self.line
    }
}

fn row(record: &csv::StringRecord, line: u64, header: &[String], limits: &Limits) -> Record {
    let wide = header.len();
    // Empty cells behind the last column are what spreadsheets leave behind, and nobody's loss.
    let used = record.len() - record.iter().rev().take_while(|cell| cell.trim().is_empty()).count();
    let trouble = if record.iter().any(|cell| cell.matches('\n').count() > MOST_BREAKS_IN_A_FIELD) {
        Some("A quotation mark is opened and never closed.".to_owned())
    } else if record.iter().any(|cell| cell.chars().nth(limits.field).is_some()) {
        Some(format!("A field has more than {} characters.", limits.field))
    } else if used > wide || record.len() < wide {
        Some(format!(
            "The row has {} fields; the header has {wide}.",
            if used > wide { used } else { record.len() }
        ))
    } else {
        None
    };
    let cell = |index| record.get(index).unwrap_or_default().trim();
    let kept = |index| if trouble.is_some() { String::new() } else { cell(index).to_owned() };
    Record { line, cells: (0..wide).map(kept).collect(), trouble }
}

/// A field that an import understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub key: &'static str,
    pub label: &'static str,
    /// Other names under which exports carry it, in lower case letters and digits alone.
    pub synonyms: &'static [&'static str],
    pub required: bool,
}

/// Which column holds which field: the field's key and the column's number from 0.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Mapping(pub BTreeMap<String, usize>);

impl Mapping {
    /// Finds each known field by its key, label or synonyms. A column is used once.
    pub fn guess(header: &[String], known: &[Known]) -> Self {
        let names: Vec<String> = header.iter().map(|name| plain(name)).collect();
        let mut mapping = BTreeMap::new();
        for field in known {
            let fits = |name: &str| {
                !name.is_empty()
                    && (name == plain(field.key)
                        || name == plain(field.label)
                        || field.synonyms.contains(&name))
            };
            let free = |index: &usize| !mapping.values().any(|used| used == index);
            let found =
                names.iter().enumerate().filter(|(_, name)| fits(name)).map(|(index, _)| index).find(free);
            if let Some(index) = found {
                mapping.insert(field.key.to_owned(), index);
            }
        }
        Self(mapping)
    }

    /// The required fields that no column holds.
    pub fn missing<'a>(&self, known: &'a [Known]) -> Vec<&'a Known> {
        known.iter().filter(|field| field.required && !self.0.contains_key(field.key)).collect()
    }

    /// The cell of a field; empty when no column holds it.
    pub fn cell<'a>(&self, record: &'a Record, key: &str) -> &'a str {
        self.0.get(key).and_then(|index| record.cells.get(*index)).map_or("", String::as_str)
    }

    /// The name of the column that holds a field.
    pub fn column<'a>(&self, header: &'a [String], key: &str) -> &'a str {
        self.0.get(key).and_then(|index| header.get(*index)).map_or("", String::as_str)
    }
}

/// A name in lower case without anything but letters and digits: `Appt. ID` and `appt_id` are the same.
pub(crate) fn plain(name: &str) -> String {
    name.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What a header looks like to a mapping: its names as [`Mapping::guess`] compares them, in their order. Files with the
/// same shape have the same columns.
pub fn shape(header: &[String]) -> String {
    header.iter().map(|name| plain(name)).collect::<Vec<_>>().join("\n")
}

/// A row that was refused. The reason never repeats the value: the list travels further than the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reject {
    /// The line of the file on which the row begins.
    pub row: u64,
    /// The column's name; empty when the row as a whole is meant.
    pub column: String,
    pub reason: String,
}

/// The list of refused rows as a CSV file that any spreadsheet opens.
pub fn rejects_csv(rejects: &[Reject]) -> String {
    let rows = rejects
        .iter()
        .map(|reject| vec![reject.row.to_string(), reject.column.clone(), reject.reason.clone()]);
    write_csv(&["row", "column", "reason"], rows)
}

/// Rows as a CSV file with CRLF, after a byte order mark, so that spreadsheets read it as UTF-8. A cell that a
/// spreadsheet would compute gets an apostrophe before it.
pub fn write_csv(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    csv_piece(true, header, rows)
}

/// As [`write_csv`], a piece at a time: the header stands on the first alone.
pub fn csv_piece(is_first: bool, header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut text = String::new();
    if is_first {
        text.push('\u{feff}');
        text.push_str(&header.join(","));
        text.push_str("\r\n");
    }
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// Where a comma is no separator, a spreadsheet splits at semicolons and tabs, also between quotation marks: what
/// follows one begins a cell there.
fn quoted(cell: &str) -> String {
    const COMPUTES: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
    let mut text = String::with_capacity(cell.len() + 1);
    let mut begins = true;
    for sign in cell.chars() {
        if begins && COMPUTES.contains(&sign) {
            text.push('\'');
        }
        text.push(sign);
        begins = matches!(sign, ';' | '\t' | '\n');
    }
    let cell = text;
    if cell.contains([',', ';', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_that_was_typed_is_computed_wherever_a_spreadsheet_splits() {
        let file = write_csv(
            &["name"],
            [vec!["=1+1".to_owned()], vec!["x;=1+1;y".to_owned()], vec!["a;b -1".to_owned()]],
        );
        assert_eq!(file, "\u{feff}name\r\n'=1+1\r\n\"x;'=1+1;y\"\r\n\"a;b -1\"\r\n");
    }

    const KNOWN: [Known; 3] = [
        Known {
            key: "appointment_id",
            label: "Appointment id",
            synonyms: &["apptid", "csn"],
            required: true,
        },
        Known { key: "mrn", label: "MRN", synonyms: &["patientid"], required: true },
        Known { key: "name", label: "Patient", synonyms: &["patientname"], required: false },
    ];

    fn read_all(bytes: &[u8]) -> Table {
        read(bytes, &Limits::IMPORT).expect("is a table")
    }

    #[test]
    fn a_windows_export_keeps_leading_zeros_and_a_comma_inside_quotes() {
        let file = b"\xef\xbb\xbfAppt ID,MRN,Patient Name\r\nA1,0034458,\"Doe, Jane\"\r\nA2,0000007,Roe\r\n";
        let table = read_all(file);
        assert_eq!((table.encoding, table.delimiter), ("UTF-8", ','));
        assert_eq!(table.header, ["Appt ID", "MRN", "Patient Name"]);
        assert_eq!(table.rows[0].cells, ["A1", "0034458", "Doe, Jane"]);
        assert_eq!((table.rows[1].line, table.rows[1].cells[1].as_str()), (3, "0000007"));
    }

    #[test]
    fn every_usual_encoding_and_delimiter_reads_the_same() {
        let text = "name;mrn\nM\u{fc}ller;007\n";
        let utf16 = |big: bool, bom: bool| -> Vec<u8> {
            let mark = if bom { "\u{feff}" } else { "" };
            let units = format!("{mark}{text}");
            units
                .encode_utf16()
                .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect()
        };
        let windows: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        let files: [(&str, Vec<u8>); 6] = [
            ("UTF-8", text.as_bytes().to_vec()),
            ("windows-1252", windows),
            ("UTF-16LE", utf16(false, true)),
            ("UTF-16BE", utf16(true, true)),
            ("UTF-16LE", utf16(false, false)),
            ("UTF-16BE", utf16(true, false)),
        ];
        for (encoding, file) in files {
            let table = read_all(&file);
            assert_eq!((table.encoding, table.delimiter), (encoding, ';'));
            assert_eq!(table.rows[0].cells, ["M\u{fc}ller", "007"], "{encoding}");
        }
        assert_eq!(read_all(b"a\tb\n1\t2\n").delimiter, '\t');
        assert_eq!(read_all(b"a\n1\n").delimiter, ',');
    }

    #[test]
    fn ragged_rows_huge_fields_and_open_quotes_are_refused_alone() {
        let huge = "x".repeat(10 * 1024 * 1024);
        let table = read_all(format!("a,b\n1,2\n1\n1,2,3\n1,2,\n{huge},2\n5,6\n").as_bytes());
        let troubles: Vec<bool> = table.rows.iter().map(|row| row.trouble.is_some()).collect();
        assert_eq!(troubles, [false, true, true, false, true, false]);
        let open = read_all(format!("a,b\n1,2\n\"never closed,{}", "4,5\n".repeat(60)).as_bytes());
        assert_eq!(open.rows[0].trouble, None);
        assert_eq!(open.rows[1].trouble.as_deref(), Some("A quotation mark is opened and never closed."));
    }

    #[test]
    fn what_is_no_table_is_said_in_one_sentence() {
        assert_eq!(read(b"", &Limits::IMPORT), Err(Unreadable::Empty));
        assert_eq!(read(b"\xef\xbb\xbf \r\n", &Limits::IMPORT), Err(Unreadable::Empty));
        assert_eq!(read(b"PK\x03\x04\x00\x00\x08", &Limits::IMPORT), Err(Unreadable::NotText));
        assert_eq!(read(b"a,A\n1,2\n", &Limits::IMPORT), Err(Unreadable::ColumnTwice("A".into())));
        let few = Limits { rows: 1, columns: 2, bytes: 20, field: 5 };
        assert_eq!(read(b"a\n1\n2\n", &few), Err(Unreadable::TooManyRows(1)));
        assert_eq!(read(b"a,b,c\n", &few), Err(Unreadable::TooManyColumns(2)));
        assert!(matches!(read(&[b'a'; 21], &few), Err(Unreadable::TooLarge(_))));
    }

    #[test]
    fn columns_are_guessed_by_synonym_and_missing_ones_named() {
        let header: Vec<String> = ["CSN", "patient name", "Room"].map(String::from).into();
        let mapping = Mapping::guess(&header, &KNOWN);
        assert_eq!(mapping.0, BTreeMap::from([("appointment_id".into(), 0), ("name".into(), 1)]));
        assert_eq!(mapping.missing(&KNOWN).iter().map(|field| field.key).collect::<Vec<_>>(), ["mrn"]);
    }

    #[test]
    fn the_list_of_refused_rows_opens_in_a_spreadsheet_and_computes_nothing() {
        let reject =
            Reject { row: 7, column: "=1+1".into(), reason: "The date, as written, is none.".into() };
        assert_eq!(
            rejects_csv(&[reject]),
            "\u{feff}row,column,reason\r\n7,'=1+1,\"The date, as written, is none.\"\r\n"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_are_a_surprise(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(table) = read(&bytes, &Limits { rows: 50, ..Limits::IMPORT }) {
                prop_assert!(table.rows.iter().all(|row| row.cells.len() == table.header.len()));
                Mapping::guess(&table.header, &KNOWN);
            }
        }

        #[test]
        fn what_was_written_is_read_again(rows in proptest::collection::vec(
            ("[A-Z]{1,3}", "[a-z\",; \u{e9}]{0,12}"), 1..20,
        )) {
            let written: Vec<Vec<String>> = rows.iter().map(|(a, b)| vec![a.clone(), b.trim().to_owned()]).collect();
            let table = read_all(write_csv(&["first", "second"], written.clone()).as_bytes());
            let cells: Vec<Vec<String>> = table.rows.into_iter().map(|row| row.cells).collect();
            prop_assert_eq!(cells, written);
        }
    }
}
