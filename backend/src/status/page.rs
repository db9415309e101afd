//! What each site's page says, read for all sites in one snapshot, and its rendering.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    feeds::Said,
    id::FacilityId,
    instructions::{Look, Source, Verdict, World},
    scope::Place,
    time::{Timestamp, Zone},
    view::status::{NextUpdate, SiteLink, SitesView, StatusView, SystemVerdict, UnitVerdict},
};
use sqlx::types::Uuid;

use super::{
    Forms, Pair, Prepared, check_again_by,
    feeds::{self, Feed},
    notices::{Notices, settle},
};
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
    pub as_of: Timestamp,
    /// In the installation's own zone: `05:22`.
    pub as_of_clock: String,
    pub choose: SitesView,
    pub sites: Vec<Site>,
}

/// The page of one site.
pub struct Site {
    pub id: FacilityId,
    pub code: String,
    pub view: StatusView,
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
            ..StatusView::default()
        };
        sites.push(Site { id: facility.id, code: facility.code.clone(), view });
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
    Ok(Views { as_of: now, as_of_clock: installation.zone().clock(now), choose, sites })
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
    let clear = is_released(&here) && units.is_empty();
    Ok(Some(SystemVerdict { units, clear, ..shown(&here, system, &facility.zone, true) }))
}

/// Whether all of a system may be used because it was released, and for no other reason.
fn is_released(verdict: &Verdict) -> bool {
    let from_release = |source: &Source| matches!(source, Source::Clearance(_));
    verdict.look == Look::Use
        && verdict.others.is_empty()
        && !verdict.behind.is_empty()
        && verdict.behind.iter().all(from_release)
}

fn shown(verdict: &Verdict, system: &System, zone: &Zone, is_head: bool) -> SystemVerdict {
    let name = match (verdict.condition.is_empty(), is_head) {
        (false, _) => format!("{} {}", system.name, verdict.condition),
        (true, true) => system.name.clone(),
        (true, false) => format!("{}: otherwise", system.name),
    };
    SystemVerdict {
        code: system.code.clone(),
        system: name,
        look: verdict.look,
        lines: verdict.lines.iter().map(domain::instructions::Line::sentence).collect(),
        since: verdict.since.map(|at| format!("since {}", zone.clock(at))).unwrap_or_default(),
        since_at: verdict.since,
        clear: false,
        instead: verdict.texts.clone(),
        others: verdict.others.iter().map(|other| shown(other, system, zone, false)).collect(),
        units: Vec::new(),
    }
}

/// What each site has said, and what it must say now; the new messages are still to be written down.
pub fn notices(
    views: &Views,
    mut written: Notices,
    in_memory: Option<&Notices>,
) -> (Notices, Vec<(FacilityId, Said)>) {
    let (mut notices, mut new) = (Notices::new(), Vec::new());
    for Site { id, view, .. } in &views.sites {
        let holds = (!view.verdicts.is_empty()).then(|| feeds::fingerprint(&view.verdicts));
        let written = written.remove(id);
        let known = written.as_ref().map(|notice| notice.said.ordinal);
        let in_memory = in_memory.and_then(|notices| notices.get(id));
        let Some(notice) = settle(written, in_memory, holds.as_deref(), views.as_of) else { continue };
        if Some(notice.said.ordinal) != known {
            new.push((*id, notice.said.clone()));
        }
        notices.insert(*id, notice);
    }
    (notices, new)
}

/// Both renderings of every page, with its feeds.
pub fn render(app: &App, views: &Views, notices: &Notices) -> BTreeMap<String, Pair> {
    let https = app.config.is_https();
    let mut pages = BTreeMap::new();
    let choose = Forms {
        html: document("Where are you?", frontend::pages::status::choose(&views.choose)),
        json: serde_json::to_vec(&views.choose).expect("a view is plain data"),
        ..Forms::default()
    };
    let choose = Arc::new(Prepared::new(choose, https));
    pages.insert(String::new(), Pair { unconfirmed: choose.clone(), confirmed: choose });
    for each in &views.sites {
        let forms = |view: &StatusView| {
            let html = document(&frontend::pages::status::title(view), frontend::pages::status::body(view));
            let (json, rss, cap) = forms_for_programs(app, views.as_of, each, view, notices);
            Arc::new(Prepared::new(Forms { html, json, rss: Some(rss), cap }, https))
        };
        let pair = Pair { confirmed: forms(&each.view), unconfirmed: forms(&each.view.unconfirmed()) };
        pages.insert(each.code.clone(), pair);
    }
    pages
}

/// A site's JSON, its RSS, and its newest alert when there ever was one.
pub fn forms_for_programs(
    app: &App,
    as_of: Timestamp,
    site: &Site,
    view: &StatusView,
    notices: &Notices,
) -> (Vec<u8>, String, Option<String>) {
    let (installation, base_url) = (app.installation.simple().to_string(), app.config.base_url());
    let feed = Feed {
        view,
        as_of,
        installation: &installation,
        site: &site.code,
        base_url: &base_url,
        notice: notices.get(&site.id),
    };
    (serde_json::to_vec(view).expect("a view is plain data"), feeds::rss(&feed), feeds::cap(&feed))
}

fn document(title: &str, body: leptos::prelude::AnyView) -> String {
    frontend::public_page(title, assets::public_stylesheet_path(), Some("/status.js"), body)
}
