//! Logs of the kit: critical results, specimens, runners, procedures, arrivals. A used sheet is typed in line by line
//! where the catalogue says so; a line about a patient lies sealed under that patient's key.

mod show;
pub mod store;
pub mod web;

use domain::{
    Refusal,
    ancillary::{Around, LogLine, LogTyped, Part, TypeLog, may_type},
    entry::ENTERERS,
    field::FieldErrors,
    forms::State,
    id::{FormId, IncidentId},
    playbooks::{FormType, Setting},
    time::{Timestamp, Zone},
};
use serde_json::json;
use sqlx::types::Uuid;

use crate::{
    app::App,
    begin, checks, entry,
    failure::Failure,
    forms::{
        self,
        store::{self as sheets, SheetRow},
    },
    incidents::store as incidents,
    places::store as places,
    playbooks::store as playbooks,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
        seal::{self, Seal},
    },
};
use store::{Kept, LineRow};

/// A sheet of a log with all that typing it in needs.
struct Sheet {
    row: SheetRow,
    form: FormType,
    zone: Zone,
    began: Timestamp,
    /// Why it is not typed in, when it is not.
    refusal: Option<Refusal>,
}

impl Sheet {
    async fn find(
        tx: &mut Tx,
        (incident, id): (IncidentId, FormId),
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let downtime = incidents::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
        let kit = playbooks::kit(tx, incident).await?;
        let row = sheets::by_ids(tx, incident, &[id]).await?.pop().ok_or(Failure::NotFound("form"))?;
        let form = kit.iter().find(|form| form.code == row.form_type).cloned();
        let form = form.ok_or_else(|| Error::Corrupt("a sheet's type is not in its kit".into()))?;
        let units = places::units(tx).await?;
        let unit = units.iter().find(|unit| unit.id == row.unit.0);
        let setting = unit.and_then(|unit| Setting::from_code(&unit.setting));
        let hours = now.minutes_since(downtime.started_at) / 60;
        let refusal = may_type(&form, setting, hours).err().or_else(|| by_state(row.state));
        let site = places::facility_of(tx, row.unit).await?;
        let facilities = places::facilities(tx).await?;
        let zone = facilities.into_iter().find(|each| Some(each.id) == site).map(|each| each.zone);
        Ok(Self { row, form, zone: zone.unwrap_or_else(Zone::utc), began: downtime.started_at, refusal })
    }
}

/// Why a sheet in a state has no lines to type in.
fn by_state(state: State) -> Option<Refusal> {
    match state {
        State::Out => Some(Refusal::new("out", "This sheet is still out; count it back first.")),
        State::Missing => {
            Some(Refusal::new("missing", "This sheet is missing; say first that it was found."))
        }
        State::Blank | State::Voided => {
            Some(Refusal::new("nothing", "There is nothing on this sheet to type in."))
        }
        _ => None,
    }
}

/// Types lines of a log in.
///
/// # Errors
/// What is wrong, line by line; nothing is written then. Refused where the catalogue says that nobody types it in.
pub async fn type_in(
    app: App,
    by: By,
    (incident, id, said): (IncidentId, FormId, TypeLog),
) -> Result<LogTyped, Failure> {
    let seal = {
        let mut tx = app.db.read().await?;
        Seal::open(&app, &mut tx).await?
    };
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    forms::open_playbook(&mut decision.tx, incident).await?;
    let sheet = Sheet::find(&mut decision.tx, (incident, id), decision.at).await?;
    let lattice = places::lattice(&mut decision.tx).await?;
    forms::may(&by.actor, &ENTERERS, [sheet.row.unit], &lattice)?;
    if let Some(refusal) = sheet.refusal {
        return Err(refusal.into());
    }
    let around = Around { zone: &sheet.zone, now: decision.at, began: sheet.began };
    let lines = said.read(&sheet.form, &around)?;
    let (fresh, already) = sort(&mut decision.tx, &seal, id, lines).await?;
    let seq = decision.next_seq();
    for (line, hash) in &fresh {
        keep(&app, &mut decision, (&seal, id), (line, hash), seq).await?;
    }
    let gaps = read_back(&app, &mut decision, incident, &sheet, &fresh).await?;
    let long = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let incomplete = long(fresh.iter().filter(|(line, _)| !line.missing.is_empty()).count());
    let data = json!({
        "form_type": sheet.form.code, "lines": fresh.len(), "incomplete": incomplete, "not_read_back": gaps,
    });
    let subject = format!("form:{id}");
    decision.append(&app, Say { kind: "ancillary.typed", subject, data, ..Say::default() }).await?;
    let outcome = LogTyped { seq: decision.seq, lines: long(fresh.len()), already, incomplete, gaps };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// The lines that are new, with a keyed hash of what each says; the others are there already, word for word.
async fn sort(
    tx: &mut Tx,
    seal: &Seal,
    id: FormId,
    lines: Vec<LogLine>,
) -> Result<(Vec<(LogLine, [u8; 32])>, i64), Failure> {
    let known = store::hashes(tx, id).await?;
    let (mut fresh, mut already, mut errors) = (Vec::new(), 0, FieldErrors::default());
    for line in lines {
        let hash = seal.lookup(&json!([id, line.line, line.event_at, line.number, line.cells]).to_string());
        match known.get(&line.line) {
            None => fresh.push((line, hash)),
            Some(before) if before[..] == hash => already += 1,
            Some(_) => {
                let sentence = "is typed in already, in other words. See below.";
                errors.add("lines", format!("Line {} {sentence}", line.line));
            }
        }
    }
    errors.into_result()?;
    if fresh.is_empty() {
        let sentence = "All these lines of this sheet are typed in already; they stand below.";
        return Err(Refusal::new("already-typed", sentence).into());
    }
    Ok((fresh, already))
}

/// Keeps one line, sealed under its patient's key or, when it names none, under that of lists.
async fn keep(
    app: &App,
    decision: &mut Decision,
    (seal, id): (&Seal, FormId),
    (line, hash): (&LogLine, &[u8; 32]),
    seq: i64,
) -> Result<(), Failure> {
    let text = json!([line.number, line.cells]).to_string();
    let (patient, sealed) = match &line.number {
        Some(number) => {
            let known = entry::keep_patient(app, &mut decision.tx, seal, number).await?;
            let sealed = entry::seal_text(app, seal, &known, id.0, &text)?;
            let erased =
                || FieldErrors::one("lines", format!("Line {}: this patient was erased here.", line.line));
            (Some(known.sealed_for), sealed.ok_or_else(erased)?)
        }
        None => (None, seal::seal(app, &seal.lists(), id.0, text.as_bytes())),
    };
    let kept = Kept { patient, sealed: &sealed, hash };
    let when = (seq, decision.at, decision.account);
    store::add(&mut decision.tx, id, (line, kept), when).await?;
    Ok(())
}

/// Compares what had to be read back with what was. Gives how many were not.
async fn read_back(
    app: &App,
    decision: &mut Decision,
    incident: IncidentId,
    sheet: &Sheet,
    fresh: &[(LogLine, [u8; 32])],
) -> Result<i64, Failure> {
    if !sheet.form.columns.iter().any(|column| Part::of(column) == Part::ReadBack) {
        return Ok(0);
    }
    let serial = sheet.row.serial();
    let calls: Vec<(String, bool)> = fresh
        .iter()
        .map(|(line, _)| (format!("{serial} line {}", line.line), !line.missing.contains(&Part::ReadBack)))
        .collect();
    checks::read_back(app, decision, incident, (sheet.row.unit, &sheet.form.name), &calls).await?;
    Ok(i64::try_from(calls.iter().filter(|(_, done)| !done).count()).unwrap_or(i64::MAX))
}

/// What a line says: the number of its patient, and its cells. Of who was erased only that.
fn opened(seal: &Seal, row: &LineRow) -> Result<(String, Vec<String>), Error> {
    let plain = match (row.patient, &row.wrapped_key) {
        (None, _) => seal::unseal(&seal.lists(), row.form, &row.sealed)?,
        (Some(patient), Some(wrapped)) => {
            seal::unseal(&seal.unwrap(patient, wrapped)?, row.form, &row.sealed)?
        }
        (Some(_), None) => return Ok(("erased".to_owned(), Vec::new())),
    };
    let (number, cells): (Option<String>, Vec<String>) =
        serde_json::from_slice(&plain).map_err(|error| Error::Corrupt(error.to_string()))?;
    Ok((number.unwrap_or_default(), cells))
}

/// A sheet before which nothing comes.
const FIRST: Uuid = Uuid::nil();
