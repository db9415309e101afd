//! The switch of a decision: one transaction makes everything staged true at once, if it is still what was shown.

use std::collections::BTreeMap;

use domain::{
    Refusal,
    cases::forms::ALSO_KEEPS,
    decisions::{Aim, Outcome},
    id::{CaseId, DecisionId, IncidentId},
    view::decisions::DecisionMade,
};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    super::tally,
    preview::{Found, Preview, find, may_be_amended},
    stage::UNSTAGE,
};
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

const AS_STAGED: &str = "
    SELECT COUNT(*)
    FROM decision_stage
    JOIN patient_case ON patient_case.id = decision_stage.case_id
    WHERE decision_stage.decision = $1 AND patient_case.state = decision_stage.from_state";

const LOG_ALL: &str = "
    INSERT INTO case_event (
        case_id, seq, incident, what, from_state, to_state, told, event_at, entered_at, account, rule)
    SELECT case_id, $2, $3, $4, from_state,
        CASE decided WHEN 'kept' THEN 'kept' WHEN 'cancelled' THEN 'to_contact' ELSE 'scheduled' END,
        decided = 'kept' AND from_state <> 'told', $5, $5, $6, rule
    FROM decision_stage
    WHERE decision = $1";

/// What [`domain::cases::Case`] does when it is kept or cancelled, for many at once: the first clocks stay, and who was
/// told of a cancellation must be told that it goes ahead.
const SWITCH: &str = "
    UPDATE patient_case
    SET state = CASE stage.decided WHEN 'kept' THEN 'kept' WHEN 'cancelled' THEN 'to_contact' ELSE 'scheduled' END,
        decided = stage.decided, decision = stage.decision, rule = stage.rule,
        told = (stage.decided = 'kept' AND stage.from_state <> 'told'),
        attempts = CASE stage.from_state WHEN 'told' THEN attempts ELSE 0 END,
        next_try_at = NULL, locked_by = NULL, locked_since = NULL, locked_until = NULL,
        first_cancelled_at = CASE stage.decided
            WHEN 'cancelled' THEN COALESCE(first_cancelled_at, CAST($2 AS BIGINT))
            ELSE first_cancelled_at
        END,
        safe_by = CASE WHEN first_cancelled_at IS NULL THEN stage.safe_by ELSE patient_case.safe_by END,
        day_28 = CASE WHEN first_cancelled_at IS NULL THEN stage.day_28 ELSE patient_case.day_28 END,
        risk_rank = CASE
            WHEN stage.decided = 'cancelled' OR (stage.decided = 'kept' AND stage.from_state = 'told') THEN 1
            ELSE 9
        END,
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
    let plan = &preview.plan;
    let places = places::lattice(tx).await?;
    let Found { outcomes: now, totals, .. } = find(tx, incident, plan, &places).await?;
    let (staged,) = fetch_one!(tx, (i64,), AS_STAGED, id.0)?;
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
/// Refused when the schedule changed meanwhile, or somebody else changed the same decision first.
pub(super) async fn switch(
    app: &App,
    by: &By,
    incident: IncidentId,
    id: DecisionId,
    preview: Preview,
    basis: &str,
) -> Result<DecisionMade, Failure> {
    let mut decision = begin!(app, by, Chain::Incident(incident));
    if let Aim::Amend(amends) = preview.plan.aim {
        may_be_amended(&mut decision.tx, incident, amends, &preview.plan.window).await?;
    }
    if !still_holds(&mut decision.tx, incident, id, &preview).await? {
        let sentence = "The schedule changed while this was being decided. Look again, then decide.";
        return Err(Refusal::new("changed-since", sentence).into());
    }
    tally::take_out_staged(&mut decision.tx, id).await?;
    execute!(decision.tx, SWITCH, id.0, decision.at.0)?;
    tally::put_in_staged(&mut decision.tx, id).await?;
    let seq = say(app, &mut decision, id, &preview, basis).await?;
    let (at, account) = (decision.at.0, decision.account.0);
    let what = match preview.plan.aim {
        Aim::Decide => "decided",
        Aim::Amend(_) => "decided again",
        Aim::TakeBack => "taken back",
    };
    execute!(decision.tx, LOG_ALL, id.0, seq, incident.0, what, at, account)?;
    let (number,) = fetch_one!(decision.tx, (i64,), APPLIED, id.0, seq, at, incident.0)?;
    execute!(decision.tx, UNSTAGE, id.0)?;
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
    let also_keeps = preview.plan.rule.keep.iter().find(|keep| keep.key == ALSO_KEEPS);
    let say = Say {
        kind: match preview.plan.aim {
            Aim::Decide => "cases.decided",
            Aim::Amend(_) => "cases.decided-again",
            Aim::TakeBack => "cases.taken-back",
        },
        subject: format!("decision:{id}"),
        data: json!({
            "amends": preview.plan.aim.amends(),
            "rule": preview.plan.rule.key,
            "strategy": preview.plan.strategy.code(),
            "also_keeps": also_keeps.map_or(&[][..], |keep| &keep.classes),
            "reason_code": preview.plan.rule.reason_code,
            "window": preview.plan.window,
            "totals": preview.totals,
            "cases": cases.len(),
            "cases_sha256": hex::encode(hash),
        }),
        texts: &[("basis", basis)],
        ..Say::default()
    };
    decision.append(app, say).await
}
