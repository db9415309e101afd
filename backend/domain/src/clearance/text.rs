//! The words of a sign-off and of the all-clear. The all-clear is written from the signed record alone: there is
//! no way to type one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Clearance;

/// One signature of the record, with the names that a reader needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Signed {
    /// `Chief information officer`
    pub title: String,
    pub name: String,
    /// `11:08 EDT`
    pub at: String,
    pub conditions: String,
}

/// The signed record of a released scope, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AllClear {
    pub exercise: bool,
    pub organisation: String,
    pub system: String,
    pub place: String,
    /// Empty when everything that is done with the system is cleared.
    pub functions: String,
    /// `11:40 EDT, Fri 19 July`
    pub released_at: String,
    pub signatures: Vec<Signed>,
    /// What still stands at that place for this system, in the words of its page; empty when nothing does.
    pub still: String,
}

/// Subject, body and text message of an all-clear broadcast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AllClearText {
    pub subject: String,
    pub body: String,
    pub sms: String,
}

impl AllClear {
    /// The broadcast, or nothing while the scope is not clear.
    pub fn text(&self, clearance: &Clearance) -> Option<AllClearText> {
        if !clearance.stage.is_clear() {
            return None;
        }
        let exercise = if self.exercise { "EXERCISE. " } else { "" };
        let what = self.what();
        let still = if self.still.is_empty() { String::new() } else { format!(" Still: {}.", self.still) };
        let subject = format!("{exercise}All clear: {what} at {}", self.place);
        let sms = format!(
            "{exercise}{}: ALL CLEAR for {what} at {} from {}. Nothing else, nowhere else.{still}",
            self.organisation, self.place, self.released_at
        );
        let mut body = format!(
            "{exercise}{} incident command: all clear for {what} at {} from {}.\n\nThis holds for nothing else and \
             nowhere else.{still} It can be revoked; the status page of your site always shows what holds.\n\nSigned by:\n",
            self.organisation, self.place, self.released_at
        );
        for signature in &self.signatures {
            body.extend(["- ", &signature.title, ", ", &signature.name, ", ", &signature.at, "\n"]);
        }
        let conditions: Vec<&str> = self
            .signatures
            .iter()
            .map(|signed| signed.conditions.trim())
            .filter(|text| !text.is_empty())
            .collect();
        if !conditions.is_empty() {
            body.push_str("\nConditions:\n");
            for condition in conditions {
                body.extend(["- ", condition, "\n"]);
            }
        }
        Some(AllClearText { subject, body, sms })
    }

    fn what(&self) -> String {
        if self.functions.is_empty() {
            self.system.clone()
        } else {
            format!("{}, {}", self.system, self.functions)
        }
    }
}

/// A place without the places in it that go their own way back: `General, but for Intensive care`.
pub fn but_for(place: &str, without: &[String]) -> String {
    if without.is_empty() { place.to_owned() } else { format!("{place}, but for {}", without.join(", ")) }
}

/// What a signer attests: `I attest that Laboratory results at General may be used again. …`
pub fn attestation(system: &str, functions: &str, place: &str) -> String {
    let what = if functions.is_empty() { system.to_owned() } else { format!("{system} {functions}") };
    format!("I attest that {what} at {place} may be used again. Nothing else, nowhere else.")
}
