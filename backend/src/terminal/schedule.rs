//! A schedule from the terminal, into the incident that is open.

use std::path::Path;

use domain::id::{IncidentId, SnapshotId};
use sha2::{Digest, Sha256};

use super::{accounts::by, files::sentence, print};
use crate::{
    app::App,
    cases::import::{self, Offered},
    incidents::store as incidents,
};

/// Takes a schedule over for an incident, as it would be after a look at its preview.
pub(super) async fn import(
    app: &App,
    file: &Path,
    as_of: Option<String>,
    incident: Option<String>,
) -> Result<(), String> {
    let incident = chosen(app, incident).await?;
    let bytes = tokio::fs::read(file).await.map_err(|error| format!("{}: {error}", file.display()))?;
    let id: SnapshotId = app.clock.id();
    let path = import::path(app, id);
    let kept = async {
        if let Some(folder) = path.parent() {
            tokio::fs::create_dir_all(folder).await?;
        }
        tokio::fs::write(&path, &bytes).await
    };
    let kept: std::io::Result<()> = kept.await;
    kept.map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    let offered = Offered {
        id,
        file_name: file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        sha256: Sha256::digest(&bytes).into(),
        as_of: as_of.unwrap_or_default(),
    };
    let uploaded = import::offer(app.clone(), by(app), incident, offered).await.map_err(sentence)?;
    if uploaded.known && uploaded.state == "committed" {
        print("This schedule is known already; nothing was changed.");
        return Ok(());
    }
    let done = import::commit(app.clone(), by(app), incident, uploaded.snapshot).await.map_err(sentence)?;
    print(&format!(
        "{} rows: {} added, {} repeated, {} refused.",
        done.figures.rows, done.added, done.figures.duplicates, done.figures.invalid
    ));
    Ok(())
}

async fn chosen(app: &App, incident: Option<String>) -> Result<IncidentId, String> {
    if let Some(text) = incident {
        return text.parse().map_err(|error: domain::id::NotAnId| error.to_string());
    }
    let mut tx = app.db.read().await.map_err(|error| error.to_string())?;
    let rows = incidents::list(&mut tx).await.map_err(|error| error.to_string())?;
    let open: Vec<_> = rows.into_iter().filter(|row| row.phase.is_open()).collect();
    match open.as_slice() {
        [one] => Ok(one.id),
        [] => Err("no incident is open; declare first, then import the schedule".into()),
        many => {
            let lines: Vec<_> = many.iter().map(|row| format!("{} {}", row.id, row.name)).collect();
            Err(format!("several incidents are open; name one with --incident: {}", lines.join("; ")))
        }
    }
}
