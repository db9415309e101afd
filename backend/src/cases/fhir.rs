//! What goes out: each cancelled booking as an Appointment of FHIR R4, one a line or as one bundle. The file is written
//! as it is taken, from rows read in one snapshot.

use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    cases::fhir::{self, Cancelled, Cause},
    id::IncidentId,
    time::Timestamp,
    view::cases::CaseFilter,
};

use super::{
    access::{self, Way},
    file as save,
    reach::{self, Reach},
    show,
    store::CaseRow,
    web::READERS,
};
use crate::{
    incidents::{store as incidents, web::incident_id},
    store::{Error, seal::Seal},
    web::{door::Door, problem::Problem, routes::Routes},
};

/// The routes of what goes out.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .file(
            "/incidents/{incident}/cases.fhir.ndjson",
            READERS,
            "application/fhir+ndjson",
            "Cancelled cases as FHIR R4 appointments, one a line",
            lines,
        )
        .file(
            "/incidents/{incident}/cases.fhir.json",
            READERS,
            "application/fhir+json",
            "Cancelled cases as a FHIR R4 bundle",
            bundle,
        )
}

/// Appointments that are written at once.
const PIECE: usize = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Lines,
    Bundle,
}

/// What is still to be written.
struct Rest {
    rows: std::vec::IntoIter<CaseRow>,
    shape: Shape,
    written: usize,
    is_done: bool,
    sites: show::Sites,
    seal: Seal,
    cause: Cause,
    at: Timestamp,
}

async fn lines(door: Door, incident: Path<String>, filter: Query<CaseFilter>) -> Result<Response, Problem> {
    file(door, incident, filter, Shape::Lines).await
}

async fn bundle(door: Door, incident: Path<String>, filter: Query<CaseFilter>) -> Result<Response, Problem> {
    file(door, incident, filter, Shape::Bundle).await
}

async fn file(
    door: Door,
    Path(incident): Path<String>,
    Query(filter): Query<CaseFilter>,
    shape: Shape,
) -> Result<Response, Problem> {
    let incident: IncidentId = incident_id(&incident)?;
    let mut tx = door.read().await?;
    let row = incidents::find(&mut tx, incident).await?.ok_or_else(|| Problem::not_found("incident"))?;
    let seal = Seal::open(&door.app, &mut tx).await?;
    let reach = Reach::of(&door, &mut tx).await?;
    let filter = CaseFilter { show: "cancelled".into(), ..filter };
    let asking = reach::rows(&door, &mut tx, (incident, &filter), (&seal, &reach), i64::MAX).await?;
    drop(tx);
    let (name, media) = match shape {
        Shape::Lines => ("cases.fhir.ndjson", "application/fhir+ndjson"),
        Shape::Bundle => ("cases.fhir.json", "application/fhir+json"),
    };
    access::seen(&door, incident, (Way::File, name), asking.cases());
    let rest = Rest {
        rows: asking.rows.into_iter(),
        shape,
        written: 0,
        is_done: false,
        sites: show::Sites::among(&reach.facilities, &reach.allowed),
        seal,
        cause: Cause { incident, name: row.name },
        at: door.app.clock.now(),
    };
    Ok(save::file(media, name, save::in_pieces(rest, Rest::write)))
}

impl Rest {
    /// The next piece of the file; `None` at its end.
    fn write(&mut self) -> Result<Option<String>, Error> {
        if self.is_done {
            return Ok(None);
        }
        let piece: Vec<CaseRow> = self.rows.by_ref().take(PIECE).collect();
        self.is_done = piece.len() < PIECE;
        let mut text = String::new();
        for row in &piece {
            let resource = self.cancelled(row)?.resource(&self.cause);
            match self.shape {
                Shape::Lines => {
                    text.push_str(&resource.to_string());
                    text.push('\n');
                }
                Shape::Bundle if self.written == 0 => {
                    text.push_str(&fhir::bundle_head(self.at));
                    text.push_str(&fhir::bundle_entry(&resource).to_string());
                }
                Shape::Bundle => {
                    text.push(',');
                    text.push_str(&fhir::bundle_entry(&resource).to_string());
                }
            }
            self.written += 1;
        }
        if self.is_done && self.shape == Shape::Bundle {
            text += &match self.written {
                0 => fhir::empty_bundle(self.at).to_string(),
                _ => fhir::BUNDLE_TAIL.to_owned(),
            };
        }
        Ok(Some(text))
    }

    fn cancelled(&self, row: &CaseRow) -> Result<Cancelled, Error> {
        let site = self.sites.name(row.facility);
        let is_known = row.wrapped_key.is_some();
        Ok(Cancelled {
            case: row.id,
            appointment: row.appointment.clone(),
            kind: row.kind,
            service: row.service.clone(),
            provider: row.provider.clone(),
            place: if row.department.is_empty() {
                site.to_owned()
            } else {
                format!("{}, {site}", row.department)
            },
            start: row.case.start,
            minutes: row.minutes,
            told: row.case.told,
            new_start: row.case.new_start,
            patient: if is_known { Some(row.unseal(&self.seal)?) } else { None },
        })
    }
}
