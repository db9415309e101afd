//! Resources of FHIR.

use serde_json::{Value, json};

use super::{Dice, Facts, HALF, Written, check, facts_of_report, sound};
use crate::{
    schedule::{
        dialect::Dialect,
        fhir::{Limits, NoResources, Reader},
        report::Incoming,
        tests::sites,
    },
    time::{Timestamp, Zone},
};

/// The parts of an appointment, their elements, and where a wrong one is refused.
const ELEMENTS: [(&str, &str, &str); 9] = [
    ("at", "/meta/lastUpdated", "Appointment.meta.lastUpdated"),
    ("id", "/identifier/0/value", "Appointment.identifier[0].value"),
    ("minutes", "/minutesDuration", "Appointment.minutesDuration"),
    ("start", "/start", "Appointment.start"),
    ("mrn", "/contained/0/identifier/0/value", "Appointment.participant[0].actor"),
    ("name", "/contained/0/name/0/family", "Appointment.participant[0].actor"),
    ("born", "/contained/0/birthDate", "Appointment.participant[0].actor"),
    ("service", "/serviceType/0/text", "Appointment.serviceType"),
    ("site", "/contained/1/managingOrganization/display", "Appointment.participant[1].actor"),
];

fn good() -> Value {
    let patient = json!({
        "resourceType": "Patient", "id": "p", "identifier": [{"value": "01"}], "name": [{"family": "Poe"}],
        "birthDate": "1988-07-04"
    });
    let place = json!({
        "resourceType": "Location", "id": "l", "name": "Bay 2", "managingOrganization": {"display": "Cape"}
    });
    json!({
        "resourceType": "Appointment", "id": "b7", "contained": [patient, place],
        "meta": {"versionId": "5", "lastUpdated": "2024-07-18T21:15:00Z"},
        "identifier": [{"system": "urn:x", "value": "C-900"}],
        "status": "booked", "appointmentType": {"text": "visit"}, "serviceType": [{"text": "Infusion"}],
        "start": "2024-07-19T13:00:00Z", "minutesDuration": 90,
        "participant": [{"actor": {"reference": "#p"}}, {"actor": {"reference": "#l"}}]
    })
}

fn incoming(bytes: &[u8]) -> Result<Incoming, NoResources> {
    let (sites, zone, as_of) = (sites(), Zone::utc(), Timestamp::from_seconds(1_721_000_000));
    Reader::new(&sites, &Dialect::default(), &zone, as_of).file(bytes, &Limits::IMPORT)
}

fn read(value: &Value) -> Result<Facts, String> {
    let incoming = incoming(value.to_string().as_bytes()).unwrap();
    sound(&incoming);
    incoming.reports.first().map(facts_of_report).ok_or_else(|| incoming.rejects[0].column.clone())
}

fn written(dice: &mut Dice, part: &str) -> Written {
    match part {
        "id" => dice.words(64, Some("b7")),
        "mrn" => dice.words(32, None),
        "name" => dice.words(200, None),
        "service" => dice.words(200, Some("visit")),
        "site" => dice.site(),
        "minutes" => dice.minutes(),
        "at" | "start" => match dice.time() {
            Some(at) if at.is_local => {
                (format!("2024-07-{:02}T{:02}:05:00-04:00", at.day, at.hour), Some(at.meant))
            }
            Some(at) => (at.meant.clone(), Some(at.meant)),
            None => dice.wrong(&["2024-02-30T08:00Z", "20240719", "soon", "2024-07-19T25:00Z", ""]),
        },
        _ => match (dice.day(), dice.below(2)) {
            ((day, _), 0) => (format!("1960-11-{day:02}"), Some(format!("1960-11-{day:02}"))),
            _ => dice.wrong(&["1960-11-31", "11/30/1960", "x", "60"]),
        },
    }
}

#[test]
fn resources_are_refused_by_element_or_taken_as_what_they_say() {
    let good = good();
    let good_facts = read(&good).unwrap();
    let mut dice = Dice(3);
    for _ in 0..HALF {
        let (part, pointer, place) = ELEMENTS[dice.below(ELEMENTS.len())];
        let written = written(&mut dice, part);
        let mut value = good.clone();
        // Minutes are a number where they can be one.
        let number = written.0.parse::<i64>().ok().filter(|_| part == "minutes");
        let other = number.map_or_else(|| Value::from(written.0.clone()), Value::from);
        *value.pointer_mut(pointer).unwrap() = other;
        check(part, written, &good_facts, place, read(&value));
    }
    let (text, bundle) = (good.to_string(), json!({"resourceType": "Bundle", "entry": [{"resource": good}]}));
    let words = [
        "\"",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "null",
        "\\u0000",
        "\\ud800",
        "1e999",
        "\n",
        "\"resourceType\":\"Patient\",",
    ];
    for round in 0..HALF {
        let bytes = if round % 2 == 0 {
            dice.spoil(text.as_bytes(), &words)
        } else {
            let mut value = bundle.clone();
            exchange(&mut dice, &mut value);
            value.to_string().into_bytes()
        };
        if let Ok(incoming) = incoming(&bytes) {
            sound(&incoming);
        }
    }
}

/// Puts some other value in the place of one, anywhere.
fn exchange(dice: &mut Dice, value: &mut Value) {
    let other = [
        Value::Null,
        json!(-1),
        json!(1.5),
        json!(""),
        json!("x".repeat(5_000)),
        json!([]),
        json!({}),
        json!([[{}]]),
        json!(true),
    ];
    let inner: Vec<&mut Value> = match value {
        Value::Array(list) => list.iter_mut().collect(),
        Value::Object(map) => map.values_mut().collect(),
        _ => Vec::new(),
    };
    let count = inner.len();
    match inner.into_iter().nth(dice.below(count + 1)) {
        Some(inner) => exchange(dice, inner),
        None if count > 0 && dice.below(3) > 0 => exchange(dice, value),
        None => *value = other[dice.below(9)].clone(),
    }
}
