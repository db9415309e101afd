//! Counts of cases, kept in small rows that change in the transaction that changes the cases. Pages, the board
//! and closing read these, so nothing there costs more as cases grow.

use domain::{
    cases::{Clock, Decided, State},
    id::{DecisionId, FacilityId, IncidentId},
    view::cases::Funnel,
};
use sqlx::types::Uuid;

use super::store::CaseRow;
use crate::{
    execute, fetch_all,
    store::{Error, Tx},
};

/// What a tally row counts together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    facility: FacilityId,
    kind: &'static str,
    decided: Decided,
    state: State,
    told: bool,
    booked: bool,
    tried: bool,
    interpreter: bool,
    past_safe_by: bool,
    past_28: bool,
}

impl Key {
    /// Under which row a case is counted.
    pub fn of(row: &CaseRow) -> Self {
        Self {
            facility: row.facility,
            kind: row.kind.code(),
            decided: row.case.decided,
            state: row.case.state,
            told: row.case.told,
            booked: row.case.new_start.is_some(),
            tried: row.case.attempts > 0,
            interpreter: row.interpreter,
            past_safe_by: row.case.days_booked_past(Clock::SafeBy).is_some(),
            past_28: row.case.days_booked_past(Clock::Day28).is_some(),
        }
    }
}

const ADD: &str = "
    INSERT INTO case_tally (
        incident, facility, kind, decided, state, told, booked, tried, interpreter, past_safe_by, past_28,
        cases)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    ON CONFLICT (
        incident, facility, kind, decided, state, told, booked, tried, interpreter, past_safe_by, past_28)
    DO UPDATE SET cases = case_tally.cases + excluded.cases";

/// One case is counted elsewhere now.
pub async fn moved(tx: &mut Tx, incident: IncidentId, from: &Key, to: &Key) -> Result<(), Error> {
    if from == to {
        return Ok(());
    }
    for (key, change) in [(from, -1_i64), (to, 1)] {
        execute!(
            tx,
            ADD,
            incident.0,
            key.facility.0,
            key.kind,
            key.decided.code(),
            key.state.code(),
            key.told,
            key.booked,
            key.tried,
            key.interpreter,
            key.past_safe_by,
            key.past_28,
            change
        )?;
    }
    Ok(())
}

const FORGET: &str = "
    DELETE FROM case_tally
    WHERE incident = $1";

macro_rules! full_count {
    ($count:literal, $which:literal) => {
        concat!(
            "
    SELECT incident, facility, kind, decided, state, told, new_start_at IS NOT NULL, attempts > 0, interpreter,
        state = 'rebooked' AND safe_by IS NOT NULL AND new_day IS NOT NULL AND new_day > safe_by,
        state = 'rebooked' AND day_28 IS NOT NULL AND new_day IS NOT NULL AND new_day > day_28, ",
            $count,
            "
    FROM patient_case
    WHERE ",
            $which,
            " AND visible = TRUE
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"
        )
    };
}

const FULL_COUNT: &str = full_count!("COUNT(*)", "incident = $1");

const COUNT_AGAIN: &str = concat!(
    "
    INSERT INTO case_tally (
        incident, facility, kind, decided, state, told, booked, tried, interpreter, past_safe_by, past_28, cases)",
    full_count!("COUNT(*)", "incident = $1")
);

/// Counts everything again, after wide work that touched many rows anyway.
pub async fn count_again(tx: &mut Tx, incident: IncidentId) -> Result<(), Error> {
    execute!(tx, FORGET, incident.0)?;
    execute!(tx, COUNT_AGAIN, incident.0)?;
    Ok(())
}

macro_rules! staged {
    ($count:literal) => {
        concat!(
            "
    INSERT INTO case_tally (
        incident, facility, kind, decided, state, told, booked, tried, interpreter, past_safe_by, past_28, cases)",
            full_count!($count, "id IN (SELECT case_id FROM decision_stage WHERE decision = $1)"),
            "
    ON CONFLICT (
        incident, facility, kind, decided, state, told, booked, tried, interpreter, past_safe_by, past_28)
    DO UPDATE SET cases = case_tally.cases + excluded.cases"
        )
    };
}

const TAKE_OUT_STAGED: &str = staged!("-COUNT(*)");
const PUT_IN_STAGED: &str = staged!("COUNT(*)");

/// Takes the cases of a decision's stage out of the counts, before they change.
pub async fn take_out_staged(tx: &mut Tx, decision: DecisionId) -> Result<(), Error> {
    execute!(tx, TAKE_OUT_STAGED, decision.0).map(|_| ())
}

/// Counts the cases of a decision's stage as they are now.
pub async fn put_in_staged(tx: &mut Tx, decision: DecisionId) -> Result<(), Error> {
    execute!(tx, PUT_IN_STAGED, decision.0).map(|_| ())
}

type Row = (Uuid, Uuid, String, String, String, bool, bool, bool, bool, bool, bool, i64);

const READ: &str = "
    SELECT incident, facility, kind, decided, state, told, booked, tried, interpreter, past_safe_by, past_28, cases
    FROM case_tally
    WHERE incident = $1";

/// What the tallies say, over these facilities or all.
pub async fn read(
    tx: &mut Tx,
    incident: IncidentId,
    facilities: Option<&[FacilityId]>,
) -> Result<Funnel, Error> {
    funnel(fetch_all!(tx, Row, READ, incident.0)?, facilities)
}

/// What a full count says; the same as [`read`], or something was counted wrongly.
pub async fn read_by_counting(tx: &mut Tx, incident: IncidentId) -> Result<Funnel, Error> {
    funnel(fetch_all!(tx, Row, FULL_COUNT, incident.0)?, None)
}

fn funnel(rows: Vec<Row>, facilities: Option<&[FacilityId]>) -> Result<Funnel, Error> {
    let mut funnel = Funnel::default();
    for (_, facility, _, decided, state, told, _, tried, interpreter, past_safe_by, past_28, cases) in rows {
        if facilities.is_some_and(|allowed| !allowed.contains(&FacilityId(facility))) {
            continue;
        }
        let decided =
            Decided::from_code(&decided).ok_or_else(|| Error::Corrupt(format!("decided {decided:?}")))?;
        let state = State::from_code(&state).ok_or_else(|| Error::Corrupt(format!("state {state:?}")))?;
        add(&mut funnel, decided, state, told, tried, interpreter, past_safe_by, cases);
        funnel.past_28 += if past_28 { cases } else { 0 };
    }
    Ok(funnel)
}

/// Counts cases of which it is known what was decided, where they stood, and whether the patient knew.
pub(super) fn count(funnel: &mut Funnel, (decided, state): (Decided, State), told: bool, cases: i64) {
    add(funnel, decided, state, told, false, false, false, cases);
}

#[expect(clippy::too_many_arguments, reason = "one tally row, taken apart once")]
#[expect(clippy::fn_params_excessive_bools, reason = "one tally row, taken apart once")]
fn add(
    funnel: &mut Funnel,
    decided: Decided,
    state: State,
    told: bool,
    tried: bool,
    interpreter: bool,
    past_safe_by: bool,
    cases: i64,
) {
    funnel.booked += cases;
    match decided {
        Decided::No => funnel.untouched += cases,
        Decided::Undecided => funnel.undecided += cases,
        Decided::Kept => funnel.kept += cases,
        Decided::Cancelled => funnel.cancelled += cases,
    }
    if matches!(decided, Decided::Kept | Decided::Cancelled) && !state.is_end() {
        funnel.open += cases;
    }
    let untold = matches!(state, State::ToContact | State::Contacting);
    let tell_again = matches!(state, State::Kept | State::Rebooked) && !told;
    if untold || tell_again || past_safe_by {
        funnel.to_call += cases;
        funnel.interpreter += if interpreter { cases } else { 0 };
    }
    funnel.tried_not_reached += if untold && tried { cases } else { 0 };
    funnel.past_safe_by += if past_safe_by { cases } else { 0 };
    if decided != Decided::Cancelled {
        return;
    }
    if untold || (tell_again && state == State::Rebooked) {
        funnel.not_told += cases;
    } else {
        funnel.told += cases;
    }
    match state {
        State::Told => funnel.told_without_date += cases,
        State::Rebooked => funnel.rebooked += cases,
        State::Seen => {
            funnel.rebooked += cases;
            funnel.seen += cases;
        }
        ended if ended.is_end() => funnel.ended_otherwise += cases,
        _ => {}
    }
}
