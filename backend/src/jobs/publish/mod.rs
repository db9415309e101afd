//! Publishing: a copy of everything public is written to places outside, after each change and each minute at the latest,
//! so that people read what holds, and check a code, when nothing of ours can be reached.
//!
//! Each place has a task of its own and takes the newest copy there is: one that fails or hangs delays neither another
//! one nor the server. How old each copy is stands on every board and at an address for monitors.

mod desk;
mod folder;
mod target;
pub mod web;

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

pub use desk::{Desk, card};
use target::{Place, Target};

use crate::{
    app::App,
    config::Config,
    status::{self, Copy},
};

/// How often it is looked whether a new copy is due; the look reads no database.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a place may take for one copy.
const DEADLINE: Duration = Duration::from_secs(30);
/// After a failure the same copy is tried again, unless a newer one has come.
const AGAIN: Duration = Duration::from_secs(10);

type Newest = watch::Receiver<Option<Arc<Copy>>>;

/// The places of the settings: folders first, then commands.
fn targets(config: &Config) -> Vec<Arc<Target>> {
    let folders = config.publish_to.iter().cloned().map(Place::Folder);
    let commands = (1..).zip(&config.publish_command).map(|(number, command)| Place::Command {
        number,
        command: command.0.clone(),
        folder: config.data.join("copies").join(format!("command-{number}")),
    });
    folders.chain(commands).map(|place| Arc::new(Target::new(place))).collect()
}

/// Starts the maker of copies and a task for each place, when there is any.
pub fn start(app: &App) {
    let targets = targets(&app.config);
    if targets.is_empty() {
        return;
    }
    app.publishing.begin(&app.clock);
    let (sender, newest) = watch::channel(None);
    for (index, target) in targets.into_iter().enumerate() {
        let newest = newest.clone();
        app.keep_running("publishing", move |app| publish(app, index, target.clone(), newest.clone()));
    }
    app.keep_running("copies", move |app| make(app, sender.clone()));
}

/// Makes a copy whenever something public has changed, and each minute.
async fn make(app: App, sender: watch::Sender<Option<Arc<Copy>>>) {
    let mut made = None;
    let mut failed = false;
    loop {
        let mark = status::mark(&app);
        if made != Some(mark) {
            let known = sender.borrow().clone();
            match status::copy(&app, known.as_deref()).await {
                Ok(copy) => {
                    if let Some(copy) = copy {
                        sender.send_replace(Some(Arc::new(copy)));
                    }
                    (made, failed) = (Some(mark), false);
                }
                Err(error) if failed => tracing::debug!("no copy can be made: {error}"),
                Err(error) => {
                    tracing::error!("no copy for the places outside can be made: {error}");
                    failed = true;
                }
            }
        }
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Brings each new copy to one place.
async fn publish(app: App, index: usize, target: Arc<Target>, mut newest: Newest) {
    newest.mark_changed();
    loop {
        tokio::select! {
            () = app.stop.cancelled() => return,
            changed = newest.changed() => if changed.is_err() { return },
        }
        let Some(copy) = newest.borrow_and_update().clone() else { continue };
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = bring(&app, index, &target, &copy, DEADLINE) => {}
        }
        if app.publishing.is_in_trouble(index) {
            tokio::select! {
                () = app.stop.cancelled() => return,
                () = tokio::time::sleep(AGAIN) => newest.mark_changed(),
                _ = newest.changed() => newest.mark_changed(),
            }
        }
    }
}

async fn bring(app: &App, index: usize, target: &Arc<Target>, copy: &Arc<Copy>, deadline: Duration) {
    let done = target::bring(target, copy, deadline).await;
    if app.publishing.keep(index, copy, done, &app.clock) {
        // Boards show it.
        app.live.changed(None, 0);
    }
}

/// One round for all places of the settings, each at most for `deadline`.
///
/// # Errors
/// When no copy can be made.
pub async fn once(app: &App, deadline: Duration) -> Result<(), crate::store::Error> {
    app.publishing.begin(&app.clock);
    let Some(copy) = status::copy(app, None).await?.map(Arc::new) else { return Ok(()) };
    let targets = targets(&app.config);
    let rounds = targets.iter().enumerate().map(|(index, target)| bring(app, index, target, &copy, deadline));
    futures::future::join_all(rounds).await;
    Ok(())
}
