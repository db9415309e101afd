//! A schedule is kept: read, encrypted in parts that nobody sees, then switched on by one decision. The same file again
//! changes nothing; after a crash between two parts nothing of it is seen, and it is dropped later.

use std::sync::Arc;

use domain::{
    field::FieldErrors,
    id::AccountId,
    schedule::{FIELDS, Figures},
    schedules::{self as rules, ColumnsFrom, Dated, Origin, State},
    table::{Mapping, Table, Unreadable, shape},
    time::{Timestamp, Zone},
    triage::Scheme,
    view::schedules::Kept,
};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    files, open,
    store::{self, Columns, Standing},
    tend,
};
use crate::{
    accounts::store as accounts,
    app::App,
    cases::import,
    failure::Failure,
    store::{
        journal::{self, Begun, By, Chain, Decision, PROGRAM, Say},
        seal::{self, Seal},
    },
};

/// Bytes of one part.
const PART: usize = 1_000_000;

/// A file that came in.
#[derive(Debug, Clone)]
pub struct Incoming {
    pub origin: Origin,
    pub file_name: String,
    pub bytes: Arc<Vec<u8>>,
    /// As typed: when the schedule was taken; empty when nobody said.
    pub as_of: String,
    /// When the file was last changed, where that is known.
    pub changed_at: Option<Timestamp>,
}

impl Incoming {
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes[..]).into()
    }
}

/// On whose behalf a schedule is kept.
#[derive(Debug, Clone, Copy)]
pub enum Keeper<'a> {
    Person(&'a By),
    Terminal(&'a By),
    /// The folder's watcher, behind whom nobody stands.
    Program,
}

impl Keeper<'_> {
    fn account(self) -> AccountId {
        match self {
            Self::Person(by) | Self::Terminal(by) => by.actor.account,
            Self::Program => PROGRAM,
        }
    }

    async fn begin(self, app: &App) -> Result<Begun<Kept>, Failure> {
        match self {
            Self::Person(by) | Self::Terminal(by) => journal::begin(app, by, Chain::Installation).await,
            Self::Program => {
                let decision = journal::begin_by_program(app, Chain::Installation).await?;
                Ok(Begun::Fresh(Box::new(decision)))
            }
        }
    }
}

/// Keeps a file that came in.
///
/// # Errors
/// By field: a file that is no table or has no rows, a time that is none or nowhere said.
pub async fn keep(app: &App, keeper: Keeper<'_>, incoming: Incoming) -> Result<Kept, Failure> {
    if let Keeper::Person(by) = keeper {
        super::must_plan(&by.actor)?;
    }
    let sha256 = incoming.sha256();
    let mut tx = app.db.read().await?;
    if let Some(known) = store::by_hash(&mut tx, &sha256).await? {
        return Ok(kept(&known, true));
    }
    let zone = accounts::installation(&mut tx).await?.zone();
    drop(tx);
    let now = app.clock.now();
    let ((as_of, as_of_from), table) = look(&incoming, (now, &zone)).await?;
    let (seal, reading) = read(app, table).await?;
    let length = incoming.bytes.len();
    let standing = Standing {
        id: app.clock.id(),
        origin: incoming.origin,
        file_name: incoming.file_name,
        sha256,
        bytes: i64::try_from(length).unwrap_or(i64::MAX),
        parts: i64::try_from(length.div_ceil(PART)).unwrap_or(i64::MAX),
        as_of,
        as_of_from,
        state: reading.state,
        shape: reading.shape,
        columns: reading.columns,
        columns_from: reading.columns_from,
        figures: reading.figures,
        account: keeper.account(),
        received_at: now,
        kept_until: now.plus_minutes(tend::keep_minutes(app)),
    };
    let done = stage_and_switch(app, keeper, &standing, (&seal.schedules(), &incoming.bytes)).await;
    if !matches!(&done, Ok(kept) if kept.schedule == standing.id) {
        // Nobody sees what was staged, so what cannot be dropped now is dropped later.
        if let Err(failure) = tend::drop_staged(app, standing.id).await {
            tracing::warn!("a schedule that was not taken is left for later: {failure}");
        }
    }
    done
}

/// When the schedule was taken, and its rows.
async fn look(
    incoming: &Incoming,
    (now, zone): (Timestamp, &Zone),
) -> Result<((Timestamp, Dated), Table), Failure> {
    let mut errors = FieldErrors::default();
    let given = match incoming.as_of.trim() {
        "" => None,
        typed => errors.keep("as_of", zone.parse(typed)),
    };
    if given.is_some_and(|at| at > now) {
        errors.add("as_of", "This is still to come. Say when the schedule was taken.");
    }
    let taken = rules::taken_at(given, &incoming.file_name, incoming.changed_at, (now, zone));
    if taken.is_none() && errors.is_empty() {
        errors.add("as_of", "The file's name does not say when it was taken. Write it, as 2024-07-18 23:50.");
    }
    let table = open::read(incoming.bytes.clone()).await?;
    let table = errors.keep("file", table.map_err(|error| unreadable(incoming.origin, &error)));
    if table.as_ref().is_some_and(|table| table.rows.is_empty()) {
        errors.add("file", "This file has no rows under a header line. Export it again with its rows.");
    }
    errors.into_result()?;
    taken.zip(table).ok_or(Failure::NotFound("file"))
}

/// Why a file is no table. What is said of a folder's file is kept and logged, so it repeats nothing of the file: without
/// a header, the first row is a patient.
fn unreadable(origin: Origin, error: &Unreadable) -> String {
    match (origin, error) {
        (Origin::Folder, Unreadable::ColumnTwice(_)) => {
            "A column stands twice in the header. Rename one of them.".into()
        }
        _ => error.to_string(),
    }
}

fn kept(standing: &Standing, known: bool) -> Kept {
    Kept {
        schedule: standing.id,
        known,
        state: standing.state,
        as_of: standing.as_of,
        as_of_from: standing.as_of_from,
        figures: standing.figures,
        missing: missing(&standing.columns.mapping),
    }
}

/// The labels of the needed columns that nobody has named.
pub(super) fn missing(mapping: &Mapping) -> Vec<String> {
    mapping.missing(&FIELDS).iter().map(|field| field.label.to_owned()).collect()
}

/// A file as its columns are understood.
struct Reading {
    shape: [u8; 32],
    columns: Columns,
    columns_from: ColumnsFrom,
    state: State,
    figures: Figures,
}

async fn read(app: &App, table: Table) -> Result<(Seal, Reading), Failure> {
    // The first use makes the key; a reading transaction is enough, for it is a file.
    let mut tx = app.db.read().await?;
    let seal = Seal::open(app, &mut tx).await?;
    let shape = seal.header(&shape(&table.header));
    let saved = store::saved_columns(&mut tx, &shape).await?;
    let sites = import::sites(&mut tx).await?;
    drop(tx);
    let guessed = || Columns { mapping: Mapping::guess(&table.header, &FIELDS), scheme: String::new() };
    let (columns, columns_from) =
        saved.map_or_else(|| (guessed(), ColumnsFrom::Guessed), |saved| (saved, ColumnsFrom::Saved));
    let state = State::of(columns.mapping.missing(&FIELDS).len());
    let scheme = Scheme::from_code(&columns.scheme);
    let figures = import::read_rows(table, columns.mapping.clone(), sites, scheme).await?.figures();
    Ok((seal, Reading { shape, columns, columns_from, state, figures }))
}

async fn stage_and_switch(
    app: &App,
    keeper: Keeper<'_>,
    standing: &Standing,
    (key, bytes): (&[u8; 32], &[u8]),
) -> Result<Kept, Failure> {
    let mut tx = app.db.write().await?;
    store::stage(&mut tx, standing).await?;
    tx.commit().await?;
    for (ordinal, part) in (0..).zip(bytes.chunks(PART)) {
        let sealed = seal::seal(app, key, standing.id.0, part);
        let mut tx = app.db.write_chunk().await?;
        store::add_part(&mut tx, standing.id, ordinal, &sealed).await?;
        tx.commit().await?;
    }
    switch(app, keeper, standing).await
}

async fn switch(app: &App, keeper: Keeper<'_>, standing: &Standing) -> Result<Kept, Failure> {
    let mut decision = match keeper.begin(app).await? {
        Begun::Fresh(decision) => *decision,
        Begun::Repeated(outcome) => return Ok(outcome),
    };
    if let Some(known) = store::by_hash(&mut decision.tx, &standing.sha256).await? {
        return Ok(kept(&known, true));
    }
    let here = store::count_parts(&mut decision.tx, standing.id).await?;
    if here != standing.parts || !store::switch(&mut decision.tx, standing.id, standing.state).await? {
        return Err(Failure::Broken("parts of a schedule were lost while it was kept".into()));
    }
    let at = decision.at;
    files::set_taken(&mut decision.tx, &standing.sha256, &standing.file_name, at).await?;
    say(app, &mut decision, "standing.kept", standing).await?;
    let outcome = kept(standing, false);
    decision.commit(app, &outcome).await?;
    if standing.state == State::NeedsColumns {
        tracing::warn!(
            schedule = %standing.id,
            "a schedule came in and somebody must say which column holds: {}",
            outcome.missing.join(", ")
        );
    }
    Ok(outcome)
}

/// Writes down what became of a schedule: ids, counts and its hash.
pub(super) async fn say(
    app: &App,
    decision: &mut Decision,
    kind: &str,
    standing: &Standing,
) -> Result<i64, Failure> {
    let data = json!({
        "origin": standing.origin.code(),
        "sha256": hex::encode(standing.sha256),
        "as_of": standing.as_of,
        "as_of_from": standing.as_of_from.code(),
        "state": standing.state.code(),
        "columns": standing.columns_from.code(),
        "figures": standing.figures,
        "kept_until": standing.kept_until,
    });
    let say = Say { kind, subject: format!("standing:{}", standing.id), data, ..Say::default() };
    Ok(decision.append(app, say).await?)
}
