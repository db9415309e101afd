//! The list of sheets, by form and serial or by how long they wait. Each statement follows one index from where the page
//! before ended, so that a page of a downtime of four weeks costs what a page of its first day does.

use domain::{
    forms::{Custody, State},
    id::{FormId, IncidentId, UnitId},
    time::Timestamp,
};

use super::{Kept, SheetRow, sheet, sheets};
use crate::{
    fetch_all,
    store::{Error, Tx},
};

/// Which sheets a list shows.
#[derive(Debug, Clone)]
pub struct Filter {
    /// The codes of the forms, in the order of the list.
    pub types: Vec<String>,
    pub states: Which,
    pub unit: Option<UnitId>,
}

/// In which states sheets are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    All,
    One(State),
    /// Back and not at their end.
    Unfinished,
    /// Typed in, and a second person must look.
    ToVerify,
}

impl Which {
    /// As an address says it; a state that there is not is none of them.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "" => Some(Self::All),
            "unfinished" => Some(Self::Unfinished),
            "to_verify" => Some(Self::ToVerify),
            code => State::from_code(code).map(Self::One),
        }
    }

    /// Every sheet in these states, and whether those that are to be checked come beside them.
    fn parts(self) -> (Vec<State>, bool) {
        match self {
            Self::All => (State::ALL.to_vec(), false),
            Self::One(state) => (vec![state], false),
            Self::Unfinished => (vec![State::Used, State::Discrepancy], true),
            Self::ToVerify => (Vec::new(), true),
        }
    }

    fn has(self, row: &SheetRow) -> bool {
        let (states, to_check) = self.parts();
        states.contains(&row.state) || (to_check && row.state == State::Entered && row.to_check)
    }
}

/// The last sheet of the page before: its form, prefix and number.
pub type Serially = (String, String, i64);

const OF_STATE: &str = sheets!(
    "
    WHERE form.incident = $1 AND form.form_type = $2 AND form.state = $3
        AND (form.prefix, form.number) > ($4, $5)
    ORDER BY form.prefix, form.number
    LIMIT $6"
);

const OF_STATE_AT_UNIT: &str = sheets!(
    "
    WHERE form.incident = $1 AND form.form_type = $2 AND form.state = $3
        AND (form.prefix, form.number) > ($4, $5) AND form.unit = $7
    ORDER BY form.prefix, form.number
    LIMIT $6"
);

const TO_CHECK: &str = sheets!(
    "
    WHERE form.incident = $1 AND form.form_type = $2 AND form.state = 'entered' AND form.to_check = TRUE
        AND (form.prefix, form.number) > ($3, $4)
    ORDER BY form.prefix, form.number
    LIMIT $5"
);

const TO_CHECK_AT_UNIT: &str = sheets!(
    "
    WHERE form.incident = $1 AND form.form_type = $2 AND form.state = 'entered' AND form.to_check = TRUE
        AND (form.prefix, form.number) > ($3, $4) AND form.unit = $6
    ORDER BY form.prefix, form.number
    LIMIT $5"
);

/// One page of sheets, by form and serial.
pub async fn by_serial(
    tx: &mut Tx,
    incident: IncidentId,
    filter: &Filter,
    (last_type, prefix, number): &Serially,
    most: usize,
) -> Result<Vec<SheetRow>, Error> {
    let mut page = Vec::new();
    for form_type in filter.types.iter().filter(|form_type| *form_type >= last_type) {
        let after = if form_type == last_type { (prefix.as_str(), *number) } else { ("", 0) };
        page.extend(of_type(tx, incident, filter, (form_type, after), most).await?);
        if page.len() >= most {
            page.truncate(most);
            break;
        }
    }
    Ok(page)
}

async fn of_type(
    tx: &mut Tx,
    incident: IncidentId,
    filter: &Filter,
    (form_type, (prefix, number)): (&str, (&str, i64)),
    most: usize,
) -> Result<Vec<SheetRow>, Error> {
    let rows = i64::try_from(most).unwrap_or(i64::MAX);
    let (states, to_check) = filter.states.parts();
    let mut kept = Vec::new();
    for state in states {
        let state = state.code();
        kept.extend(match filter.unit {
            Some(unit) => fetch_all!(
                tx,
                Kept,
                OF_STATE_AT_UNIT,
                incident.0,
                form_type,
                state,
                prefix,
                number,
                rows,
                unit.0
            )?,
            None => fetch_all!(tx, Kept, OF_STATE, incident.0, form_type, state, prefix, number, rows)?,
        });
    }
    if to_check {
        kept.extend(match filter.unit {
            Some(unit) => {
                fetch_all!(tx, Kept, TO_CHECK_AT_UNIT, incident.0, form_type, prefix, number, rows, unit.0)?
            }
            None => fetch_all!(tx, Kept, TO_CHECK, incident.0, form_type, prefix, number, rows)?,
        });
    }
    let mut found = kept.into_iter().map(sheet).collect::<Result<Vec<_>, _>>()?;
    found.sort_by(|one, other| (&one.prefix, one.number).cmp(&(&other.prefix, other.number)));
    found.truncate(most);
    Ok(found)
}

const WAITING: &str = sheets!(
    "
    WHERE form.incident = $1 AND form.custody = $2 AND (form.custody_at, form.id) > ($3, $4)
        AND form.state NOT IN ('blank', 'voided', 'missing')
    ORDER BY form.custody_at, form.id
    LIMIT $5"
);

/// How many rows are looked through at once for those that a filter wants.
const PIECE: i64 = 1_000;

/// One page of the sheets that are at a step of their way, those first that have been there longest. Blank, voided and
/// missing ones wait for nobody.
pub async fn by_waiting(
    tx: &mut Tx,
    incident: IncidentId,
    filter: &Filter,
    (custody, (since, id)): (Custody, (Timestamp, FormId)),
    most: usize,
) -> Result<Vec<SheetRow>, Error> {
    let (mut page, mut after) = (Vec::new(), (since.0, id.0));
    loop {
        let kept = fetch_all!(tx, Kept, WAITING, incident.0, custody.code(), after.0, after.1, PIECE)?;
        let is_last = i64::try_from(kept.len()).unwrap_or(PIECE) < PIECE;
        let rows = kept.into_iter().map(sheet).collect::<Result<Vec<_>, _>>()?;
        if let Some(last) = rows.last() {
            after = (last.custody_at.0, last.id.0);
        }
        let wanted = |row: &SheetRow| {
            filter.types.contains(&row.form_type)
                && filter.unit.is_none_or(|unit| unit == row.unit)
                && filter.states.has(row)
        };
        page.extend(rows.into_iter().filter(wanted));
        if is_last || page.len() >= most {
            page.truncate(most);
            return Ok(page);
        }
    }
}
