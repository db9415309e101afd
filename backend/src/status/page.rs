//! What each site's page says, read for all sites in one snapshot, and its rendering.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    instructions::{Look, Verdict, World},
    scope::Place,
    time::{Timestamp, Zone},
    view::status::{NextUpdate, SiteLink, SitesView, StatusView, SystemVerdict, UnitVerdict},
};
use sqlx::types::Uuid;

use super::{Pair, Prepared, check_again_by};
use crate::{
    accounts::store as accounts,
    app::App,
    fetch_all,
    instructions::{Picture, picture},
    places::store::{self as places, Facility, System},
    store::{Error, Tx},
    web::assets,
};

/// All pages of one moment.
pub struct Views {
    choose: SitesView,
    sites: Vec<(String, StatusView)>,
}

const AFFECTED: &str = "
    SELECT facility, system, next_update_at
    FROM system_status
    JOIN incident ON incident.id = system_status.incident
    WHERE incident.kind = 'real' AND phase NOT IN ('closed', 'stood_down', 'watch')
    ORDER BY facility, system";

/// Reads the pages of every site.
pub async fn read(app: &App, tx: &mut Tx) -> Result<Views, Error> {
    let now = app.clock.now();
    let installation = accounts::installation(tx).await?;
    let picture = picture(tx).await?;
    let affected = fetch_all!(tx, (Uuid, Uuid, Option<i64>), AFFECTED)?;
    let mut sites = Vec::new();
    for facility in &picture.facilities {
        let here: Vec<_> = affected.iter().filter(|(site, ..)| *site == facility.id.0).collect();
        let next = here.iter().filter_map(|(_, _, at)| at.map(Timestamp)).min();
        let mut verdicts = Vec::new();
        for system in &picture.systems {
            let known = here.iter().any(|(_, each, _)| *each == system.id.0);
            verdicts.extend(verdict(tx, &picture, facility, system, known).await?);
        }
        verdicts.sort_by_key(|verdict: &SystemVerdict| rank(verdict.look));
        let view = StatusView {
            organisation: installation.name.clone(),
            site: facility.name.clone(),
            short_name: facility.short_name.clone(),
            path: format!("/status/{}", facility.code),
            as_of: facility.zone.full(now),
            as_of_clock: facility.zone.clock(now),
            check_again_by: facility.zone.clock(check_again_by(now, next)),
            next_update: next.map(|at| NextUpdate { at, clock: facility.zone.clock(at) }),
            downtime: !here.is_empty(),
            verdicts,
            may_be_revoked: false,
        };
        sites.push((facility.code.clone(), view));
    }
    let link = |facility: &Facility| SiteLink {
        name: facility.name.clone(),
        path: format!("/status/{}", facility.code),
    };
    let choose = SitesView {
        organisation: installation.name.clone(),
        as_of: installation.zone().full(now),
        sites: picture.facilities.iter().map(link).collect(),
    };
    Ok(Views { choose, sites })
}

/// What forbids first, then what asks to act, then what may be read.
const fn rank(look: Look) -> u8 {
    match look {
        Look::Forbid | Look::Limited => 0,
        Look::Act => 1,
        Look::Read => 2,
        Look::Use => 3,
        Look::NoOrder => 4,
    }
}

/// A system's verdict at a site; nothing for a system that no downtime here knows and nobody ordered anything for.
async fn verdict(
    tx: &mut Tx,
    picture: &Picture,
    facility: &Facility,
    system: &System,
    known: bool,
) -> Result<Option<SystemVerdict>, Error> {
    let here = picture.verdict(World::Real, Place::Facility(facility.id), system);
    let mut units = Vec::new();
    for (unit, other) in picture.differing_units(World::Real, facility.id, system) {
        let name = places::name(tx, Place::Unit(unit)).await?;
        let name = name.split_once(", ").map_or(name.clone(), |(_, unit)| unit.to_owned());
        units.push(UnitVerdict { unit: name, look: other.look, words: other.words() });
    }
    if !known && !here.is_ordered() && units.is_empty() {
        return Ok(None);
    }
    Ok(Some(SystemVerdict { units, ..shown(&here, system, &facility.zone, true) }))
}

fn shown(verdict: &Verdict, system: &System, zone: &Zone, is_head: bool) -> SystemVerdict {
    let name = match (verdict.condition.is_empty(), is_head) {
        (false, _) => format!("{} {}", system.name, verdict.condition),
        (true, true) => system.name.clone(),
        (true, false) => format!("{}: otherwise", system.name),
    };
    SystemVerdict {
        system: name,
        look: verdict.look,
        lines: verdict.lines.iter().map(domain::instructions::Line::sentence).collect(),
        since: verdict.since.map(|at| format!("since {}", zone.clock(at))).unwrap_or_default(),
        instead: verdict.texts.clone(),
        others: verdict.others.iter().map(|other| shown(other, system, zone, false)).collect(),
        units: Vec::new(),
    }
}

/// Both renderings of every page.
pub fn render(views: Views, https: bool) -> BTreeMap<String, Pair> {
    let mut pages = BTreeMap::new();
    let choose = Arc::new(Prepared::new(
        document("Where are you?", frontend::pages::status::choose(&views.choose)),
        serde_json::to_vec(&views.choose).expect("a view is plain data"),
        https,
    ));
    pages.insert(String::new(), Pair { unconfirmed: choose.clone(), confirmed: choose });
    for (code, view) in views.sites {
        let unconfirmed = StatusView { may_be_revoked: true, ..view.clone() };
        pages.insert(code, Pair { confirmed: site(&view, https), unconfirmed: site(&unconfirmed, https) });
    }
    pages
}

fn site(view: &StatusView, https: bool) -> Arc<Prepared> {
    let title = frontend::pages::status::title(view);
    let html = document(&title, frontend::pages::status::body(view));
    Arc::new(Prepared::new(html, serde_json::to_vec(view).expect("a view is plain data"), https))
}

fn document(title: &str, body: leptos::prelude::AnyView) -> String {
    frontend::public_page(title, assets::public_stylesheet_path(), Some("/status.js"), body)
}
