//! Signers and gates: a gate that nobody can open, or a signer who opens none, is a mistake.

use std::collections::BTreeSet;

use super::{Mistakes, Path};
use crate::{
    playbooks::{Gate, Playbook, Proof},
    scope::Functions,
};

pub(super) fn check(playbook: &Playbook, found: &mut Mistakes) {
    found.keys("signers", "key", playbook.signers.iter().map(|signer| signer.key.as_str()));
    found.keys("gates", "key", playbook.gates.iter().map(|gate| gate.key.as_str()));
    for (index, signer) in playbook.signers.iter().enumerate() {
        let path = Path::of("signers").item(index);
        found.text(path.field("title"), &signer.title);
        found.unless(
            playbook.gates.iter().any(|gate| gate.signers.contains(&signer.key)),
            path.field("key"),
            format!("A signer of at least one gate; no gate asks for {:?}.", signer.key),
        );
    }
    for (index, gate) in playbook.gates.iter().enumerate() {
        let path = Path::of("gates").item(index);
        reach(playbook, gate, &path, found);
        evidence(gate, &path, found);
        signatures(playbook, gate, &path, found);
    }
    coverage(playbook, found);
}

fn reach(playbook: &Playbook, gate: &Gate, path: &Path, found: &mut Mistakes) {
    found.text(path.field("name"), &gate.name);
    found.unless(!gate.functions.is_empty(), path.field("functions"), "At least one function, or \"all\".");
    found.unless(!gate.systems.is_empty(), path.field("systems"), "At least one system.");
    let known: BTreeSet<_> = playbook.systems.iter().map(|system| system.key.as_str()).collect();
    for (index, key) in gate.systems.iter().enumerate() {
        found.known(path.field("systems").item(index), key, "a system", &known);
    }
}

fn evidence(gate: &Gate, path: &Path, found: &mut Mistakes) {
    found.unless(!gate.evidence.is_empty(), path.field("evidence"), "At least one piece of evidence.");
    let mut seen = BTreeSet::new();
    for (index, item) in gate.evidence.iter().enumerate() {
        let path = path.field("evidence").item(index);
        found.key(path.field("key"), &item.key);
        found.unless(seen.insert(&item.key), path.field("key"), "Each piece of evidence has its own key.");
        found.text(path.field("name"), &item.name);
        found.text(path.field("owner"), &item.owner);
        found.between(path.field("expires_minutes"), item.expires_minutes, 1, 10_080);
        let bounded = item.at_least.is_some() || item.at_most.is_some();
        found.unless(
            !bounded || item.proof == Proof::Number,
            path.field("proof"),
            "\"number\", since at_least or at_most is given.",
        );
        let ordered = item.at_least.zip(item.at_most).is_none_or(|(least, most)| least <= most);
        found.unless(ordered, path.field("at_most"), "Not below at_least: nothing would pass.");
    }
}

fn signatures(playbook: &Playbook, gate: &Gate, path: &Path, found: &mut Mistakes) {
    let known: BTreeSet<_> = playbook.signers.iter().map(|signer| signer.key.as_str()).collect();
    found.unless(!gate.signers.is_empty(), path.field("signers"), "At least one signer.");
    let mut seen = BTreeSet::new();
    for (index, signer) in gate.signers.iter().enumerate() {
        let path = path.field("signers").item(index);
        found.known(path.clone(), signer, "a signer", &known);
        found.unless(seen.insert(signer), path, "Each signer once: two signatures are two people.");
    }
    for (index, key) in gate.required.iter().enumerate() {
        let path = path.field("required").item(index);
        found.unless(gate.signers.contains(key), path, format!("One of the gate's signers; not {key:?}."));
    }
    let required = i64::try_from(gate.required.len()).unwrap_or(i64::MAX);
    found.unless(required <= gate.quorum, path.field("quorum"), "At least as many as are required by name.");
    let most = i64::try_from(gate.signers.len()).unwrap_or(i64::MAX).max(1);
    found.between(path.field("quorum"), gate.quorum, 1, most);
    found.unless(
        gate.release_by == "commander" || known.contains(gate.release_by.as_str()),
        path.field("release_by"),
        format!("\"commander\" or the key of a signer; not {:?}.", gate.release_by),
    );
    found.between(path.field("signed_valid_minutes"), gate.signed_valid_minutes, 1, 1_440);
}

/// What the playbook forbids must have a way back: each function of a system that is not operational has exactly
/// one gate, since two would leave it open which of them clears it.
fn coverage(playbook: &Playbook, found: &mut Mistakes) {
    for (index, system) in playbook.systems.iter().enumerate() {
        let mut open = system.functions;
        for (at, gate) in playbook.gates.iter().enumerate() {
            if !gate.systems.contains(&system.key) {
                continue;
            }
            let taken = gate.functions.common(system.functions);
            found.unless(
                taken.common(open) == taken,
                Path::of("gates").item(at).field("functions"),
                format!("Functions of {} that no earlier gate has.", system.name),
            );
            open = open.without(taken);
        }
        found.unless(
            open == Functions::NONE || system.status == crate::scope::Status::Operational,
            Path::of("systems").item(index),
            format!("A gate for {}: {}. Without one it could never be cleared.", system.name, open.words()),
        );
    }
}
