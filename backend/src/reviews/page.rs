//! What the pages of items show, read in one snapshot.

use std::collections::{BTreeMap, btree_map::Entry};

use domain::{
    field::Text,
    id::{AccountId, IncidentId, ReviewId},
    reviews::{AddReview, COLUMNS, DecideReviews, Queue, State, Subject},
    scope::{Place, Scope, Target},
    time::{Timestamp, Zone},
    view::{
        forms::Named,
        reviews::{
            AddReviewView, Figures, QueueLine, ReviewChoices, ReviewEvent, ReviewFilesView, ReviewFilter,
            ReviewLine, ReviewView, ReviewsView,
        },
    },
};
use frontend::ui::{count, counted};
use sqlx::types::Uuid;

use super::{
    DECIDERS,
    store::{self, Filter, ReviewRow, RevocationRow},
    tally::{self, Key},
};
use crate::{
    accounts::store as accounts,
    failure::Failure,
    incidents::store as incidents,
    instructions::{Picture, picture},
    places::store as places,
    store::{Error, Tx},
    web::door::Door,
};

/// How many items one page lists.
const PAGE: usize = 100;

/// What lines are drawn with.
struct Desk {
    incident: IncidentId,
    is_open: bool,
    picture: Picture,
    zone: Zone,
    names: BTreeMap<AccountId, String>,
    units: BTreeMap<domain::id::UnitId, String>,
}

impl Desk {
    async fn read(tx: &mut Tx, incident: IncidentId) -> Result<Self, Failure> {
        let row = incidents::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
        Ok(Self {
            incident,
            is_open: row.phase.is_open(),
            picture: picture(tx).await?,
            zone: accounts::installation(tx).await?.zone(),
            names: BTreeMap::new(),
            units: places::named_units(tx).await?.into_iter().collect(),
        })
    }

    /// The names of whoever has taken items on.
    async fn know(&mut self, tx: &mut Tx, rows: &[ReviewRow]) -> Result<(), Error> {
        for owner in rows.iter().filter_map(|row| row.review.owner) {
            if let Entry::Vacant(entry) = self.names.entry(owner) {
                entry.insert(accounts::name(tx, owner).await?.unwrap_or_default());
            }
        }
        Ok(())
    }

    fn place(&self, place: Place) -> String {
        match place {
            Place::Unit(unit) => self.units.get(&unit).cloned().unwrap_or_default(),
            other => self.picture.place_name(other),
        }
    }

    /// The clocks of the place's own site.
    fn zone_of(&self, place: Place) -> &Zone {
        let sites = self.picture.places.facilities_of(place);
        let one = (sites.len() == 1).then(|| sites.first()).flatten();
        let site = self.picture.facilities.iter().find(|each| Some(&each.id) == one);
        site.map_or(&self.zone, |site| &site.zone)
    }

    fn line(&self, row: &ReviewRow) -> ReviewLine {
        let zone = self.zone_of(row.place);
        let base = format!("/incidents/{}", self.incident);
        let link = match &row.subject {
            Subject::Form(_) => match row.place {
                Place::Unit(unit) => Some(format!("{base}/forms/sheets?unit={unit}")),
                _ => None,
            },
            Subject::Case(case) => Some(format!("{base}/cases/{case}")),
            Subject::Log(seq) => Some(format!("{base}/log?before={}", seq + 1)),
            Subject::Record(_) => None,
        };
        let whose = match row.review.owner {
            Some(owner) => self.names.get(&owner).cloned().unwrap_or_default(),
            None => row.keeper.words().to_owned(),
        };
        ReviewLine {
            id: row.id,
            queue: row.queue,
            subject: row.subject.to_string(),
            what: row.what.clone(),
            place: self.place(row.place),
            system: row.system.map(|system| self.system(row, Target::System(system))).unwrap_or_default(),
            recorded_at: row.recorded_at,
            recorded: zone.full(row.recorded_at),
            whose,
            state: row.review.state,
            untold: row.review.state.asks_for_contact() && !row.review.contacted,
            contacted: row.contacted_at.map(|at| format!("told {}", zone.full(at))).unwrap_or_default(),
            note: row.note.clone(),
            path: format!("{base}/reviews/{}", row.id),
            link,
        }
    }

    fn system(&self, row: &ReviewRow, target: Target) -> String {
        let scope = Scope { place: row.place, target, functions: row.functions };
        let (name, functions) = (self.picture.target_name(target), self.picture.functions_words(&scope));
        if functions.is_empty() { name } else { format!("{name}, {functions}") }
    }

    /// `11:40 EDT, Fri 19 July to 07:40 EDT, Sat 20 July`
    fn window(&self, row: &RevocationRow) -> String {
        let zone = row.place.parse().map_or(&self.zone, |place| self.zone_of(place));
        format!("{} to {}", zone.full(Timestamp(row.released_at)), zone.full(Timestamp(row.revoked_at)))
    }

    fn windows(&self, rows: &[RevocationRow]) -> Vec<Named> {
        let named = |row: &RevocationRow| {
            let place = row.place.parse().map(|place| self.place(place)).unwrap_or_default();
            let system = self.picture.target_name(Target::System(domain::id::SystemId(row.system)));
            let name = format!("{place}, {system}: {}", self.window(row));
            Named { value: row.seq.to_string(), name }
        };
        rows.iter().map(named).collect()
    }
}

/// The list; `typed` is put back after a mistake.
pub async fn list(
    door: &Door,
    tx: &mut Tx,
    incident: IncidentId,
    (mut filter, typed): (ReviewFilter, DecideReviews),
) -> Result<ReviewsView, Failure> {
    let mut desk = Desk::read(tx, incident).await?;
    if filter.state.is_empty() {
        "due".clone_into(&mut filter.state);
    }
    let revocation = filter.revocation.parse::<i64>().ok();
    let (at, id) = filter.after.split_once(':').unwrap_or_default();
    let wanted = Filter {
        queue: filter.queue.clone(),
        state: filter.state.clone(),
        revocation,
        after: (at.parse().unwrap_or(i64::MIN), id.parse().unwrap_or(Uuid::nil())),
    };
    let most = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut rows = store::list(tx, incident, &wanted, most).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    desk.know(tx, &rows).await?;
    let counts = tally::read(tx, incident).await?;
    let revocations = store::revocations(tx, incident).await?;
    let chosen = |key: &Key| {
        (filter.queue.is_empty() || key.queue.code() == filter.queue)
            && revocation.is_none_or(|seq| key.revocation == seq)
    };
    let shown: Vec<(Key, i64)> = counts.iter().copied().filter(|(key, _)| chosen(key)).collect();
    let next = rows.last().filter(|_| more).map(|last| {
        let after = format!("{}:{}", last.recorded_at.0, last.id);
        path(incident, &ReviewFilter { after, ..filter.clone() })
    });
    Ok(ReviewsView {
        incident,
        path: path(incident, &filter),
        title: title(&desk, &filter, &shown, &revocations),
        by_whom: by_whom(&shown),
        queues: queues(incident, &filter, &counts),
        states: states(),
        windows: desk.windows(&revocations),
        items: rows.iter().map(|row| desk.line(row)).collect(),
        next,
        may_decide: desk.is_open && door.actor().has(&DECIDERS),
        typed,
        request_id: door.request_id(),
        filter,
    })
}

/// The address of a list.
pub fn path(incident: IncidentId, filter: &ReviewFilter) -> String {
    let parts = [
        ("queue", &filter.queue),
        ("state", &filter.state),
        ("revocation", &filter.revocation),
        ("after", &filter.after),
    ];
    let given: Vec<_> = parts.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let query = serde_html_form::to_string(given).expect("pairs of texts can always be written");
    let mark = if query.is_empty() { "" } else { "?" };
    format!("/incidents/{incident}/reviews{mark}{query}")
}

/// What was written between which hours, and how much of it must still be looked at.
fn title(desk: &Desk, filter: &ReviewFilter, shown: &[(Key, i64)], revocations: &[RevocationRow]) -> String {
    let figures = tally::figures(shown);
    if figures.items == 0 {
        return "Nothing has to be looked at again.".to_owned();
    }
    let of_window = |row: &&RevocationRow| {
        filter.revocation == row.seq.to_string()
            || (revocations.len() == 1 && filter.queue == Queue::SuspectWindow.code())
    };
    let what = match revocations.iter().find(of_window) {
        Some(row) => {
            let window = desk.window(row).replace(" to ", " and ");
            format!("{} written between {window}", counted(figures.items, "thing", "things"))
        }
        None => counted(figures.items, "item", "items"),
    };
    if figures.in_the_way() == 0 {
        return format!("All of {what} is looked at, and everybody who had to be told was.");
    }
    let untold = match figures.untold {
        0 => String::new(),
        1 => " 1 patient must still be told.".to_owned(),
        many => format!(" {} patients must still be told.", count(many)),
    };
    if figures.open == 0 {
        return format!("All of {what} is looked at.{untold}");
    }
    format!("{} of {what} must still be looked at.{untold}", count(figures.open))
}

fn by_whom(shown: &[(Key, i64)]) -> String {
    let mut open: BTreeMap<&str, i64> = BTreeMap::new();
    for (key, items) in shown.iter().filter(|(key, _)| key.state == State::Open) {
        *open.entry(key.keeper.words()).or_default() += items;
    }
    let parts: Vec<String> =
        open.iter().map(|(role, items)| format!("{} by a {}", count(*items), role.to_lowercase())).collect();
    if parts.is_empty() { String::new() } else { format!("{}.", parts.join(", ")) }
}

fn queues(incident: IncidentId, filter: &ReviewFilter, counts: &[(Key, i64)]) -> Vec<QueueLine> {
    let line = |queue: Queue| {
        let figures: Figures = tally::figures(counts.iter().filter(|(key, _)| key.queue == queue));
        let to = ReviewFilter { queue: queue.code().to_owned(), ..ReviewFilter::default() };
        QueueLine {
            queue,
            words: queue.words().to_owned(),
            path: path(incident, &to),
            current: filter.queue == queue.code(),
            figures,
        }
    };
    Queue::ALL.into_iter().map(line).collect()
}

fn states() -> Vec<Named> {
    [
        ("due", "Still to be done"),
        ("open", "Not looked at"),
        ("untold", "Patient to be told"),
        ("confirmed", "Confirmed"),
        ("corrected", "Corrected"),
        ("harm", "Harm"),
        ("all", "All"),
    ]
    .map(|(value, name)| Named { value: value.to_owned(), name: name.to_owned() })
    .to_vec()
}

/// One item with its history.
pub async fn one(
    door: &Door,
    tx: &mut Tx,
    (incident, id): (IncidentId, ReviewId),
    mut typed: DecideReviews,
) -> Result<ReviewView, Failure> {
    let mut desk = Desk::read(tx, incident).await?;
    let rows = store::by_ids(tx, incident, [id]).await?;
    let row = rows.first().ok_or(Failure::NotFound("item"))?;
    desk.know(tx, &rows).await?;
    let zone = desk.zone_of(row.place);
    let mut history = Vec::new();
    for (at, account, what, _, note) in store::events(tx, id).await? {
        history.push(ReviewEvent {
            at: zone.full(Timestamp(at)),
            who: accounts::name(tx, AccountId(account)).await?.unwrap_or_default(),
            what: event_words(&what).to_owned(),
            note,
        });
    }
    let line = desk.line(row);
    let state = match row.review.state {
        State::Open => "not looked at yet",
        State::Confirmed => "confirmed",
        State::Corrected => "corrected",
        State::Harm => "harm",
    };
    typed.items = vec![Text(id.to_string())];
    Ok(ReviewView {
        incident,
        title: format!("{}: {state}", line.what),
        line,
        history,
        may_decide: desk.is_open && door.actor().has(&DECIDERS),
        typed,
        request_id: door.request_id(),
    })
}

fn event_words(what: &str) -> &'static str {
    match what {
        "listed" => "put on the list",
        "take" => "took it on",
        "confirm" => "confirmed it",
        "correct" => "corrected it",
        "harm" => "found harm",
        _ => "told the patient",
    }
}

async fn choices(door: &Door, tx: &mut Tx, incident: IncidentId) -> Result<ReviewChoices, Failure> {
    let desk = Desk::read(tx, incident).await?;
    let statuses = incidents::statuses(tx, incident).await?;
    let is_part = |site| statuses.keys().any(|(_, at)| *at == site);
    let mut named = Vec::new();
    for site in desk.picture.facilities.iter().filter(|site| is_part(site.id)) {
        named.push(Named { value: Place::Facility(site.id).to_string(), name: site.name.clone() });
        for (unit, name) in &desk.units {
            if desk.picture.places.unit_facility.get(unit) == Some(&site.id) {
                named.push(Named { value: Place::Unit(*unit).to_string(), name: name.clone() });
            }
        }
    }
    let revocations = store::revocations(tx, incident).await?;
    let queue = |queue: Queue| Named { value: queue.code().to_owned(), name: queue.words().to_owned() };
    Ok(ReviewChoices {
        incident,
        request_id: door.request_id(),
        queues: Queue::ALL.into_iter().map(queue).collect(),
        windows: desk.windows(&revocations),
        places: named,
    })
}

/// The form for one item.
pub async fn add(
    door: &Door,
    tx: &mut Tx,
    incident: IncidentId,
    form: AddReview,
) -> Result<AddReviewView, Failure> {
    Ok(AddReviewView { choices: choices(door, tx, incident).await?, form })
}

/// The form for a file of items.
pub async fn files(
    door: &Door,
    tx: &mut Tx,
    incident: IncidentId,
    (queue, revocation): (String, String),
) -> Result<ReviewFilesView, Failure> {
    let column = |column: &domain::table::Known| {
        let needed = if column.required { ", needed" } else { "" };
        format!("{} ({}{needed})", column.label, column.key)
    };
    Ok(ReviewFilesView {
        choices: choices(door, tx, incident).await?,
        queue,
        revocation,
        columns: COLUMNS.iter().map(column).collect(),
    })
}
