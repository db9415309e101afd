//! Who acts: an account, its roles, and the places to which each role is limited.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    id::AccountId,
    scope::{Place, Places},
};

/// What a person may do. Every route names the roles it is open to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Administrator,
    Commander,
    Communicator,
    CaseManager,
    FormsClerk,
    UnitLead,
    Signer,
    Viewer,
    /// A script on a device that is being given back: it reports that one device and sees nothing.
    DeviceReporter,
}

impl Role {
    /// All roles, in the order in which pages list them.
    pub const ALL: [Self; 9] = [
        Self::Administrator,
        Self::Commander,
        Self::Communicator,
        Self::CaseManager,
        Self::FormsClerk,
        Self::UnitLead,
        Self::Signer,
        Self::Viewer,
        Self::DeviceReporter,
    ];

    /// The roles that look at incidents: all but those of scripts, whose tokens lie on thousands of machines.
    pub const READERS: [Self; 8] = [
        Self::Administrator,
        Self::Commander,
        Self::Communicator,
        Self::CaseManager,
        Self::FormsClerk,
        Self::UnitLead,
        Self::Signer,
        Self::Viewer,
    ];

    /// The code in files, tables and JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Commander => "commander",
            Self::Communicator => "communicator",
            Self::CaseManager => "case_manager",
            Self::FormsClerk => "forms_clerk",
            Self::UnitLead => "unit_lead",
            Self::Signer => "signer",
            Self::Viewer => "viewer",
            Self::DeviceReporter => "device_reporter",
        }
    }

    /// The role as people say it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Administrator => "Administrator",
            Self::Commander => "Commander",
            Self::Communicator => "Communicator",
            Self::CaseManager => "Case manager",
            Self::FormsClerk => "Forms clerk",
            Self::UnitLead => "Unit lead",
            Self::Signer => "Signer",
            Self::Viewer => "Viewer",
            Self::DeviceReporter => "Device reporter",
        }
    }

    /// The role of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }
}

/// A role that an account holds, at a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Grant {
    pub role: Role,
    pub place: Place,
    /// What a signer signs as, in the playbook's word (`cio`, `laboratory owner`); empty for other roles.
    #[serde(default)]
    pub signs_as: String,
}

/// The person or program on whose behalf a command runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    pub account: AccountId,
    pub name: String,
    pub grants: Vec<Grant>,
}

impl Actor {
    /// Whether the account holds one of these roles anywhere.
    pub fn has(&self, roles: &[Role]) -> bool {
        self.grants.iter().any(|grant| roles.contains(&grant.role))
    }

    /// Whether the account holds the role at a place that contains `place`.
    pub fn can(&self, role: Role, place: Place, places: &Places) -> bool {
        self.grants.iter().any(|grant| grant.role == role && places.contains(grant.place, place))
    }

    /// Whether the account holds one of these roles at all sites: what concerns the whole installation needs it.
    pub fn has_everywhere(&self, roles: &[Role]) -> bool {
        self.grants.iter().any(|grant| roles.contains(&grant.role) && grant.place == Place::All)
    }

    /// Whether the account is an administrator of all sites.
    pub fn administers_everything(&self) -> bool {
        self.has_everywhere(&[Role::Administrator])
    }

    /// Whether the account may sign as `signer` at `place`.
    pub fn signs_as(&self, signer: &str, place: Place, places: &Places) -> bool {
        self.grants.iter().any(|grant| {
            grant.role == Role::Signer
                && grant.signs_as.eq_ignore_ascii_case(signer)
                && places.contains(grant.place, place)
        })
    }
}
