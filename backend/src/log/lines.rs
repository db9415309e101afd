//! Entries of the log in words: who did what to what, and what was written with it.

use std::collections::BTreeMap;

use domain::{
    log::words,
    time::{Timestamp, Zone},
    view::log::EntryLine,
};
use serde_json::Value;
use sqlx::types::Uuid;

use super::store::{self, TextRow};
use crate::store::{Error, Tx, journal::JournalRow};

/// Who did what nobody did.
pub const PROGRAM: &str = "The program";

/// The names of everybody and everything that entries mention.
#[derive(Debug, Default)]
pub struct Names(BTreeMap<Uuid, String>);

impl Names {
    /// Reads them in one statement.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn of(tx: &mut Tx, rows: &[JournalRow]) -> Result<Self, Error> {
        let mut ids: Vec<Uuid> = rows.iter().flat_map(mentioned).collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(Self(store::names(tx, &ids).await?.into_iter().collect()))
    }

    /// Who did it.
    pub fn who(&self, row: &JournalRow) -> String {
        row.actor.map_or_else(
            || PROGRAM.to_owned(),
            |actor| self.0.get(&actor).cloned().unwrap_or_else(|| actor.to_string()),
        )
    }

    fn about(&self, subject: &str) -> String {
        let id = subject.split_once(':').and_then(|(_, id)| id.parse().ok());
        match id {
            Some(id) => self.0.get::<Uuid>(&id).cloned().unwrap_or_default(),
            None => subject.to_owned(),
        }
    }
}

fn mentioned(row: &JournalRow) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = row.actor.into_iter().collect();
    ids.extend(row.subject.split_once(':').and_then(|(_, id)| id.parse::<Uuid>().ok()));
    let values = fields(row).into_iter().map(|(_, value)| value);
    ids.extend(values.filter_map(|value| id_in(value.as_str()?)));
    ids
}

/// The id in a value: alone, or behind what it is an id of, as in `facility:0190…`.
fn id_in(text: &str) -> Option<Uuid> {
    text.rsplit(':').next()?.parse().ok()
}

fn fields(row: &JournalRow) -> Vec<(String, Value)> {
    match serde_json::from_str(&row.data) {
        Ok(Value::Object(fields)) => fields.into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The entries as a page shows them.
pub fn lines(rows: &[JournalRow], texts: &[TextRow], names: &Names, zone: &Zone) -> Vec<EntryLine> {
    let line = |row: &JournalRow| {
        let (event_at, entered_at) = (Timestamp(row.event_at), Timestamp(row.entered_at));
        let same = zone.typed(event_at) == zone.typed(entered_at);
        EntryLine {
            seq: row.seq,
            happened: zone.full(event_at),
            written: if same { String::new() } else { zone.full(entered_at) },
            who: names.who(row),
            what: words::title(&row.kind),
            kind: row.kind.clone(),
            about: names.about(&row.subject),
            details: details(row, names, zone),
            texts: texts_of(row.seq, texts),
            hash: hex::encode(&row.hash),
        }
    };
    rows.iter().map(line).collect()
}

/// The texts beside one entry, without those that were left empty.
pub fn texts_of(seq: i64, texts: &[TextRow]) -> Vec<(String, String)> {
    texts
        .iter()
        .filter(|(of, _, _, body)| *of == seq && !body.is_empty())
        .map(|(_, name, _, body)| (words::label(name), body.clone()))
        .collect()
}

/// What an entry holds besides: names for ids, clocks for times, counts for lists. Hashes and ids without a name
/// say nothing to a person and are left to the export.
fn details(row: &JournalRow, names: &Names, zone: &Zone) -> Vec<(String, String)> {
    let worded = |(key, value): (String, Value)| {
        let meant_for_programs =
            key.ends_with("hash") || key.ends_with("sha256") || key == "fingerprint" || key == "version";
        if meant_for_programs || key == "playbook" {
            return None;
        }
        let text = match value {
            Value::String(text) => match id_in(&text) {
                Some(id) => names.0.get(&id).cloned()?,
                None => text.replace('_', " "),
            },
            Value::Number(number) if is_time(&key) => zone.full(Timestamp(number.as_i64()?)),
            Value::Number(number) => number.to_string(),
            Value::Bool(true) => "yes".to_owned(),
            Value::Bool(false) => "no".to_owned(),
            Value::Array(list) if list.is_empty() => return None,
            Value::Array(list) => list.len().to_string(),
            Value::Object(_) | Value::Null => return None,
        };
        let key = key.strip_suffix("_at").unwrap_or(&key);
        (!text.is_empty()).then(|| (words::label(key), text))
    };
    fields(row).into_iter().filter_map(worded).collect()
}

/// Whether a number under this key is an instant.
fn is_time(key: &str) -> bool {
    key.ends_with("_at") || ["as_of", "new_start", "since", "until"].contains(&key)
}
