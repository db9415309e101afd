//! Who and what the appointments of a file refer to: patients, people, places and orders, found by address.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::Value;

use crate::schedule::written::one_line;

static NOTHING: Value = Value::Null;

/// An element by its path; null when it is not there.
pub(super) fn at<'v>(value: &'v Value, path: &[&str]) -> &'v Value {
    path.iter().try_fold(value, |value, key| value.get(key)).unwrap_or(&NOTHING)
}

/// A string of an object; empty when it is something else.
pub(super) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The elements of a list; R4 has lists where R5 has one, and the other way round.
pub(super) fn each<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    let found = value.get(key).unwrap_or(&NOTHING);
    let (list, one) = match found {
        Value::Array(list) => (list.as_slice(), None),
        Value::Null => (&[] as &[Value], None),
        one => (&[] as &[Value], Some(one)),
    };
    list.iter().chain(one).take(MOST_OF_A_LIST)
}

/// More of one list than this is not looked at.
const MOST_OF_A_LIST: usize = 200;

/// The codes and words of a `CodeableConcept`, or of the one in a `CodeableReference`.
pub(super) fn words(value: &Value) -> Vec<String> {
    let concept = value.get("concept").unwrap_or(value);
    let codings = each(concept, "coding").flat_map(|coding| [text(coding, "code"), text(coding, "display")]);
    let all = codings.chain([text(concept, "text")]).map(one_line);
    all.filter(|word| !word.is_empty()).collect()
}

/// What a person reads of it: the text, else the first display, else the first code.
pub(super) fn concept(value: &Value) -> String {
    let concept = value.get("concept").unwrap_or(value);
    let displays = each(concept, "coding").map(|coding| text(coding, "display"));
    let codes = each(concept, "coding").map(|coding| text(coding, "code"));
    let mut all = [text(concept, "text")].into_iter().chain(displays).chain(codes).map(one_line);
    all.find(|word| !word.is_empty()).unwrap_or_default()
}

/// One resource that may be referred to, with as much of it as is read.
#[derive(Debug, Clone)]
pub(super) struct Party(Value);

/// What is kept of a resource.
const KEPT: [(&str, &[&str]); 7] = [
    ("Patient", &["identifier", "name", "birthDate", "telecom", "communication"]),
    ("Practitioner", &["name", "identifier"]),
    ("PractitionerRole", &["practitioner", "specialty"]),
    ("Location", &["name", "alias", "identifier", "managingOrganization", "partOf", "physicalType", "form"]),
    ("Organization", &["name", "alias", "identifier", "partOf"]),
    ("HealthcareService", &["name", "identifier", "providedBy", "location"]),
    ("ServiceRequest", &["priority", "code", "category"]),
];

/// The parties of a file.
#[derive(Debug, Default)]
pub(super) struct Parties {
    /// By `fullUrl`, and by `Patient/123`.
    by_address: BTreeMap<String, Party>,
}

impl Parties {
    /// Of several versions of one resource the latest is kept.
    pub(super) fn add(&mut self, url: &str, resource: &Value) {
        let kind = text(resource, "resourceType");
        let Some((_, keys)) = KEPT.iter().find(|(name, _)| *name == kind) else { return };
        let mut kept = serde_json::Map::new();
        for key in keys.iter().chain(&["resourceType", "meta"]) {
            if let Some(value) = resource.get(key) {
                kept.insert((*key).to_owned(), value.clone());
            }
        }
        let party = Party(Value::Object(kept));
        let id = text(resource, "id");
        let short = if id.is_empty() { String::new() } else { format!("{kind}/{id}") };
        for address in [url.to_owned(), short].into_iter().filter(|address| !address.is_empty()) {
            let known = self.by_address.get(&address);
            if known.is_none_or(|known| known.updated() < party.updated()) {
                self.by_address.insert(address, party.clone());
            }
        }
    }

    /// What a reference leads to: contained, by address, by `urn:uuid:`, or by type and id.
    pub(super) fn find<'v>(&'v self, reference: &Value, within: &'v Value) -> Option<Cow<'v, Party>> {
        let address = text(reference, "reference").trim();
        if let Some(id) = address.strip_prefix('#') {
            let found = each(within, "contained").find(|each| text(each, "id") == id)?;
            return Some(Cow::Owned(Party(found.clone())));
        }
        let address = address.split("/_history/").next().unwrap_or_default();
        if let Some(party) = self.by_address.get(address) {
            return Some(Cow::Borrowed(party));
        }
        let mut parts = address.rsplit('/');
        let (id, kind) = (parts.next()?, parts.next()?);
        self.by_address.get(&format!("{kind}/{id}")).map(Cow::Borrowed)
    }
}

/// The type of what a reference leads to, as it says itself: `Patient/1`, `type`, or neither.
pub(super) fn kind_of(reference: &Value) -> &str {
    let told = text(reference, "type");
    if !told.is_empty() {
        return told;
    }
    let address = text(reference, "reference").split("/_history/").next().unwrap_or_default();
    address.rsplit('/').nth(1).unwrap_or_default()
}

impl Party {
    pub(super) fn kind(&self) -> &str {
        text(&self.0, "resourceType")
    }

    pub(super) const fn value(&self) -> &Value {
        &self.0
    }

    fn updated(&self) -> (&str, &str) {
        let meta = at(&self.0, &["meta"]);
        (text(meta, "lastUpdated"), text(meta, "versionId"))
    }

    /// The names and identifiers by which a place may be known.
    pub(super) fn names(&self) -> Vec<String> {
        let identifiers = each(&self.0, "identifier").map(|identifier| text(identifier, "value"));
        let aliases = each(&self.0, "alias").filter_map(Value::as_str);
        let all = identifiers.chain([text(&self.0, "name")]).chain(aliases).map(one_line);
        all.filter(|name| !name.is_empty()).collect()
    }
}

/// `Doe, Jane Q`: the official name, else the usual one, else the first.
pub(super) fn person(value: &Value) -> String {
    let of_use = |name: &str| each(value, "name").find(|each| text(each, "use") == name);
    let Some(name) = of_use("official").or_else(|| of_use("usual")).or_else(|| each(value, "name").next())
    else {
        return String::new();
    };
    let family = one_line(text(name, "family"));
    let given: Vec<&str> = each(name, "given").filter_map(Value::as_str).collect();
    let given = one_line(&given.join(" "));
    match (family.as_str(), given.as_str()) {
        ("", "") => one_line(text(name, "text")),
        (family, "") => family.to_owned(),
        ("", given) => given.to_owned(),
        (family, given) => format!("{family}, {given}"),
    }
}
