//! What this server knows of feeds, in memory: the feeds and sites by which messages are read, looked up again every few
//! seconds, and who is connected to send.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use domain::{
    schedule::{Site, sender::Format},
    time::{Timestamp, Zone},
};

use super::store::{self, Feed};
use crate::{accounts::store as accounts, app::App, cases::import, failure::Failure};

/// For how long another server's change of a feed may not be known here.
const FRESH: Duration = Duration::from_secs(5);

/// What reading a message needs.
#[derive(Debug)]
pub struct Known {
    /// The feeds that take messages over MLLP.
    pub feeds: Vec<Feed>,
    pub sites: Vec<Site>,
    pub zone: Zone,
}

/// How the listener stands on this server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// Where it listens; `None` when it does not.
    pub address: Option<SocketAddr>,
    pub connections: usize,
    pub messages: u64,
    pub last: Option<Timestamp>,
    /// Who was turned away last, and when.
    pub refused: Option<(IpAddr, Timestamp)>,
    /// Blocks that were too long or cut off, and bytes between blocks.
    pub broken_blocks: u64,
}

/// What this server knows.
#[derive(Debug, Default)]
pub struct Desk {
    known: Mutex<Option<(Instant, Arc<Known>)>>,
    line: Mutex<Line>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked left whole values behind.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    /// A feed has changed on this server: it is looked up before the next message.
    pub fn forget(&self) {
        *lock(&self.known) = None;
    }

    /// How the listener stands.
    pub fn line(&self) -> Line {
        lock(&self.line).clone()
    }

    /// Notes something of the listener.
    pub fn note(&self, change: impl FnOnce(&mut Line)) {
        change(&mut lock(&self.line));
    }

    fn fresh(&self) -> Option<Arc<Known>> {
        let known = lock(&self.known);
        known.as_ref().filter(|(at, _)| at.elapsed() < FRESH).map(|(_, known)| known.clone())
    }
}

/// What reading a message needs, at most some seconds old.
///
/// # Errors
/// When the database does not answer.
pub async fn known(app: &App) -> Result<Arc<Known>, Failure> {
    if let Some(known) = app.feeds.fresh() {
        return Ok(known);
    }
    let mut tx = app.db.read().await?;
    let mut feeds = store::all(&mut tx).await?;
    feeds.retain(|feed| feed.described.listens && feed.described.format == Format::Hl7);
    let sites = import::sites(&mut tx).await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    drop(tx);
    let known = Arc::new(Known { feeds, sites, zone });
    *lock(&app.feeds.known) = Some((Instant::now(), known.clone()));
    Ok(known)
}
