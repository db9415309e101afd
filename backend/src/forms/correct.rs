//! A sheet that was put on the wrong pile goes to another one, as long as nobody has begun to work on it.

use domain::{
    actor::Role,
    forms::{Act, CorrectPile, Corrected, Pile, Serial, may_correct},
    id::IncidentId,
};
use serde_json::json;

use super::{
    counted, may, open_playbook,
    saving::save,
    store::{self, Change, SheetRow, batches, custody, shown},
};
use crate::{
    app::App,
    begin, entry,
    failure::Failure,
    places::store as places,
    store::{
        Tx,
        journal::{By, Chain, Say},
    },
};

/// Moves a sheet to another pile. Rule 8 holds: it leaves one sum and enters another in the same transaction.
///
/// # Errors
/// What is wrong by field; refused for a sheet on which work has begun, for who counted it as used, and for a blank one
/// that lies in a batch which is signed.
pub async fn correct(
    app: App,
    by: By,
    (incident, serial, said): (IncidentId, Serial, CorrectPile),
) -> Result<Corrected, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let playbook = open_playbook(&mut decision.tx, incident).await?;
    let said = said.read(decision.at)?;
    custody::hold_scans(&mut decision.tx, incident).await?;
    let row = take(&mut decision.tx, incident, &serial).await?;
    let lattice = places::lattice(&mut decision.tx).await?;
    may(&by.actor, &[Role::FormsClerk, Role::UnitLead], [row.unit], &lattice)?;
    let counted_by = shown::counted_by(&mut decision.tx, row.id).await?;
    may_correct(row.state, counted_by, by.actor.account)?;
    let before = row.sheet();
    let after = before.after(Act::Correct(said.pile), by.actor.account)?;
    if let Some(batch) = row.batch.filter(|_| said.pile == Pile::Blank) {
        let lies_in = batches::take(&mut decision.tx, incident, batch).await?;
        lies_in.ok_or(Failure::NotFound("batch"))?.batch.takes_sheets()?;
        batches::take_out(&mut decision.tx, batch, &row).await?;
    }
    let changes = [Change::of(row, before, after)];
    save(&mut decision, incident, &changes).await?;
    entry::follow(&mut decision.tx, incident, &playbook.forms, &counted(&changes), decision.at).await?;
    let [Change { row, before, after, .. }] = &changes;
    let data = json!({
        "form_type": row.form_type, "unit": row.unit, "from": before.state.code(), "to": after.state.code(),
    });
    let (subject, texts): (_, &[(&str, &str)]) = (format!("form:{}", row.id), &[("reason", &said.reason)]);
    decision.append(&app, Say { kind: "forms.corrected", subject, data, texts, ..Say::default() }).await?;
    let outcome = Corrected { seq: decision.seq, serial: row.serial().to_string(), state: after.state };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

async fn take(tx: &mut Tx, incident: IncidentId, serial: &Serial) -> Result<SheetRow, Failure> {
    let found = shown::by_serial(tx, incident, serial).await?.ok_or(Failure::NotFound("form"))?;
    let row = store::by_ids(tx, incident, &[found.id]).await?.pop();
    row.ok_or(Failure::NotFound("form"))
}
