//! Who must look again: one signal after each commit, which streams and prepared pages wait for.

use domain::id::IncidentId;
use tokio::sync::broadcast;

/// One commit: of an incident, or of the installation; `seq` is 0 for facts, which have their own chains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    pub incident: Option<IncidentId>,
    pub seq: i64,
}

/// The signal. A listener that lags only learns that something changed, which is all it needs.
#[derive(Debug, Clone)]
pub struct Live(broadcast::Sender<Changed>);

impl Default for Live {
    fn default() -> Self {
        Self(broadcast::channel(1024).0)
    }
}

impl Live {
    /// Says that something was committed.
    pub fn changed(&self, incident: Option<IncidentId>, seq: i64) {
        // No listener is no error.
        let _ = self.0.send(Changed { incident, seq });
    }

    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<Changed> {
        self.0.subscribe()
    }
}
