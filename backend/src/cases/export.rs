//! The list of cases as a file: every row of the part that is asked for, none cut off.
//!
//! The rows are read in one snapshot, encrypted as they are kept, and the connection is given back. They are
//! decrypted in the background, a piece at a time, as the client takes the file.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    id::AccountId,
    table,
    time::Timestamp,
    view::cases::{CaseFilter, CaseLine},
};

use super::{
    access::{self, Way},
    file::{csv_file, in_pieces},
    reach::{self, Reach},
    show,
    store::CaseRow,
};
use crate::{
    incidents::{store as incidents, web::incident_id},
    store::{Error, seal::Seal},
    web::{door::Door, problem::Problem},
};

/// Rows that are decrypted at once.
const PIECE: usize = 500;

const HEADER: [&str; 15] = [
    "risk",
    "mrn",
    "name",
    "booked_day",
    "booked_time",
    "service",
    "place",
    "priority",
    "safe_by",
    "day_28",
    "decided",
    "rule",
    "state",
    "last_contact",
    "appointment",
];

/// What is still to be written.
struct Rest {
    rows: std::vec::IntoIter<CaseRow>,
    begun: bool,
    sites: show::Sites,
    seal: Seal,
    now: Timestamp,
    names: BTreeMap<AccountId, String>,
}

pub(super) async fn file(
    door: Door,
    Path(incident): Path<String>,
    Query(filter): Query<CaseFilter>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let mut tx = door.read().await?;
    incidents::find(&mut tx, incident).await?.ok_or_else(|| Problem::not_found("incident"))?;
    let seal = Seal::open(&door.app, &mut tx).await?;
    let reach = Reach::of(&door, &mut tx).await?;
    let asking = reach::rows(&door, &mut tx, (incident, &filter), (&seal, &reach), i64::MAX).await?;
    let sites = show::Sites::among(&reach.facilities, &reach.allowed);
    let names = show::callers(&mut tx, &asking.rows).await?;
    drop(tx);
    access::seen(&door, incident, (Way::File, "cases.csv"), asking.cases());
    let now = door.app.clock.now();
    let rest = Rest { rows: asking.rows.into_iter(), begun: false, sites, seal, now, names };
    Ok(csv_file("cases.csv", in_pieces(rest, Rest::write)))
}

impl Rest {
    /// The next piece of the file; `None` at its end.
    fn write(&mut self) -> Result<Option<String>, Error> {
        let piece: Vec<CaseRow> = self.rows.by_ref().take(PIECE).collect();
        if piece.is_empty() && self.begun {
            return Ok(None);
        }
        let reading =
            show::Reading { sites: &self.sites, seal: &self.seal, now: self.now, names: &self.names };
        let lines = piece.iter().map(|row| show::line(row, &reading).map(|(line, _)| cells(line)));
        let lines: Vec<Vec<String>> = lines.collect::<Result<_, _>>()?;
        let is_first = !std::mem::replace(&mut self.begun, true);
        Ok(Some(table::csv_piece(is_first, &HEADER, lines)))
    }
}

/// In the order of [`HEADER`].
fn cells(line: CaseLine) -> Vec<String> {
    vec![
        line.risk,
        line.mrn,
        line.name,
        line.day,
        line.clock,
        line.service,
        line.place,
        line.priority,
        line.safe_by,
        line.day_28,
        line.decided,
        line.rule,
        line.standing,
        line.last_contact,
        line.appointment,
    ]
}
