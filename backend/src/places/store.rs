//! The SQL of places and systems.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    id::{FacilityId, GroupId, SystemId, UnitId},
    places::UnitCare,
    playbooks::Setting,
    scope::{Functions, Place, Places, SystemKind},
    time::{Timestamp, Zone},
};
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_one, fetch_optional,
    store::{Error, Rows, Sql, Tx},
};

/// A facility as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facility {
    pub id: FacilityId,
    pub code: String,
    pub name: String,
    pub short_name: String,
    pub zone: Zone,
}

/// A group of facilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub id: GroupId,
    pub code: String,
    pub name: String,
}

/// A system as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    pub id: SystemId,
    pub code: String,
    pub name: String,
    pub short_name: String,
    pub aliases: Vec<String>,
    pub kind: SystemKind,
    pub functions: Functions,
}

const FACILITIES: &str = "
    SELECT id, code, name, short_name, zone
    FROM facility
    ORDER BY position, code";

/// All facilities in their own order.
pub async fn facilities(tx: &mut Tx) -> Result<Vec<Facility>, Error> {
    let rows = fetch_all!(tx, (Uuid, String, String, String, String), FACILITIES)?;
    rows.into_iter()
        .map(|(id, code, name, short_name, zone)| {
            let zone = Zone::named(&zone).map_err(|error| Error::Corrupt(error.to_string()))?;
            Ok(Facility { id: FacilityId(id), code, name, short_name, zone })
        })
        .collect()
}

const GROUPS: &str = "
    SELECT id, code, name
    FROM facility_group
    ORDER BY name, code";

/// All groups of facilities by name.
pub async fn groups(tx: &mut Tx) -> Result<Vec<Group>, Error> {
    let rows = fetch_all!(tx, (Uuid, String, String), GROUPS)?;
    Ok(rows.into_iter().map(|(id, code, name)| Group { id: GroupId(id), code, name }).collect())
}

const MEMBERS: &str = "
    SELECT facility_group, facility
    FROM facility_group_member";

const UNITS: &str = "
    SELECT id, facility
    FROM unit";

/// How places lie in one another.
pub async fn lattice(tx: &mut Tx) -> Result<Places, Error> {
    let mut group_members: BTreeMap<GroupId, BTreeSet<FacilityId>> = BTreeMap::new();
    for (group, facility) in fetch_all!(tx, (Uuid, Uuid), MEMBERS)? {
        group_members.entry(GroupId(group)).or_default().insert(FacilityId(facility));
    }
    let units = fetch_all!(tx, (Uuid, Uuid), UNITS)?;
    let unit_facility =
        units.into_iter().map(|(unit, facility)| (UnitId(unit), FacilityId(facility))).collect();
    let facilities = facilities(tx).await?.into_iter().map(|facility| facility.id).collect();
    Ok(Places { unit_facility, group_members, facilities })
}

const UNIT_NAME: &str = "
    SELECT unit.name, facility.short_name
    FROM unit
    JOIN facility ON facility.id = unit.facility
    WHERE unit.id = $1";

/// How people call a place: `All 12 sites`, `General`, `General, Emergency`.
pub async fn name(tx: &mut Tx, place: Place) -> Result<String, Error> {
    Ok(names(tx, &[place]).await?.remove(&place).unwrap_or_default())
}

/// The same for many places, reading sites and groups once and each unit once.
pub async fn names(tx: &mut Tx, places: &[Place]) -> Result<HashMap<Place, String>, Error> {
    let (mut sites, mut all_groups) = (None, None);
    let mut names = HashMap::new();
    for &place in places {
        if names.contains_key(&place) {
            continue;
        }
        if sites.is_none() && matches!(place, Place::All | Place::Facility(_)) {
            sites = Some(facilities(tx).await?);
        }
        if all_groups.is_none() && matches!(place, Place::Group(_)) {
            all_groups = Some(groups(tx).await?);
        }
        let mut sites = sites.iter().flatten();
        let name = match place {
            Place::All => Some(format!("All {} sites", sites.count())),
            Place::Group(group) => {
                let mut groups = all_groups.iter().flatten();
                groups.find(|each| each.id == group).map(|group| group.name.clone())
            }
            Place::Facility(facility) => {
                sites.find(|each| each.id == facility).map(|facility| facility.short_name.clone())
            }
            Place::Unit(unit) => fetch_optional!(tx, (String, String), UNIT_NAME, unit.0)?
                .map(|(unit, site)| format!("{site}, {unit}")),
        };
        names.insert(place, name.unwrap_or_else(|| gone(place).to_owned()));
    }
    Ok(names)
}

const fn gone(place: Place) -> &'static str {
    match place {
        Place::All | Place::Facility(_) => "a site that is gone",
        Place::Group(_) => "a group that is gone",
        Place::Unit(_) => "a unit that is gone",
    }
}

const NAMED_UNITS: &str = "
    SELECT unit.id, unit.name, facility.short_name
    FROM unit
    JOIN facility ON facility.id = unit.facility
    ORDER BY facility.position, facility.code, unit.name, unit.code";

/// All units as people call them, as `General, Emergency`; site by site.
pub async fn named_units(tx: &mut Tx) -> Result<Vec<(UnitId, String)>, Error> {
    let rows = fetch_all!(tx, (Uuid, String, String), NAMED_UNITS)?;
    Ok(rows.into_iter().map(|(id, unit, site)| (UnitId(id), format!("{site}, {unit}"))).collect())
}

const FACILITY_OF: &str = "
    SELECT facility
    FROM unit
    WHERE id = $1";

/// The site of a unit.
pub async fn facility_of(tx: &mut Tx, unit: UnitId) -> Result<Option<FacilityId>, Error> {
    let row = fetch_optional!(tx, (Uuid,), FACILITY_OF, unit.0)?;
    Ok(row.map(|(facility,)| FacilityId(facility)))
}

const UNIT_NAMES: Sql = Sql {
    sqlite: "
    SELECT unit.id, unit.name, facility.short_name
    FROM unit
    JOIN facility ON facility.id = unit.facility
    WHERE unit.id IN (SELECT unhex(value) FROM json_each($1))",
    postgres: "
    SELECT unit.id, unit.name, facility.short_name
    FROM unit
    JOIN facility ON facility.id = unit.facility
    WHERE unit.id IN (SELECT value::uuid FROM json_array_elements_text($1::json))",
};

/// Some units as people call them, as `General, Emergency`.
pub async fn unit_names(
    tx: &mut Tx,
    units: impl IntoIterator<Item = UnitId>,
) -> Result<BTreeMap<UnitId, String>, Error> {
    let ids: Vec<String> = units.into_iter().map(|unit| unit.0.simple().to_string()).collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids = serde_json::to_string(&ids).expect("a list of texts serialises");
    let rows = fetch_all!(tx, (Uuid, String, String), UNIT_NAMES, ids)?;
    Ok(rows.into_iter().map(|(id, unit, site)| (UnitId(id), format!("{site}, {unit}"))).collect())
}

type SystemRow = (Uuid, String, String, String, String, String, i64);

const SYSTEMS: &str = "
    SELECT id, code, name, short_name, aliases, kind, functions
    FROM system
    ORDER BY position, code";

/// All systems in their own order.
pub async fn systems(tx: &mut Tx) -> Result<Vec<System>, Error> {
    let rows = fetch_all!(tx, SystemRow, SYSTEMS)?;
    rows.into_iter().map(system).collect()
}

fn system((id, code, name, short_name, aliases, kind, functions): SystemRow) -> Result<System, Error> {
    let aliases = serde_json::from_str(&aliases).map_err(|error| Error::Corrupt(error.to_string()))?;
    let kind =
        SystemKind::from_code(&kind).ok_or_else(|| Error::Corrupt(format!("a system is a {kind:?}")))?;
    let functions = Functions::from_bits(functions);
    Ok(System { id: SystemId(id), code, name, short_name, aliases, kind, functions })
}

const INSERT_SYSTEM: &str = "
    INSERT INTO system (id, code, name, short_name, aliases, kind, functions, position)
    SELECT $1, $2, $3, $4, $5, $6, $7, COALESCE(MAX(position), 0) + 1
    FROM system";

/// Adds a system at the end of the order.
pub async fn insert_system(tx: &mut Tx, system: &System) -> Result<(), Error> {
    let aliases = serde_json::to_string(&system.aliases).expect("a list of texts serialises");
    execute!(
        tx,
        INSERT_SYSTEM,
        system.id.0,
        &system.code,
        &system.name,
        &system.short_name,
        &aliases,
        system.kind.code(),
        system.functions.bits()
    )
    .map(|_| ())
}

const INSERT_FACILITY: &str = "
    INSERT INTO facility (id, code, name, short_name, zone, position)
    SELECT $1, $2, $3, $4, $5, COALESCE(MAX(position), 0) + 1
    FROM facility";

/// Adds a facility at the end of the order.
pub async fn insert_facility(tx: &mut Tx, facility: &Facility) -> Result<(), Error> {
    let (id, zone) = (facility.id.0, facility.zone.name());
    execute!(tx, INSERT_FACILITY, id, &facility.code, &facility.name, &facility.short_name, zone).map(|_| ())
}

const MEMBER_CODES: &str = "
    SELECT facility_group.code, facility.code
    FROM facility_group_member
    JOIN facility_group ON facility_group.id = facility_group_member.facility_group
    JOIN facility ON facility.id = facility_group_member.facility";

/// Which facility is in which group, by their codes: (group, facility).
pub async fn member_codes(tx: &mut Tx) -> Result<BTreeSet<(String, String)>, Error> {
    Ok(fetch_all!(tx, (String, String), MEMBER_CODES)?.into_iter().collect())
}

/// A unit as it is kept, with its facility's code.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct UnitRow {
    pub id: Uuid,
    pub facility: String,
    pub code: String,
    pub name: String,
    pub phone: String,
    pub setting: String,
    pub beds: Option<i64>,
}

impl UnitRow {
    /// What tells units apart: the facility's code and the unit's.
    pub fn key(&self) -> (String, String) {
        (self.facility.clone(), self.code.clone())
    }
}

const ALL_UNITS: &str = "
    SELECT unit.id, facility.code AS facility, unit.code, unit.name, unit.phone, unit.setting, unit.beds
    FROM unit
    JOIN facility ON facility.id = unit.facility
    ORDER BY facility.position, unit.code";

/// All units, facility by facility.
pub async fn units(tx: &mut Tx) -> Result<Vec<UnitRow>, Error> {
    fetch_all!(tx, UnitRow, ALL_UNITS)
}

const SETTING: &str = "
    SELECT setting
    FROM unit
    WHERE id = $1";

/// Where a unit gives care; `None` when nobody has said.
pub async fn setting(tx: &mut Tx, unit: UnitId) -> Result<Option<Setting>, Error> {
    let found = fetch_optional!(tx, (String,), SETTING, unit.0)?;
    Ok(found.and_then(|(code,)| Setting::from_code(&code)))
}

/// How many units that are open and how many people a facility has.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub struct FacilityCounts {
    pub id: Uuid,
    pub units: i64,
    pub staff: i64,
}

const COUNTS: &str = "
    SELECT facility.id, COUNT(DISTINCT CASE WHEN unit.closed_at IS NULL THEN unit.id END) AS units,
        COUNT(person.id) AS staff
    FROM facility
    LEFT JOIN unit ON unit.facility = facility.id
    LEFT JOIN person ON person.unit = unit.id AND person.left_at IS NULL
    GROUP BY facility.id";

/// Units and staff of each facility.
pub async fn counts(tx: &mut Tx) -> Result<Vec<FacilityCounts>, Error> {
    fetch_all!(tx, FacilityCounts, COUNTS)
}

/// A unit with how many people work there.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct StaffedUnit {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    pub phone: String,
    pub setting: String,
    pub beds: Option<i64>,
    pub closed_at: Option<i64>,
    pub staff: i64,
}

const OF_SITE: &str = "
    SELECT unit.id, unit.code, unit.name, unit.phone, unit.setting, unit.beds, unit.closed_at,
        (SELECT COUNT(*) FROM person WHERE person.unit = unit.id AND person.left_at IS NULL) AS staff
    FROM unit
    WHERE unit.facility = $1
    ORDER BY unit.name, unit.code";

/// The units of a site, also those that are closed.
pub async fn of_site(tx: &mut Tx, site: FacilityId) -> Result<Vec<StaffedUnit>, Error> {
    fetch_all!(tx, StaffedUnit, OF_SITE, site.0)
}

const STAFF_OF: Sql = Sql {
    sqlite: "
    SELECT COUNT(*)
    FROM person
    WHERE unit IN (SELECT unhex(value) FROM json_each($1)) AND left_at IS NULL",
    postgres: "
    SELECT COUNT(*)
    FROM person
    WHERE unit IN (SELECT value::uuid FROM json_array_elements_text($1::json)) AND left_at IS NULL",
};

/// How many people work in these units.
pub async fn staff_of(tx: &mut Tx, units: &BTreeSet<UnitId>) -> Result<i64, Error> {
    let ids: Vec<String> = units.iter().map(|unit| unit.0.simple().to_string()).collect();
    let ids = serde_json::to_string(&ids).expect("a list of texts serialises");
    Ok(fetch_one!(tx, (i64,), STAFF_OF, ids)?.0)
}

const CLOSED: &str = "
    SELECT id
    FROM unit
    WHERE closed_at IS NOT NULL";

/// The units that are closed.
pub async fn closed(tx: &mut Tx) -> Result<BTreeSet<UnitId>, Error> {
    Ok(fetch_all!(tx, (Uuid,), CLOSED)?.into_iter().map(|(id,)| UnitId(id)).collect())
}

const SET_CLOSED: &str = "
    UPDATE unit
    SET closed_at = $2
    WHERE id = $1";

/// Closes a unit, or opens it again.
pub async fn set_closed(tx: &mut Tx, unit: UnitId, at: Option<Timestamp>) -> Result<(), Error> {
    execute!(tx, SET_CLOSED, unit.0, at.map(|at| at.0)).map(|_| ())
}

const SAVE_GROUP: &str = "
    INSERT INTO facility_group (id, code, name)
    VALUES ($1, $2, $3)
    ON CONFLICT (code) DO UPDATE
    SET name = excluded.name";

/// Keeps a group; a known code is changed.
pub async fn save_group(tx: &mut Tx, id: GroupId, code: &str, name: &str) -> Result<(), Error> {
    execute!(tx, SAVE_GROUP, id.0, code, name).map(|_| ())
}

const SAVE_FACILITY: &str = "
    INSERT INTO facility (id, code, name, short_name, zone, position)
    SELECT $1, $2, $3, $4, $5, COALESCE(MAX(position), 0) + 1
    FROM facility
    WHERE TRUE
    ON CONFLICT (code) DO UPDATE
    SET name = excluded.name, short_name = excluded.short_name, zone = excluded.zone";

/// Keeps a facility; a known code is changed and keeps its place in the order.
pub async fn save_facility(
    tx: &mut Tx,
    id: FacilityId,
    facility: &domain::places::Facility,
) -> Result<(), Error> {
    let domain::places::Facility { code, name, short_name, zone, .. } = facility;
    execute!(tx, SAVE_FACILITY, id.0, code, name, short_name, zone).map(|_| ())
}

const SAVE_MEMBER: &str = "
    INSERT INTO facility_group_member (facility_group, facility)
    SELECT facility_group.id, facility.id
    FROM facility_group
    CROSS JOIN facility
    WHERE facility_group.code = $1 AND facility.code = $2
    ON CONFLICT DO NOTHING";

/// Puts a facility into a group, by their codes.
pub async fn save_member(tx: &mut Tx, group: &str, facility: &str) -> Result<(), Error> {
    execute!(tx, SAVE_MEMBER, group, facility).map(|_| ())
}

const SET_CARE: &str = "
    UPDATE unit
    SET setting = $2, beds = $3
    WHERE id = $1";

/// Says where care is given in a unit and how many beds it has.
pub async fn set_care(tx: &mut Tx, unit: UnitId, care: UnitCare) -> Result<(), Error> {
    execute!(tx, SET_CARE, unit.0, care.setting.map_or("", Setting::code), care.beds).map(|_| ())
}

const SAVE_UNITS: Sql = Sql {
    sqlite: "
    INSERT INTO unit (id, facility, code, name, phone, setting, beds)
    SELECT unhex(value ->> 'id'), facility.id, value ->> 'code', value ->> 'name', value ->> 'phone',
        value ->> 'setting', value ->> 'beds'
    FROM json_each($1)
    JOIN facility ON facility.code = value ->> 'facility'
    WHERE TRUE
    ON CONFLICT (facility, code) DO UPDATE
    SET name = excluded.name, phone = excluded.phone,
        setting = COALESCE(NULLIF(excluded.setting, ''), unit.setting), beds = COALESCE(excluded.beds, unit.beds)",
    postgres: "
    INSERT INTO unit (id, facility, code, name, phone, setting, beds)
    SELECT row.id::uuid, facility.id, row.code, row.name, row.phone, row.setting, row.beds
    FROM json_to_recordset($1::json)
        AS row (id TEXT, facility TEXT, code TEXT, name TEXT, phone TEXT, setting TEXT, beds BIGINT)
    JOIN facility ON facility.code = row.facility
    ON CONFLICT (facility, code) DO UPDATE
    SET name = excluded.name, phone = excluded.phone,
        setting = COALESCE(NULLIF(excluded.setting, ''), unit.setting), beds = COALESCE(excluded.beds, unit.beds)",
};

/// Keeps units; those known by facility and code are changed, and keep the setting and beds that are not said.
pub async fn save_units(tx: &mut Tx, units: &[(UnitId, &domain::places::Unit)]) -> Result<(), Error> {
    let rows: Vec<_> = units
        .iter()
        .map(|(id, unit)| {
            serde_json::json!({
                "id": id.0.simple().to_string(),
                "facility": unit.facility,
                "code": unit.code,
                "name": unit.name,
                "phone": unit.phone,
                "setting": unit.setting.map_or("", Setting::code),
                "beds": unit.beds,
            })
        })
        .collect();
    execute!(tx, SAVE_UNITS, Rows::of(&rows).text()).map(|_| ())
}

const SAVE_SYSTEM: &str = "
    INSERT INTO system (id, code, name, short_name, aliases, kind, functions, position)
    SELECT $1, $2, $3, $4, $5, $6, $7, COALESCE(MAX(position), 0) + 1
    FROM system
    WHERE TRUE
    ON CONFLICT (code) DO UPDATE
    SET name = excluded.name, short_name = excluded.short_name, aliases = excluded.aliases,
        kind = excluded.kind";

/// Keeps a system; a known code is changed and keeps its place in the order and its functions.
pub async fn save_system(tx: &mut Tx, id: SystemId, system: &domain::places::System) -> Result<(), Error> {
    let aliases = serde_json::to_string(&system.aliases).expect("a list of texts serialises");
    let domain::places::System { code, name, short_name, kind, .. } = system;
    let functions = Functions::ALL.bits();
    execute!(tx, SAVE_SYSTEM, id.0, code, name, short_name, aliases, kind.code(), functions).map(|_| ())
}

const DEPARTMENTS: &str = "
    SELECT facility, code, name, id
    FROM unit";

/// The units by site and by either of the words by which an export may call them, in lower case: code and name.
pub async fn departments(tx: &mut Tx) -> Result<BTreeMap<(Uuid, String), UnitId>, Error> {
    let mut departments = BTreeMap::new();
    for (facility, code, name, id) in fetch_all!(tx, (Uuid, String, String, Uuid), DEPARTMENTS)? {
        departments.insert((facility, name.to_lowercase()), UnitId(id));
        departments.insert((facility, code.to_lowercase()), UnitId(id));
    }
    Ok(departments)
}
