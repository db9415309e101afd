//! The doors of the schedule: upload, preview with its columns, commit, and the file of refused rows.

use axum::{
    extract::{Multipart, Path},
    response::Response,
};
use domain::{
    actor::Role,
    cases::forms::ImportColumns,
    id::{IncidentId, RequestId, SnapshotId},
    schedule::FIELDS,
    schedules::UseSchedule,
    table,
    time::Zone,
    triage::Scheme,
    view::cases::{Committed, FieldColumn, ScheduleView, SnapshotView, Uploaded},
};

use super::{
    file::csv_file, import, import::Offered, show, snapshots, snapshots::Snapshot, standing, upload,
};
use crate::{
    accounts::store as accounts,
    demo,
    failure::Failure,
    imports::rejects,
    incidents::web::incident_id,
    store::requests::Request,
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

const IMPORTERS: Access = Access::Roles(&[Role::CaseManager, Role::Commander]);

/// The routes of the schedule.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<ScheduleView, _>(
            "/incidents/{incident}/schedule",
            IMPORTERS,
            "Imported schedules",
            show_schedules,
        )
        .upload::<Uploaded, _>(
            "/incidents/{incident}/schedule",
            IMPORTERS,
            "Upload a schedule (CSV) for a preview",
            table::Limits::IMPORT.bytes + 64 * 1024,
            send_schedule,
        )
        .command::<UseSchedule, Committed, _>(
            "/incidents/{incident}/schedule/use",
            IMPORTERS,
            "Use a schedule that was here before the incident",
            send_use,
        )
        .page::<SnapshotView, _>(
            "/incidents/{incident}/schedule/{snapshot}",
            IMPORTERS,
            "A schedule before it is imported",
            show_snapshot,
        )
        .command::<ImportColumns, Uploaded, _>(
            "/incidents/{incident}/schedule/{snapshot}/columns",
            IMPORTERS,
            "Choose which column holds what",
            send_columns,
        )
        .command::<ImportColumns, Committed, _>(
            "/incidents/{incident}/schedule/{snapshot}/commit",
            IMPORTERS,
            "Import the schedule",
            send_commit,
        )
        .file(
            "/incidents/{incident}/schedule/{snapshot}/rejects.csv",
            IMPORTERS,
            "text/csv",
            "The refused rows with their reasons",
            rejects,
        )
}

async fn show_schedules(door: Door, Path(incident): Path<String>) -> Result<Response, Problem> {
    schedules_page(&door, incident_id(&incident)?, String::new(), Mistakes::default()).await
}

async fn schedules_page(
    door: &Door,
    incident: IncidentId,
    typed: String,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.app.db.read().await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let files = snapshots::all(&mut tx, incident).await?;
    let view = ScheduleView {
        offer: standing::offer(&mut tx, incident, &zone).await?,
        offer_id: [door.request_id(), door.request_id(), door.request_id()],
        incident,
        snapshots: files.iter().map(|file| show::snapshot(file, &zone)).collect(),
        as_of: typed,
        demo: if demo::is_loaded(&door.app, &mut tx).await? {
            demo::web::SCHEDULE.to_owned()
        } else {
            String::new()
        },
        request_id: door.request_id(),
    };
    let title = frontend::pages::schedule::title(&view);
    door.incident_page(tx, incident, &title, view, frontend::pages::schedule::files, mistakes).await
}

async fn send_schedule(
    door: Door,
    Path(incident): Path<String>,
    multipart: Multipart,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let id: SnapshotId = door.app.clock.id();
    let path = import::path(&door.app, id);
    let received = upload::receive(multipart, &path).await?;
    let as_of = received.text("as_of").trim().to_owned();
    let typed: Vec<(String, String)> = received.fields.clone().into_iter().collect();
    let ran = match received.file.clone() {
        None => {
            let sentence = "Choose the file with the schedule.";
            Err(Failure::Fields(domain::field::FieldErrors::one("file", sentence)))
        }
        Some((file_name, sha256)) => {
            let offered = Offered { id, file_name, sha256, as_of: as_of.clone() };
            let body_hash = sha256;
            let request = Request { id: named(&door, received.text("request_id")), body_hash };
            let input = Input { form: offered, request, typed: typed.clone() };
            door.run(&input, move |app, by, offered| import::offer(app, by, incident, offered)).await
        }
    };
    match ran {
        Ok(uploaded) => {
            Ok(door.done(&format!("/incidents/{incident}/schedule/{}", uploaded.snapshot), &uploaded))
        }
        Err(failure) => {
            door.again(failure, &typed, async |mistakes| {
                schedules_page(&door, incident, as_of, mistakes).await
            })
            .await
        }
    }
}

async fn send_use(
    door: Door,
    Path(incident): Path<String>,
    input: Input<UseSchedule>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    match door.run(&input, move |app, by, form| standing::take(app, by, incident, form)).await {
        Ok(used) => Ok(door.done(&format!("/incidents/{incident}/schedule/{}", used.snapshot), &used)),
        Err(failure) => {
            door.again(failure, &input.typed, async |mistakes| {
                schedules_page(&door, incident, String::new(), mistakes).await
            })
            .await
        }
    }
}

fn named(door: &Door, given: &str) -> RequestId {
    given.parse().unwrap_or_else(|_| door.request_id())
}

type Ids = Path<(String, String)>;

fn snapshot_id(text: &str) -> Result<SnapshotId, Problem> {
    text.parse().map_err(|_| Problem::not_found("schedule"))
}

async fn show_snapshot(door: Door, Path((incident, id)): Ids) -> Result<Response, Problem> {
    snapshot_page(&door, incident_id(&incident)?, snapshot_id(&id)?, None, Mistakes::default()).await
}

/// Refused rows on the page; the file has all.
const MOST_REJECTS: usize = 50;

async fn snapshot_page(
    door: &Door,
    incident: IncidentId,
    id: SnapshotId,
    typed: Option<ImportColumns>,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.app.db.read().await?;
    let snapshot =
        snapshots::find(&mut tx, incident, id).await?.ok_or_else(|| Problem::not_found("schedule"))?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let sites = import::sites(&mut tx).await?;
    let kept = rejects::of_file(&mut tx, id).await?;
    drop(tx);
    let mut view = snapshot_view(incident, &snapshot, &zone, door.request_id());
    if snapshot.state == "committed" || snapshot.feed.is_some() {
        view.rejects = kept;
    } else {
        let table = import::table(&door.app, &snapshot).await?;
        view.encoding = table.encoding.to_owned();
        view.delimiter = if table.delimiter == '\t' { "tab".into() } else { table.delimiter.to_string() };
        view.header.clone_from(&table.header);
        view.sample = table.rows.first().map(|row| row.cells.clone()).unwrap_or_default();
        let scheme = Scheme::from_code(&snapshot.scheme);
        view.rejects = import::read_rows(table, snapshot.mapping.clone(), sites, scheme).await?.rejects;
    }
    view.rejects.truncate(MOST_REJECTS);
    if let Some(typed) = typed {
        view.form = typed;
    }
    let title = frontend::pages::schedule::snapshot_title(&view);
    let tx = door.read().await?;
    door.incident_page(tx, incident, &title, view, frontend::pages::schedule::preview, mistakes).await
}

fn snapshot_view(
    incident: IncidentId,
    snapshot: &Snapshot,
    zone: &Zone,
    request_id: RequestId,
) -> SnapshotView {
    let column = |key: &str| snapshot.mapping.0.get(key).copied();
    let fields = FIELDS.iter().map(|field| FieldColumn {
        key: field.key.to_owned(),
        label: field.label.to_owned(),
        required: field.required,
        column: column(field.key),
    });
    // A feed's messages say themselves what they hold.
    let missing = if snapshot.feed.is_some() { Vec::new() } else { snapshot.mapping.missing(&FIELDS) };
    let columns = snapshot.mapping.0.iter().map(|(key, column)| format!("{key}:{column}").into());
    SnapshotView {
        incident,
        snapshot: show::snapshot(snapshot, zone),
        encoding: String::new(),
        delimiter: String::new(),
        header: Vec::new(),
        sample: Vec::new(),
        fields: fields.collect(),
        missing: missing.iter().map(|field| field.label.to_owned()).collect(),
        form: ImportColumns { columns: columns.collect(), scheme: snapshot.scheme.clone().into() },
        rejects: Vec::new(),
        request_id,
    }
}

async fn send_columns(
    door: Door,
    Path((incident, id)): Ids,
    input: Input<ImportColumns>,
) -> Result<Response, Problem> {
    let (incident, id) = (incident_id(&incident)?, snapshot_id(&id)?);
    match door.run(&input, move |app, _, form| import::set_columns(app, incident, id, form)).await {
        Ok(uploaded) => Ok(door.done(&format!("/incidents/{incident}/schedule/{id}"), &uploaded)),
        Err(failure) => {
            let form = Some(input.form);
            door.again(failure, &input.typed, async |mistakes| {
                snapshot_page(&door, incident, id, form, mistakes).await
            })
            .await
        }
    }
}

async fn send_commit(
    door: Door,
    Path((incident, id)): Ids,
    input: Input<ImportColumns>,
) -> Result<Response, Problem> {
    let (incident, id) = (incident_id(&incident)?, snapshot_id(&id)?);
    match door.run(&input, move |app, by, _| import::commit(app, by, incident, id)).await {
        Ok(committed) => Ok(door.done(&format!("/incidents/{incident}/schedule/{id}"), &committed)),
        Err(failure) => {
            door.again(failure, &input.typed, async |mistakes| {
                snapshot_page(&door, incident, id, None, mistakes).await
            })
            .await
        }
    }
}

async fn rejects(door: Door, Path((incident, id)): Ids) -> Result<Response, Problem> {
    let (incident, id) = (incident_id(&incident)?, snapshot_id(&id)?);
    let mut tx = door.app.db.read().await?;
    let snapshot =
        snapshots::find(&mut tx, incident, id).await?.ok_or_else(|| Problem::not_found("schedule"))?;
    let kept = rejects::of_file(&mut tx, id).await?;
    let sites = import::sites(&mut tx).await?;
    drop(tx);
    if snapshot.state == "committed" || snapshot.feed.is_some() {
        return Ok(csv_file("refused-rows.csv", table::rejects_csv(&kept)));
    }
    let scheme = Scheme::from_code(&snapshot.scheme);
    let table = import::table(&door.app, &snapshot).await?;
    let schedule = import::read_rows(table, snapshot.mapping, sites, scheme).await?;
    Ok(csv_file("refused-rows.csv", table::rejects_csv(&schedule.rejects)))
}
