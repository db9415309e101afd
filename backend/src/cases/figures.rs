//! The figures at any past moment: as they were known then, and as they are known now. A hospital that reported 4,133
//! cancelled at six can say at noon what that number was, and what it should have been.

use domain::{
    cases::{Decided, State},
    field::FieldErrors,
    id::{FacilityId, IncidentId},
    time::{Timestamp, Zone},
    view::cases::{Funnel, PastFigures, PastFiguresView},
};
use sqlx::types::Uuid;

use super::tally;
use crate::{
    fetch_all,
    store::{Error, Tx},
};

/// Which of its two times places a change: when it was entered, or when it happened.
macro_rules! at_a_moment {
    ($clock:literal) => {
        concat!(
            "
    SELECT facility, decided, state, told, COUNT(*)
    FROM (
        SELECT facility,
            COALESCE((
                SELECT to_state
                FROM case_event
                WHERE case_id = patient_case.id AND ",
            $clock,
            " <= $2 AND what IN ('decided', 'decided again', 'taken back', 'kept', 'cancelled')
                ORDER BY ",
            $clock,
            " DESC, seq DESC
                LIMIT 1
            ), 'scheduled') AS decided,
            COALESCE((
                SELECT to_state
                FROM case_event
                WHERE case_id = patient_case.id AND ",
            $clock,
            " <= $2
                ORDER BY ",
            $clock,
            " DESC, seq DESC
                LIMIT 1
            ), 'scheduled') AS state,
            COALESCE((
                SELECT told
                FROM case_event
                WHERE case_id = patient_case.id AND ",
            $clock,
            " <= $2
                ORDER BY ",
            $clock,
            " DESC, seq DESC
                LIMIT 1
            ), FALSE) AS told
        FROM patient_case
        JOIN schedule_snapshot ON schedule_snapshot.id = patient_case.snapshot
        WHERE patient_case.incident = $1 AND visible = TRUE AND committed_at <= $2
    ) AS standing
    GROUP BY 1, 2, 3, 4"
        )
    };
}

const KNOWN_THEN: &str = at_a_moment!("entered_at");
const KNOWN_NOW: &str = at_a_moment!("event_at");

/// The figures of a moment by one of the two times.
async fn at(
    tx: &mut Tx,
    sql: &'static str,
    incident: IncidentId,
    (moment, facilities): (Timestamp, &[FacilityId]),
) -> Result<PastFigures, Error> {
    let mut funnel = Funnel::default();
    for (facility, decided, state, told, cases) in
        fetch_all!(tx, (Uuid, String, String, bool, i64), sql, incident.0, moment.0)?
    {
        if !facilities.contains(&FacilityId(facility)) {
            continue;
        }
        let read =
            |code: &str| State::from_code(code).ok_or_else(|| Error::Corrupt(format!("a case was {code:?}")));
        let decided = match read(&decided)? {
            State::Kept => Decided::Kept,
            State::ToContact => Decided::Cancelled,
            _ => Decided::No,
        };
        tally::count(&mut funnel, (decided, read(&state)?), told, cases);
    }
    Ok(figures(&funnel))
}

fn figures(funnel: &Funnel) -> PastFigures {
    PastFigures {
        booked: funnel.booked,
        not_decided: funnel.untouched + funnel.undecided,
        kept: funnel.kept,
        cancelled: funnel.cancelled,
        told: funnel.told,
        not_told: funnel.not_told,
        rebooked: funnel.rebooked,
        seen: funnel.seen,
        ended_otherwise: funnel.ended_otherwise,
    }
}

/// The figures of a moment that was typed, at these facilities; without one those of now.
///
/// # Errors
/// By field: a time that is none, or still to come.
pub(super) async fn view(
    tx: &mut Tx,
    incident: IncidentId,
    facilities: &[FacilityId],
    (typed, now, zone): (&str, Timestamp, &Zone),
) -> Result<Result<PastFiguresView, FieldErrors>, Error> {
    let wrong = |says: &str| Ok(Err(FieldErrors::one("at", says)));
    let moment = match typed.trim() {
        "" => now,
        typed => match zone.parse_past(typed, now) {
            Ok(moment) if moment <= now => moment,
            Ok(_) => return wrong("This is still to come. Choose a time that has passed."),
            Err(error) => return wrong(&error.to_string()),
        },
    };
    let funnel = tally::read(tx, incident, Some(facilities)).await?;
    Ok(Ok(PastFiguresView {
        incident,
        at: zone.typed(moment),
        moment: zone.full(moment),
        known_then: at(tx, KNOWN_THEN, incident, (moment, facilities)).await?,
        known_now: at(tx, KNOWN_NOW, incident, (moment, facilities)).await?,
        now: figures(&funnel),
    }))
}
