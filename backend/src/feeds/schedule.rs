//! A feed as a schedule: the appointments that were booked when a downtime began, as the feed had told until then. What
//! it told since is left out, however it came in.

use std::collections::BTreeMap;

use domain::{
    id::FeedId,
    schedule::{Booking, Schedule},
    time::{Timestamp, Zone},
};
use sqlx::types::Uuid;

use super::{
    keep::{Details, settled},
    ledger::{self, Booked},
    store,
};
use crate::{
    app::App,
    failure::Failure,
    store::{
        Error, Tx,
        seal::{self, Seal},
    },
};

/// For how many days ahead a downtime takes over what is booked, its first day counted. A feed knows a year; who would
/// go through it all finds nothing.
pub const DAYS: i64 = 28;

/// Reports that are opened in one go.
const CHUNK: usize = 1_000;

/// The days of a downtime that began then.
fn window(start: Timestamp, zone: &Zone) -> (Timestamp, Timestamp) {
    let from = zone.start_of(zone.civil_date(start)).unwrap_or(start);
    (from, from.plus_minutes(DAYS * 24 * 60))
}

/// The appointments that have changed since a moment and were booked then, by what was told until then.
async fn booked_before_a_change(
    tx: &mut Tx,
    feed: FeedId,
    moment: Timestamp,
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<Booked>, Error> {
    let mut booked = Vec::new();
    for told in ledger::changed_since(tx, feed, moment).await?.into_values() {
        let Some((settled, Some(booking))) = settled(&told) else { continue };
        let state = told[settled.latest].line.what.state();
        if let Some(start_at) = booking.start_at.filter(|at| (from.0..until.0).contains(at))
            && state.is_booked()
        {
            booked.push(Booked { booking: booking.id, start_at });
        }
    }
    Ok(booked)
}

/// A feed as a downtime that began at a moment is offered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub feed: FeedId,
    pub name: String,
    /// When it last told something before the downtime began.
    pub as_of: Timestamp,
    pub bookings: i64,
}

/// What feeds had told of the days of a downtime when it began; only those that had told of a booking.
///
/// # Errors
/// When the database does not answer.
pub async fn offers(tx: &mut Tx, start: Timestamp, zone: &Zone) -> Result<Vec<Offer>, Error> {
    let mut offers = Vec::new();
    for feed in store::all(tx).await? {
        let Some(as_of) = ledger::newest(tx, feed.id, start).await? else { continue };
        let window = window(start, zone);
        let changed = booked_before_a_change(tx, feed.id, as_of, window).await?.len();
        let unchanged = ledger::count_unchanged(tx, feed.id, window, as_of).await?;
        let bookings = unchanged + i64::try_from(changed).unwrap_or(i64::MAX);
        if bookings > 0 {
            offers.push(Offer { feed: feed.id, name: feed.described.name, as_of, bookings });
        }
    }
    Ok(offers)
}

/// The bookings of a feed as they stood at `as_of`, for a downtime that began at `start`. Patients who were erased
/// since are not among them.
///
/// # Errors
/// When the database does not answer, or another server's key sealed them.
pub async fn read(
    app: &App,
    feed: FeedId,
    (as_of, start): (Timestamp, Timestamp),
    zone: &Zone,
) -> Result<Schedule, Failure> {
    let mut tx = app.db.read().await?;
    let window = window(start, zone);
    let mut booked = ledger::unchanged_since(&mut tx, feed, window, as_of).await?;
    booked.extend(booked_before_a_change(&mut tx, feed, as_of, window).await?);
    booked.sort_by_key(|each| (each.start_at, each.booking));
    let seal = Seal::open(app, &mut tx).await?;
    let mut bookings = Vec::with_capacity(booked.len());
    for chunk in booked.chunks(CHUNK) {
        let ids: Vec<Uuid> = chunk.iter().map(|each| each.booking).collect();
        let mut opened = open(&seal, &mut tx, &ids).await?;
        bookings.extend(ids.iter().filter_map(|id| opened.remove(id)));
    }
    Ok(Schedule::of(bookings))
}

/// What these reports say of who, where and when.
///
/// # Errors
/// When another server's key sealed them.
pub async fn open(seal: &Seal, tx: &mut Tx, reports: &[Uuid]) -> Result<BTreeMap<Uuid, Booking>, Failure> {
    let mut opened = BTreeMap::new();
    for (id, sealed, patient, wrapped) in ledger::sealed(tx, reports).await? {
        let plain = seal::unseal(&seal.unwrap(patient, &wrapped)?, id, &sealed)?;
        let details: Details =
            serde_json::from_slice(&plain).map_err(|error| Error::Corrupt(error.to_string()))?;
        opened.insert(id, details.booking);
    }
    Ok(opened)
}
