//! The SQL of devices: tallies by unit and class, machines, events, and what each ten minutes brought.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    devices::{Counted, Machines, Standing},
    id::{AccountId, FacilityId, IncidentId, SystemId, UnitId},
    time::Timestamp,
};
use futures::future::BoxFuture;
use sqlx::types::Uuid;

use crate::{
    execute, fetch_all, fetch_one, fetch_optional,
    store::{Error, Sql, Tx, facts::Sums},
};

/// The tallies' name among those of facts.
pub const TALLY: &str = "devices";
/// Microseconds of ten minutes.
pub const SLOT: i64 = 600_000_000;

const SCOPE: &str = "
    SELECT system.id, system.code, system.name, system_status.facility,
        system_status.status <> 'operational'
    FROM system_status
    JOIN system ON system.id = system_status.system
    WHERE system_status.incident = $1 AND system.kind = 'device_class'
    ORDER BY system.position, system.code";

/// The device classes of a downtime and the sites at which each is concerned.
#[derive(Debug, Clone, Default)]
pub struct InScope {
    /// Id, code and name, in their own order.
    pub classes: Vec<(SystemId, String, String)>,
    pub pairs: BTreeSet<(SystemId, FacilityId)>,
    /// Whether any of them does not simply work somewhere.
    pub is_hit: bool,
}

impl InScope {
    /// The class of a code or an id.
    pub fn class(&self, text: &str) -> Option<SystemId> {
        let named = |(id, code, _): &&(SystemId, String, String)| code == text || id.to_string() == text;
        self.classes.iter().find(named).map(|(id, ..)| *id)
    }

    /// The sites at which any class is concerned.
    pub fn sites(&self) -> BTreeSet<FacilityId> {
        self.pairs.iter().map(|(_, site)| *site).collect()
    }
}

/// Reads what of a downtime concerns devices.
pub async fn in_scope(tx: &mut Tx, incident: IncidentId) -> Result<InScope, Error> {
    let mut found = InScope::default();
    for (id, code, name, site, is_hit) in
        fetch_all!(tx, (Uuid, String, String, Uuid, bool), SCOPE, incident.0)?
    {
        let class = SystemId(id);
        found.is_hit |= is_hit;
        if found.classes.last().is_none_or(|(last, ..)| *last != class) {
            found.classes.push((class, code, name));
        }
        found.pairs.insert((class, FacilityId(site)));
    }
    Ok(found)
}

const ADDRESSED: &str = "
    SELECT unit.id, system.id
    FROM unit
    JOIN facility ON facility.id = unit.facility
    JOIN system_status ON system_status.facility = facility.id
    JOIN system ON system.id = system_status.system
    WHERE system_status.incident = $1 AND system.kind = 'device_class' AND system.code = $2
        AND ((facility.code = $3 AND unit.code = $4) OR unit.id = $5)";

/// The unit of the codes of site and unit, or of an id, and the class of a code, as far as the downtime concerns both.
pub async fn addressed(
    tx: &mut Tx,
    incident: IncidentId,
    (site, unit, id): (&str, &str, Option<UnitId>),
    class: &str,
) -> Result<Option<(UnitId, SystemId)>, Error> {
    let id = id.map(|id| id.0);
    let found =
        fetch_optional!(tx, (Uuid, Uuid), ADDRESSED, incident.0, class, site.trim(), unit.trim(), id)?;
    Ok(found.map(|(unit, class)| (UnitId(unit), SystemId(class))))
}

const BEGIN_TALLY: &str = "
    INSERT INTO device_tally (
        incident, unit, class, counted_checked, counted_fixed, broken_then, machines, machines_fixed,
        machines_broken, total, checked, fixed, remaining, bare, changed_at)
    VALUES ($1, $2, $3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, $4)
    ON CONFLICT (incident, unit, class) DO NOTHING";

const TAKE_TALLY: Sql = Sql {
    sqlite: "
    SELECT unit.facility, in_all, counted_checked, counted_fixed, broken_then, machines, machines_fixed,
        machines_broken
    FROM device_tally
    JOIN unit ON unit.id = device_tally.unit
    WHERE incident = $1 AND unit = $2 AND class = $3",
    postgres: "
    SELECT unit.facility, in_all, counted_checked, counted_fixed, broken_then, machines, machines_fixed,
        machines_broken
    FROM device_tally
    JOIN unit ON unit.id = device_tally.unit
    WHERE incident = $1 AND unit = $2 AND class = $3
    FOR UPDATE OF device_tally",
};

type TallyRow = (Uuid, Option<i64>, i64, i64, i64, i64, i64, i64);

/// What is known of one class in a unit, taken by this transaction; made when there is none.
#[derive(Debug, Clone, Copy)]
pub struct Tally {
    pub facility: FacilityId,
    pub counted: Counted,
    pub machines: Machines,
}

/// Takes a tally. Who takes several takes them in the order of unit and class.
pub async fn take(
    tx: &mut Tx,
    incident: IncidentId,
    unit: UnitId,
    class: SystemId,
    now: Timestamp,
) -> Result<Tally, Error> {
    execute!(tx, BEGIN_TALLY, incident.0, unit.0, class.0, now.0)?;
    let row = fetch_one!(tx, TallyRow, TAKE_TALLY, incident.0, unit.0, class.0)?;
    let (facility, in_all, checked, fixed, broken_then, known, machines_fixed, broken) = row;
    Ok(Tally {
        facility: FacilityId(facility),
        counted: Counted { in_all, checked, fixed, broken_then },
        machines: Machines { known, fixed: machines_fixed, broken },
    })
}

const KEEP_TALLY: &str = "
    UPDATE device_tally
    SET in_all = $4, counted_checked = $5, counted_fixed = $6, broken_then = $7, machines = $8,
        machines_fixed = $9, machines_broken = $10, total = $11, checked = $12, fixed = $13, remaining = $14,
        bare = $15, changed_at = $16
    WHERE incident = $1 AND unit = $2 AND class = $3";

/// What changed in each ten minutes by site and class, written after all tallies, in their order.
#[derive(Debug, Default)]
pub struct Slots(BTreeMap<(FacilityId, SystemId), (i64, i64)>);

/// Keeps a tally after a change, and notes what that change fixed. What a first count finds fixed is no work.
pub async fn keep(
    tx: &mut Tx,
    incident: IncidentId,
    (unit, class): (UnitId, SystemId),
    (before, after): (&Tally, &Tally),
    slots: &mut Slots,
    now: Timestamp,
) -> Result<Standing, Error> {
    let (counted, machines) = (&after.counted, &after.machines);
    let standing = Standing::of(counted, machines);
    let was = Standing::of(&before.counted, &before.machines);
    execute!(
        tx,
        KEEP_TALLY,
        incident.0,
        unit.0,
        class.0,
        counted.in_all,
        counted.checked,
        counted.fixed,
        counted.broken_then,
        machines.known,
        machines.fixed,
        machines.broken,
        standing.total,
        standing.checked,
        standing.fixed,
        standing.left(),
        i64::from(standing.is_bare()),
        now.0
    )?;
    let fixed = standing.fixed - was.fixed;
    let is_first_count = before.counted == Counted::default() && after.counted != before.counted;
    let slot = slots.0.entry((after.facility, class)).or_default();
    slot.0 += fixed;
    slot.1 += if is_first_count { fixed } else { 0 };
    Ok(standing)
}

const ADD_SLOT: &str = "
    INSERT INTO device_slot (incident, facility, class, slot, fixed, found)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (incident, facility, class, slot) DO UPDATE
    SET fixed = device_slot.fixed + excluded.fixed, found = device_slot.found + excluded.found";

/// Writes what the changes of one transaction fixed.
pub async fn keep_slots(
    tx: &mut Tx,
    incident: IncidentId,
    slots: Slots,
    now: Timestamp,
) -> Result<(), Error> {
    for ((facility, class), (fixed, found)) in slots.0 {
        if fixed != 0 || found != 0 {
            execute!(tx, ADD_SLOT, incident.0, facility.0, class.0, now.0 / SLOT, fixed, found)?;
        }
    }
    Ok(())
}

/// Adds what a batch of reports brought: each unit and class once, in their order.
pub fn add_machines(
    tx: &mut Tx,
    incident: IncidentId,
    sums: Sums,
    now: Timestamp,
) -> BoxFuture<'_, Result<(), Error>> {
    Box::pin(async move {
        let mut slots = Slots::default();
        for ((unit, class), [known, fixed, broken]) in sums {
            let (unit, class) = (UnitId(unit), SystemId(class));
            let before = take(tx, incident, unit, class, now).await?;
            let machines = before.machines.plus(Machines { known, fixed, broken });
            let after = Tally { machines, ..before };
            keep(tx, incident, (unit, class), (&before, &after), &mut slots, now).await?;
        }
        keep_slots(tx, incident, slots, now).await
    })
}

/// A machine in its last state.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct MachineRow {
    pub id: Uuid,
    pub unit: Uuid,
    pub class: Uuid,
    pub state: String,
}

const MACHINE: &str = "
    SELECT id, unit, class, state
    FROM device_machine
    WHERE incident = $1 AND name = $2";

/// The machine of a name.
pub async fn machine(tx: &mut Tx, incident: IncidentId, name: &str) -> Result<Option<MachineRow>, Error> {
    fetch_optional!(tx, MachineRow, MACHINE, incident.0, name)
}

const KEEP_MACHINE: &str = "
    INSERT INTO device_machine (id, incident, name, unit, class, state, changed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (incident, name) DO UPDATE
    SET unit = excluded.unit, class = excluded.class, state = excluded.state, changed_at = excluded.changed_at";

/// Keeps a machine in its new state.
pub async fn keep_machine(
    tx: &mut Tx,
    incident: IncidentId,
    name: &str,
    row: &MachineRow,
    now: Timestamp,
) -> Result<(), Error> {
    execute!(tx, KEEP_MACHINE, row.id, incident.0, name, row.unit, row.class, &row.state, now.0).map(|_| ())
}

/// One event of the past.
#[derive(Debug, Clone)]
pub struct NewEvent<'a> {
    pub id: Uuid,
    pub unit: UnitId,
    pub class: SystemId,
    /// `machine`, `typed` or `file`.
    pub source: &'a str,
    pub machine: Option<Uuid>,
    pub states: (&'a str, &'a str),
    pub counted: Option<Counted>,
    pub event_at: Timestamp,
    pub entered_at: Timestamp,
    pub account: AccountId,
}

const LOG: &str = "
    INSERT INTO device_event (
        id, incident, unit, class, source, machine, from_state, to_state, in_all, checked, fixed, event_at,
        entered_at, account)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

/// Writes what happened.
pub async fn log(tx: &mut Tx, incident: IncidentId, event: &NewEvent<'_>) -> Result<(), Error> {
    let counted = event.counted;
    execute!(
        tx,
        LOG,
        event.id,
        incident.0,
        event.unit.0,
        event.class.0,
        event.source,
        event.machine,
        event.states.0,
        event.states.1,
        counted.and_then(|counted| counted.in_all),
        counted.map(|counted| counted.checked),
        counted.map(|counted| counted.fixed),
        event.event_at.0,
        event.entered_at.0,
        event.account.0
    )
    .map(|_| ())
}

const TEAM: &str = "
    INSERT INTO device_team (incident, unit, team, sent_at)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (incident, unit) DO UPDATE
    SET team = excluded.team, sent_at = excluded.sent_at";

/// Notes who goes to a unit; empty is nobody.
pub async fn send_team(
    tx: &mut Tx,
    incident: IncidentId,
    unit: UnitId,
    team: &str,
    now: Timestamp,
) -> Result<(), Error> {
    execute!(tx, TEAM, incident.0, unit.0, team, now.0).map(|_| ())
}

const BEFORE: &str = "
    SELECT unit, class, in_all, counted_checked, counted_fixed, broken_then, machines, machines_fixed,
        machines_broken
    FROM device_tally
    WHERE incident = $1";

type BeforeRow = (Uuid, Uuid, Option<i64>, i64, i64, i64, i64, i64, i64);

/// What is known of every unit and class.
pub async fn all(
    tx: &mut Tx,
    incident: IncidentId,
) -> Result<BTreeMap<(UnitId, SystemId), (Counted, Machines)>, Error> {
    let rows = fetch_all!(tx, BeforeRow, BEFORE, incident.0)?;
    let read = |(unit, class, in_all, checked, fixed, broken_then, known, machines_fixed, broken)| {
        let counted = Counted { in_all, checked, fixed, broken_then };
        let machines = Machines { known, fixed: machines_fixed, broken };
        ((UnitId(unit), SystemId(class)), (counted, machines))
    };
    Ok(rows.into_iter().map(read).collect())
}
