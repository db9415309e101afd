//! The staff directory: who works where, and how they can be told.

pub mod bulk;
pub mod change;
mod one;
pub mod store;
pub mod web;

use std::collections::HashMap;

use domain::{
    people::{COLUMNS, KnownUnits, Staff, read},
    table::{Mapping, Reject, Table},
    view::imports::Figures,
};

use crate::{
    app::App,
    clock::Clock,
    failure::Failure,
    store::{Error, Tx},
};

/// What taking a staff file over would do.
pub struct Plan {
    pub figures: Figures,
    /// What was refused, and what was left out of people who are taken.
    pub rejects: Vec<Reject>,
    /// Those who are new or have changed.
    pub rows: Vec<store::Saved>,
}

/// The directory, as a file is compared with it.
pub struct Directory {
    units: KnownUnits,
    people: Vec<store::Known>,
}

impl Directory {
    /// Reads it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read(tx: &mut Tx) -> Result<Self, Error> {
        Ok(Self { units: store::known_units(tx).await?, people: store::known(tx).await? })
    }

    /// Compares a staff file with the directory. Who is not in the file stays as they are. This reads and hashes
    /// every row: it belongs into the background, and never into a transaction that others wait for.
    ///
    /// # Errors
    /// None that a file can cause.
    pub fn compare(self, clock: &Clock, table: &Table, mapping: &Mapping) -> Result<Plan, Error> {
        let read = if mapping.missing(&COLUMNS).is_empty() {
            read(&table.rows, &table.header, mapping, &self.units)
        } else {
            domain::people::Read::default()
        };
        let mut figures = Figures {
            rows: table.rows.len(),
            valid: read.staff.len(),
            duplicates: read.duplicates,
            refused: read.rejects.len(),
            taken_in_part: read.taken_in_part(),
            ..Figures::default()
        };
        let rejects = read.remarks();
        let rows = self.changes(clock, read.staff, &mut figures)?;
        Ok(Plan { figures, rejects, rows })
    }

    /// The people who are new or have changed, with the id that they have or get.
    ///
    /// # Errors
    /// When somebody works in a unit that is not in the directory.
    pub fn changes(
        self,
        clock: &Clock,
        staff: Vec<Staff>,
        figures: &mut Figures,
    ) -> Result<Vec<store::Saved>, Error> {
        let known: HashMap<String, store::Known> =
            self.people.into_iter().map(|known| (known.staff_number.clone(), known)).collect();
        let mut rows = Vec::new();
        for person in staff {
            let hash = person.content_hash();
            let before = known.get(&person.staff_number);
            match before {
                Some(before) if before.content_hash == hash && before.left_at.is_none() => {
                    figures.unchanged += 1;
                    continue;
                }
                Some(_) => figures.changed += 1,
                None => figures.added += 1,
            }
            let unit = self.units.id(&person.facility, &person.unit);
            let unit = unit.ok_or_else(|| Error::Corrupt("a person was read without a unit".into()))?;
            let id = before.map_or_else(|| clock.id(), |before| before.id.into());
            rows.push(store::Saved { id, unit, hash, person, left_at: None });
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
