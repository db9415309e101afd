//! Command's own paper: numbered sheets handed out, typed in as late entries of the log, or counted back.

mod show;
pub mod store;
mod typing;
pub mod web;

use std::collections::BTreeSet;

use domain::{
    actor::{Actor, Role},
    closing::{Blocker, BlockerKind, Item},
    field::FieldErrors,
    id::IncidentId,
    late_entries::{Act, CountSheets, Counted, HandOutSheets, HandedOutSheets, HandingOut, SheetKind, State},
    scope::Place,
};
use serde_json::json;
use sqlx::types::Uuid;

use crate::{
    app::App,
    begin,
    failure::Failure,
    forms::store as forms,
    incidents::store::{self as incidents, IncidentRow},
    places::store as places,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
    },
};
use store::{Handed, SheetRow};

/// Who hands sheets of command out and types them in.
pub(crate) const TYPISTS: [Role; 3] = [Role::Commander, Role::Communicator, Role::FormsClerk];

/// An incident that is open, and of which the account answers for a site.
async fn open(tx: &mut Tx, actor: &Actor, incident: IncidentId) -> Result<IncidentRow, Failure> {
    let row = incidents::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    row.must_be_open()?;
    let lattice = places::lattice(tx).await?;
    let sites = forms::sites(tx, incident).await?;
    let reaches = |role: &Role| sites.iter().any(|site| actor.can(*role, Place::Facility(*site), &lattice));
    if TYPISTS.iter().any(reaches) {
        return Ok(row);
    }
    Err(Failure::Forbidden("This is done by somebody who answers for a site of this downtime.".into()))
}

/// Where a sheet's page is.
fn path_of(incident: IncidentId, kind: SheetKind, number: i64) -> String {
    format!("/incidents/{incident}/late-entries/{}/{number}", kind.code())
}

/// Hands sheets out: from now on each has to come back.
///
/// # Errors
/// What is wrong by field; for numbers that are known already.
pub async fn hand_out(
    app: App,
    by: By,
    (incident, form): (IncidentId, HandOutSheets),
) -> Result<HandedOutSheets, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    open(&mut decision.tx, &by.actor, incident).await?;
    let HandingOut { kind, first, sheets, to } = form.read(decision.at)?;
    let last = store::last_number(&mut decision.tx, incident, kind).await?;
    let first = first.unwrap_or(last + 1);
    let numbers: BTreeSet<i64> = (first..first + sheets).collect();
    let known = store::of_numbers(&mut decision.tx, incident, kind, &numbers).await?;
    if let Some(known) = known.first() {
        let sentence = format!(
            "Number {} is {} already. The next free one is {}.",
            known.number,
            known.state.words(),
            last + 1
        );
        return Err(FieldErrors::one("first", sentence).into());
    }
    let new: Vec<(Uuid, i64)> = numbers.into_iter().map(|number| (app.clock.id(), number)).collect();
    let (seq, at, account) = (decision.seq, decision.at, decision.account);
    let handed = Handed { to: &to, at: Some(at) };
    store::insert(&mut decision.tx, (incident, kind), &new, (State::Out, handed), (seq, at, account)).await?;
    let data = json!({ "sheets": kind, "first": first, "last": first + sheets - 1 });
    let texts: &[(&str, &str)] = &[("to", &to)];
    decision.append(&app, Say { kind: "late_entry.handed_out", data, texts, ..Say::default() }).await?;
    let outcome = HandedOutSheets { seq: decision.seq, kind, first, last: first + sheets - 1 };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Counts sheets back that nobody types in: with nothing on them, or lost.
///
/// # Errors
/// What is wrong by field, sheet by sheet; nothing is counted then.
pub async fn count(
    app: App,
    by: By,
    (incident, form): (IncidentId, CountSheets),
) -> Result<Counted, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    open(&mut decision.tx, &by.actor, incident).await?;
    let counting = form.read(decision.at)?;
    let mut errors = FieldErrors::default();
    let blank =
        counted(&mut decision, (incident, counting.kind), (&counting.blank, "blank"), &mut errors).await?;
    let lost =
        counted(&mut decision, (incident, counting.kind), (&counting.lost, "lost"), &mut errors).await?;
    errors.into_result()?;
    let when = (decision.seq, decision.at, decision.account);
    store::move_to(&mut decision.tx, &blank, State::Blank, when).await?;
    store::move_to(&mut decision.tx, &lost, State::Lost, when).await?;
    let long = |rows: &[SheetRow]| i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let data = json!({ "sheets": counting.kind, "blank": long(&blank), "lost": long(&lost) });
    let texts: &[(&str, &str)] = &[("reason", &counting.reason)];
    let texts = if counting.reason.is_empty() { &[] } else { texts };
    decision.append(&app, Say { kind: "late_entry.counted", data, texts, ..Say::default() }).await?;
    let out = store::out(&mut decision.tx, incident).await?;
    let outcome = Counted { seq: decision.seq, blank: long(&blank), lost: long(&lost), out };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// The sheets of a count; what is wrong with each is said at its field.
async fn counted(
    decision: &mut Decision,
    (incident, kind): (IncidentId, SheetKind),
    (numbers, field): (&BTreeSet<i64>, &str),
    errors: &mut FieldErrors,
) -> Result<Vec<SheetRow>, Error> {
    let rows = store::of_numbers(&mut decision.tx, incident, kind, numbers).await?;
    let known: BTreeSet<i64> = rows.iter().map(|row| row.number).collect();
    for number in numbers.difference(&known) {
        errors.add(field, format!("{} {number} was not handed out.", kind.words()));
    }
    let act = if field == "blank" { Act::Blank } else { Act::Lose };
    for row in &rows {
        if let Err(refusal) = row.state.after(act) {
            errors.add(field, format!("{} {}: {}", kind.words(), row.number, refusal.sentence));
        }
    }
    Ok(rows)
}

/// What command's own paper puts in the way of closing: sheets that are out.
///
/// # Errors
/// When the database does not answer.
pub async fn blocker(tx: &mut Tx, incident: IncidentId, most_items: i64) -> Result<Blocker, Error> {
    let count = store::out(tx, incident).await?;
    let rows = if count > 0 {
        store::list(tx, incident, State::Out, ("", 0), most_items).await?
    } else {
        Vec::new()
    };
    let item = |row: &SheetRow| Item {
        id: row.id,
        label: format!("{} {}", row.kind.words(), row.number),
        path: path_of(incident, row.kind, row.number),
    };
    let link = format!("/incidents/{incident}/late-entries");
    let items = rows.iter().map(item).collect();
    Ok(Blocker { kind: BlockerKind::OwnSheetOut, count, waived: 0, link, items })
}
