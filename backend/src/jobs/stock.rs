//! Reckons what blank forms are left at the units, and notes how ready the units of a new incident were.

use crate::{app::App, failure::Failure, readiness, stock};

/// Does both; the second also when the first could not be done.
///
/// # Errors
/// When the database does not answer; the next minute does it again.
pub async fn once(app: App) -> Result<(), Failure> {
    let reckoned = stock::reckon(app.clone()).await;
    readiness::note_starts(app).await.and(reckoned)
}
