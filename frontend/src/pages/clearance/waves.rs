//! Pilots and waves of one scope: who signs in before everybody does, and what is watched before the next.

use domain::{
    clearance::Progress,
    view::{
        clearance::{Panel, WaveLine},
        frame::Frame,
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::{Choice, Field},
    icon,
};

/// The waves of a scope, with what may be done with each.
pub(super) fn waves(frame: &Frame, panel: &Panel) -> AnyView {
    let list = (!panel.waves.is_empty()).then(|| {
        let lines = panel.waves.iter().map(|wave| line(frame, panel, wave)).collect_view();
        view! {
            <div>
                <h3>"Waves"</h3>
                <p class="muted">"Public pages go on saying that everybody else stays out."</p>
                <ul class="signatures">{lines}</ul>
            </div>
        }
    });
    let pilot = panel.pilot.as_ref().map(|pilot| pilot_form(frame, panel, pilot));
    let plan = panel.may.plan_wave.then(|| plan_form(frame, panel));
    view! { {list}{pilot}{plan} }.into_any()
}

/// The list alone, as the record prints it.
pub(super) fn listed(waves: &[WaveLine]) -> AnyView {
    let lines =
        waves.iter().map(|wave| view! { <li>{mark(wave)}{words(wave)}<span></span></li> }).collect_view();
    view! { <ul class="signatures">{lines}</ul> }.into_any()
}

fn mark(wave: &WaveLine) -> AnyView {
    match wave.progress {
        Progress::Passed => icon::tick(),
        Progress::Begun => icon::soon(),
        Progress::Planned => icon::status(domain::scope::Status::Unknown),
    }
}

fn words(wave: &WaveLine) -> AnyView {
    let condition = (!wave.condition.is_empty())
        .then(|| view! { <span class="second">"Condition: "{wave.condition.clone()}</span> });
    let people = ui::counted(wave.expected, "person expected to sign in", "people expected to sign in");
    view! {
        <span><b>"Wave "{wave.number}</b>": "{wave.units.clone()}
            <span class="second">{wave.words.clone()}</span>
            <span class="second">{people}</span>{condition}</span>
    }
    .into_any()
}

fn line(frame: &Frame, panel: &Panel, wave: &WaveLine) -> AnyView {
    let id = panel.request_id.to_string();
    let path = |end: &str| format!("{}/{end}", wave.path);
    let begin = wave
        .may_begin
        .then(|| button::form(&path("begin"), &id, button::primary(&format!("Begin wave {}", wave.number))));
    let unplan = wave.may_unplan.then(|| {
        button::form(
            &path("unplan"),
            &id,
            button::secondary(&format!("Take wave {} off the list", wave.number)),
        )
    });
    let pass = wave.may_pass.then(|| {
        let body = view! {
            {Field::new("note", "What was seen while it was watched").own_id(&format!("pass-{}", wave.number))
                .value(panel.typed.pass.note.0.clone()).errors(&frame.errors).optional().text()}
            {button::primary(&format!("Pass the hold point of wave {}", wave.number))}
        };
        button::form(&path("pass"), &id, body.into_any())
    });
    let halt = wave.may_halt.then(|| {
        let body = view! {
            {Field::new("reason", "Why is it stopped?").own_id(&format!("halt-{}", wave.number))
                .value(panel.typed.halt.reason.0.clone()).errors(&frame.errors).text()}
            {button::secondary(&format!("Stop wave {}", wave.number))}
        };
        view! { <details><summary>"Stop this wave"</summary>{button::form(&path("halt"), &id, body.into_any())}</details> }
    });
    view! { <li>{mark(wave)}<div class="stack">{words(wave)}{begin}{pass}{halt}{unplan}</div><span></span></li> }.into_any()
}

/// Named people try it first: an order for them, which a second person approves among the instructions.
fn pilot_form(frame: &Frame, panel: &Panel, (path, place, system): &(String, String, String)) -> AnyView {
    let functions = panel
        .functions
        .iter()
        .map(|code| view! { <input type="hidden" name="functions" value=code.clone()/> })
        .collect_view();
    let body = view! {
        <input type="hidden" name="place" value=place.clone()/>
        <input type="hidden" name="system" value=system.clone()/>
        <input type="hidden" name="word" value="use"/>
        <input type="hidden" name="whom" value="pilots"/>
        {functions}
        {Field::new("pilots", "Their login names").hint("Separated by commas. A second person approves it among the instructions")
            .errors(&frame.errors).text()}
        {button::secondary("Name these pilots")}
    };
    view! {
        <details>
            <summary>"Let named people try it"</summary>
            {button::form(path, &panel.request_id.to_string(), body.into_any())}
        </details>
    }
    .into_any()
}

fn plan_form(frame: &Frame, panel: &Panel) -> AnyView {
    let (typed, errors) = (&panel.typed.wave, &frame.errors);
    let ticked: Vec<String> = typed.units.iter().map(|text| text.0.clone()).collect();
    let units = panel.units.iter().map(|(value, name)| Choice::new(value.clone(), name.clone())).collect();
    let body = view! {
        {Field::new("units", "Units").errors(errors).checkboxes(units, &ticked)}
        {Field::new("starts_at", "Starts").hint("As 2024-07-19 12:30; now when empty").value(typed.starts_at.0.clone()).errors(errors).optional().short().time()}
        {Field::new("hold_minutes", "Watched for, in minutes").hint("30 when empty").value(typed.hold_minutes.0.clone()).errors(errors).optional().short().number()}
        {Field::new("hold_owner", "Who passes its hold point").value(typed.hold_owner.0.clone()).errors(errors).optional().text()}
        {Field::new("expected", "People who sign in").hint("The staff of the units when empty").value(typed.expected.0.clone()).errors(errors).optional().short().number()}
        {Field::new("condition", "Condition").hint("For a unit whose workstations are not all back").value(typed.condition.0.clone()).errors(errors).optional().text()}
        {button::secondary("Plan this wave")}
    };
    view! {
        <details open=!typed.units.is_empty()>
            <summary>"Plan a wave"</summary>
            {button::form(&format!("{}/waves", panel.path), &panel.request_id.to_string(), body.into_any())}
        </details>
    }
    .into_any()
}
