//! The group-commit writer of facts: answers, receipts, scans, which come in thousands.
//!
//! An idle writer commits at once; what arrives during a commit is the next batch, at most 256 rows or 20 ms of
//! work. It never waits for company. Each caller is answered after the commit that holds its fact. Facts never
//! take an incident's own chain: each incident has one chain of facts, whose head is folded into the incident's
//! chain each minute and before close.

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use domain::{
    Refusal,
    id::IncidentId,
    journal::{Entry, Hash, chain},
    time::Timestamp,
};
use futures::{FutureExt, future::BoxFuture};
use serde_json::{Value, json};
use sqlx::types::Uuid;
use tokio::sync::{mpsc, oneshot};

use super::{Db, Error, Sql, Tx};
use crate::{clock::Clock, execute, failure::Failure, fetch_one, fetch_optional, later, live::Live};

const MOST_ROWS: usize = 256;
const MOST_WORK: Duration = Duration::from_millis(20);
/// How often a batch runs again when another process was in its way.
const MOST_TRIES: u32 = 8;

/// What a fact did: what to write into its chain, and what to tell the caller.
#[derive(Debug)]
pub struct Noted {
    /// `answer.received`
    pub kind: &'static str,
    /// The thing it is about, as `delivery:ID`.
    pub subject: String,
    /// Ids, codes and counts; never a name. `Null`: nothing changed, nothing is chained.
    pub data: Value,
    pub reply: Value,
}

/// The work of one fact inside the batch's transaction. It may run more than once, when the batch has to begin again.
/// A refusal leaves its neighbours alone: it must be decided before the first write.
pub type Apply = Box<
    dyn for<'a> Fn(&'a mut Tx, Timestamp) -> BoxFuture<'a, Result<Result<Noted, Refusal>, Error>>
        + Send
        + Sync,
>;

/// What a fact adds to tallies: those of a batch are added up and written once, after its last fact.
#[derive(Debug, Default)]
pub struct Adds {
    /// By what the tally is of (a unit and a class), how much.
    pub amounts: Vec<((Uuid, Uuid), [i64; 3])>,
}

/// The amounts of a batch, added up, in the order of their keys.
pub type Sums = BTreeMap<(Uuid, Uuid), [i64; 3]>;

/// Writes the sums of a batch into their tallies.
pub type WriteSums = for<'a> fn(&'a mut Tx, IncidentId, Sums, Timestamp) -> BoxFuture<'a, Result<(), Error>>;

/// As [`Apply`], for a fact that counts.
pub type ApplyCounted = Box<
    dyn for<'a> Fn(&'a mut Tx, Timestamp) -> BoxFuture<'a, Result<Result<(Noted, Adds), Refusal>, Error>>
        + Send
        + Sync,
>;

struct Fact {
    incident: IncidentId,
    apply: ApplyCounted,
    /// Whose tallies it adds to; the name tells those of one batch apart.
    tally: Option<(&'static str, WriteSums)>,
    /// Nothing that anybody looks at has changed by it.
    aside: bool,
    answer: oneshot::Sender<Result<Value, Failure>>,
}

/// The way to the writer.
#[derive(Debug, Clone)]
pub struct Facts(mpsc::Sender<Fact>);

impl Facts {
    /// Notes one fact and waits for its commit.
    ///
    /// # Errors
    /// The fact's own refusal, or [`Failure::Broken`] when it could not be noted.
    pub async fn note(&self, incident: IncidentId, apply: Apply) -> Result<Value, Failure> {
        self.send(incident, uncounted(apply), None, false).await
    }

    /// As [`Facts::note`], for a fact by which nothing changes that anybody looks at: that somebody looked.
    ///
    /// # Errors
    /// As [`Facts::note`].
    pub async fn note_aside(&self, incident: IncidentId, apply: Apply) -> Result<Value, Failure> {
        self.send(incident, uncounted(apply), None, true).await
    }

    /// As [`Facts::note`], for a fact that counts: what it adds is written by `write` once a batch.
    ///
    /// # Errors
    /// As [`Facts::note`].
    pub async fn note_counted(
        &self,
        incident: IncidentId,
        tally: &'static str,
        write: WriteSums,
        apply: ApplyCounted,
    ) -> Result<Value, Failure> {
        self.send(incident, apply, Some((tally, write)), false).await
    }

    async fn send(
        &self,
        incident: IncidentId,
        apply: ApplyCounted,
        tally: Option<(&'static str, WriteSums)>,
        aside: bool,
    ) -> Result<Value, Failure> {
        let (answer, committed) = oneshot::channel();
        let stopping = || Failure::Broken("the program is stopping".into());
        self.0.send(Fact { incident, apply, tally, aside, answer }).await.map_err(|_| stopping())?;
        let lost = || Failure::Broken("this could not be noted; send it again".into());
        committed.await.map_err(|_| lost())?
    }
}

fn uncounted(apply: Apply) -> ApplyCounted {
    Box::new(move |tx, now| {
        let applied = apply(tx, now);
        Box::pin(async move { Ok(applied.await?.map(|noted| (noted, Adds::default()))) })
    })
}

/// The writer's two ends: the way in, and the loop, which outlives a fact that panics.
pub fn writer(db: Db, clock: Clock, live: Live) -> (Facts, impl Future<Output = ()> + Send) {
    let (send, mut receive) = mpsc::channel::<Fact>(4 * MOST_ROWS);
    let run = async move {
        let mut batch = Vec::with_capacity(MOST_ROWS);
        while receive.recv_many(&mut batch, MOST_ROWS).await > 0 {
            while !batch.is_empty() {
                let commit = AssertUnwindSafe(commit_some(&db, &clock, &live, batch)).catch_unwind();
                batch = commit.await.unwrap_or_default();
            }
        }
    };
    (Facts(send), run)
}

/// Commits as many facts of the batch as fit into the work limit and gives back the rest. A batch that met another
/// process begins again; a fact that cannot be written is taken out, and its neighbours begin again without it.
async fn commit_some(db: &Db, clock: &Clock, live: &Live, mut batch: Vec<Fact>) -> Vec<Fact> {
    let mut tries = 0;
    while !batch.is_empty() {
        match write(db, clock, &batch).await {
            Ok(outcomes) => {
                let rest = batch.split_off(outcomes.len());
                for (fact, outcome) in batch.into_iter().zip(outcomes) {
                    if !fact.aside {
                        live.changed(Some(fact.incident), 0);
                    }
                    let _ = fact.answer.send(outcome);
                }
                return rest;
            }
            Err(stopped) if stopped.failure.is_transient() && tries < MOST_TRIES => {
                tries += 1;
                let [random] = clock.bytes::<1>();
                tokio::time::sleep(Duration::from_millis(u64::from(random % 16) + (1 << tries))).await;
            }
            Err(Stopped { at: Some(at), failure }) => {
                tracing::error!("a fact could not be written: {failure}");
                let _ = batch.remove(at).answer.send(Err(failure));
            }
            Err(Stopped { at: None, failure }) => {
                let why = failure.to_string();
                for fact in batch.drain(..) {
                    let _ = fact.answer.send(Err(Failure::Broken(why.clone())));
                }
            }
        }
    }
    batch
}

/// Why nothing of a batch was committed, and at which fact, when it was one.
struct Stopped {
    at: Option<usize>,
    failure: Failure,
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self { at: None, failure: error.into() }
    }
}

/// What became of the first facts of a batch, which are committed: at least one, and no more than fit into the limit.
async fn write(db: &Db, clock: &Clock, batch: &[Fact]) -> Result<Vec<Result<Value, Failure>>, Stopped> {
    let started = Instant::now();
    let mut tx = db.write().await?;
    let mut streams = lock(&mut tx, clock, batch).await?;
    let mut outcomes = Vec::with_capacity(batch.len());
    let mut tallies = Tallies::default();
    for (at, fact) in batch.iter().enumerate() {
        if at > 0 && started.elapsed() > MOST_WORK {
            break;
        }
        let applied = apply(&mut tx, clock, &mut streams, &mut tallies, fact);
        let mut outcome = match AssertUnwindSafe(applied).catch_unwind().await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::Broken("this could not be noted; the log of the server says more".into())),
        };
        // Whose statement fails must be known among several; one alone is known at the commit.
        if batch.len() > 1
            && outcome.is_ok()
            && let Err(error) = tx.settle().await
        {
            outcome = Err(error.into());
        }
        match outcome {
            Err(failure @ (Failure::Store(_) | Failure::Broken(_))) => {
                return Err(Stopped { at: Some(at), failure });
            }
            outcome => outcomes.push(outcome),
        }
    }
    for ((_, incident), (write, sums)) in tallies {
        write(&mut tx, incident, sums, clock.now()).await?;
    }
    for stream in streams.values().flatten() {
        stream.advance(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(outcomes)
}

/// Takes the chains of a batch, in the order of their incidents, before any fact touches a row of its own: so two
/// processes wait for each other at the first chain that they share, and never with rows in their hands. `None` is an
/// incident that is not there or is being closed; its facts are told so.
async fn lock(
    tx: &mut Tx,
    clock: &Clock,
    batch: &[Fact],
) -> Result<BTreeMap<IncidentId, Option<Stream>>, Error> {
    let mut streams: BTreeMap<IncidentId, Option<Stream>> =
        batch.iter().map(|fact| (fact.incident, None)).collect();
    for (incident, stream) in &mut streams {
        if let Some((false, id, seq, head, at)) = fetch_optional!(tx, Locked, LOCK_BOTH, incident.0)? {
            *stream = Some(Stream::of((id, seq, head, at))?);
        } else if may_take(tx, *incident).await?.is_ok() {
            *stream = Some(Stream::take(tx, clock, *incident, "facts").await?);
        }
    }
    Ok(streams)
}

type Locked = (bool, Uuid, i64, Vec<u8>, i64);

/// The incident, then its chain of facts, once there is one.
const LOCK_BOTH: Sql = Sql {
    sqlite: "
    SELECT incident.closing, chain.id, chain.seq, chain.head, chain.entered_at
    FROM incident
    JOIN chain ON chain.of_incident = incident.id AND chain.stream = 'facts'
    WHERE incident.id = $1",
    postgres: "
    SELECT incident.closing, chain.id, chain.seq, chain.head, chain.entered_at
    FROM incident
    JOIN chain ON chain.of_incident = incident.id AND chain.stream = 'facts'
    WHERE incident.id = $1
    FOR SHARE OF incident
    FOR UPDATE OF chain",
};

const LOCK_INCIDENT: Sql = Sql {
    sqlite: "
    SELECT closing
    FROM incident
    WHERE id = $1",
    postgres: "
    SELECT closing
    FROM incident
    WHERE id = $1
    FOR SHARE",
};

/// Whether the incident takes facts; it cannot be closed before this transaction ends.
async fn may_take(tx: &mut Tx, incident: IncidentId) -> Result<Result<(), Failure>, Error> {
    Ok(match fetch_optional!(tx, (bool,), LOCK_INCIDENT, incident.0)? {
        None => Err(Failure::NotFound("incident")),
        Some((true,)) => {
            // Set when closing begins and left standing by the close.
            Err(Refusal::new("ended", "This incident has ended; nothing more is taken.").into())
        }
        Some((false,)) => Ok(()),
    })
}

/// What the facts of a batch have added so far, by tally and incident.
type Tallies = BTreeMap<(&'static str, IncidentId), (WriteSums, Sums)>;

async fn apply(
    tx: &mut Tx,
    clock: &Clock,
    streams: &mut BTreeMap<IncidentId, Option<Stream>>,
    tallies: &mut Tallies,
    fact: &Fact,
) -> Result<Value, Failure> {
    let Some(stream) = streams.get_mut(&fact.incident).and_then(Option::as_mut) else {
        return may_take(tx, fact.incident).await?.map(|()| Value::Null);
    };
    let (Noted { kind, subject, data, reply }, adds) = (fact.apply)(tx, clock.now()).await??;
    if !data.is_null() {
        stream.append(tx, kind, subject, &data, clock.now()).await?;
    }
    if let Some((tally, write)) = fact.tally {
        let (_, sums) = tallies.entry((tally, fact.incident)).or_insert((write, Sums::new()));
        for (key, amounts) in adds.amounts {
            let sum = sums.entry(key).or_default();
            for (sum, amount) in sum.iter_mut().zip(amounts) {
                *sum += amount;
            }
        }
    }
    Ok(reply)
}

/// One entry of a stream of facts.
#[derive(Debug)]
pub struct Streamed {
    pub incident: IncidentId,
    /// Each stream of an incident has its own chain.
    pub stream: &'static str,
    pub kind: &'static str,
    pub subject: String,
    pub data: Value,
}

/// Appends to a stream's chain inside the transaction that makes the fact true, for writers with batches of their
/// own.
///
/// # Errors
/// When the database does not answer.
pub async fn append(tx: &mut Tx, clock: &Clock, fact: Streamed, now: Timestamp) -> Result<(), Error> {
    let mut stream = Stream::take(tx, clock, fact.incident, fact.stream).await?;
    stream.append(tx, fact.kind, fact.subject, &fact.data, now).await?;
    stream.advance(tx).await
}

/// A chain of facts, taken by this transaction.
struct Stream {
    chain: Uuid,
    seq: i64,
    head: Hash,
    at: Timestamp,
    appended: bool,
}

const FIND_CHAIN: Sql = Sql {
    sqlite: "
    SELECT id, seq, head, entered_at
    FROM chain
    WHERE of_incident = $1 AND stream = $2",
    postgres: "
    SELECT id, seq, head, entered_at
    FROM chain
    WHERE of_incident = $1 AND stream = $2
    FOR UPDATE",
};

const START_CHAIN: &str = "
    INSERT INTO chain (id, kind, of_incident, stream, seq, head, entered_at, clock_at)
    VALUES ($1, 'facts', $2, $3, 0, $4, $5, $5)
    ON CONFLICT (of_incident, stream) DO NOTHING";

const APPEND: &str = "
    INSERT INTO journal (chain, seq, event_at, entered_at, kind, subject, data, hash)
    VALUES ($1, $2, $3, $3, $4, $5, $6, $7)";

const ADVANCE: &str = "
    UPDATE chain
    SET seq = $2, head = $3, entered_at = $4
    WHERE id = $1";

type ChainRow = (Uuid, i64, Vec<u8>, i64);

impl Stream {
    /// Takes the chain of a stream; the first to come begins it.
    async fn take(tx: &mut Tx, clock: &Clock, incident: IncidentId, stream: &str) -> Result<Self, Error> {
        let row = fetch_optional!(tx, ChainRow, FIND_CHAIN, incident.0, stream)?;
        let row = if let Some(row) = row {
            row
        } else {
            let (id, head): (Uuid, &[u8]) = (clock.id(), &domain::journal::GENESIS);
            execute!(tx, START_CHAIN, id, incident.0, stream, head, clock.now().0)?;
            // Another process may have been first.
            fetch_one!(tx, ChainRow, FIND_CHAIN, incident.0, stream)?
        };
        Self::of(row)
    }

    fn of((chain, seq, head, entered_at): ChainRow) -> Result<Self, Error> {
        let head = head.try_into().map_err(|_| Error::Corrupt("a chain's head is not 32 bytes".into()))?;
        Ok(Self { chain, seq, head, at: Timestamp(entered_at), appended: false })
    }

    async fn append(
        &mut self,
        tx: &mut Tx,
        kind: &str,
        subject: String,
        data: &Value,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.at = now.max(self.at);
        self.seq += 1;
        self.appended = true;
        let entry = Entry {
            seq: self.seq,
            event_at: self.at,
            entered_at: self.at,
            actor: None,
            kind: kind.to_owned(),
            subject,
            data: data.to_string(),
        };
        self.head = chain(&self.head, &entry);
        let hash = &self.head[..];
        later!(tx, APPEND, self.chain, entry.seq, self.at.0, kind, &entry.subject, &entry.data, hash)
    }

    /// Writes the chain's new end; to be called once, after the last entry.
    async fn advance(&self, tx: &mut Tx) -> Result<(), Error> {
        if self.appended {
            later!(tx, ADVANCE, self.chain, self.seq, &self.head[..], self.at.0)?;
        }
        Ok(())
    }
}

const UNFOLDED: &str = "
    SELECT id, seq, head
    FROM chain
    WHERE of_incident = $1 AND kind = 'facts' AND seq > folded_seq";

const FOLDED: &str = "
    UPDATE chain
    SET folded_seq = $2
    WHERE id = $1";

/// What has come to an incident's chains of facts since they were last folded into its own chain. The caller
/// appends this to the incident's log in the same transaction, each minute and before close.
pub async fn fold(tx: &mut Tx, incident: IncidentId) -> Result<Option<Value>, Error> {
    let heads = crate::fetch_all!(tx, (Uuid, i64, Vec<u8>), UNFOLDED, incident.0)?;
    if heads.is_empty() {
        return Ok(None);
    }
    let mut folded = Vec::with_capacity(heads.len());
    for (id, seq, head) in heads {
        execute!(tx, FOLDED, id, seq)?;
        folded.push(json!({ "chain": id.to_string(), "seq": seq, "head": hex::encode(head) }));
    }
    Ok(Some(json!({ "facts": folded })))
}
