//! What must be looked at again, and by whom: listed when a clearance is taken back, added by the hospital by hand
//! or by file, decided item by item or several at once.

pub mod import;
mod page;
pub mod store;
pub mod suspect;
pub mod tally;
pub mod web;
mod window;

use std::collections::BTreeMap;

use domain::{
    Refusal,
    actor::{Actor, Role},
    closing::{Blocker, BlockerKind, Item},
    field::FieldErrors,
    id::{FacilityId, IncidentId, ReviewId},
    reviews::{AddReview, Added, DecideReviews, Decided, Queue},
    scope::{Functions, Place, Places},
    time::{Timestamp, Zone},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::types::Uuid;

use crate::{
    app::App,
    begin,
    failure::Failure,
    fetch_all,
    incidents::store as incidents,
    places::store as places,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
    },
};
use store::{Changed, Filter, Moment, New, ReviewRow};

/// The roles that look again and say what came of it, each at the places it is for.
pub const DECIDERS: [Role; 4] = [Role::Commander, Role::Signer, Role::FormsClerk, Role::CaseManager];

fn may(actor: &Actor, places: &Places, at: impl IntoIterator<Item = Place>) -> Result<(), Failure> {
    let reaches = |place: Place| DECIDERS.iter().any(|role| actor.can(*role, place, places));
    if at.into_iter().all(reaches) {
        return Ok(());
    }
    Err(Failure::Forbidden("You may do this only for the places you answer for.".into()))
}

fn moment(decision: &Decision, incident: IncidentId) -> Moment {
    Moment { incident, seq: decision.next_seq(), at: decision.at, account: decision.account }
}

/// The SHA-256 over the sorted ids, as the log holds it of wide work.
fn hash_of(ids: impl IntoIterator<Item = ReviewId>) -> String {
    let mut ids: Vec<[u8; 16]> = ids.into_iter().map(|id| *id.0.as_bytes()).collect();
    ids.sort_unstable();
    hex::encode(Sha256::digest(ids.concat()))
}

/// Says what came of looking at items, of all that are named or of none.
///
/// # Errors
/// What is wrong by field; a refusal by the rules of any one of them; and for places that are not the actor's.
pub async fn decide(app: App, by: By, incident: IncidentId, form: DecideReviews) -> Result<Decided, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let read = form.read(decision.at)?;
    let row = incidents::find(&mut decision.tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    row.must_be_open()?;
    let rows = store::by_ids(&mut decision.tx, incident, read.items.iter().copied()).await?;
    if rows.len() != read.items.len() {
        return Err(Failure::NotFound("item"));
    }
    let lattice = places::lattice(&mut decision.tx).await?;
    may(&by.actor, &lattice, rows.iter().map(|row| row.place))?;
    let after = |row: ReviewRow| -> Result<Changed, Refusal> {
        let after = row.review.after(read.act, &read.note, by.actor.account).map_err(|refusal| {
            let sentence = format!("{}: {}", row.what, refusal.sentence);
            Refusal { sentence, ..refusal }.with_link(format!("/incidents/{incident}/reviews/{}", row.id))
        })?;
        Ok(Changed { row, after })
    };
    let changed: Vec<Changed> = rows.into_iter().map(after).collect::<Result<_, _>>()?;
    let moment = moment(&decision, incident);
    store::save(&mut decision.tx, &changed, (read.act.code(), &read.note), moment).await?;
    let ids = || changed.iter().map(|change| change.row.id);
    let one = (changed.len() == 1).then(|| ids().next()).flatten();
    let say = Say {
        kind: "reviews.decided",
        subject: one.map(|id| format!("review:{id}")).unwrap_or_default(),
        data: json!({ "act": read.act.code(), "items": changed.len(), "items_sha256": hash_of(ids()) }),
        texts: if read.note.is_empty() { &[] } else { &[("note", &read.note)] },
        ..Say::default()
    };
    let seq = decision.append(&app, say).await?;
    let in_the_way = tally::figures(&tally::read(&mut decision.tx, incident).await?).in_the_way();
    let items = i64::try_from(changed.len()).unwrap_or(i64::MAX);
    let outcome = Decided { incident, seq, items, in_the_way };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Adds one item.
///
/// # Errors
/// What is wrong by field; when the queue has the number already; and for places that are not the actor's.
pub async fn add(app: App, by: By, incident: IncidentId, form: AddReview) -> Result<Added, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let tx = &mut decision.tx;
    let row = incidents::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    row.must_be_open()?;
    let new = form.read(decision.at)?;
    let setting = Setting::read(tx, incident, new.queue, new.revocation).await?;
    let Some(zone) = setting.zone(new.place) else {
        return Err(FieldErrors::one("place", "Choose a site or unit of this downtime.").into());
    };
    may(&by.actor, &setting.lattice, [new.place])?;
    let recorded_at = read_time(&form, zone, &setting, decision.at)?;
    let subject = new.subject.to_string();
    if !store::known(tx, incident, (new.queue, new.revocation), &[subject]).await?.is_empty() {
        return Err(FieldErrors::one("number", "This number is in the queue already.").into());
    }
    let review: ReviewId = app.clock.id();
    let item = New {
        id: review,
        queue: new.queue,
        revocation: new.revocation,
        place: new.place,
        system: setting.system,
        functions: setting.functions,
        subject: new.subject,
        what: new.what,
        recorded_at,
    };
    let moment = moment(&decision, incident);
    store::insert(&mut decision.tx, &[item], moment).await?;
    let say = Say {
        kind: "reviews.added",
        subject: format!("review:{review}"),
        data: json!({ "queue": new.queue.code(), "revocation": new.revocation, "place": new.place }),
        ..Say::default()
    };
    let seq = decision.append(&app, say).await?;
    let outcome = Added { review, seq };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

fn read_time(
    form: &AddReview,
    zone: &Zone,
    setting: &Setting,
    now: Timestamp,
) -> Result<Timestamp, FieldErrors> {
    let error = |sentence: &str| FieldErrors::one("recorded_at", sentence);
    let at = zone.parse_past(form.recorded_at.trimmed(), now).map_err(|wrong| error(&wrong.to_string()))?;
    if at > now {
        return Err(error("This time is still to come."));
    }
    if setting.window.is_some_and(|(from, until)| at < from || at > until) {
        return Err(error("This was not recorded in the window."));
    }
    Ok(at)
}

/// Into which window, and to which sites, what is added belongs.
pub(crate) struct Setting {
    lattice: Places,
    zones: BTreeMap<FacilityId, Zone>,
    /// Of the revocation that is named.
    window: Option<(Timestamp, Timestamp)>,
    system: Option<domain::id::SystemId>,
    functions: Functions,
}

impl Setting {
    /// # Errors
    /// When there is no such revocation.
    async fn read(tx: &mut Tx, incident: IncidentId, queue: Queue, revocation: i64) -> Result<Self, Failure> {
        let statuses = incidents::statuses(tx, incident).await?;
        let facilities = places::facilities(tx).await?;
        let is_part = |site: &FacilityId| statuses.keys().any(|(_, at)| at == site);
        let zones = facilities.into_iter().filter(|site| is_part(&site.id)).map(|site| (site.id, site.zone));
        let mut setting = Self {
            lattice: places::lattice(tx).await?,
            zones: zones.collect(),
            window: None,
            system: None,
            functions: Functions::NONE,
        };
        if queue == Queue::SuspectWindow {
            let all = store::revocations(tx, incident).await?;
            let row = all.into_iter().find(|row| row.seq == revocation);
            let row =
                row.ok_or_else(|| FieldErrors::one("revocation", "Choose which window it belongs to."))?;
            setting.window = Some((Timestamp(row.released_at), Timestamp(row.revoked_at)));
            setting.system = Some(domain::id::SystemId(row.system));
            setting.functions = Functions::from_bits(row.functions);
        }
        Ok(setting)
    }

    /// The zone of a site of the downtime or of a unit in one.
    fn zone(&self, place: Place) -> Option<&Zone> {
        let site = match place {
            Place::Facility(site) => site,
            Place::Unit(unit) => *self.lattice.unit_facility.get(&unit)?,
            Place::All | Place::Group(_) => return None,
        };
        self.zones.get(&site)
    }
}

/// What keeps the incident from closing: items on which nobody has looked, and patients who do not know. Waivers
/// are the closing capability's; its counts come off these.
///
/// # Errors
/// When the database does not answer.
pub async fn blocker(tx: &mut Tx, incident: IncidentId, most_items: i64) -> Result<Blocker, Error> {
    let count = tally::figures(&tally::read(tx, incident).await?).in_the_way();
    let link = format!("/incidents/{incident}/reviews");
    let mut items = Vec::new();
    if count > 0 {
        let due = Filter { state: "due".into(), ..Filter::default() };
        let rows = store::list(tx, incident, &due, most_items).await?;
        items.extend(rows.into_iter().map(|row| {
            let path = format!("/incidents/{incident}/reviews/{}", row.id);
            Item { id: row.id.0, label: row.what, path }
        }));
    }
    Ok(Blocker { kind: BlockerKind::ReviewOpen, count, waived: 0, link, items })
}

const IN_THE_WAY: &str = "
    SELECT id
    FROM review
    WHERE incident = $1 AND id = $2
        AND (state = 'open' OR (state IN ('corrected', 'harm') AND contacted_at IS NULL))";

/// Whether this very item is in the way, be it waived.
///
/// # Errors
/// When the database does not answer.
pub async fn is_in_the_way(tx: &mut Tx, incident: IncidentId, item: Uuid) -> Result<bool, Error> {
    Ok(!fetch_all!(tx, (Uuid,), IN_THE_WAY, incident.0, item)?.is_empty())
}

const WAIVED: &str = "
    SELECT review.id
    FROM waiver
    JOIN review ON review.id = waiver.item AND review.incident = waiver.incident
    WHERE waiver.incident = $1 AND waiver.kind = $2 AND second_account IS NOT NULL
        AND (review.state = 'open' OR (review.state IN ('corrected', 'harm') AND contacted_at IS NULL))";

/// The items that two people let stand, as far as they are still in the way.
///
/// # Errors
/// When the database does not answer.
pub async fn waived(tx: &mut Tx, incident: IncidentId) -> Result<Vec<(Uuid,)>, Error> {
    fetch_all!(tx, (Uuid,), WAIVED, incident.0, BlockerKind::ReviewOpen.code())
}
