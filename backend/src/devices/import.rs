//! A file of counts for many units: offered, previewed, then taken over as it fits at that moment (rule 15).

use domain::{
    actor::{Actor, Role},
    devices::{self, COLUMNS, Known},
    id::{FacilityId, IncidentId, UnitId},
    scope::Place,
    table::{Known as Column, Mapping, Table},
    view::imports::Figures,
};

use super::{
    Written, keep_count, open,
    store::{self, Slots},
};
use crate::{
    app::App,
    demo,
    failure::Failure,
    forms::store as forms,
    imports::staged::{File, Plan, Staged},
    places::store as places,
    store::{Tx, journal::Decision},
};

/// Whose counts a file may bring: a commander's of every site of the downtime.
fn may(actor: &Actor, sites: &[FacilityId], lattice: &domain::scope::Places) -> Result<(), Failure> {
    if sites.iter().all(|site| actor.can(Role::Commander, Place::Facility(*site), lattice)) {
        return Ok(());
    }
    Err(Failure::Forbidden(
        "A file of counts is imported by a commander of every site of the downtime.".into(),
    ))
}

/// The file of counts of an incident.
#[derive(Debug, Clone, Copy)]
pub struct Counts(pub IncidentId);

impl Staged for Counts {
    type Ahead = ();

    const REFUSED: &'static str = "devices-refused.csv";
    const TAKEN_OVER: &'static str = "devices.imported";
    const DEMO: &'static str = demo::web::DEVICES;

    fn incident(self) -> IncidentId {
        self.0
    }

    fn address(self) -> String {
        format!("incidents/{}/devices", self.0)
    }

    fn kind(self) -> String {
        format!("devices:{}", self.0)
    }

    fn of(self) -> String {
        "devices".to_owned()
    }

    fn words(self) -> String {
        String::new()
    }

    fn columns(self) -> &'static [Column] {
        &COLUMNS
    }

    async fn plan(
        self,
        _: &App,
        tx: &mut Tx,
        actor: &Actor,
        (table, mapping): (&Table, &Mapping),
    ) -> Result<Plan, Failure> {
        Ok(compared(tx, actor, self.0, table, mapping).await?.1)
    }

    async fn ahead(self, _: &App, _: &Actor, _: (&Table, &Mapping)) -> Result<(), Failure> {
        Ok(())
    }

    /// Each count becomes what the file says, and what it does not say stays.
    async fn take_over(
        self,
        app: &App,
        decision: &mut Decision,
        actor: &Actor,
        file: &File<'_>,
        (): &(),
    ) -> Result<Plan, Failure> {
        let (mut read, plan) = compared(&mut decision.tx, actor, self.0, file.table, file.mapping).await?;
        // Reports of machines take the same tallies, in the same order.
        read.rows.sort_by_key(|row| (row.unit, row.class));
        let mut slots = Slots::default();
        for row in &read.rows {
            let at = decision.at;
            let before = store::take(&mut decision.tx, self.0, row.unit, row.class, at).await?;
            let written = Written { incident: self.0, unit: row.unit, class: row.class, source: "file" };
            keep_count(app, decision, &written, (&before, row.counted), &mut slots).await?;
        }
        store::keep_slots(&mut decision.tx, self.0, slots, decision.at).await?;
        Ok(plan)
    }

    async fn forget(self, _: &App, (): ()) {}
}

/// Compares a file with what is counted.
async fn compared(
    tx: &mut Tx,
    actor: &Actor,
    incident: IncidentId,
    table: &Table,
    mapping: &Mapping,
) -> Result<(devices::Read, Plan), Failure> {
    let (scope, lattice) = open(tx, incident).await?;
    let sites: Vec<FacilityId> = scope.sites().into_iter().collect();
    may(actor, &sites, &lattice)?;
    let concerned: std::collections::BTreeSet<UnitId> =
        forms::units(tx, incident).await?.into_iter().map(|(unit, ..)| unit).collect();
    let in_scope = |unit: &UnitId| {
        concerned.contains(unit) && lattice.unit_facility.get(unit).is_some_and(|site| sites.contains(site))
    };
    let units = places::units(tx).await?.into_iter().map(|unit| (unit.key(), UnitId(unit.id)));
    let known = Known {
        units: units.filter(|(_, unit)| in_scope(unit)).collect(),
        classes: scope.classes.iter().map(|(id, code, _)| (code.clone(), *id)).collect(),
        before: store::all(tx, incident).await?,
    };
    let read = devices::read(&table.rows, &table.header, mapping, &known);
    let added = read.rows.iter().filter(|row| row.is_new).count();
    let figures = Figures {
        rows: table.rows.len(),
        valid: read.rows.len() + read.unchanged,
        added,
        changed: read.rows.len() - added,
        unchanged: read.unchanged,
        duplicates: read.duplicates,
        refused: read.rejects.len(),
        ..Figures::default()
    };
    let rejects = read.rejects.clone();
    Ok((read, Plan { figures, rejects }))
}
