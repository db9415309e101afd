//! The group-commit writer of facts: answers, receipts, scans, which come in thousands.
//!
//! An idle writer commits at once; what arrives during a commit is the next batch, at most 256 rows or 20 ms of
//! work. It never waits for company. Each caller is answered after the commit that holds its fact. Facts never
//! take an incident's own chain: each incident has one chain of facts, whose head is folded into the incident's
//! chain each minute and before close.

use std::time::{Duration, Instant};

use domain::{
    Refusal,
    id::IncidentId,
    journal::{Entry, Hash, chain},
    time::Timestamp,
};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use sqlx::types::Uuid;
use tokio::sync::{mpsc, oneshot};

use super::{Db, Error, Tx, journal};
use crate::{clock::Clock, execute, failure::Failure, fetch_optional, live::Live};

const MOST_ROWS: usize = 256;
const MOST_WORK: Duration = Duration::from_millis(20);

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

/// The work of one fact inside the batch's transaction. A refusal leaves its neighbours alone: it must be
/// decided before the first write.
pub type Apply = Box<
    dyn for<'a> FnOnce(&'a mut Tx, Timestamp) -> BoxFuture<'a, Result<Result<Noted, Refusal>, Error>> + Send,
>;

struct Fact {
    incident: IncidentId,
    apply: Apply,
    answer: oneshot::Sender<Result<Value, Failure>>,
}

/// The way to the writer.
#[derive(Debug, Clone)]
pub struct Facts(mpsc::Sender<Fact>);

impl Facts {
    /// Notes one fact and waits for its commit.
    ///
    /// # Errors
    /// The fact's own refusal, or [`Failure::Broken`] when the program is stopping.
    pub async fn note(&self, incident: IncidentId, apply: Apply) -> Result<Value, Failure> {
        let (answer, committed) = oneshot::channel();
        let stopping = || Failure::Broken("the program is stopping".into());
        self.0.send(Fact { incident, apply, answer }).await.map_err(|_| stopping())?;
        committed.await.map_err(|_| stopping())?
    }
}

/// The writer's two ends: the way in, and the loop to be run as a tracked task.
pub fn writer(db: Db, clock: Clock, live: Live) -> (Facts, impl Future<Output = ()> + Send) {
    let (send, mut receive) = mpsc::channel::<Fact>(4 * MOST_ROWS);
    let run = async move {
        let mut batch = Vec::with_capacity(MOST_ROWS);
        while receive.recv_many(&mut batch, MOST_ROWS).await > 0 {
            while !batch.is_empty() {
                batch = commit_some(&db, &clock, &live, batch).await;
            }
        }
    };
    (Facts(send), run)
}

/// Commits as many facts of the batch as fit into the work limit and gives back the rest.
async fn commit_some(db: &Db, clock: &Clock, live: &Live, mut batch: Vec<Fact>) -> Vec<Fact> {
    let started = Instant::now();
    let mut tx = match db.write().await {
        Ok(tx) => tx,
        Err(error) => {
            let text = error.to_string();
            for fact in batch {
                let _ = fact.answer.send(Err(Failure::Broken(text.clone())));
            }
            return Vec::new();
        }
    };
    let mut done = Vec::new();
    let mut rest = Vec::new();
    for fact in batch.drain(..) {
        if started.elapsed() > MOST_WORK && !done.is_empty() {
            rest.push(fact);
            continue;
        }
        let outcome = apply(&mut tx, clock, fact.incident, fact.apply).await;
        let failed = matches!(outcome, Err(Failure::Store(_)));
        done.push((fact.incident, fact.answer, outcome));
        if failed {
            drop(tx);
            fail(done, "a fact beside yours could not be written; send it again");
            return rest;
        }
    }
    match tx.commit().await {
        Ok(()) => {
            for (incident, answer, outcome) in done {
                live.changed(Some(incident), 0);
                let _ = answer.send(outcome);
            }
        }
        Err(error) => fail(done, &error.to_string()),
    }
    rest
}

type Waiting = (IncidentId, oneshot::Sender<Result<Value, Failure>>, Result<Value, Failure>);

fn fail(done: Vec<Waiting>, why: &str) {
    for (_, answer, outcome) in done {
        let told = match outcome {
            Err(own) => Err(own),
            Ok(_) => Err(Failure::Broken(why.to_owned())),
        };
        let _ = answer.send(told);
    }
}

const LOCK_INCIDENT: &str = "
    SELECT closing
    FROM incident
    WHERE id = $1";

const LOCK_INCIDENT_SHARED: &str = "
    SELECT closing
    FROM incident
    WHERE id = $1
    FOR SHARE";

const FIND_CHAIN: &str = "
    SELECT id, seq, head, entered_at
    FROM chain
    WHERE of_incident = $1 AND stream = $2";

const FIND_CHAIN_LOCKED: &str = "
    SELECT id, seq, head, entered_at
    FROM chain
    WHERE of_incident = $1 AND stream = $2
    FOR UPDATE";

const APPEND: &str = "
    INSERT INTO journal (chain, seq, event_at, entered_at, kind, subject, data, hash)
    VALUES ($1, $2, $3, $3, $4, $5, $6, $7)";

const ADVANCE: &str = "
    UPDATE chain
    SET seq = $2, head = $3, entered_at = $4
    WHERE id = $1";

async fn apply(tx: &mut Tx, clock: &Clock, incident: IncidentId, apply: Apply) -> Result<Value, Failure> {
    let lock = super::Sql { sqlite: LOCK_INCIDENT, postgres: LOCK_INCIDENT_SHARED };
    let row = fetch_optional!(tx, (bool,), lock, incident.0)?;
    // Set when closing begins and left standing by the close.
    let (closing,) = row.ok_or(Failure::NotFound("incident"))?;
    if closing {
        return Err(Refusal::new("ended", "This incident has ended; nothing more is taken.").into());
    }
    let noted = match apply(tx, clock.now()).await? {
        Ok(noted) => noted,
        Err(refusal) => return Err(refusal.into()),
    };
    if noted.data.is_null() {
        return Ok(noted.reply);
    }
    let Noted { kind, subject, data, reply } = noted;
    append(tx, clock, Streamed { incident, stream: "facts", kind, subject, data }, clock.now()).await?;
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
    let find = super::Sql { sqlite: FIND_CHAIN, postgres: FIND_CHAIN_LOCKED };
    let row = fetch_optional!(tx, (Uuid, i64, Vec<u8>, i64), find, fact.incident.0, fact.stream)?;
    let (id, seq, head, entered_at) = if let Some(row) = row {
        row
    } else {
        let id: Uuid = clock.id();
        journal::start(tx, id, "facts", Some(fact.incident), fact.stream, now).await?;
        (id, 0, domain::journal::GENESIS.to_vec(), now.0)
    };
    let head: Hash = head.try_into().map_err(|_| Error::Corrupt("a chain's head is not 32 bytes".into()))?;
    let at = now.max(Timestamp(entered_at));
    let entry = Entry {
        seq: seq + 1,
        event_at: at,
        entered_at: at,
        actor: None,
        kind: fact.kind.to_owned(),
        subject: fact.subject.clone(),
        data: fact.data.to_string(),
    };
    let head = chain(&head, &entry);
    execute!(tx, APPEND, id, entry.seq, at.0, fact.kind, &entry.subject, &entry.data, &head[..])?;
    execute!(tx, ADVANCE, id, entry.seq, &head[..], at.0).map(|_| ())
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
