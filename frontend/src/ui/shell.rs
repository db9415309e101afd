//! The frame around every page: skip link, exercise band, incident bar, rail or bottom bar, what went wrong.

use domain::view::frame::{Frame, IncidentBar, Notice, Promise, RailItem, Section, SignedIn, Theme};
use leptos::prelude::*;

use super::{count, counted, field::field_id, icon};

/// How many destinations stand in the bottom bar of a phone before `More`.
const BOTTOM_ITEMS: usize = 4;
/// The destinations a phone shows first, as far as they are in the rail.
const BOTTOM_FIRST: [Section; 6] = [
    Section::Board,
    Section::Broadcasts,
    Section::Patients,
    Section::Paper,
    Section::Incidents,
    Section::Clearance,
];

/// The body of a document: the frame with a page inside.
pub fn around(frame: &Frame, body: AnyView) -> AnyView {
    let exercise = frame.incident.as_ref().is_some_and(|incident| incident.exercise);
    let class = format!(
        "app{}{}{}",
        if exercise { " exercise" } else { "" },
        if frame.incident.is_some() { "" } else { " no-incident" },
        if frame.rail.is_empty() { " no-rail" } else { "" },
    );
    view! {
        <a class="skip" href="#main">"Skip to the page"</a>
        <div class=class>
            {exercise.then(band)}
            {print_head(frame)}
            {match &frame.incident {
                Some(incident) => incident_bar(incident),
                None => plain_bar(frame),
            }}
            {(!frame.rail.is_empty()).then(|| rail(frame))}
            <main id="main" tabindex="-1">
                {frame.notice.clone().map(notice)}
                {frame.alarm.clone().map(alarm)}
                {problems(frame)}
                {print_clocks(frame)}
                {body}
            </main>
            {(!frame.rail.is_empty()).then(|| bottom_bar(frame))}
            {print_foot(frame)}
        </div>
    }
    .into_any()
}

fn band() -> AnyView {
    view! {
        <p class="band"><strong>"EXERCISE. Nothing here is real. No message reaches a patient."</strong></p>
    }
    .into_any()
}

fn plain_bar(frame: &Frame) -> AnyView {
    let (name, line) = if frame.organisation.is_empty() {
        ("Downtime Command".to_owned(), String::new())
    } else {
        (frame.organisation.clone(), "Downtime Command".to_owned())
    };
    view! {
        <header class="bar plain">
            <div class="bar-name">
                <p class="bar-title">{name}</p>
                <p class="bar-scope">{line}</p>
            </div>
        </header>
    }
    .into_any()
}

fn incident_bar(bar: &IncidentBar) -> AnyView {
    let clocks = bar.clocks.clone();
    let level = if bar.level.is_empty() { "Phase".to_owned() } else { format!("Phase, {}", bar.level) };
    let board = format!("/incidents/{}", bar.id);
    let (time, zone) = clocks.server.split_once(' ').unwrap_or((&clocks.server, ""));
    let (time, zone) = (time.to_owned(), zone.to_owned());
    view! {
        <header class="bar" data-now=clocks.now.0.to_string() data-incident=bar.id.to_string()>
            <div class="bar-name">
                <p class="bar-title"><a href=board>{bar.name.clone()}</a></p>
                <p class="bar-scope">{bar.scope_line.clone()}</p>
            </div>
            <dl class="cells">
                <div class="cell cell-phase">
                    <dt>{level}</dt>
                    <dd>{phase(&bar.phase)}</dd>
                </div>
                <div class="cell cell-since">
                    <dt>
                        "Since "{clocks.since}
                        <span class="wide">", "<span data-clock="down" data-at=clocks.started.0.to_string()>{clocks.down}</span></span>
                    </dt>
                    <dd class="clock" data-clock="since" data-at=clocks.declared.unwrap_or(clocks.started).0.to_string()>
                        {clocks.t_plus}
                    </dd>
                </div>
                {clocks.next_update.map(promise)}
                <div class="cell cell-commander">
                    <dt><span class="wide">"Incident commander"</span><span class="narrow">"Commander: "</span></dt>
                    <dd>{bar.commander.clone()}</dd>
                </div>
                <div class="cell cell-live" data-live="page">
                    <dt><span class="mark"></span><span data-live-words="">"As of"</span></dt>
                    <dd><span data-clock="server">{time}</span><span class="zone">" "{zone}</span></dd>
                </div>
            </dl>
        </header>
    }
    .into_any()
}

fn promise(promise: Promise) -> AnyView {
    view! {
        <div class=format!("cell cell-next {}", promise.urgency.code())>
            <dt><span class="wide">"Next update, due "{promise.clock}</span><span class="narrow">"Next update"</span></dt>
            <dd class="clock" data-clock="due" data-at=promise.at.0.to_string()>{promise.words}</dd>
        </div>
    }
    .into_any()
}

/// The phase as a block: downtime red, recovery violet, the others in ink.
fn phase(phase: &str) -> AnyView {
    use domain::scope::Status;
    let (class, shape) = match phase {
        "downtime" => ("phase down", icon::status(Status::Down)),
        "recovery" => ("phase restoring", icon::status(Status::Restoring)),
        "watch" => ("phase degraded", icon::status(Status::Degraded)),
        "reconciling" => ("phase", icon::status(Status::Restoring)),
        _ => ("phase", icon::status(Status::Operational)),
    };
    view! { <span class=class>{shape}{phase.to_uppercase()}</span> }.into_any()
}

fn rail(frame: &Frame) -> AnyView {
    let items = frame
        .rail
        .iter()
        .map(|item| {
            view! {
                <li>
                    <a href=item.path.clone() aria-current=current(frame, item).then_some("page")>
                        {icon::destination(item.section)}
                        <span class="words">{item.section.words()}</span>
                        {rail_count(item)}
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <nav class="rail" aria-label="Main">
            <ul>{items}</ul>
            {frame.signed_in.clone().map(|who| signed_in(frame, who))}
        </nav>
    }
    .into_any()
}

/// Pages that belong to the way back or to paper and have no place of their own in the rail: the section, the end of
/// its own path, and theirs.
const BESIDE: [(Section, &str, &str); 13] = [
    (Section::Patients, "/cases", "/door"),
    (Section::Patients, "/cases", "/sheets"),
    (Section::Patients, "/cases", "/access"),
    (Section::Patients, "/cases", "/schedule"),
    (Section::Clearance, "/clearance", "/reviews"),
    (Section::Clearance, "/clearance", "/downtime"),
    (Section::Clearance, "/clearance", "/revocations"),
    (Section::Paper, "/forms", "/entry"),
    (Section::Paper, "/forms", "/identity"),
    (Section::Paper, "/forms", "/checks"),
    (Section::Paper, "/forms", "/stock"),
    (Section::Paper, "/forms", "/logs"),
    (Section::Log, "/log", "/late-entries"),
];

/// The longest path of the rail under which this page lies is the one where we are.
fn current(frame: &Frame, item: &RailItem) -> bool {
    let path = frame.path.split('?').next().unwrap_or_default();
    let lies_under =
        |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let under = |item: &RailItem| {
        let beside = |(section, own, end): &(Section, &str, &str)| {
            item.section == *section && lies_under(&item.path.replace(own, end))
        };
        lies_under(&item.path) || BESIDE.iter().any(beside)
    };
    under(item) && !frame.rail.iter().any(|other| under(other) && other.path.len() > item.path.len())
}

fn rail_count(item: &RailItem) -> AnyView {
    match (item.count, item.late) {
        (0, _) => ().into_any(),
        (number, false) => view! { <span class="rail-count">{count(number)}</span> }.into_any(),
        (number, true) => view! {
            <span class="rail-count late">{icon::flag()}{count(number)}<span class="unseen">" late"</span></span>
        }
        .into_any(),
    }
}

fn signed_in(frame: &Frame, who: SignedIn) -> AnyView {
    view! {
        <div class="signed-in" data-account=who.account>
            <p class="label">"Signed in as"</p>
            <p><b>{who.name}</b></p>
            <p class="label">{who.role}</p>
            <div class="small-actions">
                {theme_form(frame)}
                <form method="post" action="/sign-out"><button class="link" type="submit">"Sign out"</button></form>
            </div>
        </div>
    }
    .into_any()
}

/// Without script, the theme turns by a form that comes back to this page.
fn theme_form(frame: &Frame) -> AnyView {
    let (next, words) = match frame.theme {
        Theme::Device => (Theme::Dark, "Theme: as device"),
        Theme::Dark => (Theme::Light, "Theme: dark"),
        Theme::Light => (Theme::Device, "Theme: light"),
    };
    view! {
        <form method="post" action="/theme">
            <input type="hidden" name="back" value=frame.path.clone()/>
            <button class="link" type="submit" name="theme" value=next.code()>{words}</button>
        </form>
    }
    .into_any()
}

fn bottom_bar(frame: &Frame) -> AnyView {
    let mut first: Vec<&RailItem> = BOTTOM_FIRST
        .iter()
        .filter_map(|section| frame.rail.iter().find(|item| item.section == *section))
        .collect();
    first.truncate(BOTTOM_ITEMS);
    let rest: Vec<&RailItem> =
        frame.rail.iter().filter(|item| !first.iter().any(|shown| shown.section == item.section)).collect();
    let late_rest: i64 = rest.iter().filter(|item| item.late).map(|item| item.count).sum();
    let here_rest = rest.iter().any(|item| current(frame, item));
    view! {
        <nav class="bottom" aria-label="Main, short">
            {first.into_iter().map(|item| bottom_item(frame, item)).collect_view()}
            <details>
                <summary class:here=here_rest>{icon::more()}{badge(late_rest)}<span class="words">"More"</span></summary>
                <div class="sheet">
                    <ul>
                        {rest
                            .into_iter()
                            .map(|item| {
                                view! {
                                    <li>
                                        <a href=item.path.clone() aria-current=current(frame, item).then_some("page")>
                                            {icon::destination(item.section)}
                                            <span class="words">{item.section.words()}</span>
                                            {rail_count(item)}
                                        </a>
                                    </li>
                                }
                            })
                            .collect_view()}
                    </ul>
                    {frame.signed_in.clone().map(|who| signed_in(frame, who))}
                </div>
            </details>
        </nav>
    }
    .into_any()
}

fn bottom_item(frame: &Frame, item: &RailItem) -> AnyView {
    view! {
        <a href=item.path.clone() aria-current=current(frame, item).then_some("page")>
            {icon::destination(item.section)}
            {badge(if item.late { item.count } else { 0 })}
            <span class="words">{item.section.words()}</span>
        </a>
    }
    .into_any()
}

fn badge(late: i64) -> AnyView {
    let number = if late > 999 { "999+".to_owned() } else { late.to_string() };
    (late > 0)
        .then(|| view! { <span class="badge">{number}<span class="unseen">" late in "</span></span> })
        .into_any()
}

fn notice(notice: Notice) -> AnyView {
    let class = if notice.problem { "notice problem" } else { "notice" };
    view! {
        <div class=class role="status">
            <p>
                {notice.sentence}
                {notice.link.map(|(words, path)| view! { " "<a href=path>{words}</a> })}
            </p>
        </div>
    }
    .into_any()
}

/// What nobody may overlook, whichever page they are on.
fn alarm(alarm: Notice) -> AnyView {
    view! {
        <div class="notice problem" role="status">
            <p>
                <b class="late">{icon::flag()}" "{alarm.sentence}</b>
                {alarm.link.map(|(words, path)| view! { " "<a href=path>{words}</a> })}
            </p>
        </div>
    }
    .into_any()
}

/// What is wrong with the form, each with a link to its field; the keyboard starts here.
fn problems(frame: &Frame) -> AnyView {
    if frame.errors.is_empty() {
        return ().into_any();
    }
    let total = frame.errors.0.values().map(Vec::len).sum::<usize>();
    let title = match total {
        1 => "There is a problem".to_owned(),
        many => {
            format!("There are {}", counted(i64::try_from(many).unwrap_or(i64::MAX), "problem", "problems"))
        }
    };
    let lines = frame
        .errors
        .0
        .iter()
        .flat_map(|(name, sentences)| sentences.iter().map(move |sentence| (name, sentence)))
        .map(|(name, sentence)| {
            view! { <li><a href=format!("#{}", field_id(name))>{sentence.clone()}</a></li> }
        })
        .collect_view();
    view! {
        <div class="problems" role="alert" tabindex="-1" autofocus aria-labelledby="problems-title">
            <h2 id="problems-title">{title}</h2>
            <ul>{lines}</ul>
        </div>
    }
    .into_any()
}

/// On every printed page: whose this is, which phase, as of when.
fn print_head(frame: &Frame) -> AnyView {
    let what = match &frame.incident {
        Some(bar) => view! {
            <b>{bar.name.clone()}</b>", "{frame.organisation.clone()}". "{phase(&bar.phase)}
            {(!bar.level.is_empty()).then(|| format!(", {}", bar.level))}
        }
        .into_any(),
        None => view! { <b>{frame.organisation.clone()}</b> }.into_any(),
    };
    view! {
        <div class="print-head" aria-hidden="true">
            <p>{what}</p>
            <p>"As of "{frame.as_of.clone()}</p>
        </div>
    }
    .into_any()
}

/// The clocks of the bar in one line, for paper.
fn print_clocks(frame: &Frame) -> AnyView {
    let Some(bar) = &frame.incident else { return ().into_any() };
    let update = bar
        .clocks
        .next_update
        .as_ref()
        .map(|promise| format!(" Next update due {}.", promise.clock))
        .unwrap_or_default();
    view! {
        <p class="print-only" aria-hidden="true">
            {format!("{} since {}, {}.", bar.clocks.t_plus, bar.clocks.since, bar.clocks.down)}
            {update}
            {format!(" Incident commander: {}.", bar.commander)}
        </p>
    }
    .into_any()
}

/// At the end of a print: who printed it, that figures may have changed, and the head of the log.
fn print_foot(frame: &Frame) -> AnyView {
    let who = frame.signed_in.as_ref().map(|who| format!(" by {}", who.name)).unwrap_or_default();
    let head = (!frame.log_head.is_empty())
        .then(|| view! { " Head of the log: "<span>{frame.log_head.clone()}</span>"." });
    view! { <p class="print-foot">"Printed "{frame.as_of.clone()}{who}". Figures may have changed since."{head}</p> }
        .into_any()
}
