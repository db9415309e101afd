//! Typed identifiers. All are UUIDv7 made by the application, so that rows sort by the time they were made and
//! nobody can pass a case where an incident is meant.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("This is not an identifier of this program.")]
pub struct NotAnId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                Uuid::try_parse(text.trim()).map(Self).map_err(|_| NotAnId)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )+};
}

ids! {
    /// One downtime, from first report to close.
    IncidentId,
    /// A local user or a program's account.
    AccountId,
    /// A person of the staff directory.
    PersonId,
    /// A group of facilities.
    GroupId,
    /// A hospital or clinic site.
    FacilityId,
    /// A ward or department in a facility.
    UnitId,
    /// Something people use: an application, a device class or a network.
    SystemId,
    /// A standing order for a scope.
    InstructionId,
    /// One message to an audience.
    BroadcastId,
    /// A saved or ad-hoc list of recipients.
    AudienceId,
    /// One broadcast to one address.
    DeliveryId,
    /// A list of booked operations and visits, with its "as of" time.
    SnapshotId,
    /// A schedule that came in before an incident.
    StandingId,
    /// A system that sends its own messages about appointments.
    FeedId,
    /// A file of such messages.
    FeedFileId,
    /// One booked operation or visit, followed to its end.
    CaseId,
    /// One rule decision over many cases.
    DecisionId,
    /// One numbered sheet.
    FormId,
    /// A range of serials issued to a unit.
    IssueId,
    /// What a unit gives back for a shift, under one cover sheet.
    BatchId,
    /// A scope's way back.
    ClearanceId,
    /// A checklist item of a position.
    TaskId,
    /// An offer of command from one person to another.
    HandoverId,
    /// A file that was offered for import, with its preview.
    ImportId,
    /// The client's own name for one command, so that a repeat is recognised.
    RequestId,
    /// A bearer token of a program.
    TokenId,
    /// A temporary record or encounter number.
    NumberId,
    /// Something that must be looked at again.
    ReviewId,
    /// Numbered sheets printed together for a unit.
    PackId,
    /// Blank forms that are asked for a unit.
    ReorderId,
}
