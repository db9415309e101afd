//! The doors of devices: sites, units the worst first, one unit, reports of machines; and the files of counts.

mod files;

use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    actor::Role,
    devices::{CountDevices, DevicesCounted, MachineReported, ReportMachine, SendTeam, TeamSent},
    id::{IncidentId, UnitId},
    view::devices::{DeviceUnitView, DeviceUnitsView, DevicesView},
};
use frontend::pages::devices as pages;

use super::{
    COUNTERS, REPORTERS,
    show::{self, Asked},
};
use crate::{
    failure::Failure,
    incidents::web::incident_id,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

const COMMANDERS: Access = Access::Roles(&[Role::Commander]);

/// The routes of devices.
pub fn routes(routes: Routes) -> Routes {
    let routes = routes
        .page::<DevicesView, _>(
            "/incidents/{incident}/devices",
            Access::VIEWERS,
            "Devices that are given back, by site",
            all,
        )
        .page::<DeviceUnitsView, _>(
            "/incidents/{incident}/devices/units",
            Access::VIEWERS,
            "Units and their devices, the worst first; by site, class and what is shown",
            units,
        )
        .page::<DeviceUnitView, _>(
            "/incidents/{incident}/devices/units/{unit}",
            Access::VIEWERS,
            "The devices of a unit",
            unit,
        )
        .command::<CountDevices, DevicesCounted, _>(
            "/incidents/{incident}/devices/units/{unit}",
            Access::Roles(&COUNTERS),
            "Count one class of devices in a unit",
            count,
        )
        .command::<SendTeam, TeamSent, _>(
            "/incidents/{incident}/devices/units/{unit}/team",
            COMMANDERS,
            "Send a field team to a unit, or take it back",
            send_team,
        )
        .command::<ReportMachine, MachineReported, _>(
            "/incidents/{incident}/devices/machines",
            Access::Roles(&REPORTERS),
            "A machine reports that it was checked, is fixed or is broken again",
            report,
        );
    files::routes(routes)
}

async fn all(door: Door, Path(path): Path<String>, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    let mut tx = door.read().await?;
    let view = show::all(&door, &mut tx, incident, &asked.class).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::all, Mistakes::default()).await
}

async fn units(
    door: Door,
    Path(path): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    let mut tx = door.read().await?;
    let view = show::units(&door, &mut tx, incident, asked).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, pages::units, Mistakes::default()).await
}

fn ids((incident, unit): &(String, String)) -> Result<(IncidentId, UnitId), Problem> {
    let unit = unit.parse().map_err(|_| Problem::not_found("unit"))?;
    Ok((incident_id(incident)?, unit))
}

async fn unit(
    door: Door,
    Path(path): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let count = CountDevices { class: asked.class.into(), ..CountDevices::default() };
    unit_page(&door, ids(&path)?, count, None, Mistakes::default()).await
}

async fn unit_page(
    door: &Door,
    of: (IncidentId, UnitId),
    count: CountDevices,
    send: Option<SendTeam>,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let view = show::unit(door, &mut tx, of, count, send).await?;
    let title = view.title.clone();
    door.incident_page(tx, of.0, &title, view, pages::unit, mistakes).await
}

async fn count(
    door: Door,
    Path(path): Path<(String, String)>,
    input: Input<CountDevices>,
) -> Result<Response, Problem> {
    let (incident, unit) = ids(&path)?;
    match door.run(&input, move |app, by, form| super::count(app, by, (incident, unit, form))).await {
        Ok(counted) => Ok(door.done(&format!("/incidents/{incident}/devices/units/{unit}"), &counted)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| {
                unit_page(&door, (incident, unit), form, None, mistakes).await
            })
            .await
        }
    }
}

async fn send_team(
    door: Door,
    Path(path): Path<(String, String)>,
    input: Input<SendTeam>,
) -> Result<Response, Problem> {
    let (incident, unit) = ids(&path)?;
    match door.run(&input, move |app, by, form| super::send_team(app, by, (incident, unit, form))).await {
        Ok(sent) => Ok(door.done(&format!("/incidents/{incident}/devices/units/{unit}"), &sent)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| {
                unit_page(&door, (incident, unit), CountDevices::default(), Some(form), mistakes).await
            })
            .await
        }
    }
}

async fn report(
    door: Door,
    Path(path): Path<String>,
    input: Input<ReportMachine>,
) -> Result<Response, Problem> {
    let incident = incident_id(&path)?;
    // A machine's name makes a repeat the same report, so no request id has to be looked for.
    let task = super::report(door.app.clone(), door.actor().clone(), incident, input.form);
    let done = door.app.spawn(task).await;
    let reported = done.unwrap_or_else(|panic| Err(Failure::Broken(panic.to_string())))?;
    Ok(door.done(&format!("/incidents/{incident}/devices"), &reported))
}
