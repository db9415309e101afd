//! Print packs: what lies ready, the form for printing, one pack, and the sheets themselves.

use std::fmt::Write;

use domain::{
    packs::{Mark, Page, Paper},
    view::{
        forms::Named,
        frame::Frame,
        packs::{NewPackForm, NewPacksView, PackLine, PackView, PacksView, SheetsPrintView},
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::{Choice, Field},
    table::{self, Column, Row},
};

/// The title of the form for printing.
pub const NEW_TITLE: &str = "Print numbered forms";

fn choices(named: &[Named]) -> Vec<Choice> {
    named.iter().map(|each| Choice::new(each.value.clone(), each.name.clone())).collect()
}

fn state_words(code: &str) -> String {
    domain::packs::State::from_code(code).map_or("", domain::packs::State::words).to_owned()
}

/// The packs, the newest first.
pub fn list(frame: &Frame, view: &PacksView) -> AnyView {
    let print = view.may_print.then(|| button::primary_link("Print numbered forms", "/packs/new"));
    let mut states = vec![Choice::new("", "All")];
    states.extend(domain::packs::State::ALL.map(|state| Choice::new(state.code(), state.words())));
    let filter = view! {
        {Field::new("state", "Shown").value(view.state.clone()).select(states)}
        {button::secondary("Show")}
    };
    let columns = vec![
        Column::new("Pack"),
        Column::new("Unit"),
        Column::number("Sheets"),
        Column::new("What"),
        Column::new("State"),
        Column::new("Printed"),
        Column::by_hand("Seen, initials"),
    ];
    let rows = view.packs.iter().map(row).collect();
    view! {
        {ui::head(frame, &view.title, Some(view! { <a href="/stock">"Blank forms at the units"</a>" · "<a href="/readiness">"Are the units ready?"</a> }.into_any()), print)}
        <section class="panel">
            {button::filter_form("/packs", filter.into_any())}
            {table::table(&view.title, columns, rows, "No such pack. Print one for each unit before it is needed.")}
            {table::next_page("The packs before these", view.next.clone())}
        </section>
    }
    .into_any()
}

fn row(line: &PackLine) -> Row {
    Row::new(vec![
        view! { <a href=format!("/packs/{}", line.pack)>{line.name.clone()}</a> }.into_any(),
        table::two_lines(line.unit.clone(), line.site.clone()),
        table::text(&ui::count(line.sheets)),
        table::text(&line.what),
        table::text(&state_words(&line.state)),
        table::text(&line.made),
        table::text(""),
    ])
}

/// The form for printing: which kit and unit first, then how many sheets of each form.
pub fn new(frame: &Frame, view: &NewPacksView) -> AnyView {
    let chosen: Vec<String> = view.form.unit.iter().map(|unit| unit.trimmed().to_owned()).collect();
    let back = button::secondary_link("All packs", "/packs");
    let mut units = vec![Choice::new("", "Every form of the kit")];
    units.extend(choices(&view.units));
    let narrow = view! {
        {Field::new("playbook", "Kit of the playbook").own_id("kit").value(view.form.playbook.0.clone()).select(choices(&view.playbooks))}
        {Field::new("unit", "Forms of the unit").own_id("for").value(chosen.first().cloned().unwrap_or_default())
            .select(units)}
        {button::secondary("Show its forms")}
    };
    let body = view! {
        <input type="hidden" name="playbook" value=view.form.playbook.0.clone()/>
        <h2>"Print for"</h2>
        <p class="hint">"Each unit gets a pack of its own."</p>
        {errors_of(frame, "unit")}
        {units_by_site(&view.units, &chosen)}
        {errors_of(frame, "form_type")}
        {errors_of(frame, "sheets")}
        {table::table("How many sheets of each form", vec![
            Column::new("Form"), Column::number("A unit holds"), Column::new("Print"),
        ], view.forms.iter().map(form_row).collect(), "Choose an approved playbook that has forms.")}
        {Field::new("paper", "Paper").value(if view.form.paper.is_blank() { "letter".to_owned() } else { view.form.paper.0.clone() })
            .errors(&frame.errors)
            .radios(Paper::ALL.map(|paper| Choice::new(paper.code(), paper.words())).into())}
        {button::primary("Make the packs")}
    };
    view! {
        {ui::head(frame, NEW_TITLE, Some("Every sheet gets a number that no other sheet of this installation has.".into_any()), Some(back))}
        <section class="panel">{button::filter_form("/packs/new", narrow.into_any())}</section>
        {button::form("/packs/new", &view.request_id.to_string(), body.into_any())}
    }
    .into_any()
}

/// Hundreds of units would hide what comes after them: each site's are folded away until somebody wants them.
fn units_by_site(units: &[Named], chosen: &[String]) -> AnyView {
    let mut sites: Vec<(&str, Vec<Choice>, bool)> = Vec::new();
    for unit in units {
        let site = unit.name.split_once(", ").map_or("", |(site, _)| site);
        if sites.last().is_none_or(|(last, ..)| *last != site) {
            sites.push((site, Vec::new(), false));
        }
        let (_, choices, is_chosen) = sites.last_mut().expect("there is one");
        choices.push(Choice::new(unit.value.clone(), unit.name.clone()));
        *is_chosen |= chosen.contains(&unit.value);
    }
    let few = units.len() <= 20;
    let folded = sites.into_iter().enumerate().map(|(index, (site, choices, is_chosen))| {
        let summary =
            format!("{site}, {}", ui::counted(choices.len().try_into().unwrap_or(0), "unit", "units"));
        let label = format!("Units of {site}");
        view! {
            <details open=few || is_chosen>
                <summary>{summary}</summary>
                {Field::new("unit", &label).own_id(&format!("units-{index}")).checkboxes(choices, chosen)}
            </details>
        }
    });
    folded.collect_view().into_any()
}

fn errors_of(frame: &Frame, field: &str) -> AnyView {
    let id = ui::field::field_id(field);
    frame
        .errors
        .at(field)
        .map(|error| view! { <p class="error" id=id tabindex="-1">{error.to_owned()}</p> })
        .into_any()
}

fn form_row(form: &NewPackForm) -> Row {
    let (id, label) = (format!("sheets-{}", form.code), format!("Sheets of {}", form.code));
    let input = view! {
        <input type="hidden" name="form_type" value=form.code.clone()/>
        <label class="unseen" for=id.clone()>{label}</label>
        <input class="box short" type="text" inputmode="numeric" autocomplete="off" id=id name="sheets"
            value=form.sheets.clone()/>
    };
    Row::new(vec![
        table::two_lines(form.code.clone(), form.name.clone()),
        table::text(&ui::count(form.par)),
        input.into_any(),
    ])
}

/// One pack.
pub fn one(frame: &Frame, view: &PackView) -> AnyView {
    let base = format!("/packs/{}", view.pack);
    let actions = view! {
        {button::secondary_link("All packs", "/packs")}
        {button::secondary_link("Print from this page", &format!("{base}/sheets"))}
        {button::primary_link("Print as PDF", &format!("{base}/sheets.pdf"))}
    };
    let columns = vec![
        Column::new("Form"),
        Column::number("Sheets"),
        Column::new("First serial"),
        Column::new("Last serial"),
        Column::by_hand("Counted, initials"),
    ];
    let rows = view.ranges.iter().map(|range| {
        Row::new(vec![
            table::two_lines(range.code.clone(), range.name.clone()),
            table::text(&ui::count(range.sheets)),
            table::text(&range.first),
            table::text(&range.last),
            table::text(""),
        ])
    });
    let lede = format!(
        "{}, {}. {} Printed {} on {}.",
        view.line.site, view.line.unit, view.playbook, view.line.made, view.paper
    );
    view! {
        {ui::head(frame, &view.title, Some(lede.into_any()), Some(actions.into_any()))}
        {standing(view)}
        {ui::panel("Serials", table::table("Serials by form", columns, rows.collect(), "None."))}
        {view.may_hand_out.then(|| steps(frame, view, &base))}
    }
    .into_any()
}

fn standing(view: &PackView) -> AnyView {
    let incident = view.incident.as_ref().map(|incident| {
        let path = format!("/incidents/{}/forms", incident.value);
        view! { <p>"Handed out in "<a href=path>{incident.name.clone()}</a>"."</p> }
    });
    let reason = (!view.reason.is_empty()).then(|| view! { <p>{format!("Withdrawn: {}", view.reason)}</p> });
    view! { {incident}{reason} }.into_any()
}

fn steps(frame: &Frame, view: &PackView, base: &str) -> AnyView {
    let request = view.request_id.to_string();
    let hand_out = if view.incidents.is_empty() {
        view! { <p class="empty">"No incident is open. The pack stays in the unit's box until one is."</p> }
            .into_any()
    } else {
        let body = view! {
            {Field::new("incident", "In which incident").value(view.hand_out.incident.0.clone()).errors(&frame.errors)
                .select(choices(&view.incidents))}
            {button::secondary(&format!("Hand out {}", ui::counted(view.line.sheets, "sheet", "sheets")))}
        };
        button::form(&format!("{base}/hand-out"), &request, body.into_any())
    };
    let body = view! {
        {Field::new("reason", "Why it is withdrawn").hint("Lost, spoilt, out of date. Its numbers are never used again.")
            .value(view.withdraw.reason.0.clone()).errors(&frame.errors).text()}
        {button::secondary("Withdraw the pack")}
    };
    view! {
        {ui::panel("Hand it out", hand_out)}
        {ui::panel("Withdraw it", button::form(&format!("{base}/withdraw"), &request, body.into_any()))}
    }
    .into_any()
}

/// The sheets, one drawing a page, drawn from the same marks as the PDF.
pub fn sheets(frame: &Frame, view: &SheetsPrintView) -> AnyView {
    let back = button::secondary_link("The pack", &format!("/packs/{}", view.pack));
    let drawings: String = view.pages.iter().map(drawing).collect();
    view! {
        {ui::head(frame, &view.title, None, Some(back))}
        <div class="sheets" inner_html=drawings></div>
    }
    .into_any()
}

fn drawing(page: &Page) -> String {
    let (width, height, title) = (page.width, page.height, ui::escape(&page.title));
    let mut svg = format!(
        r##"<svg class="sheet" role="img" aria-label="{title}" viewBox="0 0 {width} {height}" fill="#000" stroke="none" font-family="Arimo, Arial, Helvetica, sans-serif"><rect width="{width}" height="{height}" fill="#fff"/>"##
    );
    for mark in &page.marks {
        draw(&mut svg, mark);
    }
    svg.push_str("</svg>");
    svg
}

fn draw(svg: &mut String, mark: &Mark) {
    let drawn = match mark {
        Mark::Text { x, y, size, bold, text } => {
            let weight = if *bold { r#" font-weight="700""# } else { "" };
            write!(
                svg,
                r#"<text x="{x:.2}" y="{y:.2}" font-size="{size:.2}"{weight}>{}</text>"#,
                ui::escape(text)
            )
        }
        Mark::Line { x, y, to_x, to_y, width } => {
            write!(
                svg,
                r##"<path d="M{x:.2} {y:.2}L{to_x:.2} {to_y:.2}" stroke="#000" stroke-width="{width}"/>"##
            )
        }
        Mark::Frame { x, y, width, height, line } => write!(
            svg,
            r##"<rect x="{x:.2}" y="{y:.2}" width="{width:.2}" height="{height:.2}" fill="none" stroke="#000" stroke-width="{line}"/>"##
        ),
        Mark::Dark { boxes } => dark(svg, boxes),
    };
    drawn.expect("a text in memory takes all that is written");
}

fn dark(svg: &mut String, boxes: &[[f64; 4]]) -> std::fmt::Result {
    svg.push_str(r#"<path shape-rendering="crispEdges" d=""#);
    for [x, y, width, height] in boxes {
        write!(svg, "M{x:.3} {y:.3}h{width:.3}v{height:.3}h-{width:.3}z")?;
    }
    svg.push_str(r#""/>"#);
    Ok(())
}
