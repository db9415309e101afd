//! Reporting what a system is now, and promising the next update.

use domain::{
    scope::Status,
    view::{frame::Frame, situation::SituationView},
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::{Choice, Field},
};

/// The two forms.
pub fn page(frame: &Frame, view: &SituationView) -> AnyView {
    view! {
        {ui::head(frame, "What has changed?", None, None)}
        {ui::section("A system is something else now", report(frame, view))}
        {ui::section("The next update", promise(frame, view))}
    }
    .into_any()
}

fn report(frame: &Frame, view: &SituationView) -> AnyView {
    let (form, errors) = (&view.report, &frame.errors);
    let systems = view
        .systems
        .iter()
        .map(|system| Choice::new(system.code.clone(), format!("{}, now {}", system.name, system.status)))
        .collect();
    let statuses = Status::ALL.into_iter().map(|status| Choice::new(status.code(), status.words())).collect();
    let sites = view.sites.iter().map(|(code, name)| Choice::new(code.clone(), name.clone())).collect();
    let ticked: Vec<String> = form.sites.iter().map(|site| site.0.clone()).collect();
    let body = view! {
        {Field::new("system", "Which system?").value(form.system.0.clone()).errors(errors).select(systems)}
        {Field::new("status", "What is it now?").value(form.status.0.clone()).errors(errors).radios(statuses)}
        {Field::new("sites", "At which sites?").hint("Tick none for every site of this downtime").errors(errors)
            .checkboxes(sites, &ticked)}
        {Field::new("since", "Since when?").hint("As 2024-07-19 04:10. Empty means now").value(form.since.0.clone())
            .errors(errors).time()}
        {button::primary("Report the status")}
    };
    button::form(&format!("{}/statuses", view.path), &view.report_id.to_string(), body.into_any())
}

fn promise(frame: &Frame, view: &SituationView) -> AnyView {
    let body = view! {
        {Field::new("minutes", "In how many minutes?").value(view.promise.minutes.0.clone()).errors(&frame.errors)
            .number()}
        {button::secondary("Promise the next update")}
    };
    button::form(&format!("{}/next-update", view.path), &view.promise_id.to_string(), body.into_any())
}
