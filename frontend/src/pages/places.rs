//! Places and systems.

use domain::{
    playbooks::Setting,
    view::{
        frame::Frame,
        places::{PlacesView, SiteView, UnitLine, UnitView},
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::{Choice, Field},
    table::{self, Column, Row},
};

/// What the page says first.
pub fn title(view: &PlacesView) -> String {
    if view.empty {
        return "No hospital is known here yet".into();
    }
    format!(
        "{}, {}",
        ui::counted(i64::try_from(view.facilities.len()).unwrap_or(i64::MAX), "site", "sites"),
        ui::counted(view.units, "unit", "units")
    )
}

/// All places and systems.
pub fn list(frame: &Frame, view: &PlacesView) -> AnyView {
    let demo = view.empty.then(|| {
        view! { <p>"Or "<a href="/demo">"load the demo hospital"</a>", to try everything with made-up people."</p> }
    });
    view! {
        {ui::head(frame, &title(view), None, Some(button::primary_link("Import places", "/places/import")))}
        {demo}
        {ui::section("Sites", facilities(view))}
        {ui::section("Groups of sites", groups(view))}
        {ui::section("Systems", systems(view))}
    }
    .into_any()
}

fn facilities(view: &PlacesView) -> AnyView {
    let columns =
        vec![Column::new("Site"), Column::new("Time zone"), Column::number("Units"), Column::number("Staff")];
    let rows = view.facilities.iter().map(|line| {
        Row::new(vec![
            table::two_lines(
                view! { <a href=format!("/places/{}", line.id)>{line.name.clone()}</a> },
                format!("{}, {}", line.short_name, line.code),
            ),
            table::text(&line.zone),
            table::text(&ui::count(line.units)),
            table::text(&ui::count(line.staff)),
        ])
    });
    table::table("Sites", columns, rows.collect(), "No site yet.")
}

/// What the page of a site's units says first.
pub fn units_title(view: &SiteView) -> String {
    let closed = view.units.iter().filter(|unit| unit.closed.is_some()).count();
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let open = ui::counted(count(view.units.len() - closed), "unit", "units");
    match closed {
        0 => format!("{} has {open}", view.name),
        many => format!("{} has {open}; {} closed", view.name, ui::counted(count(many), "is", "are")),
    }
}

/// The units of a site.
pub fn units(frame: &Frame, view: &SiteView) -> AnyView {
    let mut columns = vec![
        Column::new("Unit"),
        Column::new("Setting"),
        Column::number("Beds"),
        Column::new("Phone"),
        Column::number("Staff"),
        Column::new("State"),
    ];
    if view.may_change {
        columns.push(Column::actions());
    }
    let rows = view.units.iter().map(|unit| {
        let state =
            unit.closed.as_ref().map_or_else(|| "open".to_owned(), |since| format!("closed since {since}"));
        let mut cells = vec![
            table::two_lines(
                view! { <a href=format!("/places/units/{}", unit.id)>{unit.name.clone()}</a> },
                unit.code.clone(),
            ),
            table::text(setting_words(&unit.setting)),
            table::text(&unit.beds.map(ui::count).unwrap_or_default()),
            ui::phone(&unit.phone),
            table::text(&ui::count(unit.staff)),
            table::text(&state),
        ];
        if view.may_change {
            cells.push(unit_step(view, unit));
        }
        Row::new(cells)
    });
    view! {
        {ui::head(frame, &units_title(view), None, Some(button::secondary_link("All places", "/places")))}
        <p>
            "A closed unit takes no new people by hand and gets no forms, and a later message counts it only for \
             people of it who are told. What was recorded of it stays."
        </p>
        {table::table("Units", columns, rows.collect(), "No unit yet.")}
    }
    .into_any()
}

fn setting_words(code: &str) -> &'static str {
    Setting::from_code(code).map_or("not said", Setting::words)
}

/// What the page of a unit says first.
pub fn unit_title(view: &UnitView) -> String {
    let beds =
        view.unit.beds.map(|beds| format!(", {}", ui::counted(beds, "bed", "beds"))).unwrap_or_default();
    match Setting::from_code(&view.unit.setting) {
        Some(setting) => format!("{}, {}: {}{beds}", view.site, view.unit.name, setting.words()),
        None => format!("{}, {}: nobody has said what is done here{beds}", view.site, view.unit.name),
    }
}

/// One unit: where care is given and how many beds it has.
pub fn unit(frame: &Frame, view: &UnitView) -> AnyView {
    let back = button::secondary_link("All units of the site", &format!("/places/{}", view.facility));
    let form = view.may_change.then(|| {
        let mut settings = vec![Choice::new("", "None of these")];
        settings.extend(Setting::ALL.iter().map(|each| Choice::new(each.code(), each.words())));
        let body = view! {
            {Field::new("setting", "Where care is given")
                .hint("Decides which forms the unit holds and what becomes of them.")
                .value(view.form.setting.0.clone())
                .errors(&frame.errors)
                .select(settings)}
            {Field::new("beds", "Beds")
                .hint("From beds and the form kit comes how many sheets the unit needs.")
                .value(view.form.beds.0.clone())
                .errors(&frame.errors)
                .optional()
                .number()}
            {button::primary("Save")}
        };
        let action = format!("/places/units/{}/care", view.unit.id);
        button::form(&action, &view.request_id.to_string(), body.into_any())
    });
    view! {
        {ui::head(frame, &unit_title(view), None, Some(back))}
        {form}
    }
    .into_any()
}

fn unit_step(view: &SiteView, unit: &UnitLine) -> AnyView {
    let (end, words) = if unit.closed.is_some() { ("reopen", "Open again") } else { ("close", "Close") };
    let act = button::small(words, &unit.name);
    button::form(&format!("/places/units/{}/{end}", unit.id), &view.request_id.to_string(), act)
}

fn groups(view: &PlacesView) -> AnyView {
    let columns = vec![Column::new("Group"), Column::new("Sites")];
    let rows = view.groups.iter().map(|line| {
        Row::new(vec![
            table::two_lines(line.name.clone(), line.code.clone()),
            table::text(&line.facilities.join(", ")),
        ])
    });
    table::table("Groups", columns, rows.collect(), "No group yet.")
}

fn systems(view: &PlacesView) -> AnyView {
    let columns = vec![Column::new("System"), Column::new("Kind"), Column::new("Also called")];
    let rows = view.systems.iter().map(|line| {
        Row::new(vec![
            table::two_lines(line.name.clone(), line.code.clone()),
            table::text(&line.kind.replace('_', " ")),
            table::text(&line.aliases.join(", ")),
        ])
    });
    table::table(
        "Systems",
        columns,
        rows.collect(),
        "No system yet. A declaration adds those of its playbook.",
    )
}
