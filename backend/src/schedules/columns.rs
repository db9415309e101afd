//! Which column holds what: chosen once by a person, remembered for every file with the same header, and used for those
//! that wait already.

use domain::{
    cases::forms::ImportColumns,
    field::FieldErrors,
    id::StandingId,
    schedule::{FIELDS, Site},
    schedules::{ColumnsFrom, State},
    triage::Scheme,
    view::schedules::Kept,
};

use super::{
    keep::say,
    open,
    store::{self, Columns, Standing},
};
use crate::{
    app::App,
    begin,
    cases::import,
    failure::Failure,
    store::journal::{self, By, Chain},
};

/// Takes these columns for a schedule, and for every later file with its header.
///
/// # Errors
/// By field when a column is chosen twice or a needed one is missing; refused when the schedule is gone.
pub async fn choose(app: App, by: By, (id, form): (StandingId, ImportColumns)) -> Result<Kept, Failure> {
    super::must_plan(&by.actor)?;
    let (mut standing, table) = open::table(&app, id).await?;
    let (mapping, scheme) = import::columns(&form, &table)?;
    if let Some(field) = mapping.missing(&FIELDS).first() {
        let sentence = format!("Choose the column that holds: {}.", field.label);
        return Err(FieldErrors::one("columns", sentence).into());
    }
    let mut tx = app.db.read().await?;
    let sites = import::sites(&mut tx).await?;
    drop(tx);
    standing.figures = import::read_rows(table, mapping.clone(), sites, scheme).await?.figures();
    standing.columns = Columns { mapping, scheme: scheme.map_or("", Scheme::code).to_owned() };
    standing.columns_from = ColumnsFrom::Chosen;
    standing.state = State::Ready;
    let mut decision = begin!(&app, &by, Chain::Installation);
    if !store::set_columns(&mut decision.tx, &standing).await? {
        return Err(open::gone().into());
    }
    let chosen = (&standing.shape, &standing.columns);
    store::save_columns(&mut decision.tx, chosen, decision.account, decision.at).await?;
    say(&app, &mut decision, "standing.columns", &standing).await?;
    let outcome = ready(&standing);
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

fn ready(standing: &Standing) -> Kept {
    Kept {
        schedule: standing.id,
        known: true,
        state: standing.state,
        as_of: standing.as_of,
        as_of_from: standing.as_of_from,
        figures: standing.figures,
        missing: Vec::new(),
    }
}

/// Reads the schedules that wait with columns that somebody has chosen since.
///
/// # Errors
/// When the database does not answer; the next turn does it again.
pub async fn apply_saved(app: &App) -> Result<(), Failure> {
    let mut tx = app.db.read().await?;
    let mut fitting = Vec::new();
    for standing in store::all(&mut tx).await? {
        if standing.state == State::NeedsColumns
            && let Some(columns) = store::saved_columns(&mut tx, &standing.shape).await?
        {
            fitting.push((standing.id, columns));
        }
    }
    let sites = import::sites(&mut tx).await?;
    drop(tx);
    for (id, columns) in fitting {
        if let Err(failure) = apply(app, (id, columns), sites.clone()).await {
            tracing::error!(schedule = %id, "a schedule cannot be read with its saved columns: {failure}");
        }
    }
    Ok(())
}

async fn apply(app: &App, (id, columns): (StandingId, Columns), sites: Vec<Site>) -> Result<(), Failure> {
    let (mut standing, table) = open::table(app, id).await?;
    let scheme = Scheme::from_code(&columns.scheme);
    let schedule = import::read_rows(table, columns.mapping.clone(), sites, scheme).await?;
    standing.figures = schedule.figures();
    standing.columns = columns;
    standing.columns_from = ColumnsFrom::Saved;
    standing.state = State::Ready;
    let mut decision = journal::begin_by_program(app, Chain::Installation).await?;
    let now = store::find(&mut decision.tx, id).await?;
    if now.is_none_or(|now| now.state == State::Ready)
        || !store::set_columns(&mut decision.tx, &standing).await?
    {
        // A person was first, or it is gone.
        return Ok(());
    }
    say(app, &mut decision, "standing.columns", &standing).await?;
    Ok(decision.commit(app, &()).await?)
}
