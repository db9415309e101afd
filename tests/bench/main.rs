//! Each workload beside its physical limit in the same run. Started by `tests/bench/run`; the names of workloads
//! select some of them.

mod cases;
mod clearance;
mod declare;
mod feeds;
mod lists;
mod pages;
mod paper;
mod report;
mod sending;
mod start;
mod units;
mod volume;

use std::{io::Write, process::ExitCode};

use report::Line;

/// A group of workloads that share their preparation, and the names of its lines.
const GROUPS: [(&str, &[&str]); 10] = [
    ("start", &["browser-bundle", "start-to-first-answer"]),
    ("declare", &["declare"]),
    ("pages", &["public-page", "public-page-size"]),
    ("clearance", &["ladder-18900-scopes", "sign-off", "revocation-in-next-answer"]),
    ("paper", &["scan", "scan-eight-stations"]),
    ("cases", &["import-360000", "commands-while-importing", "decide-25000", "work-list"]),
    ("feeds", &["feeds"]),
    ("lists", &["cross-check-54000", "compare-forms", "cross-check-taken-over", "cross-check-longest-wait"]),
    ("volume", &["unit-page-15m-events", "unit-page-15m-events-all", "bytes-per-form"]),
    ("sending", &["email", "board-rows-x100", "memory", "staging-82000"]),
];

#[tokio::main]
async fn main() -> ExitCode {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|part| name.contains(part.as_str()));
    let mut short = false;
    for (group, names) in GROUPS {
        if !names.iter().any(|name| wanted(name)) {
            continue;
        }
        let lines = match group {
            "start" => start::measure().await,
            "declare" => declare::measure().await,
            "pages" => pages::measure().await,
            "clearance" => clearance::measure().await,
            "paper" => paper::measure().await,
            "cases" => cases::measure().await,
            "feeds" => feeds::measure().await,
            "lists" => lists::measure().await,
            "volume" => volume::measure().await,
            _ => sending::measure().await,
        };
        for line in lines.into_iter().filter(|line| wanted(line.name)) {
            say(&line);
            short |= !line.is_enough();
        }
    }
    if short { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn say(line: &Line) {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").expect("the output is open");
}
