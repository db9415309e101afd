//! Who has seen which patients. Each view is a fact in the incident's chain of facts, or in the installation's chain
//! once the incident has ended: who, when, how, and which case or how many, never a name.
//!
//! Reading never waits for it. What cannot be noted now, as on a full disk, is tried again for a while, and the
//! server's log says so.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{Path, Query},
    response::Response,
};
use domain::{
    id::{AccountId, CaseId, IncidentId},
    table,
    time::{Timestamp, Zone},
    view::cases::{AccessLine, AccessView, CaseFilter},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::types::Uuid;

use super::{file::csv_file, list};
use crate::{
    accounts::store as accounts,
    app::App,
    failure::Failure,
    fetch_all, fetch_optional,
    incidents::{store as incidents, web::incident_id},
    later,
    store::{
        Error, Tx,
        facts::{Apply, Noted},
        journal::{self, Chain, Say},
    },
    web::{
        door::{Door, Mistakes},
        problem::Problem,
        routes::{Access, Routes},
    },
};

/// How patients were seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Case,
    List,
    Search,
    File,
    Door,
    DoorList,
    Sheet,
}

impl Way {
    const ALL: [Self; 7] =
        [Self::Case, Self::List, Self::Search, Self::File, Self::Door, Self::DoorList, Self::Sheet];

    const fn code(self) -> &'static str {
        match self {
            Self::Case => "case",
            Self::List => "list",
            Self::Search => "search",
            Self::File => "file",
            Self::Door => "door",
            Self::DoorList => "door_list",
            Self::Sheet => "sheet",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Case => "Opened the case",
            Self::List => "Looked at a list",
            Self::Search => "Searched",
            Self::File => "Took a file",
            Self::Door => "Asked at the door",
            Self::DoorList => "Opened the door list",
            Self::Sheet => "Opened a call sheet",
        }
    }

    /// Whether the same page by the same person within [`SAME_LOOK`] is the same look: pages are drawn again by
    /// themselves.
    const fn repeats(self) -> bool {
        matches!(self, Self::Case | Self::List | Self::DoorList | Self::Sheet)
    }
}

/// Minutes within which a page that is drawn again is the same look.
const SAME_LOOK: i64 = 5;
/// So many cases are named in the chain; of more, their number.
const MOST_NAMED: usize = 10;
/// How long after a failure it is tried again.
const AGAIN: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
];

/// One look at patients.
#[derive(Clone)]
struct Look {
    incident: IncidentId,
    account: AccountId,
    way: Way,
    /// Which list, page or file.
    what: String,
    cases: Vec<CaseId>,
}

/// Which list a filter shows; who was looked for is not said.
pub(super) fn what(filter: &CaseFilter) -> String {
    let public = CaseFilter { mrn: String::new(), q: String::new(), born: String::new(), ..filter.clone() };
    let address = list::address(IncidentId(Uuid::nil()), "", &public);
    address.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default()
}

/// Notes that the caller sees these patients. The page does not wait.
pub(super) fn seen(
    door: &Door,
    incident: IncidentId,
    (way, what): (Way, &str),
    cases: impl IntoIterator<Item = CaseId>,
) {
    let cases: Vec<CaseId> = cases.into_iter().collect();
    if cases.is_empty() {
        return;
    }
    let look = Look { incident, account: door.actor().account, way, what: what.to_owned(), cases };
    let app = door.app.clone();
    door.app.spawn(async move {
        for wait in AGAIN.map(Some).into_iter().chain([None]) {
            let Err(failure) = note(&app, &look).await else { return };
            tracing::error!(%incident, "who saw patients could not be noted: {failure}");
            let Some(wait) = wait else { return };
            tokio::select! {
                () = app.stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    });
}

async fn note(app: &App, look: &Look) -> Result<(), Failure> {
    let id: Uuid = app.clock.id();
    let noted = look.clone();
    let apply: Apply = Box::new(move |tx, now| {
        let look = noted.clone();
        Box::pin(async move { look.write(tx, id, now).await.map(Ok) })
    });
    match app.facts.note_aside(look.incident, apply).await {
        Err(Failure::Refused(refusal)) if refusal.code == "ended" => after_the_end(app, look, id).await,
        other => other.map(|_| ()),
    }
}

/// The chains of an incident take nothing more once it has ended; the installation's does.
async fn after_the_end(app: &App, look: &Look, id: Uuid) -> Result<(), Failure> {
    let mut decision = journal::begin_unasked(app, look.account, Chain::Installation).await?;
    let noted = look.write(&mut decision.tx, id, decision.at).await?;
    if noted.data.is_null() {
        return Ok(());
    }
    let say = Say { kind: noted.kind, subject: noted.subject, data: noted.data, ..Say::default() };
    decision.append(app, say).await?;
    Ok(decision.commit(app, &()).await?)
}

const LAST: &str = "
    SELECT 1
    FROM case_access
    WHERE incident = $1 AND account = $2 AND at > $3 AND way = $4 AND what = $5
    LIMIT 1";

const INSERT: &str = "
    INSERT INTO case_access (id, incident, at, account, way, what, case_id, cases)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

impl Look {
    async fn write(&self, tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<Noted, Error> {
        let one = if let [one] = self.cases[..] { Some(one) } else { None };
        // The same case, or the same list.
        let what = match (self.way, one) {
            (Way::Case, Some(case)) => case.to_string(),
            _ => self.what.clone(),
        };
        let (incident, account, way) = (self.incident.0, self.account.0, self.way.code());
        let since = now.plus_minutes(-SAME_LOOK).0;
        if self.way.repeats()
            && fetch_optional!(tx, (i32,), LAST, incident, account, since, way, &what)?.is_some()
        {
            return Ok(Noted { kind: "", subject: String::new(), data: Value::Null, reply: Value::Null });
        }
        let cases = i64::try_from(self.cases.len()).unwrap_or(i64::MAX);
        let case = one.map(|case| case.0);
        later!(tx, INSERT, id, incident, now.0, account, way, &what, case, cases)?;
        let named = if self.cases.len() <= MOST_NAMED { &self.cases[..] } else { &[] };
        let data = json!({
            "by": self.account,
            "way": way,
            "what": what,
            "incident": self.incident,
            "seen": cases,
            "cases": named,
        });
        let subject =
            one.map_or_else(|| format!("incident:{}", self.incident), |case| format!("case:{case}"));
        Ok(Noted { kind: "patients.seen", subject, data, reply: Value::Null })
    }
}

/// The pages of it, for those who watch over patients' data.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .page::<AccessView, _>(
            "/incidents/{incident}/access",
            Access::ADMINISTRATORS,
            "Who has seen patients",
            show,
        )
        .file(
            "/incidents/{incident}/access.csv",
            Access::ADMINISTRATORS,
            "text/csv",
            "Who has seen patients, as a CSV file",
            file,
        )
}

type Row = (Uuid, i64, String, String, String, String, i64);

macro_rules! looks {
    ($which:literal) => {
        concat!(
            "
    SELECT case_access.id, at, COALESCE(account.name, ''), way, what, COALESCE(appointment, ''), cases
    FROM case_access
    LEFT JOIN account ON account.id = case_access.account
    LEFT JOIN patient_case ON patient_case.id = case_access.case_id
    WHERE ",
            $which,
            "
    ORDER BY at DESC, case_access.id DESC
    LIMIT $4"
        )
    };
}

const LOOKS: &str = looks!("case_access.incident = $1 AND (at, case_access.id) < ($2, $3)");
const OF_CASE: &str = looks!("case_access.case_id = $1 AND (at, case_access.id) < ($2, $3)");

/// Looks on a page.
const MOST: i64 = 100;
/// Looks that are read at once for a file.
const PIECE: i64 = 1_000;
const LATEST: (i64, Uuid) = (i64::MAX, Uuid::max());

fn line((_, at, by, way, what, appointment, cases): Row, zone: &Zone) -> AccessLine {
    let known = Way::ALL.into_iter().find(|each| each.code() == way);
    let what = if known == Some(Way::Case) { String::new() } else { what };
    let how = known.map_or(way, |way| way.words().to_owned());
    AccessLine { at: zone.full(Timestamp(at)), by, how, what, appointment, cases }
}

/// Who has seen one case lately.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn of_case(tx: &mut Tx, case: CaseId, zone: &Zone) -> Result<Vec<AccessLine>, Error> {
    let rows = fetch_all!(tx, Row, OF_CASE, case.0, LATEST.0, LATEST.1, MOST)?;
    Ok(rows.into_iter().map(|row| line(row, zone)).collect())
}

#[derive(Deserialize, Default)]
struct After {
    /// Where the page before ended.
    #[serde(default)]
    after: String,
}

impl After {
    fn key(&self) -> (i64, Uuid) {
        let read = || {
            let (at, id) = self.after.split_once('.')?;
            Some((at.parse().ok()?, id.parse().ok()?))
        };
        read().unwrap_or(LATEST)
    }
}

fn may_read(door: &Door) -> Result<(), Problem> {
    if door.actor().administers_everything() {
        return Ok(());
    }
    Err(Problem::forbidden("Only administrators of all sites may see who has seen patients."))
}

async fn show(
    door: Door,
    Path(incident): Path<String>,
    Query(after): Query<After>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    may_read(&door)?;
    let mut tx = door.read().await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let (at, id) = after.key();
    let mut rows = fetch_all!(&mut tx, Row, LOOKS, incident.0, at, id, MOST + 1)?;
    let more = i64::try_from(rows.len()).is_ok_and(|len| len > MOST);
    rows.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    let last = rows.last().filter(|_| more).map(|row| (row.1, row.0));
    let view = AccessView {
        incident,
        lines: rows.into_iter().map(|row| line(row, &zone)).collect(),
        next: last.map(|(at, id)| format!("/incidents/{incident}/access?after={at}.{id}")),
        csv: format!("/incidents/{incident}/access.csv"),
    };
    let title = "Who has seen patients";
    door.incident_page(tx, incident, title, view, frontend::pages::cases::access, Mistakes::default()).await
}

const HEADER: [&str; 6] = ["at", "by", "how", "what", "appointment", "cases"];

async fn file(door: Door, Path(incident): Path<String>) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    may_read(&door)?;
    let mut tx = door.read().await?;
    incidents::find(&mut tx, incident).await?.ok_or_else(|| Problem::not_found("incident"))?;
    let zone = accounts::installation(&mut tx).await?.zone();
    drop(tx);
    let app = door.app.clone();
    let begin = (Some(LATEST), true);
    let pieces = futures::stream::try_unfold(begin, move |(after, is_first)| {
        let (app, zone) = (app.clone(), zone.clone());
        async move {
            let Some((at, id)) = after else { return Ok::<_, Error>(None) };
            let mut tx = app.db.read().await?;
            let rows = fetch_all!(&mut tx, Row, LOOKS, incident.0, at, id, PIECE)?;
            let whole = i64::try_from(rows.len()).is_ok_and(|len| len == PIECE);
            let next = rows.last().filter(|_| whole).map(|row| (row.1, row.0));
            let lines = rows.into_iter().map(|row| cells(line(row, &zone)));
            Ok(Some((table::csv_piece(is_first, &HEADER, lines), (next, false))))
        }
    });
    Ok(csv_file("access.csv", Body::from_stream(pieces)))
}

/// In the order of [`HEADER`].
fn cells(line: AccessLine) -> Vec<String> {
    vec![line.at, line.by, line.how, line.what, line.appointment, line.cases.to_string()]
}
