//! The staff directory: who works where, and how they can be told.

pub mod bulk;
pub mod change;
mod one;
pub mod store;
pub mod web;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use domain::{
    id::PersonId,
    people::{COLUMNS, KnownUnits, Read, read},
    table::{Mapping, Reject, Table},
    time::Timestamp,
    view::imports::Figures,
};
use sqlx::types::Uuid;

use crate::{
    app::App,
    clock::Clock,
    failure::Failure,
    store::{Error, Tx},
};

/// What taking a staff file over would do.
pub struct Plan {
    pub figures: Figures,
    /// What was refused, and what could not be read of people who are taken.
    pub rejects: Vec<Reject>,
    /// Those who are new or have changed.
    pub rows: Vec<store::Saved>,
    /// Known people of the file's sites who are not in the file, by staff number. They stay as they are.
    pub absent: Vec<PersonId>,
}

/// Compares a staff file with the directory. Every row is read and hashed, in the background: who waits for a
/// transaction does not wait for that.
///
/// # Errors
/// When the database does not answer.
pub async fn plan(app: &App, table: &Arc<Table>, mapping: &Mapping) -> Result<Plan, Failure> {
    let mut tx = app.db.read().await?;
    let directory = Directory::read(&mut tx).await?;
    drop(tx);
    let (clock, table, mapping) = (app.clock.clone(), table.clone(), mapping.clone());
    let (directory, mut read, rows) = away(move || {
        let read = directory.reads(&table, &mapping);
        (directory, read, table.rows.len())
    })
    .await?;
    let unread: Vec<_> =
        read.unread.iter().filter_map(|each| directory.id(&read.staff[each.person].staff_number)).collect();
    let mut tx = app.db.read().await?;
    let addresses = store::addresses(&mut tx, &unread).await?;
    drop(tx);
    away(move || {
        let known = store::parted(addresses);
        read.keep_known(|number| known.get(&directory.id(number)?).cloned());
        directory.compare(&clock, rows, read)
    })
    .await?
    .map_err(Failure::from)
}

async fn away<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Failure::Broken(error.to_string()))
}

/// The directory, as a file is compared with it.
pub struct Directory {
    units: KnownUnits,
    /// By staff number.
    people: HashMap<String, store::Known>,
}

impl Directory {
    /// Reads it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read(tx: &mut Tx) -> Result<Self, Error> {
        let people = store::known(tx).await?.into_iter();
        let people = people.map(|known| (known.staff_number.clone(), known)).collect();
        Ok(Self { units: store::known_units(tx).await?, people })
    }

    fn id(&self, staff_number: &str) -> Option<Uuid> {
        self.people.get(staff_number).map(|known| known.id)
    }

    fn reads(&self, table: &Table, mapping: &Mapping) -> Read {
        if mapping.missing(&COLUMNS).is_empty() {
            read(&table.rows, &table.header, mapping, &self.units)
        } else {
            Read::default()
        }
    }

    /// Who is not in the file stays as they are.
    fn compare(&self, clock: &Clock, rows: usize, read: Read) -> Result<Plan, Error> {
        let absent = self.absent(&read);
        let mut figures = Figures {
            rows,
            valid: read.staff.len(),
            duplicates: read.duplicates,
            refused: read.rejects.len(),
            taken_in_part: read.taken_in_part(),
            absent: absent.len(),
            ..Figures::default()
        };
        let rejects = read.remarks();
        let rows = self.changes(clock, read, &mut figures)?;
        Ok(Plan { figures, rejects, rows, absent })
    }

    fn absent(&self, read: &Read) -> Vec<PersonId> {
        let sites: BTreeSet<&str> = read.staff.iter().map(|person| person.facility.as_str()).collect();
        let is_absent = |known: &&store::Known| {
            known.left_at.is_none()
                && sites.contains(known.facility.as_str())
                && !read.numbers.contains(&known.staff_number)
        };
        let mut absent: Vec<_> = self.people.values().filter(is_absent).collect();
        absent.sort_by_key(|known| known.staff_number.as_str());
        absent.into_iter().map(|known| PersonId(known.id)).collect()
    }

    /// The people who are new or have changed, with the id that they have or get. Nobody leaves or returns unless the
    /// file says so, and whoever has left before they were known is not taken.
    ///
    /// # Errors
    /// When somebody works in a unit that is not in the directory.
    pub fn changes(
        &self,
        clock: &Clock,
        mut read: Read,
        figures: &mut Figures,
    ) -> Result<Vec<store::Saved>, Error> {
        let mut rows = Vec::new();
        for person in std::mem::take(&mut read.staff) {
            let hash = person.content_hash();
            let before = self.people.get(&person.staff_number);
            let left_before = before.and_then(|before| before.left_at).map(Timestamp);
            let says = read.has_left(&person.staff_number);
            let left_at = match says {
                Some(true) => left_before.or_else(|| Some(clock.now())),
                Some(false) => None,
                None => left_before,
            };
            figures.leaving += usize::from(before.is_some() && left_before.is_none() && left_at.is_some());
            figures.returning += usize::from(left_before.is_some() && left_at.is_none());
            figures.stay_left += usize::from(says.is_none() && left_before.is_some());
            match before {
                None if left_at.is_some() => {
                    figures.unchanged += 1;
                    continue;
                }
                Some(before) if before.content_hash == hash && left_before == left_at => {
                    figures.unchanged += 1;
                    continue;
                }
                Some(_) => figures.changed += 1,
                None => figures.added += 1,
            }
            let unit = self.units.id(&person.facility, &person.unit);
            let unit = unit.ok_or_else(|| Error::Corrupt("a person was read without a unit".into()))?;
            let id = before.map_or_else(|| clock.id(), |before| before.id.into());
            rows.push(store::Saved { id, unit, hash, person, left_at });
        }
        Ok(rows)
    }
}

/// People of a chunk: few enough that a waiting command hardly notices.
const CHUNK: usize = 500;
/// How often a chunk is tried while others are in its way.
const ATTEMPTS: u32 = 5;

/// Keeps people chunk by chunk, letting every waiting command go first. Each person is whole at every moment; the
/// same file again goes on where a crash has stopped it.
///
/// # Errors
/// When the database does not take a chunk; those before it stay.
pub async fn save_in_chunks(app: &App, people: &[store::Saved]) -> Result<(), Failure> {
    for chunk in people.chunks(CHUNK) {
        // A chunk is tried again by itself: the whole import begun anew would count the chunks before as unchanged.
        let mut attempt = 0;
        while let Err(error) = save_chunk(app, chunk).await {
            attempt += 1;
            if attempt == ATTEMPTS || !matches!(error, Error::Busy(_) | Error::Conflict(_)) {
                return Err(error.into());
            }
        }
    }
    Ok(())
}

async fn save_chunk(app: &App, chunk: &[store::Saved]) -> Result<(), Error> {
    let mut tx = app.db.write_chunk().await?;
    store::save(&mut tx, chunk, app.clock.now()).await?;
    tx.commit().await
}
