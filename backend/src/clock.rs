//! The one place where time and chance come from, so that tests can hold both still.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use domain::time::Timestamp;
use sqlx::types::Uuid;

/// The clock and the source of chance.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock and the kernel's random numbers.
    System,
    /// A clock that a test sets; ids count upwards.
    Fixed(Arc<FixedClock>),
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct FixedClock {
    now: AtomicI64,
    counter: AtomicU64,
}

impl Clock {
    /// A clock that a test sets, starting at `now`.
    pub fn fixed(now: Timestamp) -> Self {
        Self::Fixed(Arc::new(FixedClock { now: AtomicI64::new(now.0), counter: AtomicU64::new(1) }))
    }

    /// The time now.
    #[expect(clippy::disallowed_methods, reason = "this is the one home of the machine's clock")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
            }
            Self::Fixed(fixed) => Timestamp(fixed.now.load(Ordering::SeqCst)),
        }
    }

    /// Microseconds that only ever grow, whatever is done to the machine's clock: for how long something has taken.
    pub fn steady(&self) -> i64 {
        static START: OnceLock<Instant> = OnceLock::new();
        match self {
            Self::System => {
                i64::try_from(START.get_or_init(Instant::now).elapsed().as_micros()).unwrap_or(i64::MAX)
            }
            Self::Fixed(_) => self.now().0,
        }
    }

    /// Moves a fixed clock; the machine's clock cannot be moved.
    pub fn set(&self, now: Timestamp) {
        if let Self::Fixed(fixed) = self {
            fixed.now.store(now.0, Ordering::SeqCst);
        }
    }

    /// A new identifier (UUIDv7) of any of the types in `domain::id`.
    pub fn id<T: From<Uuid>>(&self) -> T {
        let millis = u64::try_from(self.now().0.div_euclid(1000)).unwrap_or(0);
        let mut random = [0; 10];
        random.copy_from_slice(&self.bytes::<10>());
        T::from(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// Bytes that nobody can guess; under a fixed clock, bytes that are each time others.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            Self::System => getrandom::fill(&mut bytes).expect("the kernel has random numbers"),
            Self::Fixed(fixed) => {
                use sha2::{Digest, Sha256};
                let count = fixed.counter.fetch_add(1, Ordering::SeqCst);
                for (index, chunk) in bytes.chunks_mut(32).enumerate() {
                    let digest = Sha256::digest([count.to_be_bytes(), (index as u64).to_be_bytes()].concat());
                    chunk.copy_from_slice(&digest[..chunk.len()]);
                }
            }
        }
        bytes
    }
}
