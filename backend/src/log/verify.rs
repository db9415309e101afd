//! Proving every chain from its first entry on: the installation's, each incident's, and the chains of facts against
//! the heads that their incident's own log holds. It only reads, in one snapshot.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    journal::Entry,
    log::{Flaw, OutsideHead, UNBROKEN_IN_ITSELF, Walk},
    time::Timestamp,
};
use sqlx::types::Uuid;

use super::store;
use crate::{
    fetch_all,
    jobs::witness::Heads,
    store::{
        Error, Tx,
        journal::{self, JournalRow},
    },
};

const PIECE: i64 = 1000;

/// What was found out about one chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub chain: Uuid,
    /// `installation`, `incident "Computers down"`, `facts of incident "Computers down"`
    pub of: String,
    /// The head as printed, up to where the chain is what was written.
    pub head: String,
    pub verdict: Verdict,
}

/// What is to be said of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Unbroken, with no head from outside to compare.
    InItself,
    /// Unbroken, and the head that was kept elsewhere is the head at this entry.
    AsKept {
        seq: i64,
    },
    /// Unbroken facts, and the incident's own log holds their head at this entry.
    AsFolded {
        seq: i64,
    },
    Broken(Flaw),
    /// All of it is gone; this many entries were there.
    Gone {
        seq: i64,
    },
    /// Its entries are there, its record is not.
    Unlisted,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub const fn is_whole(&self) -> bool {
        matches!(self, Self::InItself | Self::AsKept { .. } | Self::AsFolded { .. })
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::InItself => f.write_str(UNBROKEN_IN_ITSELF),
            Self::AsKept { seq } => write!(f, "unbroken; entry {seq} has the head that was kept outside"),
            Self::AsFolded { seq } => {
                write!(f, "unbroken; entry {seq} has the head that the incident's own log holds")
            }
            Self::Broken(flaw) => write!(f, "{flaw}"),
            Self::Gone { seq } => write!(f, "gone: at least {seq} entries were there"),
            Self::Unlisted => f.write_str("the record of the chain was removed, its entries are there"),
        }
    }
}

#[derive(sqlx::FromRow)]
struct Chain {
    id: Uuid,
    kind: String,
    seq: i64,
    head: Vec<u8>,
    name: Option<String>,
}

const CHAINS: &str = "
    SELECT chain.id, chain.kind, chain.seq, chain.head, incident.name
    FROM chain
    LEFT JOIN incident ON incident.id = chain.of_incident
    ORDER BY CASE chain.kind WHEN 'installation' THEN 0 WHEN 'incident' THEN 1 ELSE 2 END, chain.id";

const UNLISTED: &str = "
    SELECT id
    FROM incident
    WHERE id NOT IN (SELECT id FROM chain)
    UNION
    SELECT chain
    FROM journal
    WHERE chain NOT IN (SELECT id FROM chain)";

/// Heads of facts as the incidents' own logs hold them: by chain, what the head was at which entry.
type Folds = BTreeMap<Uuid, BTreeMap<i64, Vec<u8>>>;

/// Walks over every chain and compares what ends outside it: the kept heads, and the folded heads of facts.
///
/// # Errors
/// When the database does not answer; what is wrong with a log is a finding.
pub async fn all(tx: &mut Tx, kept: &Heads) -> Result<Vec<Finding>, Error> {
    let chains = fetch_all!(tx, Chain, CHAINS)?;
    let mut folds = Folds::new();
    let mut findings = Vec::with_capacity(chains.len());
    for chain in &chains {
        let outside =
            kept.get(&chain.id).map(|(seq, head)| OutsideHead { seq: *seq, digits: hex::encode(head) });
        let (head, verdict) = walk(tx, chain, outside, &mut folds).await?;
        findings.push(Finding { chain: chain.id, of: named(chain), head, verdict });
    }
    let listed: BTreeSet<Uuid> = chains.iter().map(|chain| chain.id).collect();
    let kept_last = kept.iter().map(|(chain, (seq, _))| (*chain, *seq));
    let folded_last = folds.iter().filter_map(|(chain, heads)| Some((*chain, *heads.last_key_value()?.0)));
    let gone: BTreeMap<Uuid, i64> = kept_last.chain(folded_last).filter(|(_, seq)| *seq > 0).collect();
    let gone = gone.into_iter().filter(|(chain, _)| !listed.contains(chain));
    findings.extend(gone.map(|(chain, seq)| lost(chain, Verdict::Gone { seq })));
    let unlisted = fetch_all!(tx, (Uuid,), UNLISTED)?;
    findings.extend(unlisted.into_iter().map(|(chain,)| lost(chain, Verdict::Unlisted)));
    Ok(findings)
}

const AT_ENTRY: &str = "
    SELECT chain, hash
    FROM journal
    WHERE seq = $1";

/// The chains whose entry of this number has a hash that begins with these digits.
///
/// # Errors
/// When the database does not answer.
pub async fn chains_with(tx: &mut Tx, seq: i64, digits: &str) -> Result<Vec<Uuid>, Error> {
    let entries = fetch_all!(tx, (Uuid, Vec<u8>), AT_ENTRY, seq)?;
    Ok(entries
        .into_iter()
        .filter(|(_, hash)| hex::encode(hash).starts_with(digits))
        .map(|(chain, _)| chain)
        .collect())
}

fn lost(chain: Uuid, verdict: Verdict) -> Finding {
    Finding { chain, of: "a chain".to_owned(), head: "-".to_owned(), verdict }
}

fn named(chain: &Chain) -> String {
    let incident = || chain.name.clone().unwrap_or_default();
    match chain.kind.as_str() {
        "installation" => "installation".to_owned(),
        "incident" => format!("incident {:?}", incident()),
        _ => format!("facts of incident {:?}", incident()),
    }
}

async fn walk(
    tx: &mut Tx,
    chain: &Chain,
    outside: Option<OutsideHead>,
    folds: &mut Folds,
) -> Result<(String, Verdict), Error> {
    let kept = outside.as_ref().map(|outside| outside.seq).filter(|seq| *seq > 0);
    let folded = folds.remove(&chain.id).unwrap_or_default();
    let mut walk = Walk::begin(outside);
    // Before the smallest number there can be, so that an entry put before the first one is met.
    let mut after = i64::MIN;
    loop {
        let rows = journal::rows(tx, chain.id, after, PIECE).await?;
        let Some(last) = rows.last().map(|row| row.seq) else { break };
        let texts = store::texts(tx, chain.id, after.saturating_add(1), last).await?;
        for row in &rows {
            let own = texts.iter().filter(|(seq, ..)| *seq == row.seq);
            let own: Vec<_> =
                own.map(|(_, name, salt, body)| (name.clone(), salt.clone(), body.clone())).collect();
            if let Err(flaw) = walk.step(&entry(row), &row.hash, &own) {
                return Ok((walk.printed(), Verdict::Broken(flaw)));
            }
            if folded.get(&row.seq).is_some_and(|head| *head != row.hash) {
                return Ok((walk.printed(), Verdict::Broken(Flaw::NotAsFolded { seq: row.seq })));
            }
            if row.kind == "facts.folded" {
                note_folds(&row.data, folds);
            }
        }
        after = last;
    }
    let (head, last) = (walk.printed(), walk.seq());
    if let Err(flaw) = walk.end(chain.seq, &chain.head) {
        return Ok((head, Verdict::Broken(flaw)));
    }
    let folded = folded.last_key_value().map(|(seq, _)| *seq);
    let verdict = match (folded, kept) {
        (Some(seq), _) if seq > last => Verdict::Broken(Flaw::FoldedEndCut { seq, last }),
        (_, Some(seq)) => Verdict::AsKept { seq },
        (Some(seq), None) => Verdict::AsFolded { seq },
        (None, None) => Verdict::InItself,
    };
    Ok((head, verdict))
}

fn entry(row: &JournalRow) -> Entry {
    Entry {
        seq: row.seq,
        event_at: Timestamp(row.event_at),
        entered_at: Timestamp(row.entered_at),
        actor: row.actor.map(Into::into),
        kind: row.kind.clone(),
        subject: row.subject.clone(),
        data: row.data.clone(),
    }
}

/// Takes the heads of facts out of an entry that holds them.
fn note_folds(data: &str, folds: &mut Folds) {
    #[derive(serde::Deserialize)]
    struct Folded {
        facts: Vec<Fold>,
    }
    #[derive(serde::Deserialize)]
    struct Fold {
        chain: Uuid,
        seq: i64,
        head: String,
    }
    // The entry is what was written, as its hash has shown; one without heads says nothing about facts.
    let Ok(folded) = serde_json::from_str::<Folded>(data) else { return };
    for each in folded.facts {
        if let Ok(head) = hex::decode(&each.head) {
            folds.entry(each.chain).or_default().insert(each.seq, head);
        }
    }
}
