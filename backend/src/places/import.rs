//! A places file compared with what is there, and taken over.

use std::collections::BTreeMap;

use domain::{
    id::{FacilityId, GroupId, SystemId},
    places::{COLUMNS, Facility, Known, Read, System, Unit, read},
    table::{Mapping, Reject, Table},
    view::imports::Figures,
};

use super::store;
use crate::{
    app::App,
    store::{Error, Tx},
};

/// What taking a places file over would do.
pub struct Plan {
    pub figures: Figures,
    pub rejects: Vec<Reject>,
    pub read: Read,
}

/// Compares a places file with what is there. What is not in the file stays.
pub async fn plan(tx: &mut Tx, zone: &str, table: &Table, mapping: &Mapping) -> Result<Plan, Error> {
    let facilities = store::facilities(tx).await?;
    let groups = store::groups(tx).await?;
    let known = Known {
        facilities: facilities.iter().map(|facility| facility.code.clone()).collect(),
        groups: groups.iter().map(|group| group.code.clone()).collect(),
    };
    let read = if mapping.missing(&COLUMNS).is_empty() {
        read(&table.rows, &table.header, mapping, &known, zone)
    } else {
        Read::default()
    };
    let mut figures = Figures {
        rows: table.rows.len(),
        valid: read.valid(),
        duplicates: read.duplicates,
        refused: read.rejects.len(),
        ..Figures::default()
    };
    count(tx, &read, &mut figures).await?;
    Ok(Plan { rejects: read.rejects.clone(), figures, read })
}

async fn count(tx: &mut Tx, read: &Read, figures: &mut Figures) -> Result<(), Error> {
    let mut tally = |before: Option<bool>| match before {
        None => figures.added += 1,
        Some(true) => figures.unchanged += 1,
        Some(false) => figures.changed += 1,
    };
    let groups = store::groups(tx).await?;
    for new in &read.groups {
        tally(groups.iter().find(|old| old.code == new.code).map(|old| old.name == new.name));
    }
    let facilities = store::facilities(tx).await?;
    let members = store::member_codes(tx).await?;
    for new in &read.facilities {
        let old = facilities.iter().find(|old| old.code == new.code);
        tally(old.map(|old| {
            let same =
                old.name == new.name && old.short_name == new.short_name && old.zone.name() == new.zone;
            same && new.groups.iter().all(|group| members.contains(&(group.clone(), new.code.clone())))
        }));
    }
    let units: BTreeMap<_, _> = store::units(tx).await?.into_iter().map(|unit| (unit.key(), unit)).collect();
    for new in &read.units {
        let old = units.get(&(new.facility.clone(), new.code.clone()));
        tally(old.map(|old| {
            let same_setting = new.setting.is_none_or(|setting| old.setting == setting.code());
            let same_beds = new.beds.is_none() || old.beds == new.beds;
            old.name == new.name && old.phone == new.phone && same_setting && same_beds
        }));
    }
    let systems = store::systems(tx).await?;
    for new in &read.systems {
        tally(systems.iter().find(|old| old.code == new.code).map(|old| {
            old.name == new.name
                && old.short_name == new.short_name
                && old.aliases == new.aliases
                && old.kind == new.kind
        }));
    }
    Ok(())
}

/// Writes what a file contains: what is known by its code is changed, what is not is added.
pub async fn save(app: &App, tx: &mut Tx, read: &Read) -> Result<(), Error> {
    for group in &read.groups {
        store::save_group(tx, app.clock.id::<GroupId>(), &group.code, &group.name).await?;
    }
    for facility in &read.facilities {
        save_facility(app, tx, facility).await?;
    }
    let units: Vec<(domain::id::UnitId, &Unit)> =
        read.units.iter().map(|unit| (app.clock.id(), unit)).collect();
    store::save_units(tx, &units).await?;
    for system in &read.systems {
        save_system(app, tx, system).await?;
    }
    Ok(())
}

async fn save_facility(app: &App, tx: &mut Tx, facility: &Facility) -> Result<(), Error> {
    store::save_facility(tx, app.clock.id::<FacilityId>(), facility).await?;
    for group in &facility.groups {
        store::save_member(tx, group, &facility.code).await?;
    }
    Ok(())
}

async fn save_system(app: &App, tx: &mut Tx, system: &System) -> Result<(), Error> {
    store::save_system(tx, app.clock.id::<SystemId>(), system).await
}
