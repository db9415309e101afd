//! Typing paper in again: preparing sheets, taking them, typing in along the order of each patient, checking by sample,
//! and settling what differs. There is one way for a sheet to be typed in or checked, and it is here.

mod act;
pub mod lots;
pub(crate) mod patients;
mod prepare;
mod reading;
pub mod store;
mod take;
mod typing;
pub mod web;

use std::collections::BTreeMap;

use domain::{
    Refusal,
    entry::Progress,
    field::FieldErrors,
    forms::{Serial, Sheet},
    id::{FormId, IncidentId},
    playbooks::FormType,
    time::Timestamp,
};

pub use patients::{one as keep_patient, opened as open_text, sealed as seal_text};
pub use typing::{Done, Moving, Said, check, enter, settle};

use crate::{
    forms::store::SheetRow,
    store::{Error, Tx},
};
use store::TaskRow;

/// What was refused, sheet by sheet; the same sentence once.
#[derive(Debug, Default)]
pub struct Refused(Vec<(String, Refusal)>);

impl Refused {
    fn add(&mut self, serial: &Serial, refusal: Refusal) {
        self.0.push((serial.to_string(), refusal));
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The refusals as errors at a field.
    pub fn at(&self, field: &str) -> FieldErrors {
        let mut by_sentence: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (serial, refusal) in &self.0 {
            by_sentence.entry(&refusal.sentence).or_default().push(serial);
        }
        let mut errors = FieldErrors::default();
        for (sentence, serials) in by_sentence {
            let more = serials.len().saturating_sub(3);
            let named = serials.iter().take(3).copied().collect::<Vec<_>>().join(", ");
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            errors.add(field, format!("{named}{more}: {sentence}"));
        }
        errors
    }

    /// The one refusal of the one sheet that was asked for.
    pub fn one(mut self) -> Refusal {
        self.0
            .pop()
            .map_or_else(|| Refusal::new("refused", "This sheet cannot be moved on."), |(_, refusal)| refusal)
    }
}

/// The form type of a code in a kit, or the type of a sheet whose kit has lost it: it is typed in and checked in full.
fn type_of<'a>(kit: &'a [FormType], code: &str) -> Option<&'a FormType> {
    kit.iter().find(|form_type| form_type.code == code)
}

/// The task of a sheet that has none.
fn fresh(kit: &[FormType], row: &SheetRow, at: Timestamp) -> TaskRow {
    TaskRow {
        form: row.id,
        form_type: row.form_type.clone(),
        facility: row.facility,
        unit: row.unit,
        priority: type_of(kit, &row.form_type).map_or(10, |form_type| form_type.priority),
        progress: None,
        whose: domain::entry::Whose::Unknown,
        sealed: None,
        event_at: None,
        taken: None,
        released: false,
        lot: None,
        drawn: false,
        looked_at: false,
        ticket: 0,
        changed_at: at,
    }
}

/// Sheets with their tasks, as both stand before a command.
struct Desk {
    before: BTreeMap<FormId, TaskRow>,
    tasks: Vec<TaskRow>,
}

impl Desk {
    /// Reads the tasks of sheets; a sheet without one gets it.
    async fn of<'a>(
        tx: &mut Tx,
        kit: &[FormType],
        rows: impl IntoIterator<Item = &'a SheetRow>,
        at: Timestamp,
    ) -> Result<Self, Error> {
        let rows: Vec<&SheetRow> = rows.into_iter().collect();
        let ids: Vec<FormId> = rows.iter().map(|row| row.id).collect();
        let before = store::of_forms(tx, &ids).await?;
        let task = |row: &&SheetRow| before.get(&row.id).cloned().unwrap_or_else(|| fresh(kit, row, at));
        let tasks = rows.iter().map(task).collect();
        Ok(Self { before, tasks })
    }
}

/// Follows sheets that were counted, found or voided with their tasks: the rows and what they are now. Whoever changes
/// the state of sheets calls this in the same transaction, before or after the sheets are written.
///
/// # Errors
/// When the database does not answer.
pub async fn follow(
    tx: &mut Tx,
    incident: IncidentId,
    kit: &[FormType],
    sheets: &[(&SheetRow, &Sheet)],
    at: Timestamp,
) -> Result<(), Error> {
    let mut desk = Desk::of(tx, kit, sheets.iter().map(|(row, _)| *row), at).await?;
    for ((row, sheet), task) in sheets.iter().zip(&mut desk.tasks) {
        let progress = Progress::of(sheet, task.whose);
        task.progress = if desk.before.contains_key(&row.id) {
            Some(progress.unwrap_or(Progress::Void))
        } else {
            progress.filter(|progress| *progress != Progress::Void)
        };
        task.changed_at = at;
    }
    desk.tasks.retain(|task| task.progress.is_some());
    store::save(tx, incident, &desk.before, &desk.tasks).await
}
