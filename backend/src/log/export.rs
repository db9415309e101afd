//! The log as a file, entry by entry with its hash, for a spreadsheet or for a program that recomputes the chain.
//!
//! It is written while it is read, a thousand entries at a time, so that a long log costs no memory. Each piece is
//! read in a transaction of its own: nothing in a log ever changes, so the pieces fit.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::{actor::Actor, table::write_csv, time::Timestamp};
use serde_json::{Value, json};
use sqlx::types::Uuid;

use super::{
    lines::Names,
    readable,
    store::{self, Filter, TextRow},
};
use crate::{
    app::App,
    store::{Error, Tx, journal::JournalRow},
};

const PIECE: i64 = 1000;

const HEADER: [&str; 13] = [
    "chain",
    "seq",
    "happened",
    "written",
    "happened_us",
    "written_us",
    "actor",
    "name",
    "kind",
    "subject",
    "data",
    "texts",
    "hash",
];

/// How the file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    /// JSON, one entry a line.
    Lines,
}

impl Format {
    const fn media(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Lines => "application/x-ndjson",
        }
    }

    const fn disposition(self) -> &'static str {
        match self {
            Self::Csv => "attachment; filename=\"log.csv\"",
            Self::Lines => "attachment; filename=\"log.ndjson\"",
        }
    }
}

/// What is still to be written.
struct Rest {
    app: App,
    reader: Actor,
    /// In reverse, so that the next one is the last.
    chains: Vec<Uuid>,
    filter: Filter,
    before: i64,
    format: Format,
    begun: bool,
}

/// The answer, whose body is read from the database as the client takes it. Within a chain the newest entry
/// comes first; the chains of facts follow the incident's own.
pub fn stream(
    app: &App,
    reader: &Actor,
    (mut chains, filter): (Vec<Uuid>, Filter),
    format: Format,
) -> Response {
    chains.reverse();
    let before = filter.before;
    let rest =
        Rest { app: app.clone(), reader: reader.clone(), chains, filter, before, format, begun: false };
    let pieces = futures::stream::try_unfold(rest, next_piece);
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(format.media())),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(format.disposition())),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, Body::from_stream(pieces)).into_response()
}

async fn next_piece(mut rest: Rest) -> Result<Option<(String, Rest)>, Error> {
    let Some(chain) = rest.chains.last().copied() else { return Ok(None) };
    let mut tx = rest.app.db.read().await?;
    let filter = Filter { before: rest.before, ..rest.filter.clone() };
    let rows = store::list(&mut tx, chain, &filter, PIECE).await?;
    let mut text = written(&mut tx, (chain, &rest.reader), &rows, rest.format).await?;
    drop(tx);
    if !rest.begun && rest.format == Format::Csv {
        text.insert_str(0, &write_csv(&HEADER, []));
    }
    rest.begun = true;
    match rows.last() {
        Some(last) if rows.len() == usize::try_from(PIECE).unwrap_or(usize::MAX) => rest.before = last.seq,
        _ => {
            rest.chains.pop();
            rest.before = rest.filter.before;
        }
    }
    Ok(Some((text, rest)))
}

async fn written(
    tx: &mut Tx,
    (chain, reader): (Uuid, &Actor),
    rows: &[JournalRow],
    format: Format,
) -> Result<String, Error> {
    let texts = readable::texts(tx, chain, reader, rows).await?;
    let names = Names::of(tx, rows).await?;
    let line = |row: &JournalRow| match format {
        Format::Lines => format!("{}\n", as_json(chain, row, &texts, &names)),
        Format::Csv => as_row(chain, row, &texts, &names),
    };
    Ok(rows.iter().map(line).collect())
}

/// Name, salt and words, so that the salted hash can be recomputed.
fn salted(seq: i64, texts: &[TextRow]) -> Vec<Value> {
    texts
        .iter()
        .filter(|(of, ..)| *of == seq)
        .map(|(_, name, salt, body)| json!({ "name": name, "salt": hex::encode(salt), "text": body }))
        .collect()
}

/// `data` stays the text that was hashed.
fn as_json(chain: Uuid, row: &JournalRow, texts: &[TextRow], names: &Names) -> Value {
    json!({
        "chain": chain.to_string(),
        "seq": row.seq,
        "happened": Timestamp(row.event_at).rfc3339(),
        "written": Timestamp(row.entered_at).rfc3339(),
        "happened_us": row.event_at,
        "written_us": row.entered_at,
        "actor": row.actor.map(|actor| actor.to_string()),
        "name": names.who(row),
        "kind": row.kind,
        "subject": row.subject,
        "data": row.data,
        "texts": salted(row.seq, texts),
        "hash": hex::encode(&row.hash),
    })
}

fn as_row(chain: Uuid, row: &JournalRow, texts: &[TextRow], names: &Names) -> String {
    let all = as_json(chain, row, texts, names);
    let cell = |name: &&str| match &all[*name] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let file = write_csv(&[], [HEADER.iter().map(cell).collect()]);
    file.strip_prefix("\u{feff}\r\n").unwrap_or(&file).to_owned()
}
