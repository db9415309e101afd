//! The ladder of scopes and the panel of the chosen one, read in one snapshot.
//!
//! The page costs the same for ten scopes and for ten thousand: counts come from tallies, and a screenful of scopes
//! is looked into.

mod line;
mod panel;
pub mod record;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    actor::{Actor, Role},
    clearance::{COMMANDER, Clearance, Stage},
    id::{ClearanceId, FacilityId, IncidentId, SystemId, UnitId},
    scope::Place,
    time::{Timestamp, Zone},
    view::clearance::{ClearanceView, PanelTyped, ScopeLine, StageTab},
};

use super::{
    record as words,
    store::{self, Want},
};
use crate::{
    accounts::store as accounts,
    app::App,
    command::commands_all,
    failure::Failure,
    incidents::store::{self as incidents, IncidentRow},
    instructions::{Picture, picture::names},
    places::store as places,
    store::{Error, Tx},
};

/// So many scopes are drawn on one page.
const SCREENFUL: i64 = 60;
/// With no more than this everything is in sight at once.
const ROOMY: i64 = 14;
/// Beyond this many, turns and blocked scopes are not counted any more.
const MOST_COUNTED: i64 = 200;

/// Everything the page is drawn from.
struct Desk<'a> {
    app: &'a App,
    actor: &'a Actor,
    incident: IncidentRow,
    commands_all: bool,
    picture: Picture,
    titles: Vec<(String, String)>,
    zone: Zone,
    now: Timestamp,
    path: String,
    /// The units of the scopes that are shown.
    units: BTreeMap<UnitId, String>,
}

impl<'a> Desk<'a> {
    async fn of(app: &'a App, tx: &mut Tx, incident: IncidentId, actor: &'a Actor) -> Result<Self, Failure> {
        let row = incidents::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
        Ok(Self {
            app,
            actor,
            incident: row,
            commands_all: commands_all(tx, actor, incident).await?,
            picture: names(tx).await?,
            titles: words::titles(tx, incident).await?,
            zone: accounts::installation(tx).await?.zone(),
            now: app.clock.now(),
            path: format!("/incidents/{incident}/clearance"),
            units: BTreeMap::new(),
        })
    }

    /// Learns the names of the units in which these scopes lie, and of their waves.
    async fn name_units(&mut self, tx: &mut Tx, clearances: &[Clearance]) -> Result<(), Error> {
        let of_place = |clearance: &Clearance| match clearance.scope.place {
            Place::Unit(unit) => Some(unit),
            _ => None,
        };
        let waves = clearances.iter().flat_map(|clearance| &clearance.waves).flat_map(|wave| &wave.units);
        let units: Vec<UnitId> = clearances.iter().filter_map(of_place).chain(waves.copied()).collect();
        self.units = places::unit_names(tx, units).await?;
        Ok(())
    }

    fn place_name(&self, place: Place) -> String {
        match place {
            Place::Unit(unit) => {
                self.units.get(&unit).cloned().unwrap_or_else(|| self.picture.place_name(place))
            }
            _ => self.picture.place_name(place),
        }
    }
}

/// What the reader has asked for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Asked {
    pub site: String,
    pub system: String,
    pub stage: String,
    pub after: String,
}

impl Asked {
    fn want(&self) -> Want {
        Want {
            site: self.site.parse::<FacilityId>().ok(),
            system: self.system.parse::<SystemId>().ok(),
            stage: Stage::from_code(&self.stage).filter(|stage| *stage != Stage::Revoked),
            after: self.after.parse::<ClearanceId>().ok(),
        }
    }
}

/// Reads the page for this person, with the chosen scope's panel and what they typed into it.
///
/// # Errors
/// When there is no such incident, or no such scope in it.
pub async fn read(
    app: &App,
    tx: &mut Tx,
    (incident, actor): (IncidentId, &Actor),
    (asked, chosen): (&Asked, Option<ClearanceId>),
    typed: PanelTyped,
) -> Result<ClearanceView, Failure> {
    let mut desk = Desk::of(app, tx, incident, actor).await?;
    let want = asked.want();
    let yours = desk.yours(tx).await?;
    let wrong = store::blocked(tx, incident, desk.now, MOST_COUNTED).await?;
    let counts = store::counts(tx, incident, &want).await?;
    let (ids, next) = desk.screenful(tx, &want, (&yours, &wrong), &counts).await?;
    let mut clearances = store::some(tx, incident, &ids).await?;
    let chosen = chosen.or_else(|| yours.first().copied().filter(|_| want == Want::default()));
    let panel = match chosen {
        None => None,
        Some(id) => {
            let found = match clearances.iter().find(|each| each.id == id) {
                Some(clearance) => Some(clearance.clone()),
                None => store::find(tx, incident, id).await?,
            };
            Some(found.ok_or(Failure::NotFound("clearance"))?)
        }
    };
    let named: Vec<Clearance> = clearances.iter().chain(&panel).cloned().collect();
    desk.name_units(tx, &named).await?;
    clearances.sort_by_key(|clearance| desk.position(clearance));
    let mut times = store::times(tx, &ids).await?;
    let mut scopes: Vec<ScopeLine> = clearances
        .iter()
        .map(|clearance| desk.line(clearance, &times.remove(&clearance.id).unwrap_or_default()))
        .collect();
    // Whose turn it is first, then what is wrong, then what has come furthest.
    scopes.sort_by_key(|scope| (!scope.waits_for_you, !scope.blocked, std::cmp::Reverse(scope.stage)));
    let chosen = match panel {
        Some(clearance) => Some(desk.panel(tx, &clearance, typed).await?),
        None => None,
    };
    Ok(ClearanceView {
        title: desk.title(tx, &want, (&yours, &wrong), &counts).await?,
        close_path: format!("/incidents/{incident}/close"),
        stages: desk.tabs(asked, &want, &counts),
        sites: desk
            .picture
            .facilities
            .iter()
            .map(|site| (site.id.to_string(), site.short_name.clone()))
            .collect(),
        systems: desk.picture.systems.iter().map(|each| (each.id.to_string(), each.name.clone())).collect(),
        site: asked.site.clone(),
        system: asked.system.clone(),
        stage: asked.stage.clone(),
        next: next.map(|after| desk.link(asked, want.stage, Some(after))).unwrap_or_default(),
        path: desk.path,
        scopes,
        chosen,
    })
}

impl Desk<'_> {
    /// The scopes whose turn it is for this person, at the places where it is theirs.
    async fn yours(&self, tx: &mut Tx) -> Result<Vec<ClearanceId>, Error> {
        if !self.incident.phase.is_open() {
            return Ok(Vec::new());
        }
        // As whom, and where; nowhere in particular is everywhere.
        let mut posts: BTreeMap<String, Option<Vec<Place>>> = BTreeMap::new();
        for grant in self.actor.grants.iter().filter(|grant| grant.role == Role::Signer) {
            let places = posts.entry(grant.signs_as.to_ascii_lowercase()).or_insert_with(|| Some(Vec::new()));
            match (grant.place, places.as_mut()) {
                (Place::All, _) => *places = None,
                (place, Some(places)) => places.extend(self.picture.places.within(place)),
                (_, None) => {}
            }
        }
        if self.incident.commander == self.actor.account && self.commands_all {
            posts.insert(COMMANDER.to_owned(), None);
        }
        let mut ids: BTreeSet<ClearanceId> = BTreeSet::new();
        for (who, places) in &posts {
            let post = (who.as_str(), places.as_deref());
            ids.extend(
                store::turns(tx, self.incident.id, post, self.actor.account, self.now, MOST_COUNTED).await?,
            );
        }
        Ok(ids.into_iter().collect())
    }

    /// The scopes of this page, and behind which one the next page begins.
    async fn screenful(
        &self,
        tx: &mut Tx,
        want: &Want,
        (yours, wrong): (&[ClearanceId], &[ClearanceId]),
        counts: &BTreeMap<Stage, i64>,
    ) -> Result<(Vec<ClearanceId>, Option<ClearanceId>), Error> {
        if let Some(stage) = want.stage {
            let mut ids = store::at_stage(tx, self.incident.id, (stage, want), SCREENFUL + 1).await?;
            let more = ids.len() > usize::try_from(SCREENFUL).unwrap_or(usize::MAX);
            ids.truncate(usize::try_from(SCREENFUL).unwrap_or(usize::MAX));
            return Ok((ids.clone(), ids.last().copied().filter(|_| more)));
        }
        let most = usize::try_from(SCREENFUL).unwrap_or(usize::MAX);
        let mut ids: Vec<ClearanceId> = Vec::new();
        if want.site.is_none() && want.system.is_none() {
            // A third of the page each at most, so that neither hides what goes well.
            ids.extend(yours.iter().take(most / 3));
            ids.extend(wrong.iter().filter(|id| !yours.contains(id)).take(most / 3));
        }
        let all: i64 =
            counts.iter().filter(|(stage, _)| **stage != Stage::Revoked).map(|(_, count)| count).sum();
        for stage in Stage::ALL.into_iter().rev().filter(|stage| *stage != Stage::Revoked) {
            if ids.len() >= most || counts.get(&stage).copied().unwrap_or(0) == 0 {
                continue;
            }
            // What nobody has begun is behind its own tab, unless there is nothing else or room for it.
            if stage == Stage::Waiting && !ids.is_empty() && all > ROOMY {
                continue;
            }
            let some = store::at_stage(tx, self.incident.id, (stage, want), SCREENFUL).await?;
            let free = most - ids.len();
            let new: Vec<ClearanceId> = some.into_iter().filter(|id| !ids.contains(id)).take(free).collect();
            ids.extend(new);
        }
        Ok((ids, None))
    }

    fn tabs(&self, asked: &Asked, want: &Want, counts: &BTreeMap<Stage, i64>) -> Vec<StageTab> {
        let tab = |(stage, count): (&Stage, &i64)| StageTab {
            stage: *stage,
            words: match stage {
                Stage::Waiting => "not restored".to_owned(),
                Stage::Pilot => "in their pilot".to_owned(),
                Stage::Waves => "in waves".to_owned(),
                stage => stage.words().to_owned(),
            },
            count: *count,
            path: self.link(asked, Some(*stage), None),
            chosen: want.stage == Some(*stage),
        };
        counts.iter().filter(|(stage, count)| **stage != Stage::Revoked && **count > 0).map(tab).collect()
    }

    fn link(&self, asked: &Asked, stage: Option<Stage>, after: Option<ClearanceId>) -> String {
        let stage = stage.map(Stage::code).unwrap_or_default();
        let after = after.map(|after| after.to_string()).unwrap_or_default();
        let given =
            [("site", asked.site.as_str()), ("system", &asked.system), ("stage", stage), ("after", &after)];
        let query: Vec<String> = given
            .into_iter()
            .filter(|(_, value)| {
                !value.is_empty()
                    && value.chars().all(|each| each.is_ascii_alphanumeric() || "-_".contains(each))
            })
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        format!("{}?{}", self.path, query.join("&"))
    }

    /// `3 of 14 scopes clear. 1 waits for you, 2 are blocked.`
    async fn title(
        &self,
        tx: &mut Tx,
        want: &Want,
        (yours, wrong): (&[ClearanceId], &[ClearanceId]),
        counts: &BTreeMap<Stage, i64>,
    ) -> Result<String, Error> {
        let everywhere;
        let counts = if want.site.is_none() && want.system.is_none() {
            counts
        } else {
            everywhere = store::counts(tx, self.incident.id, &Want::default()).await?;
            &everywhere
        };
        let sum = |which: &dyn Fn(Stage) -> bool| -> i64 {
            counts.iter().filter(|(stage, _)| which(**stage)).map(|(_, count)| count).sum()
        };
        let all = sum(&|stage| stage != Stage::Revoked);
        if all == 0 {
            return Ok("No scope is waiting for a clearance.".to_owned());
        }
        let clear = sum(&Stage::is_clear);
        let first = format!("{} of {} scopes clear.", frontend::ui::count(clear), frontend::ui::count(all));
        Ok(match (yours.len(), wrong.len()) {
            (0, 0) => first,
            (yours, 0) => format!("{first} {}", waits(yours)),
            (0, blocked) => format!("{first} {}.", are_blocked(blocked)),
            (yours, blocked) => {
                format!("{first} {}, {}.", waits(yours).trim_end_matches('.'), are_blocked(blocked))
            }
        })
    }
}

/// A count that stops at [`MOST_COUNTED`].
fn at_most(count: usize) -> String {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    if count >= MOST_COUNTED { format!("{MOST_COUNTED} or more") } else { frontend::ui::count(count) }
}

fn waits(yours: usize) -> String {
    if yours == 1 { "1 waits for you.".to_owned() } else { format!("{} wait for you.", at_most(yours)) }
}

fn are_blocked(blocked: usize) -> String {
    if blocked == 1 { "1 is blocked".to_owned() } else { format!("{} are blocked", at_most(blocked)) }
}
