//! Importing a file from the terminal, in one go.

use std::path::Path;

use domain::table::rejects_csv;

use super::print;
use crate::{
    app::App,
    failure::Failure,
    imports::{self, Kind, Offered, file},
};

/// Takes a file over and writes what was refused beside it.
pub(super) async fn import(app: &App, kind: Kind, path: &Path) -> Result<(), String> {
    let id = app.clock.id();
    file::copy(app, id, path)
        .await
        .map_err(|failure| format!("{}: {}", path.display(), sentence(failure)))?;
    let (sha256, table) = file::read(app, id, None).await.map_err(sentence)?;
    let file_name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let offered = Offered { kind, id, file_name, sha256, table: table.into() };
    let (figures, rejects) = imports::at_once(app, &offered).await.map_err(sentence)?;
    print(&format!(
        "{} rows: {} added, {} changed, {} as they were, {} repeated, {} refused.",
        figures.rows, figures.added, figures.changed, figures.unchanged, figures.duplicates, figures.refused
    ));
    if figures.taken_in_part > 0 {
        print(&format!("{} rows have a phone or an e-mail that cannot be read.", figures.taken_in_part));
    }
    if figures.absent > 0 {
        print(&format!("{} people known at these sites are not in the file; they stay.", figures.absent));
    }
    if !rejects.is_empty() {
        let beside = path.with_extension("refused.csv");
        std::fs::write(&beside, rejects_csv(&rejects))
            .map_err(|error| format!("{} cannot be written: {error}", beside.display()))?;
        print(&format!("What was refused or left out, and why: {}", beside.display()));
    }
    Ok(())
}

/// What went wrong, for somebody at a terminal.
pub(super) fn sentence(failure: Failure) -> String {
    match failure {
        Failure::Fields(errors) => errors.0.into_values().flatten().collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}
