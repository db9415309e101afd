//! What the pages of cases say, read in one snapshot.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    cases::{
        Case, Channel, Clock, ContactResult, State,
        forms::{ChangeCase, Which},
        replay::OUTSIDE,
    },
    id::{AccountId, FacilityId, IncidentId, RequestId},
    schedule::Patient,
    time::{Timestamp, Zone},
    view::{
        cases::{
            Alternative, AttemptLine, CaseFilter, CaseLine, CaseView, CasesView, Funnel, HistoryLine,
            NoteLine, Part, SnapshotLine,
        },
        schedules::ScheduleOffer,
    },
};

use jiff::civil::Date;

use super::{
    list, notes,
    snapshots::{Ranked, Snapshot},
    store,
    store::CaseRow,
};
use crate::{
    accounts::store as accounts,
    failure::Failure,
    places::store::Facility,
    store::{Error, Tx, seal::Seal},
};

/// Rows on a page.
pub const MOST: i64 = 50;

/// Hours ahead in which somebody who does not know may set out, before rounding up to the next hour.
const SOON_HOURS: i64 = 2;

/// Until when "soon" reaches: at least two hours ahead, on the full hour, so that it can be said.
pub fn soon(now: Timestamp, zone: &Zone) -> Timestamp {
    let ahead = now.plus_minutes(SOON_HOURS * 60);
    let minute: i64 = zone.clock(ahead)[3..].parse().unwrap_or(0);
    let whole = Timestamp(ahead.0 - ahead.0.rem_euclid(60_000_000));
    if minute == 0 { whole } else { whole.plus_minutes(60 - minute) }
}

/// What day it is at these facilities, of all that were read.
pub fn today(all: &[Facility], asked: &[FacilityId], now: Timestamp) -> Vec<(FacilityId, Date)> {
    let asked = all.iter().filter(|facility| asked.contains(&facility.id));
    asked.map(|facility| (facility.id, facility.zone.civil_date(now))).collect()
}

/// The sites by id, with their zones.
pub struct Sites(pub BTreeMap<FacilityId, Facility>);

impl Sites {
    pub fn of(facilities: Vec<Facility>) -> Self {
        Self(facilities.into_iter().map(|facility| (facility.id, facility)).collect())
    }

    /// Of these alone.
    pub fn among(facilities: &[Facility], these: &[FacilityId]) -> Self {
        Self::of(facilities.iter().filter(|facility| these.contains(&facility.id)).cloned().collect())
    }

    pub fn name(&self, id: FacilityId) -> &str {
        self.0.get(&id).map_or("", |facility| facility.short_name.as_str())
    }

    pub fn zone(&self, id: FacilityId) -> Zone {
        self.0.get(&id).map_or_else(Zone::utc, |facility| facility.zone.clone())
    }

    /// As choices of a filter.
    pub fn alternatives(&self) -> Vec<Alternative> {
        let all = Alternative { value: String::new(), words: format!("All {}", self.0.len()) };
        let each = self.0.values().map(|facility| Alternative {
            value: facility.id.to_string(),
            words: facility.short_name.clone(),
        });
        std::iter::once(all).chain(each).collect()
    }
}

/// What a line needs besides the row.
pub struct Reading<'a> {
    pub sites: &'a Sites,
    pub seal: &'a Seal,
    pub now: Timestamp,
    /// Names of the accounts that hold locks.
    pub names: &'a BTreeMap<AccountId, String>,
}

/// The names of whoever is calling somebody now.
///
/// # Errors
/// When the database does not answer.
pub async fn callers(tx: &mut Tx, rows: &[CaseRow]) -> Result<BTreeMap<AccountId, String>, Error> {
    let mut names = BTreeMap::new();
    for by in rows.iter().filter_map(|row| row.case.lock.map(|lock| lock.by)) {
        if let std::collections::btree_map::Entry::Vacant(entry) = names.entry(by) {
            entry.insert(accounts::name(tx, by).await?.unwrap_or_default());
        }
    }
    Ok(names)
}

/// One line of the list.
///
/// # Errors
/// When the patient cannot be read with the installation's key.
pub fn line(row: &CaseRow, reading: &Reading<'_>) -> Result<(CaseLine, Patient), Error> {
    let patient = row.unseal(reading.seal)?;
    let zone = reading.sites.zone(row.facility);
    let case = &row.case;
    let day = |day: jiff::civil::Date| day.strftime("%-d %b %Y").to_string();
    let (risk, late) = risk(row, reading.now, &zone);
    let locked = case.lock.filter(|lock| lock.until > reading.now).map(|lock| {
        let name = reading.names.get(&lock.by).map_or("", String::as_str);
        format!("{name} since {}", zone.clock(lock.since))
    });
    let site = reading.sites.name(row.facility);
    let place =
        if row.department.is_empty() { site.to_owned() } else { format!("{site}, {}", row.department) };
    let line = CaseLine {
        id: row.id,
        version: case.version,
        appointment: row.appointment.clone(),
        mrn: patient.mrn.clone(),
        name: patient.name.clone(),
        kind: row.kind.code().to_owned(),
        facility: row.facility,
        clock: zone.clock(case.start),
        day: day(case.day),
        service: row.service.clone(),
        place,
        priority: row.priority.words(),
        state: case.state,
        decided: case.decided.code().to_owned(),
        rule: row.rule.clone(),
        risk,
        late,
        safe_by: case.safe_by.map(day).unwrap_or_default(),
        day_28: case.day_28.map(day).unwrap_or_default(),
        standing: standing(row, &zone),
        last_contact: last_contact(row, &zone),
        locked,
    };
    Ok((line, patient))
}

/// Where a case stands, in words.
pub fn standing(row: &CaseRow, zone: &Zone) -> String {
    let standing = stands(row, zone);
    if row.rule == OUTSIDE { format!("{standing}, cancelled outside command") } else { standing }
}

fn stands(row: &CaseRow, zone: &Zone) -> String {
    match (row.case.state, row.case.new_start) {
        (State::Rebooked, Some(at)) => format!("Booked for {} {}", zone.date(at), zone.clock(at)),
        (State::Kept, _) if !row.case.told => "Goes ahead after all, not told again".into(),
        (state, _) => state.words().to_owned(),
    }
}

fn last_contact(row: &CaseRow, zone: &Zone) -> String {
    let (Some(at), Some((channel, result))) = (row.tried_at, row.tried.split_once(':')) else {
        return if row.case.decided == domain::cases::Decided::Cancelled {
            "No attempt yet".into()
        } else {
            String::new()
        };
    };
    let channel = Channel::from_code(channel).map_or("", Channel::words);
    let result = ContactResult::from_code(result);
    if result == Some(ContactResult::Told) {
        return format!("Told {} {channel}", zone.clock(at));
    }
    let many =
        if row.case.attempts == 1 { "1 attempt".into() } else { format!("{} attempts", row.case.attempts) };
    let again = row.case.next_try.map(|at| format!(", again {}", zone.typed(at))).unwrap_or_default();
    format!("{many}, last {} {}{again}", zone.clock(at), result.map_or("", ContactResult::words))
}

fn risk(row: &CaseRow, now: Timestamp, zone: &Zone) -> (String, bool) {
    let case = &row.case;
    if case.state.is_end() {
        return (case.state.words().to_owned(), false);
    }
    if let Some(missed) = missed(case, zone.civil_date(now)) {
        return (missed, true);
    }
    if !case.must_tell() {
        return ("Nobody has to call".into(), false);
    }
    let at = case.new_start.unwrap_or(case.start);
    let minutes = at.minutes_since(now);
    if minutes < 0 {
        return (format!("Was due {}", zone.clock(at)), true);
    }
    let words = match minutes {
        0..60 => format!("Due in {minutes} min"),
        60..2_880 => format!("Due in {} h {:02} min", minutes / 60, minutes % 60),
        _ => format!("Due in {} days", minutes / 1_440),
    };
    (words, at < soon(now, zone))
}

/// The clock that is missed, or will be with the date that is booked; safe-by before 28 days.
fn missed(case: &Case, today: Date) -> Option<String> {
    let days = |days: i64| if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
    Clock::ALL.into_iter().find_map(|clock| {
        let words = clock.words();
        let booked = case.days_booked_past(clock).map(|past| format!("New date {} past {words}", days(past)));
        let passed =
            || case.days_past(clock, today).map(|past| format!("{} past {words}, not seen", days(past)));
        booked.or_else(passed)
    })
}

/// The sentence above the list.
pub fn title(funnel: &Funnel, due_soon: i64, due_before: &str) -> String {
    let people =
        |count: i64| if count == 1 { "1 person".to_owned() } else { format!("{} people", thousands(count)) };
    if funnel.booked == 0 {
        "No schedule is imported yet".into()
    } else if due_soon > 0 {
        let (are, know) = if due_soon == 1 { ("is", "does not know") } else { ("are", "do not know") };
        format!("{} {are} due before {due_before} and {know}", people(due_soon))
    } else if funnel.to_call > 0 {
        let verb = if funnel.to_call == 1 { "waits" } else { "wait" };
        format!("{} {verb} for a call", people(funnel.to_call))
    } else if funnel.undecided > 0 {
        format!("{} booked rows are undecided", thousands(funnel.undecided))
    } else if funnel.told_without_date > 0 {
        let verb = if funnel.told_without_date == 1 { "waits" } else { "wait" };
        format!("{} {verb} for a new date", people(funnel.told_without_date))
    } else if funnel.cancelled + funnel.kept == 0 {
        format!("{} rows are booked, nothing is decided", thousands(funnel.booked))
    } else {
        "Nobody is left to call".into()
    }
}

pub(crate) fn thousands(count: i64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What depends on the time: due soon and not told, being called, and waiting past safe-by and past 28 days.
pub struct Now {
    pub soon: i64,
    pub locked: i64,
    pub missed: (i64, i64),
}

/// The parts of the list with their counts, each leading to its rows.
pub fn parts(incident: IncidentId, funnel: &Funnel, now: &Now, filter: &CaseFilter) -> Vec<Part> {
    let shown = if filter.show.is_empty() { "call" } else { filter.show.as_str() };
    list::PARTS
        .into_iter()
        .map(|(code, words)| {
            let count = match code {
                "call" => funnel.to_call,
                "soon" => now.soon,
                "past" => funnel.past_safe_by,
                "missed" => now.missed.0,
                "past28" => funnel.past_28,
                "missed28" => now.missed.1,
                "unreached" => funnel.tried_not_reached,
                "interpreter" => funnel.interpreter,
                "locked" => now.locked,
                "untold" => funnel.not_told,
                "told" => funnel.told_without_date,
                "rebooked" => funnel.rebooked,
                "seen" => funnel.seen,
                "ended" => funnel.ended_otherwise,
                "cancelled" => funnel.cancelled,
                "kept" => funnel.kept,
                _ => funnel.undecided,
            };
            let to = CaseFilter { show: code.into(), ..CaseFilter::default() };
            let path = list::address(incident, "", &to);
            let over = count > list::MOST_COUNTED && code.starts_with("missed");
            let count = if over { list::MOST_COUNTED } else { count };
            Part { code: code.into(), words: words.into(), count, over, path, current: code == shown }
        })
        .collect()
}

/// The acts that a case's state allows, in the order in which its page offers them.
pub fn acts(row: &CaseRow) -> Vec<String> {
    let state = row.case.state;
    let cancelled = matches!(state, State::ToContact | State::Contacting | State::Told | State::Rebooked);
    let mut acts = Vec::new();
    if row.case.must_tell() || cancelled {
        acts.extend(["contact"]);
    }
    if cancelled {
        acts.extend(["rebook", "seen"]);
    }
    if matches!(state, State::Scheduled | State::ToContact | State::Contacting | State::Told) {
        acts.push("keep");
    }
    if matches!(state, State::Scheduled | State::Kept | State::Rebooked) {
        acts.push("cancel");
    }
    if !state.is_end() {
        acts.extend(["note", "end"]);
    }
    acts.into_iter().map(ToOwned::to_owned).collect()
}

/// The code of an act, as its form and address have it.
pub const fn code(which: Which) -> &'static str {
    match which {
        Which::Take => "take",
        Which::Contact => "contact",
        Which::Rebook => "rebook",
        Which::Seen => "seen",
        Which::Keep => "keep",
        Which::Cancel => "cancel",
        Which::End => "end",
        Which::Note => "note",
    }
}

/// One case with its past.
///
/// # Errors
/// When the database does not answer or the patient cannot be read.
pub async fn case(
    tx: &mut Tx,
    incident: IncidentId,
    row: &CaseRow,
    reading: &Reading<'_>,
    (form, sent, request_id): (ChangeCase, &str, RequestId),
) -> Result<CaseView, Failure> {
    let (line, patient) = line(row, reading)?;
    let zone = reading.sites.zone(row.facility);
    let attempts =
        store::attempts(tx, row.id).await?.into_iter().map(|(at, channel, result, by, on_paper)| {
            AttemptLine {
                at: zone.full(Timestamp(at)),
                channel: Channel::from_code(&channel).map_or("", Channel::words).to_owned(),
                result: ContactResult::from_code(&result).map_or("", ContactResult::words).to_owned(),
                by: if on_paper.is_empty() { by } else { format!("{on_paper} on paper, typed in by {by}") },
            }
        });
    let words = |code: &str| State::from_code(code).map_or("", State::words).to_owned();
    let history = store::history(tx, row.id).await?.into_iter().map(|(seq, at, what, from, to, by, rule)| {
        // Of a call the rule says nothing.
        let rule =
            if matches!(what.as_str(), "decided" | "decided again" | "taken back" | "kept" | "cancelled") {
                rule
            } else {
                String::new()
            };
        HistoryLine { seq, at: zone.full(Timestamp(at)), what, from: words(&from), to: words(&to), by, rule }
    });
    let notes = notes::of_case(tx, row, reading.seal).await?.into_iter().map(|note| NoteLine {
        at: zone.full(note.at),
        by: note.by,
        text: note.text,
    });
    let acts = acts(row);
    let sent = acts.iter().find(|act| *act == sent).or(acts.first()).cloned().unwrap_or_default();
    Ok(CaseView {
        incident,
        born: patient.born,
        phone: patient.phone,
        email: patient.email,
        language: patient.language,
        provider: row.provider.clone(),
        classes: row.classes.clone(),
        first_of_two: row.first_of_two,
        safe_by_base: match row.listed {
            _ if row.case.safe_by.is_none() => String::new(),
            Some(listed) => format!("counted from the listing date, {}", listed.strftime("%-d %b %Y")),
            None => "counted from the date that was booked".to_owned(),
        },
        access: None,
        notes: notes.collect(),
        attempts: attempts.collect(),
        history: history.collect(),
        acts,
        line,
        form: ChangeCase { version: row.case.version.to_string().into(), ..form },
        sent,
        request_id,
    })
}

/// One file in the list of schedules.
pub fn snapshot(snapshot: &Snapshot, zone: &Zone) -> SnapshotLine {
    SnapshotLine {
        id: snapshot.id,
        file_name: snapshot.file_name.clone(),
        as_of: zone.full(snapshot.as_of),
        state: snapshot.state.clone(),
        figures: snapshot.figures,
        added: snapshot.added,
    }
}

/// The parts of [`CasesView`] that are read beside the rows.
pub struct Around {
    pub funnel: Funnel,
    pub now: Now,
    pub as_of: String,
    pub priorities: BTreeSet<Ranked>,
    /// While no schedule is imported: those that are here.
    pub offer: Option<ScheduleOffer>,
    pub offer_id: [RequestId; 3],
}

/// What the account may do with the list.
pub struct May {
    pub work: bool,
    pub decide: bool,
    pub audit: bool,
    pub request_id: RequestId,
}

/// The list.
pub fn cases(
    incident: IncidentId,
    around: Around,
    (lines, next, found): (Vec<CaseLine>, Option<String>, String),
    (filter, sites, due_before): (CaseFilter, &Sites, String),
    may: May,
) -> CasesView {
    let all = Alternative { value: String::new(), words: "All".into() };
    let each = around.priorities.iter().map(|(scheme, value)| Alternative {
        value: format!("{scheme}:{value}"),
        words: domain::schedule::Priority::from_parts(scheme, value).words(),
    });
    let beginning = CaseFilter { after: String::new(), ..filter.clone() };
    CasesView {
        incident,
        title: match &around.offer {
            Some(offer) => offer.sentence.clone(),
            None => title(&around.funnel, around.now.soon, &due_before),
        },
        parts: parts(incident, &around.funnel, &around.now, &filter),
        funnel: around.funnel,
        due_soon: around.now.soon,
        due_before,
        as_of: around.as_of,
        sites: sites.alternatives(),
        priorities: std::iter::once(all).chain(each).collect(),
        lines,
        found,
        next,
        csv: list::address(incident, ".csv", &beginning),
        filter,
        may_work: may.work,
        may_decide: may.decide,
        may_audit: may.audit,
        offer: around.offer,
        offer_id: around.offer_id,
        request_id: may.request_id,
    }
}
