//! The switch of a decision: one transaction makes everything staged true at once, if it is still what was shown.

use std::collections::BTreeMap;

use domain::{
    Refusal,
    decisions::{self, Outcome},
    id::{CaseId, DecisionId, IncidentId},
    view::cases::DecisionMade,
};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{super::tally, Preview, rows::rows_of_day, stage::UNSTAGE};
use crate::{
    app::App,
    begin, execute,
    failure::Failure,
    fetch_one,
    places::store as places,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
    },
};

const STILL_OPEN: &str = "
    SELECT COUNT(*)
    FROM decision_stage
    JOIN patient_case ON patient_case.id = decision_stage.case_id
    WHERE decision_stage.decision = $1 AND patient_case.state = 'scheduled'
        AND patient_case.decided IN ('no', 'undecided')";

const LOG_ALL: &str = "
    INSERT INTO case_event (
        case_id, seq, incident, what, from_state, to_state, event_at, entered_at, account, rule)
    SELECT case_id, $2, $3, 'decided', 'scheduled',
        CASE decided WHEN 'kept' THEN 'kept' WHEN 'cancelled' THEN 'to_contact' ELSE 'scheduled' END,
        $4, $4, $5, rule
    FROM decision_stage
    WHERE decision = $1";

const SWITCH: &str = "
    UPDATE patient_case
    SET state = CASE stage.decided WHEN 'kept' THEN 'kept' WHEN 'cancelled' THEN 'to_contact' ELSE 'scheduled' END,
        decided = stage.decided, decision = stage.decision, rule = stage.rule, told = (stage.decided = 'kept'),
        first_cancelled_at = CASE stage.decided WHEN 'cancelled' THEN CAST($2 AS BIGINT) ELSE NULL END,
        safe_by = stage.safe_by, day_28 = stage.day_28,
        risk_rank = CASE stage.decided WHEN 'cancelled' THEN 1 ELSE 9 END,
        version = version + 1
    FROM decision_stage AS stage
    WHERE stage.decision = $1 AND patient_case.id = stage.case_id";

const APPLIED: &str = "
    UPDATE decision
    SET state = 'applied', seq = $2, decided_at = $3,
        number = (SELECT COALESCE(MAX(number), 0) + 1 FROM decision AS earlier WHERE earlier.incident = $4)
    WHERE id = $1
    RETURNING number";

/// Whether the rule would still do to the same rows what it was shown to do: a row that came in meanwhile, or was
/// decided by hand, makes it another decision.
async fn still_holds(
    tx: &mut Tx,
    incident: IncidentId,
    id: DecisionId,
    preview: &Preview,
) -> Result<bool, Error> {
    let lattice = places::lattice(tx).await?;
    let rows = rows_of_day(tx, incident, &preview.window.day).await?;
    let (now, totals) = decisions::preview(&preview.rule, &preview.window, &rows, &lattice);
    let (staged,) = fetch_one!(tx, (i64,), STILL_OPEN, id.0)?;
    let by_case = |outcomes: &[Outcome]| -> BTreeMap<CaseId, Outcome> {
        outcomes.iter().map(|outcome| (outcome.case, outcome.clone())).collect()
    };
    Ok(totals == preview.totals
        && usize::try_from(staged).is_ok_and(|staged| staged == preview.outcomes.len())
        && by_case(&now) == by_case(&preview.outcomes))
}

/// Makes the staged decision.
///
/// # Errors
/// Refused when the schedule changed meanwhile.
pub(super) async fn switch(
    app: &App,
    by: &By,
    incident: IncidentId,
    id: DecisionId,
    preview: Preview,
    basis: &str,
) -> Result<DecisionMade, Failure> {
    let mut decision = begin!(app, by, Chain::Incident(incident));
    if !still_holds(&mut decision.tx, incident, id, &preview).await? {
        let sentence = "The schedule changed while this was being decided. Look again, then decide.";
        return Err(Refusal::new("changed-since", sentence).into());
    }
    execute!(decision.tx, SWITCH, id.0, decision.at.0)?;
    let seq = say(app, &mut decision, id, &preview, basis).await?;
    let (at, account) = (decision.at.0, decision.account.0);
    execute!(decision.tx, LOG_ALL, id.0, seq, incident.0, at, account)?;
    let (number,) = fetch_one!(decision.tx, (i64,), APPLIED, id.0, seq, at, incident.0)?;
    execute!(decision.tx, UNSTAGE, id.0)?;
    tally::count_again(&mut decision.tx, incident).await?;
    let name = format!("D-{number}");
    let outcome = DecisionMade { decision: id, name, seq, totals: preview.totals };
    decision.commit(app, &outcome).await?;
    Ok(outcome)
}

async fn say(
    app: &App,
    decision: &mut Decision,
    id: DecisionId,
    preview: &Preview,
    basis: &str,
) -> Result<i64, Error> {
    let mut cases: Vec<[u8; 16]> =
        preview.outcomes.iter().map(|outcome| *outcome.case.0.as_bytes()).collect();
    cases.sort_unstable();
    let hash = Sha256::digest(cases.concat());
    let say = Say {
        kind: "cases.decided",
        subject: format!("decision:{id}"),
        data: json!({
            "rule": preview.rule.key,
            "reason_code": preview.rule.reason_code,
            "window": preview.window,
            "totals": preview.totals,
            "cases": cases.len(),
            "cases_sha256": hex::encode(hash),
        }),
        texts: &[("basis", basis)],
        ..Say::default()
    };
    decision.append(app, say).await
}
