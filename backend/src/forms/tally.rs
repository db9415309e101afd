//! The SQL of the ledger: small rows by type and unit, found sheets apart, changed in the transaction that changes
//! a sheet. The database itself refuses a row that breaks rule 8.

use domain::{
    forms::Ledger,
    id::{FacilityId, IncidentId, UnitId},
};
use sqlx::types::Uuid;

use crate::{
    fetch_all, later,
    store::{Error, Tx},
};

const ADD: &str = "
    INSERT INTO form_tally (
        incident, form_type, unit, found, issued, out, used, blank, voided, missing, entered, to_verify,
        discrepancy, ended)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    ON CONFLICT (incident, form_type, unit, found) DO UPDATE
    SET issued = form_tally.issued + excluded.issued,
        out = form_tally.out + excluded.out,
        used = form_tally.used + excluded.used,
        blank = form_tally.blank + excluded.blank,
        voided = form_tally.voided + excluded.voided,
        missing = form_tally.missing + excluded.missing,
        entered = form_tally.entered + excluded.entered,
        to_verify = form_tally.to_verify + excluded.to_verify,
        discrepancy = form_tally.discrepancy + excluded.discrepancy,
        ended = form_tally.ended + excluded.ended";

/// Adds what changed.
pub async fn add(
    tx: &mut Tx,
    incident: IncidentId,
    form_type: &str,
    unit: UnitId,
    found: bool,
    change: &Ledger,
) -> Result<(), Error> {
    later!(
        tx,
        ADD,
        incident.0,
        form_type,
        unit.0,
        found,
        change.issued,
        change.out,
        change.used,
        change.blank,
        change.voided,
        change.missing,
        change.entered,
        change.to_verify,
        change.discrepancy,
        change.ended
    )
}

#[derive(sqlx::FromRow)]
struct Sums {
    issued: i64,
    out: i64,
    used: i64,
    blank: i64,
    voided: i64,
    missing: i64,
    entered: i64,
    to_verify: i64,
    discrepancy: i64,
    ended: i64,
}

impl From<Sums> for Ledger {
    fn from(sums: Sums) -> Self {
        Self {
            issued: sums.issued,
            out: sums.out,
            used: sums.used,
            blank: sums.blank,
            voided: sums.voided,
            missing: sums.missing,
            entered: sums.entered,
            to_verify: sums.to_verify,
            discrepancy: sums.discrepancy,
            ended: sums.ended,
        }
    }
}

#[derive(sqlx::FromRow)]
struct Keyed<K> {
    by: K,
    #[sqlx(flatten)]
    sums: Sums,
}

macro_rules! summed {
    ($by:literal, $rest:literal) => {
        concat!(
            "
    SELECT ",
            $by,
            " AS by,
        CAST(SUM(issued) AS BIGINT) AS issued, CAST(SUM(out) AS BIGINT) AS out,
        CAST(SUM(used) AS BIGINT) AS used, CAST(SUM(blank) AS BIGINT) AS blank,
        CAST(SUM(voided) AS BIGINT) AS voided, CAST(SUM(missing) AS BIGINT) AS missing,
        CAST(SUM(entered) AS BIGINT) AS entered, CAST(SUM(to_verify) AS BIGINT) AS to_verify,
        CAST(SUM(discrepancy) AS BIGINT) AS discrepancy, CAST(SUM(ended) AS BIGINT) AS ended",
            $rest
        )
    };
}

const BY_TYPE: &str = summed!(
    "form_type",
    "
    FROM form_tally
    WHERE incident = $1 AND found = $2
    GROUP BY form_type
    ORDER BY form_type"
);

/// The ledger of each type; either of numbered sheets or of found ones.
pub async fn by_type(tx: &mut Tx, incident: IncidentId, found: bool) -> Result<Vec<(String, Ledger)>, Error> {
    let rows = fetch_all!(tx, Keyed<String>, BY_TYPE, incident.0, found)?;
    Ok(rows.into_iter().map(|row| (row.by, row.sums.into())).collect())
}

/// The ledger of one type's numbered sheets.
pub async fn of_type(tx: &mut Tx, incident: IncidentId, form_type: &str) -> Result<Ledger, Error> {
    let all = by_type(tx, incident, false).await?;
    Ok(all.into_iter().find(|(code, _)| code == form_type).map(|(_, ledger)| ledger).unwrap_or_default())
}

const OF_UNIT: &str = summed!(
    "form_type",
    "
    FROM form_tally
    WHERE incident = $1 AND unit = $2 AND found = $3
    GROUP BY form_type
    ORDER BY form_type"
);

/// The ledger of each type in one unit; either of numbered sheets or of found ones.
pub async fn of_unit(
    tx: &mut Tx,
    incident: IncidentId,
    unit: UnitId,
    found: bool,
) -> Result<Vec<(String, Ledger)>, Error> {
    let rows = fetch_all!(tx, Keyed<String>, OF_UNIT, incident.0, unit.0, found)?;
    Ok(rows.into_iter().map(|row| (row.by, row.sums.into())).collect())
}

const BY_UNIT: &str = summed!(
    "unit",
    "
    FROM form_tally
    WHERE incident = $1 AND found = FALSE
    GROUP BY unit"
);

/// The ledger of each unit's numbered sheets.
pub async fn by_unit(tx: &mut Tx, incident: IncidentId) -> Result<Vec<(UnitId, Ledger)>, Error> {
    let rows = fetch_all!(tx, Keyed<Uuid>, BY_UNIT, incident.0)?;
    Ok(rows.into_iter().map(|row| (UnitId(row.by), row.sums.into())).collect())
}

const BY_SITE: &str = summed!(
    "unit.facility",
    "
    FROM form_tally
    JOIN unit ON unit.id = form_tally.unit
    WHERE form_tally.incident = $1 AND form_tally.found = $2
    GROUP BY unit.facility"
);

/// The ledger of each site; either of numbered sheets or of found ones.
pub async fn by_site(
    tx: &mut Tx,
    incident: IncidentId,
    found: bool,
) -> Result<Vec<(FacilityId, Ledger)>, Error> {
    let rows = fetch_all!(tx, Keyed<Uuid>, BY_SITE, incident.0, found)?;
    Ok(rows.into_iter().map(|row| (FacilityId(row.by), row.sums.into())).collect())
}
