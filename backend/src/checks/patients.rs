//! Whose the lines of a list are: the patient whom the list names, or the one whose record number the key is. Such a line
//! is sealed under that patient's key, so that erasing the patient erases it too; nothing is kept of who is erased.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    checks::{ListRow, ReadList},
    entry::number,
    table::Reject,
};
use sqlx::types::Uuid;

use super::Sealing;
use crate::{
    app::App,
    cases::snapshots::{self, NewPatient, Patients},
    failure::Failure,
    store::{Error, Tx, seal::PatientKey},
};

/// How many numbers are looked up in one statement.
const CHUNK: usize = 4_000;
/// How many are added in one.
const NEW: usize = 400;

/// The patients of a list by their number.
#[derive(Default)]
pub(super) struct Whose(BTreeMap<String, Option<(Uuid, PatientKey)>>);

/// The number under which a row's patient may be known.
fn number_of(row: &ListRow) -> Option<String> {
    row.patient.clone().or_else(|| number(&row.written.as_str().into()).ok())
}

impl Whose {
    /// The patient of a row, with their key.
    pub(super) fn of(&self, row: &ListRow) -> Option<&(Uuid, PatientKey)> {
        self.0.get(&number_of(row)?)?.as_ref()
    }

    fn is_erased(&self, row: &ListRow) -> bool {
        number_of(row).is_some_and(|number| matches!(self.0.get(&number), Some(None)))
    }

    /// Finds the patients of rows who are known.
    pub(super) async fn find(tx: &mut Tx, sealing: &Sealing, rows: &[ListRow]) -> Result<Self, Error> {
        let numbers: BTreeSet<String> = rows.iter().filter_map(number_of).collect();
        let numbers: Vec<String> = numbers.into_iter().collect();
        let mut found = Self::default();
        for chunk in numbers.chunks(CHUNK) {
            let asked: Vec<NewPatient> = chunk.iter().map(|number| asked(sealing, number)).collect();
            found.take(sealing, chunk, &snapshots::patients(tx, &asked).await?)?;
        }
        Ok(found)
    }

    /// The same, and adds the patients whom the list names and nobody knows yet.
    pub(super) async fn keep(app: &App, sealing: &Sealing, rows: &[ListRow]) -> Result<Self, Error> {
        let numbers: BTreeSet<String> = rows.iter().filter_map(|row| row.patient.clone()).collect();
        let mut new: Vec<NewPatient> = numbers
            .iter()
            .map(|number| {
                let id: Uuid = app.clock.id();
                let wrapped = sealing.seal.wrap(app, id, &app.clock.bytes::<32>());
                NewPatient {
                    id: id.simple().to_string(),
                    mrn_key: hex::encode(sealing.seal.lookup(number)),
                    wrapped_key: hex::encode(wrapped),
                }
            })
            .collect();
        // In one order everywhere, so that two commands at once wait for each other and not in a circle.
        new.sort_by(|one, other| one.mrn_key.cmp(&other.mrn_key));
        for chunk in new.chunks(NEW) {
            let mut tx = app.db.write_chunk().await?;
            snapshots::add_patients(&mut tx, chunk).await?;
            tx.commit().await?;
        }
        Self::find(&mut app.db.read().await?, sealing, rows).await
    }

    fn take(&mut self, sealing: &Sealing, numbers: &[String], patients: &Patients) -> Result<(), Error> {
        for number in numbers {
            let Some((id, wrapped)) = patients.get(&sealing.seal.lookup(number)[..]) else { continue };
            let key = match wrapped {
                Some(wrapped) => Some((*id, sealing.seal.unwrap(*id, wrapped)?)),
                None => None,
            };
            self.0.insert(number.clone(), key);
        }
        Ok(())
    }
}

fn asked(sealing: &Sealing, number: &str) -> NewPatient {
    NewPatient {
        id: String::new(),
        mrn_key: hex::encode(sealing.seal.lookup(number)),
        wrapped_key: String::new(),
    }
}

/// Refuses the rows of patients who were erased here.
pub(super) async fn refuse_erased(
    tx: &mut Tx,
    sealing: &Sealing,
    read: &mut ReadList,
    column: &str,
) -> Result<(), Failure> {
    let whose = Whose::find(tx, sealing, &read.rows).await?;
    let (erased, kept) = std::mem::take(&mut read.rows).into_iter().partition(|row| whose.is_erased(row));
    read.rows = kept;
    let reason = "This patient was erased here; nothing is kept of them.";
    let refused =
        |row: ListRow| Reject { row: row.line, column: column.to_owned(), reason: reason.to_owned() };
    read.rejects.extend(Vec::into_iter(erased).map(refused));
    read.rejects.sort_by_key(|reject| reject.row);
    Ok(())
}
