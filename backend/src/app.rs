//! What every use case can reach: the database, the clock, the signal of change, and the tasks that must end
//! before the program does.

use std::{ops::Deref, sync::Arc, time::Duration};

use sqlx::types::Uuid;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    accounts::Doorkeeper,
    clock::Clock,
    config::Config,
    execute, feeds, fetch_one, fetch_optional,
    jobs::{audit, publish},
    live::Live,
    playbooks::{self, store::Kits},
    schedules,
    status::PublicPages,
    store::{
        Db, Error,
        facts::{self, Facts},
        journal, migrations,
    },
    web::{self, throttle::Throttle},
};

/// How long a job that broke off rests before it begins again.
const BREATH: Duration = Duration::from_secs(1);

/// Shared by all requests and jobs; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of [`App`].
pub struct Parts {
    pub config: Config,
    pub db: Db,
    pub clock: Clock,
    pub live: Live,
    pub facts: Facts,
    /// The incidents that somebody looks at.
    pub streams: web::live::Streams,
    /// The installation's identity, which is also the id of its chain.
    pub installation: Uuid,
    pub doorkeeper: Doorkeeper,
    /// How often strangers may answer and check codes.
    pub throttle: Throttle,
    /// What the auditor of sending knows.
    pub audit: audit::Desk,
    /// How the copies outside are.
    pub publishing: publish::Desk,
    /// What was seen in the schedule folders.
    pub schedules: schedules::desk::Desk,
    /// What is known of feeds, and who is connected to send.
    pub feeds: feeds::desk::Desk,
    /// The public pages, prepared.
    pub public: PublicPages,
    /// The kits of the incidents whose sheets are scanned.
    pub kits: Kits,
    /// Every spawned task; the program ends when they have.
    pub tasks: TaskTracker,
    /// Told when the program should stop: streams end, workers finish their window.
    pub stop: CancellationToken,
    /// Password hashing takes a core and 19 MiB: two at a time.
    pub hashing: Semaphore,
    /// One at a time compares and writes the files that lie beside the database.
    pub outside: tokio::sync::Mutex<()>,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Why the program cannot start, as a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum CannotStart {
    #[error("{0}")]
    Setting(String),
    #[error("the folder {folder} cannot be used: {source}")]
    Folder { folder: String, source: std::io::Error },
    #[error("the database cannot be opened: {0}")]
    Database(#[from] Error),
}

impl App {
    /// Opens the data folder and the database, brings the schema up to date and starts the writer of facts.
    ///
    /// # Errors
    /// A sentence that says which folder, file or setting is in the way.
    pub async fn open(config: Config, clock: Clock) -> Result<Self, CannotStart> {
        let folder = config.data.clone();
        std::fs::create_dir_all(&folder)
            .map_err(|source| CannotStart::Folder { folder: folder.display().to_string(), source })?;
        let url = config.database_url().map_err(CannotStart::Setting)?;
        let db = Db::open(&url).await?;
        migrations::run(&db).await?;
        Self::with_database(config, clock, db).await
    }

    /// The same over a database that is open and up to date.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn with_database(config: Config, clock: Clock, db: Db) -> Result<Self, CannotStart> {
        let installation = ensure_installation(&db, &clock).await?;
        let live = Live::default();
        let (facts, write_facts) = facts::writer(db.clone(), clock.clone(), live.clone());
        let app = Self(Arc::new(Parts {
            publishing: publish::Desk::new(&config),
            config,
            db,
            public: PublicPages::new(live.listen()),
            live,
            facts,
            streams: web::live::Streams::default(),
            installation,
            doorkeeper: Doorkeeper::new(&clock),
            throttle: Throttle::default(),
            audit: audit::Desk::default(),
            schedules: schedules::desk::Desk::default(),
            feeds: feeds::desk::Desk::default(),
            clock,
            kits: Kits::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            hashing: Semaphore::new(2),
            outside: tokio::sync::Mutex::new(()),
        }));
        Self::outlive(write_facts);
        playbooks::load(&app).await?;
        Ok(app)
    }

    /// Runs the writer of facts, which must still write when the last request ends, so nobody waits for it: each
    /// fact's caller does.
    #[expect(clippy::disallowed_methods, reason = "the tracker would wait for it for ever")]
    fn outlive(task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }

    /// Runs a job of the program's own until it ends by itself. When it panics, the log says which job it was, and
    /// after a pause it begins again: nothing that people rely on ends silently.
    pub fn keep_running<F, R>(&self, job: &'static str, begin: F)
    where
        F: Fn(Self) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let app = self.clone();
        self.spawn(async move {
            while let Err(panic) = app.spawn(begin(app.clone())).await {
                tracing::error!(job, "this job broke off and begins again: {panic}");
                tokio::select! {
                    () = app.stop.cancelled() => return,
                    () = tokio::time::sleep(BREATH) => {}
                }
            }
        });
    }

    /// Runs a task that the program waits for when it stops. The one home of spawning.
    pub fn spawn<F>(&self, task: F) -> tokio::task::JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tasks.spawn(task)
    }
}

const FIND: &str = "
    SELECT id
    FROM installation";

const CREATE: &str = "
    INSERT INTO installation (id, name, zone, epoch)
    VALUES ($1, '', 'UTC', $2)
    ON CONFLICT (is_one) DO NOTHING";

async fn ensure_installation(db: &Db, clock: &Clock) -> Result<Uuid, Error> {
    let mut tx = db.write().await?;
    if let Some((id,)) = fetch_optional!(tx, (Uuid,), FIND)? {
        return Ok(id);
    }
    let id: Uuid = clock.id();
    if execute!(tx, CREATE, id, hex::encode(clock.bytes::<16>()))? == 0 {
        // Another process has started on the same empty database; this one waited until it had committed.
        let (id,) = fetch_one!(tx, (Uuid,), FIND)?;
        return Ok(id);
    }
    journal::start(&mut tx, id, "installation", None, "", clock.now()).await?;
    tx.commit().await?;
    Ok(id)
}
