//! The door of places and systems.

use std::collections::BTreeMap;

use axum::response::Response;
use domain::{
    actor::Role,
    scope::Place,
    view::places::{FacilityLine, GroupLine, PlacesView, SystemLine},
};

use super::store;
use crate::web::{
    door::{Door, Mistakes},
    problem::Problem,
    routes::{Access, Routes},
};

pub(super) const READERS: Access = Access::Roles(&[Role::Administrator, Role::Commander]);

/// The routes of places; importing them is with the other imports.
pub fn routes(routes: Routes) -> Routes {
    super::units::routes(routes).page::<PlacesView, _>(
        "/places",
        READERS,
        "Facilities, groups, units and systems",
        list,
    )
}

async fn list(door: Door) -> Result<Response, Problem> {
    let mut tx = door.app.db.read().await?;
    let counts: BTreeMap<_, _> = store::counts(&mut tx).await?.into_iter().map(|row| (row.id, row)).collect();
    let members = store::member_codes(&mut tx).await?;
    let facilities: Vec<FacilityLine> = store::facilities(&mut tx)
        .await?
        .into_iter()
        .map(|facility| {
            let (units, staff) = counts.get(&facility.id.0).map_or((0, 0), |row| (row.units, row.staff));
            FacilityLine {
                id: facility.id,
                place: Place::Facility(facility.id).to_string(),
                code: facility.code,
                name: facility.name,
                short_name: facility.short_name,
                zone: facility.zone.name().to_owned(),
                units,
                staff,
            }
        })
        .collect();
    let groups = store::groups(&mut tx)
        .await?
        .into_iter()
        .map(|group| GroupLine {
            place: Place::Group(group.id).to_string(),
            facilities: facilities
                .iter()
                .filter(|facility| members.contains(&(group.code.clone(), facility.code.clone())))
                .map(|facility| facility.short_name.clone())
                .collect(),
            code: group.code,
            name: group.name,
        })
        .collect();
    let systems = store::systems(&mut tx)
        .await?
        .into_iter()
        .map(|system| SystemLine {
            id: system.id,
            code: system.code,
            name: system.name,
            short_name: system.short_name,
            aliases: system.aliases,
            kind: system.kind.code().to_owned(),
        })
        .collect();
    let units = facilities.iter().map(|facility| facility.units).sum();
    let view = PlacesView { empty: facilities.is_empty(), facilities, groups, systems, units };
    let title = frontend::pages::places::title(&view);
    door.page(tx, &title, view, frontend::pages::places::list, Mistakes::default()).await
}
