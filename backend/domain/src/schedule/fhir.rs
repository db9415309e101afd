//! Appointments of FHIR R4 and R5: a Bundle, NDJSON as bulk exports write it, or one resource.
//!
//! Read as JSON values and not as generated types: those refuse a whole bundle for one field that nobody asked for,
//! know one version's names, and are a hundred times the code that is needed of them.

use serde_json::Value;

use super::{
    Site,
    dialect::{Dialect, Tables},
    report::Incoming,
};
use crate::{
    stamp::Stamp,
    table::Reject,
    time::{Timestamp, Zone},
};

mod appointment;
mod parties;

use parties::{Parties, at, text};

/// How large a file may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of an NDJSON file.
    pub file: usize,
    /// Bytes of one JSON document: a bundle stands in memory as a whole, at several times its size.
    pub document: usize,
    /// Resources of a file.
    pub resources: usize,
}

impl Limits {
    /// A year of a large system's appointments as NDJSON, or some 20,000 in a bundle.
    pub const IMPORT: Self =
        Self { file: 1024 * 1024 * 1024, document: 64 * 1024 * 1024, resources: 4_000_000 };
}

/// Why a file as a whole cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoResources {
    #[error("The file is empty.")]
    Empty,
    #[error("The file is larger than {0} MB. Split it, or export it as NDJSON.")]
    TooLarge(usize),
    #[error("The file has more than {0} resources. Split it into several files.")]
    TooMany(usize),
    #[error("This is not JSON in UTF-8: line {line}, column {column} cannot be read.")]
    NotJson { line: usize, column: usize },
    #[error("This JSON is no FHIR resource: resourceType is missing.")]
    NotFhir,
}

/// Reads the resources of one server.
pub struct Reader<'a> {
    sites: &'a [Site],
    tables: Tables,
    zone: &'a Zone,
    /// When the file was taken, for appointments that do not say when they were changed last.
    as_of: Timestamp,
}

impl<'a> Reader<'a> {
    /// `zone` is for times without an offset of appointments that name no site.
    pub fn new(sites: &'a [Site], dialect: &Dialect, zone: &'a Zone, as_of: Timestamp) -> Self {
        Self { sites, tables: Tables::new(dialect), zone, as_of }
    }

    /// Every appointment of a file. A row of a reject is the entry of a bundle or the line of NDJSON, from 1; its
    /// column is the path of the element.
    ///
    /// # Errors
    /// [`NoResources`] when these are none, or too many.
    pub fn file(&self, bytes: &[u8], limits: &Limits) -> Result<Incoming, NoResources> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let megabytes = |bytes: usize| NoResources::TooLarge(bytes / (1024 * 1024));
        if bytes.len() > limits.file {
            return Err(megabytes(limits.file));
        }
        if bytes.trim_ascii().is_empty() {
            return Err(NoResources::Empty);
        }
        if is_lines(bytes) {
            return self.lines(bytes, limits);
        }
        if bytes.len() > limits.document {
            return Err(megabytes(limits.document));
        }
        let whole: Value = serde_json::from_slice(bytes)
            .map_err(|error| NoResources::NotJson { line: error.line(), column: error.column() })?;
        match text(&whole, "resourceType") {
            "" => Err(NoResources::NotFhir),
            "Bundle" => self.bundle(whole, limits),
            _ => {
                let entry = Entry { row: 1, path: String::new(), url: String::new(), time: Time::None };
                Ok(self.read(vec![(entry, whole)]))
            }
        }
    }

    fn bundle(&self, mut whole: Value, limits: &Limits) -> Result<Incoming, NoResources> {
        let entries = match whole.get_mut("entry").map(Value::take) {
            Some(Value::Array(entries)) => entries,
            _ => Vec::new(),
        };
        if entries.len() > limits.resources {
            return Err(NoResources::TooMany(limits.resources));
        }
        let of_bundle = [text(&whole, "timestamp"), text(at(&whole, &["meta"]), "lastUpdated")];
        let of_bundle = of_bundle.into_iter().find(|time| !time.is_empty()).unwrap_or_default();
        let mut nothing = Incoming::default();
        let mut read = Vec::with_capacity(entries.len());
        for (number, mut entry) in entries.into_iter().enumerate() {
            let row = u64::try_from(number + 1).unwrap_or(u64::MAX);
            let response = text(at(&entry, &["response"]), "lastModified");
            let time = [("response.lastModified", response), ("timestamp", of_bundle)];
            let time = time.into_iter().find(|(_, time)| !time.is_empty());
            let described = Entry {
                row,
                path: format!("entry[{number}]."),
                url: text(&entry, "fullUrl").to_owned(),
                time: time.map_or(Time::None, |(path, time)| Time::At(path, Stamp::fhir(time))),
            };
            match entry.get_mut("resource").map(Value::take) {
                Some(resource) => read.push((described, resource)),
                None => match without_resource(&described, &entry) {
                    Some(reject) => nothing.rejects.push(reject),
                    None => nothing.leave("entry without a resource"),
                },
            }
        }
        let mut incoming = self.read(read);
        incoming.rejects.append(&mut nothing.rejects);
        for (kind, count) in nothing.left {
            *incoming.left.entry(kind).or_default() += count;
        }
        let next = at(&whole, &["link"])
            .as_array()
            .into_iter()
            .flatten()
            .any(|link| text(link, "relation") == "next");
        if next {
            let reason =
                "This bundle is one page of several; the next ones have to be imported too.".to_owned();
            incoming.notes.push(Reject { row: 0, column: "link".into(), reason });
        }
        Ok(incoming)
    }

    fn read(&self, resources: Vec<(Entry, Value)>) -> Incoming {
        let mut parties = Parties::default();
        for (entry, resource) in &resources {
            parties.add(&entry.url, resource);
        }
        let mut incoming = Incoming::default();
        for (entry, resource) in resources {
            self.resource(&entry, &resource, &parties, &mut incoming);
        }
        incoming
    }

    /// Twice through the file, so that only what is referred to is kept in memory.
    fn lines(&self, bytes: &[u8], limits: &Limits) -> Result<Incoming, NoResources> {
        let lines = || {
            bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.trim_ascii().is_empty())
        };
        let mut parties = Parties::default();
        let mut incoming = Incoming::default();
        let mut appointments = Vec::new();
        for (count, (number, line)) in lines().enumerate() {
            if count == limits.resources {
                return Err(NoResources::TooMany(limits.resources));
            }
            let row = u64::try_from(number + 1).unwrap_or(u64::MAX);
            let entry = Entry { row, path: String::new(), url: String::new(), time: Time::None };
            match one_line_of_json(line, limits) {
                Ok(resource) => {
                    parties.add("", &resource);
                    if text(&resource, "resourceType") == "Appointment" {
                        appointments.push((entry, line));
                    } else {
                        self.resource(&entry, &resource, &Parties::default(), &mut incoming);
                    }
                }
                Err(reason) => {
                    incoming.rejects.push(Reject { row, column: String::new(), reason });
                }
            }
        }
        for (entry, line) in appointments {
            // It could be read a moment ago.
            let Ok(resource) = serde_json::from_slice(line) else { continue };
            self.resource(&entry, &resource, &parties, &mut incoming);
        }
        incoming.rejects.sort_by_key(|reject| reject.row);
        Ok(incoming)
    }

    fn resource(&self, entry: &Entry, resource: &Value, parties: &Parties, incoming: &mut Incoming) {
        match text(resource, "resourceType") {
            "Appointment" => match self.appointment(entry, resource, parties) {
                Ok(report) => incoming.reports.push(report),
                Err((path, reason)) => {
                    let column = if path.is_empty() {
                        format!("{}Appointment", entry.path)
                    } else if path.starts_with("response.") {
                        format!("{}{path}", entry.path)
                    } else {
                        format!("{}Appointment.{path}", entry.path)
                    };
                    incoming.rejects.push(Reject { row: entry.row, column, reason });
                }
            },
            "" => {
                let column = format!("{}resourceType", entry.path);
                let reason = "This is no resource of FHIR.".to_owned();
                incoming.rejects.push(Reject { row: entry.row, column, reason });
            }
            kind => {
                let kind: String = kind.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
                incoming.leave(&kind);
            }
        }
    }
}

fn one_line_of_json(line: &[u8], limits: &Limits) -> Result<Value, String> {
    if line.len() > limits.document {
        return Err("This line is too long for one resource.".into());
    }
    serde_json::from_slice(line)
        .map_err(|error| format!("This line is not JSON; column {} cannot be read.", error.column()))
}

/// Where a resource stands, and what its bundle says of it.
struct Entry {
    row: u64,
    /// `entry[2].`; empty outside a bundle.
    path: String,
    /// `fullUrl`
    url: String,
    time: Time,
}

/// When the entry was changed, as the bundle says.
enum Time {
    None,
    /// The path of the element, and its value unless it cannot be read.
    At(&'static str, Option<Stamp>),
}

/// In a history, an entry without a resource is one that was deleted: which appointment it was, only its server knows.
fn without_resource(entry: &Entry, value: &Value) -> Option<Reject> {
    let request = at(value, &["request"]);
    let is_deleted = text(request, "method") == "DELETE";
    let address = text(request, "url");
    (is_deleted && address.contains("Appointment/")).then(|| Reject {
        row: entry.row,
        column: format!("{}request", entry.path),
        reason: "An appointment was deleted on the server; send it as entered-in-error, with its identifier."
            .into(),
    })
}

/// Whether each line is a document of its own: the first one is, or was one before it was spoilt. The first line of a
/// document over several lines only begins one.
fn is_lines(bytes: &[u8]) -> bool {
    let mut lines =
        bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let (Some(first), Some(_)) = (lines.next(), lines.next()) else { return false };
    match serde_json::from_slice::<serde::de::IgnoredAny>(first) {
        Ok(_) => true,
        Err(error) => !error.is_eof() && first.starts_with(b"{") && first.ends_with(b"}"),
    }
}

#[cfg(test)]
mod tests;
