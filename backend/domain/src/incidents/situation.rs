//! What changes while a downtime lasts: the status of a system at sites, and the time of the next update.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Refusal,
    clearance::Stage,
    field::{FieldErrors, Text},
    id::{IncidentId, SystemId},
    scope::Status,
    time::{Timestamp, Zone},
};

/// A system is found to be something else, at some sites or at all sites of the incident.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ReportStatus {
    pub request_id: Text,
    /// The system's code.
    pub system: Text,
    /// A status code: `down`, `degraded`, `read_only`, `restoring`, `operational`, `unknown`.
    pub status: Text,
    /// Codes of facilities; none means every site of the incident.
    pub sites: Vec<Text>,
    /// When it became so; empty means now.
    pub since: Text,
}

/// A promise of the next update.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PromiseUpdate {
    pub request_id: Text,
    /// Minutes from now, 5 to 1440.
    pub minutes: Text,
}

/// What reporting a status changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusReported {
    pub incident: IncidentId,
    pub seq: i64,
    pub system: SystemId,
    /// At how many sites the status is now another than before.
    pub changed: i64,
    /// How many clear scopes the report took back, because the system is down again.
    pub taken_back: i64,
}

/// When the next update is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UpdatePromised {
    pub incident: IncidentId,
    pub seq: i64,
    pub next_update_at: Timestamp,
}

/// A report whose fields have been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub system: String,
    pub status: Status,
    pub sites: Vec<String>,
    pub since: Timestamp,
}

impl ReportStatus {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self, now: Timestamp, zone: &Zone) -> Result<Report, FieldErrors> {
        let mut errors = FieldErrors::default();
        let system = errors.required("system", &self.system, 64, "Choose a system.");
        let status = Status::from_code(self.status.trimmed());
        if status.is_none() {
            errors.add("status", "Choose what the system is now.");
        }
        let since = if self.since.is_blank() {
            Some(now)
        } else {
            errors.keep("since", zone.parse_past(&self.since.0, now))
        };
        if since.is_some_and(|since| since > now) {
            errors.add("since", "This time has not come yet.");
        }
        let sites =
            self.sites.iter().filter(|site| !site.is_blank()).map(|site| site.trimmed().to_owned()).collect();
        errors.into_result()?;
        let (Some(system), Some(status), Some(since)) = (system, status, since) else {
            return Err(FieldErrors::one("status", "Choose what the system is now."));
        };
        Ok(Report { system, status, sites, since })
    }
}

impl PromiseUpdate {
    /// Reads the minutes.
    ///
    /// # Errors
    /// A sentence at the field.
    pub fn read(&self) -> Result<i64, FieldErrors> {
        match self.minutes.trimmed().parse() {
            Ok(minutes @ 5..=1440) => Ok(minutes),
            _ => Err(FieldErrors::one("minutes", "Promise the next update in 5 to 1440 minutes.")),
        }
    }
}

/// Whether a system at a site may be reported as this, by the stages of its scopes there. That it is down is always
/// taken, and takes back what is clear; otherwise a report contradicts no clearance.
///
/// # Errors
/// Refused for `operational` before every scope is clear, and for anything worse than that, but not down, while
/// all are: which functions are meant is said by revoking.
pub fn may_report(status: Status, stages: &[Stage]) -> Result<(), Refusal> {
    let clear = stages.iter().filter(|stage| stage.is_clear()).count();
    match status {
        Status::Operational if clear < stages.len() => Err(Refusal::new(
            "not-clear",
            "This system is not clear there: it is operational again when its clearance is released.",
        )),
        Status::Operational | Status::Down => Ok(()),
        _ if clear > 0 && clear == stages.len() => Err(Refusal::new(
            "clear",
            "This system is clear there: revoke its clearance, in whole or for the functions that are meant.",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_what_is_missing_at_its_field() {
        let now = Timestamp::from_seconds(1_721_372_700);
        let errors = ReportStatus { since: "2031-01-01 00:00".into(), ..ReportStatus::default() }
            .read(now, &Zone::utc())
            .expect_err("is empty");
        assert_eq!(errors.0.keys().map(String::as_str).collect::<Vec<_>>(), ["since", "status", "system"]);
    }

    #[test]
    fn a_report_contradicts_no_clearance_but_that_a_system_is_down_is_always_taken() {
        let may = |status, stages: &[Stage]| may_report(status, stages).map_err(|refusal| refusal.code);
        for stages in [&[][..], &[Stage::Clear], &[Stage::Waiting], &[Stage::Clear, Stage::Restored]] {
            assert_eq!(may(Status::Down, stages), Ok(()), "{stages:?}");
        }
        assert_eq!(may(Status::Operational, &[Stage::Clear, Stage::Signed]), Err("not-clear".into()));
        assert_eq!(may(Status::Operational, &[Stage::BackEntryComplete]), Ok(()));
        assert_eq!(may(Status::Degraded, &[Stage::Clear]), Err("clear".into()));
        assert_eq!(may(Status::Degraded, &[Stage::Clear, Stage::Waiting]), Ok(()));
        assert_eq!(may(Status::Degraded, &[]), Ok(()));
    }
}
