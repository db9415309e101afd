//! What the hospitals around can take: our own sites and neighbours by name, each word with its age. It is of no
//! incident, so that it is there before one begins and goes on when one ends.

pub mod store;
pub mod web;

use domain::{
    actor::{Actor, Role},
    field::FieldErrors,
    neighbours::{AddNeighbour, Capacity, CapacityNoted, Emergency, NeighbourAdded, ReportCapacity},
    scope::{Place, Places},
    time::{Timestamp, Zone},
    view::{
        board::{CardView, Late},
        frame::Section,
        picture::Picture,
    },
};
use serde_json::json;
use sqlx::types::Uuid;

use crate::{
    accounts::store as accounts,
    app::App,
    begin,
    failure::Failure,
    places::store as places,
    store::{
        Error, Tx,
        journal::{By, Chain, Say},
    },
};
use store::Hospital;

/// Who notes what a hospital says.
pub(crate) const REPORTERS: [Role; 2] = [Role::Commander, Role::Communicator];
/// Who adds a neighbour.
pub(crate) const ADDERS: [Role; 2] = [Role::Administrator, Role::Commander];

/// Adds a neighbouring hospital.
///
/// # Errors
/// What is wrong by field; for an account that does not answer for all sites.
pub async fn add(app: App, by: By, form: AddNeighbour) -> Result<NeighbourAdded, Failure> {
    if !by.actor.has_everywhere(&ADDERS) {
        let sentence = "Neighbours are added by an administrator or commander of all sites.";
        return Err(Failure::Forbidden(sentence.into()));
    }
    let new = form.read()?;
    let mut decision = begin!(&app, &by, Chain::Installation);
    if store::all(&mut decision.tx).await?.iter().any(|hospital| hospital.code == new.code) {
        return Err(FieldErrors::one("code", "Another hospital has this code.").into());
    }
    let id: Uuid = app.clock.id();
    store::add(&mut decision.tx, id, &new, decision.at).await?;
    let texts: &[(&str, &str)] = &[("name", &new.name)];
    let data = json!({ "code": new.code, "old_after_minutes": new.old_after_minutes });
    let subject = format!("neighbour:{id}");
    decision.append(&app, Say { kind: "neighbour.added", subject, data, texts, ..Say::default() }).await?;
    let outcome = NeighbourAdded { code: new.code, name: new.name };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Whether the account may note what this hospital says: its own sites, and any neighbour.
pub(crate) fn may_report(actor: &Actor, hospital: &Hospital, lattice: &Places) -> bool {
    match hospital.facility {
        Some(site) => REPORTERS.iter().any(|role| actor.can(*role, Place::Facility(site), lattice)),
        None => actor.has(&REPORTERS),
    }
}

/// The hospital of a code.
///
/// # Errors
/// When there is none.
pub(crate) async fn find(tx: &mut Tx, code: &str) -> Result<Hospital, Failure> {
    let mut all = store::all(tx).await?.into_iter();
    all.find(|hospital| hospital.code == code).ok_or(Failure::NotFound("hospital"))
}

/// Notes what a hospital says of itself; nothing that was noted is ever changed.
///
/// # Errors
/// What is wrong by field; for a site that is not the account's.
pub async fn report(
    app: App,
    by: By,
    (code, form): (String, ReportCapacity),
) -> Result<CapacityNoted, Failure> {
    let mut decision = begin!(&app, &by, Chain::Installation);
    let tx = &mut decision.tx;
    let hospital = find(tx, &code).await?;
    if !may_report(&by.actor, &hospital, &places::lattice(tx).await?) {
        return Err(Failure::Forbidden("You may note this only for the sites that are yours.".into()));
    }
    let zone = accounts::installation(tx).await?.zone();
    let last = last_of(tx, &hospital).await?;
    let said = form.read(decision.at, &zone, last.as_ref())?;
    let id = if let Some(id) = hospital.id {
        id
    } else {
        let id: Uuid = app.clock.id();
        let site = hospital.facility.ok_or(Failure::NotFound("hospital"))?;
        store::add_own(&mut decision.tx, id, site, &hospital.name, decision.at).await?;
        id
    };
    let entry = (decision.at, decision.account, decision.seq);
    store::report(&mut decision.tx, (app.clock.id(), id), &said, entry).await?;
    let beds = said.beds;
    let say = Say {
        kind: "neighbour.reported",
        subject: format!("neighbour:{id}"),
        data: json!({
            "emergency": said.emergency.code(), "diverted": said.diverted_codes(), "census": beds.census,
            "icu_open": beds.icu_open, "medical_surgical_open": beds.medical_surgical_open,
            "emergency_boarding": beds.emergency_boarding,
        }),
        event_at: Some(said.at),
        texts: &[("said_by", &said.said_by)],
    };
    let seq = decision.append(&app, say).await?;
    let outcome = CapacityNoted { hospital: hospital.code, seq, words: said.words() };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

async fn last_of(tx: &mut Tx, hospital: &Hospital) -> Result<Option<Capacity>, Error> {
    let Some(id) = hospital.id else { return Ok(None) };
    let last = store::history(tx, id, (i64::MAX, i64::MAX), 1).await?;
    last.first().map(store::SaidRow::capacity).transpose()
}

/// The board's card; `None` before any hospital said anything. What is said here is real, so an exercise has none.
///
/// # Errors
/// When the database does not answer.
pub async fn card(tx: &mut Tx, now: Timestamp, zone: &Zone) -> Result<Option<CardView>, Error> {
    let last = store::last(tx).await?;
    let (mut diverting, mut closed, mut icu, mut old, mut said) = (0, 0, 0, 0, 0);
    let mut oldest: Option<Timestamp> = None;
    for hospital in store::all(tx).await? {
        let row = last.iter().find(|row| Some(row.neighbour) == hospital.id);
        let Some(capacity) = row.map(store::SaidRow::capacity).transpose()? else { continue };
        said += 1;
        diverting += i64::from(capacity.emergency == Emergency::Diversion);
        closed += i64::from(capacity.emergency == Emergency::Closed);
        if capacity.is_old(now, hospital.old_after_minutes) {
            old += 1;
        } else {
            icu += capacity.beds.icu_open.unwrap_or(0);
        }
        oldest = Some(oldest.map_or(capacity.at, |at| at.min(capacity.at)));
    }
    if said == 0 {
        return Ok(None);
    }
    let path = "/neighbours".to_owned();
    let words =
        frontend::ui::counted(old, "hospital not heard from lately", "hospitals not heard from lately");
    let beds = frontend::ui::counted(icu, "intensive care bed", "intensive care beds");
    Ok(Some(CardView {
        section: Section::Neighbours,
        title: "Hospitals around".to_owned(),
        as_of: oldest.map(|at| format!("oldest word {}", zone.clock(at))).unwrap_or_default(),
        figure: format!("{} of {said}", diverting + closed),
        caption: format!("on diversion or closed, {beds} free"),
        picture: Picture::None,
        late: (old > 0).then_some(Late { words, path: path.clone() }),
        late_short: format!("{old} old"),
        fine: "Every word is fresh".to_owned(),
        path,
    }))
}
