//! The worker that sends: it marks a window as being sent, sends it, and writes down what became of it in a
//! transaction that marks another one. So a crash at any moment leaves what was marked in doubt and nothing else.

pub mod books;
pub mod guard;
pub mod lane;
pub mod store;

use std::time::Duration;

use domain::{deliveries::Channel, id::BroadcastId};
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    broadcasts::{deliveries, stage, store as broadcasts},
    failure::Failure,
    gateways::{Gateway, email::Email, files::Outbox, sms::Sms},
};
use lane::Lane;

/// How often a worker says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// An idle worker looks again at least so often; a commit in this process wakes it at once.
const IDLE: Duration = Duration::from_millis(500);

/// Starts the worker. A setting that cannot be used is said once in the log, and on the page of broadcasts.
pub fn start(app: &App) {
    app.keep_running("sending", |app| async move {
        while !app.stop.is_cancelled() {
            match begin(&app).await {
                Ok(worker) => Box::pin(worker.run(&app)).await,
                Err(failure) => tracing::error!("sending cannot begin: {failure}"),
            }
            tokio::select! {
                () = app.stop.cancelled() => return,
                () = tokio::time::sleep(HEARTBEAT) => {}
            }
        }
    });
}

/// One worker: its number and its two lanes.
pub struct Worker {
    pub fence: i64,
    lanes: [Lane; 2],
}

/// Begins a worker on the gateways of the settings.
///
/// # Errors
/// When a setting cannot be used or the database does not answer.
pub async fn begin(app: &App) -> Result<Worker, Failure> {
    let email = match &app.config.smtp {
        Some(url) => Some(Box::new(
            Email::new(&url.0, &app.config.mail_from, app.config.smtp_connections)
                .map_err(Failure::Broken)?,
        ) as Box<dyn Gateway>),
        None => None,
    };
    let sms = match &app.config.sms {
        Some(url) => Some(Box::new(Sms::new(&url.0).map_err(Failure::Broken)?) as Box<dyn Gateway>),
        None => None,
    };
    begin_with(app, email, sms).await
}

/// Begins a worker on other gateways than those of the settings, as a bench or a drill does.
///
/// # Errors
/// When the database does not answer.
pub async fn begin_with(
    app: &App,
    email: Option<Box<dyn Gateway>>,
    sms: Option<Box<dyn Gateway>>,
) -> Result<Worker, Failure> {
    guard::check(app).await?;
    let fence = store::enlist(app).await?;
    let lane = |channel, gateway| -> Result<Lane, Failure> {
        let outbox = Outbox::new(&app.config.data, &app.config.mail_from).map_err(Failure::Broken)?;
        Ok(Lane::new(app.clone(), channel, fence, gateway, Box::new(outbox)))
    };
    Ok(Worker { fence, lanes: [lane(Channel::Email, email)?, lane(Channel::Sms, sms)?] })
}

impl Worker {
    /// Works until the program stops, or until others have taken this worker for dead.
    async fn run(self, app: &App) {
        let Self { fence, lanes: [mut email, mut sms] } = self;
        let over = app.stop.child_token();
        tokio::join!(
            beat(app, fence, &over),
            stage_all(app, fence, &over),
            work(app, &mut email, &over),
            work(app, &mut sms, &over),
        );
        if let Err(failure) = store::retire(app, fence).await {
            tracing::error!("the worker could not sign off: {failure}");
        }
    }

    /// Stages and sends everything that is due, then comes back: for the bench and for tests.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn drain(&mut self, app: &App) -> Result<(), Failure> {
        store::beat(app, self.fence).await?;
        loop {
            let staged = stage_once(app, self.fence).await?;
            let [email, sms] = &mut self.lanes;
            let (email, sms) = tokio::join!(email.turn(), sms.turn());
            if !staged && !email? && !sms? {
                return Ok(());
            }
        }
    }
}

async fn beat(app: &App, fence: i64, over: &CancellationToken) {
    loop {
        match store::beat(app, fence).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!("this worker was silent for so long that it counts as dead; it begins anew");
                over.cancel();
            }
            Err(failure) => tracing::error!("the worker's heartbeat failed: {failure}"),
        }
        tokio::select! {
            () = over.cancelled() => return,
            () = tokio::time::sleep(HEARTBEAT) => {}
        }
    }
}

/// Prepares what waits, one broadcast after the other; one that cannot be prepared does not keep the others waiting.
async fn stage_once(app: &App, fence: i64) -> Result<bool, Failure> {
    let mut any = deliveries::suppress_withdrawn(app).await.unwrap_or_else(|failure| {
        tracing::error!("what was taken back could not be suppressed yet: {failure}");
        false
    });
    let mut tx = app.db.read().await?;
    let waiting = broadcasts::staged(&mut tx).await?;
    drop(tx);
    for id in waiting {
        match stage_one(app, id, fence).await {
            Ok(staged) => any |= staged,
            Err(failure) => stage::stumble(app, id, &failure).await,
        }
    }
    Ok(any)
}

async fn stage_one(app: &App, id: BroadcastId, fence: i64) -> Result<bool, Failure> {
    let mut tx = app.db.read().await?;
    let row = broadcasts::find(&mut tx, id).await?;
    drop(tx);
    match row {
        Some(row) => Ok(stage::stage(app, &row, fence).await?.is_some()),
        None => Ok(false),
    }
}

async fn stage_all(app: &App, fence: i64, over: &CancellationToken) {
    let mut changes = app.live.listen();
    loop {
        if let Err(failure) = stage_once(app, fence).await {
            tracing::error!("a broadcast could not be staged: {failure}");
        }
        if rest(over, &mut changes).await {
            return;
        }
    }
}

async fn work(app: &App, lane: &mut Lane, over: &CancellationToken) {
    let mut changes = app.live.listen();
    while !over.is_cancelled() {
        match lane.turn().await {
            Ok(true) => {}
            Ok(false) => {
                if rest(over, &mut changes).await {
                    break;
                }
            }
            Err(failure) => {
                tracing::error!("sending stumbled: {failure}");
                if rest(over, &mut changes).await {
                    break;
                }
            }
        }
    }
    if let Err(failure) = lane.finish().await {
        tracing::error!("the last window could not be written down; it is in doubt: {failure}");
    }
}

/// Waits for a commit or a while; `true` when the program stops.
async fn rest(
    over: &CancellationToken,
    changes: &mut tokio::sync::broadcast::Receiver<crate::live::Changed>,
) -> bool {
    let changed = async {
        // Lagging behind is news as well.
        let _ = changes.recv().await;
        *changes = changes.resubscribe();
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    tokio::select! {
        () = over.cancelled() => return true,
        () = tokio::time::sleep(IDLE) => {}
        () = changed => {}
    }
    over.is_cancelled()
}
