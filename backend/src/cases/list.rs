//! The list of cases by risk: one order, one key, many parts. A page costs the same however many cases there are.

use std::collections::BTreeMap;

use domain::{
    id::{AccountId, FacilityId, IncidentId},
    time::Timestamp,
    view::cases::CaseFilter,
};
use jiff::civil::Date;
use serde::Serialize;
use sqlx::types::Uuid;

use super::store::{CaseRow, Kept, case_columns};
use crate::{
    fetch_all, fetch_one, fetch_optional,
    store::{Error, Rows, Sql, Tx},
};

/// The parts of the list: code, words, and what belongs in it.
pub const PARTS: [(&str, &str); 17] = [
    ("call", "Call next"),
    ("soon", "Arriving soon"),
    ("past", "Booked past safe-by"),
    ("missed", "Safe-by has passed"),
    ("past28", "Booked past 28 days"),
    ("missed28", "28 days have passed"),
    ("unreached", "Not reached"),
    ("interpreter", "Needs an interpreter"),
    ("locked", "Being called"),
    ("untold", "Not told"),
    ("told", "Told, no new date"),
    ("rebooked", "Booked again"),
    ("seen", "Seen"),
    ("ended", "Ended another way"),
    ("cancelled", "All cancelled"),
    ("kept", "Kept"),
    ("undecided", "Undecided"),
];

/// What narrows a list, ready for the database.
#[derive(Debug, Clone)]
pub struct Narrow {
    pub facilities: Vec<FacilityId>,
    pub kind: String,
    pub scheme: String,
    pub priority: String,
    /// The keyed hash of a record number; empty for all.
    pub mrn: Vec<u8>,
    /// The service as the schedule names it, and the day that was booked first; empty for all.
    pub service: String,
    pub day: String,
    /// Until when "soon" reaches.
    pub soon: Timestamp,
    pub now: Timestamp,
    /// Which day it is at each facility.
    pub today: Vec<(FacilityId, Date)>,
    pub after: Key,
}

/// What day it is at facilities, as it travels to the database.
#[derive(Serialize)]
struct Today {
    id: String,
    day: String,
}

impl Narrow {
    fn days(&self) -> Rows {
        let day = |(facility, day): &(FacilityId, Date)| Today {
            id: facility.0.simple().to_string(),
            day: day.to_string(),
        };
        Rows::of(&self.today.iter().map(day).collect::<Vec<_>>())
    }

    /// The latest day that any facility has.
    fn latest(&self) -> String {
        nearing(&self.today).0
    }
}

/// Days ahead in which a safe-by date is near.
const NEAR: i64 = 7;

/// From which day to which a safe-by date is near: from the latest day that any facility has.
pub(super) fn nearing(today: &[(FacilityId, Date)]) -> (String, String) {
    let Some(latest) = today.iter().map(|(_, day)| *day).max() else {
        return (String::new(), String::new());
    };
    let until = latest.saturating_add(jiff::Span::new().days(NEAR));
    (latest.to_string(), until.to_string())
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(pub i64, pub i64, pub Uuid);

impl Key {
    pub const START: Self = Self(-1, 0, Uuid::nil());

    /// From an address; anything else begins at the start.
    pub fn read(text: &str) -> Self {
        let mut parts = text.split('.');
        let mut number = || parts.next()?.parse::<i64>().ok();
        let (rank, at) = (number(), number());
        let id = parts.next().and_then(|id| id.parse::<Uuid>().ok());
        match (rank, at, id) {
            (Some(rank), Some(at), Some(id)) => Self(rank, at, id),
            _ => Self::START,
        }
    }

    /// As it stands in an address.
    pub fn of(row: &CaseRow) -> String {
        format!("{}.{}.{}", row.risk.0, row.risk.1, row.id)
    }
}

/// What is cancelled and has no end: the patient still waits. The indexes of both clocks say the same.
macro_rules! waits {
    () => {
        "state IN ('to_contact', 'contacting', 'told', 'rebooked')"
    };
}

macro_rules! narrowed {
    ($facilities:literal, $part:expr) => {
        concat!(
            case_columns!(),
            "
    WHERE patient_case.incident = $1 AND visible = TRUE
        AND facility IN (",
            $facilities,
            ")
        AND ($3 = '' OR kind = $3)
        AND ($4 = '' OR (scheme = $4 AND priority = $5))
        AND (LENGTH($6) = 0 OR mrn_key = $6)
        AND ($15 = '' OR service = $15)
        AND ($16 = '' OR day = $16)
        AND (risk_rank, risk_at, patient_case.id) > ($9, $10, $11)
        AND ",
            $part,
            "
    ORDER BY risk_rank, risk_at, patient_case.id
    LIMIT $12"
        )
    };
}

macro_rules! part {
    ($part:expr) => {
        Sql {
            sqlite: narrowed!("SELECT unhex(value) FROM json_each($2)", $part),
            postgres: narrowed!("SELECT value::uuid FROM json_array_elements_text($2::json)", $part),
        }
    };
}

/// The clock of this column has passed at the case's own facility, and the patient still waits. What cannot have passed
/// anywhere is left out first.
macro_rules! missed {
    ($column:literal) => {
        Sql {
            sqlite: narrowed!(
                "SELECT unhex(value) FROM json_each($2)",
                concat!(
                    waits!(),
                    " AND ",
                    $column,
                    " < $14 AND ",
                    $column,
                    " < (SELECT value ->> 'day' FROM json_each($13) WHERE unhex(value ->> 'id') = facility)"
                )
            ),
            postgres: narrowed!(
                "SELECT value::uuid FROM json_array_elements_text($2::json)",
                concat!(
                    waits!(),
                    " AND ",
                    $column,
                    " < $14 AND ",
                    $column,
                    " < (SELECT value ->> 'day' FROM json_array_elements($13::json)
                    WHERE (value ->> 'id')::uuid = facility)"
                )
            ),
        }
    };
}

fn sql(show: &str) -> Option<Sql> {
    Some(match show {
        "" | "call" => part!("risk_rank < 9"),
        "soon" => part!("risk_rank = 1 AND risk_at < $8 AND new_start_at IS NULL AND state <> 'kept'"),
        "past" => part!("risk_rank = 0"),
        "missed" => missed!("safe_by"),
        // The safe-by date comes within days, and no new date is booked.
        "nearing" => {
            part!("state IN ('to_contact', 'contacting', 'told') AND safe_by >= $14 AND safe_by <= $17")
        }
        "past28" => part!("state = 'rebooked' AND new_day > day_28"),
        "missed28" => missed!("day_28"),
        "unreached" => part!("state IN ('to_contact', 'contacting') AND attempts > 0"),
        "interpreter" => part!("risk_rank < 9 AND interpreter = TRUE"),
        "locked" => part!("locked_until > $7"),
        "untold" => {
            part!(
                "decided = 'cancelled' AND (state IN ('to_contact', 'contacting') OR (state = 'rebooked' AND told = FALSE))"
            )
        }
        "told" => part!("state = 'told'"),
        "rebooked" => part!("(state = 'rebooked' OR state = 'seen')"),
        "seen" => part!("state = 'seen'"),
        "ended" => part!(concat!("decided = 'cancelled' AND state <> 'seen' AND NOT ", waits!())),
        "cancelled" => part!("decided = 'cancelled'"),
        "kept" => part!("decided = 'kept'"),
        "undecided" => part!("decided = 'undecided'"),
        "open" => part!(concat!("(state = 'kept' OR ", waits!(), ")")),
        "all" => part!("TRUE"),
        _ => return None,
    })
}

/// One page of a part; `None` when there is no such part.
pub async fn page(
    tx: &mut Tx,
    incident: IncidentId,
    show: &str,
    narrow: &Narrow,
    most: i64,
) -> Result<Option<Vec<CaseRow>>, Error> {
    let Some(sql) = sql(show) else { return Ok(None) };
    let Key(rank, at, id) = narrow.after;
    let rows = fetch_all!(
        tx,
        Kept,
        sql,
        incident.0,
        ids(&narrow.facilities).text(),
        &narrow.kind,
        &narrow.scheme,
        &narrow.priority,
        &narrow.mrn,
        narrow.now.0,
        narrow.soon.0,
        rank,
        at,
        id,
        most,
        narrow.days().text(),
        narrow.latest(),
        &narrow.service,
        &narrow.day,
        nearing(&narrow.today).1
    )?;
    rows.into_iter().map(CaseRow::try_from).collect::<Result<_, _>>().map(Some)
}

/// Ids as they travel to the database.
pub(super) fn ids(facilities: &[FacilityId]) -> Rows {
    let ids: Vec<String> = facilities.iter().map(|facility| facility.0.simple().to_string()).collect();
    Rows::of(&ids)
}

macro_rules! next {
    ($facilities:literal) => {
        concat!(
            case_columns!(),
            "
    WHERE patient_case.incident = $1 AND visible = TRUE AND risk_rank < 9
        AND facility IN (",
            $facilities,
            ")
        AND (locked_until IS NULL OR locked_until <= $3 OR locked_by = $4)
        AND (next_try_at IS NULL OR next_try_at <= $3)
    ORDER BY risk_rank, risk_at, patient_case.id
    LIMIT 1"
        )
    };
}

const NEXT: Sql = Sql {
    sqlite: next!("SELECT unhex(value) FROM json_each($2)"),
    postgres: next!("SELECT value::uuid FROM json_array_elements_text($2::json)"),
};

/// The patient whom to call next: at the highest risk, nobody else is calling, and no later time was agreed.
pub async fn next_to_call(
    tx: &mut Tx,
    incident: IncidentId,
    facilities: &[FacilityId],
    me: AccountId,
    now: Timestamp,
) -> Result<Option<CaseRow>, Error> {
    let row = fetch_optional!(tx, Kept, NEXT, incident.0, ids(facilities).text(), now.0, me.0)?;
    row.map(CaseRow::try_from).transpose()
}

macro_rules! counts {
    ($facilities:literal) => {
        concat!(
            "
    SELECT
        (SELECT COUNT(*)
        FROM patient_case
        WHERE incident = $1 AND visible = TRUE AND facility IN (",
            $facilities,
            ") AND risk_rank = 1 AND risk_at < $3 AND new_start_at IS NULL AND state <> 'kept'),
        (SELECT COUNT(*)
        FROM patient_case
        WHERE incident = $1 AND visible = TRUE AND facility IN (",
            $facilities,
            ") AND locked_until > $4)"
        )
    };
}

const COUNTS: Sql = Sql {
    sqlite: counts!("SELECT unhex(value) FROM json_each($2)"),
    postgres: counts!("SELECT value::uuid FROM json_array_elements_text($2::json)"),
};

/// What depends on the time of day: due soon and not told, and being called now.
pub async fn counts_of_now(
    tx: &mut Tx,
    incident: IncidentId,
    facilities: &[FacilityId],
    soon: Timestamp,
    now: Timestamp,
) -> Result<(i64, i64), Error> {
    fetch_one!(tx, (i64, i64), COUNTS, incident.0, ids(facilities).text(), soon.0, now.0)
}

macro_rules! missed_count {
    ($column:literal, $facilities:literal) => {
        concat!(
            "
    SELECT COUNT(*)
    FROM (
        SELECT 1
        FROM patient_case
        WHERE incident = $1 AND visible = TRUE AND ",
            waits!(),
            " AND ",
            $column,
            " < $3 AND facility IN (",
            $facilities,
            ")
        LIMIT $4
    ) AS missed"
        )
    };
}

macro_rules! missed_counts {
    ($column:literal) => {
        Sql {
            sqlite: missed_count!($column, "SELECT unhex(value) FROM json_each($2)"),
            postgres: missed_count!($column, "SELECT value::uuid FROM json_array_elements_text($2::json)"),
        }
    };
}

const MISSED_SAFE_BY: Sql = missed_counts!("safe_by");
const MISSED_28: Sql = missed_counts!("day_28");

/// How far what has passed is counted.
pub const MOST_COUNTED: i64 = 1_000;

/// How many patients still wait after a clock has passed at their facility: safe-by, and 28 days. One more than
/// [`MOST_COUNTED`] stands for any more.
pub async fn missed(
    tx: &mut Tx,
    incident: IncidentId,
    today: &[(FacilityId, Date)],
) -> Result<(i64, i64), Error> {
    let mut days: BTreeMap<Date, Vec<FacilityId>> = BTreeMap::new();
    for (facility, day) in today {
        days.entry(*day).or_default().push(*facility);
    }
    let (mut safe_by, mut day_28) = (0, 0);
    for (day, facilities) in days {
        let (facilities, day, most) = (ids(&facilities), day.to_string(), MOST_COUNTED + 1);
        safe_by += fetch_one!(tx, (i64,), MISSED_SAFE_BY, incident.0, facilities.text(), &day, most)?.0;
        day_28 += fetch_one!(tx, (i64,), MISSED_28, incident.0, facilities.text(), &day, most)?.0;
    }
    Ok((safe_by.min(MOST_COUNTED + 1), day_28.min(MOST_COUNTED + 1)))
}

/// The filter as an address: only what is set.
pub fn address(incident: IncidentId, end: &str, filter: &CaseFilter) -> String {
    let pairs: Vec<(&str, &str)> = [
        ("show", filter.show.as_str()),
        ("site", &filter.site),
        ("kind", &filter.kind),
        ("priority", &filter.priority),
        ("mrn", &filter.mrn),
        ("q", &filter.q),
        ("born", &filter.born),
        ("day", &filter.day),
        ("service", &filter.service),
        ("after", &filter.after),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .collect();
    let query = serde_html_form::to_string(pairs).unwrap_or_default();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("/incidents/{incident}/cases{end}{mark}{query}")
}
