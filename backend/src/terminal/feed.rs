//! A feed's own messages from the terminal: taken in as they would be after a look at their figures.

use std::path::Path;

use domain::{id::FeedFileId, table::rejects_csv};
use sha2::{Digest, Sha256};

use super::{accounts::by, files::sentence, print};
use crate::{
    app::App,
    feeds::{
        files::{self, Bringer, Offered},
        show, store,
    },
};

/// Takes a file in and writes what was refused beside it.
pub(super) async fn import(app: &App, file: &Path, as_of: Option<String>, name: &str) -> Result<(), String> {
    let mut tx = app.db.read().await.map_err(|error| error.to_string())?;
    let feeds = store::all(&mut tx).await.map_err(|error| error.to_string())?;
    drop(tx);
    let named = |feed: &&store::Feed| feed.described.name.eq_ignore_ascii_case(name.trim());
    let Some(feed) = feeds.iter().find(named) else {
        let names: Vec<_> = feeds.iter().map(|feed| feed.described.name.as_str()).collect();
        let known = if names.is_empty() { "there is none yet".into() } else { names.join(", ") };
        return Err(format!("no feed has the name {name:?}; name one with --feed: {known}"));
    };
    let bytes = tokio::fs::read(file).await.map_err(|error| format!("{}: {error}", file.display()))?;
    let id: FeedFileId = app.clock.id();
    let path = files::path(app, id);
    let kept = async {
        if let Some(folder) = path.parent() {
            tokio::fs::create_dir_all(folder).await?;
        }
        tokio::fs::write(&path, &bytes).await
    };
    let kept: std::io::Result<()> = kept.await;
    kept.map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    let file_name =
        file.file_name().map(|name| name.to_string_lossy().chars().take(200).collect()).unwrap_or_default();
    let sha256 = Sha256::digest(&bytes).into();
    let offered = Offered { id, file_name, sha256, as_of: as_of.unwrap_or_default() };
    let by = by(app);
    let offered = files::offer(app, Bringer::Terminal(&by), feed.id, offered).await.map_err(sentence);
    if offered.is_err() {
        let _ = tokio::fs::remove_file(&path).await;
    }
    let offered = offered?;
    if offered.taken {
        print("This file is known already; nothing was changed.");
        return Ok(());
    }
    let taken = files::take_in(app, Bringer::Terminal(&by), (feed.id, offered.file)).await;
    let taken = taken.map_err(sentence)?;
    let figures = &taken.figures;
    print(&format!(
        "{} messages: {} new, {} here before, {} say nothing of an appointment, {} refused.",
        figures.items,
        figures.new,
        figures.repeated,
        figures.left.values().sum::<i64>(),
        figures.unread
    ));
    let rejects = show::rejects(app, feed.id, taken.file).await.map_err(sentence)?;
    if !rejects.is_empty() {
        let beside = file.with_extension("refused.csv");
        std::fs::write(&beside, rejects_csv(&rejects))
            .map_err(|error| format!("{} cannot be written: {error}", beside.display()))?;
        print(&format!("What was refused, and why: {}", beside.display()));
    }
    Ok(())
}
