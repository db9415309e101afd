//! The files of cross-checks: offered, previewed, then taken over as they fit at that moment (rule 15).
//!
//! A list says how many there are of each key that it names; the last list that names a key holds. So the same list
//! twice, or a longer one that has grown meanwhile, changes nothing that it does not say otherwise.

use domain::{
    actor::Actor,
    checks::{CENSUS_COLUMNS, Kind, Known, LIST_COLUMNS, ReadCensus, ReadList, Side, read_census, read_list},
    id::IncidentId,
    table::{Known as Column, Mapping, Table},
    view::imports::Figures,
};

use super::{
    Named, Sealing, Subject, compare_forms, may_everywhere, open,
    patients::{self, Whose},
    store,
};
use crate::{
    app::App,
    failure::Failure,
    imports::staged::{Plan, Staged},
    store::{Error, Tx, journal::Decision},
};

/// Rows that travel to the database in one statement.
const CHUNK: usize = 4_000;

/// What a file contains.
pub enum Read {
    Census(ReadCensus),
    List(ReadList),
}

/// The census of an incident, or one side's list of one of its checks.
#[derive(Debug, Clone, Copy)]
pub struct Lists(pub IncidentId, pub Subject);

impl Staged for Lists {
    type Read = Read;

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
        file: (&Table, &Mapping),
    ) -> Result<Plan<Read>, Failure> {
        plan(app, tx, actor, self, file).await
    }

    async fn write(
        self,
        app: &App,
        decision: &mut Decision,
        file_name: &str,
        read: Read,
    ) -> Result<(), Failure> {
        let (incident, at, account) = (self.0, decision.at, decision.account);
        match (self.1, read) {
            (Subject::List(kind, side), Read::List(read)) => {
                put_list(app, decision, incident, (kind, side), &read).await?;
                store::note_list(&mut decision.tx, incident, (kind, side), file_name, at, account).await?;
            }
            (Subject::Census, Read::Census(read)) => {
                store::set_census(&mut decision.tx, incident, &read.rows, at, account).await?;
                compare_forms(app, decision, incident).await?;
            }
            _ => return Err(Failure::NotFound("import")),
        }
        Ok(())
    }
}

/// Compares a file with what is known.
async fn plan(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    of: Lists,
    (table, mapping): (&Table, &Mapping),
) -> Result<Plan<Read>, Failure> {
    let Lists(incident, subject) = of;
    let (sites, lattice) = open(tx, incident).await?;
    may_everywhere(actor, &sites, &lattice)?;
    let known = Known { units: store::units(tx, incident).await?.into_iter().collect() };
    let mut figures = Figures { rows: table.rows.len(), ..Figures::default() };
    if !mapping.missing(of.columns()).is_empty() {
        return Ok(Plan { read: Read::List(ReadList::default()), figures, rejects: Vec::new() });
    }
    let read = match subject {
        Subject::Census => {
            let read = read_census(&table.rows, &table.header, mapping, &known);
            census_figures(tx, incident, &read, &mut figures).await?;
            Read::Census(read)
        }
        Subject::List(kind, side) => {
            let mut read = read_list(&table.rows, &table.header, mapping, &known);
            let sealing = Sealing::open(app, tx).await?;
            let column = mapping.column(&table.header, "patient");
            let column = if column.is_empty() { mapping.column(&table.header, "key") } else { column };
            patients::refuse_erased(tx, &sealing, &mut read, column).await?;
            let before = store::known(tx, incident, kind).await?;
            for row in &read.rows {
                let known = before.get(&sealing.hash(kind, &row.key)[..]);
                let said =
                    known.map(|(expected, found)| if side == Side::Expected { expected } else { found });
                count(&mut figures, said.copied(), row.amount);
            }
            figures.valid = read.rows.len() + read.repeated;
            figures.duplicates = read.repeated;
            figures.refused = read.rejects.len();
            Read::List(read)
        }
    };
    let rejects = match &read {
        Read::Census(read) => read.rejects.clone(),
        Read::List(read) => read.rejects.clone(),
    };
    Ok(Plan { read, figures, rejects })
}

fn count(figures: &mut Figures, before: Option<i64>, now: i64) {
    match before {
        None => figures.added += 1,
        Some(before) if before == now => figures.unchanged += 1,
        Some(_) => figures.changed += 1,
    }
}

async fn census_figures(
    tx: &mut Tx,
    incident: IncidentId,
    read: &ReadCensus,
    figures: &mut Figures,
) -> Result<(), Error> {
    let before: std::collections::BTreeMap<_, i64> = store::census_rows(tx, incident)
        .await?
        .into_iter()
        .map(|(unit, day, occasion, number)| ((unit, day, occasion), number))
        .collect();
    for row in &read.rows {
        let key = (row.unit.0, row.day.clone(), row.occasion.code().to_owned());
        count(figures, before.get(&key).copied(), row.number);
    }
    figures.valid = read.rows.len();
    figures.duplicates = read.duplicates;
    figures.refused = read.rejects.len();
    Ok(())
}

/// Writes one side's list, and counts the check over.
async fn put_list(
    app: &App,
    decision: &mut Decision,
    incident: IncidentId,
    (kind, side): (Kind, Side),
    read: &ReadList,
) -> Result<(), Failure> {
    let sealing = Sealing::open(app, &mut decision.tx).await?;
    let whose = Whose::keep(app, &mut decision.tx, &sealing, &read.rows).await?;
    let unowned = store::unowned(&mut decision.tx, incident, kind).await?;
    for rows in read.rows.chunks(CHUNK) {
        let said: Vec<_> = rows
            .iter()
            .map(|row| {
                let named = Named { key: row.written.clone(), what: row.what.clone() };
                let numbers = if side == Side::Expected { (row.amount, 0) } else { (0, row.amount) };
                let here = unowned.get(&sealing.hash(kind, &row.key)[..]).copied();
                let of = (here.unwrap_or_else(|| app.clock.id()), row.key.as_str(), &named);
                sealing.said_of(app, kind, of, whose.of(row), (row.unit, numbers.0, numbers.1))
            })
            .collect();
        store::put(&mut decision.tx, incident, (kind, side.into()), &said, decision.at).await?;
    }
    store::count_again(&mut decision.tx, incident, kind).await?;
    Ok(())
}
