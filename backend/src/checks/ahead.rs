//! A long list, written ahead: its rows are sealed and written in chunks where nobody sees them, then one statement
//! makes them lines of the check. What takes long happens before the decision, so that no other command waits for it.

use domain::{
    Refusal,
    checks::{Kind, ListRow, ReadList, Side},
    id::IncidentId,
    table::Reject,
    time::Timestamp,
    view::imports::Figures,
};
use sqlx::types::Uuid;

use super::{
    Named, Sealing,
    patients::Whose,
    store::{
        self, Said,
        ahead::{self as rows, Fits},
    },
};
use crate::{
    app::App,
    failure::Failure,
    imports::staged::Plan,
    store::{Error, Tx},
};

/// Rows of a chunk: few enough that a waiting command hardly notices.
const CHUNK: usize = 400;

/// What was written ahead.
#[derive(Debug)]
pub struct Ahead {
    stage: Uuid,
    rows: usize,
    repeated: usize,
    rejects: Vec<Reject>,
}

/// Seals the rows of a list, and writes them where nobody sees them.
pub(super) async fn write(
    app: &App,
    sealing: &Sealing,
    (incident, kind, side): (IncidentId, Kind, Side),
    read: ReadList,
) -> Result<Ahead, Failure> {
    let whose = Whose::keep(app, sealing, &read.rows).await?;
    let unowned = store::unowned(&mut app.db.glance().await?, incident, kind).await?;
    let ReadList { rows, repeated, rejects } = read;
    let ahead = Ahead { stage: app.clock.id(), rows: rows.len(), repeated, rejects };
    let written = async {
        let mut tx = app.db.write_chunk().await?;
        rows::begin(&mut tx, ahead.stage, app.clock.now()).await?;
        tx.commit().await?;
        for chunk in rows.chunks(CHUNK) {
            let said = |row: &ListRow| {
                let named = Named { key: row.written.clone(), what: row.what.clone() };
                let numbers = if side == Side::Expected { (row.amount, 0) } else { (0, row.amount) };
                // What is sealed for a line can be read only as that line's.
                let here = unowned.get(&sealing.hash(kind, &row.key)[..]).copied();
                let of = (here.unwrap_or_else(|| app.clock.id()), row.key.as_str(), &named);
                sealing.said_of(app, kind, of, whose.of(row), (row.unit, numbers.0, numbers.1))
            };
            let said: Vec<Said> = chunk.iter().map(said).collect();
            let mut tx = app.db.write_chunk().await?;
            rows::add(&mut tx, ahead.stage, &said).await?;
            tx.commit().await?;
        }
        Ok::<(), Error>(())
    };
    if let Err(error) = written.await {
        ahead.forget(app).await;
        return Err(error.into());
    }
    Ok(ahead)
}

impl Ahead {
    /// Makes what was written ahead lines of the check, if it fits what is there at this moment.
    ///
    /// # Errors
    /// When rows were lost, a patient of the list was erased meanwhile, or another list has named the same keys.
    pub(super) async fn switch(
        &self,
        tx: &mut Tx,
        (incident, kind, side): (IncidentId, Kind, Side),
        rows: usize,
        at: Timestamp,
    ) -> Result<Plan, Failure> {
        let Fits { staged, known, same, erased, others } =
            rows::fits(tx, self.stage, (incident, kind, side)).await?;
        if staged != self.rows {
            let sentence = "Some rows were lost while this was being taken over; nothing was changed. Take it over again.";
            return Err(Refusal::new("rows-lost", sentence).into());
        }
        if erased + others > 0 {
            let sentence = "A patient of this list was erased, or another list has named the same, while this was \
                            being taken over; nothing was changed. Take it over again.";
            return Err(Refusal::new("changed-since", sentence).into());
        }
        rows::put(tx, self.stage, (incident, kind, side), at).await?;
        store::count_again(tx, incident, kind).await?;
        let figures = Figures {
            rows,
            valid: self.rows + self.repeated,
            added: self.rows - known,
            changed: known - same,
            unchanged: same,
            duplicates: self.repeated,
            refused: self.rejects.len(),
            ..Figures::default()
        };
        Ok(Plan { figures, rejects: self.rejects.clone() })
    }

    /// Forgets what was written ahead. Nobody has seen it; what cannot be forgotten now is forgotten later.
    pub(super) async fn forget(self, app: &App) {
        if let Err(error) = drop_stage(app, self.stage).await {
            tracing::warn!(%error, "what was written ahead of a list is left for later");
        }
    }
}

async fn drop_stage(app: &App, stage: Uuid) -> Result<(), Error> {
    loop {
        let mut tx = app.db.write_chunk().await?;
        let more = rows::forget(&mut tx, stage).await?;
        tx.commit().await?;
        if !more {
            return Ok(());
        }
    }
}

/// Forgets what was written ahead before a moment and never taken over: a crash has left it.
///
/// # Errors
/// When the database does not answer.
pub async fn drop_stale(app: &App, before: Timestamp) -> Result<(), Error> {
    for stage in rows::stale(&mut app.db.glance().await?, before).await? {
        drop_stage(app, stage).await?;
    }
    Ok(())
}
