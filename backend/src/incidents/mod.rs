//! Incidents: declaring a downtime, and what every page of it shows above itself.

pub mod board;
pub mod situation;
pub mod store;
pub mod web;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Refusal,
    actor::Role,
    field::FieldErrors,
    id::{FacilityId, IncidentId, SystemId},
    incidents::{Declaration, Declare, Declared, Defaults, Phase},
    playbooks::Playbook,
    scope::{Place, Places, Status},
    time::{Timestamp, Zone},
    view::frame::{Clocks, IncidentBar},
};
use serde_json::json;

use crate::{
    accounts::{InstallationRow, store as accounts},
    app::App,
    begin, clearance, command,
    failure::Failure,
    instructions::{self, Beginning},
    places::store::{self as places, Facility, System},
    playbooks::store as playbooks,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
    },
};

/// What each system is at each facility when an incident begins.
type Statuses = BTreeMap<(SystemId, FacilityId), Status>;

/// Declares a downtime.
///
/// # Errors
/// What is wrong by field; a refusal with a link when the same scope is declared already.
pub async fn declare(app: App, by: By, form: Declare) -> Result<Declared, Failure> {
    let incident: IncidentId = app.clock.id();
    let mut decision = begin!(&app, &by, Chain::NewIncident(incident));
    let version = chosen_playbook(&mut decision.tx, form.playbook.trimmed()).await?;
    let playbook = version.as_ref().map(|version| &*version.playbook);
    let zone = accounts::installation(&mut decision.tx).await?.zone();
    let declaration = form.read(&playbook.map(defaults).unwrap_or_default(), decision.at, &zone)?;
    let facilities = places::facilities(&mut decision.tx).await?;
    let lattice = places::lattice(&mut decision.tx).await?;
    may_declare(&by, &declaration.places, &lattice)?;
    store::declare_one_at_a_time(&mut decision.tx).await?;
    let systems = known_systems(&app, &mut decision.tx, playbook).await?;
    let statuses = statuses(&declaration, &systems, &facilities, &lattice)?;
    refuse_the_same_scope(&mut decision.tx, declaration.exercise, &statuses).await?;

    let row = store::NewIncident {
        id: incident,
        declaration: &declaration,
        playbook: version.as_ref().map(|version| version.fingerprint.as_str()),
        declared_at: decision.at,
        commander: by.actor.account,
    };
    store::insert(&mut decision.tx, &row).await?;
    store::insert_statuses(&mut decision.tx, incident, &statuses, declaration.started_at).await?;
    let seq = say_declared(&app, &mut decision, &declaration, row.playbook, &statuses).await?;
    store::log_beginning(&mut decision.tx, incident, seq, &statuses, decision.at, by.actor.account).await?;
    // What a declaration sets in motion: orders, tasks and positions of the playbook, one line each.
    command::begin(&mut decision, incident).await?;
    if let Some(playbook) = playbook {
        command::tasks::create(&app, &mut decision, incident, playbook).await?;
    }
    let begins =
        Beginning { incident, playbook, places: &declaration.places, systems: &systems, statuses: &statuses };
    instructions::issue_from_playbook(&app, &mut decision, &begins).await?;
    clearance::open_scopes(&app, &mut decision, &begins).await?;

    let outcome = Declared {
        incident,
        seq,
        declared_at: decision.at,
        minutes_to_declare: decision.at.minutes_since(declaration.started_at),
    };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

async fn say_declared(
    app: &App,
    decision: &mut Decision,
    declaration: &Declaration,
    playbook: Option<&str>,
    statuses: &Statuses,
) -> Result<i64, Error> {
    let places: Vec<String> = declaration.places.iter().map(ToString::to_string).collect();
    let say = Say {
        kind: "incident.declared",
        data: json!({
            "kind": if declaration.exercise { "exercise" } else { "real" },
            "level": declaration.level,
            "places": places,
            "playbook": playbook,
            "started_at": declaration.started_at,
            "statuses": statuses.len(),
            "next_update_minutes": declaration.next_update_minutes,
        }),
        texts: &[("name", &declaration.name), ("basis", &declaration.basis), ("cause", &declaration.cause)],
        ..Say::default()
    };
    decision.append(app, say).await
}

async fn chosen_playbook(tx: &mut Tx, code: &str) -> Result<Option<playbooks::Version>, Failure> {
    if code.is_empty() {
        return Ok(None);
    }
    let found = playbooks::in_force(tx).await?.into_iter().find(|version| version.playbook.key == code);
    let unknown = || FieldErrors::one("playbook", format!("No playbook {code:?} is approved."));
    found.map(Some).ok_or_else(|| unknown().into())
}

/// What the playbook says where the form is silent.
pub fn defaults(playbook: &Playbook) -> Defaults {
    let usual = playbook.levels.iter().find(|level| level.usual).or(playbook.levels.first());
    Defaults {
        name: playbook.name.clone(),
        level: usual.map(|level| level.number.to_string()).unwrap_or_default(),
        levels: playbook.levels.iter().map(|level| level.number.to_string()).collect(),
        cause: playbook.causes.first().cloned().unwrap_or_default(),
        systems: playbook.systems.iter().map(|system| (system.key.clone(), system.status)).collect(),
        next_update_minutes: playbook.timing.update_every_minutes,
    }
}

fn may_declare(by: &By, declared: &[Place], lattice: &Places) -> Result<(), Failure> {
    let outside = declared.iter().find(|place| !by.actor.can(Role::Commander, **place, lattice));
    match outside {
        None => Ok(()),
        Some(_) => Err(Failure::Forbidden("You may declare only for the sites you command.".into())),
    }
}

/// The systems by their code; those that the playbook names and nobody has entered are added.
async fn known_systems(
    app: &App,
    tx: &mut Tx,
    playbook: Option<&Playbook>,
) -> Result<BTreeMap<String, System>, Error> {
    let mut known: BTreeMap<String, System> =
        places::systems(tx).await?.into_iter().map(|system| (system.code.clone(), system)).collect();
    for system in playbook.map(|playbook| playbook.systems.as_slice()).unwrap_or_default() {
        if known.contains_key(&system.key) {
            continue;
        }
        let added = System {
            id: app.clock.id(),
            code: system.key.clone(),
            name: system.name.clone(),
            short_name: system.short_name.clone(),
            aliases: system.aliases.clone(),
            kind: system.kind,
            functions: system.functions,
        };
        places::insert_system(tx, &added).await?;
        known.insert(added.code.clone(), added);
    }
    Ok(known)
}

fn statuses(
    declaration: &Declaration,
    systems: &BTreeMap<String, System>,
    facilities: &[Facility],
    lattice: &Places,
) -> Result<Statuses, FieldErrors> {
    let mut errors = FieldErrors::default();
    let sites: BTreeSet<FacilityId> =
        declaration.places.iter().flat_map(|place| lattice.facilities_of(*place)).collect();
    if sites.is_empty() {
        errors.add("places", "No site lies there. Enter or import your sites first.");
    }
    let mut statuses = Statuses::new();
    // What holds for one site comes after what holds for all, whatever the order in the form.
    let (all, own): (Vec<_>, Vec<_>) = declaration.systems.iter().partition(|(.., site)| site.is_none());
    for (code, status, site) in all.into_iter().chain(own) {
        let Some(system) = systems.get(code) else {
            errors.add(
                "systems",
                format!("There is no system {code:?}; name one of the playbook or of your list."),
            );
            continue;
        };
        match site {
            None => statuses.extend(sites.iter().map(|site| ((system.id, *site), *status))),
            Some(code) => match facilities.iter().find(|facility| facility.code == *code) {
                Some(facility) if sites.contains(&facility.id) => {
                    statuses.insert((system.id, facility.id), *status);
                }
                _ => errors.add("systems", format!("The site {code:?} is not part of this downtime.")),
            },
        }
    }
    errors.into_result()?;
    Ok(statuses)
}

/// Declaring the same scope twice is refused with a link to the first: when everything that is not operational
/// in the new declaration is part of an open incident of the same kind.
async fn refuse_the_same_scope(tx: &mut Tx, exercise: bool, statuses: &Statuses) -> Result<(), Failure> {
    let wrong: BTreeSet<_> =
        statuses.iter().filter(|(_, status)| **status != Status::Operational).map(|(key, _)| *key).collect();
    for (open, name, covered) in store::open_scopes(tx, exercise).await? {
        if wrong.is_subset(&covered) {
            let sentence = format!("This is declared already, as {name:?}. Work there, or widen it.");
            return Err(Refusal::new("already-declared", sentence)
                .with_link(format!("/incidents/{open}"))
                .into());
        }
    }
    Ok(())
}

/// The bar above every page of an incident.
///
/// # Errors
/// When the database does not answer; `None` when there is no such incident.
pub async fn bar(
    tx: &mut Tx,
    incident: IncidentId,
    installation: &InstallationRow,
    now: Timestamp,
) -> Result<Option<IncidentBar>, Error> {
    let Some(row) = store::find(tx, incident).await? else { return Ok(None) };
    let zone = installation.zone();
    let kind = if row.exercise { "Exercise" } else { "Real incident" };
    let sites = store::site_count(tx, incident).await?;
    let sites = if sites == 1 { "1 site".to_owned() } else { format!("{sites} sites") };
    Ok(Some(IncidentBar {
        id: incident,
        name: row.name.clone(),
        scope_line: format!("{}, {sites}. {kind}", installation.name),
        exercise: row.exercise,
        phase: row.phase.words().to_owned(),
        level: if row.level.is_empty() { String::new() } else { format!("level {}", row.level) },
        commander: accounts::name(tx, row.commander).await?.unwrap_or_else(|| "nobody".into()),
        clocks: clocks(&row, now, &zone),
    }))
}

fn clocks(row: &store::IncidentRow, now: Timestamp, zone: &Zone) -> Clocks {
    let promised = row.next_update_at.filter(|_| row.phase.is_open());
    // The clocks of an ended incident stand where it ended.
    let now = row.closed_at.filter(|_| row.phase == Phase::Closed).unwrap_or(now);
    Clocks::read(now, row.declared_at, row.started_at, promised, zone)
}
