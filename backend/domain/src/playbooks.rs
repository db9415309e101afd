//! The playbook: what a hospital has decided in daylight, so that at three in the morning nobody has to.
//!
//! One TOML file is one playbook. It names things by key (`epic`), never by row id, so that the same
//! file serves every installation; its canonical JSON and fingerprint are frozen into each incident declared from
//! it (rule 14). `parse` reads a file and says of every mistake where it stands and what was expected.

mod canonical;
mod check;
mod kit;
mod kits;
mod message;
mod narrowing;
mod parse;
mod schema;
mod shipped;
#[cfg(test)]
mod tests;

pub use canonical::{Fingerprint, canonical_json};
pub use kit::{
    Disposition, DispositionRule, Expected, FormType, MOST_COLUMNS, MOST_FIELDS, Need, Occasion, Risk,
    Setting,
};
pub use kits::{Kit, Kits, SHIPPED_KITS};
pub use message::{Blank, BlankSource, Email, Filled, Message, MessageUse, MissingBlanks};
pub use narrowing::Narrowing;
pub use parse::PlaybookError;
pub use schema::json_schema;
pub use shipped::{SHIPPED, shipped};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    instructions::Word,
    scope::{Functions, Status, SystemKind},
};

/// Everything that a declaration takes from its playbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Playbook {
    /// What all versions of this playbook share: lower case letters, digits and hyphens.
    pub key: String,
    pub name: String,
    pub version: i64,
    /// Who answers for the content: an office, not a person.
    pub owner: String,
    /// The day by which the owner looks at it again, as `2027-03-31`.
    pub review_by: String,
    pub kind: IncidentKind,
    /// When to take this playbook and when another one.
    pub summary: String,
    /// Suspected causes in ready words; the first stands in the declaration until someone changes it.
    pub causes: Vec<String>,
    /// What the declarer must decide because nobody could beforehand: at most three.
    pub decisions: Vec<Decision>,
    #[serde(default)]
    pub timing: Timing,
    /// What a delivery worker does with a text message of which nobody knows whether it left.
    #[serde(default)]
    pub sms_in_doubt: SmsInDoubt,
    pub levels: Vec<Level>,
    pub systems: Vec<System>,
    pub positions: Vec<Position>,
    pub tasks: Vec<Task>,
    #[serde(default)]
    pub instructions: Vec<StandingOrder>,
    #[serde(default)]
    pub messages: Vec<Message>,
    #[serde(default)]
    pub cancellations: Vec<CancellationRule>,
    /// When a patient of a cancelled case counts as not reached.
    #[serde(default)]
    pub unreachable: Unreachable,
    /// Key of the kit whose forms are copied into this playbook when it is read; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kit: String,
    /// Its own forms; one of the same code as one of the kit holds instead.
    #[serde(default)]
    pub forms: Vec<FormType>,
    /// Who may sign a clearance, by the word that their account carries.
    #[serde(default)]
    pub signers: Vec<Signer>,
    #[serde(default)]
    pub gates: Vec<Gate>,
}

/// What happened, so that the right playbook is found in a hurry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncidentKind {
    EhrOutage,
    EndpointCrash,
    Ransomware,
    NetworkLoss,
    Other,
}

impl IncidentKind {
    pub const fn code(self) -> &'static str {
        match self {
            Self::EhrOutage => "ehr_outage",
            Self::EndpointCrash => "endpoint_crash",
            Self::Ransomware => "ransomware",
            Self::NetworkLoss => "network_loss",
            Self::Other => "other",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::EhrOutage => "Records system outage",
            Self::EndpointCrash => "Computers crash",
            Self::Ransomware => "Ransomware",
            Self::NetworkLoss => "Network loss at a site",
            Self::Other => "Other",
        }
    }
}

/// One question that only the declarer can answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    pub field: DecisionField,
    pub question: String,
    #[serde(default)]
    pub hint: String,
}

/// The field of the declaration that a decision fills. What is not asked has its default: the usual level, every
/// facility, the systems with their status as the playbook lists them, the first cause, the start "now".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecisionField {
    Level,
    Facilities,
    Systems,
    Cause,
    Started,
    Basis,
}

/// The clocks of an incident, in minutes, and the share that confirms a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Timing {
    /// From one update to the next.
    pub update_every_minutes: i64,
    /// Share of a unit's on-duty recipients that confirms the unit when its lead has not answered, 1 to 100.
    pub unit_confirmed_percent: i64,
    /// How long pages to the commander stay unanswered before the next in succession may assume command (rule 3).
    pub assume_command_minutes: i64,
    /// Share of a unit's devices of a class that must work before the unit counts as having them back, 1 to 100.
    pub devices_back_percent: i64,
    /// For how many hours the blank forms that a unit holds must last, 1 to 168.
    pub stock_hours: i64,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            update_every_minutes: 60,
            unit_confirmed_percent: 60,
            assume_command_minutes: 15,
            devices_back_percent: 100,
            stock_hours: crate::stock::USUAL_HOURS,
        }
    }
}

/// What must have been tried before a clinician may close a case as not reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Unreachable {
    /// Tries, 1 to 20.
    pub tries: i64,
    /// Ways of contact among them, 1 to 5.
    pub channels: i64,
    /// Civil days at the facility among them, 1 to 30.
    pub days: i64,
}

impl Default for Unreachable {
    fn default() -> Self {
        Self { tries: 3, channels: 2, days: 2 }
    }
}

/// A text message in doubt may arrive twice or not at all; the playbook says which is worse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SmsInDoubt {
    #[default]
    Ask,
    Resend,
}

/// How bad it is. At some systems 1 is worst, at others the highest number; so the worst is marked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Level {
    pub number: i64,
    pub label: String,
    #[serde(default)]
    pub most_severe: bool,
    /// Chosen when the declarer is not asked.
    #[serde(default)]
    pub usual: bool,
}

/// A system as this playbook knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct System {
    pub key: String,
    pub name: String,
    /// At most 10 letters on each of at most 2 lines, for the matrix.
    #[serde(default)]
    pub short_name: String,
    /// Other words by which people name it; free text that uses one needs a second look (rule 1).
    #[serde(default)]
    pub aliases: Vec<String>,
    pub kind: SystemKind,
    /// What is done with it. A part of these can be forbidden or cleared.
    pub functions: Functions,
    /// What it is taken to be when this playbook is declared.
    pub status: Status,
}

/// A box on the chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Position {
    pub key: String,
    pub title: String,
    /// Key of the position above; empty for the incident commander.
    #[serde(default)]
    pub reports_to: String,
    #[serde(default)]
    pub mission: String,
}

/// A checklist item of a position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Task {
    pub key: String,
    pub position: String,
    pub text: String,
    /// Minutes after the declaration (T0).
    pub due_minutes: i64,
}

/// An order that takes effect with the declaration, unless the declarer strikes it out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StandingOrder {
    pub key: String,
    /// Key of a system; or leave it out and name a kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<SystemKind>,
    pub order: Word,
    pub functions: Functions,
    /// When it applies, in words: `not used today`.
    #[serde(default)]
    pub condition: String,
    /// What to do instead, as one sentence that can stand on a door.
    pub instead: String,
    /// Empty for everyone; otherwise named pilots or a position, and then no public page shows it.
    #[serde(default)]
    pub for_whom: String,
    /// At most 10 letters on each of at most 2 lines, for the matrix.
    pub short: String,
}

/// Which booked operations and visits go ahead when a decision cancels the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancellationRule {
    pub key: String,
    pub name: String,
    pub window: CancellationWindow,
    pub cancels: CancelledKinds,
    /// The part of the day that it reaches; without it all.
    #[serde(default, skip_serializing_if = "Narrowing::is_empty")]
    pub only: Narrowing,
    pub keep: Vec<KeepRule>,
    /// The coding that goes out with each cancelled appointment.
    pub reason_code: String,
    /// How long each priority may wait at most; a case without one is a clinician's to date.
    #[serde(default)]
    pub safe_by: Vec<SafeBy>,
}

/// Which days a rule reaches, counted as civil days of each facility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancellationWindow {
    /// The day of the decision, from midnight to midnight.
    DeclaredDay,
    /// The rest of the day of the decision.
    RestOfDay,
    /// The day after.
    NextDay,
}

/// What a rule cancels where no keep rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelledKinds {
    ProceduresAndVisits,
    Procedures,
    Visits,
}

/// One reason to go ahead: a triage scheme with values, or classes of care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepRule {
    pub key: String,
    pub label: String,
    /// `fssa`, `esas`, … together with `values`. Values of different schemes are never compared.
    #[serde(default)]
    pub scheme: String,
    #[serde(default)]
    pub values: Vec<String>,
    /// `dialysis`, `obstetric`, … as the schedule names them.
    #[serde(default)]
    pub classes: Vec<String>,
}

/// The latest clinically acceptable date of a priority, in days from the day on which the patient was listed where
/// the schedule says it, else from the scheduled date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SafeBy {
    pub scheme: String,
    pub value: String,
    pub days: i64,
}

/// Who may sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signer {
    /// What an account's grant names in `signs_as`: `cio`.
    pub key: String,
    pub title: String,
}

/// What stands between a scope and its all-clear: evidence, signatures, release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    pub key: String,
    pub name: String,
    /// Keys of the systems for which this gate stands.
    pub systems: Vec<String>,
    pub functions: Functions,
    pub evidence: Vec<Evidence>,
    /// Keys of the signers; each signs once.
    pub signers: Vec<String>,
    /// How many of them must have signed, all by different people.
    pub quorum: i64,
    /// Those without whom there is no quorum; none unless named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<String>,
    /// `commander`, or the key of a signer who may release as well.
    #[serde(default = "commander")]
    pub release_by: String,
    /// The last signature releases at once.
    #[serde(default)]
    pub on_last_signature: bool,
    /// Signed but unreleased for longer than this must be signed again (rule 1).
    #[serde(default = "an_hour")]
    pub signed_valid_minutes: i64,
}

/// Something that was looked at before signing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    pub key: String,
    pub name: String,
    /// Who provides it, in words.
    pub owner: String,
    /// How it is checked, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub method: String,
    /// What proves it, beside what was seen.
    #[serde(default, skip_serializing_if = "Proof::is_note")]
    pub proof: Proof,
    /// A number passes from this on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<i64>,
    /// A number passes up to this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<i64>,
    /// Nobody may waive it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub never_waived: bool,
    /// How long it may be relied on, from when it was looked at.
    pub expires_minutes: i64,
}

/// What proves a piece of evidence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// What was seen, in words.
    #[default]
    Note,
    /// A whole number.
    Number,
    /// The address of the proof.
    Link,
    /// A photograph or a document.
    File,
}

impl Proof {
    /// Whether words are enough.
    pub const fn is_note(&self) -> bool {
        matches!(self, Self::Note)
    }
}

fn commander() -> String {
    "commander".to_owned()
}

const fn an_hour() -> i64 {
    60
}

impl Playbook {
    /// The system of a key.
    pub fn system(&self, key: &str) -> Option<&System> {
        self.systems.iter().find(|system| system.key == key)
    }

    /// The form type of a code.
    pub fn form_type(&self, code: &str) -> Option<&FormType> {
        self.forms.iter().find(|form| form.code == code)
    }

    /// The message of a key.
    pub fn message(&self, key: &str) -> Option<&Message> {
        self.messages.iter().find(|message| message.key == key)
    }

    /// The level that stands when the declarer is not asked.
    pub fn usual_level(&self) -> Option<&Level> {
        self.levels.iter().find(|level| level.usual)
    }

    /// Whether the value of a blank is this playbook's own text and not what somebody typed over it.
    pub fn wrote(&self, source: BlankSource, value: &str) -> bool {
        match source {
            BlankSource::Incident => self.name == value,
            BlankSource::Level => self.levels.iter().any(|level| level.number.to_string() == value),
            BlankSource::Cause => self.causes.iter().any(|cause| cause == value),
            _ => false,
        }
    }

    /// `Endpoint outage v7`, as on every page of an incident.
    pub fn title(&self) -> String {
        format!("{} v{}", self.name, self.version)
    }
}
