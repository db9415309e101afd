//! The program in this process: its own database and data folder, a clock that stands still, no gateway but the
//! outbox, and the people and programs that use it.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use backend::{
    accounts::{hash_secret, store as accounts},
    app::App,
    clock::Clock,
    config::Config,
    execute,
    store::Db,
    web,
};
use domain::{
    actor::{Actor, Grant, Role},
    id::{AccountId, TokenId},
    scope::Place,
    time::{Timestamp, Zone},
};

use crate::{
    Kind, Person, Program,
    databases::Database,
    door::Door,
    harbor::{self, Harbor},
};

pub use crate::cast::PASSWORD;

/// The session cookie's name.
pub const COOKIE: &str = web::session::COOKIE;

/// Of [`PASSWORD`], by argon2id with as little work as it allows: tests sign a thousand times.
pub const PASSWORD_HASH: &str =
    "$argon2id$v=19$m=8,t=1,p=1$c2FsdCBvZiB0aGUgdGVzdHM$Bu4k+FzYRLGP7RCiLduv4fWlyOzQ0gibqAIn8Cuitp0";

/// One installation, for one test.
pub struct World {
    pub app: App,
    pub kind: Kind,
    /// The data folder, with the outbox in it.
    pub folder: tempfile::TempDir,
    router: Router,
    database: Database,
    made: AtomicU32,
}

impl World {
    /// An installation of Harbor Health without places and accounts, at 02:05 on 19 July 2024 in New York.
    pub async fn on(kind: Kind) -> Self {
        Self::with(kind, |_| ()).await
    }

    /// The same with other settings.
    ///
    /// # Panics
    /// When the program does not start.
    pub async fn with(kind: Kind, set: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let database = Database::fresh(kind, folder.path()).await;
        let mut config = Config::in_folder(folder.path());
        set(&mut config);
        let clock = Clock::fixed(new_york("2024-07-19 02:05"));
        let db = Db::open(&database.url).await.expect("a fresh database opens");
        let app = App::with_database(config, clock, db).await.expect("the program starts");
        let router = web::router(app.clone());
        let world = Self { app, kind, folder, router, database, made: AtomicU32::new(1) };
        world.name_installation().await;
        world
    }

    /// Ends the program and removes its database.
    pub async fn end(self) {
        self.app.stop.cancel();
        self.app.tasks.close();
        self.app.db.close().await;
        self.database.remove().await;
    }

    /// Sets the clock to a New York time of the night, as `2024-07-19 02:20`.
    pub fn at(&self, local: &str) {
        self.app.clock.set(new_york(local));
    }

    /// Lets minutes pass.
    pub fn minutes_pass(&self, minutes: i64) {
        self.app.clock.set(self.app.clock.now().plus_minutes(minutes));
    }

    /// The way in.
    pub fn door(&self) -> Door {
        Door::InProcess(self.router.clone())
    }

    /// Somebody at a browser, not signed in.
    pub fn stranger(&self) -> Person {
        Person::stranger(self.door())
    }

    /// A program without a token.
    pub fn unknown_program(&self) -> Program {
        Program::stranger(self.door())
    }

    /// Puts the twelve hospitals of Harbor Health with their systems and some units into the database.
    pub async fn harbor(&self) -> Harbor {
        harbor::put_into(&self.app).await
    }

    /// A program with a token whose account holds these roles everywhere; signers sign as `cio`.
    pub async fn program(&self, roles: &[Role]) -> Program {
        self.program_with(&everywhere(roles)).await.1
    }

    /// A program whose account holds these grants, and the account.
    ///
    /// # Panics
    /// When the database cannot be written.
    pub async fn program_with(&self, grants: &[Grant]) -> (Actor, Program) {
        let actor = self.account(grants).await;
        let secret = hex::encode(self.app.clock.bytes::<32>());
        let token: TokenId = self.app.clock.id();
        let mut tx = self.app.db.write().await.expect("the database can be written");
        let hash = hash_secret(&secret);
        execute!(tx, TOKEN, token.0, &hash[..], actor.account.0, "test", self.app.clock.now().0)
            .expect("a token can be kept");
        tx.commit().await.expect("the database can be written");
        (actor, Program::with_token(self.door(), secret))
    }

    /// Somebody at a browser who has signed in and holds these roles everywhere.
    pub async fn person(&self, roles: &[Role]) -> Person {
        self.person_with(&everywhere(roles)).await.1
    }

    /// Somebody who has signed in and holds these grants, and the account.
    ///
    /// # Panics
    /// When the database cannot be written.
    pub async fn person_with(&self, grants: &[Grant]) -> (Actor, Person) {
        let actor = self.account(grants).await;
        let person = self.signs_in(&actor).await;
        (actor, person)
    }

    /// A browser in which this account has signed in.
    ///
    /// # Panics
    /// When the database cannot be written.
    pub async fn signs_in(&self, actor: &Actor) -> Person {
        let secret = hex::encode(self.app.clock.bytes::<32>());
        let now = self.app.clock.now();
        let mut tx = self.app.db.write().await.expect("the database can be written");
        accounts::begin_session(&mut tx, &hash_secret(&secret), actor.account, now, now.plus_minutes(720))
            .await
            .expect("a session can be kept");
        tx.commit().await.expect("the database can be written");
        self.stranger().with_cookie(COOKIE, &secret)
    }

    /// An account with these grants.
    ///
    /// # Panics
    /// When the database cannot be written.
    pub async fn account(&self, grants: &[Grant]) -> Actor {
        let count = self.made.fetch_add(1, Ordering::Relaxed);
        let roles: Vec<_> = grants.iter().map(|grant| grant.role.words()).collect();
        let name =
            format!("{} {count}", if roles.is_empty() { "Nobody".into() } else { roles.join(" and ") });
        let login = format!("account{count}");
        let account: AccountId = self.app.clock.id();
        let mut tx = self.app.db.write().await.expect("the database can be written");
        let row = accounts::NewRow {
            id: account,
            login: &login,
            name: &name,
            kind: "person",
            created_at: self.app.clock.now(),
        };
        accounts::insert(&mut tx, &row).await.expect("a new login is free");
        accounts::set_password(&mut tx, account, PASSWORD_HASH).await.expect("a password can be kept");
        accounts::grant(&mut tx, account, grants).await.expect("grants can be kept");
        tx.commit().await.expect("the database can be written");
        Actor { account, name, grants: grants.to_vec() }
    }

    async fn name_installation(&self) {
        let mut tx = self.app.db.write().await.expect("the database can be written");
        accounts::name_installation(&mut tx, "Harbor Health", "America/New_York", self.app.clock.now())
            .await
            .expect("an installation can be named");
        tx.commit().await.expect("the database can be written");
    }
}

const TOKEN: &str = "
    INSERT INTO token (id, secret_hash, account, label, created_at)
    VALUES ($1, $2, $3, $4, $5)";

/// These roles at all places; signers sign as `cio`.
pub fn everywhere(roles: &[Role]) -> Vec<Grant> {
    let signs_as = |role| if role == Role::Signer { "cio" } else { "" };
    roles.iter().map(|&role| Grant { role, place: Place::All, signs_as: signs_as(role).to_owned() }).collect()
}

/// A New York time.
///
/// # Panics
/// When it is not one.
pub fn new_york(local: &str) -> Timestamp {
    let zone = Zone::named("America/New_York").expect("is in the database");
    zone.parse(local).unwrap_or_else(|_| panic!("{local:?} is not a time"))
}
