//! The lists of sheets that pages show: by serial, missing, one sheet with what happened to it.

use domain::{
    forms::{Custody, Serial},
    id::{AccountId, FormId, IncidentId, IssueId, UnitId},
    time::Timestamp,
};
use sqlx::types::Uuid;

use super::{Kept, SheetRow, sheet, sheets};
use crate::{
    fetch_all, fetch_optional,
    store::{Error, Sql, Tx},
};

const MISSING: Sql = Sql {
    sqlite: sheets!(
        "
    WHERE form.incident = $1 AND form.state = 'missing' AND (form.unit, form.prefix, form.number) > ($2, $3, $4)
    ORDER BY form.unit, form.prefix, form.number
    LIMIT $5"
    ),
    postgres: sheets!(
        "
    WHERE form.incident = $1 AND form.state = 'missing' AND (form.unit, form.prefix, form.number) > ($2, $3, $4)
    ORDER BY form.unit, form.prefix, form.number
    LIMIT $5"
    ),
};

const MISSING_OF_UNIT: &str = sheets!(
    "
    WHERE form.incident = $1 AND form.state = 'missing' AND form.unit = $2
        AND (form.prefix, form.number) > ($3, $4)
    ORDER BY form.prefix, form.number
    LIMIT $5"
);

/// One page of missing sheets, by unit, after the last one of the page before.
pub async fn missing(
    tx: &mut Tx,
    incident: IncidentId,
    only: Option<UnitId>,
    after: (UnitId, String, i64),
    most: i64,
) -> Result<Vec<SheetRow>, Error> {
    let (from, prefix, number) = after;
    let unit = only.unwrap_or(from).0;
    let rows = if only.is_some() {
        fetch_all!(tx, Kept, MISSING_OF_UNIT, incident.0, unit, prefix, number, most)?
    } else {
        fetch_all!(tx, Kept, MISSING, incident.0, unit, prefix, number, most)?
    };
    rows.into_iter().map(sheet).collect()
}

const BY_SERIAL: &str = sheets!(
    "
    WHERE form.incident = $1 AND form.prefix = $2 AND form.number = $3"
);

/// The sheet with this serial, to look at; a serial of another unit is no sheet's.
pub async fn by_serial(
    tx: &mut Tx,
    incident: IncidentId,
    serial: &Serial,
) -> Result<Option<SheetRow>, Error> {
    let row = fetch_optional!(tx, Kept, BY_SERIAL, incident.0, &serial.prefix, serial.number)?;
    let row = row.map(sheet).transpose()?;
    Ok(row.filter(|row| row.serial() == *serial))
}

/// Something that happened to a sheet: of its accounting (`from`, `to`) or of its paper (`to` alone).
#[derive(Debug, Clone)]
pub struct Happened {
    pub at: Timestamp,
    pub account: AccountId,
    pub from: String,
    pub to: String,
    pub of_paper: bool,
    pub implied: bool,
}

const HISTORY: &str = "
    SELECT entered_at, account, from_state, to_state, FALSE AS of_paper, FALSE AS implied, seq
    FROM form_event
    WHERE form = $1
    UNION ALL
    SELECT entered_at, account, '', to_custody, TRUE, implied, 0
    FROM form_custody
    WHERE form = $1";

/// What happened to a sheet, in order; of one moment, its accounting before its paper.
pub async fn history(tx: &mut Tx, form: FormId) -> Result<Vec<Happened>, Error> {
    let mut rows = fetch_all!(tx, (i64, Uuid, String, String, bool, bool, i64), HISTORY, form.0)?;
    rows.sort_by_key(|(at, _, _, to, of_paper, _, seq)| (*at, *of_paper, *seq, Custody::from_code(to)));
    let happened = |(at, account, from, to, of_paper, implied, _)| Happened {
        at: Timestamp(at),
        account: AccountId(account),
        from,
        to,
        of_paper,
        implied,
    };
    Ok(rows.into_iter().map(happened).collect())
}

const COUNTED_BY: &str = "
    SELECT account
    FROM form_event
    WHERE form = $1 AND to_state = 'used'
    ORDER BY seq DESC
    LIMIT 1";

/// Who last counted a sheet as used.
pub async fn counted_by(tx: &mut Tx, form: FormId) -> Result<Option<AccountId>, Error> {
    Ok(fetch_optional!(tx, (Uuid,), COUNTED_BY, form.0)?.map(|(account,)| AccountId(account)))
}

/// A range that was handed to a unit, with its sums.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RangeRow {
    pub id: Uuid,
    pub form_type: String,
    pub first: i64,
    pub last: i64,
    pub shift_on: String,
    pub shift: String,
    pub taken_by: String,
    pub issued_at: i64,
    pub seq: i64,
    pub out: i64,
    pub used: i64,
    pub blank: i64,
    pub voided: i64,
    pub missing: i64,
}

const RANGES: &str = "
    SELECT id, form_type, first, last, shift_on, shift, taken_by, issued_at, seq, out, used, blank, voided, missing
    FROM form_issue
    WHERE incident = $1 AND unit = $2 AND seq < $3 AND ($4 = FALSE OR out + missing > 0)
    ORDER BY seq DESC
    LIMIT $5";

/// The ranges of a unit before a sequence number, the latest first; all, or those with sheets out or missing.
pub async fn ranges(
    tx: &mut Tx,
    incident: IncidentId,
    unit: UnitId,
    before: i64,
    open_only: bool,
    most: i64,
) -> Result<Vec<RangeRow>, Error> {
    fetch_all!(tx, RangeRow, RANGES, incident.0, unit.0, before, open_only, most)
}

const RANGE: &str = "
    SELECT id, form_type, first, last, shift_on, shift, taken_by, issued_at, seq, out, used, blank, voided, missing
    FROM form_issue
    WHERE id = $1";

/// One range.
pub async fn range(tx: &mut Tx, issue: IssueId) -> Result<Option<RangeRow>, Error> {
    fetch_optional!(tx, RangeRow, RANGE, issue.0)
}

const NAMES: Sql = Sql {
    sqlite: "
    SELECT account.id, account.name
    FROM account
    WHERE account.id IN (SELECT unhex(value) FROM json_each($1))",
    postgres: "
    SELECT account.id, account.name
    FROM account
    WHERE account.id IN (SELECT value::uuid FROM json_array_elements_text($1::json))",
};

/// The names of accounts.
pub async fn names(
    tx: &mut Tx,
    accounts: impl Iterator<Item = AccountId>,
) -> Result<std::collections::BTreeMap<AccountId, String>, Error> {
    let ids: std::collections::BTreeSet<String> = accounts.map(|id| id.0.simple().to_string()).collect();
    let rows = crate::store::Rows::of(&ids.into_iter().collect::<Vec<_>>());
    let found = fetch_all!(tx, (Uuid, String), NAMES, rows.text())?;
    Ok(found.into_iter().map(|(id, name)| (AccountId(id), name)).collect())
}
