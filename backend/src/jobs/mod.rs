//! What the program does by itself: each job is a loop that ends when the program stops.

pub mod audit;
pub mod deliver;
pub mod fold;
pub mod publish;
pub mod stock;
pub mod tidy;
pub mod witness;

use std::time::Duration;

use crate::{app::App, feeds, schedules};

/// How often a folder is looked into.
const LOOK: Duration = Duration::from_secs(5);
const MINUTE: Duration = Duration::from_mins(1);

/// Starts every job, after the database was compared with what this machine knows of it: nothing is written beside it
/// and nothing is sent before.
pub async fn start(app: &App) {
    if let Err(failure) = deliver::guard::check(app).await {
        tracing::error!("the database could not be compared with the files beside it: {failure}");
    }
    deliver::start(app);
    every(app, "fold", MINUTE, fold::once);
    every(app, "stock", MINUTE, stock::once);
    every(app, "tidy", 10 * MINUTE, tidy::once);
    every(app, "schedules", MINUTE, schedules::tend::once);
    every(app, "feeds", MINUTE, feeds::tend::once);
    if !app.config.schedule_folder.is_empty() {
        every(app, "schedule folder", LOOK, schedules::folder::look);
    }
    app.keep_running("witness", witness::keep);
    app.keep_running("audit", audit::keep);
    publish::start(app);
}

/// Runs a job again and again with a pause between; a failure is logged and the next turn comes all the same.
fn every<F, R>(app: &App, name: &'static str, pause: Duration, job: F)
where
    F: Fn(App) -> R + Send + Copy + 'static,
    R: Future<Output = Result<(), crate::failure::Failure>> + Send + 'static,
{
    app.keep_running(name, move |app| async move {
        loop {
            tokio::select! {
                () = app.stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            if let Err(failure) = job(app.clone()).await {
                tracing::error!(job = name, "{failure}");
            }
        }
    });
}
