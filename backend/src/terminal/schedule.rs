//! A schedule from the terminal: into the incident that is open, or kept for the next one.

use std::path::Path;

use domain::{
    id::{IncidentId, SnapshotId},
    schedules::Origin,
};
use sha2::{Digest, Sha256};

use super::{accounts::by, files::sentence, print};
use crate::{
    accounts::store as accounts,
    app::App,
    cases::import::{self, Offered},
    incidents::store as incidents,
    schedules::{
        folder::timestamp,
        keep::{self, Incoming, Keeper},
    },
};

/// Where a schedule goes.
pub(super) enum Goal {
    /// Kept for the next downtime.
    Standing,
    /// Into the incident of this id, else into the only one that is open, else kept for the next downtime.
    Incident(Option<String>),
}

/// Keeps a schedule for the next downtime, or takes it over for an incident, as it would be after a look at its preview.
pub(super) async fn import(app: &App, file: &Path, as_of: Option<String>, goal: Goal) -> Result<(), String> {
    let bytes = tokio::fs::read(file).await.map_err(|error| format!("{}: {error}", file.display()))?;
    let incident = match goal {
        Goal::Standing => None,
        Goal::Incident(chosen) => self::chosen(app, chosen).await?,
    };
    let Some(incident) = incident else { return keep(app, file, (bytes, as_of)).await };
    let Some(as_of) = as_of else {
        return Err(
            "say when the schedule was taken, as --as-of \"2024-07-18 23:50\"; or keep it for the next \
                    downtime with --standing"
                .into(),
        );
    };
    take_over(app, file, (bytes, as_of), incident).await
}

async fn keep(app: &App, file: &Path, (bytes, as_of): (Vec<u8>, Option<String>)) -> Result<(), String> {
    let changed = tokio::fs::metadata(file).await.and_then(|about| about.modified());
    let incoming = Incoming {
        origin: Origin::Terminal,
        file_name: name(file),
        bytes: bytes.into(),
        as_of: as_of.unwrap_or_default(),
        changed_at: changed.ok().map(timestamp),
    };
    let by = by(app);
    let kept = keep::keep(app, Keeper::Terminal(&by), incoming).await.map_err(sentence)?;
    if kept.known {
        print("This schedule is known already; nothing was changed.");
        return Ok(());
    }
    let mut tx = app.db.read().await.map_err(|error| error.to_string())?;
    let zone = accounts::installation(&mut tx).await.map_err(|error| error.to_string())?.zone();
    let figures = kept.figures;
    print(&format!(
        "Kept for the next downtime, as of {} ({}).",
        zone.full(kept.as_of),
        kept.as_of_from.words()
    ));
    if kept.missing.is_empty() {
        print(&format!(
            "{} rows: {} can be used, {} repeated, {} refused.",
            figures.rows, figures.valid, figures.duplicates, figures.invalid
        ));
    } else {
        print(&format!(
            "{} rows. Nobody knows yet which columns hold: {}. Choose them at /schedules/{}; they are saved for later files.",
            figures.rows,
            kept.missing.join(", "),
            kept.schedule
        ));
    }
    Ok(())
}

fn name(file: &Path) -> String {
    file.file_name().map(|name| name.to_string_lossy().chars().take(200).collect()).unwrap_or_default()
}

async fn take_over(
    app: &App,
    file: &Path,
    (bytes, as_of): (Vec<u8>, String),
    incident: IncidentId,
) -> Result<(), String> {
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
    let offered = Offered { id, file_name: name(file), sha256: Sha256::digest(&bytes).into(), as_of };
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

/// The incident that is meant; `None` when none is open.
async fn chosen(app: &App, incident: Option<String>) -> Result<Option<IncidentId>, String> {
    if let Some(text) = incident {
        return text.parse().map(Some).map_err(|error: domain::id::NotAnId| error.to_string());
    }
    let mut tx = app.db.read().await.map_err(|error| error.to_string())?;
    let rows = incidents::list(&mut tx).await.map_err(|error| error.to_string())?;
    let open: Vec<_> = rows.into_iter().filter(|row| row.phase.is_open()).collect();
    match open.as_slice() {
        [one] => Ok(Some(one.id)),
        [] => Ok(None),
        many => {
            let lines: Vec<_> = many.iter().map(|row| format!("{} {}", row.id, row.name)).collect();
            Err(format!("several incidents are open; name one with --incident: {}", lines.join("; ")))
        }
    }
}
