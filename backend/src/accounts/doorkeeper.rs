//! Guards the door: password hashing two at a time, a limit on tries, and the secret of the setup link.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use argon2::{
    Argon2, PasswordHash, PasswordHasher, PasswordVerifier,
    password_hash::{Salt, SaltString},
};
use domain::Refusal;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{app::App, clock::Clock, failure::Failure};

/// Wrong passwords that a name has at once from one address, and how often one more is added.
const BURST: u32 = 10;
const ONE_MORE_EVERY: Duration = Duration::from_secs(20);
/// Wrong passwords that an address has at once: behind one address may sit a whole hospital.
const BURST_OF_ADDRESS: u32 = 20 * BURST;
/// More than this many keys are looked through for those that can be forgotten.
const MANY: usize = 50_000;

/// What stands between a guesser and an account. Only wrong passwords are counted: everyone signs in at the moment
/// a downtime begins, and from one address if there is a proxy.
pub struct Doorkeeper {
    failures: Mutex<HashMap<[u8; 32], Instant>>,
    setup_secret: String,
    /// A hash of nothing anybody types, so that an unknown name takes as long as a wrong password.
    decoy: String,
}

/// Who tries, as it is counted: hashes, because a name that nobody has may be two megabytes long.
#[derive(Debug, Clone, Copy)]
pub struct Trier {
    address: [u8; 32],
    name_and_address: [u8; 32],
}

impl Trier {
    /// A name, as typed, and the address that it comes from.
    pub fn new(login: &str, from: &str) -> Self {
        let hash = |parts: [&str; 2]| -> [u8; 32] {
            let [login, from] = parts.map(|part| Sha256::digest(part.as_bytes()));
            Sha256::digest([login, from].concat()).into()
        };
        Self { address: hash(["", from]), name_and_address: hash([login, from]) }
    }

    fn budgets(self) -> [([u8; 32], u32); 2] {
        [(self.address, BURST_OF_ADDRESS), (self.name_and_address, BURST)]
    }
}

impl Doorkeeper {
    /// A doorkeeper with a fresh setup secret.
    pub fn new(clock: &Clock) -> Self {
        let salt = salt(clock);
        let decoy = hash_now(&hex::encode(clock.bytes::<16>()), &salt).unwrap_or_default();
        Self { failures: Mutex::default(), setup_secret: hex::encode(clock.bytes::<16>()), decoy }
    }

    /// Whether another try is heard at all.
    ///
    /// # Errors
    /// When there were too many wrong ones from this address, or for this name from it.
    pub fn may_try(&self, trier: Trier) -> Result<(), Refusal> {
        let now = Instant::now();
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        // A key holds the moment at which all its failures are forgotten, one after the other.
        let has_room = |(key, burst): ([u8; 32], u32)| {
            let debt =
                failures.get(&key).map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
            debt <= ONE_MORE_EVERY * (burst - 1)
        };
        if trier.budgets().into_iter().all(has_room) {
            return Ok(());
        }
        let sentence = "Too many tries. Wait a minute, or ask an administrator for a new card.";
        Err(Refusal::new("too-many-tries", sentence))
    }

    /// Counts a wrong password or card.
    pub fn count_failure(&self, trier: Trier) {
        let now = Instant::now();
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, _) in trier.budgets() {
            let until = failures.entry(key).or_insert(now);
            *until = (*until).max(now) + ONE_MORE_EVERY;
        }
        if failures.len() > MANY {
            failures.retain(|_, until| *until > now);
        }
    }

    /// Forgets the failures that count no more.
    pub fn tidy(&self) {
        let now = Instant::now();
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, until| *until > now);
    }

    /// The secret of the setup link.
    pub fn setup_secret(&self) -> &str {
        &self.setup_secret
    }

    /// Whether a text is the secret of the setup link, compared in constant time.
    pub fn is_setup_secret(&self, text: &str) -> bool {
        text.as_bytes().ct_eq(self.setup_secret.as_bytes()).into()
    }

    /// Hashes a password with argon2id.
    ///
    /// # Errors
    /// When hashing itself fails.
    pub async fn hash(&self, app: &App, password: String) -> Result<String, Failure> {
        let salt = salt(&app.clock);
        let _permit = permit(app).await?;
        in_background(move || hash_now(&password, &salt)).await?
    }

    /// Whether a password fits a hash; without a hash it takes as long and does not fit. A wrong one is counted.
    ///
    /// # Errors
    /// A refusal when there were too many wrong ones; or when hashing itself fails.
    pub async fn verify(
        &self,
        app: &App,
        trier: Trier,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, Failure> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.clone());
        let _permit = permit(app).await?;
        // Looked at again here, where two come at a time: a thousand guesses at once are not a thousand tries.
        self.may_try(trier)?;
        let fits = in_background(move || {
            let parsed = PasswordHash::new(&hash);
            parsed.is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
        })
        .await?;
        if !(fits && known) {
            self.count_failure(trier);
        }
        Ok(fits && known)
    }
}

async fn permit(app: &App) -> Result<tokio::sync::SemaphorePermit<'_>, Failure> {
    app.hashing.acquire().await.map_err(|error| Failure::Broken(error.to_string()))
}

async fn in_background<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Failure::Broken(error.to_string()))
}

fn salt(clock: &Clock) -> SaltString {
    SaltString::encode_b64(&clock.bytes::<{ Salt::RECOMMENDED_LENGTH }>()).expect("16 bytes are a salt")
}

fn hash_now(password: &str, salt: &SaltString) -> Result<String, Failure> {
    let hashed = Argon2::default().hash_password(password.as_bytes(), salt);
    hashed.map(|hash| hash.to_string()).map_err(|error| Failure::Broken(error.to_string()))
}
