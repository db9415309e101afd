//! The SQL of tasks: one row for each sheet that is typed in, the lists over them, and the sums.

use std::collections::BTreeMap;

use domain::{
    entry::{Progress, Task, Whose},
    id::{AccountId, FacilityId, FormId, IncidentId, UnitId},
    time::Timestamp,
};
use serde::Serialize;
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, later,
    store::{Error, Rows, Sql, Tx},
};

/// A task as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRow {
    pub form: FormId,
    pub form_type: String,
    pub facility: FacilityId,
    pub unit: UnitId,
    pub priority: i64,
    /// `None` only before its first row is written.
    pub progress: Option<Progress>,
    pub whose: Whose,
    /// The reference as it stands on the sheet, sealed, and for which patient's key.
    pub sealed: Option<(Uuid, Vec<u8>)>,
    pub event_at: Option<Timestamp>,
    pub taken: Option<(AccountId, Timestamp)>,
    pub released: bool,
    pub lot: Option<Uuid>,
    pub drawn: bool,
    /// Whether a second person has looked at it before.
    pub looked_at: bool,
    pub ticket: i64,
    pub changed_at: Timestamp,
}

impl TaskRow {
    /// The task as the order sees it.
    pub fn task(&self) -> Task {
        Task {
            form: self.form,
            form_type: self.form_type.clone(),
            unit: self.unit,
            whose: self.whose,
            event_at: self.event_at,
            progress: self.progress.unwrap_or(Progress::Void),
            released: self.released,
        }
    }

    /// Who has it now; a task that was taken too long ago is nobody's.
    pub fn holder(&self, now: Timestamp) -> Option<AccountId> {
        self.taken.filter(|(_, until)| *until > now).map(|(account, _)| account)
    }

    /// What the list is ordered by: what nobody knows comes last.
    pub fn care_at(&self) -> i64 {
        self.event_at.map_or(i64::MAX, |at| at.0)
    }
}

#[derive(sqlx::FromRow)]
struct Kept {
    form: Uuid,
    form_type: String,
    facility: Uuid,
    unit: Uuid,
    priority: i64,
    state: String,
    whose: String,
    patient: Option<Uuid>,
    sealed_for: Option<Uuid>,
    sealed: Option<Vec<u8>>,
    event_at: Option<i64>,
    taken_by: Option<Uuid>,
    taken_until: i64,
    released: bool,
    lot: Option<Uuid>,
    drawn: bool,
    looked_at: bool,
    ticket: i64,
    changed_at: i64,
}

impl TryFrom<Kept> for TaskRow {
    type Error = Error;

    fn try_from(kept: Kept) -> Result<Self, Error> {
        let progress = Progress::from_code(&kept.state)
            .ok_or_else(|| Error::Corrupt(format!("a task is {:?}", kept.state)))?;
        let whose = match (kept.whose.as_str(), kept.patient) {
            ("one", Some(patient)) => Whose::One(patient),
            ("several", _) => Whose::Several,
            _ => Whose::Unknown,
        };
        Ok(Self {
            form: FormId(kept.form),
            form_type: kept.form_type,
            facility: FacilityId(kept.facility),
            unit: UnitId(kept.unit),
            priority: kept.priority,
            progress: Some(progress),
            whose,
            sealed: kept.sealed_for.zip(kept.sealed),
            event_at: kept.event_at.map(Timestamp),
            taken: kept.taken_by.map(|account| (AccountId(account), Timestamp(kept.taken_until))),
            released: kept.released,
            lot: kept.lot,
            drawn: kept.drawn,
            looked_at: kept.looked_at,
            ticket: kept.ticket,
            changed_at: Timestamp(kept.changed_at),
        })
    }
}

fn rows(kept: Vec<Kept>) -> Result<Vec<TaskRow>, Error> {
    kept.into_iter().map(TaskRow::try_from).collect()
}

macro_rules! tasks {
    ($rest:literal) => {
        concat!(
            "
    SELECT form, form_type, facility, unit, priority, state, whose, patient, sealed_for, sealed, event_at, taken_by,
        taken_until, released, lot, drawn, looked_at, ticket, changed_at
    FROM entry_task",
            $rest
        )
    };
}

/// Ids as the parameter of a query.
fn ids(of: impl IntoIterator<Item = Uuid>) -> Rows {
    Rows::of(&of.into_iter().map(|id| id.simple().to_string()).collect::<Vec<_>>())
}

const OF_FORMS: Sql = Sql {
    sqlite: tasks!(
        "
    WHERE form IN (SELECT unhex(value) FROM json_each($1))"
    ),
    postgres: tasks!(
        "
    WHERE form IN (SELECT value::uuid FROM json_array_elements_text($1::json))"
    ),
};

/// The tasks of these sheets, as far as there are any.
pub async fn of_forms(tx: &mut Tx, forms: &[FormId]) -> Result<BTreeMap<FormId, TaskRow>, Error> {
    let forms = ids(forms.iter().map(|form| form.0));
    let found = rows(fetch_all!(tx, Kept, OF_FORMS, forms.text())?)?;
    Ok(found.into_iter().map(|row| (row.form, row)).collect())
}

#[derive(Serialize)]
struct Written<'a> {
    form: String,
    form_type: &'a str,
    facility: String,
    unit: String,
    priority: i64,
    state: &'static str,
    whose: &'static str,
    patient: Option<String>,
    sealed_for: Option<String>,
    sealed: Option<String>,
    event_at: Option<i64>,
    care_at: i64,
    taken_by: Option<String>,
    taken_until: i64,
    released: bool,
    lot: Option<String>,
    drawn: bool,
    looked_at: bool,
    ticket: i64,
    changed_at: i64,
}

impl<'a> Written<'a> {
    fn of(row: &'a TaskRow) -> Self {
        let hex = |id: Uuid| id.simple().to_string();
        let patient = if let Whose::One(patient) = row.whose { Some(hex(patient)) } else { None };
        Self {
            form: hex(row.form.0),
            form_type: &row.form_type,
            facility: hex(row.facility.0),
            unit: hex(row.unit.0),
            priority: row.priority,
            state: row.progress.unwrap_or(Progress::Void).code(),
            whose: row.whose.code(),
            patient,
            sealed_for: row.sealed.as_ref().map(|(patient, _)| hex(*patient)),
            sealed: row.sealed.as_ref().map(|(_, sealed)| hex::encode(sealed)),
            event_at: row.event_at.map(|at| at.0),
            care_at: row.care_at(),
            taken_by: row.taken.map(|(account, _)| hex(account.0)),
            taken_until: row.taken.map_or(0, |(_, until)| until.0),
            released: row.released,
            lot: row.lot.map(hex),
            drawn: row.drawn,
            looked_at: row.looked_at,
            ticket: row.ticket,
            changed_at: row.changed_at.0,
        }
    }
}

const SAVE: Sql = Sql {
    sqlite: "
    INSERT INTO entry_task (
        form, incident, form_type, facility, unit, priority, state, whose, patient, sealed_for, sealed, event_at,
        care_at, taken_by, taken_until, released, lot, drawn, looked_at, ticket, changed_at)
    SELECT unhex(value ->> 'form'), $1, value ->> 'form_type', unhex(value ->> 'facility'), unhex(value ->> 'unit'),
        value ->> 'priority', value ->> 'state', value ->> 'whose', unhex(value ->> 'patient'),
        unhex(value ->> 'sealed_for'), unhex(value ->> 'sealed'), value ->> 'event_at', value ->> 'care_at',
        unhex(value ->> 'taken_by'), value ->> 'taken_until', value ->> 'released', unhex(value ->> 'lot'),
        value ->> 'drawn', value ->> 'looked_at', value ->> 'ticket', value ->> 'changed_at'
    FROM json_each($2)
    WHERE TRUE
    ON CONFLICT (form) DO UPDATE
    SET priority = excluded.priority, state = excluded.state, whose = excluded.whose, patient = excluded.patient,
        sealed_for = excluded.sealed_for, sealed = excluded.sealed, event_at = excluded.event_at,
        care_at = excluded.care_at, taken_by = excluded.taken_by, taken_until = excluded.taken_until,
        released = excluded.released, lot = excluded.lot, drawn = excluded.drawn, looked_at = excluded.looked_at,
        ticket = excluded.ticket, changed_at = excluded.changed_at",
    postgres: "
    INSERT INTO entry_task (
        form, incident, form_type, facility, unit, priority, state, whose, patient, sealed_for, sealed, event_at,
        care_at, taken_by, taken_until, released, lot, drawn, looked_at, ticket, changed_at)
    SELECT form::uuid, $1, form_type, facility::uuid, unit::uuid, priority, state, whose, patient::uuid,
        sealed_for::uuid, decode(sealed, 'hex'), event_at, care_at, taken_by::uuid, taken_until, released, lot::uuid,
        drawn, looked_at, ticket, changed_at
    FROM json_to_recordset($2::json) AS row (
        form TEXT, form_type TEXT, facility TEXT, unit TEXT, priority BIGINT, state TEXT, whose TEXT, patient TEXT,
        sealed_for TEXT, sealed TEXT, event_at BIGINT, care_at BIGINT, taken_by TEXT, taken_until BIGINT,
        released BOOLEAN, lot TEXT, drawn BOOLEAN, looked_at BOOLEAN, ticket BIGINT, changed_at BIGINT)
    ON CONFLICT (form) DO UPDATE
    SET priority = excluded.priority, state = excluded.state, whose = excluded.whose, patient = excluded.patient,
        sealed_for = excluded.sealed_for, sealed = excluded.sealed, event_at = excluded.event_at,
        care_at = excluded.care_at, taken_by = excluded.taken_by, taken_until = excluded.taken_until,
        released = excluded.released, lot = excluded.lot, drawn = excluded.drawn, looked_at = excluded.looked_at,
        ticket = excluded.ticket, changed_at = excluded.changed_at",
};

#[derive(Serialize)]
struct Added<'a> {
    facility: String,
    unit: String,
    form_type: &'a str,
    state: &'static str,
    tasks: i64,
}

const ADD: Sql = Sql {
    sqlite: "
    INSERT INTO entry_tally (incident, facility, unit, form_type, state, tasks)
    SELECT $1, unhex(value ->> 'facility'), unhex(value ->> 'unit'), value ->> 'form_type', value ->> 'state', 0
    FROM json_each($2)
    WHERE TRUE
    ON CONFLICT (incident, facility, unit, form_type, state) DO NOTHING",
    postgres: "
    INSERT INTO entry_tally (incident, facility, unit, form_type, state, tasks)
    SELECT $1, facility::uuid, unit::uuid, form_type, state, 0
    FROM json_to_recordset($2::json) AS row (
        facility TEXT, unit TEXT, form_type TEXT, state TEXT, tasks BIGINT)
    ON CONFLICT (incident, facility, unit, form_type, state) DO NOTHING",
};

const RAISE: Sql = Sql {
    sqlite: "
    UPDATE entry_tally
    SET tasks = entry_tally.tasks + (value ->> 'tasks')
    FROM json_each($2)
    WHERE entry_tally.incident = $1 AND entry_tally.facility = unhex(value ->> 'facility')
        AND entry_tally.unit = unhex(value ->> 'unit') AND entry_tally.form_type = value ->> 'form_type'
        AND entry_tally.state = value ->> 'state'",
    postgres: "
    UPDATE entry_tally
    SET tasks = entry_tally.tasks + row.tasks
    FROM json_to_recordset($2::json) AS row (facility TEXT, unit TEXT, form_type TEXT, state TEXT, tasks BIGINT)
    WHERE entry_tally.incident = $1 AND entry_tally.facility = row.facility::uuid
        AND entry_tally.unit = row.unit::uuid AND entry_tally.form_type = row.form_type
        AND entry_tally.state = row.state",
};

/// Writes tasks, and the sums over them: `before` are the same tasks as they were, as far as there were any.
pub async fn save(
    tx: &mut Tx,
    incident: IncidentId,
    before: &BTreeMap<FormId, TaskRow>,
    after: &[TaskRow],
) -> Result<(), Error> {
    if after.is_empty() {
        return Ok(());
    }
    let mut sums: BTreeMap<(FacilityId, UnitId, &str, Progress), i64> = BTreeMap::new();
    let mut add = |row: &'_ TaskRow, tasks: i64, form_type| {
        if let Some(progress) = row.progress {
            *sums.entry((row.facility, row.unit, form_type, progress)).or_default() += tasks;
        }
    };
    for row in after {
        if let Some(before) = before.get(&row.form) {
            add(before, -1, row.form_type.as_str());
        }
        add(row, 1, row.form_type.as_str());
    }
    let written: Vec<Written<'_>> = after.iter().map(Written::of).collect();
    later!(tx, SAVE, incident.0, Rows::of(&written).text())?;
    let added: Vec<Added<'_>> = sums
        .into_iter()
        .filter(|(_, tasks)| *tasks != 0)
        .map(|((facility, unit, form_type, progress), tasks)| Added {
            facility: facility.0.simple().to_string(),
            unit: unit.0.simple().to_string(),
            form_type,
            state: progress.code(),
            tasks,
        })
        .collect();
    if !added.is_empty() {
        let added = Rows::of(&added);
        later!(tx, ADD, incident.0, added.text())?;
        later!(tx, RAISE, incident.0, added.text())?;
    }
    Ok(())
}

const OF_PATIENTS: Sql = Sql {
    sqlite: tasks!(
        "
    WHERE patient IN (SELECT unhex(value) FROM json_each($1)) AND incident = $2
        AND state IN ('ready', 'missing', 'differs')"
    ),
    postgres: tasks!(
        "
    WHERE patient IN (SELECT value::uuid FROM json_array_elements_text($1::json)) AND incident = $2
        AND state IN ('ready', 'missing', 'differs')"
    ),
};

const OF_SEVERAL: Sql = Sql {
    sqlite: tasks!(
        "
    WHERE incident = $2 AND whose = 'several' AND unit IN (SELECT unhex(value) FROM json_each($1))
        AND state IN ('ready', 'missing', 'differs')"
    ),
    postgres: tasks!(
        "
    WHERE incident = $2 AND whose = 'several'
        AND unit IN (SELECT value::uuid FROM json_array_elements_text($1::json))
        AND state IN ('ready', 'missing', 'differs')"
    ),
};

/// What is open of the same patients and of the same units' logs: for what these tasks may have to wait.
pub async fn open_beside(tx: &mut Tx, incident: IncidentId, tasks: &[TaskRow]) -> Result<Vec<Task>, Error> {
    let (mut patients, mut units) = (Vec::new(), Vec::new());
    for task in tasks {
        if let Whose::One(patient) = task.whose {
            patients.push(patient);
            units.push(task.unit.0);
        }
    }
    for list in [&mut patients, &mut units] {
        list.sort_unstable();
        list.dedup();
    }
    let mut open = rows(fetch_all!(tx, Kept, OF_PATIENTS, ids(patients).text(), incident.0)?)?;
    open.extend(rows(fetch_all!(tx, Kept, OF_SEVERAL, ids(units).text(), incident.0)?)?);
    Ok(open.iter().map(TaskRow::task).collect())
}

/// Which tasks a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub progress: Option<Progress>,
    pub site: Option<FacilityId>,
    pub unit: Option<UnitId>,
    pub form_type: String,
    /// Only those that this account has now.
    pub holder: Option<AccountId>,
    /// Only those that nobody else has: for taking them.
    pub free_for: Option<AccountId>,
    pub after: After,
}

/// The last task of the page before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    pub priority: i64,
    pub care_at: i64,
    pub form: Uuid,
}

impl Default for After {
    fn default() -> Self {
        Self { priority: -1, care_at: i64::MIN, form: Uuid::nil() }
    }
}

impl After {
    /// Reads `3:1721368800000000:FORM`; anything else is the beginning.
    pub fn read(text: &str) -> Self {
        let mut parts = text.split(':');
        let mut next = || parts.next().unwrap_or_default();
        match (next().parse(), next().parse(), next().parse()) {
            (Ok(priority), Ok(care_at), Ok(form)) => Self { priority, care_at, form },
            _ => Self::default(),
        }
    }

    /// The task after which the next page begins.
    pub fn of(row: &TaskRow) -> Self {
        Self { priority: row.priority, care_at: row.care_at(), form: row.form.0 }
    }

    /// As the next page's address names it.
    pub fn text(self) -> String {
        format!("{}:{}:{}", self.priority, self.care_at, self.form)
    }
}

/// One list by the index that fits it: the first condition is its own, the others are looked at row by row.
macro_rules! list {
    ($own:literal, $text:literal, $uuid:literal) => {
        concat!(
            "
    SELECT form, form_type, facility, unit, priority, state, whose, patient, sealed_for, sealed, event_at, taken_by,
        taken_until, released, lot, drawn, looked_at, ticket, changed_at
    FROM entry_task
    WHERE incident = $1 AND state = $2",
            $own,
            "
        AND ($4",
            $text,
            " = '' OR form_type = $4)
        AND ($5",
            $uuid,
            " IS NULL OR facility = $5)
        AND ($6",
            $uuid,
            " IS NULL OR unit = $6)
        AND ($7",
            $uuid,
            " IS NULL OR (taken_by = $7 AND taken_until > $3))
        AND ($8",
            $uuid,
            " IS NULL OR taken_by IS NULL OR taken_by = $8 OR taken_until <= $3)
        AND (priority, care_at, form) > ($9, $10, $11)
    ORDER BY priority, care_at, form
    LIMIT $12"
        )
    };
}

/// The lists: by holder, unit, type, site, and all.
const LISTS: [Sql; 5] = [
    Sql {
        sqlite: list!(" AND taken_by = $7", "", ""),
        postgres: list!(" AND taken_by = $7", "::text", "::uuid"),
    },
    Sql { sqlite: list!(" AND unit = $6", "", ""), postgres: list!(" AND unit = $6", "::text", "::uuid") },
    Sql {
        sqlite: list!(" AND form_type = $4", "", ""),
        postgres: list!(" AND form_type = $4", "::text", "::uuid"),
    },
    Sql {
        sqlite: list!(" AND facility = $5", "", ""),
        postgres: list!(" AND facility = $5", "::text", "::uuid"),
    },
    Sql { sqlite: list!("", "", ""), postgres: list!("", "::text", "::uuid") },
];

impl Filter {
    /// The statement whose index narrows most.
    pub fn sql(&self) -> Sql {
        let narrow = [
            self.holder.is_some(),
            self.unit.is_some(),
            !self.form_type.is_empty(),
            self.site.is_some(),
            true,
        ];
        let which = narrow.iter().position(|is_asked| *is_asked).unwrap_or(LISTS.len() - 1);
        LISTS[which]
    }
}

/// One page of tasks: the most urgent kind first, of a kind the earliest care.
pub async fn list(
    tx: &mut Tx,
    incident: IncidentId,
    filter: &Filter,
    now: Timestamp,
    most: i64,
) -> Result<Vec<TaskRow>, Error> {
    let After { priority, care_at, form } = filter.after;
    rows(fetch_all!(
        tx,
        Kept,
        filter.sql(),
        incident.0,
        filter.progress.unwrap_or(Progress::Ready).code(),
        now.0,
        &filter.form_type,
        filter.site.map(|site| site.0),
        filter.unit.map(|unit| unit.0),
        filter.holder.map(|holder| holder.0),
        filter.free_for.map(|account| account.0),
        priority,
        care_at,
        form,
        most
    )?)
}

const HELD: &str = tasks!(
    "
    WHERE incident = $1 AND taken_by = $2 AND taken_until > $3"
);

/// What an account has taken.
pub async fn held(
    tx: &mut Tx,
    incident: IncidentId,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<TaskRow>, Error> {
    rows(fetch_all!(tx, Kept, HELD, incident.0, account.0, now.0)?)
}

const UNDRAWN: &str = tasks!(
    "
    WHERE lot = $1 AND drawn = FALSE AND looked_at = FALSE AND state = 'entered'
    ORDER BY ticket, form
    LIMIT $2"
);

/// The lowest tickets of a lot that are not drawn and that nobody has looked at.
pub async fn undrawn(tx: &mut Tx, lot: Uuid, most: i64) -> Result<Vec<TaskRow>, Error> {
    rows(fetch_all!(tx, Kept, UNDRAWN, lot, most)?)
}

const SUMS: Sql = Sql {
    sqlite: "
    SELECT state, CAST(SUM(tasks) AS BIGINT)
    FROM entry_tally
    WHERE incident = $1 AND ($2 IS NULL OR facility = $2) AND ($3 IS NULL OR unit = $3)
        AND ($4 = '' OR form_type = $4)
    GROUP BY state",
    postgres: "
    SELECT state, CAST(SUM(tasks) AS BIGINT)
    FROM entry_tally
    WHERE incident = $1 AND ($2::uuid IS NULL OR facility = $2) AND ($3::uuid IS NULL OR unit = $3)
        AND ($4::text = '' OR form_type = $4)
    GROUP BY state",
};

/// How many tasks are how far, of those that a filter names.
pub async fn sums(
    tx: &mut Tx,
    incident: IncidentId,
    filter: &Filter,
) -> Result<BTreeMap<Progress, i64>, Error> {
    let (site, unit) = (filter.site.map(|site| site.0), filter.unit.map(|unit| unit.0));
    let rows = fetch_all!(tx, (String, i64), SUMS, incident.0, site, unit, &filter.form_type)?;
    Ok(rows.into_iter().filter_map(|(state, tasks)| Some((Progress::from_code(&state)?, tasks))).collect())
}

const MOVE_PATIENT: &str = "
    UPDATE entry_task
    SET patient = $2
    WHERE patient = $1";

/// Makes the tasks of one patient those of another: a downtime number was merged.
pub async fn move_patient(tx: &mut Tx, from: Uuid, to: Uuid) -> Result<u64, Error> {
    execute!(tx, MOVE_PATIENT, from, to)
}
