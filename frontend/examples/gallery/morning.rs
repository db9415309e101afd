//! Friday 19 July 2024, 05:22, at Harbor Health with its 12 sites: the figures of the design.

use super::cards;
use domain::{
    id::{FacilityId, IncidentId, SystemId},
    instructions::Look,
    scope::Status,
    time::{Timestamp, Zone},
    view::{
        board::{BoardView, Late, MatrixRow, Shown, Site, sentence},
        frame::{Assets, Clocks, Frame, IncidentBar, RailItem, Section, SignedIn},
    },
};

pub const SITES: [&str; 12] = [
    "General",
    "Northside",
    "Children’s",
    "Women’s",
    "Riverbend",
    "Lakeshore",
    "Westgate",
    "East Bay",
    "Cape",
    "Islands",
    "Millbrook",
    "Rehab",
];

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).expect("the sample's times are valid")
}

pub fn frame(path: &str) -> Frame {
    let zone = Zone::named("America/New_York").expect("is in the database");
    let now = at("2024-07-19T09:22:20Z");
    let item = |section, path: &str, count, late| RailItem { section, path: path.to_owned(), count, late };
    Frame {
        organisation: "Harbor Health".to_owned(),
        path: path.to_owned(),
        as_of: zone.full(now),
        log_head: "212-3fa94c01be".to_owned(),
        signed_in: Some(SignedIn {
            account: String::new(),
            name: "Planning section chief".to_owned(),
            role: "Commander, all sites".to_owned(),
        }),
        incident: Some(IncidentBar {
            id: IncidentId(uuid::Uuid::nil()),
            name: "Endpoint mass crash".to_owned(),
            scope_line: "Harbor Health, 12 sites. Real incident".to_owned(),
            exercise: false,
            phase: "downtime".to_owned(),
            level: "level 3".to_owned(),
            commander: "Administrator on call".to_owned(),
            clocks: Clocks::read(
                now,
                Some(at("2024-07-19T06:05:00Z")),
                at("2024-07-19T04:40:00Z"),
                Some(at("2024-07-19T09:35:00Z")),
                &zone,
            ),
        }),
        rail: vec![
            item(Section::Board, "/incidents/1", 0, false),
            item(Section::Instructions, "/incidents/1/instructions", 9, false),
            item(Section::Broadcasts, "/incidents/1/broadcasts", 1, true),
            item(Section::Patients, "/incidents/1/cases", 38, true),
            item(Section::Paper, "/incidents/1/paper", 2, true),
            item(Section::Clearance, "/incidents/1/clearance", 0, false),
            item(Section::Command, "/incidents/1/command", 3, true),
            item(Section::Log, "/incidents/1/log", 1, true),
            item(Section::Report, "/incidents/1/report", 0, false),
        ],
        assets: Assets {
            stylesheet: "style.css".to_owned(),
            dark: "dark.css".to_owned(),
            print: "print.css".to_owned(),
            ..Assets::default()
        },
        ..Frame::default()
    }
}

pub fn exercise() -> Frame {
    let mut frame = frame("/incidents/1");
    if let Some(bar) = &mut frame.incident {
        bar.name = "Drill: endpoint mass crash".into();
        bar.scope_line = "Harbor Health, 12 sites. Exercise".into();
        bar.exercise = true;
    }
    frame
}

fn shown(look: Look, short: &str) -> Shown {
    Shown { look, words: short.to_uppercase(), short: short.to_owned() }
}

fn sites(names: &[&str]) -> Vec<Site> {
    names
        .iter()
        .enumerate()
        .map(|(index, name)| Site {
            id: FacilityId(uuid::Uuid::from_u128(index as u128)),
            name: (*name).to_owned(),
            path: format!("/status/{index}"),
        })
        .collect()
}

/// A row where `usual` holds everywhere but at the named sites.
fn row(
    name: &str,
    spoken: &str,
    since: &str,
    usual: (Status, Shown),
    but: &[(&str, Status, Option<Shown>)],
    sites: &[Site],
) -> MatrixRow {
    let cells = sites
        .iter()
        .map(|site| match but.iter().find(|(name, ..)| *name == site.name) {
            Some((_, status, own)) => (*status, own.clone().unwrap_or_else(|| usual.1.clone())),
            None => usual.clone(),
        })
        .collect();
    MatrixRow::across(SystemId(uuid::Uuid::nil()), name, spoken, since, "/incidents/1/instructions", cells)
}

fn rows(sites: &[Site]) -> Vec<MatrixRow> {
    use Status::{Degraded, Down, Operational, Restoring, Unknown};
    let no_login = || shown(Look::Forbid, "Do not log in");
    let read = || shown(Look::Read, "Read only");
    let using = || shown(Look::Use, "Use");
    let restart = || Some(shown(Look::Act, "Restart once"));
    vec![
        row("Epic production", "Epic", "since 00:40", (Down, no_login()), &[], sites),
        row(
            "Epic read-only copy",
            "Epic’s read-only copy",
            "",
            (Operational, read()),
            &[("Cape", Degraded, None), ("Islands", Down, Some(no_login()))],
            sites,
        ),
        row(
            "Laboratory",
            "Laboratory",
            "since 00:52",
            (Down, no_login()),
            &[("Children’s", Operational, Some(using()))],
            sites,
        ),
        row(
            "Imaging",
            "Imaging",
            "since 01:10",
            (Degraded, read()),
            &[("Women’s", Down, Some(no_login())), ("Rehab", Operational, Some(using()))],
            sites,
        ),
        row(
            "Windows computers",
            "Windows computers",
            "since 00:40",
            (Degraded, shown(Look::Forbid, "Leave off")),
            &[
                ("General", Restoring, restart()),
                ("Northside", Restoring, restart()),
                ("Millbrook", Degraded, Some(shown(Look::Act, "Bring to depot"))),
            ],
            sites,
        ),
        row(
            "E-mail and phones",
            "E-mail and phones",
            "",
            (Operational, using()),
            &[("Islands", Unknown, Some(shown(Look::Forbid, "Do not connect")))],
            sites,
        ),
    ]
}

pub fn late(words: &str) -> Late {
    Late { words: words.to_owned(), path: "/incidents/1/late".to_owned() }
}

pub fn board() -> BoardView {
    let sites = sites(&SITES);
    let rows = rows(&sites);
    BoardView {
        title: sentence(&rows, sites.len()),
        known: "94 % on duty know.".to_owned(),
        late: ["7 silent units", "38 patients not told", "2 sites low on forms", "3 tasks", "1 log entry"]
            .into_iter()
            .map(late)
            .collect(),
        action: Some(("Write the 05:35 update".to_owned(), "/incidents/1/broadcasts/new".to_owned())),
        sites,
        rows,
        cards: cards::all(),
        as_of: "05:22 EDT, Fri 19 July".to_owned(),
        ..BoardView::default()
    }
}

pub fn many_sites() -> BoardView {
    let names: Vec<String> = (1..=40)
        .map(|n| if n == 10 { "Islands".to_owned() } else { format!("Krankenhausverbund {n}") })
        .collect();
    let sites = sites(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let mut rows = rows(&sites);
    rows[0].name = "Elektronische Patientenakte Produktivumgebung".into();
    BoardView {
        title: sentence(&rows, sites.len()),
        sites,
        rows,
        cards: cards::all(),
        ..BoardView::default()
    }
}
