//! Keeping what came in: a batch of messages of one feed, in one transaction. Each is new, was here before, could not be
//! taken or says nothing; how its appointment stands follows from all that is known of it, in whatever order it came.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    id::{FeedFileId, FeedId},
    schedule::{
        Booking,
        feed::{self as rules, Line},
        report::{Key, Report, State},
        sender::Books,
    },
    table::Reject,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use sqlx::types::Uuid;

use super::{
    ledger::{self, Appointment, Kept, Lines, Told, Unread},
    store::{self, json},
};
use crate::{
    app::App,
    cases::snapshots::{self, NewPatient, Patients},
    failure::Failure,
    schedules::tend::keep_minutes,
    store::{
        Tx,
        seal::{self, Seal},
    },
};

/// One message, or one entry of a bundle.
#[derive(Debug, Clone)]
pub enum Item {
    Report(Box<Report>),
    /// It says something of an appointment and cannot be taken.
    Unread {
        /// What tells it from others: its bytes, or its place in its file.
        said: Vec<u8>,
        file: Option<FeedFileId>,
        reject: Reject,
    },
    /// So many of this kind say nothing of an appointment.
    Left {
        kind: String,
        count: i64,
    },
}

/// What became of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    New,
    /// It had been here before.
    Repeated,
    /// It is kept as one that could not be taken.
    Unread,
    Left,
}

/// What is sealed of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    pub booking: Booking,
    /// Why, in the sender's words.
    pub reason: String,
}

/// Where a batch belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Of {
    pub feed: FeedId,
    /// The version of the dialect by which it was read.
    pub dialect: i64,
}

/// Keeps a batch of one feed inside this transaction, and tells of each item what became of it.
///
/// # Errors
/// When the feed is not there or the database does not answer.
pub async fn keep(
    app: &App,
    seal: &Seal,
    tx: &mut Tx,
    of: Of,
    items: &[Item],
) -> Result<Vec<Taken>, Failure> {
    let books = store::take_books(tx, of.feed).await?.ok_or(Failure::NotFound("feed"))?;
    let reports: Vec<(&Report, [u8; 32])> = items
        .iter()
        .filter_map(|item| match item {
            Item::Report(report) => Some((&**report, seal.report(&report.fingerprint()))),
            Item::Unread { .. } | Item::Left { .. } => None,
        })
        .collect();
    let keys: BTreeSet<&Key> = reports.iter().map(|(report, _)| &report.key).collect();
    let known =
        if keys.is_empty() { Lines::new() } else { ledger::of_keys(tx, of.feed, keys.into_iter()).await? };
    let mut batch = Batch { app, seal, of, now: app.clock.now(), books, known, fresh: Vec::new() };
    let patients = batch.patients(tx, &reports).await?;
    let before = batch.states();
    let mut taken = Vec::with_capacity(items.len());
    let mut prints = reports.iter().map(|(_, print)| *print);
    for item in items {
        taken.push(match item {
            Item::Report(report) => {
                let print = prints.next().unwrap_or_default();
                batch.report(tx, report, print, &patients).await?
            }
            Item::Unread { said, file, reject } => batch.unread(tx, said, *file, reject).await?,
            Item::Left { kind, count } => {
                batch.books.leave(kind, *count);
                Taken::Left
            }
        });
    }
    batch.finish(tx, &before).await?;
    Ok(taken)
}

struct Batch<'a> {
    app: &'a App,
    seal: &'a Seal,
    of: Of,
    now: Timestamp,
    books: Books,
    /// What is known of each appointment of the batch; what is new is added.
    known: Lines,
    fresh: Vec<Kept>,
}

impl Batch<'_> {
    /// The keys of the patients of reports that are not here yet.
    async fn patients(&self, tx: &mut Tx, reports: &[(&Report, [u8; 32])]) -> Result<Patients, Failure> {
        let is_known = |key: &Key, print: &[u8; 32]| {
            self.known.get(key).is_some_and(|told| told.iter().any(|each| each.line.print == *print))
        };
        let mut asked: BTreeMap<String, NewPatient> = BTreeMap::new();
        for (report, print) in reports {
            let Some(booking) = report.booking.as_ref().filter(|_| !is_known(&report.key, print)) else {
                continue;
            };
            let mrn_key = hex::encode(self.seal.lookup(&booking.patient.mrn));
            asked.entry(mrn_key.clone()).or_insert_with(|| {
                let id: Uuid = self.app.clock.id();
                let wrapped = self.seal.wrap(self.app, id, &self.app.clock.bytes::<32>());
                NewPatient { id: id.simple().to_string(), mrn_key, wrapped_key: hex::encode(wrapped) }
            });
        }
        if asked.is_empty() {
            return Ok(Patients::new());
        }
        // In the order of their keys, as every import does.
        let asked: Vec<NewPatient> = asked.into_values().collect();
        let mut patients = snapshots::patients(tx, &asked).await?;
        if patients.len() < asked.len() {
            snapshots::add_patients(tx, &asked).await?;
            patients = snapshots::patients(tx, &asked).await?;
        }
        Ok(patients)
    }

    fn states(&self) -> BTreeMap<Key, State> {
        let state =
            |told: &Vec<Told>| settled(told).map(|(settled, _)| told[settled.latest].line.what.state());
        self.known.iter().filter_map(|(key, told)| Some((key.clone(), state(told)?))).collect()
    }

    async fn report(
        &mut self,
        tx: &mut Tx,
        report: &Report,
        print: [u8; 32],
        patients: &Patients,
    ) -> Result<Taken, Failure> {
        self.books.figures.reports += 1;
        self.books.heard_at = Some(self.now);
        let told = self.known.entry(report.key.clone()).or_default();
        if let Some(same) = told.iter_mut().find(|each| each.line.print == print) {
            self.books.figures.repeated += 1;
            if report.at.at < same.line.at {
                same.line.at = report.at.at;
                let id = same.id.simple().to_string();
                match self.fresh.iter_mut().find(|fresh| fresh.id == id) {
                    Some(fresh) => fresh.event_at = report.at.at.0,
                    None => ledger::set_earlier(tx, self.of.feed, same.id, report.at.at).await?,
                }
            }
            return Ok(Taken::Repeated);
        }
        let reused = told.iter().any(|each| each.line.message == report.message);
        self.books.figures.reused_ids += i64::from(reused);
        *self.books.said.entry(report.what).or_default() += 1;
        for doubt in &report.doubts {
            *self.books.doubts.entry(*doubt).or_default() += 1;
        }
        // A sender's clock may be ahead of ours; what it told, it told by now.
        self.books.as_of = self.books.as_of.max(Some(report.at.at.min(self.now)));
        let (kept, fresh) = self.kept(report, print, patients)?;
        self.known.entry(report.key.clone()).or_default().push(kept);
        self.fresh.push(fresh);
        Ok(Taken::New)
    }

    /// A report that is not here yet, sealed under its patient's key; of a patient who was erased, nothing is kept but
    /// that something happened.
    fn kept(&self, report: &Report, print: [u8; 32], patients: &Patients) -> Result<(Told, Kept), Failure> {
        let id: Uuid = self.app.clock.id();
        let mut sealed = None;
        if let Some(booking) = &report.booking
            && let Some((patient, Some(wrapped))) = patients.get(&self.seal.lookup(&booking.patient.mrn)[..])
        {
            let details = Details { booking: booking.clone(), reason: report.reason.clone() };
            let plain = serde_json::to_vec(&details).expect("details are plain data");
            let key = self.seal.unwrap(*patient, wrapped)?;
            sealed = Some((*patient, seal::seal(self.app, &key, id, &plain), booking.start.0));
        }
        let line = Line {
            print,
            message: report.message.clone(),
            what: report.what,
            at: report.at.at,
            sequence: report.sequence,
            has_booking: sealed.is_some(),
        };
        let (patient, start_at) =
            (sealed.as_ref().map(|(patient, ..)| *patient), sealed.as_ref().map(|(.., at)| *at));
        let kept = Kept {
            id: id.simple().to_string(),
            authority: report.key.authority.clone(),
            appointment: report.key.id.clone(),
            print: hex::encode(print),
            message: report.message.clone(),
            what: report.what.code(),
            event_at: report.at.at.0,
            sequence: report.sequence,
            doubts: json(&report.doubts),
            dialect: self.of.dialect,
            patient: patient.map(|patient| patient.simple().to_string()),
            sealed: sealed.map(|(_, sealed, _)| hex::encode(sealed)),
            start_at,
            arrived_at: self.now.0,
        };
        Ok((Told { id, line, patient, start_at }, kept))
    }

    async fn unread(
        &mut self,
        tx: &mut Tx,
        said: &[u8],
        file: Option<FeedFileId>,
        reject: &Reject,
    ) -> Result<Taken, Failure> {
        self.books.heard_at = Some(self.now);
        let unread = Unread {
            print: hex::encode(self.seal.report(said)),
            file: file.map(|file| file.0.simple().to_string()),
            line: i64::try_from(reject.row).unwrap_or(i64::MAX),
            place: reject.column.clone(),
            reason: reject.reason.clone(),
            arrived_at: self.now.0,
        };
        self.books.unread += ledger::reject(tx, self.of.feed, &[unread]).await?;
        Ok(Taken::Unread)
    }

    /// Writes what is new, how its appointments stand now, and the books.
    async fn finish(mut self, tx: &mut Tx, before: &BTreeMap<Key, State>) -> Result<(), Failure> {
        if !self.fresh.is_empty() {
            ledger::insert(tx, self.of.feed, &self.fresh).await?;
        }
        let mut appointments = Vec::with_capacity(self.known.len());
        for (key, told) in &self.known {
            let Some(appointment) = self.appointment(key, told) else { continue };
            let (state, appointment) = appointment;
            let figures = &mut self.books.figures;
            match before.get(key) {
                Some(before) => *figures.of(*before) -= 1,
                None => figures.appointments += 1,
            }
            *figures.of(state) += 1;
            appointments.push(appointment);
        }
        if !appointments.is_empty() {
            ledger::set_standing(tx, self.of.feed, &appointments).await?;
        }
        Ok(store::set_books(tx, self.of.feed, &self.books).await?)
    }

    fn appointment(&self, key: &Key, told: &[Told]) -> Option<(State, Appointment)> {
        let (settled, booking) = settled(told)?;
        let latest = &told[settled.latest];
        let day = booking.and_then(|booking| booking.start_at).unwrap_or(latest.line.at.0).max(self.now.0);
        let state = latest.line.what.state();
        let id = |id: Uuid| id.simple().to_string();
        let appointment = Appointment {
            authority: key.authority.clone(),
            appointment: key.id.clone(),
            state: state.code(),
            what: latest.line.what.code(),
            event_at: latest.line.at.0,
            message: latest.line.message.clone(),
            latest: id(latest.id),
            booking: booking.map(|booking| id(booking.id)),
            patient: booking.and_then(|booking| booking.patient).map(id),
            start_at: booking.and_then(|booking| booking.start_at),
            reports: settled.reports,
            ends: settled.ends,
            changed_at: self.now.0,
            kept_until: Timestamp(day).plus_minutes(keep_minutes(self.app)).0,
        };
        Some((state, appointment))
    }
}

/// What the lines of one appointment come to, and the one that says who, where and when.
pub(super) fn settled(told: &[Told]) -> Option<(rules::Settled, Option<&Told>)> {
    let lines: Vec<Line> = told.iter().map(|each| each.line.clone()).collect();
    let settled = rules::settle(&lines)?;
    Some((settled, settled.booking.map(|at| &told[at])))
}
