//! The SQL of sheets and the ranges in which they were handed out.

use domain::{
    forms::{IssueRange, Picked, Serial, Sheet, State},
    id::{AccountId, FacilityId, FormId, IncidentId, IssueId, UnitId},
    playbooks::Disposition,
    time::Timestamp,
};
use serde::Serialize;
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_one,
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
    pub state: State,
    pub to_check: bool,
    pub changed_at: Timestamp,
    /// Everybody who ever typed it in; read only where a rule needs it.
    pub entered_by: Vec<AccountId>,
}

impl SheetRow {
    /// Its serial.
    pub fn serial(&self) -> Serial {
        Serial::new(&self.prefix, self.number)
    }

    /// The sheet as the rules see it.
    pub fn sheet(&self, disposition: Disposition) -> Sheet {
        Sheet { state: self.state, disposition, to_check: self.to_check, entered_by: self.entered_by.clone() }
    }
}

/// A sheet before and after an act.
#[derive(Debug)]
pub struct Change {
    pub row: SheetRow,
    pub before: Sheet,
    pub after: Sheet,
}

/// A range to be written.
pub struct NewIssue<'a> {
    pub id: IssueId,
    pub incident: IncidentId,
    pub range: &'a IssueRange,
    pub first: i64,
    pub last: i64,
}

const INSERT_ISSUE: &str = "
    INSERT INTO form_issue (id, incident, form_type, unit, first, last, issued_at, account, seq)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

/// Adds a range that is handed to a unit.
pub async fn insert_issue(
    tx: &mut Tx,
    new: &NewIssue<'_>,
    at: Timestamp,
    account: AccountId,
    seq: i64,
) -> Result<(), Error> {
    let (code, unit) = (&new.range.form_type.code, new.range.unit.0);
    execute!(
        tx,
        INSERT_ISSUE,
        new.id.0,
        new.incident.0,
        code,
        unit,
        new.first,
        new.last,
        at.0,
        account.0,
        seq
    )
    .map(|_| ())
}

/// A sheet to be added, as it travels to the database.
#[derive(Debug, Serialize)]
pub struct NewSheet {
    id: String,
    prefix: String,
    number: i64,
    state: &'static str,
}

impl NewSheet {
    pub fn new(id: FormId, prefix: &str, number: i64, state: State) -> Self {
        Self { id: id.0.simple().to_string(), prefix: prefix.to_owned(), number, state: state.code() }
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
}

const INSERT_SHEETS: Sql = Sql {
    sqlite: "
    INSERT INTO form (id, incident, form_type, prefix, number, issue, unit, state, to_check, changed_at)
    SELECT unhex(value ->> 'id'), $1, $2, value ->> 'prefix', value ->> 'number', $3, $4, value ->> 'state',
        FALSE, $5
    FROM json_each($6)",
    postgres: "
    INSERT INTO form (id, incident, form_type, prefix, number, issue, unit, state, to_check, changed_at)
    SELECT id::uuid, $1, $2, prefix, number, $3, $4, state, FALSE, $5
    FROM json_to_recordset($6::json) AS row (id TEXT, prefix TEXT, number BIGINT, state TEXT)",
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
        rows.text()
    )
    .map(|_| ())
}

#[derive(Serialize)]
struct EventRow {
    id: String,
    from: &'static str,
    to: &'static str,
    to_check: bool,
}

fn event_rows(changes: &[Change]) -> Rows {
    let row = |change: &Change| EventRow {
        id: change.row.id.0.simple().to_string(),
        from: change.before.state.code(),
        to: change.after.state.code(),
        to_check: change.after.to_check,
    };
    Rows::of(&changes.iter().map(row).collect::<Vec<_>>())
}

const LOG: Sql = Sql {
    sqlite: "
    INSERT INTO form_event (form, seq, from_state, to_state, event_at, entered_at, account)
    SELECT unhex(value ->> 'id'), $1, value ->> 'from', value ->> 'to', $2, $2, $3
    FROM json_each($4)",
    postgres: "
    INSERT INTO form_event (form, seq, from_state, to_state, event_at, entered_at, account)
    SELECT id::uuid, $1, \"from\", \"to\", $2, $2, $3
    FROM json_to_recordset($4::json) AS row (id TEXT, \"from\" TEXT, \"to\" TEXT)",
};

/// Writes the events of changes.
pub async fn log(
    tx: &mut Tx,
    changes: &[Change],
    seq: i64,
    at: Timestamp,
    account: AccountId,
) -> Result<(), Error> {
    execute!(tx, LOG, seq, at.0, account.0, event_rows(changes).text()).map(|_| ())
}

/// Writes the first events of new sheets.
pub async fn log_new(
    tx: &mut Tx,
    sheets: &[NewSheet],
    seq: i64,
    at: Timestamp,
    account: AccountId,
) -> Result<(), Error> {
    let row =
        |sheet: &NewSheet| EventRow { id: sheet.id.clone(), from: "", to: sheet.state, to_check: false };
    let rows = Rows::of(&sheets.iter().map(row).collect::<Vec<_>>());
    execute!(tx, LOG, seq, at.0, account.0, rows.text()).map(|_| ())
}

const UPDATE: Sql = Sql {
    sqlite: "
    UPDATE form
    SET state = value ->> 'to', to_check = value ->> 'to_check', changed_at = $1
    FROM json_each($2)
    WHERE form.id = unhex(value ->> 'id')",
    postgres: "
    UPDATE form
    SET state = row.\"to\", to_check = row.to_check, changed_at = $1
    FROM json_to_recordset($2::json) AS row (id TEXT, \"to\" TEXT, to_check BOOLEAN)
    WHERE form.id = row.id::uuid",
};

/// Moves sheets to their new states.
pub async fn update(tx: &mut Tx, changes: &[Change], at: Timestamp) -> Result<(), Error> {
    execute!(tx, UPDATE, at.0, event_rows(changes).text()).map(|_| ())
}

type Kept = (Uuid, String, String, i64, Uuid, String, bool, i64);

fn sheet(
    (id, form_type, prefix, number, unit, state, to_check, changed_at): Kept,
) -> Result<SheetRow, Error> {
    let state = State::from_code(&state).ok_or_else(|| Error::Corrupt(format!("a form is {state:?}")))?;
    let (id, unit, changed_at) = (FormId(id), UnitId(unit), Timestamp(changed_at));
    Ok(SheetRow { id, form_type, prefix, number, unit, state, to_check, changed_at, entered_by: Vec::new() })
}

const BY_NUMBERS: Sql = Sql {
    sqlite: "
    SELECT id, form_type, prefix, number, unit, state, to_check, changed_at
    FROM form
    WHERE incident = $1 AND prefix = $2 AND number IN (SELECT value FROM json_each($3))
    ORDER BY number",
    postgres: "
    SELECT id, form_type, prefix, number, unit, state, to_check, changed_at
    FROM form
    WHERE incident = $1 AND prefix = $2
        AND number IN (SELECT value::bigint FROM json_array_elements_text($3::json))
    ORDER BY number",
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
    sqlite: "
    SELECT form.id, form_type, prefix, number, unit, state, to_check, changed_at
    FROM form
    WHERE incident = $1 AND form.id IN (SELECT unhex(value) FROM json_each($2))
    ORDER BY form.id",
    postgres: "
    SELECT id, form_type, prefix, number, unit, state, to_check, changed_at
    FROM form
    WHERE incident = $1 AND id IN (SELECT value::uuid FROM json_array_elements_text($2::json))
    ORDER BY id",
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

const STILL_OUT: &str = "
    SELECT id, form_type, prefix, number, unit, state, to_check, changed_at
    FROM form
    WHERE incident = $1 AND form_type = $2 AND unit = $3 AND state = 'out'
    ORDER BY number";

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

const NEXT_FREE: &str = "
    SELECT COALESCE(MAX(number), 0) + 1
    FROM form
    WHERE incident = $1 AND prefix = $2";

/// The number after the highest one of a prefix.
pub async fn next_free(tx: &mut Tx, incident: IncidentId, prefix: &str) -> Result<i64, Error> {
    let (next,) = fetch_one!(tx, (i64,), NEXT_FREE, incident.0, prefix)?;
    Ok(next)
}

const FIRST_TAKEN: &str = "
    SELECT MIN(number)
    FROM form
    WHERE incident = $1 AND prefix = $2 AND number BETWEEN $3 AND $4";

/// The first number of a range that is handed out already.
pub async fn first_taken(
    tx: &mut Tx,
    incident: IncidentId,
    prefix: &str,
    first: i64,
    last: i64,
) -> Result<Option<i64>, Error> {
    let (taken,) = fetch_one!(tx, (Option<i64>,), FIRST_TAKEN, incident.0, prefix, first, last)?;
    Ok(taken)
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

/// Which sheets a list shows; empty texts are no filter. Beside the states, `to_verify` are those that wait for a
/// second person and `unfinished` those that are back and not at their end.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub form_type: String,
    pub state: String,
    pub unit: Option<UnitId>,
    /// The last serial of the page before.
    pub after: (String, i64),
}

const LIST: &str = "
    SELECT id, form_type, prefix, number, unit, state, to_check, changed_at
    FROM form
    WHERE incident = $1
        AND ($2 = '' OR form_type = $2)
        AND ($3 = '' OR state = $3
            OR ($3 = 'unfinished' AND state IN ('used', 'discrepancy'))
            OR ($3 IN ('unfinished', 'to_verify') AND state = 'entered' AND to_check = TRUE))
        AND ($4 IS NULL OR unit = $4)
        AND (prefix, number) > ($5, $6)
    ORDER BY prefix, number
    LIMIT $7";

const LIST_POSTGRES: &str = "
    SELECT id, form_type, prefix, number, unit, state, to_check, changed_at
    FROM form
    WHERE incident = $1
        AND ($2::text = '' OR form_type = $2)
        AND ($3::text = '' OR state = $3
            OR ($3 = 'unfinished' AND state IN ('used', 'discrepancy'))
            OR ($3 IN ('unfinished', 'to_verify') AND state = 'entered' AND to_check = TRUE))
        AND ($4::uuid IS NULL OR unit = $4)
        AND (prefix, number) > ($5, $6)
    ORDER BY prefix, number
    LIMIT $7";

/// One page of sheets, by serial.
pub async fn list(
    tx: &mut Tx,
    incident: IncidentId,
    filter: &Filter,
    most: i64,
) -> Result<Vec<SheetRow>, Error> {
    let rows = fetch_all!(
        tx,
        Kept,
        Sql { sqlite: LIST, postgres: LIST_POSTGRES },
        incident.0,
        &filter.form_type,
        &filter.state,
        filter.unit.map(|unit| unit.0),
        &filter.after.0,
        filter.after.1,
        most
    )?;
    rows.into_iter().map(sheet).collect()
}
