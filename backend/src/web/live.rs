//! The stream of an incident: its board whole after each change, or only the word that something changed, for
//! the pages that fetch themselves again.
//!
//! One task per watched incident reads the board once and gives the same bytes to everybody who looks at it, at
//! most every 250 ms and less often when many look. It ends when nobody does.

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::{Path, Query},
    http::{HeaderMap, HeaderName, header},
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use domain::{
    actor::Actor,
    id::{AccountId, IncidentId},
};
use futures::Stream;
use serde::Deserialize;
use serde_json::json;
use tokio::{
    sync::{broadcast::error::RecvError, watch},
    time::{Instant, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;

use super::{
    assets,
    door::Door,
    problem::Problem,
    routes::{Access, Routes},
    session::{self, Caller},
};
use crate::{
    app::App,
    failure::Failure,
    incidents::{board, web::incident_id},
    live::Changed,
};

/// A board is not sent more often than this.
const SHORTEST: Duration = Duration::from_millis(250);
/// With many looking it is sent less often, but never less often than this.
const LONGEST: Duration = Duration::from_millis(1500);
/// What all streams of an incident together may send in a second.
const BYTES_A_SECOND: usize = 20_000_000;
/// Another process may have changed the database: its word may be lost, so we look ourselves.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// By this a page knows that a silent stream is alive.
const BEAT: Duration = Duration::from_secs(10);
/// An account may be locked by another process: no stream sends anything for longer without asking for its caller.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// Then the browser comes again, and with it the question whether it still may.
const ONE_STREAM: Duration = Duration::from_mins(15);

/// What an incident looks like now, as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Snapshot {
    /// The incident's sequence number and the revision of its tallies.
    id: String,
    /// For those who may write the next update, and for everybody else.
    writers: Arc<str>,
    readers: Arc<str>,
}

/// The incidents that somebody looks at, and who looks.
#[derive(Debug, Clone, Default)]
pub struct Streams(Arc<Mutex<HashMap<IncidentId, watch::Receiver<Snapshot>>>>, Seats);

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    view: String,
}

/// The route of the stream.
pub fn routes(routes: Routes) -> Routes {
    routes.file(
        "/incidents/{incident}/live",
        Access::VIEWERS,
        "text/event-stream",
        "Changes of an incident as they happen",
        stream,
    )
}

async fn stream(
    door: Door,
    Path(incident): Path<String>,
    Query(asked): Query<Asked>,
    caller: HeaderMap,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let snapshots = watched(&door.app, incident).await?;
    let headers = [(header::CACHE_CONTROL, "no-store"), (HeaderName::from_static("x-accel-buffering"), "no")];
    let caller = Asking { headers: caller, view: asked.view, at: Instant::now() };
    let what = caller.may_see(door.actor());
    let seat = door.app.streams.1.take(door.caller.as_ref().ok_or_else(|| Problem::not_found("incident"))?);
    Ok((headers, Sse::new(events(door.app, (seat, caller), snapshots, what))).into_response())
}

/// By what a stream was asked for, to ask again whether its caller still may, and when that was asked last.
struct Asking {
    headers: HeaderMap,
    view: String,
    at: Instant,
}

impl Asking {
    fn may_see(&self, actor: &Actor) -> What {
        match self.view.as_str() {
            "board" if actor.has(&board::WRITERS) => What::BoardOfWriters,
            "board" => What::BoardOfReaders,
            _ => What::Word,
        }
    }
}

/// Streams of one account at once; one more ends the oldest.
const MOST_OF_ONE: usize = 12;

/// The streams of each account, the oldest first.
#[derive(Debug, Clone, Default)]
struct Seats(Arc<Mutex<HashMap<AccountId, VecDeque<Seat>>>>);

#[derive(Debug)]
struct Seat {
    session: Option<[u8; 32]>,
    over: Arc<CancellationToken>,
}

/// One stream's place, given back when the stream ends.
struct Taken {
    seats: Seats,
    account: AccountId,
    over: Arc<CancellationToken>,
}

impl Seats {
    fn take(&self, caller: &Caller) -> Taken {
        let over = Arc::new(CancellationToken::new());
        let account = caller.actor.account;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.entry(account).or_default();
        own.push_back(Seat { session: caller.session, over: over.clone() });
        if own.len() > MOST_OF_ONE
            && let Some(oldest) = own.pop_front()
        {
            oldest.over.cancel();
        }
        Taken { seats: self.clone(), account, over }
    }
}

impl Streams {
    /// Ends the streams of a session whose person has signed out.
    pub fn end_of(&self, session: [u8; 32]) {
        let all = self.1.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = all.values().flatten().filter(|seat| seat.session == Some(session));
        ended.for_each(|seat| seat.over.cancel());
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut all = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(own) = all.get_mut(&self.account) else { return };
        own.retain(|seat| !Arc::ptr_eq(&seat.over, &self.over));
        if own.is_empty() {
            all.remove(&self.account);
        }
    }
}

/// Where one stream is.
struct Reader {
    app: App,
    seat: Taken,
    asking: Asking,
    snapshots: watch::Receiver<Snapshot>,
    what: What,
    next: Next,
    until: Instant,
}

/// What a stream brings: the board of a class of roles, or only the word that something changed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    BoardOfWriters,
    BoardOfReaders,
    Word,
}

enum Next {
    Hello,
    First,
    Change,
    End,
}

fn events(
    app: App,
    (seat, asking): (Taken, Asking),
    snapshots: watch::Receiver<Snapshot>,
    what: What,
) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let until = Instant::now() + ONE_STREAM;
    let reader = Reader { app, seat, asking, snapshots, what, next: Next::Hello, until };
    futures::stream::unfold(reader, |mut reader| async {
        let event = reader.event().await?;
        Some((Ok(event), reader))
    })
}

impl Reader {
    /// The next event; nothing more when the program stops, or when the caller may look no longer.
    async fn event(&mut self) -> Option<Event> {
        let event = self.next_event().await?;
        Some(if self.may_still_look().await { event } else { self.bye() })
    }

    /// The session or token is asked for again, with its roles; who may see something else now comes again for it.
    async fn may_still_look(&mut self) -> bool {
        if self.asking.at.elapsed() < ASK_AGAIN {
            return true;
        }
        self.asking.at = Instant::now();
        let may = |caller: &Caller| {
            Access::VIEWERS.lets_in(&caller.actor) && self.asking.may_see(&caller.actor) == self.what
        };
        match session::find(&self.app, &self.asking.headers).await {
            Ok(caller) => caller.as_ref().is_some_and(may),
            // A database that does not answer locks nobody out, and has nothing new to send either.
            Err(_) => true,
        }
    }

    async fn next_event(&mut self) -> Option<Event> {
        match self.next {
            Next::Hello => {
                self.next = if self.what == What::Word { Next::Change } else { Next::First };
                self.snapshots.mark_unchanged();
                let hello = json!({ "build": assets::build_hash(), "now": self.app.clock.now() });
                Some(Event::default().event("hello").data(hello.to_string()))
            }
            Next::First => {
                self.next = Next::Change;
                Some(self.change())
            }
            Next::Change => self.wait().await,
            Next::End => None,
        }
    }

    async fn wait(&mut self) -> Option<Event> {
        tokio::select! {
            () = self.app.stop.cancelled() => None,
            () = self.seat.over.cancelled() => None,
            () = tokio::time::sleep_until(self.until) => Some(self.bye()),
            () = tokio::time::sleep(BEAT) => Some(Event::default().event("beat").data("")),
            changed = self.snapshots.changed() => match changed {
                Ok(()) => Some(self.change()),
                Err(_) => Some(self.bye()),
            },
        }
    }

    /// Not an error: the browser comes again at once.
    fn bye(&mut self) -> Event {
        self.next = Next::End;
        Event::default().event("bye").data("")
    }

    fn change(&mut self) -> Event {
        let snapshot = self.snapshots.borrow_and_update().clone();
        let board = match self.what {
            What::BoardOfWriters => snapshot.writers,
            What::BoardOfReaders => snapshot.readers,
            What::Word => return Event::default().event("changed").data(&snapshot.id).id(snapshot.id),
        };
        Event::default().event("board").id(snapshot.id).data(&*board)
    }
}

/// The snapshots of an incident; the first who looks starts the task that makes them.
async fn watched(app: &App, incident: IncidentId) -> Result<watch::Receiver<Snapshot>, Failure> {
    let known = |streams: &HashMap<_, watch::Receiver<Snapshot>>| {
        // A closed one belongs to a task that has just ended.
        streams.get(&incident).filter(|snapshots| snapshots.has_changed().is_ok()).cloned()
    };
    if let Some(snapshots) = known(&app.streams.0.lock().unwrap_or_else(PoisonError::into_inner)) {
        return Ok(snapshots);
    }
    let changes = app.live.listen();
    let (sender, snapshots) = watch::channel(read(app, incident).await?);
    let mut streams = app.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(snapshots) = known(&streams) {
        return Ok(snapshots);
    }
    streams.insert(incident, snapshots.clone());
    app.spawn(make_snapshots(app.clone(), incident, sender, changes));
    Ok(snapshots)
}

async fn read(app: &App, incident: IncidentId) -> Result<Snapshot, Failure> {
    let mut tx = app.db.read().await?;
    let mut view = board::read(app, &mut tx, incident).await?;
    let id = format!("{}-{}", view.seq, view.revision);
    let text = |view: &_| serde_json::to_string(view).map_err(|error| Failure::Broken(error.to_string()));
    let writers = text(&view)?.into();
    view.action = None;
    Ok(Snapshot { id, writers, readers: text(&view)?.into() })
}

async fn make_snapshots(
    app: App,
    incident: IncidentId,
    sender: watch::Sender<Snapshot>,
    mut changes: tokio::sync::broadcast::Receiver<Changed>,
) {
    let mut look_again = tokio::time::interval(LOOK_AGAIN);
    look_again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The map holds one receiver; with that one alone nobody looks.
    while sender.receiver_count() > 1 {
        tokio::select! {
            () = app.stop.cancelled() => break,
            change = changes.recv() => match change {
                Ok(change) if change.incident.is_some_and(|changed| changed != incident) => continue,
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            },
            _ = look_again.tick() => {}
        }
        match read(&app, incident).await {
            Ok(new) => {
                sender.send_if_modified(|old| {
                    let changed = *old != new;
                    *old = new;
                    changed
                });
            }
            Err(error) => tracing::warn!(%incident, ?error, "the board of a stream could not be read"),
        }
        let size = sender.borrow().writers.len() * sender.receiver_count();
        tokio::time::sleep(pause(size)).await;
    }
    let mut streams = app.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
    if streams.get(&incident).is_some_and(|snapshots| snapshots.same_channel(&sender.subscribe())) {
        streams.remove(&incident);
    }
}

/// How long to wait after sending so many bytes to all together.
fn pause(bytes: usize) -> Duration {
    let micros = u64::try_from(bytes * 1_000_000 / BYTES_A_SECOND).unwrap_or(u64::MAX);
    Duration::from_micros(micros).clamp(SHORTEST, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_who_look_the_less_often_it_is_sent_and_never_too_rarely() {
        assert_eq!(pause(20_000), SHORTEST);
        assert_eq!(pause(20_000_000), Duration::from_secs(1));
        assert_eq!(pause(900_000_000), LONGEST);
    }
}
