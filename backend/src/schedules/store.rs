//! The SQL of schedules that came in before an incident: what is here, its encrypted parts, and the columns that were
//! chosen once.

use domain::{
    id::{AccountId, StandingId},
    schedule::Figures,
    schedules::{ColumnsFrom, Dated, Origin, State},
    table::Mapping,
    time::Timestamp,
};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_one, fetch_optional,
    store::{Error, Tx},
};

/// A schedule that is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub id: StandingId,
    pub origin: Origin,
    pub file_name: String,
    pub sha256: [u8; 32],
    pub bytes: i64,
    pub parts: i64,
    pub as_of: Timestamp,
    pub as_of_from: Dated,
    pub state: State,
    /// The keyed hash of the header.
    pub shape: [u8; 32],
    pub columns: Columns,
    pub columns_from: ColumnsFrom,
    pub figures: Figures,
    pub account: AccountId,
    pub received_at: Timestamp,
    pub kept_until: Timestamp,
}

/// Which column holds what, and to which scheme a priority belongs that names none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    pub mapping: Mapping,
    pub scheme: String,
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain data serialises")
}

fn stored<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::Corrupt(error.to_string()))
}

fn known<T>(code: &str, found: Option<T>) -> Result<T, Error> {
    found.ok_or_else(|| Error::Corrupt(format!("{code:?} is no code of a schedule")))
}

fn hash(bytes: Vec<u8>) -> Result<[u8; 32], Error> {
    bytes.try_into().map_err(|_| Error::Corrupt("a hash is not 32 bytes".into()))
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    origin: String,
    file_name: String,
    sha256: Vec<u8>,
    bytes: i64,
    parts: i64,
    as_of: i64,
    as_of_from: String,
    state: String,
    shape: Vec<u8>,
    mapping: String,
    scheme: String,
    columns_from: String,
    figures: String,
    account: Uuid,
    received_at: i64,
    kept_until: i64,
}

impl TryFrom<Row> for Standing {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: StandingId(row.id),
            origin: known(&row.origin, Origin::from_code(&row.origin))?,
            file_name: row.file_name,
            sha256: hash(row.sha256)?,
            bytes: row.bytes,
            parts: row.parts,
            as_of: Timestamp(row.as_of),
            as_of_from: known(&row.as_of_from, Dated::from_code(&row.as_of_from))?,
            state: known(&row.state, State::from_code(&row.state))?,
            shape: hash(row.shape)?,
            columns: Columns { mapping: stored(&row.mapping)?, scheme: row.scheme },
            columns_from: known(&row.columns_from, ColumnsFrom::from_code(&row.columns_from))?,
            figures: stored(&row.figures)?,
            account: AccountId(row.account),
            received_at: Timestamp(row.received_at),
            kept_until: Timestamp(row.kept_until),
        })
    }
}

macro_rules! here {
    ($rest:literal) => {
        concat!(
            "
    SELECT id, origin, file_name, sha256, bytes, parts, as_of, as_of_from, state, shape, mapping, scheme,
        columns_from, figures, account, received_at, kept_until
    FROM standing_schedule
    WHERE state <> 'staged'",
            $rest
        )
    };
}

const FIND: &str = here!(
    "
        AND id = $1"
);

/// One schedule that is here.
pub async fn find(tx: &mut Tx, id: StandingId) -> Result<Option<Standing>, Error> {
    fetch_optional!(tx, Row, FIND, id.0)?.map(TryInto::try_into).transpose()
}

const BY_HASH: &str = here!(
    "
        AND sha256 = $1"
);

/// The same file, if it is here.
pub async fn by_hash(tx: &mut Tx, sha256: &[u8; 32]) -> Result<Option<Standing>, Error> {
    fetch_optional!(tx, Row, BY_HASH, &sha256[..])?.map(TryInto::try_into).transpose()
}

const ALL: &str = here!(
    "
    ORDER BY as_of DESC, id DESC
    LIMIT 2000"
);

/// What is here, the newest first; at most 2,000, which is one each ten minutes.
pub async fn all(tx: &mut Tx) -> Result<Vec<Standing>, Error> {
    fetch_all!(tx, Row, ALL)?.into_iter().map(TryInto::try_into).collect()
}

const TOO_OLD: &str = here!(
    "
        AND kept_until <= $1
    ORDER BY kept_until, id
    LIMIT 200"
);

/// What has been here for long enough; at most 200.
pub async fn too_old(tx: &mut Tx, now: Timestamp) -> Result<Vec<Standing>, Error> {
    fetch_all!(tx, Row, TOO_OLD, now.0)?.into_iter().map(TryInto::try_into).collect()
}

const STAGE: &str = "
    INSERT INTO standing_schedule (
        id, origin, file_name, sha256, bytes, parts, as_of, as_of_from, state, shape, mapping, scheme, columns_from,
        figures, account, received_at, kept_until)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'staged', $9, $10, $11, $12, $13, $14, $15, $16)";

/// Begins to keep a schedule; nobody sees it before [`switch`].
pub async fn stage(tx: &mut Tx, standing: &Standing) -> Result<(), Error> {
    execute!(
        tx,
        STAGE,
        standing.id.0,
        standing.origin.code(),
        &standing.file_name,
        &standing.sha256[..],
        standing.bytes,
        standing.parts,
        standing.as_of.0,
        standing.as_of_from.code(),
        &standing.shape[..],
        json(&standing.columns.mapping),
        &standing.columns.scheme,
        standing.columns_from.code(),
        json(&standing.figures),
        standing.account.0,
        standing.received_at.0,
        standing.kept_until.0
    )
    .map(|_| ())
}

const ADD_PART: &str = "
    INSERT INTO standing_part (schedule, ordinal, sealed)
    VALUES ($1, $2, $3)";

/// Keeps one encrypted part of the file.
pub async fn add_part(tx: &mut Tx, id: StandingId, ordinal: i64, sealed: &[u8]) -> Result<(), Error> {
    execute!(tx, ADD_PART, id.0, ordinal, sealed).map(|_| ())
}

const COUNT_PARTS: &str = "
    SELECT COUNT(*)
    FROM standing_part
    WHERE schedule = $1";

/// How many parts are kept.
pub async fn count_parts(tx: &mut Tx, id: StandingId) -> Result<i64, Error> {
    Ok(fetch_one!(tx, (i64,), COUNT_PARTS, id.0)?.0)
}

const PART: &str = "
    SELECT sealed
    FROM standing_part
    WHERE schedule = $1 AND ordinal = $2";

/// One encrypted part of the file.
pub async fn part(tx: &mut Tx, id: StandingId, ordinal: i64) -> Result<Option<Vec<u8>>, Error> {
    Ok(fetch_optional!(tx, (Vec<u8>,), PART, id.0, ordinal)?.map(|(sealed,)| sealed))
}

const SWITCH: &str = "
    UPDATE standing_schedule
    SET state = $2
    WHERE id = $1 AND state = 'staged'";

/// From here on everybody sees it. Gives whether it was still staged.
pub async fn switch(tx: &mut Tx, id: StandingId, state: State) -> Result<bool, Error> {
    Ok(execute!(tx, SWITCH, id.0, state.code())? == 1)
}

const SET_COLUMNS: &str = "
    UPDATE standing_schedule
    SET mapping = $2, scheme = $3, columns_from = $4, figures = $5, state = $6
    WHERE id = $1 AND state <> 'staged'";

/// Keeps other columns with the figures that they give. Gives whether the schedule is still here.
pub async fn set_columns(tx: &mut Tx, standing: &Standing) -> Result<bool, Error> {
    let Standing { id, columns, columns_from, figures, state, .. } = standing;
    let (mapping, figures) = (json(&columns.mapping), json(figures));
    let done =
        execute!(tx, SET_COLUMNS, id.0, mapping, &columns.scheme, columns_from.code(), figures, state.code());
    Ok(done? == 1)
}

const SAVED: &str = "
    SELECT mapping, scheme
    FROM schedule_columns
    WHERE shape = $1";

/// The columns that were chosen once for files with this header.
pub async fn saved_columns(tx: &mut Tx, shape: &[u8; 32]) -> Result<Option<Columns>, Error> {
    let row = fetch_optional!(tx, (String, String), SAVED, &shape[..])?;
    row.map(|(mapping, scheme)| Ok(Columns { mapping: stored(&mapping)?, scheme })).transpose()
}

const SAVE: &str = "
    INSERT INTO schedule_columns (shape, mapping, scheme, account, chosen_at)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (shape) DO UPDATE
    SET mapping = excluded.mapping, scheme = excluded.scheme, account = excluded.account,
        chosen_at = excluded.chosen_at";

/// Remembers the columns of files with this header.
pub async fn save_columns(
    tx: &mut Tx,
    (shape, columns): (&[u8; 32], &Columns),
    account: AccountId,
    at: Timestamp,
) -> Result<(), Error> {
    execute!(tx, SAVE, &shape[..], json(&columns.mapping), &columns.scheme, account.0, at.0).map(|_| ())
}

const STARTS: &str = "
    SELECT started_at
    FROM incident
    WHERE kind = 'real' AND phase NOT IN ('closed', 'stood_down')
        AND NOT EXISTS (
            SELECT 1
            FROM schedule_snapshot
            WHERE schedule_snapshot.incident = incident.id AND schedule_snapshot.state = 'committed'
        )";

/// When the real downtimes began that are open and have no schedule yet.
pub async fn starts_without_schedule(tx: &mut Tx) -> Result<Vec<Timestamp>, Error> {
    Ok(fetch_all!(tx, (i64,), STARTS)?.into_iter().map(|(at,)| Timestamp(at)).collect())
}

const FORGET: &str = "
    UPDATE standing_schedule
    SET state = 'staged'
    WHERE id = $1 AND state <> 'staged'";

/// From here on nobody sees it any more; its parts go afterwards. Gives whether it was still here.
pub async fn forget(tx: &mut Tx, id: StandingId) -> Result<bool, Error> {
    Ok(execute!(tx, FORGET, id.0)? == 1)
}

const LEFT_BEHIND: &str = "
    SELECT id
    FROM standing_schedule
    WHERE state = 'staged' AND received_at < $1
    LIMIT 50";

/// What was begun before a moment and never finished, and what is to be deleted.
pub async fn left_behind(tx: &mut Tx, before: Timestamp) -> Result<Vec<StandingId>, Error> {
    Ok(fetch_all!(tx, (Uuid,), LEFT_BEHIND, before.0)?.into_iter().map(|(id,)| StandingId(id)).collect())
}

const DROP_PARTS: &str = "
    DELETE FROM standing_part
    WHERE schedule = $1 AND ordinal IN (
        SELECT ordinal
        FROM standing_part
        WHERE schedule = $1
        ORDER BY ordinal
        LIMIT $2
    )";

/// Deletes some parts of a schedule that nobody sees. Gives how many.
pub async fn drop_parts(tx: &mut Tx, id: StandingId, most: i64) -> Result<u64, Error> {
    execute!(tx, DROP_PARTS, id.0, most)
}

const DROP: &str = "
    DELETE FROM standing_schedule
    WHERE id = $1 AND state = 'staged'";

/// Deletes a schedule that has no parts any more and that nobody sees.
pub async fn drop_staged(tx: &mut Tx, id: StandingId) -> Result<(), Error> {
    execute!(tx, DROP, id.0).map(|_| ())
}
