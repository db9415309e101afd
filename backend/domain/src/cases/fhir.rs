//! A cancelled booking as others take it in: an `Appointment` of FHIR R4 with status `cancelled` and, in R4's spelling,
//! its `cancelationReason`.
//!
//! No standard code says that computers were down. So the reason has two codings: our own, which says it, and the
//! nearest of HL7's own list, which others know. The incident stands beside it as supporting information.

use serde_json::{Value, json};

use crate::{
    id::{CaseId, IncidentId},
    schedule::{Kind, Patient},
    time::Timestamp,
};

/// The system of our own code.
pub const OUR_REASONS: &str = "urn:downtime-command:cancelation-reason";
/// HL7's list of reasons.
pub const STANDARD_REASONS: &str = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason";

/// The incident, as each appointment names it.
#[derive(Debug, Clone)]
pub struct Cause {
    pub incident: IncidentId,
    /// The incident's name.
    pub name: String,
}

/// What of a case goes out.
#[derive(Debug, Clone)]
pub struct Cancelled {
    pub case: CaseId,
    /// The number that the scheduling system gave it.
    pub appointment: String,
    pub kind: Kind,
    pub service: String,
    pub provider: String,
    /// `Room 4, Northside`
    pub place: String,
    pub start: Timestamp,
    /// 0 when the schedule did not say.
    pub minutes: i64,
    pub told: bool,
    /// When it is booked again.
    pub new_start: Option<Timestamp>,
    /// `None` when the patient was erased.
    pub patient: Option<Patient>,
}

impl Cancelled {
    /// The resource.
    pub fn resource(&self, cause: &Cause) -> Value {
        let mut resource = json!({
            "resourceType": "Appointment",
            "id": self.case,
            "identifier": [{ "value": self.appointment }],
            "status": "cancelled",
            "cancelationReason": {
                "coding": [
                    {
                        "system": OUR_REASONS,
                        "code": "it-downtime",
                        "display": "Computer systems were down",
                    },
                    { "system": STANDARD_REASONS, "code": "other", "display": "Other" },
                ],
                "text": format!("Computer systems were down: {}", cause.name),
            },
            "supportingInformation": [{
                "identifier": { "system": "urn:ietf:rfc:3986", "value": format!("urn:uuid:{}", cause.incident) },
                "display": cause.name,
            }],
            "appointmentType": { "text": self.kind.code() },
            "start": self.start.rfc3339(),
            "end": self.start.plus_minutes(self.minutes.max(0)).rfc3339(),
            "participant": self.participants(),
        });
        if !self.service.is_empty() {
            resource["serviceType"] = json!([{ "text": self.service }]);
        }
        // A duration of nothing is no duration in FHIR.
        if self.minutes > 0 {
            resource["minutesDuration"] = json!(self.minutes);
        }
        if let Some(at) = self.new_start {
            resource["comment"] = json!(format!("Booked again for {}", at.rfc3339()));
        }
        resource
    }

    fn participants(&self) -> Vec<Value> {
        let knows = if self.told { "accepted" } else { "needs-action" };
        let mut patient = json!({ "type": "Patient" });
        if let Some(known) = &self.patient {
            if !known.mrn.is_empty() {
                patient["identifier"] = json!({ "value": known.mrn });
            }
            if !known.name.is_empty() {
                patient["display"] = json!(known.name);
            }
        } else {
            patient["display"] = json!("Erased");
        }
        let mut participants = vec![json!({ "actor": patient, "required": "required", "status": knows })];
        for (kind, display) in [("Practitioner", &self.provider), ("Location", &self.place)] {
            if !display.is_empty() {
                participants
                    .push(json!({ "actor": { "type": kind, "display": display }, "status": "accepted" }));
            }
        }
        participants
    }
}

/// How a bundle begins, before its first entry.
pub fn bundle_head(at: Timestamp) -> String {
    format!(
        "{{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"timestamp\":{},\"entry\":[",
        json!(at.rfc3339())
    )
}

/// An entry of a bundle.
pub fn bundle_entry(resource: &Value) -> Value {
    let id = resource["id"].as_str().unwrap_or_default();
    json!({ "fullUrl": format!("urn:uuid:{id}"), "resource": resource })
}

/// How a bundle ends. A bundle of nothing has no list of entries, because FHIR knows no empty list.
pub const BUNDLE_TAIL: &str = "]}";

/// A bundle in which nothing is.
pub fn empty_bundle(at: Timestamp) -> Value {
    json!({ "resourceType": "Bundle", "type": "collection", "timestamp": at.rfc3339() })
}
