//! What exactly a signature is bound to: the scope, the gate, every piece of evidence as it was given, and the
//! signer's own conditions. Two contents have one fingerprint only when they say the same.

use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Clearance, Given, Outcome};
use crate::{
    id::ClearanceId,
    playbooks::{Gate, canonical_json},
    scope::{Functions, Scope},
};

/// One signature's content.
#[derive(Debug, Serialize)]
pub struct Content<'a> {
    clearance: ClearanceId,
    scope: Scope,
    gate: &'a Gate,
    evidence: Vec<Leaned<'a>>,
    signer: &'a str,
    conditions: &'a str,
}

/// Evidence as a signature leans on it. Who agreed to a waiver belongs to it; a signature before that has no weight.
#[derive(Debug, Serialize)]
struct Leaned<'a> {
    piece: &'a str,
    number: i64,
    outcome: Outcome,
    note: &'a str,
    figure: Option<i64>,
    link: &'a str,
    file: Option<&'a str>,
    at: i64,
    expires_at: i64,
    by: String,
    agreed: Option<String>,
}

impl<'a> From<&'a Given> for Leaned<'a> {
    fn from(given: &'a Given) -> Self {
        Self {
            piece: &given.key,
            number: given.number,
            outcome: given.outcome,
            note: &given.note,
            figure: given.figure,
            link: &given.link,
            file: given.file.as_ref().map(|file| file.sha256.as_str()),
            at: given.at.0,
            expires_at: given.expires_at.0,
            by: given.by.to_string(),
            agreed: given.agreed.as_ref().map(|(by, role)| format!("{by} {role}")),
        }
    }
}

impl Content<'_> {
    /// SHA-256 of the canonical JSON, in hexadecimal.
    pub fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(canonical_json(&json!(self))))
    }
}

impl Clearance {
    /// What a signature as `signer` under these conditions would be bound to now.
    pub fn content<'a>(&'a self, signer: &'a str, conditions: &'a str) -> Content<'a> {
        self.content_for(self.scope.functions, signer, conditions)
    }

    /// What a signature was bound to when the scope had these functions: a part may have been taken back since.
    pub fn content_for<'a>(
        &'a self,
        functions: Functions,
        signer: &'a str,
        conditions: &'a str,
    ) -> Content<'a> {
        let mut evidence: Vec<Leaned> = self.evidence.iter().map(Leaned::from).collect();
        evidence.sort_by_key(|leaned| leaned.number);
        let scope = Scope { functions, ..self.scope };
        Content { clearance: self.id, scope, gate: &self.gate, evidence, signer, conditions }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{given, ready};

    #[test]
    fn a_fingerprint_changes_with_anything_that_was_signed() {
        let clearance = ready();
        let one = clearance.content("cio", "").fingerprint();
        assert_eq!(one, clearance.content("cio", "").fingerprint());
        assert_ne!(one, clearance.content("cmio", "").fingerprint(), "another signer");
        assert_ne!(one, clearance.content("cio", "paper until 18:00").fingerprint(), "another condition");
        let mut renewed = clearance.clone();
        renewed.give(given("results", 3, 0, 120)).expect("is asked for");
        assert_ne!(one, renewed.content("cio", "").fingerprint(), "other evidence");
        let mut edited = clearance.clone();
        edited.evidence[0].note.push('!');
        assert_ne!(one, edited.content("cio", "").fingerprint(), "an altered note");
        let mut wider = clearance;
        wider.scope.place = crate::scope::Place::All;
        assert_ne!(one, wider.content("cio", "").fingerprint(), "another scope");
    }
}
