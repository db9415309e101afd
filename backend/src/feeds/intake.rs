//! The writer of messages that come one by one: an idle writer commits at once, what arrives during a commit is the next
//! batch. Nobody is answered before the commit that holds the message.

use std::{collections::BTreeMap, time::Duration};

use domain::id::FeedId;
use tokio::sync::{OnceCell, mpsc, oneshot};

use super::keep::{Item, Of, Taken, keep};
use crate::{app::App, failure::Failure, store::seal::Seal};

/// Messages of one commit.
const MOST: usize = 256;
/// How often a batch runs again when another process was in its way.
const MOST_TRIES: u32 = 8;

struct Delivery {
    of: Of,
    item: Item,
    answer: oneshot::Sender<Result<Taken, Failure>>,
}

/// What becomes of a message that was handed to the writer.
pub type Promise = oneshot::Receiver<Result<Taken, Failure>>;

/// The way to the writer.
#[derive(Clone)]
pub struct Intake(mpsc::Sender<Delivery>);

impl Intake {
    /// Hands a message to the writer; who sends more than is written waits here.
    ///
    /// # Errors
    /// When the writer has ended.
    pub async fn offer(&self, of: Of, item: Item) -> Result<Promise, Failure> {
        let (answer, promise) = oneshot::channel();
        let stopping = |_| Failure::Broken("the program is stopping".into());
        self.0.send(Delivery { of, item, answer }).await.map_err(stopping)?;
        Ok(promise)
    }
}

/// Waits for the commit of a message.
///
/// # Errors
/// When it could not be kept.
pub async fn kept(promise: Promise) -> Result<Taken, Failure> {
    promise
        .await
        .unwrap_or_else(|_| Err(Failure::Broken("a message could not be kept; send it again".into())))
}

/// The writer's two ends: the way in, and the loop, which ends when nobody has the way in any more.
pub fn writer(app: App) -> (Intake, impl Future<Output = ()> + Send) {
    let (send, mut receive) = mpsc::channel::<Delivery>(2 * MOST);
    let run = async move {
        let writer = Writer { app, seal: OnceCell::new() };
        let mut batch = Vec::with_capacity(MOST);
        while receive.recv_many(&mut batch, MOST).await > 0 {
            writer.commit(std::mem::take(&mut batch)).await;
        }
    };
    (Intake(send), run)
}

struct Writer {
    app: App,
    seal: OnceCell<Seal>,
}

impl Writer {
    /// Commits a batch; when that fails for good, each of its messages alone, so that one does not hold up the others.
    async fn commit(&self, batch: Vec<Delivery>) {
        let (mut waiting, mut answers) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
        for Delivery { of, item, answer } in batch {
            waiting.push((of, item));
            answers.push(answer);
        }
        let mut outcomes: Vec<Result<Taken, Failure>> = Vec::with_capacity(waiting.len());
        match self.insists(&waiting).await {
            Ok(taken) => outcomes.extend(taken.into_iter().map(Ok)),
            Err(failure) if waiting.len() == 1 => outcomes.push(Err(failure)),
            Err(_) => {
                for one in waiting.chunks(1) {
                    let alone = self.insists(one).await;
                    outcomes.push(alone.map(|taken| taken.first().copied().unwrap_or(Taken::Left)));
                }
            }
        }
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            if let Err(failure) = &outcome {
                tracing::error!("a message of a feed could not be kept: {failure}");
            }
            // Whoever sent it may be gone; it is kept all the same.
            let _ = answer.send(outcome);
        }
    }

    async fn insists(&self, waiting: &[(Of, Item)]) -> Result<Vec<Taken>, Failure> {
        let mut tries = 0;
        loop {
            match self.write(waiting).await {
                Err(failure) if failure.is_transient() && tries < MOST_TRIES => {
                    tries += 1;
                    let [random] = self.app.clock.bytes::<1>();
                    let pause = u64::from(random % 16) + (1 << tries);
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn write(&self, waiting: &[(Of, Item)]) -> Result<Vec<Taken>, Failure> {
        // In the order of their feeds, so that two processes wait for each other instead of standing in each other's way.
        let mut by_feed: BTreeMap<(FeedId, i64), Vec<usize>> = BTreeMap::new();
        for (at, (of, _)) in waiting.iter().enumerate() {
            by_feed.entry((of.feed, of.dialect)).or_default().push(at);
        }
        let mut tx = self.app.db.write().await?;
        let seal = self.seal.get_or_try_init(|| Seal::open(&self.app, &mut tx)).await?;
        let mut outcomes = vec![Taken::Left; waiting.len()];
        for ((feed, dialect), places) in by_feed {
            let items: Vec<Item> = places.iter().map(|at| waiting[*at].1.clone()).collect();
            let taken = keep(&self.app, seal, &mut tx, Of { feed, dialect }, &items).await?;
            for (at, taken) in places.into_iter().zip(taken) {
                outcomes[at] = taken;
            }
        }
        tx.commit().await?;
        Ok(outcomes)
    }
}
