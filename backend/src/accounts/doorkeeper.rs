//! Guards the door: password hashing two at a time, a limit on tries, and the secret of the setup link.

use std::{num::NonZeroU32, time::Duration};

use argon2::{
    Argon2, PasswordHash, PasswordHasher, PasswordVerifier,
    password_hash::{Salt, SaltString},
};
use domain::Refusal;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use subtle::ConstantTimeEq;

use crate::{app::App, clock::Clock, failure::Failure};

/// Tries that a name has at once from one address, and how often one more is added.
const BURST: u32 = 10;
const ONE_MORE_EVERY: Duration = Duration::from_secs(20);

/// What stands between a guesser and an account.
pub struct Doorkeeper {
    by_name_and_address: DefaultKeyedRateLimiter<String>,
    by_address: DefaultKeyedRateLimiter<String>,
    setup_secret: String,
    /// A hash of nothing anybody types, so that an unknown name takes as long as a wrong password.
    decoy: String,
}

impl Doorkeeper {
    /// A doorkeeper with a fresh setup secret.
    pub fn new(clock: &Clock) -> Self {
        let quota = |burst: u32| {
            Quota::with_period(ONE_MORE_EVERY)
                .expect("the period is not zero")
                .allow_burst(NonZeroU32::new(burst).expect("the burst is not zero"))
        };
        let salt = salt(clock);
        let decoy = hash_now(&hex::encode(clock.bytes::<16>()), &salt).unwrap_or_default();
        Self {
            by_name_and_address: RateLimiter::keyed(quota(BURST)),
            by_address: RateLimiter::keyed(quota(BURST * 20)),
            setup_secret: hex::encode(clock.bytes::<16>()),
            decoy,
        }
    }

    /// Counts one try.
    ///
    /// # Errors
    /// When there were too many from this address, or for this name from it.
    pub fn try_once(&self, login: &str, from: &str) -> Result<(), Refusal> {
        let key = format!("{login} {from}");
        let may = self.by_name_and_address.check_key(&key).is_ok()
            && self.by_address.check_key(&from.to_owned()).is_ok();
        if may {
            return Ok(());
        }
        let sentence = "Too many tries. Wait a minute, or ask an administrator for a new card.";
        Err(Refusal::new("too-many-tries", sentence))
    }

    /// A right password was given: keeps the memory of the limiter small.
    pub fn forgive(&self, _login: &str, _from: &str) {
        self.by_name_and_address.retain_recent();
        self.by_address.retain_recent();
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
        with_a_permit(app, move || hash_now(&password, &salt)).await?
    }

    /// Whether a password fits a hash; without a hash it takes as long and does not fit.
    ///
    /// # Errors
    /// When hashing itself fails.
    pub async fn verify(&self, app: &App, password: String, hash: Option<String>) -> Result<bool, Failure> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.clone());
        let fits = with_a_permit(app, move || {
            let parsed = PasswordHash::new(&hash);
            parsed.is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
        })
        .await?;
        Ok(fits && known)
    }
}

async fn with_a_permit<T: Send + 'static>(
    app: &App,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let _permit = app.hashing.acquire().await.map_err(|error| Failure::Broken(error.to_string()))?;
    tokio::task::spawn_blocking(work).await.map_err(|error| Failure::Broken(error.to_string()))
}

fn salt(clock: &Clock) -> SaltString {
    SaltString::encode_b64(&clock.bytes::<{ Salt::RECOMMENDED_LENGTH }>()).expect("16 bytes are a salt")
}

fn hash_now(password: &str, salt: &SaltString) -> Result<String, Failure> {
    let hashed = Argon2::default().hash_password(password.as_bytes(), salt);
    hashed.map(|hash| hash.to_string()).map_err(|error| Failure::Broken(error.to_string()))
}
