//! Closing: the one list of what is in the way, waivers, and the last decision of an incident (rule 13).

use domain::{
    actor::Role,
    clearance::{Close, Closed, Stage, Waive, Waived},
    closing::{Blocker, BlockerKind, Item, Waiver, may_close, one_list},
    field::FieldErrors,
    id::{AccountId, IncidentId},
    incidents::{Phase, Step},
    scope::{Place, Status, Target},
    time::Timestamp,
};
use serde_json::json;
use sqlx::types::Uuid;

use super::store;
use crate::{
    accounts::store as accounts,
    app::App,
    begin, cases, checks,
    command::{commands_all, holds_everywhere},
    execute,
    failure::Failure,
    fetch_all, fetch_optional, forms,
    incidents::store as incidents,
    instructions::{Picture, picture},
    jobs::fold,
    late_entries, reviews,
    store::{
        Error, Sql, Tx,
        journal::{By, Chain, Say},
    },
};

/// How many items of one kind the list names; it counts them all.
pub const MOST_ITEMS: i64 = 50;

/// Everything that keeps an incident from closing. Every capability writes its part here.
///
/// # Errors
/// When the database does not answer.
pub async fn blockers(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Blocker>, Error> {
    let mut parts = vec![scopes(tx, incident).await?];
    parts.extend(cases::blockers(tx, incident, MOST_ITEMS).await?);
    parts.extend(forms::outstanding(tx, incident).await?.0);
    parts.push(late_entries::blocker(tx, incident, MOST_ITEMS).await?);
    parts.push(reviews::blocker(tx, incident, MOST_ITEMS).await?);
    parts.push(checks::blocker(tx, incident, MOST_ITEMS).await?);
    for part in parts.iter_mut().filter(|part| part.kind.is_waivable()) {
        leave_out_the_waived(tx, incident, part).await?;
    }
    Ok(one_list(parts))
}

const WAIVED_FORMS: Sql = Sql {
    sqlite: "
    SELECT form.id
    FROM waiver
    JOIN form ON form.id = waiver.item AND form.incident = waiver.incident
    WHERE waiver.incident = $1 AND waiver.kind = $2 AND second_account IS NOT NULL
        AND (form.state IN (SELECT value FROM json_each($3)) OR ($4 = TRUE AND form.state = 'entered' AND to_check = TRUE))",
    postgres: "
    SELECT form.id
    FROM waiver
    JOIN form ON form.id = waiver.item AND form.incident = waiver.incident
    WHERE waiver.incident = $1 AND waiver.kind = $2 AND second_account IS NOT NULL
        AND (form.state IN (SELECT json_array_elements_text($3::json))
            OR ($4 = TRUE AND form.state = 'entered' AND to_check = TRUE))",
};

const FORM_IN_THE_WAY: Sql = Sql {
    sqlite: "
    SELECT id
    FROM form
    WHERE incident = $1 AND id = $2
        AND (state IN (SELECT value FROM json_each($3)) OR ($4 = TRUE AND state = 'entered' AND to_check = TRUE))",
    postgres: "
    SELECT id
    FROM form
    WHERE incident = $1 AND id = $2
        AND (state IN (SELECT json_array_elements_text($3::json))
            OR ($4 = TRUE AND state = 'entered' AND to_check = TRUE))",
};

const CASE_IN_THE_WAY: &str = "
    SELECT id
    FROM patient_case
    WHERE incident = $1 AND id = $2 AND visible = TRUE
        AND state IN ('kept', 'to_contact', 'contacting', 'told', 'rebooked')";

/// The states in which forms are in the way as this, and whether those that wait for their check are too.
const fn states_of_forms(kind: BlockerKind) -> Option<(&'static str, bool)> {
    match kind {
        BlockerKind::FormMissing => Some((r#"["missing"]"#, false)),
        BlockerKind::FormNotAtItsEnd => Some((r#"["used", "discrepancy"]"#, true)),
        _ => None,
    }
}

/// Whether this very item is in the way as this, be it waived.
async fn is_in_the_way(
    tx: &mut Tx,
    incident: IncidentId,
    kind: BlockerKind,
    item: Uuid,
) -> Result<bool, Error> {
    if kind == BlockerKind::ReviewOpen {
        return reviews::is_in_the_way(tx, incident, item).await;
    }
    if kind == BlockerKind::CrossCheckGap {
        return checks::is_in_the_way(tx, incident, item).await;
    }
    let found = match (kind, states_of_forms(kind)) {
        (BlockerKind::CaseOpen, _) => fetch_optional!(tx, (Uuid,), CASE_IN_THE_WAY, incident.0, item)?,
        (_, Some((states, unchecked))) => {
            fetch_optional!(tx, (Uuid,), FORM_IN_THE_WAY, incident.0, item, states, unchecked)?
        }
        _ => None,
    };
    Ok(found.is_some())
}

const WAIVED_CASES: &str = "
    SELECT patient_case.id
    FROM waiver
    JOIN patient_case ON patient_case.id = waiver.item AND patient_case.incident = waiver.incident
    WHERE waiver.incident = $1 AND waiver.kind = $2 AND second_account IS NOT NULL AND visible = TRUE
        AND patient_case.state IN ('kept', 'to_contact', 'contacting', 'told', 'rebooked')";

/// Takes out of a part what two people let stand, as far as it is still in the way: a waived form that was found
/// meanwhile is not counted twice.
async fn leave_out_the_waived(tx: &mut Tx, incident: IncidentId, part: &mut Blocker) -> Result<(), Error> {
    let kind = part.kind.code();
    let waived: Vec<(Uuid,)> = match (part.kind, states_of_forms(part.kind)) {
        (BlockerKind::CaseOpen, _) => fetch_all!(tx, (Uuid,), WAIVED_CASES, incident.0, kind)?,
        (BlockerKind::ReviewOpen, _) => reviews::waived(tx, incident).await?,
        (BlockerKind::CrossCheckGap, _) => checks::waived(tx, incident).await?,
        (_, Some((states, unchecked))) => {
            fetch_all!(tx, (Uuid,), WAIVED_FORMS, incident.0, kind, states, unchecked)?
        }
        _ => return Ok(()),
    };
    part.waived = i64::try_from(waived.len()).unwrap_or(i64::MAX);
    part.count -= part.waived;
    part.items.retain(|item| !waived.contains(&(item.id,)));
    Ok(())
}

/// Forms of the incident that are out, missing or not at their end.
pub(super) async fn open_forms(tx: &mut Tx, incident: IncidentId) -> Result<i64, Error> {
    let of_forms =
        |kind| matches!(kind, BlockerKind::FormOut | BlockerKind::FormMissing | BlockerKind::FormNotAtItsEnd);
    let list = blockers(tx, incident).await?;
    Ok(list.iter().filter(|part| of_forms(part.kind)).map(|part| part.count).sum())
}

/// Scopes that are not clear, and systems that do not work at a site without an open scope that says so.
async fn scopes(tx: &mut Tx, incident: IncidentId) -> Result<Blocker, Error> {
    let picture = picture(tx).await?;
    let rows = store::scopes(tx, incident).await?;
    let mut items: Vec<Item> = rows
        .iter()
        .filter(|row| !row.stage.is_clear())
        .map(|row| Item {
            id: row.id.0,
            label: label(&picture, row),
            path: format!("/incidents/{incident}/clearance/{}", row.id),
        })
        .collect();
    for ((system, facility), (status, _)) in incidents::statuses(tx, incident).await? {
        let said = rows
            .iter()
            .any(|row| !row.stage.is_clear() && store::reaches(row, &picture.places, system, facility));
        if status != Status::Operational && !said {
            let name = picture.target_name(Target::System(system));
            let place = picture.place_name(Place::Facility(facility));
            let label = format!("{name} at {place}: {}", status.words());
            let path = format!("/incidents/{incident}/clearance?site={facility}");
            items.push(Item { id: facility.0, label, path });
        }
    }
    items.sort_by(|one, other| one.label.cmp(&other.label));
    let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
    items.truncate(usize::try_from(MOST_ITEMS).unwrap_or(usize::MAX));
    let link = format!("/incidents/{incident}/clearance");
    Ok(Blocker { kind: BlockerKind::ScopeNotClear, count, waived: 0, link, items })
}

fn label(picture: &Picture, row: &store::ScopeRow) -> String {
    let stage = if row.stage == Stage::Waiting { "not restored" } else { row.stage.words() };
    format!("{}: {stage}", picture.scope_name(&row.scope))
}

/// Closes the incident.
///
/// # Errors
/// Refused while anything is in the way; the refusal counts it.
pub async fn close(app: App, by: By, (incident, form): (IncidentId, Close)) -> Result<Closed, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let mut errors = FieldErrors::default();
    let basis =
        errors.required("basis", &form.basis, 1000, "Say on what basis it closes.").unwrap_or_default();
    errors.into_result()?;
    let row = incidents::find(&mut decision.tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    if row.commander != by.actor.account || !commands_all(&mut decision.tx, &by.actor, incident).await? {
        let sentence = "The incident's commander closes it, as a commander of every site of it.";
        return Err(Failure::Forbidden(sentence.into()));
    }
    row.must_be_open()?;
    // What is being noted at this moment is awaited, and nothing comes after it.
    incidents::begin_to_close(&mut decision.tx, incident).await?;
    fold::fold_into(&app, &mut decision, incident).await?;
    let list = blockers(&mut decision.tx, incident).await?;
    let link = format!("/incidents/{incident}/close");
    may_close(&list).map_err(|refusal| refusal.with_link(link))?;
    let to = row.phase.after(Step::Close)?;
    let waived: i64 = list.iter().map(|part| part.waived).sum();
    let say = Say {
        kind: "incident.closed",
        data: json!({ "from": row.phase.code(), "waived": waived }),
        texts: &[("basis", &basis)],
        ..Say::default()
    };
    let seq = decision.append(&app, say).await?;
    let (at, account) = (decision.at, decision.account);
    incidents::set_phase(&mut decision.tx, &row, to, seq, at, account).await?;
    debug_assert_eq!(to, Phase::Closed);
    let outcome = Closed { incident, seq };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Asks for a waiver, or agrees to the one that somebody asked for.
///
/// # Errors
/// Refused for what cannot be waived, without a reason, for the same person and for the same role.
pub async fn waive(app: App, by: By, (incident, form): (IncidentId, Waive)) -> Result<Waived, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let row = incidents::find(&mut decision.tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    row.must_be_open()?;
    let (kind, item, role, owner) = read(&form)?;
    if !holds_everywhere(&mut decision.tx, &by.actor, role, incident).await? {
        return Err(Failure::Forbidden(format!("You are not {} for the whole incident.", role.words())));
    }
    exist(&mut decision.tx, incident, (kind, item, owner)).await?;
    let me = (by.actor.account, role);
    let asked = find_waiver(&mut decision.tx, incident, kind, item).await?;
    let waiver = match asked {
        Some(mut waiver) => {
            waiver.agree(me)?;
            waiver
        }
        None => Waiver::ask(kind, item, &form.reason.0, owner, me)?,
    };
    save_waiver(&mut decision.tx, incident, &waiver, decision.at).await?;
    let in_effect = waiver.is_in_effect();
    let say = Say {
        kind: if in_effect { "waiver.agreed" } else { "waiver.asked" },
        subject: format!("{}:{item}", kind.code()),
        data: json!({ "kind": kind.code(), "item": item, "role": role.code(), "owner": waiver.owner }),
        texts: if in_effect { &[] } else { &[("reason", &waiver.reason)] },
        ..Say::default()
    };
    let seq = decision.append(&app, say).await?;
    let outcome = Waived { seq, in_effect };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Whether there is what is to be waived, and who is to keep it.
async fn exist(
    tx: &mut Tx,
    incident: IncidentId,
    (kind, item, owner): (BlockerKind, Uuid, Option<AccountId>),
) -> Result<(), Failure> {
    let mut errors = FieldErrors::default();
    if kind.is_waivable() && !is_in_the_way(tx, incident, kind, item).await? {
        errors.add("item", "This does not keep the incident from closing.");
    }
    if let Some(owner) = owner
        && accounts::name(tx, owner).await?.is_none()
    {
        errors.add("owner", "Choose a person of the list.");
    }
    Ok(errors.into_result()?)
}

type Read = (BlockerKind, Uuid, Role, Option<AccountId>);

fn read(form: &Waive) -> Result<Read, FieldErrors> {
    let mut errors = FieldErrors::default();
    let kind =
        errors.keep("kind", BlockerKind::from_code(form.kind.trimmed()).ok_or("Choose what to waive."));
    let item = errors.keep("item", Uuid::parse_str(form.item.trimmed()).map_err(|_| "Choose what to waive."));
    let role =
        errors.keep("role", Role::from_code(form.role.trimmed()).ok_or("Say in which role you waive it."));
    let owner = if form.owner.is_blank() {
        None
    } else {
        errors.keep(
            "owner",
            form.owner.trimmed().parse::<AccountId>().map_err(|_| "Choose a person of the list."),
        )
    };
    match (kind, item, role) {
        (Some(kind), Some(item), Some(role)) if errors.is_empty() => Ok((kind, item, role, owner)),
        _ => Err(errors),
    }
}

type WaiverRow = (String, Uuid, String, Option<Uuid>, Uuid, String, Option<Uuid>, Option<String>);

const WAIVER: &str = "
    SELECT kind, item, reason, owner, first_account, first_role, second_account, second_role
    FROM waiver
    WHERE incident = $1
    ORDER BY kind, first_at, item";

/// The waivers of an incident, asked for and agreed.
///
/// # Errors
/// When the database does not answer.
pub async fn waivers(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Waiver>, Error> {
    let role =
        |code: &str| Role::from_code(code).ok_or_else(|| Error::Corrupt(format!("a role reads {code:?}")));
    fetch_all!(tx, WaiverRow, WAIVER, incident.0)?
        .into_iter()
        .map(|(kind, item, reason, owner, first, first_role, second, second_role)| {
            let kind = BlockerKind::from_code(&kind)
                .ok_or_else(|| Error::Corrupt(format!("a waiver is for {kind:?}")))?;
            let second = match (second, second_role) {
                (Some(account), Some(code)) => Some((AccountId(account), role(&code)?)),
                _ => None,
            };
            Ok(Waiver {
                kind,
                item,
                reason,
                owner: owner.map(AccountId),
                first: (AccountId(first), role(&first_role)?),
                second,
            })
        })
        .collect()
}

async fn find_waiver(
    tx: &mut Tx,
    incident: IncidentId,
    kind: BlockerKind,
    item: Uuid,
) -> Result<Option<Waiver>, Error> {
    Ok(waivers(tx, incident).await?.into_iter().find(|waiver| waiver.kind == kind && waiver.item == item))
}

const ASK: &str = "
    INSERT INTO waiver (incident, kind, item, reason, owner, first_account, first_role, first_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const AGREE: &str = "
    UPDATE waiver
    SET second_account = $4, second_role = $5, second_at = $6
    WHERE incident = $1 AND kind = $2 AND item = $3";

async fn save_waiver(tx: &mut Tx, incident: IncidentId, waiver: &Waiver, at: Timestamp) -> Result<(), Error> {
    let kind = waiver.kind.code();
    match waiver.second {
        None => execute!(
            tx,
            ASK,
            incident.0,
            kind,
            waiver.item,
            &waiver.reason,
            waiver.owner.map(|owner| owner.0),
            waiver.first.0.0,
            waiver.first.1.code(),
            at.0
        ),
        Some((account, role)) => {
            execute!(tx, AGREE, incident.0, kind, waiver.item, account.0, role.code(), at.0)
        }
    }
    .map(|_| ())
}
