//! Deciding by rule over a day: a preview that changes nothing, then one decision, staged in chunks that nobody
//! sees and switched by one transaction. The rule runs in the domain; the database only carries its outcome.

use std::collections::BTreeMap;

use domain::{
    Refusal,
    actor::Role,
    cases::{Case, Decided, forms::Decide},
    decisions::{self, Outcome, Row, Totals, Window},
    field::FieldErrors,
    id::{AccountId, CaseId, DecisionId, FacilityId, IncidentId, SnapshotId},
    playbooks::CancellationRule,
    schedule::{Kind, Priority},
    scope::{Place, Places},
    time::{Timestamp, Zone},
    view::cases::DecisionMade,
};
use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::types::Uuid;

use super::{change, tally};
use crate::{
    accounts::store as accounts,
    app::App,
    begin, execute,
    failure::Failure,
    fetch_all, fetch_one,
    incidents::store as incidents,
    places::store as places,
    playbooks::store as playbooks,
    store::{
        Error, Rows, Sql, Tx,
        journal::{By, Chain, Decision, Say},
    },
};

/// The rules of an incident: its playbook's, or the standard one.
pub async fn rules(tx: &mut Tx, incident: IncidentId) -> Result<Vec<CancellationRule>, Error> {
    let frozen = playbooks::frozen(tx, incident).await?;
    let rules = frozen.map(|version| version.playbook.cancellations).unwrap_or_default();
    Ok(if rules.is_empty() { vec![decisions::standard()] } else { rules })
}

/// What a decision would do now.
pub struct Preview {
    pub rule: CancellationRule,
    pub window: Window,
    pub outcomes: Vec<Outcome>,
    pub totals: Totals,
}

/// Runs the rule without changing anything.
///
/// # Errors
/// By field: an unknown rule, day or place.
pub async fn preview(
    tx: &mut Tx,
    incident: IncidentId,
    form: &Decide,
    now: Timestamp,
) -> Result<Preview, Failure> {
    let zone = accounts::installation(tx).await?.zone();
    let lattice = places::lattice(tx).await?;
    let rules = rules(tx, incident).await?;
    // Never wider than the downtime unless somebody says so: of several places the first, then the next.
    let own = incidents::places(tx, incident).await?.first().copied().unwrap_or(Place::All);
    let (rule, window) = read(form, rules, own, (now, &zone))?;
    let rows = rows_of_day(tx, incident, &window.day).await?;
    let (outcomes, totals) = decisions::preview(&rule, &window, &rows, &lattice);
    Ok(Preview { rule, window, outcomes, totals })
}

fn read(
    form: &Decide,
    rules: Vec<CancellationRule>,
    own: Place,
    (now, zone): (Timestamp, &Zone),
) -> Result<(CancellationRule, Window), FieldErrors> {
    let mut errors = FieldErrors::default();
    let key = form.rule.trimmed();
    let rule = rules.into_iter().find(|rule| key.is_empty() || rule.key == key);
    if rule.is_none() {
        errors.add("rule", "Choose a rule of this incident's playbook.");
    }
    let day = match form.day.trimmed() {
        "" => None,
        typed => typed.parse::<Date>().map_err(|_| errors.add("day", "Write the day as 2024-07-19.")).ok(),
    };
    let place = match form.place.trimmed() {
        "" => Some(own),
        typed => typed.parse().map_err(|_| errors.add("place", "Choose a place that is listed.")).ok(),
    };
    errors.into_result()?;
    let (Some(rule), Some(place)) = (rule, place) else {
        return Err(FieldErrors::one("rule", "Choose a rule of this incident's playbook."));
    };
    let window = Window::of(&rule, day, place, now, zone);
    Ok((rule, window))
}

/// Makes the decision that the preview showed.
///
/// # Errors
/// By field; refused when the numbers are others than those that were shown, or nothing is left to decide.
pub async fn apply(app: App, by: By, incident: IncidentId, form: Decide) -> Result<DecisionMade, Failure> {
    let mut tx = app.db.read().await?;
    change::refuse_when_closed(&mut tx, incident).await?;
    let lattice = places::lattice(&mut tx).await?;
    let preview = preview(&mut tx, incident, &form, app.clock.now()).await?;
    drop(tx);
    may_decide(&by, preview.window.place, &lattice)?;
    let basis = check(&form, &preview)?;
    let id: DecisionId = app.clock.id();
    let outcome = match stage(&app, &by, incident, id, &preview).await {
        Ok(()) => switch(&app, &by, incident, id, preview, &basis).await,
        Err(failure) => Err(failure),
    };
    if !matches!(&outcome, Ok(made) if made.decision == id)
        && let Err(error) = drop_stage(&app, id).await
    {
        // Nobody sees it, and it is dropped later; what is said is why the decision was not made.
        tracing::warn!(%error, "a stage of a decision is left for later");
    }
    outcome
}

fn may_decide(by: &By, place: Place, lattice: &Places) -> Result<(), Failure> {
    if by.actor.can(Role::Commander, place, lattice) {
        return Ok(());
    }
    Err(Failure::Forbidden("A commander of these sites decides what is cancelled.".into()))
}

fn check(form: &Decide, preview: &Preview) -> Result<String, Failure> {
    let mut errors = FieldErrors::default();
    let basis = errors.required("basis", &form.basis, 2_000, "Say on what basis; it stands in the log.");
    errors.into_result()?;
    let all = preview.totals.all;
    let other =
        |typed: &domain::field::Text, now: i64| !typed.is_blank() && typed.trimmed() != now.to_string();
    if other(&form.cancels, all.cancelled) || other(&form.keeps, all.kept) {
        let sentence = format!(
            "The schedule has changed since you looked: this now cancels {} and keeps {}. Look again, then decide.",
            all.cancelled, all.kept
        );
        return Err(Refusal::new("changed-since", sentence).into());
    }
    if preview.outcomes.is_empty() {
        let sentence = "Nothing is left to decide in this window: every row stands as it was decided.";
        return Err(Refusal::new("nothing-to-decide", sentence).into());
    }
    Ok(basis.unwrap_or_default())
}

const CHUNK: usize = 2_000;

const INSERT: &str = "
    INSERT INTO decision (
        id, incident, rule, reason_code, time_window, place, totals, state, account, decided_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 'staging', $8, $9)";

const STAGE: Sql = Sql {
    sqlite: "
    INSERT INTO decision_stage (decision, case_id, decided, rule, safe_by, day_28)
    SELECT $1, unhex(value ->> 'case'), value ->> 'decided', value ->> 'rule', value ->> 'safe_by',
        value ->> 'day_28'
    FROM json_each($2)",
    postgres: r#"
    INSERT INTO decision_stage (decision, case_id, decided, rule, safe_by, day_28)
    SELECT $1, "case"::uuid, decided, rule, safe_by, day_28
    FROM json_to_recordset($2::json) AS row ("case" TEXT, decided TEXT, rule TEXT, safe_by TEXT, day_28 TEXT)"#,
};

#[derive(Serialize)]
struct Staged<'a> {
    case: String,
    decided: &'static str,
    rule: &'a str,
    safe_by: Option<String>,
    day_28: Option<String>,
}

async fn stage(
    app: &App,
    by: &By,
    incident: IncidentId,
    id: DecisionId,
    preview: &Preview,
) -> Result<(), Failure> {
    let mut tx = app.db.write().await?;
    execute!(
        tx,
        INSERT,
        id.0,
        incident.0,
        &preview.rule.key,
        &preview.rule.reason_code,
        text(&preview.window),
        preview.window.place.to_string(),
        text(&preview.totals),
        by.actor.account.0,
        app.clock.now().0
    )?;
    tx.commit().await?;
    let day: Option<Date> = preview.window.day.parse().ok();
    for chunk in preview.outcomes.chunks(CHUNK) {
        let rows: Vec<Staged<'_>> = chunk.iter().map(|outcome| staged(outcome, day)).collect();
        let mut tx = app.db.write_chunk().await?;
        execute!(tx, STAGE, id.0, Rows::of(&rows).text())?;
        tx.commit().await?;
    }
    Ok(())
}

/// A row as the case's own rules would leave it: the clocks come from there.
fn staged(outcome: &Outcome, day: Option<Date>) -> Staged<'_> {
    let day_28 = day.filter(|_| outcome.decided == Decided::Cancelled).and_then(|day| {
        let mut case = Case::scheduled(Timestamp(0), day);
        case.cancel(Timestamp(0), outcome.safe_by).ok()?;
        case.day_28
    });
    Staged {
        case: outcome.case.0.simple().to_string(),
        decided: outcome.decided.code(),
        rule: &outcome.by,
        safe_by: outcome.safe_by.filter(|_| day_28.is_some()).map(|day| day.to_string()),
        day_28: day_28.map(|day| day.to_string()),
    }
}

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

const UNSTAGE: &str = "
    DELETE FROM decision_stage
    WHERE decision = $1";

const FORGET: &str = "
    DELETE FROM decision
    WHERE id = $1 AND state = 'staging'";

async fn drop_stage(app: &App, id: DecisionId) -> Result<(), Error> {
    let mut tx = app.db.write().await?;
    execute!(tx, UNSTAGE, id.0)?;
    execute!(tx, FORGET, id.0)?;
    tx.commit().await
}

const STALE: &str = "
    SELECT id
    FROM decision
    WHERE state = 'staging' AND decided_at < $1";

/// Drops the stages that began before a moment: a crash has left them.
pub async fn drop_stale(app: &App, before: Timestamp) -> Result<(), Error> {
    let mut tx = app.db.read().await?;
    let stale = fetch_all!(tx, (Uuid,), STALE, before.0)?;
    drop(tx);
    for (id,) in stale {
        drop_stage(app, DecisionId(id)).await?;
    }
    Ok(())
}

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

async fn switch(
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

fn text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain data serialises")
}

type Columns = (Uuid, String, Uuid, i64, String, String, String, String, String);

macro_rules! rows {
    ($rest:literal) => {
        concat!(
            "
    SELECT id, kind, facility, start_at, day, scheme, priority, classes, decided
    FROM patient_case
    WHERE incident = $1 AND visible = TRUE AND ",
            $rest
        )
    };
}

const ROWS_OF_DAY: &str = rows!("day = $2");
const ROWS_OF_SNAPSHOT: &str = rows!("snapshot = $2");

async fn rows_of_day(tx: &mut Tx, incident: IncidentId, day: &str) -> Result<Vec<Row>, Error> {
    fetch_all!(tx, Columns, ROWS_OF_DAY, incident.0, day)?.into_iter().map(row).collect()
}

/// The rows of an imported file, as a rule sees them.
pub async fn rows_of_snapshot(tx: &mut Tx, incident: IncidentId, id: SnapshotId) -> Result<Vec<Row>, Error> {
    fetch_all!(tx, Columns, ROWS_OF_SNAPSHOT, incident.0, id.0)?.into_iter().map(row).collect()
}

fn row((id, kind, facility, start, day, scheme, priority, classes, decided): Columns) -> Result<Row, Error> {
    let unknown = |text: &str| Error::Corrupt(format!("a case says {text:?}"));
    Ok(Row {
        case: CaseId(id),
        kind: Kind::from_code(&kind).ok_or_else(|| unknown(&kind))?,
        facility: FacilityId(facility),
        start: Timestamp(start),
        day,
        priority: Priority::from_parts(&scheme, &priority),
        classes: serde_json::from_str(&classes).map_err(|error| Error::Corrupt(error.to_string()))?,
        decided: Decided::from_code(&decided).ok_or_else(|| unknown(&decided))?,
    })
}

const WINDOWS: &str = "
    SELECT time_window
    FROM decision
    WHERE incident = $1 AND state = 'applied'";

/// The windows of the decisions that were made.
pub async fn windows(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Window>, Error> {
    let read = |(text,): (String,)| serde_json::from_str(&text).map_err(|e| Error::Corrupt(e.to_string()));
    fetch_all!(tx, (String,), WINDOWS, incident.0)?.into_iter().map(read).collect()
}

/// A decision that was made: id, number, rule, window, totals, when, by whom.
pub type Made = (Uuid, i64, String, String, String, i64, Uuid);

const MADE: &str = "
    SELECT id, number, rule, time_window, totals, decided_at, account
    FROM decision
    WHERE incident = $1 AND state = 'applied'
    ORDER BY number DESC
    LIMIT 50";

/// The decisions of an incident, the latest first.
pub async fn made(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Made>, Error> {
    fetch_all!(tx, Made, MADE, incident.0)
}

/// The name of whoever decided.
pub async fn decider(tx: &mut Tx, account: Uuid) -> Result<String, Error> {
    Ok(accounts::name(tx, AccountId(account)).await?.unwrap_or_default())
}
