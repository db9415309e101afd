//! Who, what, where and when of a scheduling message, from SCH, TQ1, PID, PV1 and the resources AIS, AIG, AIL, AIP.

use super::{Reader, Refused, State, What, one_line};
use crate::{
    hl7::{ErrorCode, Message, Place, Repetition, Segment, Trouble},
    schedule::{
        Site,
        written::{self, Start, Written},
    },
    stamp::Stamp,
    time::{Local, Timestamp},
};

/// The parts of a booking as the message writes them.
pub(super) struct Details<'a> {
    mrn: String,
    name: String,
    born: Result<String, Refused>,
    phone: String,
    email: String,
    language: String,
    kinds: Vec<String>,
    pub site: Result<&'a Site, Refused>,
    site_place: Place,
    start: Option<Stamp>,
    start_place: Place,
    pub has_two_starts: bool,
    duration: String,
    service: String,
    department: String,
    provider: String,
    urgency: String,
}

/// More services, rooms or people of one appointment than this are not looked at.
const MOST_RESOURCES: usize = 100;

impl<'a> Details<'a> {
    /// Resources that an action code takes away are no part of an appointment that stands.
    pub(super) fn read(reader: &Reader<'a>, message: &Message<'_>, what: What) -> Self {
        let stands = matches!(what.state(), State::Booked | State::Arrived | State::Done);
        let resources = |name: &'static str| -> Vec<Segment<'_>> {
            let taken = message.all(name).filter(|each| !stands || each.text(2).trim() != "D");
            taken.take(MOST_RESOURCES).collect()
        };
        let (ais, aig, ail, aip) = (resources("AIS"), resources("AIG"), resources("AIL"), resources("AIP"));
        let pv1 = message.first("PV1");
        let (sure, others, site_place) = places(message, &ail, pv1);
        let site = reader.tables.site(reader.sites, &sure, &others);
        let (start, start_place, has_two_starts) = start(message, &ais);
        let patient = message.first("PID");
        let dialect = &reader.tables.dialect;
        Self {
            mrn: patient.map(|pid| mrn(pid, &dialect.mrn_type, &dialect.mrn_authority)).unwrap_or_default(),
            name: patient.map(|pid| name_of_patient(pid)).unwrap_or_default(),
            born: patient.map_or_else(|| Ok(String::new()), born),
            phone: patient.map(|pid| phone(pid)).unwrap_or_default(),
            email: patient.map(|pid| email(pid)).unwrap_or_default(),
            language: patient.map(|pid| coded(pid, 15)).unwrap_or_default(),
            kinds: kinds(message, &ais, pv1),
            duration: duration(message, &ais, start, site.as_ref().ok().copied()),
            service: services(message, &ais),
            department: department(&ail, &aig, pv1),
            provider: provider(&aip, pv1),
            urgency: urgency(message),
            site,
            site_place,
            start,
            start_place,
            has_two_starts,
        }
    }

    pub(super) fn written<'b>(&'b self, id: &'b str, row: u64, reader: &Reader<'_>) -> Written<'b> {
        let tables = &reader.tables;
        let words = || self.kinds.iter().map(String::as_str);
        let kind = tables.kind(words());
        Written {
            line: row,
            appointment: id,
            mrn: &self.mrn,
            name: &self.name,
            born: self.born.as_deref().map_err(Clone::clone),
            phone: &self.phone,
            email: &self.email,
            language: &self.language,
            kind,
            site: self.site.clone(),
            start: Start::Stamp(self.start),
            duration: &self.duration,
            listed: "",
            chain: "",
            service: &self.service,
            department: &self.department,
            provider: &self.provider,
            priority: tables.priority(kind, &self.urgency),
            classes: tables.classes(words()),
        }
    }

    /// The field of the message that holds what was refused.
    pub(super) fn trouble(&self, message: &Message<'_>, (key, reason): Refused) -> Trouble {
        let place = match key {
            "appointment_id" => Place::of("SCH", 2),
            "mrn" => Place::of("PID", 3),
            "name" => Place::of("PID", 5),
            "dob" => Place::of("PID", 7),
            "phone" | "email" => Place::of("PID", 13),
            "language" => Place::of("PID", 15),
            "kind" => Place::of("SCH", 8),
            "facility" => self.site_place.clone(),
            "start" => self.start_place.clone(),
            "duration" => Place::of("SCH", 9),
            "department" => Place::of("AIL", 3),
            "provider" => Place::of("AIP", 3),
            _ => Place::of("AIS", 3),
        };
        let segment = message.all(&place.segment).find(|each| each.nth() == place.nth);
        let is_missing = segment.is_none_or(|segment| segment.field(place.field).is_empty());
        let error = match key {
            _ if is_missing => ErrorCode::RequiredFieldMissing,
            "facility" | "kind" => ErrorCode::TableValueNotFound,
            _ => ErrorCode::DataType,
        };
        Trouble::new(place, error, reason)
    }
}

/// The names that are a site's or wrong, those that may be, and where the first of them stands.
fn places(
    message: &Message<'_>,
    ail: &[Segment<'_>],
    pv1: Option<Segment<'_>>,
) -> (Vec<String>, Vec<String>, Place) {
    let mut sure = Vec::new();
    let mut others = Vec::new();
    let mut place = None;
    for segment in ail.iter().copied().chain(pv1) {
        for component in [4, 7] {
            let name = one_line(&segment.part(3, component));
            if !name.is_empty() {
                place.get_or_insert_with(|| segment.place(3).component(component));
                sure.push(name);
            }
        }
        others.push(one_line(&segment.part(3, 1)));
    }
    others.extend(message.first("MSH").map(|msh| one_line(&msh.text(4))));
    let nowhere = || ail.first().map_or_else(|| Place::of("AIL", 3), |ail| ail.place(3));
    (sure, others, place.unwrap_or_else(nowhere))
}

/// TQ1-7, else SCH-11.4 (up to v2.5), else the start of the first service.
fn start(message: &Message<'_>, ais: &[Segment<'_>]) -> (Option<Stamp>, Place, bool) {
    let timing = message.first("TQ1").map(|tq1| (one_line(&tq1.text(7)), tq1.place(7)));
    let quantity = message.first("SCH").and_then(|sch| {
        let mut each = sch.field(11).repetitions().enumerate();
        let (at, found) = each.find(|(_, repetition)| !repetition.text(4).trim().is_empty())?;
        let place = Place { repetition: at + 1, ..sch.place(11).component(4) };
        Some((one_line(&found.text(4)), place))
    });
    let service = ais.iter().map(|ais| (one_line(&ais.text(4)), ais.place(4)));
    let mut written = timing.into_iter().chain(quantity).chain(service).filter(|(text, _)| !text.is_empty());
    let Some((text, place)) = written.next() else {
        return (None, Place::of("SCH", 11).component(4), false);
    };
    let stamp = Stamp::hl7(&text);
    let other = written.find(|(_, place)| place.segment == "SCH").and_then(|(text, _)| Stamp::hl7(&text));
    let differs = matches!((stamp, other), (Some(one), Some(other)) if one != other);
    (stamp, place, differs)
}

/// Minutes as a number in words; what is no number is refused later as it stands.
fn duration(message: &Message<'_>, ais: &[Segment<'_>], start: Option<Stamp>, site: Option<&Site>) -> String {
    let sch = message.first("SCH");
    let tq1 = message.first("TQ1");
    let text = |segment: Option<Segment<'_>>, field: usize, component: usize| {
        segment.map_or_else(String::new, |segment| one_line(&segment.part(field, component)))
    };
    let pairs = [
        (text(sch, 9, 1), text(sch, 10, 1)),
        (text(tq1, 6, 1), text(tq1, 6, 2)),
        (text(ais.first().copied(), 7, 1), text(ais.first().copied(), 8, 1)),
    ];
    if let Some((number, unit)) = pairs.into_iter().find(|(number, _)| !number.is_empty()) {
        return minutes(&number, &unit).unwrap_or_else(|| format!("{number} {unit}"));
    }
    let quantity = text(sch, 11, 3);
    if let Some((unit, number)) = quantity.split_at_checked(1)
        && let Some(minutes) = minutes(number, unit)
    {
        return minutes;
    }
    let ends = [text(tq1, 8, 1), text(sch, 11, 5)];
    let end = ends.iter().find_map(|text| Stamp::hl7(text).filter(Stamp::has_clock));
    let instant = |stamp: Stamp| -> Option<Timestamp> {
        match stamp.in_zone(&site?.zone) {
            Local::Once(at) | Local::TakenAsFirst(at) => Some(at),
            Local::NeverHappened => None,
        }
    };
    match (start.and_then(instant), end.and_then(instant)) {
        (Some(start), Some(end)) => end.minutes_since(start).to_string(),
        _ => String::new(),
    }
}

/// A number of some unit as minutes; minutes where no unit is named.
fn minutes(number: &str, unit: &str) -> Option<String> {
    let number: f64 = number.parse().ok()?;
    let minutes = match unit.to_lowercase().as_str() {
        "" | "m" | "mn" | "min" | "mins" | "minute" | "minutes" => number,
        "h" | "hr" | "hrs" | "hour" | "hours" => number * 60.0,
        "s" | "sec" | "secs" | "second" | "seconds" => number / 60.0,
        "d" | "day" | "days" => number * 1_440.0,
        _ => return None,
    };
    minutes.is_finite().then(|| format!("{minutes:.0}"))
}

/// The identifier of the MRN's type and authority; without a type the first one, else PID-2 as version 2.2 had it.
fn mrn(pid: Segment<'_>, kind: &str, authority: &str) -> String {
    let all: Vec<Repetition<'_>> =
        pid.field(3).repetitions().filter(|each| !each.text(1).trim().is_empty()).collect();
    let vouched = |each: &&Repetition<'_>| {
        let by = each.component(4);
        authority.is_empty() || [by.sub(1), by.sub(2)].iter().any(|name| name.trim() == authority)
    };
    let typed = |each: &&Repetition<'_>| each.text(5).trim() == kind;
    let found = all.iter().find(|each| typed(each) && vouched(each));
    let found = found.or_else(|| all.iter().find(|each| vouched(each) && each.text(5).trim().is_empty()));
    let found = found
        .or_else(|| all.first().filter(|_| authority.is_empty() && !all.iter().any(|each| typed(&each))));
    found.map_or_else(
        || if all.is_empty() { one_line(&pid.text(2)) } else { String::new() },
        |each| one_line(&each.text(1)),
    )
}

/// `Doe, Jane Q`, by the legal name where there are several.
fn name_of_patient(pid: Segment<'_>) -> String {
    let all: Vec<Repetition<'_>> = pid.field(5).repetitions().collect();
    let legal = all.iter().find(|each| each.text(7).trim() == "L");
    legal.or(all.first()).map(|each| person(each, 1)).unwrap_or_default()
}

/// Family name, given name and middle name from this component on.
fn person(name: &Repetition<'_>, from: usize) -> String {
    let [family, given, middle] = [0, 1, 2].map(|at| one_line(&name.text(from + at)));
    let given = one_line(&format!("{given} {middle}"));
    match (family.as_str(), given.as_str()) {
        (family, "") => family.to_owned(),
        ("", given) => given.to_owned(),
        (family, given) => format!("{family}, {given}"),
    }
}

fn born(pid: Segment<'_>) -> Result<String, Refused> {
    let written = one_line(&pid.text(7));
    written::born(&written, Stamp::hl7(&written))
}

/// The mobile, else the first number of the home, else the one at work.
fn phone(pid: Segment<'_>) -> String {
    let numbers = |field: usize| pid.field(field).repetitions().filter(|each| !is_email(each));
    let mobile = numbers(13).find(|each| ["CP", "MC"].contains(&each.text(3).trim()));
    let mut any = mobile.into_iter().chain(numbers(13)).chain(numbers(14)).map(|each| number(&each));
    any.find(|text| !text.is_empty()).unwrap_or_default()
}

/// As one text up to version 2.3, in parts later.
fn number(each: &Repetition<'_>) -> String {
    let whole = one_line(&each.component(1).whole());
    let whole = if whole.is_empty() { one_line(&each.text(12)) } else { whole };
    if !whole.is_empty() {
        return whole;
    }
    let parts = [5, 6, 7].map(|component| one_line(&each.text(component)));
    one_line(&parts.join(" "))
}

fn email(pid: Segment<'_>) -> String {
    let all = pid.field(13).repetitions().chain(pid.field(14).repetitions());
    let found = all.filter(|each| is_email(each)).flat_map(|each| [each.text(4), each.text(1)]);
    found.map(|text| one_line(&text)).find(|text| text.contains('@')).unwrap_or_default()
}

fn is_email(each: &Repetition<'_>) -> bool {
    each.text(3).trim() == "Internet" || each.text(2).trim() == "NET" || each.text(1).contains('@')
}

/// The text of a coded field, else its code.
fn coded(segment: Segment<'_>, field: usize) -> String {
    coded_repetition(&segment.field(field).first())
}

fn coded_repetition(each: &Repetition<'_>) -> String {
    let texts = [2, 1, 5, 4].map(|component| one_line(&each.component(component).whole()));
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

/// The words that may say what kind of booking it is, or to which class of care it belongs.
fn kinds(message: &Message<'_>, ais: &[Segment<'_>], pv1: Option<Segment<'_>>) -> Vec<String> {
    let sch = message.first("SCH");
    let fields = sch.into_iter().map(|sch| sch.field(8)).chain(ais.iter().map(|ais| ais.field(3)));
    let fields = fields.chain(sch.into_iter().map(|sch| sch.field(7)));
    let fields = fields.chain(pv1.into_iter().flat_map(|pv1| [pv1.field(10), pv1.field(2)]));
    let words = fields.flat_map(|field| {
        let each = field.first();
        [1, 2, 4, 5].map(|component| one_line(&each.component(component).whole()))
    });
    words.filter(|word| !word.is_empty()).collect()
}

/// What is done: every service, as many as there is room for; else the reason or the type of the appointment.
fn services(message: &Message<'_>, ais: &[Segment<'_>]) -> String {
    let mut all = String::new();
    for text in ais.iter().map(|ais| coded(*ais, 3)).filter(|text| !text.is_empty()) {
        if all.is_empty() {
            all = text;
        } else if all.chars().count() + text.chars().count() + 2 <= 200 {
            all = format!("{all}; {text}");
        }
    }
    let fall_back = || {
        let sch = message.first("SCH")?;
        [coded(sch, 7), coded(sch, 8)].into_iter().find(|text| !text.is_empty())
    };
    if all.is_empty() { fall_back().unwrap_or_default() } else { all }
}

/// The point of care, in words where there are some; else a general resource, which is often a room.
fn department(ail: &[Segment<'_>], aig: &[Segment<'_>], pv1: Option<Segment<'_>>) -> String {
    let locations = ail.iter().copied().flat_map(|ail| [ail.part(3, 9), ail.part(3, 1)]);
    let rooms = aig.iter().map(|aig| coded(*aig, 3).into());
    let visit = pv1.into_iter().map(|pv1| pv1.part(3, 1));
    let mut all = locations.chain(rooms).chain(visit).map(|text| one_line(&text));
    all.find(|text| !text.is_empty()).unwrap_or_default()
}

/// The first person of the resources, else the attending.
fn provider(aip: &[Segment<'_>], pv1: Option<Segment<'_>>) -> String {
    let fields = aip.iter().map(|aip| aip.field(3)).chain(pv1.into_iter().map(|pv1| pv1.field(7)));
    let people = fields.map(|field| {
        let each = field.first();
        let name = person(&each, 2);
        if name.is_empty() { one_line(&each.text(1)) } else { name }
    });
    people.into_iter().find(|name| !name.is_empty()).unwrap_or_default()
}

/// TQ1-9, else SCH-11.6.
fn urgency(message: &Message<'_>) -> String {
    let timing = message.first("TQ1").map(|tq1| one_line(&tq1.text(9)));
    let quantity = message.first("SCH").map(|sch| one_line(&sch.part(11, 6)));
    timing.into_iter().chain(quantity).find(|word| !word.is_empty()).unwrap_or_default()
}
