//! Opening a schedule that is here: its parts are decrypted and put together, and the whole is what came in.

use std::sync::Arc;

use domain::{
    Refusal,
    field::FieldErrors,
    id::StandingId,
    table::{self, Limits, Table, Unreadable},
};
use sha2::{Digest, Sha256};

use super::store::{self, Standing};
use crate::{
    app::App,
    failure::Failure,
    store::{
        Tx,
        seal::{Seal, unseal},
    },
};

/// The refusal of whatever is asked of a schedule that was deleted.
pub fn gone() -> Refusal {
    let sentence =
        "This schedule is no longer here: it was kept for as long as the settings say. Choose another one.";
    Refusal::new("schedule-gone", sentence).with_link("/schedules")
}

/// The schedule and its file as a table.
///
/// # Errors
/// When it is gone, or was encrypted with another key than this server's.
pub async fn table(app: &App, id: StandingId) -> Result<(Standing, Table), Failure> {
    let mut tx = app.db.read().await?;
    let standing = store::find(&mut tx, id).await?.ok_or_else(gone)?;
    let bytes = bytes(app, &mut tx, &standing).await?;
    drop(tx);
    let table = read(bytes.into()).await?.map_err(|error| FieldErrors::one("file", error.to_string()))?;
    Ok((standing, table))
}

/// Reads a file away from the threads that answer requests.
pub(super) async fn read(bytes: Arc<Vec<u8>>) -> Result<Result<Table, Unreadable>, Failure> {
    let work = tokio::task::spawn_blocking(move || table::read(&bytes, &Limits::IMPORT));
    work.await.map_err(|error| Failure::Broken(error.to_string()))
}

async fn bytes(app: &App, tx: &mut Tx, standing: &Standing) -> Result<Vec<u8>, Failure> {
    let key = Seal::open(app, tx).await?.schedules();
    let mut bytes = Vec::with_capacity(usize::try_from(standing.bytes).unwrap_or_default());
    for ordinal in 0..standing.parts {
        let sealed = store::part(tx, standing.id, ordinal).await?.ok_or_else(gone)?;
        bytes.extend(unseal(&key, standing.id.0, &sealed).map_err(|_| other_key())?);
    }
    if Sha256::digest(&bytes)[..] != standing.sha256 {
        return Err(Failure::Broken(format!("the schedule {} is not the file that came in", standing.id)));
    }
    Ok(bytes)
}

fn other_key() -> Refusal {
    let sentence = "This server cannot read the schedule: another one encrypted it with a key of its own. \
                    Every server of one database needs the same file keys/patients.key in its data folder.";
    Refusal::new("other-key", sentence)
}
