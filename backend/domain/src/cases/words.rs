//! What can be said of a case and of a try to reach its patient: where it stands, what was decided, how somebody
//! tried, and what came of it. The codes are what files, tables and JSON hold.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Scheduled,
    Kept,
    ToContact,
    Contacting,
    Told,
    Rebooked,
    Done,
    Seen,
    Declined,
    NoLongerNeeded,
    TreatedElsewhere,
    AdmittedAsEmergency,
    Died,
    ClosedByClinician,
    DuplicateOrError,
}

impl State {
    pub const ALL: [Self; 15] = [
        Self::Scheduled,
        Self::Kept,
        Self::ToContact,
        Self::Contacting,
        Self::Told,
        Self::Rebooked,
        Self::Done,
        Self::Seen,
        Self::Declined,
        Self::NoLongerNeeded,
        Self::TreatedElsewhere,
        Self::AdmittedAsEmergency,
        Self::Died,
        Self::ClosedByClinician,
        Self::DuplicateOrError,
    ];

    /// The ends that one command with a reason reaches.
    pub const OTHER_ENDS: [Self; 7] = [
        Self::Declined,
        Self::NoLongerNeeded,
        Self::TreatedElsewhere,
        Self::AdmittedAsEmergency,
        Self::Died,
        Self::ClosedByClinician,
        Self::DuplicateOrError,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Kept => "kept",
            Self::ToContact => "to_contact",
            Self::Contacting => "contacting",
            Self::Told => "told",
            Self::Rebooked => "rebooked",
            Self::Done => "done",
            Self::Seen => "seen",
            Self::Declined => "declined",
            Self::NoLongerNeeded => "no_longer_needed",
            Self::TreatedElsewhere => "treated_elsewhere",
            Self::AdmittedAsEmergency => "admitted_as_emergency",
            Self::Died => "died",
            Self::ClosedByClinician => "closed_by_clinician",
            Self::DuplicateOrError => "duplicate_or_error",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Scheduled => "Scheduled",
            Self::Kept => "Kept",
            Self::ToContact => "Not told",
            Self::Contacting => "Not told, being tried",
            Self::Told => "Told, no new date",
            Self::Rebooked => "Booked again",
            Self::Done => "Done as planned",
            Self::Seen => "Seen",
            Self::Declined => "Declined by the patient",
            Self::NoLongerNeeded => "No longer needed",
            Self::TreatedElsewhere => "Treated elsewhere",
            Self::AdmittedAsEmergency => "Admitted as an emergency",
            Self::Died => "Died",
            Self::ClosedByClinician => "Not reached, closed by a clinician",
            Self::DuplicateOrError => "Duplicate or error",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether the case has reached an end.
    pub const fn is_end(self) -> bool {
        !matches!(
            self,
            Self::Scheduled | Self::Kept | Self::ToContact | Self::Contacting | Self::Told | Self::Rebooked
        )
    }
}

/// What was decided over a case; it stays when the case moves on, so that the sums of rule 6 can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decided {
    /// In no decision's window.
    No,
    /// In a decision's window, left for a person to decide.
    Undecided,
    Kept,
    Cancelled,
}

impl Decided {
    pub const ALL: [Self; 4] = [Self::No, Self::Undecided, Self::Kept, Self::Cancelled];

    pub const fn code(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Undecided => "undecided",
            Self::Kept => "kept",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|decided| decided.code() == code)
    }
}

/// How somebody tried to reach a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Phone,
    Sms,
    Email,
    Letter,
    InPerson,
}

impl Channel {
    pub const ALL: [Self; 5] = [Self::Phone, Self::Sms, Self::Email, Self::Letter, Self::InPerson];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Letter => "letter",
            Self::InPerson => "in_person",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Phone => "by phone",
            Self::Sms => "by text message",
            Self::Email => "by e-mail",
            Self::Letter => "by letter",
            Self::InPerson => "in person",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.code() == code)
    }
}

/// What came of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContactResult {
    Told,
    NoAnswer,
    Voicemail,
    WrongNumber,
    CallBack,
}

impl ContactResult {
    pub const ALL: [Self; 5] =
        [Self::Told, Self::NoAnswer, Self::Voicemail, Self::WrongNumber, Self::CallBack];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::NoAnswer => "no_answer",
            Self::Voicemail => "voicemail",
            Self::WrongNumber => "wrong_number",
            Self::CallBack => "call_back",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::NoAnswer => "no answer",
            Self::Voicemail => "voicemail",
            Self::WrongNumber => "wrong number",
            Self::CallBack => "asked to be called back",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.code() == code)
    }
}
