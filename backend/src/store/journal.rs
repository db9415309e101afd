//! The log of decisions, and the transaction in which a decision is made.
//!
//! A decision takes its chain first (`UPDATE chain SET seq = seq + 1`), which makes every other decision of that
//! incident wait, then reads, asks the domain, writes, appends, and commits. So what it read cannot change under
//! it, and the order of the log is the order in which things came true.

use domain::{
    actor::Actor,
    id::{AccountId, IncidentId},
    journal::{Entry, GENESIS, Hash, chain, text_hash},
    time::Timestamp,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use sqlx::types::Uuid;

use super::{
    Error, Tx,
    requests::{self, Request},
};
use crate::{app::App, execute, failure::Failure, fetch_all, fetch_optional, later};

/// On whose behalf a command runs, and under which request id.
#[derive(Debug, Clone)]
pub struct By {
    pub actor: Actor,
    pub request: Request,
}

/// Which chain a decision takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// Accounts, roles, imports, playbook approvals, settings.
    Installation,
    Incident(IncidentId),
    /// A new incident: its chain begins with this decision.
    NewIncident(IncidentId),
}

/// A decision in progress: its transaction, its place in the log and its moment.
#[derive(Debug)]
pub struct Decision {
    pub tx: Tx,
    /// The sequence number that this decision's first entry gets; from then on that of its latest entry.
    pub seq: i64,
    /// The server's clock, never earlier than the last entry's (rule 5).
    pub at: Timestamp,
    pub account: AccountId,
    /// What the server's clock says, be it earlier.
    clock_at: Timestamp,
    chain: Uuid,
    head: Hash,
    incident: Option<IncidentId>,
    request: Option<Request>,
    appended: bool,
}

/// What beginning a decision finds.
pub enum Begun<T> {
    Fresh(Box<Decision>),
    /// The same request ran before; this was its outcome.
    Repeated(T),
}

/// What one entry says. `texts` are stored beside it under their names; the entry holds their salted hashes.
#[derive(Debug, Default)]
pub struct Say<'a> {
    /// `incident.declared`
    pub kind: &'a str,
    /// The thing it is about, as `case:ID`; the incident itself when empty.
    pub subject: String,
    /// Ids, codes and counts; never a name.
    pub data: Value,
    /// When it happened, when that is not now.
    pub event_at: Option<Timestamp>,
    pub texts: &'a [(&'a str, &'a str)],
}

/// The account of a decision behind which nobody stands.
pub const PROGRAM: AccountId = AccountId(Uuid::nil());

const TAKE: &str = "
    UPDATE chain
    SET seq = seq + 1
    WHERE id = $1
    RETURNING seq, head, entered_at, clock_at";

const START: &str = "
    INSERT INTO chain (id, kind, of_incident, stream, seq, head, entered_at, clock_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $7)";

const ADVANCE: &str = "
    UPDATE chain
    SET seq = $2, head = $3, entered_at = $4, clock_at = $5
    WHERE id = $1";

const APPEND: &str = "
    INSERT INTO journal (chain, seq, event_at, entered_at, actor, kind, subject, data, hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

const APPEND_TEXT: &str = "
    INSERT INTO journal_text (chain, seq, name, salt, body)
    VALUES ($1, $2, $3, $4, $5)";

/// Begins a decision, or finds that the same request has run before.
///
/// # Errors
/// [`Failure::NotFound`] when there is no such incident.
pub async fn begin<T: DeserializeOwned>(app: &App, by: &By, which: Chain) -> Result<Begun<T>, Failure> {
    let mut tx = app.db.write().await?;
    if let Some(outcome) = requests::first_outcome(&mut tx, by.actor.account, &by.request).await? {
        return Ok(Begun::Repeated(outcome));
    }
    let mut decision = take(app, tx, which, by.actor.account).await?;
    // On PostgreSQL the same request may have run while this one waited for the chain.
    if decision.tx.is_postgres()
        && let Some(outcome) =
            requests::first_outcome(&mut decision.tx, by.actor.account, &by.request).await?
    {
        return Ok(Begun::Repeated(outcome));
    }
    decision.request = Some(by.request);
    Ok(Begun::Fresh(Box::new(decision)))
}

/// Begins a decision of the program itself (a worker, a command line), which has no request id.
///
/// # Errors
/// [`Failure::NotFound`] when there is no such incident.
pub async fn begin_unasked(app: &App, account: AccountId, which: Chain) -> Result<Decision, Failure> {
    let tx = app.db.write().await?;
    take(app, tx, which, account).await
}

/// Begins a decision of a job, behind which no account stands; its entries have no actor.
///
/// # Errors
/// [`Failure::NotFound`] when there is no such incident.
pub async fn begin_by_program(app: &App, which: Chain) -> Result<Decision, Failure> {
    begin_unasked(app, PROGRAM, which).await
}

/// Begins the decision in this function, or returns the first outcome from it.
#[macro_export]
macro_rules! begin {
    ($app:expr, $by:expr, $chain:expr) => {
        match $crate::store::journal::begin($app, $by, $chain).await? {
            $crate::store::journal::Begun::Fresh(decision) => *decision,
            $crate::store::journal::Begun::Repeated(outcome) => return Ok(outcome),
        }
    };
}

async fn take(app: &App, mut tx: Tx, which: Chain, account: AccountId) -> Result<Decision, Failure> {
    let now = app.clock.now();
    let (id, incident) = match which {
        Chain::Installation => (app.installation, None),
        Chain::Incident(incident) | Chain::NewIncident(incident) => (incident.0, Some(incident)),
    };
    if let Chain::NewIncident(_) = which {
        execute!(tx, START, id, "incident", incident.map(|i| i.0), "", 0_i64, &GENESIS[..], now.0)?;
    }
    let row = fetch_optional!(tx, (i64, Vec<u8>, i64, i64), TAKE, id)?;
    let (seq, head, entered_at, clock_at) = row.ok_or(Failure::NotFound("incident"))?;
    let head = head.try_into().map_err(|_| Error::Corrupt("a chain's head is not 32 bytes".into()))?;
    let mut decision = Decision {
        tx,
        seq,
        at: now.max(Timestamp(entered_at)),
        account,
        clock_at: now,
        chain: id,
        head,
        incident,
        request: None,
        appended: false,
    };
    let step = clock_at - now.0;
    if step > 2_000_000 {
        let data = json!({ "back_by_ms": step / 1000 });
        decision.append(app, Say { kind: "clock.stepped", data, ..Say::default() }).await?;
        decision.seq += 1;
        decision.appended = false;
    }
    Ok(decision)
}

impl Decision {
    /// The sequence number that the next entry gets.
    pub const fn next_seq(&self) -> i64 {
        if self.appended { self.seq + 1 } else { self.seq }
    }

    /// Writes one entry into the log and gives its sequence number. The first entry gets [`Decision::seq`].
    pub async fn append(&mut self, app: &App, say: Say<'_>) -> Result<i64, Error> {
        self.seq = self.next_seq();
        self.appended = true;
        let mut data = match say.data {
            Value::Null => json!({}),
            other => other,
        };
        let mut salted = Vec::with_capacity(say.texts.len());
        for (name, body) in say.texts {
            let salt = app.clock.bytes::<16>();
            data[format!("{name}_hash")] = Value::String(text_hash(&salt, body));
            salted.push((*name, salt, *body));
        }
        let entry = Entry {
            seq: self.seq,
            event_at: say.event_at.unwrap_or(self.at),
            entered_at: self.at,
            actor: (self.account != PROGRAM).then_some(self.account),
            kind: say.kind.to_owned(),
            subject: say.subject,
            data: data.to_string(),
        };
        self.head = chain(&self.head, &entry);
        later!(
            self.tx,
            APPEND,
            self.chain,
            entry.seq,
            entry.event_at.0,
            entry.entered_at.0,
            entry.actor.map(|account| account.0),
            say.kind,
            &entry.subject,
            &entry.data,
            &self.head[..]
        )?;
        for (name, salt, body) in salted {
            later!(self.tx, APPEND_TEXT, self.chain, entry.seq, name, &salt[..], body)?;
        }
        Ok(entry.seq)
    }

    /// Remembers the outcome under the request id, commits, and tells every open page.
    ///
    /// # Errors
    /// When the same request ran at the same moment, as a conflict after which trying again finds its outcome.
    pub async fn commit<T: Serialize>(mut self, app: &App, outcome: &T) -> Result<(), Error> {
        debug_assert!(self.appended, "a decision says in the log what it did");
        later!(self.tx, ADVANCE, self.chain, self.seq, &self.head[..], self.at.0, self.clock_at.0)?;
        if let Some(request) = self.request {
            requests::remember(&mut self.tx, self.account, &request, outcome, self.at).await?;
        }
        self.tx.commit().await?;
        app.live.changed(self.incident, self.seq);
        Ok(())
    }
}

/// A row of the log, with the texts beside it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct JournalRow {
    pub seq: i64,
    pub event_at: i64,
    pub entered_at: i64,
    pub actor: Option<Uuid>,
    pub kind: String,
    pub subject: String,
    pub data: String,
    pub hash: Vec<u8>,
}

const LIST: &str = "
    SELECT seq, event_at, entered_at, actor, kind, subject, data, hash
    FROM journal
    WHERE chain = $1 AND seq > $2
    ORDER BY seq
    LIMIT $3";

/// The rows of a chain after a sequence number, oldest first.
pub async fn rows(tx: &mut Tx, chain: Uuid, after: i64, most: i64) -> Result<Vec<JournalRow>, Error> {
    fetch_all!(tx, JournalRow, LIST, chain, after, most)
}

const HEAD: &str = "
    SELECT seq, head
    FROM chain
    WHERE id = $1";

/// The sequence number and head of a chain.
pub async fn head(tx: &mut Tx, chain: Uuid) -> Result<Option<(i64, Vec<u8>)>, Error> {
    fetch_optional!(tx, (i64, Vec<u8>), HEAD, chain)
}

const REVISIONS: &str = "
    SELECT id, seq
    FROM chain
    WHERE kind IN ('incident', 'installation')";

/// Every chain's sequence number: what a process compares to see that another one has committed.
pub async fn revisions(tx: &mut Tx) -> Result<Vec<(Uuid, i64)>, Error> {
    fetch_all!(tx, (Uuid, i64), REVISIONS)
}

/// Starts the installation's chain or a stream of facts, if it has not begun.
pub(crate) async fn start(
    tx: &mut Tx,
    id: Uuid,
    kind: &str,
    incident: Option<IncidentId>,
    stream: &str,
    at: Timestamp,
) -> Result<(), Error> {
    execute!(tx, START, id, kind, incident.map(|i| i.0), stream, 0_i64, &GENESIS[..], at.0)?;
    Ok(())
}
