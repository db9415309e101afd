//! Devices that are given back: which units still have no working computer, and who goes there next. The list of
//! units is also the sheet that a runner takes along, with boxes to write in.

use domain::view::{
    devices::{DeviceLine, DeviceSite, DeviceUnitView, DeviceUnitsView, DevicesView},
    forms::Named,
    frame::Frame,
};
use leptos::prelude::*;

use crate::ui::{
    self, button, count, counted,
    curve::curve,
    field::{Choice, Field},
    table::{self, Column, Row},
    tag,
};

/// The whole downtime, by site.
pub fn all(frame: &Frame, view: &DevicesView) -> AnyView {
    let base = format!("/incidents/{}/devices", view.incident);
    let list = |show: &str| format!("{base}/units?class={}&show={show}", view.class);
    let actions = view! {
        {view.may_import.then(|| button::secondary_link("Import counts", &format!("{base}/import")))}
        {button::primary_link("Who goes next", &list("left"))}
    };
    let filter = (view.classes.len() > 1).then(|| {
        let kinds =
            Field::new("class", "Kind of device").value(view.class.clone()).select(with_all(&view.classes));
        button::filter_form(&base, view! { {kinds}{button::secondary("Show")} }.into_any())
    });
    let curve = view.curve.as_ref().map(|points| {
        let name = format!("{} of {} devices work", count(view.sums.fixed), count(view.sums.in_all));
        ui::panel("Working again, in percent", curve(points, &name))
    });
    view! {
        {ui::head(frame, &view.title, Some(lede(view, &list)), Some(actions.into_any()))}
        {ui::panel("By site", view! {
            {filter}
            {by_site(view, &base)}
        }.into_any())}
        {curve}
        <p class="hint">{format!("As of {}. ", view.as_of)}{HOW_COUNTED}</p>
    }
    .into_any()
}

const HOW_COUNTED: &str = "What people count and what the machines report is never added up: the larger of the two \
    counts, so half by hand and half by script reads low until somebody counts again.";

/// What is done and left, then each thing that is wrong, leading to its rows.
fn lede(view: &DevicesView, list: &impl Fn(&str) -> String) -> AnyView {
    let sums = view.sums;
    let done = format!(
        "{} of {} fixed, {} left. {}",
        count(sums.fixed),
        count(sums.in_all),
        count(sums.left),
        view.pace
    );
    let several = view.class.is_empty() && view.classes.len() > 1;
    let bare = if several { "with no working device of a kind" } else { "with no working device" };
    let wrong = [
        (view.bare, bare, "none"),
        (view.bare_without_team, "of these to which nobody goes", "no_team"),
        (view.uncounted, "not counted, though devices reported", "uncounted"),
        (view.beyond, "where more have reported than were counted", "beyond"),
    ];
    let wrong = wrong
        .into_iter()
        .filter(|(units, ..)| *units > 0)
        .map(|(units, words, show)| {
            let words = format!("{} {words}", counted(units, "unit", "units"));
            view! { " "<a class="late" href=list(show)>{words}</a>"." }
        })
        .collect_view();
    view! { {done}{wrong} }.into_any()
}

fn by_site(view: &DevicesView, base: &str) -> AnyView {
    let columns = vec![
        Column::new("Site"),
        Column::number("In all"),
        Column::number("Checked"),
        Column::number("Fixed"),
        Column::number("Left"),
        Column::number("Units with none"),
        Column::number("Units known"),
    ];
    let mut sites: Vec<&DeviceSite> = view.sites.iter().collect();
    sites.sort_by_key(|site| (std::cmp::Reverse(site.bare), std::cmp::Reverse(site.sums.left)));
    let rows = sites.into_iter().map(|site| {
        let path = |show: &str| format!("{base}/units?site={}&class={}&show={show}", site.code, view.class);
        let bare = if site.bare > 0 {
            let words = tag::late(&count(site.bare));
            view! { <a href=path("none")>{words}</a> }.into_any()
        } else {
            table::text("0")
        };
        Row::new(vec![
            view! { <a href=path("")>{site.name.clone()}</a> }.into_any(),
            table::text(&count(site.sums.in_all)),
            table::text(&count(site.sums.checked)),
            table::text(&count(site.sums.fixed)),
            tag::figure_link(&count(site.sums.left), &path("left")),
            bare,
            table::text(&format!("{} of {}", count(site.known_units), count(site.units))),
        ])
    });
    table::table("Devices by site", columns, rows.collect(), "No kind of device is part of this downtime.")
}

/// Units, the worst first.
pub fn units(frame: &Frame, view: &DeviceUnitsView) -> AnyView {
    let base = format!("/incidents/{}/devices", view.incident);
    let shown = [
        ("", "Every unit"),
        ("left", "Devices left"),
        ("none", "No working device"),
        ("no_team", "No working device, no team"),
        ("uncounted", "Not counted"),
        ("beyond", "More reported than counted"),
    ];
    let shown = shown.into_iter().map(|(value, words)| Choice::new(value, words)).collect();
    view! {
        {ui::head(frame, &view.title, None, Some(button::secondary_link("All sites", &base)))}
        <section class="panel">
            {button::filter_form(&format!("{base}/units"), view! {
                {Field::new("site", "Site").value(view.site.clone()).select(with_all(&view.sites))}
                {Field::new("class", "Kind of device").value(view.class.clone()).select(with_all(&view.classes))}
                {Field::new("show", "Show").value(view.show.clone()).select(shown)}
                {button::secondary("Show")}
            }.into_any())}
            {lines(&view.lines, &base, view.may_count, "There is no such unit.")}
            {table::next_page("The next units", view.next.clone())}
        </section>
    }
    .into_any()
}

fn lines(lines: &[DeviceLine], base: &str, may_count: bool, empty: &str) -> AnyView {
    let mut columns = vec![
        Column::new("Unit"),
        Column::new("Kind of device"),
        Column::number("In all"),
        Column::number("Checked"),
        Column::number("Fixed"),
        Column::number("Left"),
        Column::new("Who goes there"),
        Column::by_hand("Checked now"),
        Column::by_hand("Fixed now"),
        Column::by_hand("Time, initials"),
    ];
    if may_count {
        columns.push(Column::actions());
    }
    let rows = lines.iter().map(|line| {
        let path = format!("{base}/units/{}?class={}", line.unit, line.class);
        let mut cells = figures(line, &path);
        cells.extend([table::text(""), table::text(""), table::text("")]);
        if may_count {
            let on = format!("{}, {}", line.name, line.class_name);
            cells.push(button::small_link("Count", &on, &path));
        }
        Row::new(cells)
    });
    table::table("Devices by unit, the worst first", columns, rows.collect(), empty)
}

fn figures(line: &DeviceLine, path: &str) -> Vec<AnyView> {
    let in_all = line.in_all.map_or_else(|| tag::soon("not counted"), |in_all| table::text(&count(in_all)));
    let left = count(line.left);
    let left = if line.beyond > 0 {
        let more = format!("{} more reported than counted", count(line.beyond));
        table::two_lines(left, tag::late(&more))
    } else if line.left > 0 && line.fixed == 0 {
        table::two_lines(left, tag::late("none works"))
    } else {
        table::text(&left)
    };
    vec![
        table::two_lines(view! { <a href=path.to_owned()>{line.name.clone()}</a> }, line.site.clone()),
        table::text(&line.class_name),
        in_all,
        table::text(&count(line.checked)),
        table::text(&count(line.fixed)),
        left,
        table::text(if line.team.is_empty() { "nobody yet" } else { &line.team }),
    ]
}

/// One unit.
pub fn unit(frame: &Frame, view: &DeviceUnitView) -> AnyView {
    let base = format!("/incidents/{}/devices", view.incident);
    let here = format!("{base}/units/{}", view.unit);
    let back = button::secondary_link("The units of this site", &format!("{base}/units?site={}", view.site));
    let goes = if view.team.is_empty() {
        "Nobody goes there yet.".to_owned()
    } else {
        format!("{} goes there.", view.team)
    };
    view! {
        {ui::head(frame, &view.title, Some(goes.into_any()), Some(back))}
        {ui::panel("Now", lines(&view.lines, &base, false, "Nobody has counted the devices of this unit."))}
        {view.may_count.then(|| ui::panel("Count again", count_form(frame, view, &here)))}
        {view.may_send.then(|| ui::panel("Who goes there", team_form(frame, view, &here)))}
        {ui::panel("What happened last", events(view))}
    }
    .into_any()
}

fn count_form(frame: &Frame, view: &DeviceUnitView, here: &str) -> AnyView {
    let (form, errors) = (&view.count, &frame.errors);
    let body = view! {
        {Field::new("class", "Kind of device").value(form.class.0.clone()).errors(errors).select(choices(&view.classes))}
        {Field::new("in_all", "In all").hint("Empty stays as it is; 0 when the unit has none").value(form.in_all.0.clone())
            .errors(errors).optional().number()}
        {Field::new("checked", "Checked").hint("Looked at; those that work are among them")
            .value(form.checked.0.clone()).errors(errors).optional().number()}
        {Field::new("fixed", "Fixed").hint("Works again, or was found working").value(form.fixed.0.clone())
            .errors(errors).optional().number()}
        {button::primary("Keep this count")}
    };
    button::form(here, &view.request_id.to_string(), body.into_any())
}

fn team_form(frame: &Frame, view: &DeviceUnitView, here: &str) -> AnyView {
    let body = view! {
        {Field::new("team", "Field team").hint("As the team is called; empty takes it back")
            .value(view.send.team.0.clone()).errors(&frame.errors).optional().text()}
        {button::secondary("Send this team")}
    };
    button::form(&format!("{here}/team"), &view.request_id.to_string(), body.into_any())
}

fn events(view: &DeviceUnitView) -> AnyView {
    let columns = vec![Column::new("When"), Column::new("What"), Column::new("Kind of device")];
    let rows = view.events.iter().map(|event| {
        Row::new(vec![table::text(&event.at), table::text(&event.what), table::text(&event.class_name)])
    });
    table::table("What happened last", columns, rows.collect(), "Nothing yet.")
}

fn choices(named: &[Named]) -> Vec<Choice> {
    named.iter().map(|each| Choice::new(each.value.clone(), each.name.clone())).collect()
}

fn with_all(named: &[Named]) -> Vec<Choice> {
    std::iter::once(Choice::new("", "All")).chain(choices(named)).collect()
}
