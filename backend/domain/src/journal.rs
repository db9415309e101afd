//! The chain of the log: each entry is hashed over the one before it, so that a change, a gap or a swap shows.
//!
//! Entries hold ids, codes, counts and keyed hashes, never a name or free text; texts lie beside the entry, which
//! holds their salted hash.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{id::AccountId, time::Timestamp};

/// SHA-256 of an entry; the head of a chain.
pub type Hash = [u8; 32];

/// The head of an empty chain.
pub const GENESIS: Hash = [0; 32];

/// What an entry says, before it is chained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// The sequence number, which is the order of things; times are not (rule 5).
    pub seq: i64,
    /// When it happened.
    pub event_at: Timestamp,
    /// When it was written down, by the server's clock.
    pub entered_at: Timestamp,
    /// Who did it; `None` for the program itself.
    pub actor: Option<AccountId>,
    /// What was done, as `incident.declared`.
    pub kind: String,
    /// The thing it is about, as `case:ID`; empty for the incident itself.
    pub subject: String,
    /// Ids, codes, counts and hashes, as canonical JSON (keys sorted).
    pub data: String,
}

/// The hash of an entry over the one before it. Every field is length-prefixed, so that no two entries share
/// their bytes.
pub fn chain(previous: &Hash, entry: &Entry) -> Hash {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(entry.seq.to_be_bytes());
    hash.update(entry.event_at.0.to_be_bytes());
    hash.update(entry.entered_at.0.to_be_bytes());
    hash.update(entry.actor.map_or([0; 16], |account| *account.0.as_bytes()));
    for text in [&entry.kind, &entry.subject, &entry.data] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().into()
}

/// The salted hash of a text that lies beside its entry, in hexadecimal.
pub fn text_hash(salt: &[u8], text: &str) -> String {
    let mut hash = Sha256::new();
    hash.update((salt.len() as u64).to_be_bytes());
    hash.update(salt);
    hash.update(text.as_bytes());
    hex::encode(hash.finalize())
}

/// A chain's head as printed on paper: sequence number and ten hexadecimal digits, `212-3fa94c01be`.
pub fn printed_head(seq: i64, head: &Hash) -> String {
    format!("{seq}-{}", &hex::encode(head)[..10])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: i64, data: &str) -> Entry {
        Entry {
            seq,
            event_at: Timestamp(1),
            entered_at: Timestamp(2),
            actor: None,
            kind: "incident.declared".to_owned(),
            subject: String::new(),
            data: data.to_owned(),
        }
    }

    #[test]
    fn any_change_changes_every_later_head() {
        let first = chain(&GENESIS, &entry(1, "{}"));
        let second = chain(&first, &entry(2, "{}"));
        let altered = chain(&chain(&GENESIS, &entry(1, "{\"a\":1}")), &entry(2, "{}"));
        assert_ne!(second, altered);
        let about_another = Entry { subject: "case:2".to_owned(), ..entry(1, "{}") };
        assert_ne!(first, chain(&GENESIS, &about_another));
        assert_eq!(printed_head(2, &second).len(), "2-".len() + 10);
    }
}
