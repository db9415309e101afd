//! One Appointment as a report.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    Entry, Reader, Time,
    parties::{Parties, Party, at, concept, each, kind_of, person, text, words},
};
use crate::{
    schedule::{
        Booking, Site,
        dialect::Authority,
        report::{Doubt, EventTime, Key, Report, State, What},
        written::{self, Refused, Start, Written, one_line},
    },
    stamp::{Precision, Stamp},
    time::{Local, Zone},
};

/// The path of the element that is wrong, and one sentence.
pub(super) type Wrong = (String, String);

fn wrong(path: impl Into<String>, reason: &str) -> Wrong {
    (path.into(), reason.to_owned())
}

impl<'a> Reader<'a> {
    pub(super) fn appointment(
        &self,
        entry: &Entry,
        resource: &Value,
        parties: &Parties,
    ) -> Result<Report, Wrong> {
        let mut doubts = Vec::new();
        let key = self.key(entry, resource, &mut doubts)?;
        let status = text(resource, "status");
        if !STATUSES.contains(&status) {
            return Err(wrong("status", "This is no status of a FHIR appointment."));
        }
        let state = self.tables.status([status]);
        let state = state.ok_or_else(|| wrong("status", "This is no status of a FHIR appointment."))?;
        let found = Found::read(self, resource, parties)?;
        let zone = found.site.as_ref().map_or(self.zone, |site| &site.zone);
        let at = self.event_time(entry, resource, zone, &mut doubts)?;
        let booking = match self.booking(entry, resource, &found, &key) {
            Ok(booking) => Some(booking),
            Err(wrong) if state.needs_details() => return Err(wrong),
            Err(_) if state == State::Requested => None,
            Err(_) => {
                doubts.push(Doubt::DetailsUnread);
                None
            }
        };
        let version = text(self::at(resource, &["meta"]), "versionId");
        let reason =
            ["cancelationReason", "cancellationReason"].map(|name| concept(self::at(resource, &[name])));
        let reason = reason.into_iter().find(|reason| !reason.is_empty()).unwrap_or_default();
        doubts.sort_unstable();
        Ok(Report {
            row: entry.row,
            message: message_id(resource, version),
            key,
            what: What::of(state),
            at,
            sequence: version.parse().ok().filter(|number| *number >= 0),
            booking,
            reason: reason.chars().take(200).collect(),
            doubts,
        })
    }

    /// The filler's identifier, else the official, usual or first one, else the id of the resource.
    fn key(&self, entry: &Entry, resource: &Value, doubts: &mut Vec<Doubt>) -> Result<Key, Wrong> {
        let all: Vec<(usize, &Value)> = each(resource, "identifier")
            .enumerate()
            .filter(|(_, identifier)| !text(identifier, "value").trim().is_empty())
            .collect();
        let is_filler =
            |identifier: &Value| words(at(identifier, &["type"])).iter().any(|word| word == "FILL");
        let of_use = |name: &str| all.iter().find(|(_, identifier)| text(identifier, "use") == name);
        let found = all.iter().find(|(_, identifier)| is_filler(identifier));
        let found = found.or_else(|| of_use("official")).or_else(|| of_use("usual")).or_else(|| all.first());
        let (path, id, system) = match found {
            Some((number, identifier)) => {
                let id = one_line(text(identifier, "value"));
                (format!("identifier[{number}].value"), id, one_line(text(identifier, "system")))
            }
            None => ("id".to_owned(), one_line(text(resource, "id")), String::new()),
        };
        if id.is_empty() {
            return Err(wrong(path, "The appointment has neither an identifier nor an id."));
        }
        if id.chars().count() > 64 {
            return Err(wrong(path, "The appointment id has more than 64 characters."));
        }
        let authority = if system.is_empty() {
            doubts.push(Doubt::NoAuthority);
            match &self.tables.dialect.authority {
                Authority::Named(name) => name.clone(),
                Authority::SendingApplication | Authority::SendingFacility => {
                    let server = entry.url.split("/Appointment/").next().unwrap_or_default();
                    if server == entry.url { String::new() } else { server.to_owned() }
                }
            }
        } else {
            system.strip_prefix("urn:oid:").unwrap_or(&system).to_owned()
        };
        Ok(Key { authority: self.tables.authority(&authority), id })
    }

    /// `meta.lastUpdated`, else what the bundle says of the entry or itself, else when the file was taken.
    fn event_time(
        &self,
        entry: &Entry,
        resource: &Value,
        zone: &Zone,
        doubts: &mut Vec<Doubt>,
    ) -> Result<EventTime, Wrong> {
        let updated = at(resource, &["meta", "lastUpdated"]);
        let (path, stamp) = match (updated, &entry.time) {
            (Value::Null, Time::At(path, stamp)) => (*path, *stamp),
            (Value::Null, Time::None) => {
                doubts.push(Doubt::NoTime);
                let precision = Precision::Second;
                return Ok(EventTime { at: self.as_of, precision, has_offset: true, first_of_two: false });
            }
            (updated, _) => ("meta.lastUpdated", updated.as_str().and_then(Stamp::fhir)),
        };
        let stamp = stamp.ok_or_else(|| wrong(path, "This time cannot be read."))?;
        let (at, first_of_two) = match stamp.in_zone(zone) {
            Local::Once(at) => (at, false),
            Local::TakenAsFirst(at) => (at, true),
            Local::NeverHappened => {
                return Err(wrong(path, "The clocks were put forward over this time; it never was."));
            }
        };
        if stamp.precision() < Precision::Minute {
            doubts.push(Doubt::CoarseTime);
        }
        Ok(EventTime { at, precision: stamp.precision(), has_offset: stamp.has_offset(), first_of_two })
    }

    fn booking(
        &self,
        entry: &Entry,
        resource: &Value,
        found: &Found<'a>,
        key: &Key,
    ) -> Result<Booking, Wrong> {
        let kinds = found.kinds(resource);
        let words = || kinds.iter().map(String::as_str);
        let kind = self.tables.kind(words());
        let urgency = urgency(resource).unwrap_or_else(|| found.urgency.clone());
        let start = at(resource, &["start"]).as_str().and_then(Stamp::fhir);
        let services = ["serviceType", "reasonCode", "reason", "appointmentType"];
        let services = services
            .into_iter()
            .filter_map(|name| each(resource, name).map(concept).find(|text| !text.is_empty()));
        let service = services.chain([found.service.clone(), one_line(text(resource, "description"))]);
        let patient = found.patient.as_ref().map(Party::value);
        let details = |read: fn(&Value) -> String| patient.map(read).unwrap_or_default();
        let born = patient.map_or_else(|| Ok(String::new()), born);
        let written = Written {
            line: entry.row,
            appointment: &key.id,
            mrn: &found.mrn,
            name: &found.name,
            born: born.as_deref().map_err(Clone::clone),
            phone: &details(phone),
            email: &details(|patient| telecom(patient, &["email"])),
            language: &details(language),
            kind,
            site: found.site.clone(),
            start: Start::Stamp(start),
            duration: &minutes(resource, start, found.site.as_ref().map_or(self.zone, |site| &site.zone)),
            listed: "",
            chain: "",
            service: &service.into_iter().find(|text| !text.is_empty()).unwrap_or_default(),
            department: &found.department,
            provider: &found.provider,
            priority: self.tables.priority(kind, &urgency),
            classes: self.tables.classes(words()),
        };
        written.booking().map_err(|(key, reason)| (found.path(key, resource), reason))
    }
}

/// FHIR's appointment status of R4 and R5; no other is one, whatever a table says.
const STATUSES: [&str; 10] = [
    "proposed",
    "pending",
    "booked",
    "arrived",
    "fulfilled",
    "cancelled",
    "noshow",
    "entered-in-error",
    "checked-in",
    "waitlist",
];

/// What the participants of an appointment come to.
struct Found<'a> {
    patient: Option<Party>,
    /// `participant[1].actor`, or where a patient should stand.
    patient_path: String,
    mrn: String,
    name: String,
    site: Result<&'a Site, Refused>,
    site_path: String,
    department: String,
    department_path: String,
    provider: String,
    provider_path: String,
    /// Of the orders it is based on.
    urgency: String,
    service: String,
    order_words: Vec<String>,
}

impl<'a> Found<'a> {
    fn read(reader: &Reader<'a>, resource: &Value, parties: &Parties) -> Result<Self, Wrong> {
        let mut found = Found {
            patient: None,
            patient_path: "participant".into(),
            mrn: String::new(),
            name: String::new(),
            site: Err(("facility", String::new())),
            site_path: "participant".into(),
            department: String::new(),
            department_path: "participant".into(),
            provider: String::new(),
            provider_path: "participant".into(),
            urgency: String::new(),
            service: String::new(),
            order_words: Vec::new(),
        };
        let participants = each(resource, "participant").enumerate();
        let actors =
            participants.map(|(number, each)| (format!("participant[{number}].actor"), at(each, &["actor"])));
        // R5 names the patient as its subject, too.
        let subject = each(resource, "subject").map(|subject| ("subject".to_owned(), subject));
        let mut sure = Vec::new();
        let mut patient = None;
        for (path, actor) in actors.chain(subject) {
            let party = parties.find(actor, resource);
            let kind = party.as_deref().map_or_else(|| kind_of(actor), Party::kind).to_owned();
            match kind.as_str() {
                "Patient" => {
                    let person = found.patient(reader, &path, actor, party.as_deref());
                    match &patient {
                        Some(known) if *known != person => {
                            return Err(wrong(
                                path,
                                "The appointment names several patients; it cannot be taken as one.",
                            ));
                        }
                        _ => patient = Some(person),
                    }
                }
                "Location" => found.location(&path, actor, party.as_deref(), parties, &mut sure),
                "Practitioner" | "PractitionerRole" => {
                    found.provider(&path, actor, party.as_deref(), parties);
                }
                "HealthcareService" => {
                    sure.extend(party.iter().flat_map(|party| owners(party, parties)));
                    if found.service.is_empty() {
                        found.service =
                            party.map_or_else(String::new, |party| one_line(text(party.value(), "name")));
                    }
                }
                _ => {}
            }
        }
        found.order(resource, parties);
        found.site = reader.tables.site(reader.sites, &sure, &[]);
        Ok(found)
    }

    fn patient(
        &mut self,
        reader: &Reader<'_>,
        path: &str,
        actor: &Value,
        party: Option<&Party>,
    ) -> (String, String) {
        path.clone_into(&mut self.patient_path);
        let dialect = &reader.tables.dialect;
        self.mrn = party
            .map(|party| mrn(party.value(), &dialect.mrn_type, &dialect.mrn_authority))
            .unwrap_or_default();
        if self.mrn.is_empty() {
            self.mrn = one_line(text(at(actor, &["identifier"]), "value"));
        }
        self.name = party.map(|party| person(party.value())).unwrap_or_default();
        if self.name.is_empty() {
            self.name = one_line(text(actor, "display"));
        }
        self.patient = party.cloned();
        (self.mrn.clone(), self.name.clone())
    }

    fn location(
        &mut self,
        path: &str,
        actor: &Value,
        party: Option<&Party>,
        parties: &Parties,
        sure: &mut Vec<String>,
    ) {
        if sure.is_empty() {
            path.clone_into(&mut self.site_path);
        }
        let display = one_line(text(actor, "display"));
        let named = party.map(|party| one_line(text(party.value(), "name"))).unwrap_or_default();
        if self.department.is_empty() {
            self.department = if named.is_empty() { display.clone() } else { named };
            path.clone_into(&mut self.department_path);
        }
        sure.extend(party.iter().flat_map(|party| owners(party, parties)));
        sure.extend([one_line(text(at(actor, &["identifier"]), "value")), display]);
    }

    fn provider(&mut self, path: &str, actor: &Value, party: Option<&Party>, parties: &Parties) {
        if !self.provider.is_empty() {
            return;
        }
        path.clone_into(&mut self.provider_path);
        let behind = party.and_then(|party| {
            let practitioner = at(party.value(), &["practitioner"]);
            let person_found = parties.find(practitioner, party.value()).map(|found| person(found.value()));
            person_found.or_else(|| Some(one_line(text(practitioner, "display"))))
        });
        let named = party.map(|party| person(party.value()));
        let all = [named, behind, Some(one_line(text(actor, "display")))];
        self.provider = all.into_iter().flatten().find(|name| !name.is_empty()).unwrap_or_default();
    }

    /// What the orders say that it is based on.
    fn order(&mut self, resource: &Value, parties: &Parties) {
        for reference in each(resource, "basedOn") {
            let Some(order) =
                parties.find(reference, resource).filter(|found| found.kind() == "ServiceRequest")
            else {
                continue;
            };
            let order = order.value();
            if self.urgency.is_empty() {
                self.urgency = one_line(text(order, "priority"));
            }
            if self.service.is_empty() {
                self.service = concept(at(order, &["code"]));
            }
            self.order_words.extend(each(order, "category").flat_map(words));
            self.order_words.extend(words(at(order, &["code"])));
        }
    }

    /// The words that may say what kind of booking it is, or to which class of care it belongs.
    fn kinds(&self, resource: &Value) -> Vec<String> {
        let names = ["appointmentType", "serviceCategory", "serviceType", "class", "specialty"];
        let mut all: Vec<String> =
            names.into_iter().flat_map(|name| each(resource, name).flat_map(words)).collect();
        all.extend(self.order_words.iter().cloned());
        all
    }

    fn path(&self, key: &str, resource: &Value) -> String {
        match key {
            "mrn" | "name" | "dob" | "phone" | "email" | "language" => self.patient_path.clone(),
            "facility" => self.site_path.clone(),
            "department" => self.department_path.clone(),
            "provider" => self.provider_path.clone(),
            "kind" => "appointmentType".into(),
            "start" => "start".into(),
            "duration" if resource.get("minutesDuration").is_none() => "end".into(),
            "duration" => "minutesDuration".into(),
            "appointment_id" => "identifier".into(),
            _ => "serviceType".into(),
        }
    }
}

/// The names of a place, and of what it is part of and belongs to.
fn owners(party: &Party, parties: &Parties) -> Vec<String> {
    let mut names = party.names();
    let mut waiting = vec![party.clone()];
    // A place may be part of itself where somebody erred.
    for _ in 0..10 {
        let Some(next) = waiting.pop() else { break };
        for link in ["managingOrganization", "providedBy", "partOf", "location"] {
            for reference in each(next.value(), link) {
                names.push(one_line(text(reference, "display")));
                if let Some(found) = parties.find(reference, next.value()) {
                    names.extend(found.names());
                    waiting.push(found.into_owned());
                }
            }
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn message_id(resource: &Value, version: &str) -> String {
    let id = text(resource, "id");
    if !id.is_empty() && !version.is_empty() {
        return format!("Appointment/{}/_history/{}", one_line(id), one_line(version))
            .chars()
            .take(200)
            .collect();
    }
    let digest: [u8; 32] = Sha256::digest(resource.to_string()).into();
    format!("sha256:{}", hex::encode(digest))
}

/// The identifier of the MRN's type and system; without a type the first one.
fn mrn(patient: &Value, kind: &str, system: &str) -> String {
    let all: Vec<&Value> =
        each(patient, "identifier").filter(|each| !text(each, "value").trim().is_empty()).collect();
    let vouched = |each: &&&Value| system.is_empty() || text(each, "system") == system;
    let types = |each: &Value| words(at(each, &["type"]));
    let typed = |each: &&&Value| types(each).iter().any(|word| word == kind);
    let found = all.iter().find(|each| typed(each) && vouched(each));
    let found = found.or_else(|| all.iter().find(|each| vouched(each) && types(each).is_empty()));
    let found =
        found.or_else(|| all.first().filter(|_| system.is_empty() && !all.iter().any(|each| typed(&each))));
    found.map_or_else(String::new, |each| one_line(text(each, "value")))
}

fn born(patient: &Value) -> Result<String, Refused> {
    let written = text(patient, "birthDate");
    written::born(written, Stamp::fhir(written))
}

fn phone(patient: &Value) -> String {
    let mobile = each(patient, "telecom")
        .find(|each| text(each, "use") == "mobile" && text(each, "system") != "email");
    mobile.map_or_else(|| telecom(patient, &["phone", "sms"]), |each| one_line(text(each, "value")))
}

fn telecom(patient: &Value, systems: &[&str]) -> String {
    let mut all = each(patient, "telecom")
        .filter(|each| systems.contains(&text(each, "system")) && text(each, "use") != "old");
    all.next().map_or_else(String::new, |each| one_line(text(each, "value")))
}

fn language(patient: &Value) -> String {
    let preferred =
        each(patient, "communication").find(|each| at(each, &["preferred"]) == &Value::Bool(true));
    let found = preferred.or_else(|| each(patient, "communication").next());
    found.map_or_else(String::new, |each| concept(at(each, &["language"])))
}

/// R4 has a number (0 is undefined), R5 a concept.
fn urgency(resource: &Value) -> Option<String> {
    match at(resource, &["priority"]) {
        Value::Null => None,
        Value::Number(number) => Some(number.to_string()),
        value => words(value).into_iter().next(),
    }
}

fn minutes(resource: &Value, start: Option<Stamp>, zone: &Zone) -> String {
    match at(resource, &["minutesDuration"]) {
        Value::Null => {}
        value => return value.to_string().trim_end_matches(".0").to_owned(),
    }
    let instant = |stamp: Stamp| match stamp.in_zone(zone) {
        Local::Once(at) | Local::TakenAsFirst(at) => Some(at),
        Local::NeverHappened => None,
    };
    let end = at(resource, &["end"]).as_str().and_then(Stamp::fhir).filter(Stamp::has_clock);
    match (start.and_then(instant), end.and_then(instant)) {
        (Some(start), Some(end)) => end.minutes_since(start).to_string(),
        _ => String::new(),
    }
}
