//! The SQL of sheets and the ranges in which they were handed out.

pub mod batches;
pub mod custody;
pub mod issues;
pub mod listing;
pub mod shown;

use domain::{
    forms::{Custody, Picked, Serial, Sheet, State},
    id::{AccountId, BatchId, FacilityId, FormId, IncidentId, IssueId, UnitId},
    playbooks::Disposition,
    time::Timestamp,
};
use serde::Serialize;
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_one, later,
    store::{Error, Rows, Sql, Tx},
};

/// A sheet as it is kept.
#[derive(Debug, Clone)]
pub struct SheetRow {
    pub id: FormId,
    pub form_type: String,
    pub prefix: String,
    pub number: i64,
    pub unit: UnitId,
    pub facility: FacilityId,
    /// The codes of its site and unit, which are printed in its serial.
    pub site_code: String,
    pub unit_code: String,
    /// The range in which it was handed out; a found one has none.
    pub issue: Option<IssueId>,
    pub batch: Option<BatchId>,
    pub state: State,
    /// The end that it must reach, fixed when it was handed out or found.
    pub disposition: Disposition,
    pub to_check: bool,
    pub changed_at: Timestamp,
    pub custody: Custody,
    pub custody_at: Timestamp,
    /// Everybody who ever typed it in; read only where a rule needs it.
    pub entered_by: Vec<AccountId>,
}

impl SheetRow {
    /// Its serial.
    pub fn serial(&self) -> Serial {
        Serial::new(&self.site_code, &self.unit_code, &self.prefix, self.number)
    }

    /// The sheet as the rules see it.
    pub fn sheet(&self) -> Sheet {
        Sheet {
            state: self.state,
            disposition: self.disposition,
            to_check: self.to_check,
            entered_by: self.entered_by.clone(),
        }
    }
}

/// A sheet before and after an act.
#[derive(Debug)]
pub struct Change {
    pub row: SheetRow,
    pub before: Sheet,
    pub after: Sheet,
    /// Where the paper is afterwards.
    pub custody: Custody,
}

impl Change {
    /// The change that an act made; a count and a filing move the paper as well.
    pub fn of(row: SheetRow, before: Sheet, after: Sheet) -> Self {
        let custody = row.custody.after(before.state, after.state);
        Self { row, before, after, custody }
    }
}

/// A sheet to be added, as it travels to the database.
#[derive(Debug, Serialize)]
pub struct NewSheet {
    id: String,
    prefix: String,
    number: i64,
    state: &'static str,
    custody: &'static str,
}

impl NewSheet {
    /// What is out is with its unit; what was found is in somebody's hands.
    pub fn new(id: FormId, prefix: &str, number: i64, state: State) -> Self {
        let custody = if state == State::Out { Custody::WithUnit } else { Custody::Collected };
        let (state, custody) = (state.code(), custody.code());
        Self { id: id.0.simple().to_string(), prefix: prefix.to_owned(), number, state, custody }
    }

    /// Its id.
    pub fn form(&self) -> Option<FormId> {
        self.id.parse().ok()
    }
}

/// What the sheets of one hand have in common.
pub struct Batch<'a> {
    pub incident: IncidentId,
    pub form_type: &'a str,
    pub unit: UnitId,
    /// `None` for found sheets.
    pub issue: Option<IssueId>,
    /// The end that they must reach.
    pub disposition: Disposition,
}

const INSERT_SHEETS: Sql = Sql {
    sqlite: "
    INSERT INTO form (
        id, incident, form_type, prefix, number, issue, unit, state, disposition, to_check, changed_at, custody,
        custody_at)
    SELECT unhex(value ->> 'id'), $1, $2, value ->> 'prefix', value ->> 'number', $3, $4, value ->> 'state',
        $7, FALSE, $5, value ->> 'custody', $5
    FROM json_each($6)",
    postgres: "
    INSERT INTO form (
        id, incident, form_type, prefix, number, issue, unit, state, disposition, to_check, changed_at, custody,
        custody_at)
    SELECT id::uuid, $1, $2, prefix, number, $3, $4, state, $7, FALSE, $5, custody, $5
    FROM json_to_recordset($6::json) AS row (id TEXT, prefix TEXT, number BIGINT, state TEXT, custody TEXT)",
};

/// Adds sheets.
pub async fn insert_sheets(
    tx: &mut Tx,
    batch: &Batch<'_>,
    sheets: &[NewSheet],
    at: Timestamp,
) -> Result<(), Error> {
    let rows = Rows::of(sheets);
    execute!(
        tx,
        INSERT_SHEETS,
        batch.incident.0,
        batch.form_type,
        batch.issue.map(|issue| issue.0),
        batch.unit.0,
        at.0,
        rows.text(),
        batch.disposition.code()
    )
    .map(|_| ())
}

#[derive(Serialize)]
struct EventRow {
    id: String,
    from: &'static str,
    to: &'static str,
    to_check: bool,
    custody: &'static str,
}

fn event_rows(changes: &[Change]) -> Rows {
    let row = |change: &Change| EventRow {
        id: change.row.id.0.simple().to_string(),
        from: change.before.state.code(),
        to: change.after.state.code(),
        to_check: change.after.to_check,
        custody: change.custody.code(),
    };
    Rows::of(&changes.iter().map(row).collect::<Vec<_>>())
}

const LOG: Sql = Sql {
    sqlite: "
    INSERT INTO form_event (form, seq, from_state, to_state, event_at, entered_at, account)
    SELECT unhex(value ->> 'id'), COALESCE($1, (SELECT seq + 1 FROM chain WHERE id = $5)), value ->> 'from',
        value ->> 'to', $2, $2, $3
    FROM json_each($4)
    WHERE value ->> 'from' <> value ->> 'to'",
    postgres: "
    INSERT INTO form_event (form, seq, from_state, to_state, event_at, entered_at, account)
    SELECT row.id::uuid, COALESCE($1::bigint, (SELECT chain.seq + 1 FROM chain WHERE chain.id = $5)), \"from\",
        \"to\", $2, $2, $3
    FROM json_to_recordset($4::json) AS row (id TEXT, \"from\" TEXT, \"to\" TEXT)
    WHERE \"from\" <> \"to\"",
};

/// The number of an incident's log under which sheets are changed.
#[derive(Debug, Clone, Copy)]
pub enum Under {
    Decision(i64),
    /// A scan makes no decision: it is listed under the one that the incident makes next.
    Next(IncidentId),
}

/// Writes the events of changes.
pub async fn log(
    tx: &mut Tx,
    changes: &[Change],
    under: Under,
    at: Timestamp,
    account: AccountId,
) -> Result<(), Error> {
    let (seq, next_of) = match under {
        Under::Decision(seq) => (Some(seq), None),
        Under::Next(incident) => (None, Some(incident.0)),
    };
    later!(tx, LOG, seq, at.0, account.0, event_rows(changes).text(), next_of)
}

/// Writes the first events of new sheets.
pub async fn log_new(
    tx: &mut Tx,
    sheets: &[NewSheet],
    seq: i64,
    at: Timestamp,
    account: AccountId,
) -> Result<(), Error> {
    let row = |sheet: &NewSheet| EventRow {
        id: sheet.id.clone(),
        from: "",
        to: sheet.state,
        to_check: false,
        custody: sheet.custody,
    };
    let rows = Rows::of(&sheets.iter().map(row).collect::<Vec<_>>());
    later!(tx, LOG, Some(seq), at.0, account.0, rows.text(), None::<Uuid>)
}

const UPDATE: Sql = Sql {
    sqlite: "
    UPDATE form
    SET state = value ->> 'to', to_check = value ->> 'to_check',
        changed_at = CASE WHEN state = value ->> 'to' THEN changed_at ELSE $1 END,
        custody = value ->> 'custody',
        custody_at = CASE WHEN custody = value ->> 'custody' THEN custody_at ELSE $1 END
    FROM json_each($2)
    WHERE form.id = unhex(value ->> 'id')",
    postgres: "
    UPDATE form
    SET state = row.\"to\", to_check = row.to_check,
        changed_at = CASE WHEN form.state = row.\"to\" THEN form.changed_at ELSE $1 END,
        custody = row.custody,
        custody_at = CASE WHEN form.custody = row.custody THEN form.custody_at ELSE $1 END
    FROM json_to_recordset($2::json) AS row (id TEXT, \"to\" TEXT, to_check BOOLEAN, custody TEXT)
    WHERE form.id = row.id::uuid",
};

/// Moves sheets to their new states.
pub async fn update(tx: &mut Tx, changes: &[Change], at: Timestamp) -> Result<(), Error> {
    later!(tx, UPDATE, at.0, event_rows(changes).text())
}

#[derive(sqlx::FromRow)]
pub(super) struct Kept {
    id: Uuid,
    form_type: String,
    prefix: String,
    number: i64,
    unit: Uuid,
    facility: Uuid,
    site_code: String,
    unit_code: String,
    issue: Option<Uuid>,
    batch: Option<Uuid>,
    state: String,
    disposition: String,
    to_check: bool,
    changed_at: i64,
    custody: String,
    custody_at: i64,
}

pub(super) fn sheet(kept: Kept) -> Result<SheetRow, Error> {
    let corrupt = |text: &str| Error::Corrupt(format!("a form is {text:?}"));
    Ok(SheetRow {
        id: FormId(kept.id),
        form_type: kept.form_type,
        prefix: kept.prefix,
        number: kept.number,
        unit: UnitId(kept.unit),
        facility: FacilityId(kept.facility),
        site_code: kept.site_code,
        unit_code: kept.unit_code,
        issue: kept.issue.map(IssueId),
        batch: kept.batch.map(BatchId),
        state: State::from_code(&kept.state).ok_or_else(|| corrupt(&kept.state))?,
        disposition: Disposition::from_code(&kept.disposition).ok_or_else(|| corrupt(&kept.disposition))?,
        to_check: kept.to_check,
        changed_at: Timestamp(kept.changed_at),
        custody: Custody::from_code(&kept.custody).ok_or_else(|| corrupt(&kept.custody))?,
        custody_at: Timestamp(kept.custody_at),
        entered_by: Vec::new(),
    })
}

/// A query of whole sheets with the codes of their units.
macro_rules! sheets {
    ($rest:expr) => {
        concat!(
            "
    SELECT form.id, form.form_type, form.prefix, form.number, form.unit, unit.facility,
        facility.code AS site_code, unit.code AS unit_code, form.issue, form.batch, form.state, form.disposition, form.to_check, form.changed_at,
        form.custody, form.custody_at
    FROM form
    JOIN unit ON unit.id = form.unit
    JOIN facility ON facility.id = unit.facility",
            $rest
        )
    };
}
use sheets;

// On PostgreSQL a sheet is taken before its state is looked at: scans do not wait for decisions.
const BY_NUMBERS: Sql = Sql {
    sqlite: sheets!(
        "
    WHERE form.incident = $1 AND form.prefix = $2 AND form.number IN (SELECT value FROM json_each($3))
    ORDER BY form.number"
    ),
    postgres: sheets!(
        "
    WHERE form.incident = $1 AND form.prefix = $2
        AND form.number IN (SELECT value::bigint FROM json_array_elements_text($3::json))
    ORDER BY form.number
    FOR UPDATE OF form"
    ),
};

const ENTERERS: Sql = Sql {
    sqlite: "
    SELECT DISTINCT form, account
    FROM form_event
    WHERE to_state = 'entered' AND form IN (SELECT unhex(value) FROM json_each($1))",
    postgres: "
    SELECT DISTINCT form, account
    FROM form_event
    WHERE to_state = 'entered' AND form IN (SELECT value::uuid FROM json_array_elements_text($1::json))",
};

/// The sheets of these numbers, by number, with everybody who ever typed them in.
pub async fn by_numbers(
    tx: &mut Tx,
    incident: IncidentId,
    prefix: &str,
    picked: &Picked,
) -> Result<Vec<SheetRow>, Error> {
    let numbers: Vec<i64> = picked.iter().copied().collect();
    let rows = fetch_all!(tx, Kept, BY_NUMBERS, incident.0, prefix, Rows::of(&numbers).text())?;
    let mut sheets = rows.into_iter().map(sheet).collect::<Result<Vec<_>, _>>()?;
    with_enterers(tx, &mut sheets).await?;
    Ok(sheets)
}

const BY_IDS: Sql = Sql {
    sqlite: sheets!(
        "
    WHERE form.incident = $1 AND form.id IN (SELECT unhex(value) FROM json_each($2))
    ORDER BY form.id"
    ),
    postgres: sheets!(
        "
    WHERE form.incident = $1 AND form.id IN (SELECT value::uuid FROM json_array_elements_text($2::json))
    ORDER BY form.id"
    ),
};

/// The sheets of these ids, with everybody who ever typed them in.
pub async fn by_ids(tx: &mut Tx, incident: IncidentId, forms: &[FormId]) -> Result<Vec<SheetRow>, Error> {
    let ids: Vec<String> = forms.iter().map(|form| form.0.simple().to_string()).collect();
    let rows = fetch_all!(tx, Kept, BY_IDS, incident.0, Rows::of(&ids).text())?;
    let mut sheets = rows.into_iter().map(sheet).collect::<Result<Vec<_>, _>>()?;
    with_enterers(tx, &mut sheets).await?;
    Ok(sheets)
}

async fn with_enterers(tx: &mut Tx, sheets: &mut [SheetRow]) -> Result<(), Error> {
    let ids: Vec<String> = sheets.iter().map(|row| row.id.0.simple().to_string()).collect();
    let entered = fetch_all!(tx, (Uuid, Uuid), ENTERERS, Rows::of(&ids).text())?;
    let mut by_form: std::collections::BTreeMap<FormId, Vec<AccountId>> = std::collections::BTreeMap::new();
    for (form, account) in entered {
        by_form.entry(FormId(form)).or_default().push(AccountId(account));
    }
    for sheet in sheets {
        sheet.entered_by = by_form.remove(&sheet.id).unwrap_or_default();
    }
    Ok(())
}

const STILL_OUT: Sql = Sql {
    sqlite: sheets!(
        "
    WHERE form.incident = $1 AND form.form_type = $2 AND form.unit = $3 AND form.state = 'out'
    ORDER BY form.number"
    ),
    postgres: sheets!(
        "
    WHERE form.incident = $1 AND form.form_type = $2 AND form.unit = $3 AND form.state = 'out'
    ORDER BY form.number
    FOR UPDATE OF form"
    ),
};

/// What a unit still has out of a type.
pub async fn still_out(
    tx: &mut Tx,
    incident: IncidentId,
    form_type: &str,
    unit: UnitId,
) -> Result<Vec<SheetRow>, Error> {
    let rows = fetch_all!(tx, Kept, STILL_OUT, incident.0, form_type, unit.0)?;
    rows.into_iter().map(sheet).collect()
}

const SITES: &str = "
    SELECT DISTINCT facility
    FROM system_status
    WHERE incident = $1";

/// The sites of an incident.
pub async fn sites(tx: &mut Tx, incident: IncidentId) -> Result<Vec<FacilityId>, Error> {
    let rows = fetch_all!(tx, (Uuid,), SITES, incident.0)?;
    Ok(rows.into_iter().map(|(site,)| FacilityId(site)).collect())
}

const UNITS: &str = "
    SELECT unit.id, unit.name, facility.id, facility.short_name
    FROM unit
    JOIN facility ON facility.id = unit.facility
    WHERE unit.facility IN (SELECT facility FROM system_status WHERE incident = $1)
    ORDER BY facility.position, unit.name, unit.code";

/// The units of an incident's sites: unit, its name, site, its name; in the order of the sites.
pub async fn units(
    tx: &mut Tx,
    incident: IncidentId,
) -> Result<Vec<(UnitId, String, FacilityId, String)>, Error> {
    let rows = fetch_all!(tx, (Uuid, String, Uuid, String), UNITS, incident.0)?;
    Ok(rows.into_iter().map(|(id, name, site, of)| (UnitId(id), name, FacilityId(site), of)).collect())
}

const CODES: &str = "
    SELECT facility.code, unit.code
    FROM unit
    JOIN facility ON facility.id = unit.facility
    WHERE unit.id = $1";

/// The codes of a unit's site and of the unit, as serials print them.
pub async fn codes(tx: &mut Tx, unit: UnitId) -> Result<(String, String), Error> {
    fetch_one!(tx, (String, String), CODES, unit.0)
}
