//! Call sheets: the next patients to call, on paper under a number, and what stands there typed back in.

use axum::{extract::Path, response::Response};
use domain::{
    Refusal,
    cases::sheets::{MakeSheet, TypeBack},
    id::{CaseId, FacilityId, IncidentId},
    time::{Timestamp, Zone},
    view::{
        cases::CaseChanged,
        sheets::{SheetLine, SheetMade, SheetRow, SheetView, SheetsView},
    },
};
use serde::Serialize;
use serde_json::json;
use sqlx::types::Uuid;

use super::{
    access::{self, Way},
    change,
    list::ids,
    reach::Reach,
    search, show,
    store::{CaseRow, Kept, case_columns},
    web::READERS,
};
use crate::{
    accounts::store as accounts,
    app::App,
    begin, execute,
    failure::Failure,
    fetch_all, fetch_one, fetch_optional,
    incidents::web::incident_id,
    places::store as places,
    store::{
        Error, Rows, Sql, Tx,
        journal::{By, Chain, Say},
        seal::Seal,
    },
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::Routes,
    },
};

/// The routes of call sheets.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .page::<SheetsView, _>("/incidents/{incident}/sheets", READERS, "Call sheets", list)
        .command::<MakeSheet, SheetMade, _>(
            "/incidents/{incident}/sheets",
            READERS,
            "Make a sheet of the next patients to call",
            send,
        )
        .page::<SheetView, _>("/incidents/{incident}/sheets/{sheet}", READERS, "One call sheet", show_sheet)
        .command::<TypeBack, CaseChanged, _>(
            "/incidents/{incident}/sheets/{sheet}/lines",
            READERS,
            "Type in a try that stands on a call sheet",
            type_back,
        )
}

/// A patient stays on one sheet for so many minutes, unless something is typed in.
const HELD: i64 = 24 * 60;

macro_rules! next {
    ($facilities:literal) => {
        concat!(
            case_columns!(),
            "
    WHERE patient_case.incident = $1 AND visible = TRUE AND risk_rank < 9
        AND facility IN (",
            $facilities,
            ")
        AND ($3 = '' OR service = $3)
        AND (locked_until IS NULL OR locked_until <= $4)
        AND (next_try_at IS NULL OR next_try_at <= $4)
        AND NOT EXISTS (
            SELECT 1
            FROM call_sheet_line
            JOIN call_sheet ON call_sheet.id = call_sheet_line.sheet
            WHERE call_sheet_line.case_id = patient_case.id AND typed = 0 AND made_at > $5
        )
    ORDER BY risk_rank, risk_at, patient_case.id
    LIMIT $6"
        )
    };
}

const NEXT: Sql = Sql {
    sqlite: next!("SELECT unhex(value) FROM json_each($2)"),
    postgres: next!("SELECT value::uuid FROM json_array_elements_text($2::json)"),
};

const NUMBER: &str = "
    SELECT COALESCE(MAX(number), 0) + 1
    FROM call_sheet
    WHERE incident = $1";

const INSERT: &str = "
    INSERT INTO call_sheet (id, incident, number, about, account, made_at)
    VALUES ($1, $2, $3, $4, $5, $6)";

const INSERT_LINES: Sql = Sql {
    sqlite: "
    INSERT INTO call_sheet_line (sheet, line, case_id, typed)
    SELECT $1, value ->> 'line', unhex(value ->> 'case_id'), 0
    FROM json_each($2)",
    postgres: "
    INSERT INTO call_sheet_line (sheet, line, case_id, typed)
    SELECT $1, line, case_id::uuid, 0
    FROM json_to_recordset($2::json) AS row (line BIGINT, case_id TEXT)",
};

/// A line, as it travels to the database.
#[derive(Serialize)]
struct NewLine {
    line: i64,
    case_id: String,
}

/// Makes a sheet of the patients at the highest risk whom nobody calls and who stand on no other sheet.
async fn make(app: App, by: By, incident: IncidentId, form: MakeSheet) -> Result<SheetMade, Failure> {
    let patients = form.patients()?;
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    change::refuse_when_closed(&mut decision.tx, incident).await?;
    let mut allowed = change::allowed(&mut decision.tx, &by.actor).await?;
    let site: Option<FacilityId> = form.site.trimmed().parse().ok();
    if !form.site.is_blank() {
        allowed.retain(|facility| Some(*facility) == site);
        if allowed.is_empty() {
            return Err(Failure::Forbidden("You may work on the cases of your own sites.".into()));
        }
    }
    let (service, now) = (form.service.trimmed(), decision.at);
    let (facilities, since) = (ids(&allowed), now.plus_minutes(-HELD).0);
    let text = facilities.text();
    let rows = fetch_all!(decision.tx, Kept, NEXT, incident.0, text, service, now.0, since, patients)?;
    let rows: Vec<CaseRow> = rows.into_iter().map(CaseRow::try_from).collect::<Result<_, _>>()?;
    if rows.is_empty() {
        let says = "Nobody is left to call: all are told, being called, or on a sheet already.";
        return Err(Refusal::new("nobody-left", says).into());
    }
    let (number,) = fetch_one!(decision.tx, (i64,), NUMBER, incident.0)?;
    let id: Uuid = app.clock.id();
    let about = about(&mut decision.tx, site, service).await?;
    execute!(decision.tx, INSERT, id, incident.0, number, &about, decision.account.0, now.0)?;
    let lines = (1..).zip(&rows).map(|(line, row)| NewLine { line, case_id: row.id.0.simple().to_string() });
    execute!(decision.tx, INSERT_LINES, id, Rows::of(&lines.collect::<Vec<_>>()).text())?;
    let patients = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let data = json!({ "number": number, "facility": site, "cases": patients });
    let say = Say { kind: "cases.sheet_made", data, texts: &[("service", service)], ..Say::default() };
    let seq = decision.append(&app, say).await?;
    let outcome = SheetMade { number, patients, seq };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

async fn about(tx: &mut Tx, site: Option<FacilityId>, service: &str) -> Result<String, Error> {
    let facilities = places::facilities(tx).await?;
    let site = facilities.into_iter().find(|each| Some(each.id) == site).map(|each| each.short_name);
    let site = site.unwrap_or_else(|| "All sites".into());
    Ok(if service.is_empty() { site } else { format!("{site}, {service}") })
}

const FIND: &str = "
    SELECT call_sheet.id, call_sheet_line.case_id
    FROM call_sheet
    JOIN call_sheet_line ON call_sheet_line.sheet = call_sheet.id
    WHERE call_sheet.incident = $1 AND call_sheet.number = $2 AND call_sheet_line.line = $3";

const TYPED: &str = "
    UPDATE call_sheet_line
    SET typed = typed + 1
    WHERE sheet = $1 AND line = $2";

/// Types one try in.
async fn type_in(
    app: App,
    by: By,
    (incident, number): (IncidentId, i64),
    form: TypeBack,
) -> Result<CaseChanged, Failure> {
    let typed = form.read()?;
    let line = typed.line;
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let found = fetch_optional!(decision.tx, (Uuid, Uuid), FIND, incident.0, number, line)?;
    let unknown = || domain::field::FieldErrors::one("line", "This sheet has no such line.");
    let (sheet, case) = found.ok_or_else(unknown)?;
    let outcome = change::typed_back(&app, &mut decision, &by, (incident, CaseId(case)), typed).await?;
    execute!(decision.tx, TYPED, sheet, line)?;
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

type Row = (Uuid, i64, String, String, i64, i64, i64);

macro_rules! sheets {
    ($rest:literal) => {
        concat!(
            "
    SELECT call_sheet.id, number, about, COALESCE(account.name, ''), made_at,
        (SELECT COUNT(*) FROM call_sheet_line WHERE sheet = call_sheet.id),
        (SELECT COUNT(*) FROM call_sheet_line WHERE sheet = call_sheet.id AND typed > 0)
    FROM call_sheet
    LEFT JOIN account ON account.id = call_sheet.account
    WHERE incident = $1",
            $rest
        )
    };
}

const ALL: &str = sheets!(
    "
    ORDER BY number DESC
    LIMIT 200"
);
const ONE: &str = sheets!(" AND number = $2");

fn line((_, number, about, by, made_at, patients, typed): Row, zone: &Zone) -> SheetLine {
    SheetLine { number, about, made: zone.full(Timestamp(made_at)), by, patients, typed }
}

async fn list(door: Door, Path(incident): Path<String>) -> Result<Response, Problem> {
    let form = MakeSheet { patients: "20".into(), ..MakeSheet::default() };
    list_page(&door, incident_id(&incident)?, form, Mistakes::default()).await
}

async fn list_page(
    door: &Door,
    incident: IncidentId,
    form: MakeSheet,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let reach = Reach::of(door, &mut tx).await?;
    let sheets = fetch_all!(&mut tx, Row, ALL, incident.0)?;
    let view = SheetsView {
        incident,
        form,
        sites: show::Sites::among(&reach.facilities, &reach.allowed).alternatives(),
        sheets: sheets.into_iter().map(|row| line(row, &zone)).collect(),
        request_id: door.request_id(),
    };
    door.incident_page(tx, incident, "Call sheets", view, frontend::pages::cases::sheets, mistakes).await
}

async fn send(
    door: Door,
    Path(incident): Path<String>,
    input: Input<MakeSheet>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    match door.run(&input, move |app, by, form| make(app, by, incident, form)).await {
        Ok(made) => Ok(door.done(&format!("/incidents/{incident}/sheets/{}", made.number), &made)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| {
                list_page(&door, incident, form, mistakes).await
            })
            .await
        }
    }
}

fn number(text: &str) -> Result<i64, Problem> {
    text.parse().map_err(|_| Problem::not_found("call sheet"))
}

async fn show_sheet(
    door: Door,
    Path((incident, sheet)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (incident, number) = (incident_id(&incident)?, number(&sheet)?);
    sheet_page(&door, incident, number, TypeBack::default(), Mistakes::default()).await
}

const LINES: &str = "
    SELECT line, case_id, typed
    FROM call_sheet_line
    WHERE sheet = $1
    ORDER BY line";

async fn sheet_page(
    door: &Door,
    incident: IncidentId,
    number: i64,
    form: TypeBack,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.read().await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let reach = Reach::of(door, &mut tx).await?;
    let found = fetch_optional!(&mut tx, Row, ONE, incident.0, number)?;
    let found = found.ok_or_else(|| Problem::not_found("call sheet"))?;
    let lines = fetch_all!(&mut tx, (i64, Uuid, i64), LINES, found.0)?;
    let cases: Vec<Uuid> = lines.iter().map(|(_, case, _)| *case).collect();
    let rows = search::rows(&mut tx, incident, &cases).await?;
    let seal = Seal::open(&door.app, &mut tx).await?;
    let sites = show::Sites::among(&reach.facilities, &reach.allowed);
    let mut shown = Vec::with_capacity(lines.len());
    for (line, case, typed) in lines {
        let row = rows.iter().find(|row| row.id.0 == case && reach.allowed.contains(&row.facility));
        if let Some(row) = row {
            shown.push((row.id, sheet_row(line, row, typed, (&seal, &sites.zone(row.facility)))?));
        }
    }
    if shown.is_empty() {
        return Err(Problem::forbidden("You may see the patients of your own sites."));
    }
    access::seen(door, incident, (Way::Sheet, &number.to_string()), shown.iter().map(|(case, _)| *case));
    let view = SheetView {
        incident,
        sheet: line(found, &zone),
        rows: shown.into_iter().map(|(_, row)| row).collect(),
        form,
        request_id: door.request_id(),
    };
    let title = format!("Call sheet {number}");
    door.incident_page(tx, incident, &title, view, frontend::pages::cases::sheet, mistakes).await
}

fn sheet_row(line: i64, row: &CaseRow, typed: i64, (seal, zone): (&Seal, &Zone)) -> Result<SheetRow, Error> {
    let patient = row.unseal(seal)?;
    let at = row.case.start;
    Ok(SheetRow {
        line,
        name: patient.name,
        mrn: patient.mrn,
        phone: patient.phone,
        language: patient.language,
        booked: format!("{}, {}", zone.date(at), zone.clock(at)),
        service: row.service.clone(),
        safe_by: row.case.safe_by.map(|day| day.strftime("%-d %b %Y").to_string()).unwrap_or_default(),
        standing: show::standing(row, zone),
        typed,
    })
}

async fn type_back(
    door: Door,
    Path((incident, sheet)): Path<(String, String)>,
    input: Input<TypeBack>,
) -> Result<Response, Problem> {
    let (incident, number) = (incident_id(&incident)?, number(&sheet)?);
    match door.run(&input, move |app, by, form| type_in(app, by, (incident, number), form)).await {
        Ok(changed) => Ok(door.done(&format!("/incidents/{incident}/sheets/{number}"), &changed)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| {
                sheet_page(&door, incident, number, form, mistakes).await
            })
            .await
        }
    }
}
