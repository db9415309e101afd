//! Audiences: a list given as a file, or a rule over the staff directory, resolved when the broadcast is sent.

mod file;

use std::collections::HashMap;

use domain::{
    broadcasts::{
        audience::{Member, Plan, resolve},
        compose::To,
    },
    id::{AudienceId, FacilityId, IncidentId, PersonId, UnitId},
    scope::Place,
};
use serde::Serialize;
use sqlx::types::Uuid;

pub use file::{Upload, Uploaded, upload};

use crate::{
    fetch_all, fetch_one,
    places::store as places,
    store::{Db, Error, Tx},
};

/// One person as a bulk statement takes them.
#[derive(Serialize)]
pub(super) struct MemberRow<'a> {
    pub ordinal: i64,
    person: Option<String>,
    name: &'a str,
    unit: Option<String>,
    on_duty: bool,
    lead: bool,
    addresses: String,
}

impl<'a> MemberRow<'a> {
    pub(super) fn of(ordinal: i64, member: &'a Member) -> Self {
        Self {
            ordinal,
            person: member.person.map(|id| id.0.simple().to_string()),
            name: &member.name,
            unit: member.unit.map(|id| id.0.simple().to_string()),
            on_duty: member.on_duty,
            lead: member.lead,
            addresses: serde_json::to_string(&member.addresses).expect("pairs of texts serialise"),
        }
    }
}

const STAFF: &str = "
    SELECT person.id, person.staff_number, person.name, person.unit, person.job, person.unit_lead, address.channel,
        address.value
    FROM person
    LEFT JOIN address ON address.person = person.id
    WHERE person.left_at IS NULL
    ORDER BY person.id, address.channel, address.rank";

type StaffRow = (Uuid, String, String, Uuid, String, bool, Option<String>, Option<String>);

/// Everybody of the directory as staff number (small letters), job and member, in the directory's order.
async fn everybody(tx: &mut Tx) -> Result<Vec<(String, String, Member)>, Error> {
    let mut people: Vec<(String, String, Member)> = Vec::new();
    for (id, number, name, unit, job, lead, channel, value) in fetch_all!(tx, StaffRow, STAFF)? {
        if people.last().is_none_or(|(_, _, last)| last.person != Some(PersonId(id))) {
            let (person, unit) = (Some(PersonId(id)), Some(UnitId(unit)));
            let member = Member { person, name, unit, on_duty: true, lead, addresses: Vec::new() };
            people.push((number.to_lowercase(), job, member));
        }
        if let (Some(channel), Some(value), Some((_, _, last))) = (channel, value, people.last_mut()) {
            last.addresses.push((super::store::channel_of(&channel)?, value));
        }
    }
    Ok(people)
}

async fn staff(tx: &mut Tx) -> Result<HashMap<String, Member>, Error> {
    Ok(everybody(tx).await?.into_iter().map(|(number, _, member)| (number, member)).collect())
}

const MEMBERS: &str = "
    SELECT person, name, unit, on_duty, lead, addresses
    FROM audience_member
    WHERE audience = $1
        AND NOT EXISTS (
            SELECT 1
            FROM person
            WHERE person.id = audience_member.person AND person.left_at IS NOT NULL
        )
    ORDER BY ordinal";

type KeptMember = (Option<Uuid>, String, Option<Uuid>, bool, bool, String);

/// Resolves to whom a broadcast goes, as of now.
pub async fn plan(db: &Db, to: &[To]) -> Result<Plan, Error> {
    let mut tx = db.read().await?;
    let mut members: Vec<Member> = Vec::new();
    let rules: Vec<_> = to.iter().filter(|each| matches!(each, To::Staff { .. })).collect();
    if !rules.is_empty() {
        let lattice = places::lattice(&mut tx).await?;
        let here = |member: &Member, job: &str| {
            rules.iter().any(|rule| match rule {
                To::Staff { place, job: wanted } => {
                    let place: Option<Place> = place.parse().ok();
                    let inside = place
                        .zip(member.unit)
                        .is_some_and(|(place, unit)| lattice.contains(place, Place::Unit(unit)));
                    inside && (wanted.is_empty() || wanted.eq_ignore_ascii_case(job))
                }
                To::List(_) => false,
            })
        };
        let found = everybody(&mut tx).await?.into_iter().filter(|(_, job, member)| here(member, job));
        members.extend(found.map(|(_, _, member)| member));
    }
    for each in to {
        let To::List(list) = each else { continue };
        for (person, name, unit, on_duty, lead, addresses) in fetch_all!(tx, KeptMember, MEMBERS, list.0)? {
            let addresses =
                serde_json::from_str(&addresses).map_err(|error| Error::Corrupt(error.to_string()))?;
            let (person, unit) = (person.map(PersonId), unit.map(UnitId));
            members.push(Member { person, name, unit, on_duty, lead, addresses });
        }
    }
    Ok(resolve(members))
}

/// A list that was uploaded: id, name, people.
pub type ListRow = (Uuid, String, i64);

const LISTS: &str = "
    SELECT id, name, people
    FROM audience
    WHERE incident = $1 AND complete
    ORDER BY id";

/// The lists of an incident.
pub async fn lists(tx: &mut Tx, incident: IncidentId) -> Result<Vec<ListRow>, Error> {
    fetch_all!(tx, ListRow, LISTS, incident.0)
}

const STAFF_COUNT: &str = "
    SELECT COUNT(*)
    FROM person
    WHERE left_at IS NULL";

/// How many people the directory has.
pub async fn staff_count(tx: &mut Tx) -> Result<i64, Error> {
    fetch_one!(tx, (i64,), STAFF_COUNT).map(|(count,)| count)
}

/// To whom, in words: `Night staff; All 12 sites, nurse`.
pub async fn words(tx: &mut Tx, incident: IncidentId, to: &[To]) -> Result<String, Error> {
    let lists = lists(tx, incident).await?;
    let mut words = Vec::new();
    for each in to {
        words.push(match each {
            To::List(id) => lists
                .iter()
                .find(|(list, ..)| *list == id.0)
                .map_or_else(|| "a list of another incident".to_owned(), |(_, name, _)| name.clone()),
            To::Staff { place, job } => {
                let place = place.parse().map_err(|_| Error::Corrupt(format!("a place reads {place:?}")))?;
                let place = places::name(tx, place).await?;
                if job.is_empty() { place } else { format!("{place}, {job}") }
            }
        });
    }
    Ok(words.join("; "))
}

const SITES: &str = "
    SELECT DISTINCT unit.facility
    FROM audience_member
    LEFT JOIN unit ON unit.id = audience_member.unit
    WHERE audience_member.audience = $1";

/// The sites at which the people of a list work; everywhere as soon as one of them belongs to no unit.
pub async fn places_of(tx: &mut Tx, list: AudienceId) -> Result<Vec<Place>, Error> {
    let rows = fetch_all!(tx, (Option<Uuid>,), SITES, list.0)?;
    let site = |facility: Option<Uuid>| facility.map_or(Place::All, |id| Place::Facility(FacilityId(id)));
    Ok(rows.into_iter().map(|(facility,)| site(facility)).collect())
}
