//! A file of messages: offered, looked at in figures, then taken in by chunks. Each message is the same however often it
//! comes, so a file that was taken in half before a crash is simply taken in again.

use std::{path::PathBuf, sync::Arc};

use domain::{
    Refusal,
    field::FieldErrors,
    hl7::Limits,
    id::{FeedFileId, FeedId},
    schedule::{
        Site, fhir,
        report::Incoming,
        sender::{FileSaved, Format},
        siu,
    },
    schedules as rules,
    table::Reject,
    time::{Timestamp, Zone},
};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    find,
    keep::{Item, Of, Taken, keep},
    store::{self, Feed, FeedFile},
};
use crate::{
    accounts::store as accounts,
    app::App,
    begin,
    cases::import,
    failure::Failure,
    imports::rejects,
    schedules::may_plan,
    store::{
        journal::{By, Chain, Say},
        seal::Seal,
    },
};

pub use domain::schedule::sender::FileFigures as Figures;

/// Messages of a chunk: few enough that a waiting command hardly notices.
const CHUNK: usize = 400;

/// The largest file, in bytes.
pub const MOST_BYTES: usize = Limits::IMPORT.file;

/// On whose word a file comes.
#[derive(Debug, Clone, Copy)]
pub enum Bringer<'a> {
    Person(&'a By),
    Terminal(&'a By),
}

impl Bringer<'_> {
    const fn by(&self) -> &By {
        match self {
            Self::Person(by) | Self::Terminal(by) => by,
        }
    }

    fn may(self) -> Result<(), Failure> {
        match self {
            Self::Person(by) if !may_plan(&by.actor) => {
                let sentence = "A feed's file holds the patients of all sites: it takes a case manager or a \
                                commander of all sites.";
                Err(Failure::Forbidden(sentence.into()))
            }
            _ => Ok(()),
        }
    }
}

/// A file that lies under the data folder, not yet known to the database.
#[derive(Debug, Clone)]
pub struct Offered {
    pub id: FeedFileId,
    pub file_name: String,
    pub sha256: [u8; 32],
    /// As typed: when it was taken; empty when nobody said.
    pub as_of: String,
}

/// Where an offered file lies until it is taken in. It holds patients in clear text and is removed then, or after a day.
pub fn path(app: &App, file: FeedFileId) -> PathBuf {
    app.config.data.join("imports").join(format!("{file}.feed"))
}

/// Takes a file for a look at its figures.
///
/// # Errors
/// By field: a file that holds no messages, a time that is none.
pub async fn offer(
    app: &App,
    bringer: Bringer<'_>,
    feed: FeedId,
    offered: Offered,
) -> Result<FileSaved, Failure> {
    let kept = look(app, bringer, feed, &offered).await;
    match &kept {
        Ok(saved) if saved.file == offered.id => {}
        // Its first copy may have been swept away meanwhile; this is the same one.
        Ok(saved) if !saved.taken => {
            let _ = tokio::fs::rename(path(app, offered.id), path(app, saved.file)).await;
        }
        _ => {
            let _ = tokio::fs::remove_file(path(app, offered.id)).await;
        }
    }
    kept
}

async fn look(app: &App, bringer: Bringer<'_>, id: FeedId, offered: &Offered) -> Result<FileSaved, Failure> {
    bringer.may()?;
    let mut tx = app.db.read().await?;
    let feed = find(&mut tx, id).await?;
    if let Some(known) = store::file_by_hash(&mut tx, id, &offered.sha256).await? {
        return Ok(saved(&known, true));
    }
    let zone = accounts::installation(&mut tx).await?.zone();
    drop(tx);
    let as_of = as_of(&feed, offered, (app.clock.now(), &zone))?;
    let incoming = read(app, &feed, (offered.id, as_of)).await?;
    let file = FeedFile {
        id: offered.id,
        feed: id,
        file_name: offered.file_name.clone(),
        sha256: offered.sha256,
        as_of,
        is_taken: false,
        figures: Figures::of(&incoming),
        account: bringer.by().actor.account,
        offered_at: app.clock.now(),
        taken_at: None,
    };
    let mut tx = app.db.write().await?;
    match store::insert_file(&mut tx, &file).await {
        // The same file at the same moment: trying again finds it.
        Err(crate::store::Error::Constraint(_, source)) => {
            return Err(crate::store::Error::Conflict(source).into());
        }
        done => done?,
    }
    tx.commit().await?;
    Ok(saved(&file, false))
}

fn saved(file: &FeedFile, known: bool) -> FileSaved {
    FileSaved { file: file.id, known, taken: file.is_taken, figures: file.figures.clone() }
}

/// When a file was taken. Messages of HL7 each say their own time; of FHIR, not every appointment does.
fn as_of(feed: &Feed, offered: &Offered, (now, zone): (Timestamp, &Zone)) -> Result<Timestamp, FieldErrors> {
    let typed = match offered.as_of.trim() {
        "" => None,
        typed => Some(zone.parse(typed).map_err(|error| FieldErrors::one("as_of", error.to_string()))?),
    };
    if typed.is_some_and(|at| at > now) {
        return Err(FieldErrors::one("as_of", "This is still to come. Say when the file was taken."));
    }
    match rules::taken_at(typed, &offered.file_name, None, (now, zone)) {
        Some((at, _)) => Ok(at),
        None if feed.described.format == Format::Hl7 => Ok(now),
        None => {
            let sentence = "The file's name does not say when it was taken. Write it, as 2024-07-18 23:50.";
            Err(FieldErrors::one("as_of", sentence))
        }
    }
}

/// Reads a file as its feed writes, away from the threads that answer requests.
pub(super) async fn read(
    app: &App,
    feed: &Feed,
    (id, as_of): (FeedFileId, Timestamp),
) -> Result<Incoming, Failure> {
    let path = path(app, id);
    let bytes = tokio::fs::read(&path).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            let sentence = "This file is no longer here: it was taken in, or waited for more than a day. \
                            Upload it again.";
            Refusal::new("file-gone", sentence).into()
        }
        _ => Failure::Broken(format!("{} cannot be read: {error}", path.display())),
    })?;
    let mut tx = app.db.read().await?;
    let sites = import::sites(&mut tx).await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    drop(tx);
    let described = feed.described.clone();
    let work = tokio::task::spawn_blocking(move || {
        parse(described.format, &described.dialect, &bytes, (&sites, &zone, as_of))
    });
    let incoming = work.await.map_err(|error| Failure::Broken(error.to_string()))?;
    incoming.map_err(|sentence| FieldErrors::one("file", sentence).into())
}

fn parse(
    format: Format,
    dialect: &domain::schedule::dialect::Dialect,
    bytes: &[u8],
    (sites, zone, as_of): (&[Site], &Zone, Timestamp),
) -> Result<Incoming, String> {
    match format {
        Format::Hl7 => siu::Reader::new(sites, dialect, zone)
            .file(bytes, &Limits::IMPORT)
            .map_err(|error| error.to_string()),
        Format::Fhir => fhir::Reader::new(sites, dialect, zone, as_of)
            .file(bytes, &fhir::Limits::IMPORT)
            .map_err(|error| error.to_string()),
    }
}

/// Takes in a file that was offered.
///
/// # Errors
/// Refused when the file lies here no longer.
pub async fn take_in(
    app: &App,
    bringer: Bringer<'_>,
    (id, file_id): (FeedId, FeedFileId),
) -> Result<FileSaved, Failure> {
    bringer.may()?;
    let mut tx = app.db.read().await?;
    let feed = find(&mut tx, id).await?;
    let file = store::file(&mut tx, id, file_id).await?.ok_or(Failure::NotFound("file"))?;
    drop(tx);
    if file.is_taken {
        return Ok(saved(&file, true));
    }
    let incoming = match read(app, &feed, (file_id, file.as_of)).await {
        Ok(incoming) => incoming,
        Err(failure) => return finished_meanwhile(app, &file, failure).await,
    };
    let mut figures = Figures::of(&incoming);
    let refused: Vec<Reject> = incoming.notes.iter().chain(&incoming.rejects).cloned().collect();
    let of = Of { feed: id, dialect: feed.version };
    for taken in keep_all(app, of, items(&file, incoming)).await? {
        figures.new += i64::from(taken == Taken::New);
        figures.repeated += i64::from(taken == Taken::Repeated);
    }
    switch(app, bringer.by(), (&feed, &file), figures, &refused).await
}

fn items(file: &FeedFile, incoming: Incoming) -> Vec<Item> {
    let reports = incoming.reports.into_iter().map(|report| Item::Report(Box::new(report)));
    let rejects = incoming.rejects.into_iter().map(|reject| {
        let place = format!("{}:{}:{}", reject.row, reject.column, reject.reason);
        Item::Unread { said: [&file.sha256[..], place.as_bytes()].concat(), file: Some(file.id), reject }
    });
    let left = incoming.left.into_iter().map(|(kind, count)| Item::Left { kind, count });
    reports.chain(rejects).chain(left).collect()
}

async fn keep_all(app: &App, of: Of, items: Vec<Item>) -> Result<Vec<Taken>, Failure> {
    let mut tx = app.db.read().await?;
    let seal = Arc::new(Seal::open(app, &mut tx).await?);
    drop(tx);
    let mut taken = Vec::with_capacity(items.len());
    for chunk in items.chunks(CHUNK) {
        let mut tries = 0;
        taken.extend(loop {
            let mut tx = app.db.write_chunk().await?;
            let kept = async {
                let kept = keep(app, &seal, &mut tx, of, chunk).await?;
                tx.commit().await?;
                Ok::<_, Failure>(kept)
            };
            match kept.await {
                Err(failure) if failure.is_transient() && tries < 8 => tries += 1,
                kept => break kept?,
            }
        });
    }
    Ok(taken)
}

/// The file is removed when it is in: whoever does not find it may have come second.
async fn finished_meanwhile(app: &App, file: &FeedFile, failure: Failure) -> Result<FileSaved, Failure> {
    let mut tx = app.db.read().await?;
    let now = store::file(&mut tx, file.feed, file.id).await?.filter(|now| now.is_taken);
    now.map_or(Err(failure), |now| Ok(saved(&now, true)))
}

async fn switch(
    app: &App,
    by: &By,
    (feed, file): (&Feed, &FeedFile),
    figures: Figures,
    refused: &[Reject],
) -> Result<FileSaved, Failure> {
    let mut decision = begin!(app, by, Chain::Installation);
    let at = decision.at;
    if !store::set_taken(&mut decision.tx, file.id, &figures, at).await? {
        let now = store::file(&mut decision.tx, feed.id, file.id).await?.ok_or(Failure::NotFound("file"))?;
        return Ok(saved(&now, true));
    }
    rejects::keep(&mut decision.tx, file.id, refused).await?;
    let data = json!({
        "feed": feed.id,
        "sha256": hex::encode(file.sha256),
        "figures": figures,
        "dialect": feed.version,
        "refused_sha256": hex::encode(Sha256::digest(store::json(&refused))),
    });
    let subject = format!("feed-file:{}", file.id);
    decision.append(app, Say { kind: "feed.file", subject, data, ..Say::default() }).await?;
    let outcome = FileSaved { file: file.id, known: false, taken: true, figures };
    decision.commit(app, &outcome).await?;
    let _ = tokio::fs::remove_file(path(app, file.id)).await;
    Ok(outcome)
}
