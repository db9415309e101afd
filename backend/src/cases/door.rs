//! The door of a hospital: who has come, what stands for them today, and what to say. For clerks and greeters, who see
//! the patients of their own site.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    actor::{Actor, Role},
    cases::{door as rules, forms::ChangeCase},
    id::{CaseId, FacilityId, IncidentId},
    names::{self, Asked},
    scope::Place,
    view::{
        cases::{Alternative, CaseChanged},
        door::{Arrival, AskAtDoor, AskDoorList, DoorLine, DoorListView, DoorView},
    },
};
use jiff::civil::Date;

use super::{
    access::{self, Way},
    change,
    list::ids,
    search::{self, Among},
    show, snapshots,
    store::{CaseRow, Kept, case_columns},
};
use crate::{
    accounts::store as accounts,
    fetch_all,
    incidents::web::incident_id,
    places::store as places,
    store::{Error, Sql, Tx, seal::Seal},
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

/// Who stands at the door.
pub const ROLES: [Role; 4] = [Role::CaseManager, Role::Commander, Role::FormsClerk, Role::UnitLead];
const GREETERS: Access = Access::Roles(&ROLES);

/// Sorting by name needs every name in memory: a list of more is not made.
const MOST_SORTED: i64 = 2_000;

/// The routes of the door.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .page::<DoorView, _>("/incidents/{incident}/door", GREETERS, "Who has come, and what stands", ask)
        .page::<DoorListView, _>(
            "/incidents/{incident}/door/list",
            GREETERS,
            "Everybody who is booked at a site on a day, by surname",
            list,
        )
        .command::<ChangeCase, CaseChanged, _>(
            "/incidents/{incident}/door/{case}/came",
            GREETERS,
            "This patient came anyway and was told",
            came,
        )
}

/// The facilities whose patients an account sees at the door: where it works with cases or paper, or leads a unit.
///
/// # Errors
/// When the database does not answer.
pub async fn greets(tx: &mut Tx, actor: &Actor) -> Result<Vec<FacilityId>, Error> {
    let lattice = places::lattice(tx).await?;
    let greets_at = |facility: &FacilityId| {
        let here = Place::Facility(*facility);
        actor.grants.iter().any(|grant| {
            ROLES.contains(&grant.role)
                && (lattice.contains(grant.place, here) || lattice.contains(here, grant.place))
        })
    };
    Ok(lattice.facilities.iter().copied().filter(greets_at).collect())
}

/// What the pages of the door need besides their rows.
struct Desk {
    sites: show::Sites,
    allowed: Vec<FacilityId>,
    seal: Seal,
    as_of: String,
}

impl Desk {
    async fn of(door: &Door, tx: &mut Tx, incident: IncidentId) -> Result<Self, Problem> {
        let allowed = greets(tx, door.actor()).await?;
        let sites = show::Sites::among(&places::facilities(tx).await?, &allowed);
        let zone = accounts::installation(tx).await?.zone();
        let all = snapshots::all(tx, incident).await?;
        let as_of = all.into_iter().filter(|each| each.state == "committed").map(|each| each.as_of).max();
        let as_of = as_of.map(|at| zone.full(at)).unwrap_or_default();
        Ok(Self { sites, allowed, seal: Seal::open(&door.app, tx).await?, as_of })
    }

    /// The site of a form, when it is one that the account may see.
    fn site(&self, typed: &str) -> Option<FacilityId> {
        typed.trim().parse().ok().filter(|site| self.allowed.contains(site))
    }

    /// The sites as choices; somebody who has one is not asked.
    fn choices(&self) -> Vec<Alternative> {
        let all = self.sites.alternatives();
        if self.allowed.len() == 1 { all.into_iter().skip(1).collect() } else { all }
    }

    fn today(&self, door: &Door, site: FacilityId) -> Date {
        self.sites.zone(site).civil_date(door.app.clock.now())
    }
}

async fn ask(
    door: Door,
    Path(incident): Path<String>,
    Query(form): Query<AskAtDoor>,
) -> Result<Response, Problem> {
    page(&door, incident_id(&incident)?, form, Mistakes::default()).await
}

async fn page(
    door: &Door,
    incident: IncidentId,
    mut form: AskAtDoor,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let desk = Desk::of(door, &mut tx, incident).await?;
    if form.site.is_empty()
        && let [only] = desk.allowed[..]
    {
        form.site = only.to_string();
    }
    let (rows, found) = find(door, &mut tx, (incident, &form), &desk).await?;
    access::seen(door, incident, (Way::Door, ""), rows.iter().map(|row| row.id));
    let mut arrivals = rows.iter().map(|row| arrival(door, row, &desk)).collect::<Result<Vec<_>, _>>()?;
    // What stands today comes first; the search has ranked the rest.
    arrivals.sort_by_key(|arrival| matches!(arrival.stands, rules::Stands::OtherDay | rules::Stands::Ended));
    let asked = !form.q.trim().is_empty();
    let list = match desk.site(&form.site) {
        Some(site) => format!("/incidents/{incident}/door/list?site={site}"),
        None => format!("/incidents/{incident}/door/list"),
    };
    let view = DoorView {
        incident,
        sites: desk.choices(),
        found,
        unknown: if asked && arrivals.is_empty() { rules::UNKNOWN.to_owned() } else { String::new() },
        arrivals,
        as_of: desk.as_of,
        list,
        form,
    };
    let title = "Who has come?";
    door.incident_page(tx, incident, title, view, frontend::pages::cases::door, mistakes).await
}

/// Who was asked for, at the sites that the account may see.
async fn find(
    door: &Door,
    tx: &mut Tx,
    (incident, form): (IncidentId, &AskAtDoor),
    desk: &Desk,
) -> Result<(Vec<CaseRow>, String), Problem> {
    let site = desk.site(&form.site);
    let facilities = match site {
        Some(site) => vec![site],
        None if form.site.is_empty() => desk.allowed.clone(),
        None => return Err(Problem::forbidden("You may see the patients of your own sites.")),
    };
    match Asked::read(&form.q, &form.born, site.is_some()) {
        Asked::Everybody => Ok((Vec::new(), String::new())),
        Asked::Unclear(sentence) => Ok((Vec::new(), sentence.to_owned())),
        Asked::Number(number) => {
            let rows = search::numbered(tx, (incident, &facilities), &desk.seal.lookup(&number)).await?;
            Ok((rows, String::new()))
        }
        Asked::Named(name, born) => {
            let day = site.map(|site| desk.today(door, site).to_string()).unwrap_or_default();
            let among = Among { incident, facilities: &facilities, born, day: &day };
            let found = search::named(tx, &among, &name, &desk.seal).await?;
            Ok((found.rows, found.sentence))
        }
    }
}

fn arrival(door: &Door, row: &CaseRow, desk: &Desk) -> Result<Arrival, Error> {
    let patient = row.unseal(&desk.seal)?;
    let zone = desk.sites.zone(row.facility);
    let place = place(row, desk);
    let stands = row.case.at_the_door(desk.today(door, row.facility));
    let due = row.case.due_at();
    Ok(Arrival {
        case: row.id,
        name: patient.name,
        mrn: patient.mrn,
        born: patient.born,
        when: format!("{}, {}", zone.date(due), zone.clock(due)),
        service: row.service.clone(),
        stands,
        say: stands.say(&row.case, &place, &zone),
        place,
        told: row.case.told,
        request_id: door.request_id(),
    })
}

fn place(row: &CaseRow, desk: &Desk) -> String {
    let site = desk.sites.name(row.facility);
    if row.department.is_empty() { site.to_owned() } else { format!("{}, {site}", row.department) }
}

async fn came(
    door: Door,
    Path((incident, case)): Path<(String, String)>,
    input: Input<ChangeCase>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let case: CaseId = case.parse().map_err(|_| Problem::not_found("case"))?;
    match door.run(&input, move |app, by, _| change::came(app, by, incident, case)).await {
        Ok(changed) => Ok(door.done(&format!("/incidents/{incident}/door"), &changed)),
        Err(failure) => {
            door.again(failure, &input.typed, async |mistakes| {
                page(&door, incident, AskAtDoor::default(), mistakes).await
            })
            .await
        }
    }
}

macro_rules! of_day {
    ($facilities:literal) => {
        concat!(
            case_columns!(),
            "
    WHERE patient_case.incident = $1 AND visible = TRUE
        AND facility IN (",
            $facilities,
            ")
        AND (day = $3 OR new_day = $3)
        AND ($4 = '' OR kind = $4)
        AND ($5 = '' OR service = $5)
    LIMIT $6"
        )
    };
}

const OF_DAY: Sql = Sql {
    sqlite: of_day!("SELECT unhex(value) FROM json_each($2)"),
    postgres: of_day!("SELECT value::uuid FROM json_array_elements_text($2::json)"),
};

async fn list(
    door: Door,
    Path(incident): Path<String>,
    Query(mut form): Query<AskDoorList>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let mut tx = door.read().await?;
    let desk = Desk::of(&door, &mut tx, incident).await?;
    if form.site.is_empty()
        && let [only] = desk.allowed[..]
    {
        form.site = only.to_string();
    }
    let site = desk.site(&form.site);
    if site.is_none() && !form.site.is_empty() {
        return Err(Problem::forbidden("You may see the patients of your own sites."));
    }
    let (mut lines, mut sentence) = (Vec::new(), String::new());
    let mut title = "The list for the door".to_owned();
    match (site, day(&door, &desk, site, &form.day)) {
        (Some(site), Some(day)) => {
            form.day = day.to_string();
            title = format!("{}, {}", desk.sites.name(site), day.strftime("%A %-d %B %Y"));
            let (site, kind, service) = (ids(&[site]), form.kind.as_str(), form.service.as_str());
            let most = MOST_SORTED + 1;
            let rows =
                fetch_all!(&mut tx, Kept, OF_DAY, incident.0, site.text(), &form.day, kind, service, most)?;
            if i64::try_from(rows.len()).is_ok_and(|len| len > MOST_SORTED) {
                sentence = "More than 2,000 are booked: choose procedures or visits, or one service.".into();
            } else {
                let rows: Vec<CaseRow> = rows.into_iter().map(CaseRow::try_from).collect::<Result<_, _>>()?;
                access::seen(&door, incident, (Way::DoorList, &form.day), rows.iter().map(|row| row.id));
                lines = by_surname(&rows, day, &desk)?;
            }
        }
        (None, _) => sentence = "Choose the site.".into(),
        (_, None) => sentence = "Write the day as 2024-07-19.".into(),
    }
    let (sites, as_of) = (desk.choices(), desk.as_of);
    let view = DoorListView { incident, title: title.clone(), form, sites, as_of, sentence, lines };
    let page = frontend::pages::cases::door_list;
    door.incident_page(tx, incident, &title, view, page, Mistakes::default()).await
}

fn day(door: &Door, desk: &Desk, site: Option<FacilityId>, typed: &str) -> Option<Date> {
    match typed.trim() {
        "" => site.map(|site| desk.today(door, site)),
        typed => typed.parse().ok(),
    }
}

fn by_surname(rows: &[CaseRow], day: Date, desk: &Desk) -> Result<Vec<DoorLine>, Error> {
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let patient = row.unseal(&desk.seal)?;
        let zone = desk.sites.zone(row.facility);
        let line = DoorLine {
            mrn: patient.mrn,
            born: patient.born,
            clock: zone.clock(if row.case.new_day == Some(day) { row.case.due_at() } else { row.case.start }),
            service: row.service.clone(),
            place: row.department.clone(),
            stands: row.case.at_the_door(day),
            standing: show::standing(row, &zone),
            name: patient.name,
        };
        lines.push((names::sort_key(&line.name), row.id, line));
    }
    lines.sort_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
    Ok(lines.into_iter().map(|(_, _, line)| line).collect())
}
