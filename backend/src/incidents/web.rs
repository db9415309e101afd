//! The doors of incidents: the list, declaring, the board.

use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
};
use domain::{
    actor::Role,
    id::IncidentId,
    incidents::{
        Declare, Declared,
        situation::{PromiseUpdate, ReportStatus, StatusReported, UpdatePromised},
    },
    view::{
        board::BoardView,
        incidents::{
            DeclareView, IncidentLine, IncidentsView, LevelChoice, PlaceChoice, PlaybookChoice, SystemChoice,
        },
        situation::SituationView,
    },
};
use serde::Deserialize;

use super::{board, situation, store};
use crate::{
    accounts::store as accounts,
    places::store as places,
    playbooks::store as playbooks,
    store::Tx,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

const COMMANDERS: Access = Access::Roles(&[Role::Commander]);

/// The routes of incidents.
pub fn routes(routes: Routes) -> Routes {
    routes
        .file("/", Access::Public, "text/html", "Leads to the incidents", home)
        .page::<IncidentsView, _>("/incidents", Access::VIEWERS, "All incidents", list)
        .page::<DeclareView, _>("/incidents/declare", COMMANDERS, "The form for declaring", show_declare)
        .command::<Declare, Declared, _>("/incidents", COMMANDERS, "Declare a downtime", declare)
        .page::<BoardView, _>(
            "/incidents/{incident}",
            Access::VIEWERS,
            "The board of an incident",
            show_board,
        )
        .page::<SituationView, _>(
            "/incidents/{incident}/situation",
            COMMANDERS,
            "What has changed",
            show_situation,
        )
        .command::<ReportStatus, StatusReported, _>(
            "/incidents/{incident}/statuses",
            COMMANDERS,
            "Report what a system is now",
            report,
        )
        .command::<PromiseUpdate, UpdatePromised, _>(
            "/incidents/{incident}/next-update",
            COMMANDERS,
            "Promise the next update",
            promise,
        )
}

async fn home() -> Response {
    Redirect::to("/incidents").into_response()
}

/// Reads an incident's id from a path; what is no id is no incident.
pub fn incident_id(text: &str) -> Result<IncidentId, Problem> {
    text.parse().map_err(|_| Problem::not_found("incident"))
}

async fn list(door: Door) -> Result<Response, Problem> {
    let mut tx = door.app.db.read().await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let (mut open, mut ended) = (Vec::new(), Vec::new());
    for row in store::list(&mut tx).await? {
        let line = IncidentLine {
            id: row.id,
            name: row.name,
            exercise: row.exercise,
            phase: row.phase.words().to_owned(),
            declared: row.declared_at.map(|at| zone.full(at)).unwrap_or_default(),
            commander: accounts::name(&mut tx, row.commander).await?.unwrap_or_default(),
        };
        if row.phase.is_open() { open.push(line) } else { ended.push(line) }
    }
    let empty_installation = places::facilities(&mut tx).await?.is_empty();
    let may_declare = door.actor().has(&[Role::Commander]) && !empty_installation;
    let view = IncidentsView { open, ended, may_declare, empty_installation };
    let title = frontend::pages::incidents::title(&view);
    door.page(tx, &title, view, frontend::pages::incidents::list, Mistakes::default()).await
}

#[derive(Deserialize, Default)]
struct Asked {
    #[serde(default)]
    playbook: String,
}

async fn show_declare(door: Door, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let mut form = Declare { playbook: asked.playbook.into(), ..Declare::default() };
    let mut tx = door.app.db.read().await?;
    let in_force = playbooks::in_force(&mut tx).await?;
    if let Some(version) = in_force.iter().find(|version| version.playbook.key == form.playbook.0) {
        let defaults = super::defaults(&version.playbook);
        form.name = defaults.name.into();
        form.level = defaults.level.into();
        form.cause = defaults.cause.into();
        form.next_update_minutes = defaults.next_update_minutes.to_string().into();
        form.places = vec!["all".into()];
    }
    drop(tx);
    declare_page(&door, form, Mistakes::default()).await
}

async fn declare_page(door: &Door, form: Declare, mistakes: Mistakes) -> Result<Response, Problem> {
    let mut tx = door.app.db.read().await?;
    let in_force = playbooks::in_force(&mut tx).await?;
    let chosen = in_force.iter().find(|version| version.playbook.key == form.playbook.0);
    let about = |version: &playbooks::Version| PlaybookChoice {
        code: version.playbook.key.clone(),
        name: version.playbook.name.clone(),
        version: version.playbook.version,
        about: version.playbook.summary.clone(),
    };
    let zone = accounts::installation(&mut tx).await?.zone();
    let levels = chosen.map(|version| version.playbook.levels.clone()).unwrap_or_default();
    let view = DeclareView {
        request_id: door.request_id(),
        playbooks: in_force.iter().map(about).collect(),
        chosen: chosen.map(about),
        levels: levels
            .into_iter()
            .map(|level| LevelChoice { value: level.number.to_string(), label: level.label })
            .collect(),
        systems: system_choices(&mut tx, chosen, &form).await?,
        places: place_choices(&mut tx).await?,
        now: zone.clock_with_zone(door.app.clock.now()),
        form,
    };
    door.page(tx, "Declare downtime", view, frontend::pages::incidents::declare, mistakes).await
}

/// The systems with what was chosen in the form, else what the playbook says.
async fn system_choices(
    tx: &mut Tx,
    chosen: Option<&playbooks::Version>,
    form: &Declare,
) -> Result<Vec<SystemChoice>, Problem> {
    let typed = |code: &str| {
        form.systems
            .iter()
            .find_map(|text| text.trimmed().strip_prefix(code)?.strip_prefix(':').map(str::to_owned))
    };
    let mut choices: Vec<SystemChoice> = Vec::new();
    for system in chosen.map(|version| version.playbook.systems.as_slice()).unwrap_or_default() {
        let status = typed(&system.key).unwrap_or_else(|| system.status.code().to_owned());
        choices.push(SystemChoice { code: system.key.clone(), name: system.name.clone(), status });
    }
    for system in places::systems(tx).await? {
        if choices.iter().all(|choice| choice.code != system.code) {
            let status = typed(&system.code).unwrap_or_default();
            choices.push(SystemChoice { code: system.code, name: system.name, status });
        }
    }
    Ok(choices)
}

async fn place_choices(tx: &mut Tx) -> Result<Vec<PlaceChoice>, Problem> {
    let facilities = places::facilities(tx).await?;
    let all = PlaceChoice { value: "all".into(), name: format!("All {} sites", facilities.len()) };
    let groups = places::groups(tx).await?.into_iter();
    let groups = groups.map(|group| PlaceChoice { value: format!("group:{}", group.id), name: group.name });
    let sites = facilities
        .into_iter()
        .map(|facility| PlaceChoice { value: format!("facility:{}", facility.id), name: facility.name });
    Ok(std::iter::once(all).chain(groups).chain(sites).collect())
}

async fn declare(door: Door, input: Input<Declare>) -> Result<Response, Problem> {
    match door.run(&input, super::declare).await {
        Ok(declared) => Ok(door.done(&format!("/incidents/{}", declared.incident), &declared)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| declare_page(&door, form, mistakes).await)
                .await
        }
    }
}

async fn show_board(door: Door, Path(incident): Path<String>) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let mut tx = door.app.db.read().await?;
    let mut view = board::read(&door.app, &mut tx, incident).await?;
    view.action = view.action.filter(|_| door.actor().has(&board::WRITERS));
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, frontend::pages::board::body, Mistakes::default()).await
}

async fn show_situation(door: Door, Path(incident): Path<String>) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let (report, promise) = (ReportStatus::default(), PromiseUpdate::default());
    situation_page(&door, incident, report, promise, Mistakes::default()).await
}

async fn situation_page(
    door: &Door,
    incident: IncidentId,
    report: ReportStatus,
    promise: PromiseUpdate,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.app.db.read().await?;
    let board = board::read(&door.app, &mut tx, incident).await?;
    let codes: Vec<_> =
        places::systems(&mut tx).await?.into_iter().map(|system| (system.id, system.code)).collect();
    let facilities = places::facilities(&mut tx).await?;
    let systems = board.rows.iter().filter_map(|row| {
        let (_, code) = codes.iter().find(|(id, _)| *id == row.system)?;
        Some(SystemChoice {
            code: code.clone(),
            name: row.name.clone(),
            status: row.status.words().to_owned(),
        })
    });
    let is_part = |id| board.sites.iter().any(|site| site.id == id);
    let sites = facilities.into_iter().filter(|facility| is_part(facility.id));
    let view = SituationView {
        path: format!("/incidents/{incident}"),
        systems: systems.collect(),
        sites: sites.map(|facility| (facility.code, facility.short_name)).collect(),
        report,
        promise,
        report_id: door.request_id(),
        promise_id: door.request_id(),
    };
    door.incident_page(tx, incident, "What has changed", view, frontend::pages::situation::page, mistakes)
        .await
}

async fn report(
    door: Door,
    Path(incident): Path<String>,
    input: Input<ReportStatus>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    match door.run(&input, move |app, by, form| situation::report(app, by, incident, form)).await {
        Ok(reported) => Ok(door.done(&format!("/incidents/{incident}"), &reported)),
        Err(failure) => {
            let form = input.form;
            let page = async |mistakes| {
                situation_page(&door, incident, form, PromiseUpdate::default(), mistakes).await
            };
            door.again(failure, &input.typed, page).await
        }
    }
}

async fn promise(
    door: Door,
    Path(incident): Path<String>,
    input: Input<PromiseUpdate>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    match door.run(&input, move |app, by, form| situation::promise(app, by, incident, form)).await {
        Ok(promised) => Ok(door.done(&format!("/incidents/{incident}"), &promised)),
        Err(failure) => {
            let form = input.form;
            let page = async |mistakes| {
                situation_page(&door, incident, ReportStatus::default(), form, mistakes).await
            };
            door.again(failure, &input.typed, page).await
        }
    }
}
