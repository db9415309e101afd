//! The SQL of lots, of entries, differences and releases.

use std::collections::BTreeMap;

use domain::{
    actor::Role,
    entry::{Ending, Kind, Lot},
    id::{AccountId, FacilityId, FormId, IncidentId},
    time::Timestamp,
};
use serde::Serialize;
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_optional,
    store::{Error, Rows, Sql, Tx},
};

/// A lot as it is kept.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct LotRow {
    pub id: Uuid,
    pub form_type: String,
    pub facility: Uuid,
    pub day: String,
    share: i64,
    error_percent: i64,
    entered: i64,
    drawn: i64,
    checked: i64,
    errors: i64,
    turned: bool,
}

impl LotRow {
    /// Its figures.
    pub const fn lot(&self) -> Lot {
        Lot {
            share: self.share,
            error_percent: self.error_percent,
            entered: self.entered,
            drawn: self.drawn,
            checked: self.checked,
            errors: self.errors,
            turned: self.turned,
        }
    }
}

const BEGIN: &str = "
    INSERT INTO entry_lot (
        id, incident, form_type, facility, day, share, error_percent, entered, drawn, checked, errors, turned)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, 0, FALSE)
    ON CONFLICT (incident, form_type, facility, day) DO NOTHING";

macro_rules! lots {
    ($rest:literal) => {
        concat!(
            "
    SELECT id, form_type, facility, day, share, error_percent, entered, drawn, checked, errors, turned
    FROM entry_lot",
            $rest
        )
    };
}

const OF_DAY: &str = lots!(
    "
    WHERE incident = $1 AND form_type = $2 AND facility = $3 AND day = $4"
);

/// The lot of a type, a site and a day; begun when there is none.
pub async fn of_day(
    tx: &mut Tx,
    incident: IncidentId,
    (form_type, facility, day): (&str, FacilityId, &str),
    new: (Uuid, Lot),
) -> Result<LotRow, Error> {
    let (id, lot) = new;
    execute!(tx, BEGIN, id, incident.0, form_type, facility.0, day, lot.share, lot.error_percent)?;
    let found = fetch_optional!(tx, LotRow, OF_DAY, incident.0, form_type, facility.0, day)?;
    found.ok_or_else(|| Error::Corrupt("a lot that was begun is gone".into()))
}

const FIND: &str = lots!(
    "
    WHERE id = $1"
);

/// A lot by its id.
pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<LotRow>, Error> {
    fetch_optional!(tx, LotRow, FIND, id)
}

const KEEP: &str = "
    UPDATE entry_lot
    SET entered = $2, drawn = $3, checked = $4, errors = $5, turned = $6
    WHERE id = $1";

/// Keeps a lot's figures.
pub async fn keep(tx: &mut Tx, id: Uuid, lot: &Lot) -> Result<(), Error> {
    execute!(tx, KEEP, id, lot.entered, lot.drawn, lot.checked, lot.errors, lot.turned).map(|_| ())
}

const LIST: &str = lots!(
    "
    WHERE incident = $1 AND (day, id) < ($2, $3)
    ORDER BY day DESC, id DESC
    LIMIT $4"
);

/// One page of lots, the latest day first; `after` is the last one of the page before.
pub async fn list(
    tx: &mut Tx,
    incident: IncidentId,
    after: (&str, Uuid),
    most: i64,
) -> Result<Vec<LotRow>, Error> {
    fetch_all!(tx, LotRow, LIST, incident.0, after.0, after.1, most)
}

/// One entry to be written.
#[derive(Serialize)]
pub struct NewEntry {
    form: String,
    event_at: Option<i64>,
    reference: Option<String>,
}

impl NewEntry {
    pub fn new(form: FormId, event_at: Option<Timestamp>, reference: Option<&[u8]>) -> Self {
        Self {
            form: form.0.simple().to_string(),
            event_at: event_at.map(|at| at.0),
            reference: reference.map(hex::encode),
        }
    }
}

const ENTER: Sql = Sql {
    sqlite: "
    INSERT INTO entry_made (form, seq, event_at, entered_at, account, author, reference)
    SELECT unhex(value ->> 'form'), $1, value ->> 'event_at', $2, $3, $4, unhex(value ->> 'reference')
    FROM json_each($5)",
    postgres: "
    INSERT INTO entry_made (form, seq, event_at, entered_at, account, author, reference)
    SELECT form::uuid, $1, event_at, $2, $3, $4, decode(reference, 'hex')
    FROM json_to_recordset($5::json) AS row (form TEXT, event_at BIGINT, reference TEXT)",
};

/// Writes that sheets were typed in.
pub async fn enter(
    tx: &mut Tx,
    (seq, at, account): (i64, Timestamp, AccountId),
    author: &str,
    entries: &[NewEntry],
) -> Result<(), Error> {
    execute!(tx, ENTER, seq, at.0, account.0, author, Rows::of(entries).text()).map(|_| ())
}

/// One entry as it is kept; who made it by name.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct EntryRow {
    pub event_at: Option<i64>,
    pub entered_at: i64,
    pub name: String,
    pub author: String,
    pub reference: Option<Vec<u8>>,
}

const ENTRIES: &str = "
    SELECT event_at, entered_at, account.name, author, reference
    FROM entry_made
    JOIN account ON account.id = entry_made.account
    WHERE form = $1
    ORDER BY seq DESC";

/// How often a sheet was typed in, the latest first.
pub async fn entries(tx: &mut Tx, form: FormId) -> Result<Vec<EntryRow>, Error> {
    fetch_all!(tx, EntryRow, ENTRIES, form.0)
}

const REPORT: Sql = Sql {
    sqlite: "
    INSERT INTO entry_difference (
        id, incident, form, kind, note, owner, reported_at, reported_by, ending, ended_at, ended_by, reason)
    SELECT unhex(value ->> 'id'), $1, unhex(value ->> 'form'), $2, $3, $4, $5, $6, NULL, NULL, NULL, ''
    FROM json_each($7)",
    postgres: "
    INSERT INTO entry_difference (
        id, incident, form, kind, note, owner, reported_at, reported_by, ending, ended_at, ended_by, reason)
    SELECT id::uuid, $1, form::uuid, $2, $3, $4, $5, $6, NULL, NULL, NULL, ''
    FROM json_to_recordset($7::json) AS row (id TEXT, form TEXT)",
};

#[derive(Serialize)]
struct Reported {
    id: String,
    form: String,
}

/// Writes that sheets differ from what was typed in.
pub async fn report(
    tx: &mut Tx,
    incident: IncidentId,
    (kind, note, owner): (Kind, &str, Role),
    (at, account): (Timestamp, AccountId),
    forms: &[(Uuid, FormId)],
) -> Result<(), Error> {
    let hex = |id: Uuid| id.simple().to_string();
    let rows: Vec<_> = forms.iter().map(|(id, form)| Reported { id: hex(*id), form: hex(form.0) }).collect();
    let rows = Rows::of(&rows);
    execute!(tx, REPORT, incident.0, kind.code(), note, owner.code(), at.0, account.0, rows.text())
        .map(|_| ())
}

const END: Sql = Sql {
    sqlite: "
    UPDATE entry_difference
    SET ending = $1, ended_at = $2, ended_by = $3, reason = $4
    WHERE ending IS NULL AND form IN (SELECT unhex(value) FROM json_each($5))",
    postgres: "
    UPDATE entry_difference
    SET ending = $1, ended_at = $2, ended_by = $3, reason = $4
    WHERE ending IS NULL AND form IN (SELECT value::uuid FROM json_array_elements_text($5::json))",
};

/// Ends the open differences of sheets.
pub async fn end(
    tx: &mut Tx,
    forms: &[FormId],
    (ending, reason): (Ending, &str),
    (at, account): (Timestamp, AccountId),
) -> Result<(), Error> {
    let forms: Vec<String> = forms.iter().map(|form| form.0.simple().to_string()).collect();
    execute!(tx, END, ending.code(), at.0, account.0, reason, Rows::of(&forms).text()).map(|_| ())
}

/// A difference as it is kept; who reported and who ended it by name.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DifferenceRow {
    pub form: Uuid,
    pub kind: String,
    pub note: String,
    pub owner: String,
    pub reported_at: i64,
    pub reported_by: Uuid,
    pub reporter: String,
    pub ending: Option<String>,
    pub ended_at: Option<i64>,
    pub ender: Option<String>,
    pub reason: String,
}

macro_rules! differences {
    ($rest:literal) => {
        concat!(
            "
    SELECT form, entry_difference.kind, note, owner, reported_at, reported_by, reporter.name AS reporter, ending,
        ended_at, ender.name AS ender, reason
    FROM entry_difference
    JOIN account reporter ON reporter.id = reported_by
    LEFT JOIN account ender ON ender.id = ended_by",
            $rest
        )
    };
}

const DIFFERENCES: &str = differences!(
    "
    WHERE form = $1
    ORDER BY reported_at DESC"
);

/// Everything that was ever reported of a sheet, the latest first.
pub async fn differences(tx: &mut Tx, form: FormId) -> Result<Vec<DifferenceRow>, Error> {
    fetch_all!(tx, DifferenceRow, DIFFERENCES, form.0)
}

const OPEN_DIFFERENCES: Sql = Sql {
    sqlite: differences!(
        "
    WHERE ending IS NULL AND form IN (SELECT unhex(value) FROM json_each($1))"
    ),
    postgres: differences!(
        "
    WHERE ending IS NULL AND form IN (SELECT value::uuid FROM json_array_elements_text($1::json))"
    ),
};

/// The open difference of each of these sheets.
pub async fn open_differences(
    tx: &mut Tx,
    forms: &[FormId],
) -> Result<BTreeMap<FormId, DifferenceRow>, Error> {
    let forms: Vec<String> = forms.iter().map(|form| form.0.simple().to_string()).collect();
    let rows = fetch_all!(tx, DifferenceRow, OPEN_DIFFERENCES, Rows::of(&forms).text())?;
    Ok(rows.into_iter().map(|row| (FormId(row.form), row)).collect())
}

/// Who lets others go before a sheet.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ReleaseRow {
    pub reason: String,
    pub first_account: Uuid,
    pub first_role: String,
    pub first_name: String,
    pub second_name: Option<String>,
}

const RELEASE: &str = "
    SELECT reason, first_account, first_role, one.name AS first_name, other.name AS second_name
    FROM entry_release
    JOIN account one ON one.id = first_account
    LEFT JOIN account other ON other.id = second_account
    WHERE form = $1";

/// What was said about letting others go before a sheet.
pub async fn release(tx: &mut Tx, form: FormId) -> Result<Option<ReleaseRow>, Error> {
    fetch_optional!(tx, ReleaseRow, RELEASE, form.0)
}

const ASK_RELEASE: &str = "
    INSERT INTO entry_release (form, incident, reason, first_account, first_role, first_at)
    VALUES ($1, $2, $3, $4, $5, $6)";

/// Writes that one person asks for it.
pub async fn ask_release(
    tx: &mut Tx,
    incident: IncidentId,
    form: FormId,
    reason: &str,
    (account, role, at): (AccountId, Role, Timestamp),
) -> Result<(), Error> {
    execute!(tx, ASK_RELEASE, form.0, incident.0, reason, account.0, role.code(), at.0).map(|_| ())
}

const AGREE_RELEASE: &str = "
    UPDATE entry_release
    SET second_account = $2, second_role = $3, second_at = $4
    WHERE form = $1";

/// Writes that a second person agrees.
pub async fn agree_release(
    tx: &mut Tx,
    form: FormId,
    (account, role, at): (AccountId, Role, Timestamp),
) -> Result<(), Error> {
    execute!(tx, AGREE_RELEASE, form.0, account.0, role.code(), at.0).map(|_| ())
}

#[derive(Serialize)]
struct Marked {
    id: String,
}

const MARK: Sql = Sql {
    sqlite: "
    UPDATE form
    SET to_check = TRUE
    FROM json_each($1)
    WHERE form.id = unhex(value ->> 'id')",
    postgres: "
    UPDATE form
    SET to_check = TRUE
    FROM json_to_recordset($1::json) AS row (id TEXT)
    WHERE form.id = row.id::uuid",
};

/// Says of sheets that a second person is to look at them; their states stay.
pub async fn mark(tx: &mut Tx, forms: &[FormId]) -> Result<(), Error> {
    let rows: Vec<_> = forms.iter().map(|form| Marked { id: form.0.simple().to_string() }).collect();
    execute!(tx, MARK, Rows::of(&rows).text()).map(|_| ())
}
