//! The SQL of the staff directory.

use domain::{
    id::{PersonId, UnitId},
    people::{KnownUnits, Staff},
    time::Timestamp,
};
use serde::Serialize;
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_one,
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
    pub content_hash: Vec<u8>,
    pub left_at: Option<i64>,
}

const KNOWN: &str = "
    SELECT id, staff_number, content_hash, left_at
    FROM person";

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
}

#[derive(Serialize)]
struct PersonRow<'a> {
    id: String,
    staff_number: &'a str,
    name: &'a str,
    unit: String,
    job: &'a str,
    unit_lead: bool,
    qualifications: String,
    hash: String,
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
        id, staff_number, name, unit, job, unit_lead, qualifications, content_hash, updated_at)
    SELECT unhex(value ->> 'id'), value ->> 'staff_number', value ->> 'name', unhex(value ->> 'unit'),
        value ->> 'job', value ->> 'unit_lead', value ->> 'qualifications', unhex(value ->> 'hash'), $2
    FROM json_each($1)
    WHERE TRUE
    ON CONFLICT (staff_number) DO UPDATE
    SET name = excluded.name, unit = excluded.unit, job = excluded.job, unit_lead = excluded.unit_lead,
        qualifications = excluded.qualifications, content_hash = excluded.content_hash,
        updated_at = excluded.updated_at, left_at = NULL",
    postgres: "
    INSERT INTO person (
        id, staff_number, name, unit, job, unit_lead, qualifications, content_hash, updated_at)
    SELECT id::uuid, staff_number, name, unit::uuid, job, unit_lead, qualifications, decode(hash, 'hex'), $2
    FROM json_to_recordset($1::json) AS row (
        id TEXT, staff_number TEXT, name TEXT, unit TEXT, job TEXT, unit_lead BOOLEAN, qualifications TEXT,
        hash TEXT)
    ON CONFLICT (staff_number) DO UPDATE
    SET name = excluded.name, unit = excluded.unit, job = excluded.job, unit_lead = excluded.unit_lead,
        qualifications = excluded.qualifications, content_hash = excluded.content_hash,
        updated_at = excluded.updated_at, left_at = NULL",
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
        .map(|saved| PersonRow {
            id: hex(saved.id.0),
            staff_number: &saved.person.staff_number,
            name: &saved.person.name,
            unit: hex(saved.unit.0),
            job: &saved.person.job,
            unit_lead: saved.person.unit_lead,
            qualifications: serde_json::to_string(&saved.person.qualifications).expect("a list of texts"),
            hash: hex::encode(saved.hash),
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
}

const COUNTS: &str = "
    SELECT COUNT(*) AS total,
        COUNT(CASE WHEN unit_lead = TRUE THEN 1 END) AS leads,
        COUNT(CASE WHEN NOT EXISTS (SELECT 1 FROM address WHERE address.person = person.id) THEN 1 END)
            AS without_address
    FROM person
    WHERE left_at IS NULL";

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
    WHERE person.left_at IS NULL
        AND person.staff_number > $1
        AND ($2 = '' OR LOWER(person.staff_number) LIKE $2 OR LOWER(person.name) LIKE $2)
    ORDER BY person.staff_number
    LIMIT $3";

/// People by staff number, after one of them; `search` is how name or number begin.
pub async fn list(tx: &mut Tx, after: &str, search: &str, most: i64) -> Result<Vec<PersonLine>, Error> {
    // What stands for any character in LIKE is taken out, so that it means itself nowhere.
    let plain: String = search.to_lowercase().chars().filter(|c| !matches!(c, '%' | '_' | '\\')).collect();
    let pattern = if plain.is_empty() { plain } else { format!("{plain}%") };
    fetch_all!(tx, PersonLine, LIST, after, pattern, most)
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
