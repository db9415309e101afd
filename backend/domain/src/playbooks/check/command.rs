//! Head, decisions, clocks, levels, systems, positions and tasks.

use std::collections::BTreeSet;

use super::{Mistakes, Path};
use crate::playbooks::{DecisionField, Playbook};

pub(super) fn check(playbook: &Playbook, found: &mut Mistakes) {
    head(playbook, found);
    decisions(playbook, found);
    timing(playbook, found);
    unreachable(playbook, found);
    levels(playbook, found);
    systems(playbook, found);
    positions(playbook, found);
    tasks(playbook, found);
}

fn head(playbook: &Playbook, found: &mut Mistakes) {
    found.key(Path::of("key"), &playbook.key);
    for (field, text) in
        [("name", &playbook.name), ("owner", &playbook.owner), ("summary", &playbook.summary)]
    {
        found.text(Path::of(field), text);
    }
    found.between(Path::of("version"), playbook.version, 1, 9_999);
    found.unless(
        playbook.review_by.parse::<jiff::civil::Date>().is_ok(),
        Path::of("review_by"),
        format!("A day in quotation marks, as \"2027-03-31\", not {:?}.", playbook.review_by),
    );
    found.unless(!playbook.causes.is_empty(), Path::of("causes"), "At least one suspected cause in words.");
    for (index, cause) in playbook.causes.iter().enumerate() {
        found.text(Path::of("causes").item(index), cause);
    }
}

fn decisions(playbook: &Playbook, found: &mut Mistakes) {
    let mut seen = BTreeSet::new();
    for (index, decision) in playbook.decisions.iter().enumerate() {
        let path = Path::of("decisions").item(index);
        found.text(path.field("question"), &decision.question);
        found.unless(seen.insert(decision.field), path.field("field"), "Ask for each field once.");
        found.unless(
            index < 3,
            path,
            "At most three decisions: what the hospital can decide beforehand, let the playbook decide.",
        );
    }
}

fn timing(playbook: &Playbook, found: &mut Mistakes) {
    let (path, timing) = (Path::of("timing"), playbook.timing);
    found.between(path.field("update_every_minutes"), timing.update_every_minutes, 5, 1_440);
    found.between(path.field("unit_confirmed_percent"), timing.unit_confirmed_percent, 1, 100);
    found.between(path.field("assume_command_minutes"), timing.assume_command_minutes, 1, 240);
    found.between(path.field("stock_hours"), timing.stock_hours, 1, 168);
    found.between(path.field("devices_back_percent"), timing.devices_back_percent, 1, 100);
}

fn unreachable(playbook: &Playbook, found: &mut Mistakes) {
    let (path, policy) = (Path::of("unreachable"), playbook.unreachable);
    found.between(path.field("tries"), policy.tries, 1, 20);
    found.between(path.field("channels"), policy.channels, 1, 5);
    found.between(path.field("days"), policy.days, 1, 30);
}

fn levels(playbook: &Playbook, found: &mut Mistakes) {
    let mut seen = BTreeSet::new();
    for (index, level) in playbook.levels.iter().enumerate() {
        let path = Path::of("levels").item(index);
        found.text(path.field("label"), &level.label);
        found.between(path.field("number"), level.number, 0, 99);
        found.unless(seen.insert(level.number), path.field("number"), "Each level has its own number.");
    }
    let worst = playbook.levels.iter().filter(|level| level.most_severe).count();
    found.unless(worst == 1, Path::of("levels"), "Exactly one level with most_severe = true.");
    let asked = playbook.decisions.iter().any(|decision| decision.field == DecisionField::Level);
    let usual = playbook.levels.iter().filter(|level| level.usual).count();
    found.unless(
        usual == 1 || (asked && usual == 0),
        Path::of("levels"),
        "Exactly one level with usual = true, or none and a decision that asks for the level.",
    );
}

fn systems(playbook: &Playbook, found: &mut Mistakes) {
    found.unless(!playbook.systems.is_empty(), Path::of("systems"), "At least one system.");
    found.keys("systems", "key", playbook.systems.iter().map(|system| system.key.as_str()));
    let mut words = BTreeSet::new();
    for (index, system) in playbook.systems.iter().enumerate() {
        let path = Path::of("systems").item(index);
        found.text(path.field("name"), &system.name);
        found.short_form(path.field("short_name"), &system.short_name);
        found.unless(
            !system.functions.is_empty(),
            path.field("functions"),
            "At least one function, or \"all\".",
        );
        found.unless(
            words.insert(system.name.to_lowercase()),
            path.field("name"),
            "A name of its own; another system is called the same.",
        );
        for (at, alias) in system.aliases.iter().enumerate() {
            let path = path.field("aliases").item(at);
            found.text(path.clone(), alias);
            found.unless(
                words.insert(alias.to_lowercase()),
                path,
                format!("{alias:?} already names a system; a word that names two is no alias."),
            );
        }
    }
}

fn positions(playbook: &Playbook, found: &mut Mistakes) {
    found.keys("positions", "key", playbook.positions.iter().map(|position| position.key.as_str()));
    let known: BTreeSet<_> = playbook.positions.iter().map(|position| position.key.as_str()).collect();
    for (index, position) in playbook.positions.iter().enumerate() {
        let path = Path::of("positions").item(index);
        found.text(path.field("title"), &position.title);
        if !position.reports_to.is_empty() {
            found.known(path.field("reports_to"), &position.reports_to, "another position", &known);
            found.unless(
                position.reports_to != position.key,
                path.field("reports_to"),
                "The position above; nobody reports to themselves.",
            );
        }
    }
    let top = playbook.positions.iter().filter(|position| position.reports_to.is_empty()).count();
    found.unless(
        top == 1,
        Path::of("positions"),
        "Exactly one position that reports to nobody: the incident commander.",
    );
}

fn tasks(playbook: &Playbook, found: &mut Mistakes) {
    found.keys("tasks", "key", playbook.tasks.iter().map(|task| task.key.as_str()));
    let known: BTreeSet<_> = playbook.positions.iter().map(|position| position.key.as_str()).collect();
    for (index, task) in playbook.tasks.iter().enumerate() {
        let path = Path::of("tasks").item(index);
        found.text(path.field("text"), &task.text);
        found.known(path.field("position"), &task.position, "a position", &known);
        found.unless(
            (0..=100_000).contains(&task.due_minutes),
            path.field("due_minutes"),
            format!("Minutes after the declaration, 0 or more; not {}.", task.due_minutes),
        );
    }
}
