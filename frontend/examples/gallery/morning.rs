//! Friday 19 July 2024, 05:22, at Harbor Health with its 12 sites: the figures of the design.

use domain::{
    id::{FacilityId, IncidentId, SystemId},
    scope::Status,
    time::{Timestamp, Zone},
    view::{
        board::{BoardView, CardView, Late, Look, MatrixRow, Shown, Site, sentence},
        frame::{Assets, Clocks, Frame, IncidentBar, RailItem, Section, SignedIn},
        picture::{Bar, Curve, Lane, Mark, Meter, Picture},
    },
};

const SITES: [&str; 12] = [
    "General", "Northside", "Children’s", "Women’s", "Riverbend", "Lakeshore", "Westgate", "East Bay", "Cape",
    "Islands", "Millbrook", "Rehab",
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
        signed_in: Some(SignedIn { name: "Planning section chief".to_owned(), role: "Commander, all sites".to_owned() }),
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
        assets: Assets { stylesheet: "style.css".to_owned(), ..Assets::default() },
        ..Frame::default()
    }
}

pub fn exercise() -> Frame {
    let mut frame = frame("/incidents/1");
    if let Some(bar) = &mut frame.incident {
        bar.name = "Drill: endpoint mass crash".to_owned();
        bar.scope_line = "Harbor Health, 12 sites. Exercise".to_owned();
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
        row("Laboratory", "Laboratory", "since 00:52", (Down, no_login()), &[("Children’s", Operational, Some(using()))], sites),
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

fn late(words: &str) -> Late {
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
        cards: cards(),
        as_of: "05:22 EDT, Fri 19 July".to_owned(),
        ..BoardView::default()
    }
}

pub fn many_sites() -> BoardView {
    let names: Vec<String> =
        (1..=40).map(|n| if n == 10 { "Islands".to_owned() } else { format!("Krankenhausverbund {n}") }).collect();
    let sites = sites(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let mut rows = rows(&sites);
    rows[0].name = "Elektronische Patientenakte Produktivumgebung".to_owned();
    BoardView { title: sentence(&rows, sites.len()), sites, rows, cards: cards(), ..BoardView::default() }
}

fn card(section: Section, figure: &str, caption: &str, picture: Picture, late_words: &str, short: &str) -> CardView {
    CardView {
        section,
        title: section.words().to_owned(),
        path: "/incidents/1/paper".to_owned(),
        as_of: String::new(),
        figure: figure.to_owned(),
        caption: caption.to_owned(),
        picture,
        late: (!late_words.is_empty()).then(|| late(late_words)),
        late_short: short.to_owned(),
        fine: "Nothing late. Next sign-off is not due".to_owned(),
    }
}

fn cards() -> Vec<CardView> {
    let meter = |label: &str, value, of| Meter { label: label.to_owned(), value, of };
    let curve = Curve {
        points: vec![(0, 0), (2, 22), (5, 44), (9, 60), (14, 74), (18, 84), (24, 88), (32, 91), (40, 93), (47, 94)],
        minutes: 47,
        ticks: vec![(5, String::new()), (10, String::new()), (15, "15".into()), (30, "30".into()), (47, "47 min".into())],
        steps: Vec::new(),
    };
    let outs = [54, 38, 28, 26, 30, 26, 24, 22, 20, 14, 18, 12];
    let backs = [14, 7, 5, 4, 5, 4, 3, 3, 2, 1, 2, 1];
    let bars = outs
        .iter()
        .zip(backs)
        .enumerate()
        .map(|(index, (out, back))| Bar { label: SITES[index].to_owned(), back, out: *out, late: index == 3 || index == 9 })
        .collect();
    let lane = |label: &str, marks: Vec<i64>, shape| Lane { label: label.to_owned(), marks, shape };
    let mut cards = vec![
        card(
            Section::Broadcasts,
            "94 %",
            "3,422 of 3,650 people confirmed broadcast 3",
            Picture::Curve(curve),
            "7 units silent, longest 47 min",
            "7 units silent",
        ),
        card(
            Section::Patients,
            "4,133",
            "cancelled for 19 Jul, 2,838 not told yet",
            Picture::Meters(vec![
                meter("Cancelled", 4133, 4133),
                meter("Told", 1295, 4133),
                meter("Rebooked", 214, 4133),
                meter("Seen", 0, 4133),
            ]),
            "38 due before 08:00 and not told",
            "38 not told",
        ),
        card(
            Section::Paper,
            "3,420",
            "forms issued to 450 units, 459 back",
            Picture::Ledger(bars),
            "2 sites under 8 hours of forms",
            "2 sites short",
        ),
        card(
            Section::Clearance,
            "0 of 14",
            "scopes clear, 2 technically restored",
            Picture::Stages(vec![meter("Clear", 0, 14), meter("Wave", 0, 14), meter("Pilot", 0, 14), meter("Restored", 2, 14)]),
            "",
            "",
        ),
        card(
            Section::Command,
            "41 of 63",
            "tasks done this period by 14 holders",
            Picture::Squares { done: 41, late: 3, open: 19 },
            "3 overdue, longest 22 min",
            "3 overdue",
        ),
        card(
            Section::Log,
            "212",
            "entries, last at 05:19 by Operations",
            Picture::Lanes {
                lanes: vec![
                    lane("Decisions", vec![300, 430, 550, 800, 950], Mark::Diamond),
                    lane("Sent", vec![350, 580, 860], Mark::Square),
                    lane("Entries", vec![90, 110, 310, 340, 360, 420, 500, 520, 560, 650, 690, 760, 800, 830, 850, 900, 940, 980], Mark::Stroke),
                ],
                from: "00:40".to_owned(),
                to: "now".to_owned(),
            },
            "1 decision has no written basis",
            "1 no basis",
        ),
    ];
    cards[0].title = "Who knows".to_owned();
    cards[0].as_of = "sent 04:35".to_owned();
    cards[1].as_of = "schedule of 23:50".to_owned();
    cards[4].title = "Tasks".to_owned();
    cards[4].as_of = "period 1 to 08:00".to_owned();
    cards
}
