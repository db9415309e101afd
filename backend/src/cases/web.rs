//! The doors of cases: the list by risk, one case and what is done about it, and the end-of-day list.

use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::Response,
};
use domain::{
    actor::Role,
    cases::forms::{ChangeCase, EndOfDay, Which},
    id::{CaseId, IncidentId},
    scope::Place,
    view::cases::{
        Alternative, CaseChanged, CaseFilter, CaseLine, CaseView, CasesView, DayEnded, EndOfDayView,
        PastFiguresView,
    },
};
use serde::Deserialize;

use super::{
    access::{self, Way},
    change, door, end_of_day, export, fhir, figures, list,
    reach::{self, Reach},
    services, sheets, show, snapshots, standing, store, tally, touched,
};
use crate::{
    accounts::store as accounts,
    failure::Failure,
    incidents::web::incident_id,
    places::store as places,
    store::{Tx, seal::Seal},
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

/// Who sees patients: those who work with them and those who decide over them.
pub(super) const READERS: Access = Access::Roles(&[Role::CaseManager, Role::Commander]);

/// The routes of cases.
pub fn routes(routes: Routes) -> Routes {
    let routes = super::decide::web::routes(super::schedule_web::routes(routes));
    let routes = super::replay::web::routes(door::routes(access::routes(routes)));
    let routes = sheets::routes(services::routes(touched::routes(fhir::routes(routes))));
    one_case(routes)
        .page::<CasesView, _>("/incidents/{incident}/cases", READERS, "Cases by risk", list_cases)
        .file("/incidents/{incident}/cases.csv", READERS, "text/csv", "Cases as a CSV file", export::file)
        .page::<PastFiguresView, _>(
            "/incidents/{incident}/cases/figures",
            READERS,
            "The figures at a past moment",
            show_figures,
        )
        .command::<ChangeCase, CaseChanged, _>(
            "/incidents/{incident}/cases/next",
            READERS,
            "Take the next patient to call",
            take_next,
        )
        .page::<EndOfDayView, _>(
            "/incidents/{incident}/cases/done",
            READERS,
            "The end-of-day list",
            show_end_of_day,
        )
        .command::<EndOfDay, DayEnded, _>(
            "/incidents/{incident}/cases/done",
            READERS,
            "Mark a service's kept cases as done",
            send_end_of_day,
        )
}

/// What is done with one case.
fn one_case(routes: Routes) -> Routes {
    routes
        .page::<CaseView, _>("/incidents/{incident}/cases/{case}", READERS, "One case", show_case)
        .command::<ChangeCase, CaseChanged, _>(
            "/incidents/{incident}/cases/{case}/take",
            READERS,
            "Call this patient",
            take,
        )
        .command::<ChangeCase, CaseChanged, _>(
            "/incidents/{incident}/cases/{case}/contacts",
            READERS,
            "Log a contact attempt",
            contact,
        )
        .command::<ChangeCase, CaseChanged, _>(
            "/incidents/{incident}/cases/{case}/rebooking",
            READERS,
            "Enter a new date",
            rebook,
        )
        .command::<ChangeCase, CaseChanged, _>(
            "/incidents/{incident}/cases/{case}/seen",
            READERS,
            "Mark as seen",
            seen,
        )
        .command::<ChangeCase, CaseChanged, _>(
            "/incidents/{incident}/cases/{case}/keep",
            READERS,
            "Keep, or take a cancellation back",
            keep,
        )
        .command::<ChangeCase, CaseChanged, _>(
            "/incidents/{incident}/cases/{case}/cancel",
            READERS,
            "Cancel, or reverse a keep",
            cancel,
        )
        .command::<ChangeCase, CaseChanged, _>(
            "/incidents/{incident}/cases/{case}/end",
            READERS,
            "End another way, with a reason",
            end,
        )
        .command::<ChangeCase, CaseChanged, _>(
            "/incidents/{incident}/cases/{case}/notes",
            READERS,
            "Note what the next caller must know",
            note,
        )
}

type Ids = Path<(String, String)>;

fn case_id(text: &str) -> Result<CaseId, Problem> {
    text.parse().map_err(|_| Problem::not_found("case"))
}

/// One page of lines: what was found, and the address of the next page when there are more.
struct Shown {
    lines: Vec<CaseLine>,
    next: Option<String>,
    found: String,
}

async fn lines(
    door: &Door,
    tx: &mut Tx,
    (incident, filter): (IncidentId, &CaseFilter),
    reach: &Reach,
) -> Result<Shown, Problem> {
    let seal = Seal::open(&door.app, tx).await?;
    let asking = reach::rows(door, tx, (incident, filter), (&seal, reach), show::MOST).await?;
    let sites = show::Sites::among(&reach.facilities, &reach.allowed);
    let names = show::callers(tx, &asking.rows).await?;
    let now = door.app.clock.now();
    let reading = show::Reading { sites: &sites, seal: &seal, now, names: &names };
    let lines = asking.rows.iter().map(|row| show::line(row, &reading).map(|(line, _)| line));
    let lines = lines.collect::<Result<_, _>>()?;
    access::seen(door, incident, (asking.way, &access::what(filter)), asking.cases());
    let next = asking.after.map(|after| list::address(incident, "", &CaseFilter { after, ..filter.clone() }));
    Ok(Shown { lines, next, found: asking.found })
}

async fn list_cases(
    door: Door,
    Path(incident): Path<String>,
    Query(filter): Query<CaseFilter>,
) -> Result<Response, Problem> {
    list_page(&door, incident_id(&incident)?, filter, Mistakes::default()).await
}

async fn list_page(
    door: &Door,
    incident: IncidentId,
    filter: CaseFilter,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.app.db.read().await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let reach = Reach::of(door, &mut tx).await?;
    let lines = lines(door, &mut tx, (incident, &filter), &reach).await?;
    let now = door.app.clock.now();
    let soon = show::soon(now, &zone);
    let committed =
        snapshots::all(&mut tx, incident).await?.into_iter().filter(|each| each.state == "committed");
    let as_of = committed.map(|each| each.as_of).max();
    let allowed = &reach.allowed;
    let (due, locked) = list::counts_of_now(&mut tx, incident, allowed, soon, now).await?;
    let today = show::today(&reach.facilities, allowed, now);
    let around = show::Around {
        offer: if as_of.is_none() { standing::offer(&mut tx, incident, &zone).await? } else { None },
        offer_id: [door.request_id(), door.request_id(), door.request_id()],
        funnel: tally::read(&mut tx, incident, Some(allowed)).await?,
        now: show::Now { soon: due, locked, missed: list::missed(&mut tx, incident, &today).await? },
        as_of: as_of.map(|at| zone.full(at)).unwrap_or_default(),
        priorities: snapshots::priorities(&mut tx, incident).await?,
    };
    let sites = show::Sites::among(&reach.facilities, allowed);
    let lattice = places::lattice(&mut tx).await?;
    let may_decide =
        allowed.iter().any(|site| door.actor().can(Role::Commander, Place::Facility(*site), &lattice));
    let due_before = zone.clock(soon);
    let may = show::May {
        work: !allowed.is_empty(),
        decide: may_decide,
        audit: door.actor().administers_everything(),
        request_id: door.request_id(),
    };
    let Shown { lines, next, found } = lines;
    let view = show::cases(incident, around, (lines, next, found), (filter, &sites, due_before), may);
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, frontend::pages::cases::list, mistakes).await
}

#[derive(Deserialize, Default)]
struct AskedFigures {
    /// `2024-07-19 06:00`; empty for now.
    #[serde(default)]
    at: String,
}

async fn show_figures(
    door: Door,
    Path(incident): Path<String>,
    Query(asked): Query<AskedFigures>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let mut tx = door.app.db.read().await?;
    let (now, zone) = (door.app.clock.now(), accounts::installation(&mut tx).await?.zone());
    let allowed = change::allowed(&mut tx, door.actor()).await?;
    let mut mistakes = Mistakes::default();
    let view = match figures::view(&mut tx, incident, &allowed, (&asked.at, now, &zone)).await? {
        Ok(view) => view,
        Err(errors) if door.wants_json() => return Err(Failure::Fields(errors).into()),
        Err(errors) => {
            mistakes.errors = errors;
            let view = figures::view(&mut tx, incident, &allowed, ("", now, &zone)).await?;
            let view = view.map_err(Failure::Fields)?;
            PastFiguresView { at: asked.at, ..view }
        }
    };
    let title = frontend::pages::cases::figures_title(&view);
    door.incident_page(tx, incident, &title, view, frontend::pages::cases::figures, mistakes).await
}

async fn take_next(
    door: Door,
    Path(incident): Path<String>,
    input: Input<ChangeCase>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    match door.run(&input, move |app, by, _| change::take_next(app, by, incident)).await {
        Ok(taken) => Ok(door.done(&format!("/incidents/{incident}/cases/{}", taken.case), &taken)),
        Err(failure) => {
            door.again(failure, &input.typed, async |mistakes| {
                list_page(&door, incident, CaseFilter::default(), mistakes).await
            })
            .await
        }
    }
}

#[derive(Deserialize, Default)]
struct Asked {
    /// Which act's form stands on the page.
    #[serde(default)]
    act: String,
}

async fn show_case(
    door: Door,
    Path((incident, case)): Ids,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (incident, case) = (incident_id(&incident)?, case_id(&case)?);
    case_page(&door, incident, case, (ChangeCase::default(), &asked.act), Mistakes::default()).await
}

async fn case_page(
    door: &Door,
    incident: IncidentId,
    case: CaseId,
    (form, sent): (ChangeCase, &str),
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.app.db.read().await?;
    let row = store::find(&mut tx, incident, case).await?.ok_or_else(|| Problem::not_found("case"))?;
    if !change::allowed(&mut tx, door.actor()).await?.contains(&row.facility) {
        return Err(Problem::forbidden("You may see the cases of your own sites."));
    }
    let seal = Seal::open(&door.app, &mut tx).await?;
    let sites = show::Sites::of(places::facilities(&mut tx).await?);
    let names = show::callers(&mut tx, std::slice::from_ref(&row)).await?;
    let now = door.app.clock.now();
    let reading = show::Reading { sites: &sites, seal: &seal, now, names: &names };
    let mut view = show::case(&mut tx, incident, &row, &reading, (form, sent, door.request_id())).await?;
    access::seen(door, incident, (Way::Case, ""), [case]);
    let lattice = places::lattice(&mut tx).await?;
    if door.actor().can(Role::Administrator, Place::Facility(row.facility), &lattice) {
        let zone = sites.zone(row.facility);
        view.access = Some(access::of_case(&mut tx, case, &zone).await?);
    }
    let title = format!("{}: {}", view.line.mrn, view.line.risk);
    door.incident_page(tx, incident, &title, view, frontend::pages::cases::case, mistakes).await
}

async fn act(
    door: Door,
    (incident, case): (String, String),
    which: Which,
    input: Input<ChangeCase>,
) -> Result<Response, Problem> {
    let (incident, case) = (incident_id(&incident)?, case_id(&case)?);
    let ran =
        door.run(&input, move |app, by, form| change::change(app, by, incident, case, which, form)).await;
    let form = input.form;
    match ran {
        Ok(changed) => Ok(door.done(&format!("/incidents/{incident}/cases/{case}"), &changed)),
        // The page shows what it is now, with what was typed still in the form (rule 16).
        Err(Failure::Conflict { theirs, .. }) if !door.wants_json() => {
            let sentence = format!(
                "Somebody else changed this case first. It is now as shown here ({}). What you typed is still in \
                 the form; send it again if it still holds.",
                theirs["state"].as_str().unwrap_or_default().replace('_', " ")
            );
            let refusal = Some(domain::Refusal::new("conflict", sentence));
            let mistakes = Mistakes { refusal, ..Mistakes::default() };
            let mut response = case_page(&door, incident, case, (form, show::code(which)), mistakes).await?;
            *response.status_mut() = StatusCode::CONFLICT;
            Ok(response)
        }
        Err(failure) => {
            door.again(failure, &input.typed, async |mistakes| {
                case_page(&door, incident, case, (form, show::code(which)), mistakes).await
            })
            .await
        }
    }
}

macro_rules! acts {
    ($($name:ident => $which:ident),+ $(,)?) => {$(
        async fn $name(door: Door, Path(ids): Ids, input: Input<ChangeCase>) -> Result<Response, Problem> {
            act(door, ids, Which::$which, input).await
        }
    )+};
}

acts! {
    take => Take,
    contact => Contact,
    rebook => Rebook,
    seen => Seen,
    keep => Keep,
    cancel => Cancel,
    end => End,
    note => Note,
}

async fn show_end_of_day(
    door: Door,
    Path(incident): Path<String>,
    Query(form): Query<EndOfDay>,
) -> Result<Response, Problem> {
    end_of_day_page(&door, incident_id(&incident)?, form, Mistakes::default()).await
}

async fn end_of_day_page(
    door: &Door,
    incident: IncidentId,
    mut form: EndOfDay,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.app.db.read().await?;
    let allowed = change::allowed(&mut tx, door.actor()).await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let facilities = places::facilities(&mut tx).await?;
    let services = end_of_day::services(&mut tx, incident).await?;
    if form.day.is_blank() {
        form.day = zone.civil_date(door.app.clock.now()).to_string().into();
    }
    let site = |each: places::Facility| Alternative { value: each.id.to_string(), words: each.short_name };
    let all = Alternative { value: String::new(), words: "All services".into() };
    let service = |service: String| Alternative { value: service.clone(), words: service };
    let view = EndOfDayView {
        incident,
        sites: facilities.into_iter().filter(|each| allowed.contains(&each.id)).map(site).collect(),
        services: std::iter::once(all).chain(services.into_iter().map(service)).collect(),
        form,
        request_id: door.request_id(),
    };
    door.incident_page(tx, incident, "End of day", view, frontend::pages::cases::end_of_day, mistakes).await
}

async fn send_end_of_day(
    door: Door,
    Path(incident): Path<String>,
    input: Input<EndOfDay>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    match door.run(&input, move |app, by, form| end_of_day::end_day(app, by, incident, form)).await {
        Ok(ended) => Ok(door.done(&format!("/incidents/{incident}/cases?show=kept"), &ended)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| {
                end_of_day_page(&door, incident, form, mistakes).await
            })
            .await
        }
    }
}
