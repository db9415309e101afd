//! The SQL of neighbours.

use domain::{
    id::{AccountId, FacilityId},
    neighbours::{Beds, Capacity, Diverted, Emergency, NewNeighbour, OLD_AFTER_MINUTES},
    time::Timestamp,
};
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all,
    places::store as places,
    store::{Error, Tx},
};

/// A hospital of which something can be noted.
#[derive(Debug, Clone)]
pub struct Hospital {
    /// `None` for a site of ours of which nothing was noted yet.
    pub id: Option<Uuid>,
    pub facility: Option<FacilityId>,
    pub code: String,
    pub name: String,
    pub old_after_minutes: i64,
}

const ALL: &str = "
    SELECT id, facility, code, name, old_after_minutes
    FROM neighbour
    ORDER BY name, code";

type Row = (Uuid, Option<Uuid>, String, String, i64);

/// Our sites in their own order, then the neighbours by name.
pub async fn all(tx: &mut Tx) -> Result<Vec<Hospital>, Error> {
    let rows = fetch_all!(tx, Row, ALL)?;
    let own = |facility: FacilityId| rows.iter().find(|row| row.1 == Some(facility.0));
    let mut all = Vec::new();
    for facility in places::facilities(tx).await? {
        let row = own(facility.id);
        all.push(Hospital {
            id: row.map(|row| row.0),
            facility: Some(facility.id),
            code: facility.code,
            name: facility.short_name,
            old_after_minutes: row.map_or(OLD_AFTER_MINUTES, |row| row.4),
        });
    }
    let others = rows.iter().filter(|row| row.1.is_none());
    all.extend(others.map(|(id, _, code, name, old_after_minutes)| Hospital {
        id: Some(*id),
        facility: None,
        code: code.clone(),
        name: name.clone(),
        old_after_minutes: *old_after_minutes,
    }));
    Ok(all)
}

const ADD: &str = "
    INSERT INTO neighbour (id, facility, code, name, old_after_minutes, created_at)
    VALUES ($1, $2, $3, $4, $5, $6)";

/// Adds a neighbour.
pub async fn add(tx: &mut Tx, id: Uuid, new: &NewNeighbour, now: Timestamp) -> Result<(), Error> {
    let facility: Option<Uuid> = None;
    execute!(tx, ADD, id, facility, &new.code, &new.name, new.old_after_minutes, now.0).map(|_| ())
}

/// Adds the row of a site of ours; its code is its id, which no neighbour's code is.
pub async fn add_own(
    tx: &mut Tx,
    id: Uuid,
    site: FacilityId,
    name: &str,
    now: Timestamp,
) -> Result<(), Error> {
    execute!(tx, ADD, id, Some(site.0), site.to_string(), name, OLD_AFTER_MINUTES, now.0).map(|_| ())
}

const REPORT: &str = "
    INSERT INTO neighbour_report (
        id, neighbour, emergency, diverted, since, census, icu_open, medical_surgical_open, emergency_boarding,
        said_by, event_at, entered_at, account, seq)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

/// Keeps what a hospital said.
pub async fn report(
    tx: &mut Tx,
    (id, hospital): (Uuid, Uuid),
    said: &Capacity,
    (now, account, seq): (Timestamp, AccountId, i64),
) -> Result<(), Error> {
    let beds = said.beds;
    execute!(
        tx,
        REPORT,
        id,
        hospital,
        said.emergency.code(),
        said.diverted_codes(),
        said.since.0,
        beds.census,
        beds.icu_open,
        beds.medical_surgical_open,
        beds.emergency_boarding,
        &said.said_by,
        said.at.0,
        now.0,
        account.0,
        seq
    )
    .map(|_| ())
}

/// What a hospital said, as it is kept.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SaidRow {
    pub neighbour: Uuid,
    pub emergency: String,
    pub diverted: String,
    pub since: i64,
    pub census: Option<i64>,
    pub icu_open: Option<i64>,
    pub medical_surgical_open: Option<i64>,
    pub emergency_boarding: Option<i64>,
    pub said_by: String,
    pub event_at: i64,
    pub seq: i64,
}

impl SaidRow {
    /// What was said.
    pub fn capacity(&self) -> Result<Capacity, Error> {
        let emergency = Emergency::from_code(&self.emergency)
            .ok_or_else(|| Error::Corrupt(format!("an emergency department is {:?}", self.emergency)))?;
        Ok(Capacity {
            emergency,
            diverted: self.diverted.split_whitespace().filter_map(Diverted::from_code).collect(),
            since: Timestamp(self.since),
            beds: Beds {
                census: self.census,
                icu_open: self.icu_open,
                medical_surgical_open: self.medical_surgical_open,
                emergency_boarding: self.emergency_boarding,
            },
            said_by: self.said_by.clone(),
            at: Timestamp(self.event_at),
        })
    }
}

macro_rules! said {
    ($rest:literal) => {
        concat!(
            "
    SELECT neighbour, emergency, diverted, COALESCE(since, event_at) AS since, census, icu_open,
        medical_surgical_open, emergency_boarding, said_by, event_at, seq
    FROM neighbour_report",
            $rest
        )
    };
}

const LAST: &str = said!(
    "
    WHERE id IN (
        SELECT (
            SELECT last.id
            FROM neighbour_report last
            WHERE last.neighbour = neighbour.id
            ORDER BY last.event_at DESC, last.seq DESC
            LIMIT 1)
        FROM neighbour)"
);

/// The last word of every hospital that has said anything.
pub async fn last(tx: &mut Tx) -> Result<Vec<SaidRow>, Error> {
    fetch_all!(tx, SaidRow, LAST)
}

const HISTORY: &str = said!(
    "
    WHERE neighbour = $1 AND (event_at < $2 OR (event_at = $2 AND seq < $3))
    ORDER BY event_at DESC, seq DESC
    LIMIT $4"
);

/// What a hospital said before a time and number, the latest first.
pub async fn history(
    tx: &mut Tx,
    hospital: Uuid,
    (before, seq): (i64, i64),
    most: i64,
) -> Result<Vec<SaidRow>, Error> {
    fetch_all!(tx, SaidRow, HISTORY, hospital, before, seq, most)
}
