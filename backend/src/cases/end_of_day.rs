//! A service's end-of-day list: its kept cases of the day took place, but for those that are named.

use std::collections::BTreeSet;

use domain::{
    Refusal,
    cases::{State, forms::EndOfDay},
    field::FieldErrors,
    id::{CaseId, FacilityId, IncidentId},
    view::cases::DayEnded,
};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::types::Uuid;

use super::{change, store::NOT_IN_QUEUE, tally};
use crate::{
    app::App,
    begin, execute,
    failure::Failure,
    fetch_all,
    store::{
        Error, Rows, Sql, Tx,
        journal::{By, Chain, Say},
    },
};

const KEPT: &str = "
    SELECT id, appointment
    FROM patient_case
    WHERE incident = $1 AND visible = TRUE AND state = 'kept' AND facility = $2 AND day = $3
        AND ($4 = '' OR service = $4)
        AND (locked_until IS NULL OR locked_until <= $5)";

const MARK: Sql = Sql {
    sqlite: "
    UPDATE patient_case
    SET state = 'done', risk_rank = $2, risk_at = start_at, version = version + 1
    WHERE id IN (SELECT unhex(value) FROM json_each($1))",
    postgres: "
    UPDATE patient_case
    SET state = 'done', risk_rank = $2, risk_at = start_at, version = version + 1
    WHERE id IN (SELECT value::uuid FROM json_array_elements_text($1::json))",
};

const LOG: Sql = Sql {
    sqlite: "
    INSERT INTO case_event (
        case_id, seq, incident, what, from_state, to_state, told, event_at, entered_at, account)
    SELECT unhex(value), $2, $3, 'done', $4, $5, TRUE, $6, $6, $7
    FROM json_each($1)",
    postgres: "
    INSERT INTO case_event (
        case_id, seq, incident, what, from_state, to_state, told, event_at, entered_at, account)
    SELECT value::uuid, $2, $3, 'done', $4, $5, TRUE, $6, $6, $7
    FROM json_array_elements_text($1::json)",
};

/// Marks the kept cases of a service and day as done.
///
/// # Errors
/// By field; refused when there is none.
pub async fn end_day(app: App, by: By, incident: IncidentId, form: EndOfDay) -> Result<DayEnded, Failure> {
    let (facility, day, not_done) = read(&form)?;
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    change::refuse_when_closed(&mut decision.tx, incident).await?;
    if !change::allowed(&mut decision.tx, &by.actor).await?.contains(&facility) {
        return Err(Failure::Forbidden("You may work on the cases of your own sites.".into()));
    }
    let service = form.service.trimmed();
    let now = decision.at.0;
    let kept = fetch_all!(decision.tx, (Uuid, String), KEPT, incident.0, facility.0, &day, service, now)?;
    unknown_appointments(&kept, &not_done)?;
    let (left, done): (Vec<_>, Vec<_>) =
        kept.into_iter().partition(|(_, appointment)| not_done.contains(appointment));
    if done.is_empty() {
        return Err(Refusal::new("none-kept", "No kept case of this service is open on that day.").into());
    }
    let mut ids: Vec<CaseId> = done.iter().map(|(id, _)| CaseId(*id)).collect();
    ids.sort_unstable();
    let hash = Sha256::digest(ids.iter().flat_map(|id| *id.0.as_bytes()).collect::<Vec<u8>>());
    let say = Say {
        kind: "cases.done",
        data: json!({
            "facility": facility,
            "day": day,
            "cases": ids.len(),
            "left_open": left.len(),
            "cases_sha256": hex::encode(hash),
        }),
        texts: &[("service", service)],
        ..Say::default()
    };
    let seq = decision.append(&app, say).await?;
    let rows = Rows::of(&ids.iter().map(|id| id.0.simple().to_string()).collect::<Vec<_>>());
    execute!(decision.tx, MARK, rows.text(), NOT_IN_QUEUE)?;
    let (from, to, account) = (State::Kept.code(), State::Done.code(), decision.account.0);
    execute!(decision.tx, LOG, rows.text(), seq, incident.0, from, to, now, account)?;
    tally::count_again(&mut decision.tx, incident).await?;
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let outcome = DayEnded { done: count(ids.len()), left_open: count(left.len()), seq };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

fn read(form: &EndOfDay) -> Result<(FacilityId, String, BTreeSet<String>), FieldErrors> {
    let mut errors = FieldErrors::default();
    let facility = form.facility.trimmed().parse::<FacilityId>();
    let facility = facility.map_err(|_| errors.add("facility", "Choose the site.")).ok();
    let day = form.day.trimmed().parse::<jiff::civil::Date>();
    let day = day.map_err(|_| errors.add("day", "Write the day as 2024-07-19.")).ok();
    errors.into_result()?;
    let lines = form.not_done.0.lines().map(str::trim).filter(|line| !line.is_empty());
    let not_done = lines.map(ToOwned::to_owned).collect();
    let (Some(facility), Some(day)) = (facility, day) else {
        return Err(FieldErrors::one("facility", "Choose the site."));
    };
    Ok((facility, day.to_string(), not_done))
}

/// A mistyped appointment would end as done a case that did not take place.
fn unknown_appointments(kept: &[(Uuid, String)], not_done: &BTreeSet<String>) -> Result<(), FieldErrors> {
    let known: BTreeSet<&str> = kept.iter().map(|(_, appointment)| appointment.as_str()).collect();
    if not_done.iter().all(|each| known.contains(each.as_str())) {
        Ok(())
    } else {
        let sentence = "One of these is no kept appointment of this list. Check the numbers.";
        Err(FieldErrors::one("not_done", sentence))
    }
}

const SERVICES: &str = "
    SELECT DISTINCT service
    FROM patient_case
    WHERE incident = $1 AND visible = TRUE AND state = 'kept'
    ORDER BY service
    LIMIT 500";

/// The services that have kept cases.
pub async fn services(tx: &mut Tx, incident: IncidentId) -> Result<Vec<String>, Error> {
    let rows = fetch_all!(tx, (String,), SERVICES, incident.0)?;
    Ok(rows.into_iter().map(|(service,)| service).filter(|service| !service.is_empty()).collect())
}
