//! The files of cross-checks: offered, previewed, then taken over as they fit at that moment (rule 15).
//!
//! A list says how many there are of each key that it names; the last list that names a key holds. So the same list
//! twice, or a longer one that has grown meanwhile, changes nothing that it does not say otherwise.

use std::collections::BTreeMap;

use domain::{
    actor::Actor,
    checks::{
        CENSUS_COLUMNS, CensusRow, Kind, Known, LIST_COLUMNS, ReadCensus, ReadList, Side, read_census,
        read_list,
    },
    id::IncidentId,
    table::{Known as Column, Mapping, Table},
    view::imports::Figures,
};

use super::{
    Sealing, Subject,
    ahead::{self, Ahead},
    compare_forms, may_everywhere, open, patients, store,
};
use crate::{
    app::App,
    failure::Failure,
    imports::staged::{File, Plan, Staged},
    store::{Tx, journal::Decision},
};

/// The census of an incident, or one side's list of one of its checks.
#[derive(Debug, Clone, Copy)]
pub struct Lists(pub IncidentId, pub Subject);

impl Staged for Lists {
    /// What of a list was sealed and written ahead; a census is short.
    type Ahead = Option<Ahead>;

    const REFUSED: &'static str = "check-refused.csv";
    const TAKEN_OVER: &'static str = "checks.imported";

    fn incident(self) -> IncidentId {
        self.0
    }

    fn address(self) -> String {
        format!("incidents/{}/checks/{}", self.0, self.1.code())
    }

    fn kind(self) -> String {
        format!("checks:{}:{}", self.0, self.1.code())
    }

    fn of(self) -> String {
        format!("checks {}", self.1.code())
    }

    fn words(self) -> String {
        self.1.words().to_owned()
    }

    fn columns(self) -> &'static [Column] {
        match self.1 {
            Subject::Census => &CENSUS_COLUMNS,
            Subject::List(..) => &LIST_COLUMNS,
        }
    }

    async fn plan(
        self,
        app: &App,
        tx: &mut Tx,
        actor: &Actor,
        (table, mapping): (&Table, &Mapping),
    ) -> Result<Plan, Failure> {
        let Lists(incident, subject) = self;
        let known = may(tx, incident, actor).await?;
        if !mapping.missing(self.columns()).is_empty() {
            let figures = Figures { rows: table.rows.len(), ..Figures::default() };
            return Ok(Plan { figures, rejects: Vec::new() });
        }
        match subject {
            Subject::Census => Ok(census(tx, incident, (table, mapping), &known).await?.1),
            Subject::List(kind, side) => {
                let sealing = Sealing::open(app, tx).await?;
                let read = list(tx, &sealing, (table, mapping), &known).await?;
                preview(tx, &sealing, (incident, kind, side), table, read).await
            }
        }
    }

    async fn ahead(
        self,
        app: &App,
        actor: &Actor,
        (table, mapping): (&Table, &Mapping),
    ) -> Result<Option<Ahead>, Failure> {
        let Lists(incident, Subject::List(kind, side)) = self else { return Ok(None) };
        let mut tx = app.db.read().await?;
        let known = may(&mut tx, incident, actor).await?;
        let sealing = Sealing::open(app, &mut tx).await?;
        let read = list(&mut tx, &sealing, (table, mapping), &known).await?;
        drop(tx);
        ahead::write(app, &sealing, (incident, kind, side), read).await.map(Some)
    }

    async fn take_over(
        self,
        app: &App,
        decision: &mut Decision,
        actor: &Actor,
        file: &File<'_>,
        ahead: &Option<Ahead>,
    ) -> Result<Plan, Failure> {
        let (incident, at, account) = (self.0, decision.at, decision.account);
        let known = may(&mut decision.tx, incident, actor).await?;
        if let (Subject::List(kind, side), Some(ahead)) = (self.1, ahead) {
            let of = (incident, kind, side);
            let plan = ahead.switch(&mut decision.tx, of, file.table.rows.len(), at).await?;
            store::note_list(&mut decision.tx, incident, (kind, side), file.name, at, account).await?;
            return Ok(plan);
        }
        let (rows, plan) = census(&mut decision.tx, incident, (file.table, file.mapping), &known).await?;
        store::set_census(&mut decision.tx, incident, &rows, at, account).await?;
        compare_forms(app, decision, incident).await?;
        Ok(plan)
    }

    async fn forget(self, app: &App, ahead: Option<Ahead>) {
        if let Some(ahead) = ahead {
            ahead.forget(app).await;
        }
    }
}

/// The units whose rows a file of this account may bring.
async fn may(tx: &mut Tx, incident: IncidentId, actor: &Actor) -> Result<Known, Failure> {
    let (sites, lattice) = open(tx, incident).await?;
    may_everywhere(actor, &sites, &lattice)?;
    Ok(Known { units: store::units(tx, incident).await?.into_iter().collect() })
}

/// Reads a list; who was erased is refused.
async fn list(
    tx: &mut Tx,
    sealing: &Sealing,
    (table, mapping): (&Table, &Mapping),
    known: &Known,
) -> Result<ReadList, Failure> {
    let mut read = read_list(&table.rows, &table.header, mapping, known);
    let column = mapping.column(&table.header, "patient");
    let column = if column.is_empty() { mapping.column(&table.header, "key") } else { column };
    patients::refuse_erased(tx, sealing, &mut read, column).await?;
    Ok(read)
}

/// What taking a list over would do now.
async fn preview(
    tx: &mut Tx,
    sealing: &Sealing,
    (incident, kind, side): (IncidentId, Kind, Side),
    table: &Table,
    read: ReadList,
) -> Result<Plan, Failure> {
    let before = store::known(tx, incident, kind).await?;
    let mut figures = Figures { rows: table.rows.len(), ..Figures::default() };
    for row in &read.rows {
        let known = before.get(&sealing.hash(kind, &row.key)[..]);
        let said = known.map(|(expected, found)| if side == Side::Expected { expected } else { found });
        count(&mut figures, said.copied(), row.amount);
    }
    figures.valid = read.rows.len() + read.repeated;
    figures.duplicates = read.repeated;
    figures.refused = read.rejects.len();
    Ok(Plan { figures, rejects: read.rejects })
}

fn count(figures: &mut Figures, before: Option<i64>, now: i64) {
    match before {
        None => figures.added += 1,
        Some(before) if before == now => figures.unchanged += 1,
        Some(_) => figures.changed += 1,
    }
}

/// Reads a census and compares it with what is known.
async fn census(
    tx: &mut Tx,
    incident: IncidentId,
    (table, mapping): (&Table, &Mapping),
    known: &Known,
) -> Result<(Vec<CensusRow>, Plan), Failure> {
    let ReadCensus { rows, duplicates, rejects, .. } =
        read_census(&table.rows, &table.header, mapping, known);
    let before: BTreeMap<_, i64> = store::census_rows(tx, incident)
        .await?
        .into_iter()
        .map(|(unit, day, occasion, number)| ((unit, day, occasion), number))
        .collect();
    let mut figures = Figures { rows: table.rows.len(), ..Figures::default() };
    for row in &rows {
        let key = (row.unit.0, row.day.clone(), row.occasion.code().to_owned());
        count(&mut figures, before.get(&key).copied(), row.number);
    }
    figures.valid = rows.len();
    figures.duplicates = duplicates;
    figures.refused = rejects.len();
    Ok((rows, Plan { figures, rejects }))
}
