//! The list of incidents, and declaring one.

use domain::{
    scope::Status,
    view::{
        frame::Frame,
        incidents::{DeclareView, IncidentLine, IncidentsView, SystemChoice},
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::{Choice, Field},
    table::{self, Column, Row},
};

/// What the page of all incidents says first.
pub fn title(view: &IncidentsView) -> String {
    match view.open.len() {
        0 => "No downtime is open".into(),
        1 => format!("{} is open", view.open[0].name),
        many => format!("{many} downtimes are open"),
    }
}

/// All incidents, the open ones first.
pub fn list(frame: &Frame, view: &IncidentsView) -> AnyView {
    let declare = view.may_declare.then(|| button::primary_link("Declare downtime", "/incidents/declare"));
    let columns = || {
        vec![Column::new("Incident"), Column::new("Phase"), Column::new("Declared"), Column::new("Commander")]
    };
    let rows = |lines: &[IncidentLine]| lines.iter().map(row).collect::<Vec<_>>();
    let start = view.empty_installation.then(|| {
        view! {
            <p>"No hospital is known here yet. "<a href="/places">"Set up your hospital"</a>" or "
            <a href="/demo">"load the demo hospital"</a>"."</p>
        }
    });
    view! {
        {ui::head(frame, &title(view), None, declare)}
        {start}
        {table::table("Open incidents", columns(), rows(&view.open), "Nothing is open.")}
        {ui::section("Ended", table::table("Ended incidents", columns(), rows(&view.ended), "None has ended yet."))}
    }
    .into_any()
}

fn row(line: &IncidentLine) -> Row {
    let path = format!("/incidents/{}", line.id);
    let name = if line.exercise { format!("Exercise: {}", line.name) } else { line.name.clone() };
    Row::new(vec![
        view! { <a href=path>{name}</a> }.into_any(),
        table::text(&line.phase),
        table::text(&line.declared),
        table::text(&line.commander),
    ])
}

/// The form for declaring: a playbook fills it, so that at most three decisions remain.
pub fn declare(frame: &Frame, view: &DeclareView) -> AnyView {
    let (form, errors) = (&view.form, &frame.errors);
    let title = view
        .chosen
        .as_ref()
        .map_or_else(|| "Declare downtime".to_owned(), |playbook| format!("Declare: {}", playbook.name));
    let places: Vec<Choice> =
        view.places.iter().map(|place| Choice::new(place.value.clone(), place.name.clone())).collect();
    let ticked: Vec<String> = form.places.iter().map(|place| place.0.clone()).collect();
    let body = view! {
        <input type="hidden" name="playbook" value=form.playbook.0.clone()/>
        {Field::new("basis", "What do you know, and who told you?").hint("This stands in the log as the basis of the decision")
            .value(form.basis.0.clone()).errors(errors).area(3)}
        {Field::new("started_at", "Earliest known start").hint(format!("As 00:40 or 2024-07-19 00:40; it is now {}. Empty means now", view.now))
            .value(form.started_at.0.clone()).errors(errors).time()}
        {Field::new("places", "Where?").errors(errors).checkboxes(places, &ticked)}
        {level(frame, view)}
        {rest(frame, view)}
        {button::primary("Declare downtime")}
    };
    view! {
        {ui::head(frame, &title, None, None)}
        {playbooks(view)}
        {button::form("/incidents", &view.request_id.to_string(), body.into_any())}
    }
    .into_any()
}

/// What a playbook has decided, folded away; without one it must be said.
fn rest(frame: &Frame, view: &DeclareView) -> AnyView {
    let (form, errors) = (&view.form, &frame.errors);
    let fields = view! {
        {systems(view)}
        {Field::new("name", "Name of this downtime").value(form.name.0.clone()).errors(errors).text()}
        {Field::new("cause", "Suspected cause").value(form.cause.0.clone()).errors(errors).optional().text()}
        {Field::new("next_update_minutes", "Next update in how many minutes?")
            .value(form.next_update_minutes.0.clone()).errors(errors).number()}
        {Field::new("kind", "Is this real?").value(if form.kind.is_blank() { "real".into() } else { form.kind.0.clone() })
            .errors(errors)
            .radios(vec![Choice::new("real", "Real"), Choice::new("exercise", "Exercise").hint("Nothing is sent to anybody")])}
    };
    let Some(playbook) = &view.chosen else { return fields.into_any() };
    let decided = ["systems", "name", "cause", "next_update_minutes", "kind"];
    let wrong = decided.iter().any(|name| errors.at(name).is_some());
    let words =
        format!("What {} has decided: systems, name, cause, next update, real or exercise", playbook.name);
    view! { <details open=wrong><summary>{words}</summary>{fields}</details> }.into_any()
}

fn playbooks(view: &DeclareView) -> AnyView {
    let links = view
        .playbooks
        .iter()
        .map(|playbook| {
            let path = format!("/incidents/declare?playbook={}", playbook.code);
            let current = view.chosen.as_ref().is_some_and(|chosen| chosen.code == playbook.code);
            let words = format!("{} v{}", playbook.name, playbook.version);
            view! { <li><a href=path aria-current=current.then_some("true")>{words}</a><small>{playbook.about.clone()}</small></li> }
        })
        .collect_view();
    view! {
        <nav aria-label="Playbooks"><ul class="choices">
            {links}
            <li><a href="/incidents/declare" aria-current=view.chosen.is_none().then_some("true")>"From nothing"</a></li>
        </ul></nav>
    }
    .into_any()
}

fn level(frame: &Frame, view: &DeclareView) -> AnyView {
    let field = Field::new("level", "Level").value(view.form.level.0.clone()).errors(&frame.errors);
    if view.levels.is_empty() {
        return field.optional().text();
    }
    field.radios(
        view.levels.iter().map(|level| Choice::new(level.value.clone(), level.label.clone())).collect(),
    )
}

fn systems(view: &DeclareView) -> AnyView {
    let rows = view.systems.iter().map(|system| system_field(view, system)).collect_view();
    view! { <fieldset class="field"><legend>"What is each system?"</legend>{rows}</fieldset> }.into_any()
}

fn system_field(view: &DeclareView, system: &SystemChoice) -> AnyView {
    let name = format!("systems-{}", system.code);
    let choices = std::iter::once((String::new(), "not part of this".to_owned()))
        .chain(Status::ALL.into_iter().map(|status| (status.code().to_owned(), status.words().to_owned())))
        .map(|(code, words)| {
            let selected = code == system.status;
            view! { <option value=format!("{}:{code}", system.code) selected=selected>{words}</option> }
        })
        .collect_view();
    let _ = view;
    view! {
        <p class="pair">
            <label for=name.clone()>{system.name.clone()}</label>
            <select id=name name="systems">{choices}</select>
        </p>
    }
    .into_any()
}
