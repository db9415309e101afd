//! The staff directory: who works where, and how they can be told.

pub mod bulk;
pub mod store;
pub mod web;

use std::collections::HashMap;

use domain::{
    people::{COLUMNS, Staff, read},
    table::{Mapping, Reject, Table},
    view::imports::Figures,
};

use crate::{
    clock::Clock,
    store::{Error, Tx},
};

/// What taking a staff file over would do.
pub struct Plan {
    pub figures: Figures,
    pub rejects: Vec<Reject>,
    /// Those who are new or have changed.
    pub rows: Vec<store::Saved>,
}

/// Compares a staff file with the directory. Who is not in the file stays as they are.
pub async fn plan(tx: &mut Tx, clock: &Clock, table: &Table, mapping: &Mapping) -> Result<Plan, Error> {
    let units = store::known_units(tx).await?;
    let read = if mapping.missing(&COLUMNS).is_empty() {
        read(&table.rows, &table.header, mapping, &units)
    } else {
        domain::people::Read::default()
    };
    let mut figures = Figures {
        rows: table.rows.len(),
        valid: read.staff.len(),
        duplicates: read.duplicates,
        refused: read.rejects.len(),
        ..Figures::default()
    };
    let rows = changes(tx, clock, read.staff, &units, &mut figures).await?;
    Ok(Plan { figures, rejects: read.rejects, rows })
}

/// The people who are new or have changed, with the id that they have or get.
pub async fn changes(
    tx: &mut Tx,
    clock: &Clock,
    staff: Vec<Staff>,
    units: &domain::people::KnownUnits,
    figures: &mut Figures,
) -> Result<Vec<store::Saved>, Error> {
    let known: HashMap<String, store::Known> =
        store::known(tx).await?.into_iter().map(|known| (known.staff_number.clone(), known)).collect();
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
        let unit = units.id(&person.facility, &person.unit);
        let unit = unit.ok_or_else(|| Error::Corrupt("a person was read without a unit".into()))?;
        let id = before.map_or_else(|| clock.id(), |before| before.id.into());
        rows.push(store::Saved { id, unit, hash, person });
    }
    Ok(rows)
}
