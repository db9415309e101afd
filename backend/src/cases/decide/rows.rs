//! The rows of a schedule as a rule sees them.

use domain::{
    cases::Decided,
    decisions::Row,
    id::{CaseId, FacilityId, IncidentId, SnapshotId},
    schedule::{Kind, Priority},
    time::Timestamp,
};
use sqlx::types::Uuid;

use crate::{
    fetch_all,
    store::{Error, Tx},
};

type Columns = (Uuid, String, Uuid, i64, String, String, String, String, String);

macro_rules! rows {
    ($rest:literal) => {
        concat!(
            "
    SELECT id, kind, facility, start_at, day, scheme, priority, classes, decided
    FROM patient_case
    WHERE incident = $1 AND visible = TRUE AND ",
            $rest
        )
    };
}

const ROWS_OF_DAY: &str = rows!("day = $2");
const ROWS_OF_SNAPSHOT: &str = rows!("snapshot = $2");

/// The rows of a day.
pub(super) async fn rows_of_day(tx: &mut Tx, incident: IncidentId, day: &str) -> Result<Vec<Row>, Error> {
    fetch_all!(tx, Columns, ROWS_OF_DAY, incident.0, day)?.into_iter().map(row).collect()
}

/// The rows of an imported file, as a rule sees them.
pub async fn rows_of_snapshot(tx: &mut Tx, incident: IncidentId, id: SnapshotId) -> Result<Vec<Row>, Error> {
    fetch_all!(tx, Columns, ROWS_OF_SNAPSHOT, incident.0, id.0)?.into_iter().map(row).collect()
}

fn row((id, kind, facility, start, day, scheme, priority, classes, decided): Columns) -> Result<Row, Error> {
    let unknown = |text: &str| Error::Corrupt(format!("a case says {text:?}"));
    Ok(Row {
        case: CaseId(id),
        kind: Kind::from_code(&kind).ok_or_else(|| unknown(&kind))?,
        facility: FacilityId(facility),
        start: Timestamp(start),
        day,
        priority: Priority::from_parts(&scheme, &priority),
        classes: serde_json::from_str(&classes).map_err(|error| Error::Corrupt(error.to_string()))?,
        decided: Decided::from_code(&decided).ok_or_else(|| unknown(&decided))?,
    })
}
