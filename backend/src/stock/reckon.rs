//! Reckoning what lies at each unit from what people counted and what the ledger says is gone: how many are left, how
//! fast they go, when they run out, how many are to be asked for.
//!
//! The ledger is only read, never waited for: scanning and counting forms know nothing of the stock. A job reckons
//! each minute, and a command reckons its own unit. Everything changes with ten minutes' grain, so that a row is
//! written when something happened and not because time has passed by a second.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    id::{FacilityId, IncidentId, UnitId},
    playbooks::{FormType, Playbook},
    stock::{PACE_HOURS, Par, Rate, USUAL_HOURS, Ward, runs_out, short},
    time::Timestamp,
};
use sqlx::types::Uuid;

use super::store::{self, Ledgers, SLOT, Said, StockRow, UnitRow};
use crate::{
    playbooks::store as playbooks,
    store::{Error, Tx},
};

/// The forms that are in use, and for how many hours they must last.
#[derive(Debug, Clone)]
pub struct Kit {
    pub forms: Vec<FormType>,
    pub hours: i64,
}

impl Kit {
    /// The form of a code.
    pub fn form(&self, code: &str) -> Option<&FormType> {
        self.forms.iter().find(|form| form.code == code)
    }

    fn take(&mut self, playbook: &Playbook) {
        self.hours = self.hours.max(playbook.timing.stock_hours);
        for form in &playbook.forms {
            if self.form(&form.code).is_none() {
                self.forms.push(form.clone());
            }
        }
    }
}

/// The forms of all playbooks in force, each once, for as many hours as the most careful of them asks for.
pub async fn house(tx: &mut Tx) -> Result<Kit, Error> {
    let mut kit = Kit { forms: Vec::new(), hours: 0 };
    for version in playbooks::in_force(tx).await? {
        kit.take(&version.playbook);
    }
    if kit.hours == 0 {
        kit.hours = USUAL_HOURS;
    }
    Ok(kit)
}

/// The forms of an incident; those in force when it was declared from nothing.
pub async fn of_incident(tx: &mut Tx, incident: IncidentId) -> Result<Kit, Error> {
    let Some(version) = playbooks::frozen(tx, incident).await? else { return house(tx).await };
    let mut kit = Kit { forms: Vec::new(), hours: 0 };
    kit.take(&version.playbook);
    if kit.forms.is_empty() { house(tx).await } else { Ok(kit) }
}

/// A downtime that goes on at a site: the earliest, when there are several.
#[derive(Debug, Clone)]
struct Began {
    at: Timestamp,
    kit: Arc<Kit>,
}

/// All that a row is reckoned from.
pub struct Reckoning {
    now: Timestamp,
    units: BTreeMap<Uuid, UnitRow>,
    census: BTreeMap<Uuid, i64>,
    ledgers: Ledgers,
    recent: BTreeMap<(Uuid, String), i64>,
    house: Arc<Kit>,
    sites: BTreeMap<FacilityId, Began>,
}

impl Reckoning {
    /// Reads everything, of one unit's ledger or of all.
    pub async fn read(tx: &mut Tx, unit: Option<UnitId>, now: Timestamp) -> Result<Self, Error> {
        let house = Arc::new(house(tx).await?);
        let (mut sites, mut kits) = (BTreeMap::new(), BTreeMap::new());
        for (incident, at, site) in store::open(tx).await? {
            let kit = match kits.get(&incident) {
                Some(kit) => Arc::clone(kit),
                None => Arc::new(of_incident(tx, incident).await?),
            };
            kits.insert(incident, Arc::clone(&kit));
            sites.entry(site).or_insert(Began { at, kit });
        }
        Ok(Self {
            now,
            units: store::units(tx).await?,
            census: store::census(tx).await?,
            ledgers: store::ledgers(tx, unit).await?,
            recent: store::recent(tx, now.0 / SLOT - slots()).await?,
            house,
            sites,
        })
    }

    /// The kit that holds at a unit, and what is known of the unit.
    pub fn at(&self, unit: UnitId) -> Option<(&Kit, Ward)> {
        let row = self.units.get(&unit.0)?;
        let began = self.sites.get(&row.facility);
        let census = began.and_then(|_| self.census.get(&unit.0)).copied();
        let kit = began.map_or(&self.house, |began| &began.kit);
        Some((kit, Ward { setting: row.setting, beds: row.beds, census }))
    }

    /// What the ledgers say of a form at a unit.
    pub fn said(&self, unit: UnitId, form_type: &str) -> Said {
        self.ledgers.get(&(unit.0, form_type.to_owned())).copied().unwrap_or_default()
    }

    /// The row with everything that follows from it, and how many sheets went since it was reckoned last: 0 outside a
    /// downtime.
    pub fn reckoned(&mut self, row: &StockRow) -> (StockRow, i64) {
        let left = row.pool().left(self.said(UnitId(row.unit), &row.form_type).gone);
        let used = row.remaining - left;
        let used = self.went(row, used);
        (self.judged(row, left), used)
    }

    /// Notes that sheets went at a unit, if its site has a downtime, and gives how many.
    pub fn went(&mut self, row: &StockRow, used: i64) -> i64 {
        let has_downtime =
            self.units.get(&row.unit).is_some_and(|unit| self.sites.contains_key(&unit.facility));
        if !has_downtime || used == 0 {
            return 0;
        }
        *self.recent.entry((row.unit, row.form_type.clone())).or_default() += used;
        used
    }

    fn judged(&self, row: &StockRow, left: i64) -> StockRow {
        let Some((kit, ward)) = self.at(UnitId(row.unit)) else { return row.clone() };
        let facility = self.units.get(&row.unit).map(|unit| unit.facility);
        let began = facility.and_then(|facility| self.sites.get(&facility));
        let form = kit.form(&row.form_type);
        // A form that the kit names no more must not be held.
        let par = form.map(|form| Par::of(form, &ward, row.own_par, kit.hours));
        let measured = began.and_then(|began| self.measured(row, began.at));
        let rate = measured.or(par.and_then(|par| par.need));
        let wanted = par.map_or(0, |par| par.sheets);
        StockRow {
            remaining: left,
            par: wanted,
            basis: par.map_or("kit", |par| par.basis.code()).to_owned(),
            rate_sheets: rate.map(|rate| rate.sheets),
            rate_minutes: rate.map(|rate| rate.minutes),
            measured: measured.is_some(),
            runs_out_at: began
                .and_then(|_| runs_out(left, rate, Timestamp(self.now.0 / SLOT * SLOT)))
                .map(|at| at.0),
            short: if form.is_some() { short(left, wanted, measured, kit.hours) } else { 0 },
            ..row.clone()
        }
    }

    /// What went over the last hours, or since the declaration.
    fn measured(&self, row: &StockRow, began: Timestamp) -> Option<Rate> {
        let used = self.recent.get(&(row.unit, row.form_type.clone())).copied().unwrap_or(0);
        let slot = self.now.0 / SLOT;
        let first = Timestamp((slot - slots()) * SLOT).max(began);
        Rate::measured(used, Timestamp((slot + 1) * SLOT).minutes_since(first))
    }
}

/// How many ten minutes before the one that runs now a pace looks back.
const fn slots() -> i64 {
    PACE_HOURS * 6 - 1
}
