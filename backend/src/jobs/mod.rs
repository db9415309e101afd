//! What the program does by itself: each job is a loop that ends when the program stops.

pub mod deliver;
pub mod fold;
pub mod tidy;
pub mod witness;

use std::time::Duration;

use crate::app::App;

const MINUTE: Duration = Duration::from_mins(1);

/// Starts every job.
pub fn start(app: &App) {
    deliver::start(app);
    every(app, MINUTE, fold::once);
    every(app, 10 * MINUTE, tidy::once);
    app.spawn(witness::keep(app.clone()));
}

/// Runs a job again and again with a pause between; a failure is logged and the next turn comes all the same.
fn every<F, R>(app: &App, pause: Duration, job: F)
where
    F: Fn(App) -> R + Send + 'static,
    R: Future<Output = Result<(), crate::failure::Failure>> + Send + 'static,
{
    let of_job = app.clone();
    app.spawn(async move {
        loop {
            tokio::select! {
                () = of_job.stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            if let Err(failure) = job(of_job.clone()).await {
                tracing::error!(job = std::any::type_name::<F>(), "{failure}");
            }
        }
    });
}
