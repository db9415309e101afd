//! The SQL of the staff directory.

use std::collections::HashMap;

use domain::{
    id::{PersonId, UnitId},
    people::{KnownAddresses, KnownUnits, Staff},
    time::Timestamp,
};
use serde::Serialize;
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_one, fetch_optional,
    store::{Error, Rows, Sql, Tx},
};

const UNITS: &str = "
    SELECT unit.id, facility.code, facility.name, facility.short_name, unit.code, unit.name
    FROM unit
    JOIN facility ON facility.id = unit.facility
    ORDER BY facility.position, unit.code";

/// All units by every word by which a file may call them.
pub async fn known_units(tx: &mut Tx) -> Result<KnownUnits, Error> {
    let mut units = KnownUnits::default();
    let rows = fetch_all!(tx, (Uuid, String, String, String, String, String), UNITS)?;
    // Codes first, so that another unit's name never hides a code.
    for (id, code, _, _, unit, _) in &rows {
        units.add(UnitId(*id), [code, code, code], [unit, unit]);
    }
    for (id, code, name, short_name, unit, unit_name) in &rows {
        units.add(UnitId(*id), [code, name, short_name], [unit, unit_name]);
    }
    Ok(units)
}

/// What tells whether a person has changed.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Known {
    pub id: Uuid,
    pub staff_number: String,
    /// The code of the site at which they work.
    pub facility: String,
    pub content_hash: Vec<u8>,
    pub left_at: Option<i64>,
}

const KNOWN: &str = "
    SELECT person.id, person.staff_number, facility.code AS facility, person.content_hash, person.left_at
    FROM person
    JOIN unit ON unit.id = person.unit
    JOIN facility ON facility.id = unit.facility";

/// Everyone, by staff number and content hash.
pub async fn known(tx: &mut Tx) -> Result<Vec<Known>, Error> {
    fetch_all!(tx, Known, KNOWN)
}

/// A person to be kept.
#[derive(Debug, Clone)]
pub struct Saved {
    pub id: PersonId,
    pub unit: UnitId,
    pub hash: [u8; 32],
    pub person: Staff,
    /// Since when they have left.
    pub left_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct NewPerson<'a> {
    id: String,
    staff_number: &'a str,
    name: &'a str,
    unit: String,
    job: &'a str,
    unit_lead: bool,
    qualifications: String,
    hash: String,
    left_at: Option<i64>,
}

#[derive(Serialize)]
struct AddressRow<'a> {
    staff_number: &'a str,
    channel: &'static str,
    rank: usize,
    address: &'a str,
}

const SAVE: Sql = Sql {
    sqlite: "
    INSERT INTO person (
        id, staff_number, name, unit, job, unit_lead, qualifications, content_hash, updated_at, left_at)
    SELECT unhex(value ->> 'id'), value ->> 'staff_number', value ->> 'name', unhex(value ->> 'unit'),
        value ->> 'job', value ->> 'unit_lead', value ->> 'qualifications', unhex(value ->> 'hash'), $2,
        value ->> 'left_at'
    FROM json_each($1)
    WHERE TRUE
    ON CONFLICT (staff_number) DO UPDATE
    SET name = excluded.name, unit = excluded.unit, job = excluded.job, unit_lead = excluded.unit_lead,
        qualifications = excluded.qualifications, content_hash = excluded.content_hash,
        updated_at = excluded.updated_at, version = person.version + 1, left_at = excluded.left_at",
    postgres: "
    INSERT INTO person (
        id, staff_number, name, unit, job, unit_lead, qualifications, content_hash, updated_at, left_at)
    SELECT id::uuid, staff_number, name, unit::uuid, job, unit_lead, qualifications, decode(hash, 'hex'), $2,
        left_at
    FROM json_to_recordset($1::json) AS row (
        id TEXT, staff_number TEXT, name TEXT, unit TEXT, job TEXT, unit_lead BOOLEAN, qualifications TEXT,
        hash TEXT, left_at BIGINT)
    ON CONFLICT (staff_number) DO UPDATE
    SET name = excluded.name, unit = excluded.unit, job = excluded.job, unit_lead = excluded.unit_lead,
        qualifications = excluded.qualifications, content_hash = excluded.content_hash,
        updated_at = excluded.updated_at, version = person.version + 1, left_at = excluded.left_at",
};

const FORGET_ADDRESSES: Sql = Sql {
    sqlite: "
    DELETE FROM address
    WHERE person IN (
        SELECT person.id
        FROM json_each($1)
        JOIN person ON person.staff_number = value ->> 'staff_number'
    )",
    postgres: "
    DELETE FROM address
    WHERE person IN (
        SELECT person.id
        FROM json_to_recordset($1::json) AS row (staff_number TEXT)
        JOIN person ON person.staff_number = row.staff_number
    )",
};

const SAVE_ADDRESSES: Sql = Sql {
    sqlite: "
    INSERT INTO address (person, channel, rank, value)
    SELECT person.id, value ->> 'channel', value ->> 'rank', value ->> 'address'
    FROM json_each($1)
    JOIN person ON person.staff_number = value ->> 'staff_number'",
    postgres: "
    INSERT INTO address (person, channel, rank, value)
    SELECT person.id, channel, rank, address
    FROM json_to_recordset($1::json) AS row (staff_number TEXT, channel TEXT, rank BIGINT, address TEXT)
    JOIN person ON person.staff_number = row.staff_number",
};

/// Keeps people with their addresses; who is known by staff number is replaced, under the id that they have.
pub async fn save(tx: &mut Tx, people: &[Saved], now: Timestamp) -> Result<(), Error> {
    let hex = |id: Uuid| id.simple().to_string();
    let rows: Vec<_> = people
        .iter()
        .map(|saved| NewPerson {
            id: hex(saved.id.0),
            staff_number: &saved.person.staff_number,
            name: &saved.person.name,
            unit: hex(saved.unit.0),
            job: &saved.person.job,
            unit_lead: saved.person.unit_lead,
            qualifications: serde_json::to_string(&saved.person.qualifications).expect("a list of texts"),
            hash: hex::encode(saved.hash),
            left_at: saved.left_at.map(|at| at.0),
        })
        .collect();
    let rows = Rows::of(&rows);
    execute!(tx, SAVE, rows.text(), now.0)?;
    execute!(tx, FORGET_ADDRESSES, rows.text())?;
    let mut addresses = Vec::new();
    for saved in people {
        for (channel, values) in [("email", &saved.person.emails), ("sms", &saved.person.phones)] {
            for (rank, address) in values.iter().enumerate() {
                let staff_number = &saved.person.staff_number;
                addresses.push(AddressRow { staff_number, channel, rank, address });
            }
        }
    }
    execute!(tx, SAVE_ADDRESSES, Rows::of(&addresses).text()).map(|_| ())
}

/// How many there are.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub struct Counts {
    pub total: i64,
    pub leads: i64,
    pub without_address: i64,
    /// Those who have left; they are in no other count.
    pub have_left: i64,
}

const COUNTS: &str = "
    SELECT COUNT(CASE WHEN left_at IS NULL THEN 1 END) AS total,
        COUNT(CASE WHEN left_at IS NULL AND unit_lead = TRUE THEN 1 END) AS leads,
        COUNT(CASE WHEN left_at IS NULL
            AND NOT EXISTS (SELECT 1 FROM address WHERE address.person = person.id) THEN 1 END)
            AS without_address,
        COUNT(left_at) AS have_left
    FROM person";

/// Counts the staff.
pub async fn counts(tx: &mut Tx) -> Result<Counts, Error> {
    fetch_one!(tx, Counts, COUNTS)
}

/// A person as a list shows them.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct PersonLine {
    pub id: Uuid,
    pub staff_number: String,
    pub name: String,
    pub facility: String,
    pub facility_id: Uuid,
    pub unit: String,
    pub unit_id: Uuid,
    pub job: String,
    pub unit_lead: bool,
}

const LIST: &str = "
    SELECT person.id, person.staff_number, person.name, facility.short_name AS facility,
        facility.id AS facility_id, unit.name AS unit, unit.id AS unit_id, person.job, person.unit_lead
    FROM person
    JOIN unit ON unit.id = person.unit
    JOIN facility ON facility.id = unit.facility
    WHERE (person.left_at IS NOT NULL) = $4
        AND person.staff_number > $1
        AND ($2 = '' OR LOWER(person.staff_number) LIKE $2 OR LOWER(person.name) LIKE $2)
    ORDER BY person.staff_number
    LIMIT $3";

/// People by staff number, after one of them: those who work here, or those who have left. `search` is how name or
/// number begin.
pub async fn list(
    tx: &mut Tx,
    after: &str,
    search: &str,
    most: i64,
    have_left: bool,
) -> Result<Vec<PersonLine>, Error> {
    // What stands for any character in LIKE is taken out, so that it means itself nowhere.
    let plain: String = search.to_lowercase().chars().filter(|c| !matches!(c, '%' | '_' | '\\')).collect();
    let pattern = if plain.is_empty() { plain } else { format!("{plain}%") };
    fetch_all!(tx, PersonLine, LIST, after, pattern, most, have_left)
}

const BY_ID: Sql = Sql {
    sqlite: "
    SELECT person.id, person.staff_number, person.name, facility.short_name AS facility,
        facility.id AS facility_id, unit.name AS unit, unit.id AS unit_id, person.job, person.unit_lead
    FROM person
    JOIN unit ON unit.id = person.unit
    JOIN facility ON facility.id = unit.facility
    WHERE person.id IN (SELECT unhex(value) FROM json_each($1))
    ORDER BY person.staff_number",
    postgres: "
    SELECT person.id, person.staff_number, person.name, facility.short_name AS facility,
        facility.id AS facility_id, unit.name AS unit, unit.id AS unit_id, person.job, person.unit_lead
    FROM person
    JOIN unit ON unit.id = person.unit
    JOIN facility ON facility.id = unit.facility
    WHERE person.id IN (SELECT id::uuid FROM json_array_elements_text($1::json) AS row (id))
    ORDER BY person.staff_number",
};

/// These people, by staff number.
pub async fn by_id(tx: &mut Tx, people: &[PersonId]) -> Result<Vec<PersonLine>, Error> {
    let ids: Vec<_> = people.iter().map(|id| id.0.simple().to_string()).collect();
    fetch_all!(tx, PersonLine, BY_ID, Rows::of(&ids).text())
}

const BY_RULE: &str = "
    SELECT person.id, person.staff_number, person.name, facility.short_name AS facility,
        facility.id AS facility_id, unit.name AS unit, unit.id AS unit_id, person.job, person.unit_lead
    FROM person
    JOIN unit ON unit.id = person.unit
    JOIN facility ON facility.id = unit.facility
    WHERE person.left_at IS NULL
        AND ($1 = '' OR LOWER(person.job) = $1)
        AND ($2 = FALSE OR person.unit_lead = TRUE)
    ORDER BY facility.position, unit.code, person.staff_number";

/// The people whom a rule takes, in the order in which cards are brought round.
pub async fn by_rule(tx: &mut Tx, job: &str, leads: bool) -> Result<Vec<PersonLine>, Error> {
    fetch_all!(tx, PersonLine, BY_RULE, job, leads)
}

const ADDRESSES: Sql = Sql {
    sqlite: "
    SELECT person, channel, value
    FROM address
    WHERE person IN (SELECT unhex(value) FROM json_each($1))
    ORDER BY person, channel, rank",
    postgres: "
    SELECT person, channel, value
    FROM address
    WHERE person IN (SELECT id::uuid FROM json_array_elements_text($1::json) AS row (id))
    ORDER BY person, channel, rank",
};

/// The addresses of these people, each with its channel, in the order in which they are tried.
pub async fn addresses(tx: &mut Tx, people: &[Uuid]) -> Result<Vec<(Uuid, String, String)>, Error> {
    let ids: Vec<_> = people.iter().map(|id| id.simple().to_string()).collect();
    fetch_all!(tx, (Uuid, String, String), ADDRESSES, Rows::of(&ids).text())
}

/// The same, e-mails and phones of each person apart.
pub fn parted(rows: Vec<(Uuid, String, String)>) -> HashMap<Uuid, KnownAddresses> {
    let mut known: HashMap<Uuid, KnownAddresses> = HashMap::new();
    for (person, channel, value) in rows {
        let known = known.entry(person).or_default();
        if channel == "email" { &mut known.emails } else { &mut known.phones }.push(value);
    }
    known
}

/// A person as they are kept, without their addresses.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct PersonRow {
    pub id: Uuid,
    pub staff_number: String,
    pub name: String,
    pub facility_code: String,
    pub facility: String,
    pub unit_code: String,
    pub unit: String,
    pub unit_id: Uuid,
    pub job: String,
    pub unit_lead: bool,
    pub qualifications: String,
    pub left_at: Option<i64>,
    pub version: i64,
}

const FIND: &str = "
    SELECT person.id, person.staff_number, person.name, facility.code AS facility_code,
        facility.short_name AS facility, unit.code AS unit_code, unit.name AS unit, unit.id AS unit_id,
        person.job, person.unit_lead, person.qualifications, person.left_at, person.version
    FROM person
    JOIN unit ON unit.id = person.unit
    JOIN facility ON facility.id = unit.facility
    WHERE person.id = $1";

/// One person, also one who has left.
pub async fn find(tx: &mut Tx, id: PersonId) -> Result<Option<PersonRow>, Error> {
    fetch_optional!(tx, PersonRow, FIND, id.0)
}

impl PersonRow {
    /// The person with their addresses, as a staff file would give them.
    pub async fn staff(&self, tx: &mut Tx) -> Result<Staff, Error> {
        let known = parted(addresses(tx, &[self.id]).await?).remove(&self.id);
        let KnownAddresses { emails, phones, .. } = known.unwrap_or_default();
        Ok(Staff {
            staff_number: self.staff_number.clone(),
            name: self.name.clone(),
            facility: self.facility_code.clone(),
            unit: self.unit_code.clone(),
            job: self.job.clone(),
            unit_lead: self.unit_lead,
            emails,
            phones,
            qualifications: serde_json::from_str(&self.qualifications)
                .map_err(|error| Error::Corrupt(error.to_string()))?,
        })
    }
}

const HOLD: &str = "
    UPDATE person
    SET version = version
    WHERE id = $1";

/// Takes a person's row before it is read, so that an import beside waits; `false` when there is none.
pub async fn hold(tx: &mut Tx, id: PersonId) -> Result<bool, Error> {
    Ok(execute!(tx, HOLD, id.0)? == 1)
}

const SET_LEFT: &str = "
    UPDATE person
    SET left_at = $2, updated_at = $3, version = version + 1
    WHERE id = $1";

/// Notes that a person has left, or works here again.
pub async fn set_left(
    tx: &mut Tx,
    id: PersonId,
    left_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Error> {
    execute!(tx, SET_LEFT, id.0, left_at.map(|at| at.0), now.0).map(|_| ())
}

/// An account that belongs to a person: its name for signing in, and since when it is locked.
pub type AccountRow = (String, Option<i64>);

const ACCOUNTS: &str = "
    SELECT login, disabled_at
    FROM account
    WHERE person = $1
    ORDER BY login";

/// The accounts of a person.
pub async fn accounts(tx: &mut Tx, id: PersonId) -> Result<Vec<AccountRow>, Error> {
    fetch_all!(tx, AccountRow, ACCOUNTS, id.0)
}

const LINK_ACCOUNT: &str = "
    UPDATE account
    SET person = $2
    WHERE id = $1";

/// Notes whose account this is.
pub async fn link_account(
    tx: &mut Tx,
    account: domain::id::AccountId,
    person: PersonId,
) -> Result<(), Error> {
    execute!(tx, LINK_ACCOUNT, account.0, person.0).map(|_| ())
}
