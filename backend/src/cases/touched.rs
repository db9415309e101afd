//! "A downtime happened, look for paper": every patient whom it touched, with the visits that may have left paper and
//! the sheets that are known to name them.

use std::collections::BTreeMap;

use axum::{extract::Path, response::Response};
use domain::{
    cases::Decided,
    forms::Serial,
    id::{FacilityId, IncidentId},
    schedule::Patient,
    table,
};
use sqlx::types::Uuid;

use super::{
    access::{self, Way},
    file::{csv_file, in_pieces},
    list::ids,
    reach::Reach,
    show,
    store::{CaseRow, Kept, case_columns},
    web::READERS,
};
use crate::{
    entry::patients,
    fetch_all,
    incidents::{store as incidents, web::incident_id},
    store::{Error, Sql, Tx, seal::Seal},
    web::{door::Door, problem::Problem, routes::Routes},
};

/// The route of the file.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.file(
        "/incidents/{incident}/cases/paper.csv",
        READERS,
        "text/csv",
        "Every patient whom the downtime touched, with visits and sheets, as a CSV file",
        file,
    )
}

macro_rules! touched {
    ($facilities:literal) => {
        concat!(
            case_columns!(),
            "
    WHERE patient_case.incident = $1 AND visible = TRUE AND decided <> 'no'
        AND facility IN (",
            $facilities,
            ")
    ORDER BY patient_case.patient, start_at, patient_case.id"
        )
    };
}

const TOUCHED: Sql = Sql {
    sqlite: touched!("SELECT unhex(value) FROM json_each($2)"),
    postgres: touched!("SELECT value::uuid FROM json_array_elements_text($2::json)"),
};

const SHEETS: &str = "
    SELECT entry_task.patient, form.id, form.prefix, form.number, unit.code, facility.code, facility.id, sealed_for,
        sealed
    FROM entry_task
    JOIN form ON form.id = entry_task.form
    JOIN unit ON unit.id = form.unit
    JOIN facility ON facility.id = unit.facility
    WHERE entry_task.incident = $1 AND entry_task.patient IS NOT NULL
    ORDER BY entry_task.patient, form.prefix, form.number";

type SheetRow = (Uuid, Uuid, String, i64, String, String, Uuid, Option<Uuid>, Option<Vec<u8>>);

/// The sheets of one patient at the sites that the account may see.
#[derive(Default)]
struct Sheets {
    serials: Vec<String>,
    sites: Vec<FacilityId>,
    /// What stands as the number on the first of them: who, sheet, sealed text.
    number: Option<(Uuid, Uuid, Vec<u8>)>,
}

/// By patient, as far as somebody has said whose they are.
async fn sheets(
    tx: &mut Tx,
    incident: IncidentId,
    allowed: &[FacilityId],
) -> Result<BTreeMap<Uuid, Sheets>, Error> {
    let mut sheets: BTreeMap<Uuid, Sheets> = BTreeMap::new();
    for row in fetch_all!(tx, SheetRow, SHEETS, incident.0)? {
        let (patient, form, prefix, number, unit, site, facility, sealed_for, sealed) = row;
        if !allowed.contains(&FacilityId(facility)) {
            continue;
        }
        let of_one = sheets.entry(patient).or_default();
        of_one.serials.push(Serial::new(&site, &unit, &prefix, number).to_string());
        of_one.sites.push(FacilityId(facility));
        if of_one.number.is_none() {
            of_one.number = sealed_for.zip(sealed).map(|(who, sealed)| (who, form, sealed));
        }
    }
    Ok(sheets)
}

/// Patients of whom nothing but sheets is known, each with the number that stands there.
async fn without_bookings(
    tx: &mut Tx,
    seal: &Seal,
    sheets: BTreeMap<Uuid, Sheets>,
) -> Result<Vec<(String, Sheets)>, Error> {
    let mut known = Vec::with_capacity(sheets.len());
    for of_one in sheets.into_values() {
        let number = match &of_one.number {
            Some((who, form, sealed)) => patients::opened(tx, seal, *who, *form, sealed).await?,
            None => String::new(),
        };
        known.push((number, of_one));
    }
    Ok(known)
}

const HEADER: [&str; 7] = ["mrn", "name", "born", "site", "visits", "sheets", "look_for"];

/// Patients that are decrypted at once.
const PIECE: usize = 500;

/// A patient who is still to be written: the bookings, or what stands on a sheet alone, and the sheets.
enum Touched {
    Booked(Vec<CaseRow>, Sheets),
    OnPaper(String, Sheets),
}

/// What is still to be written.
struct Rest {
    patients: std::vec::IntoIter<Touched>,
    begun: bool,
    sites: show::Sites,
    seal: Seal,
}

async fn file(door: Door, Path(incident): Path<String>) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let mut tx = door.read().await?;
    incidents::find(&mut tx, incident).await?.ok_or_else(|| Problem::not_found("incident"))?;
    let seal = Seal::open(&door.app, &mut tx).await?;
    let reach = Reach::of(&door, &mut tx).await?;
    let rows = fetch_all!(&mut tx, Kept, TOUCHED, incident.0, ids(&reach.allowed).text())?;
    let rows: Vec<CaseRow> = rows.into_iter().map(CaseRow::try_from).collect::<Result<_, _>>()?;
    access::seen(&door, incident, (Way::File, "paper.csv"), rows.iter().map(|row| row.id));
    let mut sheets = sheets(&mut tx, incident, &reach.allowed).await?;
    let mut patients: Vec<Touched> = Vec::new();
    for row in rows {
        match patients.last_mut() {
            Some(Touched::Booked(of_one, _)) if of_one[0].patient == row.patient => of_one.push(row),
            _ => {
                let paper = sheets.remove(&row.patient).unwrap_or_default();
                patients.push(Touched::Booked(vec![row], paper));
            }
        }
    }
    let others = without_bookings(&mut tx, &seal, sheets).await?;
    drop(tx);
    patients.extend(others.into_iter().map(|(number, paper)| Touched::OnPaper(number, paper)));
    let sites = show::Sites::among(&reach.facilities, &reach.allowed);
    let rest = Rest { patients: patients.into_iter(), begun: false, sites, seal };
    Ok(csv_file("paper.csv", in_pieces(rest, Rest::write)))
}

impl Rest {
    /// The next piece of the file; `None` at its end.
    fn write(&mut self) -> Result<Option<String>, Error> {
        let piece: Vec<Touched> = self.patients.by_ref().take(PIECE).collect();
        if piece.is_empty() && self.begun {
            return Ok(None);
        }
        let lines = piece.iter().map(|touched| self.cells(touched)).collect::<Result<Vec<_>, _>>()?;
        let is_first = !std::mem::replace(&mut self.begun, true);
        Ok(Some(table::csv_piece(is_first, &HEADER, lines)))
    }

    /// In the order of [`HEADER`]. What took place in the downtime has paper; what was cancelled may have a note.
    fn cells(&self, touched: &Touched) -> Result<Vec<String>, Error> {
        let (patient, rows, paper) = match touched {
            Touched::Booked(rows, paper) => (rows[0].unseal(&self.seal)?, &rows[..], paper),
            Touched::OnPaper(number, paper) => {
                (Patient { mrn: number.clone(), ..Patient::default() }, &[][..], paper)
            }
        };
        let mut sites: Vec<FacilityId> = rows.iter().map(|row| row.facility).collect();
        sites.extend(&paper.sites);
        sites.sort_unstable();
        sites.dedup();
        let sites: Vec<&str> = sites.into_iter().map(|site| self.sites.name(site)).collect();
        let visits: Vec<String> = rows.iter().map(|row| self.visit(row)).collect();
        let took_place = rows.iter().any(|row| row.case.decided == Decided::Kept);
        let look_for = match (paper.serials.is_empty(), took_place) {
            (false, _) => "these sheets, and others of the visit",
            (true, true) => "paper of the visit",
            (true, false) => "notes of calls only",
        };
        Ok(vec![
            patient.mrn,
            patient.name,
            patient.born,
            sites.join("; "),
            visits.join("; "),
            paper.serials.join("; "),
            look_for.to_owned(),
        ])
    }

    fn visit(&self, row: &CaseRow) -> String {
        let zone = self.sites.zone(row.facility);
        format!("{} {} ({})", zone.typed(row.case.start), row.service, show::standing(row, &zone))
    }
}
