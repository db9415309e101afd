//! Blank forms at the units: counted, brought, used up in a downtime, asked for before they run out.
//!
//! What lies at a unit belongs to the installation, not to an incident: boxes are filled in peace, and two downtimes
//! take from the same box. So what is said of it stands in the installation's log.

mod lines;
pub mod reading;
mod reckon;
mod show;
pub mod store;
pub mod web;

use domain::{
    Refusal,
    actor::{Actor, Role},
    field::FieldErrors,
    id::{PackId, ReorderId, UnitId},
    identifiers::patient_identifiers,
    packs::{Range, State},
    scope::{Place, Places},
    stock::{
        CountStock, FormKept, How, LayPackIn, MoveReorder, PackLaidIn, ReorderAct, ReorderMoved,
        ReorderState, SetPar, StockKept,
    },
    time::Timestamp,
};
use serde_json::json;
use sqlx::types::Uuid;

pub use lines::{line_of_unit, lines_of_incident};

use crate::{
    app::App,
    begin,
    failure::Failure,
    packs::store as packs,
    places::store as places,
    store::{
        Error, Tx,
        journal::{self, By, Chain, Decision, Say},
    },
};
use reckon::Reckoning;
use store::{Move, NewEvent, StockRow};

/// Who counts blank forms, brings them, and says what became of a reorder.
pub(crate) const COUNTERS: [Role; 4] =
    [Role::UnitLead, Role::FormsClerk, Role::Commander, Role::Administrator];
/// Who says how many a unit must hold.
pub(crate) const KEEPERS: [Role; 3] = [Role::FormsClerk, Role::Commander, Role::Administrator];
/// How many rows the job writes before it lets others go first.
const CHUNK: usize = 100;

fn may(actor: &Actor, roles: &[Role], unit: UnitId, lattice: &Places) -> Result<(), Failure> {
    if roles.iter().any(|role| actor.can(*role, Place::Unit(unit), lattice)) {
        return Ok(());
    }
    Err(Failure::Forbidden("You may do this only for the units you answer for.".into()))
}

/// Notes name no patient (rule 17): they stand on pages that everybody reads.
fn names_no_patient(field: &str, text: &str, now: Timestamp) -> Result<(), FieldErrors> {
    match patient_identifiers(text, now).first() {
        Some(hit) => {
            let sentence =
                format!("{:?} {}. Write it without the patient.", hit.quoted, hit.likeness.words());
            Err(FieldErrors::one(field, sentence))
        }
        None => Ok(()),
    }
}

/// A unit's forms while a command changes them.
struct AtUnit {
    unit: UnitId,
    reckoning: Reckoning,
    rows: Vec<StockRow>,
}

impl AtUnit {
    async fn take(decision: &mut Decision, by: &By, roles: &[Role], unit: UnitId) -> Result<Self, Failure> {
        let lattice = places::lattice(&mut decision.tx).await?;
        if !lattice.unit_facility.contains_key(&unit) {
            return Err(Failure::NotFound("unit"));
        }
        may(&by.actor, roles, unit, &lattice)?;
        Ok(Self::read(decision, unit).await?)
    }

    async fn read(decision: &mut Decision, unit: UnitId) -> Result<Self, Error> {
        let rows = store::take(&mut decision.tx, unit).await?;
        let reckoning = Reckoning::read(&mut decision.tx, Some(unit), decision.at).await?;
        Ok(Self { unit, reckoning, rows })
    }

    fn knows(&self, code: &str) -> bool {
        self.reckoning.at(self.unit).is_some_and(|(kit, _)| kit.form(code).is_some())
    }

    fn row(&self, code: &str) -> StockRow {
        let known = self.rows.iter().find(|row| row.form_type == code).cloned();
        known.unwrap_or_else(|| StockRow::new(self.unit, code, self.reckoning.said(self.unit, code).gone))
    }

    /// Changes one form: what went until now is noted first, then what the change itself shows. Gives the row after it
    /// and how many were thought to lie there.
    async fn change(
        &mut self,
        decision: &mut Decision,
        code: &str,
        change: impl FnOnce(StockRow, store::Said) -> StockRow,
        shows_use: bool,
    ) -> Result<(StockRow, i64), Error> {
        let row = self.row(code);
        let said = self.reckoning.said(self.unit, code);
        let (before, mut used) = self.reckoning.reckoned(&row);
        let expected = before.remaining;
        let changed = change(before, said);
        if shows_use && row.counted_at.is_some() {
            used += self.reckoning.went(&changed, expected - changed.pool().left(said.gone));
        }
        let (after, _) =
            self.reckoning.reckoned(&StockRow { remaining: changed.pool().left(said.gone), ..changed });
        store::add_slot(&mut decision.tx, (row.unit, code), used, decision.at).await?;
        if !store::keep(&mut decision.tx, &after, decision.at).await? {
            // The job was here between the reading and the writing: try again.
            return Err(Error::Conflict(sqlx::Error::RowNotFound));
        }
        Ok((after, expected))
    }

    /// Asks for what runs short here and is not asked for.
    async fn ask(&self, app: &App, decision: &mut Decision) -> Result<(), Error> {
        let (at, account) = (decision.at, decision.account);
        for (unit, code, short) in store::unasked(&mut decision.tx).await? {
            if unit == self.unit.0 {
                let id: ReorderId = app.clock.id();
                store::open_reorder(&mut decision.tx, id, (unit, &code, short), (at, account)).await?;
            }
        }
        Ok(())
    }
}

fn kept(row: &StockRow) -> FormKept {
    FormKept { form_type: row.form_type.clone(), left: row.remaining, par: row.par, short: row.short }
}

/// Says how many blank sheets lie at a unit, or were brought there; asks for what runs short.
///
/// # Errors
/// What is wrong by field; for a unit that is not the account's.
pub async fn count(app: App, by: By, (unit, form): (UnitId, CountStock)) -> Result<StockKept, Failure> {
    let mut decision = begin!(&app, &by, Chain::Installation);
    let mut here = AtUnit::take(&mut decision, &by, &COUNTERS, unit).await?;
    let entered = form.read(|code| here.knows(code))?;
    names_no_patient("note", &entered.note, decision.at)?;
    must_be_open(&mut decision.tx, unit, entered.how).await?;
    let mut forms = Vec::with_capacity(entered.sheets.len());
    for (code, sheets) in &entered.sheets {
        let at = decision.at;
        let counted = entered.how == How::Counted;
        let change = |row: StockRow, said: store::Said| {
            if !counted {
                return StockRow { declined: false, ..row.brought(*sheets) };
            }
            let pool = row.pool().counted(*sheets, said.gone, said.out);
            StockRow { declined: false, counted_at: Some(at.0), ..row.with(pool) }
        };
        let (after, expected) = here.change(&mut decision, code, change, counted).await?;
        let act = if counted { "counted" } else { "brought" };
        let event = Happened { code, act, sheets: Some(*sheets), expected, pack: None, note: &entered.note };
        log(&app, &mut decision, unit, &event).await?;
        if !counted && *sheets > 0 {
            delivered(&mut decision, unit, code, None).await?;
        }
        forms.push(kept(&after));
    }
    here.ask(&app, &mut decision).await?;
    let sheets: Vec<_> = entered.sheets.iter().map(|(code, sheets)| json!([code, sheets])).collect();
    let kind = if entered.how == How::Counted { "stock.counted" } else { "stock.delivered" };
    say(&app, &mut decision, kind, unit, json!({ "sheets": sheets }), ("note", &entered.note)).await?;
    let outcome = StockKept { unit, forms };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Nothing is brought to a unit where nobody works; what lies there may still be counted.
async fn must_be_open(tx: &mut Tx, unit: UnitId, how: How) -> Result<(), Failure> {
    if how == How::Brought && places::closed(tx).await?.contains(&unit) {
        let sentence = "This unit is closed; no forms go there.";
        return Err(Refusal::new("unit-closed", sentence).into());
    }
    Ok(())
}

struct Happened<'a> {
    code: &'a str,
    act: &'static str,
    sheets: Option<i64>,
    expected: i64,
    pack: Option<PackId>,
    note: &'a str,
}

async fn log(app: &App, decision: &mut Decision, unit: UnitId, what: &Happened<'_>) -> Result<(), Error> {
    let event = NewEvent {
        id: app.clock.id(),
        unit,
        form_type: what.code,
        act: what.act,
        sheets: what.sheets,
        expected: what.expected,
        pack: what.pack,
        note: what.note,
    };
    let by = (decision.at, decision.account);
    store::log(&mut decision.tx, &event, by).await
}

async fn say(
    app: &App,
    decision: &mut Decision,
    kind: &str,
    unit: UnitId,
    data: serde_json::Value,
    (name, text): (&str, &str),
) -> Result<(), Error> {
    let texts: &[(&str, &str)] = &[(name, text)];
    let texts = if text.is_empty() { &[] } else { texts };
    let subject = format!("unit:{unit}");
    decision.append(app, Say { kind, subject, data, texts, ..Say::default() }).await?;
    Ok(())
}

/// What was brought ends the reorder that waits for it.
async fn delivered(
    decision: &mut Decision,
    unit: UnitId,
    code: &str,
    pack: Option<PackId>,
) -> Result<(), Failure> {
    let by = (decision.at, decision.account);
    for row in store::waiting_at(&mut decision.tx, unit).await?.iter().filter(|row| row.form_type == code) {
        let from = row.state()?;
        let step = Move { from, to: from.after(ReorderAct::Deliver)?, note: &row.note, pack };
        store::move_reorder(&mut decision.tx, ReorderId(row.id), &step, by).await?;
    }
    Ok(())
}

/// Gives a unit its own par of a form, or takes it back.
///
/// # Errors
/// What is wrong by field; for a unit that is not the account's.
pub async fn set_par(app: App, by: By, (unit, form): (UnitId, SetPar)) -> Result<StockKept, Failure> {
    let (code, par, reason) = form.read()?;
    let mut decision = begin!(&app, &by, Chain::Installation);
    let mut here = AtUnit::take(&mut decision, &by, &KEEPERS, unit).await?;
    names_no_patient("reason", &reason, decision.at)?;
    if !here.knows(&code) {
        return Err(FieldErrors::one("form_type", "Choose a form of the kit in force.").into());
    }
    let change = |row: StockRow, _| StockRow { own_par: par, declined: false, ..row };
    let (after, expected) = here.change(&mut decision, &code, change, false).await?;
    let event = Happened { code: &code, act: "par_set", sheets: par, expected, pack: None, note: &reason };
    log(&app, &mut decision, unit, &event).await?;
    here.ask(&app, &mut decision).await?;
    let data = json!({ "form_type": code, "par": par });
    say(&app, &mut decision, "stock.par_set", unit, data, ("reason", &reason)).await?;
    let outcome = StockKept { unit, forms: vec![kept(&after)] };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Says that a printed pack lies in its unit's box now.
///
/// # Errors
/// When it does already, is for another unit, or was withdrawn; for a unit that is not the account's.
pub async fn lay_pack_in(app: App, by: By, (unit, form): (UnitId, LayPackIn)) -> Result<PackLaidIn, Failure> {
    let mut decision = begin!(&app, &by, Chain::Installation);
    let mut here = AtUnit::take(&mut decision, &by, &COUNTERS, unit).await?;
    let wrong = || FieldErrors::one("pack", "Choose a pack that was printed for this unit.");
    let pack: PackId = form.pack.trimmed().parse().map_err(|_| wrong())?;
    let row = packs::find(&mut decision.tx, pack).await?.filter(|row| row.unit == unit).ok_or_else(wrong)?;
    if row.state == State::Withdrawn {
        return Err(Refusal::new("pack-withdrawn", "This pack was withdrawn; print another one.").into());
    }
    if !store::lay_in(&mut decision.tx, pack, decision.at).await? {
        let sentence = "This pack was laid into the box before; count the box if it is not there.";
        return Err(Refusal::new("laid-in-already", sentence).into());
    }
    add_pack(&app, &mut decision, &mut here, pack, &row.printed.ranges).await?;
    here.ask(&app, &mut decision).await?;
    let data = json!({ "pack": pack, "sheets": row.sheets });
    say(&app, &mut decision, "stock.pack_laid_in", unit, data, ("", "")).await?;
    let outcome = PackLaidIn { pack, unit, sheets: row.sheets };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

async fn add_pack(
    app: &App,
    decision: &mut Decision,
    here: &mut AtUnit,
    pack: PackId,
    ranges: &[Range],
) -> Result<(), Failure> {
    for range in ranges {
        let (code, sheets) = (&range.form.code, range.sheets());
        let change = |row: StockRow, _| StockRow { declined: false, ..row.brought(sheets) };
        let (_, expected) = here.change(decision, code, change, false).await?;
        let (pack, note) = (Some(pack), "");
        let event = Happened { code, act: "laid_in", sheets: Some(sheets), expected, pack, note };
        log(app, decision, here.unit, &event).await?;
        delivered(decision, here.unit, code, pack).await?;
    }
    Ok(())
}

/// A pack is handed out in an incident: it must lie at its unit, whether anybody has said so or not.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn handed_out(
    app: &App,
    decision: &mut Decision,
    unit: UnitId,
    (pack, ranges): (PackId, &[Range]),
) -> Result<(), Failure> {
    if store::lay_in(&mut decision.tx, pack, decision.at).await? {
        let mut here = AtUnit::read(decision, unit).await?;
        add_pack(app, decision, &mut here, pack, ranges).await?;
    }
    Ok(())
}

/// A pack is taken out of use: what lay in its unit's box lies there no more.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn withdrawn(
    app: &App,
    decision: &mut Decision,
    unit: UnitId,
    (pack, ranges): (PackId, &[Range]),
) -> Result<(), Failure> {
    if !store::lies_in(&mut decision.tx, pack).await? {
        return Ok(());
    }
    let mut here = AtUnit::read(decision, unit).await?;
    for range in ranges {
        let (code, sheets) = (&range.form.code, range.sheets());
        let change = |row: StockRow, _| row.brought(-sheets);
        let (_, expected) = here.change(decision, code, change, false).await?;
        let (pack, note) = (Some(pack), "");
        let event = Happened { code, act: "taken_out", sheets: Some(sheets), expected, pack, note };
        log(app, decision, unit, &event).await?;
    }
    here.ask(app, decision).await?;
    Ok(())
}

/// A pack is printed: what it holds is no longer only asked for.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn printed(
    decision: &mut Decision,
    unit: UnitId,
    (pack, ranges): (PackId, &[Range]),
) -> Result<(), Failure> {
    let by = (decision.at, decision.account);
    for row in store::waiting_at(&mut decision.tx, unit).await? {
        let is_printed = ranges.iter().any(|range| range.form.code == row.form_type);
        if is_printed && row.state()? == ReorderState::Open {
            let (from, to) = (ReorderState::Open, ReorderState::Ordered);
            let step = Move { from, to, note: &row.note, pack: Some(pack) };
            store::move_reorder(&mut decision.tx, ReorderId(row.id), &step, by).await?;
        }
    }
    Ok(())
}

/// Does something about a reorder: orders it, says that it was delivered, or that it is not needed.
///
/// # Errors
/// What is wrong by field; by the rules of reorders; for a unit that is not the account's.
pub async fn move_reorder(
    app: App,
    by: By,
    (id, form): (ReorderId, MoveReorder),
) -> Result<ReorderMoved, Failure> {
    let said = form.read()?;
    let mut decision = begin!(&app, &by, Chain::Installation);
    names_no_patient("note", &said.note, decision.at)?;
    let row = store::take_reorder(&mut decision.tx, id).await?.ok_or(Failure::NotFound("reorder"))?;
    let unit = UnitId(row.unit);
    let mut here = AtUnit::take(&mut decision, &by, &COUNTERS, unit).await?;
    let from = row.state()?;
    let to = from.after(said.act)?;
    let (at, account) = (decision.at, decision.account);
    let step = Move { from, to, note: &said.note, pack: None };
    store::move_reorder(&mut decision.tx, id, &step, (at, account)).await?;
    let code = row.form_type.as_str();
    if said.act == ReorderAct::Deliver {
        let sheets = said.sheets.unwrap_or(row.sheets);
        let change = |row: StockRow, _| StockRow { declined: false, ..row.brought(sheets) };
        let (_, expected) = here.change(&mut decision, code, change, false).await?;
        let (act, sheets) = ("brought", Some(sheets));
        let event = Happened { code, act, sheets, expected, pack: None, note: &said.note };
        log(&app, &mut decision, unit, &event).await?;
        here.ask(&app, &mut decision).await?;
    }
    if said.act == ReorderAct::Decline {
        here.change(&mut decision, code, |row, _| StockRow { declined: true, ..row }, false).await?;
    }
    let data = json!({ "reorder": id, "form_type": code, "from": from.code(), "to": to.code() });
    say(&app, &mut decision, "reorder.moved", unit, data, ("note", &said.note)).await?;
    let outcome = ReorderMoved { reorder: id, state: to };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Reckons every unit's forms anew, and asks for what runs short. Rows of which nothing changed are not written.
///
/// # Errors
/// When the database does not answer; the next minute reckons again.
pub async fn reckon(app: App) -> Result<(), Failure> {
    let now = app.clock.now();
    let mut tx = app.db.read().await?;
    let mut reckoning = Reckoning::read(&mut tx, None, now).await?;
    let rows = store::all(&mut tx).await?;
    drop(tx);
    let changed: Vec<(StockRow, i64)> = rows
        .into_iter()
        .map(|row| (reckoning.reckoned(&row), row))
        .filter(|((after, used), before)| after != before || *used != 0)
        .map(|(changed, _)| changed)
        .collect();
    for chunk in changed.chunks(CHUNK) {
        let mut tx = app.db.write_chunk().await?;
        for (row, used) in chunk {
            // Who has changed it meanwhile has reckoned it.
            if store::keep(&mut tx, row, now).await? {
                store::add_slot(&mut tx, (row.unit, &row.form_type), *used, now).await?;
            }
        }
        tx.commit().await?;
    }
    ask_for_all(&app).await
}

async fn ask_for_all(app: &App) -> Result<(), Failure> {
    let mut tx = app.db.read().await?;
    let unasked = store::unasked(&mut tx).await?;
    drop(tx);
    if unasked.is_empty() {
        return Ok(());
    }
    let mut decision = journal::begin_by_program(app, Chain::Installation).await?;
    let (at, account) = (decision.at, decision.account);
    let mut opened: Vec<Uuid> = Vec::new();
    for (unit, code, short) in store::unasked(&mut decision.tx).await? {
        let id: ReorderId = app.clock.id();
        if store::open_reorder(&mut decision.tx, id, (unit, &code, short), (at, account)).await? {
            opened.push(id.0);
        }
    }
    if opened.is_empty() {
        return Ok(());
    }
    let data = json!({ "reorders": opened.len() });
    decision.append(app, Say { kind: "reorder.opened", data, ..Say::default() }).await?;
    decision.commit(app, &()).await?;
    Ok(())
}
