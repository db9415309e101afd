//! Accounts in bulk from the staff list by rule: at three in the morning neither hospital sign-on nor mail may
//! work, so the cards that open them are printed and sealed beforehand.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Staff;
use crate::{
    actor::Role,
    field::{FieldErrors, Text},
};

/// The rule as it is typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AccountsFromStaff {
    pub request_id: Text,
    /// A role's code.
    pub role: Text,
    /// For a signer: as whom.
    pub signs_as: Text,
    /// `leads` for the unit leads, or empty for everyone with the job.
    pub leads: Text,
    /// A job in the words of the staff file; empty for every job.
    pub job: Text,
    /// `unit`, `facility` or `all`: how far the role reaches.
    pub reach: Text,
}

/// How far a role reaches from where the person works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Unit,
    Facility,
    All,
}

/// Who gets an account, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub role: Role,
    pub signs_as: String,
    pub leads: bool,
    /// In lower case; empty for every job.
    pub job: String,
    pub reach: Reach,
}

impl AccountsFromStaff {
    /// Reads the rule.
    ///
    /// # Errors
    /// What cannot be used, by field. A rule that would take everyone is refused.
    pub fn read(&self) -> Result<Rule, FieldErrors> {
        let mut errors = FieldErrors::default();
        let role = Role::from_code(self.role.trimmed());
        if role.is_none_or(|role| role == Role::Administrator) {
            errors.add("role", "Choose a role; administrators are made one by one.");
        }
        let signs_as = self.signs_as.trimmed().to_owned();
        if (role == Some(Role::Signer)) == signs_as.is_empty() {
            errors.add("signs_as", "A signer says as whom, as cio; other roles sign nothing.");
        }
        let reach = match self.reach.trimmed() {
            "unit" => Some(Reach::Unit),
            "facility" => Some(Reach::Facility),
            "all" => Some(Reach::All),
            _ => None,
        };
        if reach.is_none() {
            errors.add("reach", "Choose how far the role reaches: the person's unit, their site, or all.");
        }
        let leads = self.leads.is_yes() || self.leads.trimmed() == "leads";
        let job = self.job.trimmed().to_lowercase();
        if !leads && job.is_empty() {
            errors
                .add("job", "Name a job, or tick unit leads: an account for everyone is a key for everyone.");
        }
        errors.into_result()?;
        match (role, reach) {
            (Some(role), Some(reach)) => Ok(Rule { role, signs_as, leads, job, reach }),
            _ => Err(FieldErrors::one("role", "Choose a role and its reach.")),
        }
    }
}

impl Rule {
    /// Whether a person gets an account by this rule.
    pub fn takes(&self, person: &Staff) -> bool {
        (!self.leads || person.unit_lead) && (self.job.is_empty() || person.job.to_lowercase() == self.job)
    }
}

/// The name under which a person signs in: the staff number, which is on their badge.
pub fn login_of(staff_number: &str) -> String {
    let kept: String = staff_number
        .to_lowercase()
        .chars()
        .map(|c| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' })
        .collect();
    if kept.chars().count() < 2 { format!("staff-{kept}") } else { kept.chars().take(64).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_for_everyone_is_refused() {
        let form = AccountsFromStaff { role: "viewer".into(), reach: "unit".into(), ..Default::default() };
        assert!(form.read().expect_err("is refused").at("job").is_some());
        let leads = AccountsFromStaff { leads: "yes".into(), ..form };
        assert!(leads.read().expect("is a rule").leads);
    }
}
