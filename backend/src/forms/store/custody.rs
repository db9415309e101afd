//! The SQL of where the paper is: one sheet under a scanner, the steps that were taken, and how many wait since when.

use std::collections::BTreeMap;

use domain::{
    forms::{Custody, HOUR, Serial},
    id::{AccountId, FormId, IncidentId},
    time::Timestamp,
};
use serde::Serialize;
use sqlx::types::Uuid;

use super::{Change, Kept, SheetRow, sheet, sheets};
use crate::{
    fetch_all, fetch_optional, later,
    store::{Error, Rows, Sql, Tx},
};

const TAKE: Sql = Sql {
    sqlite: sheets!(
        "
    WHERE form.incident = $1 AND form.prefix = $2 AND form.number = $3"
    ),
    postgres: sheets!(
        "
    WHERE form.incident = $1 AND form.prefix = $2 AND form.number = $3
    FOR UPDATE OF form"
    ),
};

/// Takes the sheet of a serial's prefix and number; whether the rest of the serial is its own is for the caller.
pub async fn take(tx: &mut Tx, incident: IncidentId, serial: &Serial) -> Result<Option<SheetRow>, Error> {
    let row = fetch_optional!(tx, Kept, TAKE, incident.0, &serial.prefix, serial.number)?;
    row.map(sheet).transpose()
}

const HOLD: &str = "
    SELECT id
    FROM chain
    WHERE of_incident = $1 AND stream = 'facts'
    FOR UPDATE";

/// Lets scans wait until this decision has changed many sheets. On SQLite they wait anyway; on PostgreSQL the two
/// would take the same sheets in different orders, and stop each other.
pub async fn hold_scans(tx: &mut Tx, incident: IncidentId) -> Result<(), Error> {
    if tx.is_postgres() {
        fetch_all!(tx, (Uuid,), HOLD, incident.0)?;
    }
    Ok(())
}

const SCANNED_BEFORE: &str = "
    SELECT to_custody
    FROM form_custody
    WHERE form = $1 AND account = $2 AND request = $3";

/// Whether this very request has moved the sheet before.
pub async fn scanned_before(
    tx: &mut Tx,
    form: FormId,
    account: AccountId,
    request: Uuid,
) -> Result<bool, Error> {
    Ok(!fetch_all!(tx, (String,), SCANNED_BEFORE, form.0, account.0, request)?.is_empty())
}

#[derive(Serialize)]
struct StepRow {
    id: String,
    to: &'static str,
    implied: bool,
}

const LOG_STEPS: Sql = Sql {
    sqlite: "
    INSERT INTO form_custody (form, to_custody, implied, entered_at, account, request)
    SELECT unhex(value ->> 'id'), value ->> 'to', value ->> 'implied', $1, $2,
        CASE WHEN value ->> 'implied' THEN NULL ELSE $3 END
    FROM json_each($4)",
    postgres: "
    INSERT INTO form_custody (form, to_custody, implied, entered_at, account, request)
    SELECT id::uuid, \"to\", implied, $1, $2, CASE WHEN implied THEN NULL ELSE $3::uuid END
    FROM json_to_recordset($4::json) AS row (id TEXT, \"to\" TEXT, implied BOOLEAN)",
};

/// Writes the steps that papers took, with those that must have been.
pub async fn log(
    tx: &mut Tx,
    changes: &[Change],
    at: Timestamp,
    account: AccountId,
    request: Option<Uuid>,
) -> Result<(), Error> {
    let mut rows = Vec::new();
    for change in changes.iter().filter(|change| change.custody != change.row.custody) {
        let id = change.row.id.0.simple().to_string();
        for step in change.row.custody.implied(change.custody, change.before.disposition) {
            rows.push(StepRow { id: id.clone(), to: step.code(), implied: true });
        }
        rows.push(StepRow { id, to: change.custody.code(), implied: false });
    }
    if rows.is_empty() {
        return Ok(());
    }
    later!(tx, LOG_STEPS, at.0, account.0, request, Rows::of(&rows).text())
}

/// How many sheets more or fewer wait at a step since an hour.
pub type Ages = BTreeMap<(Custody, i64), i64>;

/// Counts a sheet that waits somewhere from a moment on.
pub const fn hour(at: Timestamp) -> i64 {
    at.0.div_euclid(HOUR)
}

#[derive(Serialize)]
struct AgeRow {
    custody: &'static str,
    hour: i64,
    sheets: i64,
}

const ADD_AGES: Sql = Sql {
    sqlite: "
    INSERT INTO form_age (incident, custody, since_hour, sheets)
    SELECT $1, value ->> 'custody', value ->> 'hour', value ->> 'sheets'
    FROM json_each($2)
    WHERE TRUE
    ON CONFLICT (incident, custody, since_hour) DO UPDATE
    SET sheets = form_age.sheets + excluded.sheets",
    postgres: "
    INSERT INTO form_age (incident, custody, since_hour, sheets)
    SELECT $1, custody, hour, sheets
    FROM json_to_recordset($2::json) AS row (custody TEXT, hour BIGINT, sheets BIGINT)
    ON CONFLICT (incident, custody, since_hour) DO UPDATE
    SET sheets = form_age.sheets + excluded.sheets",
};

/// Adds to the tally of what waits since when.
pub async fn add_ages(tx: &mut Tx, incident: IncidentId, ages: &Ages) -> Result<(), Error> {
    let row = |((custody, hour), sheets): (&(Custody, i64), &i64)| AgeRow {
        custody: custody.code(),
        hour: *hour,
        sheets: *sheets,
    };
    let rows: Vec<AgeRow> = ages.iter().filter(|(_, sheets)| **sheets != 0).map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    later!(tx, ADD_AGES, incident.0, Rows::of(&rows).text())
}

const AGES: &str = "
    SELECT custody, since_hour, sheets
    FROM form_age
    WHERE incident = $1 AND sheets <> 0";

/// How many sheets wait at each step, by the hour in which they came there.
pub async fn ages(tx: &mut Tx, incident: IncidentId) -> Result<Vec<(Custody, i64, i64)>, Error> {
    let rows = fetch_all!(tx, (String, i64, i64), AGES, incident.0)?;
    let read = |(custody, hour, sheets): (String, i64, i64)| {
        let custody = Custody::from_code(&custody);
        custody
            .map(|custody| (custody, hour, sheets))
            .ok_or_else(|| Error::Corrupt("a place of paper".into()))
    };
    rows.into_iter().map(read).collect()
}

const LAST: &str = sheets!(
    "
    JOIN form_custody ON form_custody.form = form.id
    WHERE form_custody.account = $1 AND form.incident = $2 AND form_custody.implied = FALSE
    ORDER BY form_custody.entered_at DESC, form.id DESC
    LIMIT 10"
);

/// The last ten sheets that an account has moved in an incident.
pub async fn last(tx: &mut Tx, incident: IncidentId, account: AccountId) -> Result<Vec<SheetRow>, Error> {
    let rows = fetch_all!(tx, Kept, LAST, account.0, incident.0)?;
    rows.into_iter().map(sheet).collect()
}
