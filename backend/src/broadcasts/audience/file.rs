//! A list given as a file: reading it against the directory, and keeping its people piece by piece.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    time::Duration,
};

use axum::body::Bytes;
use domain::{
    broadcasts::audience::Member,
    cells::yes_or_no,
    deliveries::Channel,
    field::FieldErrors,
    id::{AudienceId, IncidentId, UnitId},
    table::{self, Known, Limits, Mapping, Reject, Table},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::types::Uuid;

use super::{super::stage::in_chunks, MemberRow, staff};
use crate::{
    app::App,
    begin, execute,
    failure::Failure,
    fetch_all,
    incidents::store as incidents,
    store::{
        Sql, Tx,
        journal::{By, Chain, Say},
    },
};

/// What a list of people may carry.
const COLUMNS: [Known; 9] = [
    Known {
        key: "staff_number",
        label: "Staff number",
        synonyms: &["employeeid", "staffid", "personnelnumber"],
        required: false,
    },
    Known { key: "name", label: "Name", synonyms: &["fullname", "person"], required: false },
    Known { key: "email", label: "E-mail", synonyms: &["mail", "emailaddress"], required: false },
    Known { key: "phone", label: "Mobile phone", synonyms: &["sms", "mobile", "cell"], required: false },
    Known {
        key: "facility",
        label: "Facility code",
        synonyms: &["site", "hospital", "facilitycode"],
        required: false,
    },
    Known { key: "unit", label: "Unit code", synonyms: &["ward", "department", "unitcode"], required: false },
    Known { key: "on_duty", label: "On duty", synonyms: &["duty", "onshift"], required: false },
    Known { key: "lead", label: "Unit lead", synonyms: &["unitlead", "isunitlead"], required: false },
    Known { key: "job", label: "Job", synonyms: &["role"], required: false },
];

/// A file of people for this incident. Its bytes are shared: running again copies nothing.
#[derive(Debug, Clone)]
pub struct Upload {
    pub incident: IncidentId,
    pub name: String,
    pub file: Bytes,
}

/// What uploading a list gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Uploaded {
    pub audience: AudienceId,
    pub people: i64,
    /// Rows that were left out, with row, column and reason.
    pub refused: Vec<Reject>,
}

/// Keeps a list of people. They are written piece by piece, seen by nobody; the decision only makes the list whole, so
/// that 300,000 people keep no other command of the incident waiting.
///
/// # Errors
/// When the file is no table, or no row of it can be used.
pub async fn upload(app: App, by: By, upload: Upload) -> Result<Uploaded, Failure> {
    let mut tx = app.db.read().await?;
    incidents::find(&mut tx, upload.incident).await?.ok_or(Failure::NotFound("incident"))?;
    drop(tx);
    let (members, refused) = read(&app, upload.file.clone()).await?;
    if members.is_empty() {
        let reason = refused.first().map_or("it has no rows", |first| first.reason.as_str());
        return Err(FieldErrors::one("file", format!("No row of this file can be used: {reason}")).into());
    }
    let name = if upload.name.trim().is_empty() {
        "List".to_owned()
    } else {
        upload.name.trim().chars().take(120).collect()
    };
    let outcome = Uploaded { audience: app.clock.id(), people: count(members.len()), refused };
    let (id, account, now) = (outcome.audience, by.actor.account.0, app.clock.now());
    let mut tx = app.db.write().await?;
    execute!(tx, INSERT, id.0, upload.incident.0, &name, outcome.people, account, now.0)?;
    tx.commit().await?;
    let rows: Vec<MemberRow> =
        (0..).zip(&members).map(|(ordinal, member)| MemberRow::of(ordinal, member)).collect();
    let mut longest = Duration::ZERO;
    in_chunks(&app, id.0, INSERT_MEMBERS, &rows, &mut longest).await?;
    let mut decision = begin!(&app, &by, Chain::Incident(upload.incident));
    execute!(decision.tx, COMPLETE, id.0)?;
    let say = Say {
        kind: "audience.uploaded",
        subject: format!("audience:{id}"),
        data: json!({ "people": outcome.people, "refused": outcome.refused.len() }),
        texts: &[("name", &name)],
        ..Say::default()
    };
    decision.append(&app, say).await?;
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Reads the people of a file, away from the threads that answer everybody else.
async fn read(app: &App, file: Bytes) -> Result<(Vec<Member>, Vec<Reject>), Failure> {
    let table = away(move || table::read(&file, &Limits::IMPORT)).await?;
    let table = table.map_err(|error| FieldErrors::one("file", error.to_string()))?;
    let mut tx = app.db.read().await?;
    let directory = Directory::read(&mut tx, &table).await?;
    drop(tx);
    away(move || directory.members(&table)).await
}

async fn away<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Failure::Broken(error.to_string()))
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

const INSERT: &str = "
    INSERT INTO audience (id, incident, name, people, account, created_at, complete)
    VALUES ($1, $2, $3, $4, $5, $6, FALSE)";

const COMPLETE: &str = "
    UPDATE audience
    SET complete = TRUE
    WHERE id = $1";

const INSERT_MEMBERS: Sql = Sql {
    sqlite: "
    INSERT INTO audience_member (audience, ordinal, person, name, unit, on_duty, lead, addresses)
    SELECT $1, value ->> 'ordinal', unhex(value ->> 'person'), value ->> 'name', unhex(value ->> 'unit'),
        value ->> 'on_duty', value ->> 'lead', value ->> 'addresses'
    FROM json_each($2)",
    postgres: "
    INSERT INTO audience_member (audience, ordinal, person, name, unit, on_duty, lead, addresses)
    SELECT $1, ordinal, person::uuid, name, unit::uuid, on_duty, lead, addresses
    FROM json_to_recordset($2::json)
        AS row (ordinal BIGINT, person TEXT, name TEXT, unit TEXT, on_duty BOOLEAN, lead BOOLEAN, addresses TEXT)",
};

/// The parts of the directory that a file's rows may point to.
struct Directory {
    mapping: Mapping,
    /// Facility code and unit code, in lower case; the facility is empty where the unit code is unique.
    units: HashMap<(String, String), UnitId>,
    people: HashMap<String, Member>,
    /// The staff numbers, in lower case, of those who have left.
    left: HashSet<String>,
}

const UNITS: &str = "
    SELECT unit.id, unit.code, unit.name, facility.code, facility.short_name
    FROM unit
    JOIN facility ON facility.id = unit.facility";

const LEFT: &str = "
    SELECT staff_number
    FROM person
    WHERE left_at IS NOT NULL";

impl Directory {
    async fn read(tx: &mut Tx, table: &Table) -> Result<Self, Failure> {
        let mapping = Mapping::guess(&table.header, &COLUMNS);
        let has = |key: &str| mapping.0.contains_key(key);
        if !has("staff_number") && !has("email") && !has("phone") {
            let sentence = "The file needs a column staff_number, email or phone.";
            return Err(FieldErrors::one("file", sentence).into());
        }
        let mut units: HashMap<(String, String), UnitId> = HashMap::new();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for (id, code, name, facility, short) in
            fetch_all!(tx, (Uuid, String, String, String, String), UNITS)?
        {
            for unit in BTreeSet::from([code.to_lowercase(), name.to_lowercase()]) {
                for site in [facility.to_lowercase(), short.to_lowercase()] {
                    units.insert((site, unit.clone()), UnitId(id));
                }
                *seen.entry(unit.clone()).or_default() += 1;
                units.insert((String::new(), unit), UnitId(id));
            }
        }
        units.retain(|(site, unit), _| !site.is_empty() || seen.get(unit) == Some(&1));
        let (mut people, mut left) = (HashMap::new(), HashSet::new());
        if has("staff_number") {
            people = staff(tx).await?;
            let numbers = fetch_all!(tx, (String,), LEFT)?;
            left = numbers.into_iter().map(|(number,)| number.to_lowercase()).collect();
        }
        Ok(Self { mapping, units, people, left })
    }

    /// Whom the directory knows under a staff number; nobody when the row has an address of its own instead.
    fn known(&self, staff_number: &str, has_address: bool) -> Result<Option<&Member>, &'static str> {
        let number = staff_number.to_lowercase();
        if self.left.contains(&number) {
            return Err("is of somebody who has left");
        }
        let known = self.people.get(&number);
        if known.is_none() && !number.is_empty() && !has_address {
            return Err("is not in the staff directory, and the row has no address");
        }
        Ok(known)
    }

    fn members(&self, table: &Table) -> (Vec<Member>, Vec<Reject>) {
        let (mut members, mut refused) = (Vec::with_capacity(table.rows.len()), Vec::new());
        for record in &table.rows {
            let cell = |key: &str| self.mapping.cell(record, key).trim();
            let mut refuse = |key: &str, reason: &str| {
                let column = self.mapping.column(&table.header, key).to_owned();
                refused.push(Reject { row: record.line, column, reason: reason.to_owned() });
            };
            if let Some(trouble) = &record.trouble {
                refuse("", trouble);
                continue;
            }
            let has_address = !cell("email").is_empty() || !cell("phone").is_empty();
            let known = match self.known(cell("staff_number"), has_address) {
                Ok(known) => known,
                Err(reason) => {
                    refuse("staff_number", reason);
                    continue;
                }
            };
            let unit = (cell("facility").to_lowercase(), cell("unit").to_lowercase());
            let unit = match (unit.1.is_empty(), self.units.get(&unit)) {
                (true, _) => known.and_then(|person| person.unit),
                (false, Some(unit)) => Some(*unit),
                (false, None) => {
                    refuse("unit", "is no unit of this facility");
                    continue;
                }
            };
            let flag = |key: &str, default| match cell(key) {
                "" => Some(default),
                text => yes_or_no(text),
            };
            let (Some(on_duty), Some(lead)) =
                (flag("on_duty", true), flag("lead", known.is_some_and(|person| person.lead)))
            else {
                refuse("on_duty", "on_duty and lead are yes or no");
                continue;
            };
            let addresses = addresses(cell("email"), cell("phone"), known);
            if addresses.is_empty() {
                refuse("email", "has neither e-mail nor phone");
                continue;
            }
            let name = match (cell("name"), known) {
                ("", Some(known)) => known.name.clone(),
                ("", None) => addresses[0].1.clone(),
                (name, _) => name.to_owned(),
            };
            members.push(Member {
                person: known.and_then(|known| known.person),
                name,
                unit,
                on_duty,
                lead,
                addresses,
            });
        }
        (members, refused)
    }
}

/// What the row says, and after it what the directory knows beside.
fn addresses(emails: &str, phones: &str, known: Option<&Member>) -> Vec<(Channel, String)> {
    let typed = [(Channel::Email, emails), (Channel::Sms, phones)].into_iter().flat_map(|(channel, cell)| {
        cell.split(['|', ';']).map(move |part| (channel, part.trim().to_owned()))
    });
    let mut addresses: Vec<_> = typed.filter(|(_, address)| !address.is_empty()).collect();
    for address in known.into_iter().flat_map(|known| &known.addresses) {
        if !addresses.contains(address) {
            addresses.push(address.clone());
        }
    }
    addresses
}
