//! What the pages of schedules say, read in one snapshot.

use domain::{
    cases::forms::ImportColumns,
    id::{AccountId, RequestId, StandingId},
    schedule::FIELDS,
    schedules::{self as rules, Origin, State},
    table::{Reject, Table},
    time::{Timestamp, Zone},
    triage::Scheme,
    view::{
        cases::FieldColumn,
        schedules::{RefusedFile, SchedulesView, StandingLine, StandingView},
    },
};

use super::{
    desk::Health,
    files, keep, may_plan, open,
    store::{self, Standing},
    tend,
};
use crate::{
    accounts::store as accounts,
    app::App,
    cases::import,
    demo,
    failure::Failure,
    feeds::show as feeds,
    store::{Error, Tx, journal::PROGRAM},
    web::door::Door,
};

/// Refused rows on the page; the file has all.
const MOST_REJECTS: usize = 50;

/// Schedules on the page.
const MOST: usize = 100;

/// What a line needs besides its row.
struct Reading<'a> {
    zone: &'a Zone,
    now: Timestamp,
    held: &'a std::collections::BTreeSet<StandingId>,
}

async fn line(
    app: &App,
    tx: &mut Tx,
    standing: &Standing,
    reading: &Reading<'_>,
) -> Result<StandingLine, Error> {
    let Reading { zone, now, held } = reading;
    let age_minutes = now.minutes_since(standing.as_of);
    let held = held.contains(&standing.id);
    let kept_until = if held && standing.kept_until <= *now {
        "the downtime that it is offered to uses it or ends".into()
    } else {
        zone.full(standing.kept_until)
    };
    Ok(StandingLine {
        id: standing.id,
        file_name: standing.file_name.clone(),
        origin: standing.origin,
        source: source(app, tx, standing.origin, standing.account).await?,
        as_of: zone.full(standing.as_of),
        as_of_at: standing.as_of,
        as_of_from: standing.as_of_from,
        age: rules::age(age_minutes),
        age_minutes,
        state: standing.state,
        columns_from: standing.columns_from,
        figures: standing.figures,
        received: zone.full(standing.received_at),
        kept_until,
        held,
        sha256: hex::encode(standing.sha256),
    })
}

async fn source(app: &App, tx: &mut Tx, origin: Origin, account: AccountId) -> Result<String, Error> {
    let name = match account {
        PROGRAM => None,
        account if account.0 == app.installation => None,
        account => accounts::name(tx, account).await?,
    };
    Ok(match (origin, name) {
        (Origin::Folder, _) => "from the folder".into(),
        (Origin::Terminal, _) => "from the terminal".into(),
        (Origin::Upload, Some(name)) => format!("uploaded by {name}"),
        (Origin::Upload, None) => "uploaded".into(),
    })
}

/// What is here.
///
/// # Errors
/// When the database does not answer.
pub async fn list(door: &Door, tx: &mut Tx, typed: String) -> Result<SchedulesView, Failure> {
    let (app, now) = (&door.app, door.app.clock.now());
    let zone = accounts::installation(tx).await?.zone();
    let all = store::all(tx).await?;
    let held = tend::held(tx, &all).await?;
    let reading = Reading { zone: &zone, now, held: &held };
    let mut schedules = Vec::new();
    for standing in all.iter().take(MOST) {
        schedules.push(line(app, tx, standing, &reading).await?);
    }
    let newest = all.iter().find(|each| each.state == State::Ready);
    let waiting = all.iter().filter(|each| each.state == State::NeedsColumns).count();
    let health = health(app, tx).await?;
    let refused = files::refused(tx, now.plus_minutes(-tend::keep_minutes(app))).await?;
    let refused = refused.into_iter().map(|(file_name, at, sentence)| RefusedFile {
        file_name,
        at: zone.full(at),
        sentence,
    });
    let is_demo = demo::is_loaded(app, tx).await?;
    Ok(SchedulesView {
        title: title(newest, now, &zone),
        warning: warning(app, health, now),
        newest_age_minutes: newest.map(|newest| now.minutes_since(newest.as_of)),
        stale: newest.is_some_and(|newest| rules::is_stale(newest.as_of, now)),
        waiting: i64::try_from(waiting).unwrap_or(i64::MAX),
        feeds: feeds::lines(tx, &zone).await?,
        schedules,
        folders: app.schedules.lines(&app.config.schedule_folder, &zone),
        refused: refused.collect(),
        keep_days: i64::from(app.config.schedule_keep_days),
        may_plan: may_plan(door.actor()),
        as_of: typed,
        demo: if is_demo { demo::web::SCHEDULE.to_owned() } else { String::new() },
        request_id: door.request_id(),
    })
}

fn title(newest: Option<&Standing>, now: Timestamp, zone: &Zone) -> String {
    let Some(newest) = newest else { return "No schedule is here for the next downtime".into() };
    let age = rules::age(now.minutes_since(newest.as_of));
    format!("The newest schedule is {age} old, as of {}", zone.moment(newest.as_of))
}

/// How schedules stand, for page and monitors.
pub(super) async fn health(app: &App, tx: &mut Tx) -> Result<Health, Error> {
    let all = store::all(tx).await?;
    let newest = all.iter().find(|each| each.state == State::Ready);
    let since = newest.map_or(Timestamp(0), |newest| newest.as_of);
    let waits = all.iter().any(|each| each.state == State::NeedsColumns && each.as_of > since);
    let came = newest.map_or(Timestamp(0), |newest| newest.received_at);
    let of_late = app.clock.now().plus_minutes(-tend::keep_minutes(app));
    let refused = !files::refused(tx, came.max(of_late)).await?.is_empty();
    Ok(Health { newest: newest.map(|newest| newest.as_of), waits, refused })
}

/// What somebody has to see to; empty when nothing.
pub(super) fn warning(app: &App, health: Health, now: Timestamp) -> String {
    let expected = !app.config.schedule_folder.is_empty();
    let mut sentences = Vec::new();
    match health.newest {
        Some(newest) if rules::is_stale(newest, now) => sentences.push(format!(
            "No schedule of the last {} hours is here: look whether the export still runs.",
            rules::STALE_MINUTES / 60
        )),
        None if expected => sentences.push("The folder has brought no schedule that can be used.".into()),
        _ => {}
    }
    if health.waits {
        sentences.push("A newer schedule waits until somebody says which column holds what.".into());
    }
    if health.refused {
        sentences.push("A file that came since cannot be used.".into());
    }
    if app.schedules.is_in_trouble() {
        sentences.push("A folder, or a file in it, cannot be read.".into());
    }
    sentences.join(" ")
}

/// One schedule, read with its columns at this moment.
///
/// # Errors
/// When it is gone, or cannot be read with this server's key.
pub async fn one(door: &Door, id: StandingId, typed: Option<ImportColumns>) -> Result<StandingView, Failure> {
    let (mut standing, table) = open::table(&door.app, id).await?;
    let mut tx = door.app.db.read().await?;
    let sites = import::sites(&mut tx).await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let all = store::all(&mut tx).await?;
    let held = tend::held(&mut tx, &all).await?;
    let may_plan = may_plan(door.actor());
    let about = About::of(&table, may_plan);
    let scheme = Scheme::from_code(&standing.columns.scheme);
    let schedule = import::read_rows(table, standing.columns.mapping.clone(), sites, scheme).await?;
    standing.figures = schedule.figures();
    let mut rejects = if standing.state == State::Ready { schedule.rejects } else { Vec::new() };
    rejects.truncate(MOST_REJECTS);
    let reading = Reading { zone: &zone, now: door.app.clock.now(), held: &held };
    let line = line(&door.app, &mut tx, &standing, &reading).await?;
    Ok(view((line, &standing), about, rejects, (typed, may_plan, door.request_id())))
}

/// What the page says of the file itself.
struct About {
    encoding: String,
    delimiter: String,
    header: Vec<String>,
    sample: Vec<String>,
}

impl About {
    fn of(table: &Table, may_plan: bool) -> Self {
        // The first row is a patient; who chooses no columns need not see one, nor a header that may be one.
        let shown = |row: &[String]| if may_plan { row.to_vec() } else { Vec::new() };
        Self {
            encoding: table.encoding.to_owned(),
            delimiter: if table.delimiter == '\t' { "tab".into() } else { table.delimiter.to_string() },
            header: shown(&table.header),
            sample: table.rows.first().map(|row| shown(&row.cells)).unwrap_or_default(),
        }
    }
}

fn view(
    (line, standing): (StandingLine, &Standing),
    about: About,
    rejects: Vec<Reject>,
    (typed, may_plan, request_id): (Option<ImportColumns>, bool, RequestId),
) -> StandingView {
    let mapping = &standing.columns.mapping;
    let fields = FIELDS.iter().map(|field| FieldColumn {
        key: field.key.to_owned(),
        label: field.label.to_owned(),
        required: field.required,
        column: mapping.0.get(field.key).copied(),
    });
    let columns = mapping.0.iter().map(|(key, column)| format!("{key}:{column}").into());
    let form = ImportColumns { columns: columns.collect(), scheme: standing.columns.scheme.clone().into() };
    StandingView {
        line,
        encoding: about.encoding,
        delimiter: about.delimiter,
        header: about.header,
        sample: about.sample,
        fields: fields.collect(),
        missing: keep::missing(mapping),
        form: typed.unwrap_or(form),
        rejects,
        may_plan,
        request_id,
    }
}

/// Every row that was refused.
///
/// # Errors
/// When the schedule is gone, or cannot be read with this server's key.
pub async fn rejects(app: &App, id: StandingId) -> Result<Vec<Reject>, Failure> {
    let (standing, table) = open::table(app, id).await?;
    let mut tx = app.db.read().await?;
    let sites = import::sites(&mut tx).await?;
    drop(tx);
    let scheme = Scheme::from_code(&standing.columns.scheme);
    Ok(import::read_rows(table, standing.columns.mapping, sites, scheme).await?.rejects)
}
