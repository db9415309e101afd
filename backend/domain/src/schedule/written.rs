//! One booking as somebody wrote it, in a row or in a message, and what becomes of it: the limits, sites, times and
//! priorities are the same wherever it came from.

use jiff::civil::{self, Date};

use super::{Booking, Kind, Patient, Priority, Site};
use crate::{
    stamp::Stamp,
    time::{Local, Timestamp, Zone},
    triage::{Scheme, Triage},
};

/// The key of the field that is wrong, and one sentence that does not repeat its value.
pub(super) type Refused = (&'static str, String);

/// The parts of a booking as they were written.
pub(super) struct Written<'a> {
    pub line: u64,
    pub appointment: &'a str,
    pub mrn: &'a str,
    pub name: &'a str,
    /// A date, or nothing.
    pub born: Result<&'a str, Refused>,
    pub phone: &'a str,
    pub email: &'a str,
    pub language: &'a str,
    pub kind: Option<Kind>,
    pub site: Result<&'a Site, Refused>,
    pub start: Start<'a>,
    pub duration: &'a str,
    /// The date on which the patient was put on the list, or nothing.
    pub listed: &'a str,
    pub service: &'a str,
    pub department: &'a str,
    pub provider: &'a str,
    pub priority: Priority,
    pub classes: Vec<String>,
    /// What it is linked with, or nothing.
    pub chain: &'a str,
}

/// When it begins, as far as that can be read without a zone.
pub(super) enum Start<'a> {
    Text(&'a str),
    Stamp(Option<Stamp>),
}

impl Written<'_> {
    pub(super) fn booking(self) -> Result<Booking, Refused> {
        let needed = |key, text: &str, missing: &str, most| {
            within(text, most).filter(|t| !t.is_empty()).ok_or((key, missing.to_owned()))
        };
        let optional = |key, text: &str, most| within(text, most).ok_or((key, too_long(most)));
        let appointment =
            needed("appointment_id", self.appointment, "The appointment id is missing or too long.", 64)?;
        let mrn = needed("mrn", self.mrn, "The MRN is missing or too long.", 32)?;
        let name = needed("name", self.name, "The patient's name is missing or too long.", 200)?;
        let kind = self.kind.ok_or(("kind", "The kind is neither a procedure nor a visit.".to_owned()))?;
        let site = self.site?;
        let (start, first_of_two) = self.start.at(&site.zone)?;
        let born = match self.born? {
            "" => String::new(),
            written => date(written).ok_or_else(not_born)?.to_string(),
        };
        let minutes = match self.duration {
            "" => 0,
            written => written
                .parse()
                .ok()
                .filter(|minutes| (0..=2_880).contains(minutes))
                .ok_or(("duration", "The duration is not a number of minutes.".to_owned()))?,
        };
        let day = site.zone.civil_date(start);
        let listed = match self.listed {
            "" => None,
            written => Some(date(written).filter(|listed| *listed <= day).ok_or_else(not_listed)?),
        };
        Ok(Booking {
            line: self.line,
            appointment,
            patient: Patient {
                mrn,
                name,
                born,
                phone: optional("phone", self.phone, 40)?,
                email: optional("email", self.email, 200)?,
                language: optional("language", self.language, 40)?,
            },
            kind,
            service: optional("service", self.service, 200)?,
            department: optional("department", self.department, 120)?,
            provider: optional("provider", self.provider, 200)?,
            facility: site.id,
            start,
            day,
            first_of_two,
            minutes,
            listed,
            priority: self.priority,
            classes: self.classes,
            chain: optional("chain", self.chain, 64)?,
        })
    }
}

impl Start<'_> {
    fn at(&self, zone: &Zone) -> Result<(Timestamp, bool), Refused> {
        let meant = match self {
            Self::Text(written) => {
                if let Ok(at) = Timestamp::parse_rfc3339(written) {
                    return Ok((at, false));
                }
                let local = local(written).ok_or((
                    "start",
                    "The date and time cannot be read; they stand in one column, as 2024-07-19 08:10."
                        .to_owned(),
                ))?;
                zone.local(local)
            }
            Self::Stamp(stamp) => {
                let whole = stamp.filter(Stamp::has_clock);
                let whole = whole.ok_or((
                    "start",
                    "The date and time of the start are missing or cannot be read.".to_owned(),
                ))?;
                whole.in_zone(zone)
            }
        };
        match meant {
            Local::Once(at) => Ok((at, false)),
            Local::TakenAsFirst(at) => Ok((at, true)),
            Local::NeverHappened => {
                Err(("start", "The clocks were put forward over this time; it never was.".into()))
            }
        }
    }
}

/// The day of birth in a message; empty when only the year or month is known.
pub(super) fn born(written: &str, stamp: Option<Stamp>) -> Result<String, Refused> {
    match stamp {
        None if written.is_empty() => Ok(String::new()),
        None => Err(not_born()),
        Some(stamp) => Ok(stamp.day().map_or_else(String::new, |day| day.to_string())),
    }
}

fn not_listed() -> Refused {
    ("listed", "The listing date cannot be read, or comes after the appointment.".to_owned())
}

fn not_born() -> Refused {
    ("dob", "The date of birth cannot be read.".to_owned())
}

/// The site of a name; without a name the only one there is.
pub(super) fn site<'s>(sites: &'s [Site], written: &str) -> Result<&'s Site, Refused> {
    match sites {
        [only] if written.is_empty() => Ok(only),
        _ => find_site(sites, written).ok_or(("facility", "This is not one of your sites.".into())),
    }
}

/// The site of a code, name or short name; capitals do not matter.
pub(super) fn find_site<'s>(sites: &'s [Site], written: &str) -> Option<&'s Site> {
    let written = written.to_lowercase();
    let same = |name: &str| name.to_lowercase() == written;
    sites.iter().find(|site| same(&site.code) || same(&site.name) || same(&site.short_name))
}

/// What stands for the priority of a visit of which nothing tells how urgent it is.
const NO_CLASS: &str = "no class of care";

/// Where nothing tells dialysis or obstetrics from a return visit, a visit without a priority is for a person to
/// decide. `is_told` says whether something does.
pub(super) fn priority(kind: Option<Kind>, is_told: bool, scheme: Option<Scheme>, value: &str) -> Priority {
    if value.is_empty() {
        let is_told = is_told || kind != Some(Kind::Visit);
        return if is_told { Priority::None } else { Priority::Unclear(NO_CLASS.to_owned()) };
    }
    let unclear = || Priority::Unclear(value.chars().take(20).collect());
    scheme.and_then(|scheme| Triage::read(scheme, value).ok()).map_or_else(unclear, Priority::Known)
}

/// Up to ten classes of care in lower case.
pub(super) fn classes<'a>(each: impl Iterator<Item = &'a str>) -> Vec<String> {
    let each = each.map(|class| class.trim().to_lowercase()).filter(|class| !class.is_empty());
    each.take(10).map(|class| class.chars().take(40).collect()).collect()
}

fn within(text: &str, most: usize) -> Option<String> {
    (text.chars().count() <= most).then(|| text.to_owned())
}

fn too_long(most: usize) -> String {
    format!("The field has more than {most} characters.")
}

/// A value of a message as one line: no control signs, no empty space around or doubled.
pub(super) fn one_line(text: &str) -> String {
    let plain = text.replace(char::is_control, " ");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `2024-07-19`, `07/19/2024` (month first), `19.07.2024` (day first).
pub(super) fn date(written: &str) -> Option<Date> {
    let numbers = |separator| -> Option<[i16; 3]> {
        let parts: Vec<i16> =
            written.split(separator).map(|part| part.parse().ok()).collect::<Option<_>>()?;
        parts.try_into().ok()
    };
    let small = |number: i16| i8::try_from(number).ok();
    let (year, month, day) = if let Some([year, month, day]) = numbers('-') {
        (year, month, day)
    } else if let Some([month, day, year]) = numbers('/') {
        (year, month, day)
    } else {
        let [day, month, year] = numbers('.')?;
        (year, month, day)
    };
    // Two-digit years could mean either century.
    (year >= 1850).then(|| Date::new(year, small(month)?, small(day)?).ok()).flatten()
}

/// A date and `06:30`, `06:30:00` or `6:30 AM`.
pub(super) fn local(written: &str) -> Option<civil::DateTime> {
    let (day, clock) = written.split_once([' ', 'T'])?;
    let clock = clock.trim().to_lowercase();
    let afternoon = clock.ends_with("pm");
    let twelve = afternoon || clock.ends_with("am");
    let clock = clock.trim_end_matches(['a', 'p', 'm', ' ']);
    let mut parts = clock.split(':');
    let mut number = || parts.next().map(str::parse::<i8>);
    let hour = number()?.ok()?;
    let minute = number()?.ok()?;
    let second = number().unwrap_or(Ok(0)).ok()?;
    let hour = match (twelve, afternoon) {
        (false, _) => hour,
        (true, _) if !(1..=12).contains(&hour) => return None,
        (true, pm) => hour % 12 + if pm { 12 } else { 0 },
    };
    let time = civil::Time::new(hour, minute, second, 0).ok()?;
    Some(date(day)?.to_datetime(time))
}
