//! Closing: the one list of what is in the way, waivers, and the last decision of an incident (rule 13).

use domain::{
    Refusal,
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
    app::App,
    begin, cases, execute,
    failure::Failure,
    fetch_all, forms,
    incidents::store as incidents,
    instructions::{Picture, picture},
    places::store as places,
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
    let waived: Vec<(Uuid,)> = match part.kind {
        BlockerKind::CaseOpen => fetch_all!(tx, (Uuid,), WAIVED_CASES, incident.0, kind)?,
        BlockerKind::FormMissing => {
            fetch_all!(tx, (Uuid,), WAIVED_FORMS, incident.0, kind, r#"["missing"]"#, false)?
        }
        BlockerKind::FormNotAtItsEnd => {
            fetch_all!(tx, (Uuid,), WAIVED_FORMS, incident.0, kind, r#"["used", "discrepancy"]"#, true)?
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

/// Scopes that are not clear, and affected systems at sites that no scope covers.
async fn scopes(tx: &mut Tx, incident: IncidentId) -> Result<Blocker, Error> {
    let picture = picture(tx).await?;
    let rows = store::scopes(tx, incident).await?;
    let mut items: Vec<Item> = rows
        .iter()
        .filter(|row| !row.stage.is_clear())
        .map(|row| Item { id: row.id.0, label: label(&picture, row) })
        .collect();
    for ((system, facility), (status, _)) in incidents::statuses(tx, incident).await? {
        let covered = rows.iter().any(|row| {
            row.scope.target == Target::System(system)
                && picture.places.contains(row.scope.place, Place::Facility(facility))
        });
        if status != Status::Operational && !covered {
            let name = picture.target_name(Target::System(system));
            let label = format!("{name} at {}", picture.place_name(Place::Facility(facility)));
            items.push(Item { id: facility.0, label });
        }
    }
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
    if row.commander != by.actor.account {
        return Err(Failure::Forbidden("The incident's commander closes it.".into()));
    }
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
    if !row.phase.is_open() {
        return Err(Refusal::new("ended", "This incident has ended.").into());
    }
    let (kind, item, role, owner) = read(&form)?;
    let lattice = places::lattice(&mut decision.tx).await?;
    if !by.actor.can(role, Place::All, &lattice) {
        return Err(Failure::Forbidden(format!("You are not {} for the whole incident.", role.words())));
    }
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
