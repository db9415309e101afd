//! Instructions and messages: what staff will read, and what it may not say.

use std::collections::BTreeSet;

use super::{Mistakes, Path};
use crate::{
    instructions::Word,
    playbooks::{Message, Playbook, StandingOrder, message::blanks_in},
    scope::Functions,
};

pub(super) fn check(playbook: &Playbook, found: &mut Mistakes) {
    found.keys("instructions", "key", playbook.instructions.iter().map(|order| order.key.as_str()));
    for (index, order) in playbook.instructions.iter().enumerate() {
        instruction(playbook, order, &Path::of("instructions").item(index), found);
    }
    let mut seen = BTreeSet::new();
    for (index, message) in playbook.messages.iter().enumerate() {
        let path = Path::of("messages").item(index);
        found.key(path.field("key"), &message.key);
        found.unless(
            seen.insert((&message.key, &message.language)),
            path.field("key"),
            format!(
                "{:?} stands twice in messages for {:?}; once for each language.",
                message.key, message.language
            ),
        );
        template(message, &path, found);
    }
}

fn instruction(playbook: &Playbook, order: &StandingOrder, path: &Path, found: &mut Mistakes) {
    let known: BTreeSet<_> = playbook.systems.iter().map(|system| system.key.as_str()).collect();
    found.unless(
        order.system.is_some() != order.kind.is_some(),
        path.clone(),
        "Either system or kind, and not both.",
    );
    if let Some(key) = &order.system {
        found.known(path.field("system"), key, "a system", &known);
        if let Some(system) = playbook.system(key) {
            found.unless(
                system.functions.includes(order.functions) || order.functions == Functions::ALL,
                path.field("functions"),
                format!("Functions that {} has: {}; or \"all\".", system.name, system.functions.words()),
            );
        }
    }
    found.unless(!order.functions.is_empty(), path.field("functions"), "At least one function, or \"all\".");
    found.text(path.field("instead"), &order.instead);
    found.text(path.field("short"), &order.short);
    for (field, text) in [
        ("condition", &order.condition),
        ("instead", &order.instead),
        ("for_whom", &order.for_whom),
        ("short", &order.short),
    ] {
        found.no_all_clear(path.field(field), text);
    }
    found.unless(
        order.order != Word::UseOnlyFor || order.functions != Functions::ALL,
        path.field("functions"),
        "The functions that stay in use; use_only_for with all functions is use.",
    );
    found.short_form(path.field("short"), &order.short);
}

fn template(message: &Message, path: &Path, found: &mut Mistakes) {
    found.text(path.field("name"), &message.name);
    found.text(path.field("audience"), &message.audience);
    let language = message.language.split('-').next().unwrap_or_default();
    found.unless(
        (2..=3).contains(&language.len()) && language.chars().all(|c| c.is_ascii_lowercase()),
        path.field("language"),
        format!("A language tag such as \"en\", \"es\" or \"pt-BR\"; not {:?}.", message.language),
    );
    found.unless(message.bodies().next().is_some(), path.clone(), "A body: email, sms or both.");
    blanks(message, path, found);
}

fn blanks(message: &Message, path: &Path, found: &mut Mistakes) {
    let declared: BTreeSet<_> = message.blanks.iter().map(|blank| blank.key.as_str()).collect();
    let mut used = BTreeSet::new();
    for (fields, body) in message.bodies() {
        let place = fields.iter().fold(path.clone(), |path, field| path.field(field));
        found.text(place.clone(), body);
        found.no_all_clear(place.clone(), body);
        for key in blanks_in(body) {
            found.unless(
                declared.contains(key),
                place.clone(),
                format!("{{{key}}} is used here; declare it under blanks with its label and source."),
            );
            used.insert(key);
        }
    }
    let mut seen = BTreeSet::new();
    for (index, blank) in message.blanks.iter().enumerate() {
        let path = path.field("blanks").item(index);
        found.text(path.field("label"), &blank.label);
        found.unless(
            seen.insert(&blank.key),
            path.field("key"),
            format!("{:?} stands twice in blanks; each may stand once.", blank.key),
        );
        found.unless(
            used.contains(blank.key.as_str()),
            path.field("key"),
            format!("{{{0}}} in a body; {0:?} is declared and never used.", blank.key),
        );
    }
}
