//! Two alphabets of shapes, never shared: a status says what a system is, an instruction what people may do.
//! All are inline SVG in the current colour, so they print and survive forced colours.
//!
//! Icons are hidden from screen readers, because the word always stands beside them or in the cell's name.

use domain::{instructions::Look, scope::Status, view::frame::Section};
use leptos::prelude::*;

/// What a system is.
pub fn status(status: Status) -> AnyView {
    let shape = match status {
        Status::Down => r#"<path d="M1 1h10v10H1z"/>"#,
        Status::Degraded => r#"<path d="M6 .8 11.6 11H.4z"/>"#,
        Status::ReadOnly => {
            r#"<path d="M1.75 1.75h8.5v8.5h-8.5z" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M1 1h5v10H1z"/>"#
        }
        Status::Restoring => {
            r#"<circle cx="6" cy="6" r="4.75" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M6 1a5 5 0 0 0 0 10z"/>"#
        }
        Status::Operational => r#"<circle cx="6" cy="6" r="5.5"/>"#,
        Status::Unknown => {
            r#"<circle cx="6" cy="6" r="4.6" fill="none" stroke="currentColor" stroke-width="1.8"/>"#
        }
    };
    svg("i s", "0 0 12 12", shape)
}

/// The class that carries a status's colour.
pub const fn status_class(status: Status) -> &'static str {
    match status {
        Status::Down => "down",
        Status::Degraded => "degraded",
        Status::ReadOnly => "readonly",
        Status::Restoring => "restoring",
        Status::Operational => "operational",
        Status::Unknown => "unknown",
    }
}

/// What people may do.
pub fn order(look: Look) -> AnyView {
    let shape = match look {
        Look::Forbid | Look::Limited => r#"<circle cx="7" cy="7" r="5.7"/><path d="M3.2 10.8l7.6-7.6"/>"#,
        Look::Read => {
            r#"<path d="M.9 7C2.6 4.2 4.6 2.9 7 2.9S11.4 4.2 13.1 7C11.4 9.8 9.4 11.1 7 11.1S2.6 9.8 .9 7z"/><circle cx="7" cy="7" r="1.9" fill="currentColor" stroke="none"/>"#
        }
        Look::Act => r#"<path d="M1.5 7h10.5M7.8 2.6 12.2 7l-4.4 4.4"/>"#,
        Look::Use => r#"<path d="M1.6 7.6l3.7 3.7 7.1-8"/>"#,
        Look::NoOrder => r#"<path d="M3 7h8"/>"#,
    };
    svg("i o", "0 0 14 14", shape)
}

/// Late.
pub fn flag() -> AnyView {
    svg("i f", "0 0 12 12", r#"<path d="M1.5 1H3v10.5H1.5zM3 1.5h8.5L9 4.25 11.5 7H3z"/>"#)
}

/// Due soon or in doubt.
pub fn soon() -> AnyView {
    status(Status::Degraded)
}

/// Nothing late.
pub fn tick() -> AnyView {
    svg(
        "i f",
        "0 0 12 12",
        r#"<path d="M1.5 6.5l3 3 6-7" fill="none" stroke="currentColor" stroke-width="1.6"/>"#,
    )
}

/// Locked by another person.
pub fn padlock() -> AnyView {
    svg(
        "i f",
        "0 0 12 12",
        r#"<path d="M2 5.2h8V11H2z"/><path d="M3.8 5.5V3.7a2.2 2.2 0 0 1 4.4 0v1.8" fill="none" stroke="currentColor" stroke-width="1.4"/>"#,
    )
}

/// A destination of the rail.
pub fn destination(section: Section) -> AnyView {
    svg(
        "i r",
        "0 0 18 18",
        match section {
            Section::Board => r#"<path d="M2.5 3.5h13v11h-13zM2.5 7h13M7 7v7.5"/>"#,
            Section::Instructions => r#"<path d="M9 1.8 16.2 9 9 16.2 1.8 9zM6 9h6"/>"#,
            Section::Broadcasts => {
                r#"<path d="M2 7v4h2.5L10 14.5v-11L4.5 7zM12.5 6.5a3.5 3.5 0 0 1 0 5M14.5 4.5a6.4 6.4 0 0 1 0 9"/>"#
            }
            Section::Patients => {
                r#"<circle cx="9" cy="5.5" r="3"/><path d="M3 16v-1.5A4.5 4.5 0 0 1 7.5 10h3a4.5 4.5 0 0 1 4.5 4.5V16"/>"#
            }
            Section::Paper => r#"<path d="M4 2h7l3.5 3.5V16H4zM10.5 2v4h4M6.5 9h5.5M6.5 12h5.5"/>"#,
            Section::Devices => r#"<path d="M2.5 3.5h13v8.5h-13zM9 12v3M5.5 15h7"/>"#,
            Section::Clearance => r#"<path d="M5 1.5v15M13 1.5v15M5 4.5h8M5 9h8M5 13.5h8"/>"#,
            Section::Command => {
                r#"<path d="M6.5 2h5v4h-5zM1.5 12h5v4h-5zM11.5 12h5v4h-5zM9 6v3M4 12V9h10v3"/>"#
            }
            Section::Log => r#"<path d="M6.5 4H16M6.5 9H16M6.5 14H16M2 4h2M2 9h2M2 14h2"/>"#,
            Section::Report => r#"<path d="M2.5 2v13.5H16M6 13V9M9.5 13V5M13 13V7.5"/>"#,
            Section::Incidents => r#"<path d="M9 2.5 16.5 15h-15zM9 7v4M9 12.2v1.3"/>"#,
            Section::Places => r#"<path d="M3 16V3h8v13M11 7h4v9M1.5 16h15M6 6h2M6 9h2M6 12h2"/>"#,
            Section::Neighbours => r#"<path d="M2 16V7l4-3 4 3v9zM10 16v-6l3-2 3 2v6M6 9v3M4.5 10.5h3"/>"#,
            Section::Readiness => r#"<path d="M2.5 5.5h13V15h-13zM6.5 5.5V3h5v2.5M6 10l2 2 4-4"/>"#,
            Section::Schedules => {
                r#"<path d="M2.5 4h13v12h-13zM2.5 7.5h13M6 2v3.5M12 2v3.5M6 11h2M10.5 11h2"/>"#
            }
            Section::Staff => {
                r#"<circle cx="6.5" cy="6" r="2.5"/><path d="M2 15v-1a4 4 0 0 1 4-4h1a4 4 0 0 1 4 4v1M11.5 3.8a2.5 2.5 0 0 1 0 4.4M13 10.3A4 4 0 0 1 16 14v1"/>"#
            }
            Section::Accounts => r#"<circle cx="5.5" cy="9" r="3.5"/><path d="M9 9h7.5v3M13.5 9v2.5"/>"#,
            Section::Playbooks => {
                r#"<path d="M9 4.5C7.5 3 5 2.5 2 2.5v11.5c3 0 5.5 .5 7 2 1.5-1.5 4-2 7-2V2.5c-3 0-5.5 .5-7 2zM9 4.5V16"/>"#
            }
        },
    )
}

/// The rest of the destinations, on a phone.
pub fn more() -> AnyView {
    svg("i r", "0 0 18 18", r#"<path d="M2 4.5h14M2 9h14M2 13.5h14"/>"#)
}

/// The open end of a select box is drawn by the style sheet; this is for links that open something.
pub fn chevron() -> AnyView {
    svg("i o", "0 0 14 14", r#"<path d="M2.5 5 7 9.5 11.5 5"/>"#)
}

fn svg(class: &'static str, view_box: &'static str, shape: &'static str) -> AnyView {
    view! { <svg class=class viewBox=view_box aria-hidden="true" focusable="false" inner_html=shape></svg> }
        .into_any()
}
