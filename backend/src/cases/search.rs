//! A patient is found by name together with the birth date, or with the site and day of the booking. The name lies
//! encrypted: keyed hashes beside it lead to few candidates, and only these are decrypted and ranked.

use std::collections::BTreeMap;

use domain::{
    id::{FacilityId, IncidentId},
    names::{self, Likeness, Name, TooMany},
    schedule::{Patient, birth_date},
};
use hmac::{Hmac, Mac};
use jiff::civil::Date;
use sha2::Sha256;
use sqlx::types::Uuid;

use super::{
    list::ids,
    store::{CaseRow, Kept, case_columns},
};
use crate::{
    fetch_all,
    store::{Error, Rows, Sql, Tx, seal::Seal},
};

/// So many candidates are decrypted for one question.
const MOST_DECRYPTED: usize = 200;
/// So many hashes are compared for one question; more than any site has on a day.
const MOST_COMPARED: i64 = 20_000;
/// Bytes of a hash that are kept.
const KEY: usize = 8;

/// Makes the keyed hashes by which patients are found.
#[derive(Clone)]
pub struct Finder(Hmac<Sha256>);

/// What is kept beside a sealed patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundBy {
    /// The hash of the birth date; `None` when the schedule has none.
    pub born: Option<Vec<u8>>,
    /// The hashes of the name, one behind the other.
    pub names: Vec<u8>,
}

impl Finder {
    /// With the installation's key.
    pub fn of(seal: &Seal) -> Self {
        Self(Hmac::new_from_slice(&seal.search()).expect("HMAC takes keys of any length"))
    }

    fn key(&self, text: &str) -> [u8; KEY] {
        let mut mac = self.0.clone();
        mac.update(text.as_bytes());
        let hash: [u8; 32] = mac.finalize().into_bytes().into();
        hash[..KEY].try_into().expect("a hash is longer than a key")
    }

    /// The hash of a birth date.
    pub fn born(&self, day: Date) -> Vec<u8> {
        self.key(&names::birth_key(day)).to_vec()
    }

    /// By what a patient is found.
    pub fn found_by(&self, patient: &Patient) -> FoundBy {
        FoundBy {
            born: birth_date(&patient.born).map(|day| self.born(day)),
            names: Name::read(&patient.name).keys().iter().flat_map(|(text, _)| self.key(text)).collect(),
        }
    }

    fn weights(&self, name: &Name) -> BTreeMap<[u8; KEY], u32> {
        name.keys().iter().map(|(text, weight)| (self.key(text), *weight)).collect()
    }
}

/// Where people are looked for.
pub struct Among<'a> {
    pub incident: IncidentId,
    pub facilities: &'a [FacilityId],
    /// The birth date; without one, the day of the booking.
    pub born: Option<Date>,
    pub day: &'a str,
}

/// Who was found, the best fit first, and what to say of it.
pub struct Found {
    pub rows: Vec<CaseRow>,
    pub sentence: String,
}

macro_rules! candidates {
    ($facilities:literal, $among:literal) => {
        concat!(
            "
    SELECT id, name_keys
    FROM patient_case
    WHERE incident = $1 AND visible = TRUE AND name_keys IS NOT NULL
        AND facility IN (",
            $facilities,
            ")
        AND ",
            $among,
            "
    LIMIT $4"
        )
    };
}

const BY_BIRTH: Sql = Sql {
    sqlite: candidates!("SELECT unhex(value) FROM json_each($2)", "born_key = $3"),
    postgres: candidates!("SELECT value::uuid FROM json_array_elements_text($2::json)", "born_key = $3"),
};

const BY_DAY: Sql = Sql {
    sqlite: candidates!("SELECT unhex(value) FROM json_each($2)", "(day = $3 OR new_day = $3)"),
    postgres: candidates!(
        "SELECT value::uuid FROM json_array_elements_text($2::json)",
        "(day = $3 OR new_day = $3)"
    ),
};

/// Finds people of a name.
///
/// # Errors
/// When the database does not answer, or a patient cannot be read with the installation's key.
pub async fn named(tx: &mut Tx, among: &Among<'_>, name: &Name, seal: &Seal) -> Result<Found, Error> {
    let finder = Finder::of(seal);
    let facilities = ids(among.facilities);
    let incident = among.incident.0;
    let candidates: Vec<(Uuid, Vec<u8>)> = match among.born {
        Some(day) => {
            let born = finder.born(day);
            fetch_all!(tx, (Uuid, Vec<u8>), BY_BIRTH, incident, facilities.text(), born, MOST_COMPARED)?
        }
        None => {
            fetch_all!(tx, (Uuid, Vec<u8>), BY_DAY, incident, facilities.text(), among.day, MOST_COMPARED)?
        }
    };
    let asked = finder.weights(name);
    let fits = candidates.into_iter().filter_map(|(id, keys)| {
        let weight: u32 = keys.chunks_exact(KEY).filter_map(|key| asked.get(key)).sum();
        (weight > 0).then_some((weight, id))
    });
    match names::closest(fits.collect(), MOST_DECRYPTED) {
        Err(TooMany) => {
            let sentence =
                format!("More than {MOST_DECRYPTED} people fit. Say more: first name and birth date.");
            Ok(Found { rows: Vec::new(), sentence })
        }
        Ok((closest, left_out)) => {
            let rows = ranked(rows(tx, among.incident, &closest).await?, name, seal)?;
            let sentence = said(rows.len(), left_out);
            Ok(Found { rows, sentence })
        }
    }
}

fn said(found: usize, left_out: bool) -> String {
    let fit = match found {
        0 => "Nobody of this name is found. Check the spelling, or ask for the record number.".into(),
        1 => "1 booking fits.".into(),
        many => format!("{many} bookings fit, the closest first."),
    };
    if left_out { format!("{fit} Others that are less alike are left out.") } else { fit }
}

/// Those whose name really fits, the best first.
fn ranked(rows: Vec<CaseRow>, name: &Name, seal: &Seal) -> Result<Vec<CaseRow>, Error> {
    let mut fits: Vec<(Likeness, i64, CaseRow)> = Vec::with_capacity(rows.len());
    for row in rows {
        let patient = row.unseal(seal)?;
        if let Some(likeness) = Name::read(&patient.name).likeness(name) {
            fits.push((likeness, row.case.start.0, row));
        }
    }
    fits.sort_by_key(|(likeness, at, row)| (*likeness, *at, row.id));
    Ok(fits.into_iter().map(|(_, _, row)| row).collect())
}

macro_rules! these {
    ($ids:literal) => {
        concat!(
            case_columns!(),
            "
    WHERE patient_case.incident = $1 AND visible = TRUE AND patient_case.id IN (",
            $ids,
            ")"
        )
    };
}

const THESE: Sql = Sql {
    sqlite: these!("SELECT unhex(value) FROM json_each($2)"),
    postgres: these!("SELECT value::uuid FROM json_array_elements_text($2::json)"),
};

/// These cases of an incident.
pub(super) async fn rows(tx: &mut Tx, incident: IncidentId, cases: &[Uuid]) -> Result<Vec<CaseRow>, Error> {
    let cases: Vec<String> = cases.iter().map(|case| case.simple().to_string()).collect();
    let rows = fetch_all!(tx, Kept, THESE, incident.0, Rows::of(&cases).text())?;
    rows.into_iter().map(CaseRow::try_from).collect()
}

macro_rules! numbered {
    ($facilities:literal) => {
        concat!(
            case_columns!(),
            "
    WHERE patient_case.incident = $1 AND visible = TRUE AND mrn_key = $3
        AND facility IN (",
            $facilities,
            ")
    ORDER BY start_at, patient_case.id
    LIMIT 200"
        )
    };
}

const NUMBERED: Sql = Sql {
    sqlite: numbered!("SELECT unhex(value) FROM json_each($2)"),
    postgres: numbered!("SELECT value::uuid FROM json_array_elements_text($2::json)"),
};

/// The cases of a record number, given by its keyed hash.
///
/// # Errors
/// When the database does not answer.
pub async fn numbered(
    tx: &mut Tx,
    (incident, facilities): (IncidentId, &[FacilityId]),
    number: &[u8],
) -> Result<Vec<CaseRow>, Error> {
    let rows = fetch_all!(tx, Kept, NUMBERED, incident.0, ids(facilities).text(), number)?;
    rows.into_iter().map(CaseRow::try_from).collect()
}
