//! Whose sheet it is: patients under the keyed hash of their number, and what stands on a sheet, sealed.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::FormId;
use sqlx::types::Uuid;

use super::store::TaskRow;
use crate::{
    app::App,
    cases::snapshots::{self, NewPatient},
    fetch_all, fetch_optional, identity,
    store::{
        Error, Rows, Sql, Tx,
        seal::{self, Seal},
    },
};

/// A patient of a number.
#[derive(Debug, Clone)]
pub struct Known {
    /// Whose chart it is, after merges of downtime numbers.
    pub patient: Uuid,
    /// Under whose key the number itself is sealed; the key is `None` when the patient was erased.
    pub sealed_for: Uuid,
    pub wrapped_key: Option<Vec<u8>>,
}

/// The patients of these numbers, known before or added now. A downtime number that was merged leads to its record.
///
/// # Errors
/// When the database does not answer.
pub async fn keep(
    app: &App,
    tx: &mut Tx,
    seal: &Seal,
    numbers: &BTreeSet<String>,
) -> Result<BTreeMap<String, Known>, Error> {
    let mut fresh: Vec<(String, NewPatient)> = numbers
        .iter()
        .map(|number| {
            let id: Uuid = app.clock.id();
            let wrapped = seal.wrap(app, id, &app.clock.bytes::<32>());
            let new = NewPatient {
                id: id.simple().to_string(),
                mrn_key: hex::encode(seal.lookup(number)),
                wrapped_key: hex::encode(wrapped),
            };
            (number.clone(), new)
        })
        .collect();
    // In one order everywhere, so that two commands at once wait for each other and not in a circle.
    fresh.sort_by(|one, other| one.1.mrn_key.cmp(&other.1.mrn_key));
    let (asked, new): (Vec<String>, Vec<NewPatient>) = fresh.into_iter().unzip();
    snapshots::add_patients(tx, &new).await?;
    let patients = snapshots::patients(tx, &new).await?;
    let merged = identity::store::merged(tx, numbers).await?;
    let mut known = BTreeMap::new();
    for number in asked {
        let (id, wrapped_key) = patients
            .get(&seal.lookup(&number)[..])
            .cloned()
            .ok_or_else(|| Error::Corrupt("a patient that was just added is gone".into()))?;
        let patient = merged.get(&number).copied().unwrap_or(id);
        known.insert(number, Known { patient, sealed_for: id, wrapped_key });
    }
    Ok(known)
}

/// The patient of one number.
///
/// # Errors
/// When the database does not answer.
pub async fn one(app: &App, tx: &mut Tx, seal: &Seal, number: &str) -> Result<Known, Error> {
    let found = keep(app, tx, seal, &BTreeSet::from([number.to_owned()])).await?;
    found.into_values().next().ok_or_else(|| Error::Corrupt("a patient that was just added is gone".into()))
}

/// Seals a text that belongs to a patient and to a sheet or number.
///
/// # Errors
/// When the key was wrapped by another installation.
pub fn sealed(app: &App, seal: &Seal, known: &Known, of: Uuid, text: &str) -> Result<Option<Vec<u8>>, Error> {
    let Some(wrapped) = &known.wrapped_key else { return Ok(None) };
    let key = seal.unwrap(known.sealed_for, wrapped)?;
    Ok(Some(seal::seal(app, &key, of, text.as_bytes())))
}

const KEY: &str = "
    SELECT wrapped_key
    FROM patient
    WHERE id = $1";

/// Opens what was sealed for a patient; who was erased reads as such.
///
/// # Errors
/// When the key is another installation's.
pub async fn opened(
    tx: &mut Tx,
    seal: &Seal,
    sealed_for: Uuid,
    of: Uuid,
    sealed: &[u8],
) -> Result<String, Error> {
    let wrapped = fetch_optional!(tx, (Option<Vec<u8>>,), KEY, sealed_for)?.and_then(|(key,)| key);
    let Some(wrapped) = wrapped else { return Ok("erased".to_owned()) };
    let plain = seal::unseal(&seal.unwrap(sealed_for, &wrapped)?, of, sealed)?;
    String::from_utf8(plain).map_err(|error| Error::Corrupt(error.to_string()))
}

/// What stands on a sheet as its patient's number; empty when nobody has said.
///
/// # Errors
/// When the key is another installation's.
pub async fn on_sheet(tx: &mut Tx, seal: &Seal, task: &TaskRow) -> Result<String, Error> {
    match &task.sealed {
        Some((sealed_for, sealed)) => opened(tx, seal, *sealed_for, task.form.0, sealed).await,
        None => Ok(String::new()),
    }
}

/// Seals a text beside the number that stands on a sheet; `None` when nobody has said whose it is, or who it was is
/// erased.
///
/// # Errors
/// When the key is another installation's.
pub async fn beside(
    app: &App,
    tx: &mut Tx,
    seal: &Seal,
    task: &TaskRow,
    text: &str,
) -> Result<Option<Vec<u8>>, Error> {
    let Some((sealed_for, _)) = &task.sealed else { return Ok(None) };
    let wrapped_key = fetch_optional!(tx, (Option<Vec<u8>>,), KEY, *sealed_for)?.and_then(|(key,)| key);
    let known = Known { patient: *sealed_for, sealed_for: *sealed_for, wrapped_key };
    sealed(app, seal, &known, task.form.0, text)
}

const KEYS: Sql = Sql {
    sqlite: "
    SELECT patient.id, wrapped_key
    FROM patient
    WHERE patient.id IN (SELECT unhex(value) FROM json_each($1))",
    postgres: "
    SELECT id, wrapped_key
    FROM patient
    WHERE id IN (SELECT value::uuid FROM json_array_elements_text($1::json))",
};

/// What stands on each of these sheets, as far as somebody has said.
///
/// # Errors
/// When a key is another installation's.
pub async fn on_sheets(
    tx: &mut Tx,
    seal: &Seal,
    tasks: &[&TaskRow],
) -> Result<BTreeMap<FormId, String>, Error> {
    let ids: BTreeSet<String> = tasks
        .iter()
        .filter_map(|task| task.sealed.as_ref())
        .map(|(patient, _)| patient.simple().to_string())
        .collect();
    let ids = Rows::of(&ids.into_iter().collect::<Vec<_>>());
    let keys: BTreeMap<Uuid, Option<Vec<u8>>> =
        fetch_all!(tx, (Uuid, Option<Vec<u8>>), KEYS, ids.text())?.into_iter().collect();
    let mut read = BTreeMap::new();
    for task in tasks {
        let Some((sealed_for, sealed)) = &task.sealed else { continue };
        let text = match keys.get(sealed_for) {
            Some(Some(wrapped)) => {
                let plain = seal::unseal(&seal.unwrap(*sealed_for, wrapped)?, task.form.0, sealed)?;
                String::from_utf8(plain).map_err(|error| Error::Corrupt(error.to_string()))?
            }
            _ => "erased".to_owned(),
        };
        read.insert(task.form, text);
    }
    Ok(read)
}
