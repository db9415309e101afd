//! The page of an incident's orders, read in one snapshot.

use std::collections::BTreeSet;

use domain::{
    actor::{Actor, Role},
    id::{FacilityId, IncidentId, RequestId, SystemId},
    instructions::{Issue, Look, Order, State, Verdict, Whom, Word, World},
    scope::{Place, Status},
    view::{
        board::{BoardView, MatrixRow, Shown, Site},
        instructions::{InstructionsView, IssueForm, OrderLine, Pick},
    },
};

use super::{
    picture::{Picture, picture},
    store::{self, OrderRow},
};
use crate::{
    accounts::store as accounts,
    app::App,
    failure::Failure,
    incidents::store as incidents,
    places::store::{Facility, System},
    store::{Error, Tx},
};

/// Reads the page for this person, with what they typed.
///
/// # Errors
/// When there is no such incident.
pub async fn read(
    app: &App,
    tx: &mut Tx,
    (incident, actor): (IncidentId, &Actor),
    typed: Issue,
) -> Result<InstructionsView, Failure> {
    let row = incidents::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    let world = if row.exercise { World::Exercise(incident) } else { World::Real };
    let zone = accounts::installation(tx).await?.zone();
    let picture = picture(tx).await?;
    let statuses = incidents::statuses(tx, incident).await?;
    let matrix = matrix(&picture, world, incident, |system, site| {
        statuses.get(&(system, site)).map(|(status, _)| *status)
    });
    let open = row.phase.is_open();
    let may_issue = open && actor.has(&[Role::Commander]);
    let lines = Lines { app, actor, picture: &picture, zone: &zone, world, open };
    let (mut in_force, mut waiting) = (Vec::new(), Vec::new());
    let standing = store::of_incident(tx, incident).await?;
    for each in &standing {
        let line = lines.line(tx, each).await?;
        if each.state == State::Waiting || each.text_waits { waiting.push(line) } else { in_force.push(line) }
    }
    let mut ended = Vec::new();
    for each in store::ended(tx, incident).await? {
        ended.push(lines.line(tx, &each).await?);
    }
    let form = if may_issue { Some(form(app, tx, &picture, &standing, typed).await?) } else { None };
    Ok(InstructionsView { title: title(&matrix), matrix, in_force, waiting, ended, form })
}

/// Systems by sites with what holds at each; `status` says what an incident knows of a system at a site, and
/// systems of which it knows nothing and for which nothing is ordered are left out.
pub fn matrix(
    picture: &Picture,
    world: World,
    incident: IncidentId,
    status: impl Fn(SystemId, FacilityId) -> Option<Status>,
) -> BoardView {
    let sites: Vec<&Facility> = picture
        .facilities
        .iter()
        .filter(|site| picture.systems.iter().any(|system| status(system.id, site.id).is_some()))
        .collect();
    let cell = |system: &System, site: &Facility| -> (Option<Status>, Shown) {
        let verdict = picture.verdict(world, Place::Facility(site.id), system);
        (status(system.id, site.id), picture.shown(&verdict))
    };
    let rows = picture
        .systems
        .iter()
        .filter_map(|system| {
            let cells: Vec<_> = sites.iter().map(|site| cell(system, site)).collect();
            let is_about =
                cells.iter().any(|(status, shown)| status.is_some() || shown.look != Look::NoOrder);
            let spoken = if system.short_name.is_empty() { &system.name } else { &system.short_name };
            let path = format!("/incidents/{incident}/instructions?system={}", system.code);
            let cells = cells.into_iter().map(|(status, shown)| (status.unwrap_or(Status::Unknown), shown));
            is_about.then(|| MatrixRow::across(system.id, &system.name, spoken, "", &path, cells.collect()))
        })
        .collect();
    let site = |site: &&Facility| Site {
        id: site.id,
        name: site.short_name.clone(),
        path: format!("/status/{}", site.code),
    };
    BoardView {
        incident: Some(incident),
        sites: sites.iter().map(site).collect(),
        rows,
        ..BoardView::default()
    }
}

/// `Epic production: DO NOT LOG IN at all 12 sites. 2 systems differ between sites.`
fn title(matrix: &BoardView) -> String {
    let strictest = matrix.rows.iter().min_by_key(|row| row.order.look);
    let Some(row) = strictest.filter(|row| row.order.look != Look::NoOrder) else {
        return "No order is in force.".to_owned();
    };
    let (run, sites) = (row.run_length(), matrix.sites.len());
    let at = match (run, sites) {
        (_, 1) => "the one site".to_owned(),
        (run, sites) if run == sites => format!("all {sites} sites"),
        (run, sites) => format!("{run} of {sites} sites"),
    };
    let mixed = matrix.rows.iter().filter(|row| row.run_length() < row.cells.len()).count();
    let mixed = match mixed {
        0 => String::new(),
        1 => " 1 system differs between sites.".to_owned(),
        many => format!(" {many} systems differ between sites."),
    };
    format!("{}: {} at {at}.{mixed}", row.name, row.order.words)
}

struct Lines<'a> {
    app: &'a App,
    actor: &'a Actor,
    picture: &'a Picture,
    zone: &'a domain::time::Zone,
    world: World,
    open: bool,
}

impl Lines<'_> {
    async fn line(&self, tx: &mut Tx, row: &OrderRow) -> Result<OrderLine, Error> {
        let order = &row.order;
        let can = |role| self.actor.can(role, order.scope.place, &self.picture.places);
        let waits = row.state == State::Waiting || (row.state == State::InForce && row.text_waits);
        let second = row.issued_by != self.actor.account && (can(Role::Commander) || can(Role::Communicator));
        let may_act = self.open
            && match row.state {
                State::Waiting | State::InForce if waits => second,
                State::InForce => can(Role::Commander),
                _ => false,
            };
        Ok(OrderLine {
            id: order.id,
            look: look(order),
            words: order.words().to_uppercase(),
            system: self.picture.target_name(order.scope.target),
            place: place_name(tx, self.picture, order.scope.place).await?,
            functions: self.picture.functions_words(&order.scope),
            condition: order.condition.clone(),
            instead: order.text.clone(),
            whom: whom(tx, &order.whom).await?,
            since: self.zone.full(order.since),
            issued_by: accounts::name(tx, row.issued_by).await?.unwrap_or_default(),
            remark: self.remark(row),
            stands_back: row.state == State::InForce && self.stands_back(row),
            may_act,
            request_id: self.app.clock.id::<RequestId>(),
        })
    }

    fn remark(&self, row: &OrderRow) -> String {
        match row.state {
            State::Waiting => "waits for a second person; it does not hold yet".to_owned(),
            State::InForce if row.text_waits => {
                "holds; its text names a forbidden system and waits for a second person".to_owned()
            }
            State::InForce if self.stands_back(row) => {
                "does not hold at its own place: another order or a clearance does".to_owned()
            }
            State::InForce => String::new(),
            other => other.code().to_owned(),
        }
    }

    /// Whether another order or a clearance holds at its own place. Orders for some people only stand beside others.
    fn stands_back(&self, row: &OrderRow) -> bool {
        let covered = |system: &&System| row.order.scope.target.covers(system.id, system.kind);
        let holds = self.picture.systems.iter().filter(covered).any(|system| {
            let verdict = self.picture.verdict(self.world, row.order.scope.place, system);
            stands_behind(&verdict, row)
        });
        row.order.whom == Whom::Everyone && !holds
    }
}

fn stands_behind(verdict: &Verdict, row: &OrderRow) -> bool {
    let source = domain::instructions::Source::Instruction(row.order.id);
    verdict.behind.contains(&source) || verdict.others.iter().any(|other| stands_behind(other, row))
}

fn look(order: &Order) -> Look {
    match order.word {
        Word::Use => Look::Use,
        Word::UseOnlyFor => Look::Limited,
        Word::ReadOnly => Look::Read,
        Word::RestartOnce | Word::BringToDepot | Word::TurnOnButDoNotUse => Look::Act,
        Word::DoNotLogIn | Word::LeaveOff | Word::DoNotConnect => Look::Forbid,
    }
}

async fn place_name(tx: &mut Tx, picture: &Picture, place: Place) -> Result<String, Error> {
    match place {
        Place::Unit(_) => crate::places::store::name(tx, place).await,
        _ => Ok(picture.place_name(place)),
    }
}

async fn whom(tx: &mut Tx, whom: &Whom) -> Result<String, Error> {
    match whom {
        Whom::Everyone => Ok(String::new()),
        Whom::Position(position) => Ok(position.clone()),
        Whom::Wave(number) => Ok(format!("staff of wave {number}")),
        Whom::Pilots(pilots) => {
            let mut names = Vec::new();
            for pilot in pilots {
                names.push(
                    accounts::name(tx, *pilot).await?.unwrap_or_else(|| "an account that is gone".into()),
                );
            }
            Ok(names.join(", "))
        }
    }
}

async fn form(
    app: &App,
    tx: &mut Tx,
    picture: &Picture,
    standing: &[OrderRow],
    typed: Issue,
) -> Result<IssueForm, Error> {
    let pick = |value: String, words: String| Pick { value, words };
    let mut places = vec![pick("all".into(), picture.place_name(Place::All))];
    let groups = crate::places::store::groups(tx).await?;
    places.extend(groups.into_iter().map(|group| pick(Place::Group(group.id).to_string(), group.name)));
    let sites = picture.facilities.iter();
    places.extend(sites.map(|site| pick(Place::Facility(site.id).to_string(), site.name.clone())));
    let mut systems: Vec<Pick> =
        picture.systems.iter().map(|system| pick(system.code.clone(), system.name.clone())).collect();
    for (code, words) in [
        ("application", "Every application"),
        ("device_class", "Every kind of device"),
        ("network", "Every network"),
    ] {
        systems.push(pick(format!("kind:{code}"), words.to_owned()));
    }
    let named: BTreeSet<_> = standing
        .iter()
        .filter(|row| row.state == State::InForce && row.order.scope.place != Place::All)
        .map(|row| (format!("instruction:{}", row.order.id), row))
        .map(|(value, row)| {
            (value, format!("{} for {}", row.order.words(), picture.scope_name(&row.order.scope)))
        })
        .collect();
    Ok(IssueForm {
        typed,
        request_id: app.clock.id(),
        places,
        systems,
        narrower: named.into_iter().map(|(value, words)| pick(value, words)).collect(),
    })
}
