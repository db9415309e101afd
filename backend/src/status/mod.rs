//! The public page of each site with its feeds, as prepared bytes.
//!
//! Everybody in a hospital looks at these pages at once, so they are made once and handed out: after a commit of
//! this process the next request makes them anew, so that nobody is told what no longer holds; commits of other
//! processes are seen by a look at the revisions four times a second. When that look has failed for five seconds, or a
//! page cannot be made anew in time, what was prepared before is served under MAY BE REVOKED, and nobody waits.

mod copy;
mod feeds;
mod notices;
mod page;
pub mod web;

pub use copy::{Copy, Files, copy};

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{body::Bytes, http::HeaderMap};
use domain::{feeds::Said, id::FacilityId, time::Timestamp};
use sha2::{Digest, Sha256};
use sqlx::types::Uuid;
use tokio::sync::{Mutex as AsyncMutex, broadcast};

use notices::Notices;

use crate::{
    app::App,
    live::Changed,
    store::{Error, journal},
};

/// How often the revisions are looked at for what other processes committed.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long a page may be handed out without its revision being confirmed.
const CONFIRMED_FOR: Duration = Duration::from_secs(5);
/// How long a request waits for a new edition while there is an older one to show.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long after a failure nobody tries to make an edition: the others who wait need not each find out.
const AFTER_A_FAILURE: Duration = Duration::from_secs(1);

/// A page ready to be sent, for people and for programs, with every header.
#[derive(Debug)]
struct Prepared {
    html: Ready,
    json: Ready,
    rss: Option<Ready>,
    cap: Option<Ready>,
}

/// The texts of a page.
#[derive(Debug, Default)]
struct Forms {
    html: String,
    json: Vec<u8>,
    rss: Option<String>,
    cap: Option<String>,
}

/// In which form a page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// For people or for programs, as the caller would rather read it.
    Either,
    Json,
    Rss,
    Cap,
}

/// One answer: nothing is left to be done but to send it.
#[derive(Debug)]
struct Ready {
    body: Bytes,
    headers: HeaderMap,
}

impl Prepared {
    fn new(forms: Forms, https: bool) -> Self {
        let ready = |body: Bytes, media| {
            let etag = format!("\"{}\"", hex::encode(&Sha256::digest(&body)[..12]));
            Ready { headers: web::every_header(&etag, media, https), body }
        };
        Self {
            html: ready(forms.html.into(), "text/html; charset=utf-8"),
            json: ready(forms.json.into(), "application/json"),
            rss: forms.rss.map(|rss| ready(rss.into(), "application/rss+xml; charset=utf-8")),
            cap: forms.cap.map(|cap| ready(cap.into(), "application/cap+xml; charset=utf-8")),
        }
    }
}

/// A site's page as it is served while confirmed, and as it is served when not.
#[derive(Debug, Clone)]
struct Pair {
    confirmed: Arc<Prepared>,
    unconfirmed: Arc<Prepared>,
}

/// Every page of one moment, by the site's code; the page for choosing a site stands under the empty code.
#[derive(Debug)]
struct Edition {
    pages: BTreeMap<String, Pair>,
    notices: Notices,
    /// The minute that "as of" shows.
    minute: i64,
    /// What had been heard when it was read; a later commit makes it old, also one during the reading.
    heard: u64,
}

impl Edition {
    /// A page and the form that is asked for. A site whose code ends like a form is found under its code.
    fn find(&self, asked: &str) -> Option<(&Pair, Form)> {
        if let Some(pair) = self.pages.get(asked) {
            return Some((pair, Form::Either));
        }
        let (code, form) = asked.rsplit_once('.').filter(|(code, _)| !code.is_empty())?;
        let form = match form {
            "json" => Form::Json,
            "rss" => Form::Rss,
            "cap" => Form::Cap,
            _ => return None,
        };
        Some((self.pages.get(code)?, form))
    }
}

/// The prepared pages of this process.
#[derive(Debug)]
pub struct PublicPages {
    edition: Mutex<Option<Arc<Edition>>>,
    /// Held while an edition is made, so that one request makes it and the others wait for it.
    making: AsyncMutex<()>,
    /// When making one failed last.
    failed: Mutex<Option<Instant>>,
    changes: Mutex<broadcast::Receiver<Changed>>,
    confirmed: Mutex<Instant>,
    revisions: Mutex<Vec<(Uuid, i64)>>,
    looking: AtomicBool,
    heard: AtomicU64,
}

impl PublicPages {
    /// Nothing prepared yet; hears of every commit from now on.
    pub fn new(changes: broadcast::Receiver<Changed>) -> Self {
        Self {
            edition: Mutex::new(None),
            making: AsyncMutex::new(()),
            failed: Mutex::new(None),
            changes: Mutex::new(changes),
            confirmed: Mutex::new(Instant::now()),
            revisions: Mutex::new(Vec::new()),
            looking: AtomicBool::new(false),
            heard: AtomicU64::new(0),
        }
    }

    /// Makes what is prepared old when this process has committed a decision since; facts change no order.
    fn hear(&self) {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match changes.try_recv() {
                Ok(changed) if changed.seq == 0 => {}
                Ok(_) | Err(broadcast::error::TryRecvError::Lagged(_)) => self.make_old(),
                Err(_) => break,
            }
        }
    }

    fn make_old(&self) {
        self.heard.fetch_add(1, Ordering::AcqRel);
    }

    fn current(&self, minute: i64) -> Option<Arc<Edition>> {
        let heard = self.heard.load(Ordering::Acquire);
        self.any().filter(|edition| edition.minute == minute && edition.heard == heard)
    }

    fn any(&self) -> Option<Arc<Edition>> {
        self.edition.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn confirm(&self) {
        *self.confirmed.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn has_just_failed(&self) -> bool {
        let failed = *self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_some_and(|at| at.elapsed() < AFTER_A_FAILURE)
    }

    fn is_confirmed(&self) -> bool {
        self.confirmed.lock().unwrap_or_else(PoisonError::into_inner).elapsed() <= CONFIRMED_FOR
    }
}

/// The page of a site as `cape`, `cape.json`, `cape.rss` or `cape.cap`, or for choosing one when nothing is asked for;
/// `None` when there is no such site.
///
/// # Errors
/// When nothing was ever prepared and the database does not answer.
async fn answer(app: &App, asked: &str) -> Result<Option<(Arc<Prepared>, Form)>, Error> {
    if let Some(prepared) = at_once(app, asked) {
        return Ok(Some(prepared));
    }
    let pages = &app.public;
    watch_others(app);
    let minute = app.clock.now().seconds().div_euclid(60);
    let (edition, confirmed) = match pages.current(minute) {
        Some(edition) => (edition, pages.is_confirmed()),
        None => match made(app, minute).await? {
            Some(edition) => (edition, pages.is_confirmed()),
            // What was prepared before the database went away is better than nothing, and says what it is.
            None => (pages.any().ok_or_else(did_not_answer)?, false),
        },
    };
    Ok(edition
        .find(asked)
        .map(|(pair, form)| (if confirmed { &pair.confirmed } else { &pair.unconfirmed }.clone(), form)))
}

/// Begins to look for what other processes commit, unless that is done already.
fn watch_others(app: &App) {
    if !app.public.looking.swap(true, Ordering::AcqRel) {
        app.keep_running("public pages", look_for_others);
    }
}

/// What tells whether a copy made before is still the newest: the minute, and the commits that were heard of.
pub fn mark(app: &App) -> (i64, u64) {
    watch_others(app);
    app.public.hear();
    (app.clock.now().seconds().div_euclid(60), app.public.heard.load(Ordering::Acquire))
}

/// The same, when it is prepared, current and confirmed; `None` when something must be waited for first.
fn at_once(app: &App, asked: &str) -> Option<(Arc<Prepared>, Form)> {
    let pages = &app.public;
    if !pages.looking.load(Ordering::Acquire) {
        return None;
    }
    pages.hear();
    let edition = pages.current(app.clock.now().seconds().div_euclid(60))?;
    let (pair, form) = edition.find(asked).filter(|_| pages.is_confirmed())?;
    Some((pair.confirmed.clone(), form))
}

/// A new edition, when it can be had soon; `None` when an older one must do.
///
/// # Errors
/// When there is no older one either.
async fn made(app: &App, minute: i64) -> Result<Option<Arc<Edition>>, Error> {
    let pages = &app.public;
    if pages.any().is_none() {
        return make(app, minute).await.map(Some);
    }
    // Who confirms the revisions will notice when the database is back; nobody waits for that here.
    if !pages.is_confirmed() {
        return Ok(None);
    }
    // A task of its own: giving up waiting must not break off what has begun.
    let making = app.spawn({
        let app = app.clone();
        async move { make(&app, minute).await }
    });
    match tokio::time::timeout(PATIENCE, making).await {
        Ok(Ok(Ok(edition))) => Ok(Some(edition)),
        _ => Ok(None),
    }
}

fn did_not_answer() -> Error {
    Error::Busy(sqlx::Error::PoolTimedOut)
}

async fn make(app: &App, minute: i64) -> Result<Arc<Edition>, Error> {
    let pages = &app.public;
    let _one_at_a_time = pages.making.lock().await;
    if let Some(edition) = pages.current(minute) {
        return Ok(edition);
    }
    if pages.has_just_failed() {
        return Err(did_not_answer());
    }
    let edition = make_anew(app, minute).await;
    let failed = edition.is_err().then(Instant::now);
    *pages.failed.lock().unwrap_or_else(PoisonError::into_inner) = failed;
    edition
}

async fn make_anew(app: &App, minute: i64) -> Result<Arc<Edition>, Error> {
    let pages = &app.public;
    let (started, heard) = (Instant::now(), pages.heard.load(Ordering::Acquire));
    let mut tx = app.db.read().await?;
    let revisions = journal::revisions(&mut tx).await?;
    let views = page::read(app, &mut tx).await?;
    let written = notices::newest(&mut tx).await?;
    drop(tx);
    let before = pages.any();
    let (notices, new) = page::notices(&views, written, before.as_ref().map(|edition| &edition.notices));
    let edition = Edition { pages: page::render(app, &views, &notices), notices, minute, heard };
    let edition = Arc::new(edition);
    write_down(app, new);
    *pages.edition.lock().unwrap_or_else(PoisonError::into_inner) = Some(edition.clone());
    *pages.revisions.lock().unwrap_or_else(PoisonError::into_inner) = revisions;
    *pages.confirmed.lock().unwrap_or_else(PoisonError::into_inner) = started;
    Ok(edition)
}

/// Writes down what the feeds have said for the first time. No page waits for that: until it is written, this process
/// keeps it in memory.
fn write_down(app: &App, new: Vec<(FacilityId, Said)>) {
    if new.is_empty() {
        return;
    }
    let writing = app.clone();
    drop(app.spawn(async move {
        match notices::write_down(&writing, &new).await {
            Ok(true) => {}
            // Another process has said it; its words are the ones that others refer to.
            Ok(false) => writing.public.make_old(),
            Err(error) => tracing::warn!("what the feeds said is not written down yet: {error}"),
        }
    }));
}

/// Looks at the revisions until the program stops, and makes what is prepared old when another process committed.
async fn look_for_others(app: App) {
    loop {
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let Ok(seen) = revisions(&app).await else { continue };
        let pages = &app.public;
        let mut known = pages.revisions.lock().unwrap_or_else(PoisonError::into_inner);
        if *known != seen {
            *known = seen;
            pages.make_old();
        }
        drop(known);
        pages.confirm();
    }
}

async fn revisions(app: &App) -> Result<Vec<(Uuid, i64)>, Error> {
    let mut tx = app.db.read().await?;
    journal::revisions(&mut tx).await
}

/// When a page read at `now` should be looked at again: with the next update, in 15 minutes at the latest.
fn check_again_by(now: Timestamp, next_update: Option<Timestamp>) -> Timestamp {
    let latest = now.plus_minutes(15);
    next_update.filter(|at| *at > now).map_or(latest, |at| at.min(latest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_good_for_a_quarter_of_an_hour_at_most() {
        let now = Timestamp::from_seconds(0);
        assert_eq!(check_again_by(now, None), now.plus_minutes(15));
        assert_eq!(check_again_by(now, Some(now.plus_minutes(5))), now.plus_minutes(5));
        assert_eq!(check_again_by(now, Some(now.plus_minutes(-5))), now.plus_minutes(15));
        assert_eq!(check_again_by(now, Some(now.plus_minutes(60))), now.plus_minutes(15));
    }
}
