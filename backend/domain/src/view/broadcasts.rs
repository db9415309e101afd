//! What the pages of broadcasts show: the list, the composer, one broadcast, who knows, the ledger of deliveries,
//! and the two public pages that answer and verify.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::picture::Curve;
use crate::{
    broadcasts::{Answer, GiveAnswer, Knows, SecondLook, Stage, UnitTally, compose::Compose},
    deliveries::{Channel, State},
    id::{BroadcastId, IncidentId, RequestId},
    sms::Parts,
};

/// All broadcasts of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BroadcastsView {
    pub incident: IncidentId,
    pub request_id: RequestId,
    pub lines: Vec<BroadcastLine>,
    pub may_send: bool,
    pub lists: Vec<ListLine>,
    /// Gateways that rest, with the reason and until when.
    pub resting: Vec<String>,
    pub hold: Option<HoldView>,
    /// Released scopes, for which alone an all clear can be composed.
    pub clear: Vec<AudienceChoice>,
    pub audiences: Vec<AudienceChoice>,
    /// What was ticked before a refusal.
    pub typed_audiences: Vec<String>,
    /// Which messages become files instead of leaving, as a sentence; empty when all leave.
    pub files_only: String,
}

/// A list that was given as a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListLine {
    pub id: String,
    pub name: String,
    pub people: i64,
}

/// Why nothing is sent until somebody decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HoldView {
    pub reason: String,
    pub since: String,
}

/// One broadcast in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BroadcastLine {
    pub id: BroadcastId,
    pub number: i64,
    pub subject: String,
    pub stage: Stage,
    pub stage_words: String,
    pub to: String,
    pub sent: String,
    pub people: i64,
    pub units: i64,
    pub units_confirmed: i64,
    /// Deliveries that still wait, that failed, and that are in doubt.
    pub open: i64,
    pub failed: i64,
    pub in_doubt: i64,
}

/// The composer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ComposeView {
    pub incident: IncidentId,
    pub request_id: RequestId,
    pub templates: Vec<TemplateChoice>,
    pub chosen: Option<TemplateChoice>,
    /// The blanks that somebody must type.
    pub blanks: Vec<BlankField>,
    /// The template's words with the blanks that data fills; `{key}` stands for what is typed.
    pub words: Option<Words>,
    pub audiences: Vec<AudienceChoice>,
    pub supersedes: Vec<AudienceChoice>,
    pub now: String,
    pub form: Compose,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TemplateChoice {
    pub key: String,
    pub name: String,
    pub audience: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlankField {
    pub key: String,
    pub label: String,
    pub value: String,
    pub required: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Words {
    pub subject: String,
    pub body: String,
    pub sms: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AudienceChoice {
    pub value: String,
    pub label: String,
}

/// One broadcast: before sending its preview, afterwards its progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BroadcastView {
    pub incident: IncidentId,
    pub id: BroadcastId,
    pub request_id: RequestId,
    pub number: i64,
    pub stage: Stage,
    pub stage_words: String,
    /// Why it did not go out as it was ordered; empty when nothing is wrong.
    pub notice: String,
    pub to: String,
    pub author: String,
    pub sent_by: String,
    pub sent: String,
    pub approver: String,
    pub exercise: bool,
    pub captured: bool,
    pub people: i64,
    pub addresses: i64,
    pub subject: String,
    /// The e-mail and the text message as they will be read, with code and an answer link.
    pub email: String,
    pub sms: Parts,
    pub email_code: String,
    pub sms_code: String,
    pub second_looks: Vec<SecondLook>,
    /// Which messages become files instead of leaving, as a sentence; empty when all leave.
    pub files_only: String,
    pub may_send: bool,
    pub may_approve: bool,
    pub counts: Vec<StateCount>,
    pub supersedes: Option<Other>,
    pub superseded_by: Option<Other>,
    pub units: i64,
    pub units_confirmed: i64,
}

/// Another broadcast of the incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Other {
    pub id: BroadcastId,
    pub number: i64,
}

/// How many deliveries of a channel are in a state, with the way to exactly those.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateCount {
    pub channel: Channel,
    pub state: State,
    pub count: i64,
    pub path: String,
}

/// Who knows, by unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WhoKnowsView {
    pub incident: IncidentId,
    pub id: BroadcastId,
    pub number: i64,
    /// Until it has begun to leave nobody knows anything, whatever the figures say.
    pub stage: Stage,
    pub subject: String,
    pub sent: String,
    pub as_of: String,
    pub units: i64,
    pub confirmed: i64,
    pub partly: i64,
    pub not: i64,
    pub nobody: i64,
    /// Share of units that confirmed, in percent, rounded down.
    pub percent: i64,
    /// The longest that a unit which has not answered has been silent.
    pub longest_silent_minutes: i64,
    pub half_minutes: Option<i64>,
    pub nine_in_ten_minutes: Option<i64>,
    pub curve: Curve,
    pub sites: Vec<SiteLine>,
    /// Every unit that is not confirmed: first those of which nobody answered, the silent ones first.
    pub call_list: Vec<CallLine>,
    /// People who belong to no unit are counted apart.
    pub people_without_unit: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SiteLine {
    pub site: String,
    pub confirmed: i64,
    pub partly: i64,
    pub not: i64,
}

/// A unit to be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallLine {
    pub unit: String,
    pub name: String,
    pub site: String,
    pub phone: String,
    pub knows: Knows,
    pub tally: UnitTally,
    pub silent_minutes: i64,
    pub path: String,
}

/// The people of a unit, for answering on their behalf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitView {
    pub incident: IncidentId,
    pub broadcast: BroadcastId,
    pub number: i64,
    pub unit: String,
    pub name: String,
    pub phone: String,
    pub knows: Knows,
    pub tally: UnitTally,
    pub request_id: RequestId,
    pub people: Vec<PersonLine>,
    pub answer: String,
    pub note: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PersonLine {
    pub ordinal: i64,
    pub name: String,
    pub on_duty: bool,
    pub lead: bool,
    pub answer: Option<Answer>,
    pub answered: String,
}

/// The ledger: one line for each address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveriesView {
    pub incident: IncidentId,
    pub broadcast: BroadcastId,
    pub number: i64,
    pub state: Option<State>,
    pub channel: Option<Channel>,
    pub lines: Vec<DeliveryLine>,
    pub next: Option<String>,
    pub csv: String,
    /// Text messages in doubt, about which somebody must decide.
    pub asks: i64,
    pub request_id: RequestId,
    pub may_send: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryLine {
    pub id: String,
    pub channel: Channel,
    pub address: String,
    pub people: Vec<String>,
    pub state: State,
    /// `in doubt, re-sent (accepted)`
    pub words: String,
    pub gateway: String,
    pub reply: String,
    pub attempts: i64,
    pub message_id: String,
    pub updated: String,
}

/// One delivery with the message as it left, and its history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryView {
    pub incident: IncidentId,
    pub broadcast: BroadcastId,
    pub number: i64,
    pub line: DeliveryLine,
    pub subject: String,
    pub text: String,
    pub events: Vec<String>,
}

/// What an answer link shows. Looking at it changes nothing.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AnswerView {
    pub organisation: String,
    pub path: String,
    pub exercise: bool,
    pub subject: String,
    pub text: String,
    pub sent: String,
    pub code: String,
    pub superseded: bool,
    /// It was taken back: its text permits what no longer holds, so it is not shown.
    pub taken_back: bool,
    pub expired: bool,
    /// The people behind a shared address, to choose from; empty for a personal link.
    pub people: Vec<AudienceChoice>,
    /// The last answer of a personal link, and when.
    pub answered: Option<(Answer, String)>,
    pub form: GiveAnswer,
}

/// What verifying a code says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VerifyView {
    pub organisation: String,
    pub typed: String,
    pub found: Verified,
}

/// The answer to a code. A code never makes a text genuine: the genuine text is shown, to be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Verified {
    NothingTyped,
    /// It cannot be a code of ours: one sentence says why.
    NotACode {
        why: String,
    },
    /// No message that was sent has this code.
    NotIssued,
    Belongs {
        code: String,
        channel: Channel,
        exercise: bool,
        subject: String,
        text: String,
        sent: String,
        /// When a later message took its place.
        superseded: Option<String>,
    },
    /// It was sent and taken back: its text permits what no longer holds, so it is not shown.
    TakenBack {
        code: String,
        exercise: bool,
        sent: String,
        taken_back: String,
    },
}
