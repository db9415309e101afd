//! The doors of waves.

use axum::{extract::Path, response::Response};
use domain::{
    clearance::{BeginWave, HaltWave, PassHold, PlanWave, Stepped, Unplan},
    id::{ClearanceId, IncidentId},
    view::clearance::PanelTyped,
};

use super::{COMMANDERS, Ids, answer, ids};
use crate::{
    clearance::waves,
    web::{door::Door, form::Input, problem::Problem, routes::Routes},
};

/// The routes of waves.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .command::<PlanWave, Stepped, _>(
            "/incidents/{incident}/clearance/{clearance}/waves",
            COMMANDERS,
            "Plan a wave behind the others",
            plan_wave,
        )
        .command::<Unplan, Stepped, _>(
            "/incidents/{incident}/clearance/{clearance}/waves/{wave}/unplan",
            COMMANDERS,
            "Take a planned wave off the list",
            unplan,
        )
        .command::<BeginWave, Stepped, _>(
            "/incidents/{incident}/clearance/{clearance}/waves/{wave}/begin",
            COMMANDERS,
            "Begin a wave that somebody else has planned",
            begin_wave,
        )
        .command::<PassHold, Stepped, _>(
            "/incidents/{incident}/clearance/{clearance}/waves/{wave}/pass",
            COMMANDERS,
            "Pass the hold point of a wave",
            pass_hold,
        )
        .command::<HaltWave, Stepped, _>(
            "/incidents/{incident}/clearance/{clearance}/waves/{wave}/halt",
            COMMANDERS,
            "Stop a wave at once",
            halt_wave,
        )
}

async fn plan_wave(door: Door, Path(path): Ids, input: Input<PlanWave>) -> Result<Response, Problem> {
    let at = ids(path)?;
    let outcome = door.run(&input, move |app, by, form| waves::plan(app, by, (at.0, at.1, form))).await;
    let typed = PanelTyped { wave: input.form, ..PanelTyped::default() };
    answer(&door, at, outcome, (&input.typed, typed)).await
}

type OfWave = Path<(String, String, String)>;

fn wave_ids(
    (incident, clearance, wave): (String, String, String),
) -> Result<(IncidentId, ClearanceId, i64), Problem> {
    let (incident, clearance) = ids((incident, clearance))?;
    Ok((incident, clearance, wave.parse().map_err(|_| Problem::not_found("wave"))?))
}

async fn unplan(door: Door, Path(path): OfWave, input: Input<Unplan>) -> Result<Response, Problem> {
    let (incident, id, wave) = wave_ids(path)?;
    let unplan = move |app, by, form| waves::unplan(app, by, (incident, id, wave, form));
    let outcome = door.run(&input, unplan).await;
    answer(&door, (incident, id), outcome, (&input.typed, PanelTyped::default())).await
}

async fn begin_wave(door: Door, Path(path): OfWave, input: Input<BeginWave>) -> Result<Response, Problem> {
    let (incident, id, wave) = wave_ids(path)?;
    let begin = move |app, by, form| waves::begin(app, by, (incident, id, wave, form));
    let outcome = door.run(&input, begin).await;
    answer(&door, (incident, id), outcome, (&input.typed, PanelTyped::default())).await
}

async fn pass_hold(door: Door, Path(path): OfWave, input: Input<PassHold>) -> Result<Response, Problem> {
    let (incident, id, wave) = wave_ids(path)?;
    let pass = move |app, by, form| waves::pass_hold(app, by, (incident, id, wave, form));
    let outcome = door.run(&input, pass).await;
    let typed = PanelTyped { pass: input.form, ..PanelTyped::default() };
    answer(&door, (incident, id), outcome, (&input.typed, typed)).await
}

async fn halt_wave(door: Door, Path(path): OfWave, input: Input<HaltWave>) -> Result<Response, Problem> {
    let (incident, id, wave) = wave_ids(path)?;
    let halt = move |app, by, form| waves::halt(app, by, (incident, id, wave, form));
    let outcome = door.run(&input, halt).await;
    let typed = PanelTyped { halt: input.form, ..PanelTyped::default() };
    answer(&door, (incident, id), outcome, (&input.typed, typed)).await
}
