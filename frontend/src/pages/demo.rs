//! Loading the demo hospital.

use domain::view::{demo::DemoView, frame::Frame};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::{Choice, Field},
};

/// The form for loading it.
pub fn show(frame: &Frame, view: &DemoView) -> AnyView {
    let sizes = vec![
        Choice::new("s", "Small").hint("12 sites, 60 units, 1,500 staff"),
        Choice::new("m", "Medium").hint("12 sites, 120 units, 25,000 staff"),
        Choice::new("l", "Large").hint("12 sites, 450 units, 82,000 staff; takes some seconds"),
    ];
    let size = if view.form.size.is_blank() { "s".to_owned() } else { view.form.size.0.clone() };
    let body = view! {
        {Field::new("size", "How large?").value(size).errors(&frame.errors).radios(sizes)}
        {button::primary("Load the demo hospital")}
    };
    view! {
        {ui::head(frame, "Load the demo hospital", None, None)}
        <p>"Harbor Health, its people, addresses and numbers are made up by the program. Nothing that is sent to them can arrive. Use an installation of its own: made-up people cannot be told from real ones later."</p>
        {button::form("/demo", &view.request_id.to_string(), body.into_any())}
    }
    .into_any()
}
