//! What surrounds a page, read in the snapshot of the page itself: the incident's bar, the rail with its counts, who is signed in.

use domain::{
    actor::{Actor, Grant, Role},
    id::IncidentId,
    journal::{GENESIS, printed_head},
    scope::Place,
    time::Timestamp,
    view::frame::{Frame, RailItem, Section, SignedIn},
};

use super::{problem::Problem, session::Caller};
use crate::{
    accounts,
    app::App,
    broadcasts,
    cases::{card as cases, door},
    command::store as command,
    devices, forms, incidents,
    jobs::audit,
    schedules,
    store::{Tx, journal},
};

/// The frame of a page; what depends on the request alone is filled in by the door.
pub async fn read(
    app: &App,
    tx: &mut Tx,
    caller: Option<&Caller>,
    incident: Option<IncidentId>,
) -> Result<Frame, Problem> {
    let installation = accounts::store::installation(tx).await?;
    let now = app.clock.now();
    let mut frame = Frame {
        organisation: installation.name.clone(),
        as_of: installation.zone().full(now),
        signed_in: caller.map(|caller| signed_in(&caller.actor)),
        alarm: caller.and_then(|_| audit::alarm(app)),
        ..Frame::default()
    };
    if let Some(incident) = incident {
        let bar = incidents::bar(tx, incident, &installation, now).await?;
        frame.incident = Some(bar.ok_or_else(|| Problem::not_found("incident"))?);
        frame.rail = incident_rail(tx, incident, now).await?;
        if let Some(caller) = caller {
            lead_to_the_door(&caller.actor, incident, &mut frame.rail);
        }
        let head = journal::head(tx, incident.0).await?;
        frame.log_head = head
            .map(|(seq, head)| printed_head(seq, &head.try_into().unwrap_or(GENESIS)))
            .unwrap_or_default();
    } else if let Some(caller) = caller {
        frame.rail = rail(&caller.actor);
    }
    Ok(frame)
}

fn signed_in(actor: &Actor) -> SignedIn {
    let strongest =
        actor.grants.iter().min_by_key(|grant| Role::ALL.iter().position(|role| *role == grant.role));
    SignedIn {
        account: actor.account.to_string(),
        name: actor.name.clone(),
        role: strongest.map(words).unwrap_or_default(),
    }
}

fn words(grant: &Grant) -> String {
    let role = grant.role.words();
    match grant.place {
        Place::All => format!("{role}, all sites"),
        Place::Group(_) => format!("{role}, some sites"),
        Place::Facility(_) => format!("{role}, one site"),
        Place::Unit(_) => format!("{role}, one unit"),
    }
}

/// The destinations outside any incident.
fn rail(actor: &Actor) -> Vec<RailItem> {
    let mut rail = vec![item(Section::Incidents, "/incidents".into())];
    if actor.has(&Role::READERS) {
        rail.push(item(Section::Neighbours, "/neighbours".into()));
        rail.push(item(Section::Readiness, "/readiness".into()));
    }
    if actor.has(&schedules::READERS) {
        rail.push(item(Section::Schedules, "/schedules".into()));
    }
    if actor.administers_everything() {
        rail.push(item(Section::Log, "/log".into()));
    }
    if actor.has(&[Role::Administrator]) {
        rail.push(item(Section::Places, "/places".into()));
        rail.push(item(Section::Staff, "/people".into()));
        rail.push(item(Section::Accounts, "/accounts".into()));
    }
    if actor.has(&[Role::Administrator, Role::Commander]) {
        rail.push(item(Section::Playbooks, "/playbooks".into()));
    }
    rail
}

/// Who only greets patients finds them at the door.
fn lead_to_the_door(actor: &Actor, incident: IncidentId, rail: &mut [RailItem]) {
    let only_greets = actor.has(&door::ROLES) && !actor.has(&[Role::CaseManager, Role::Commander]);
    let patients = rail.iter_mut().find(|item| item.section == Section::Patients);
    if let Some(patients) = patients.filter(|_| only_greets) {
        patients.path = format!("/incidents/{incident}/door");
    }
}

/// The destinations of an incident; a capability adds its count and whether something there is late.
async fn incident_rail(tx: &mut Tx, incident: IncidentId, now: Timestamp) -> Result<Vec<RailItem>, Problem> {
    let path = |end: &str| format!("/incidents/{incident}{end}");
    let late_patients = cases::due_soon(tx, incident, now).await?;
    let late_forms = forms::late(tx, incident).await?;
    let late_broadcasts = broadcasts::knows::late(tx, incident).await?;
    let (_, _, late_tasks, _) = command::counts(tx, incident, now).await?;
    let counted =
        |section, end: &str, late: i64| RailItem { count: late, late: late > 0, ..item(section, path(end)) };
    let devices = devices::bare(tx, incident).await?;
    let devices = devices.map(|bare| counted(Section::Devices, "/devices", bare.0));
    let mut rail = vec![
        item(Section::Board, path("")),
        item(Section::Instructions, path("/instructions")),
        counted(Section::Broadcasts, "/broadcasts", late_broadcasts),
        counted(Section::Patients, "/cases", late_patients),
        counted(Section::Paper, "/forms", late_forms),
    ];
    rail.extend(devices);
    rail.extend([
        item(Section::Clearance, path("/clearance")),
        counted(Section::Command, "/command", late_tasks),
        item(Section::Log, path("/log")),
    ]);
    Ok(rail)
}

fn item(section: Section, path: String) -> RailItem {
    RailItem { section, path, count: 0, late: false }
}
