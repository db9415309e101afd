//! What the pages of feeds say, read in one snapshot.

use std::fmt::Write as _;

use domain::{
    id::{FeedFileId, FeedId},
    schedule::sender::DescribeFeed,
    table::Reject,
    time::Zone,
    view::feeds::{FeedFileLine, FeedFileView, FeedLine, FeedView, FeedsView, UnreadLine},
};

use super::{
    desk::Line,
    files, find, ledger, may_describe,
    store::{self, Feed, FeedFile},
};
use crate::{
    accounts::store as accounts,
    app::App,
    failure::Failure,
    imports::rejects,
    schedules::{may_plan, tend::keep_minutes},
    store::{Error, Tx},
    web::door::Door,
};

/// Messages that could not be taken, on the page of a feed.
const MOST_UNREAD: i64 = 50;
/// Refused messages on the page of a file; the file has all.
const MOST_REJECTS: usize = 50;

/// Every feed with what has come in.
///
/// # Errors
/// When the database does not answer.
pub async fn lines(tx: &mut Tx, zone: &Zone) -> Result<Vec<FeedLine>, Error> {
    Ok(store::all(tx).await?.iter().map(|feed| line(feed, zone)).collect())
}

fn line(feed: &Feed, zone: &Zone) -> FeedLine {
    let books = feed.books.clone();
    FeedLine {
        id: feed.id,
        name: feed.described.name.clone(),
        format: feed.described.format,
        listens: feed.described.listens,
        as_of: books.as_of.map(|at| zone.full(at)).unwrap_or_default(),
        as_of_at: books.as_of,
        heard: books.heard_at.map(|at| zone.full(at)).unwrap_or_default(),
        books,
    }
}

/// Who sends.
///
/// # Errors
/// When the database does not answer.
pub async fn list(door: &Door, tx: &mut Tx, typed: DescribeFeed) -> Result<FeedsView, Failure> {
    let zone = accounts::installation(tx).await?.zone();
    let feeds = lines(tx, &zone).await?;
    let newest = feeds.iter().filter_map(|feed| feed.as_of_at).max();
    let many = if feeds.len() == 1 { "1 feed".to_owned() } else { format!("{} feeds", feeds.len()) };
    let title = match (feeds.is_empty(), newest) {
        (true, _) => "No system sends its own messages yet".into(),
        (false, None) => format!("{many}, no message yet"),
        (false, Some(at)) => format!("{many}, the newest message as of {}", zone.moment(at)),
    };
    Ok(FeedsView {
        title,
        feeds,
        listener: listener(&door.app.feeds.line(), &zone),
        may_describe: may_describe(door.actor()),
        form: typed,
        request_id: door.request_id(),
    })
}

/// `Listening on 0.0.0.0:2575: 1 connection, 4,812 messages, the last at 23:50 …`
fn listener(line: &Line, zone: &Zone) -> String {
    let Some(address) = line.address else {
        return "This server does not listen for HL7 messages; it is started with --mllp to do so.".into();
    };
    let count = |many: usize, one: &str| format!("{many} {one}{}", if many == 1 { "" } else { "s" });
    let messages = usize::try_from(line.messages).unwrap_or(usize::MAX);
    let mut said = format!(
        "This server listens on {address}: {}, {} since it started",
        count(line.connections, "connection"),
        count(messages, "message")
    );
    if let Some(at) = line.last {
        let _ = write!(said, ", the last at {}", zone.full(at));
    }
    said.push('.');
    if line.broken_blocks > 0 {
        let _ = write!(said, " {} pieces on the line belonged to no message.", line.broken_blocks);
    }
    if let Some((peer, at)) = line.refused {
        let _ = write!(said, " {peer} was turned away at {}.", zone.full(at));
    }
    said
}

fn form(feed: &Feed) -> DescribeFeed {
    let described = &feed.described;
    let dialect = serde_json::to_string_pretty(&described.dialect).expect("plain data serialises");
    DescribeFeed {
        name: described.name.clone().into(),
        format: described.format.code().into(),
        application: described.application.clone().into(),
        facility: described.facility.clone().into(),
        listens: if described.listens { "yes" } else { "" }.into(),
        dialect: dialect.into(),
    }
}

/// One feed.
///
/// # Errors
/// Not found when there is no such feed.
pub async fn one(
    door: &Door,
    tx: &mut Tx,
    id: FeedId,
    (typed, as_of): (Option<DescribeFeed>, String),
) -> Result<FeedView, Failure> {
    let feed = find(tx, id).await?;
    let zone = accounts::installation(tx).await?.zone();
    let mut files = Vec::new();
    for file in store::files(tx, id).await? {
        files.push(file_line(&door.app, tx, &file, &zone).await?);
    }
    let unread = ledger::rejects(tx, id, MOST_UNREAD).await?;
    let unread = unread.into_iter().map(|refused| UnreadLine {
        at: zone.full(refused.at),
        came: if refused.in_file { "in a file" } else { "over MLLP" }.into(),
        reject: refused.reject,
    });
    Ok(FeedView {
        line: line(&feed, &zone),
        dialect: feed.version,
        form: typed.unwrap_or_else(|| form(&feed)),
        files,
        unread: unread.collect(),
        keep_days: keep_minutes(&door.app) / (24 * 60),
        may_describe: may_describe(door.actor()),
        may_plan: may_plan(door.actor()),
        as_of,
        request_ids: [door.request_id(), door.request_id()],
    })
}

async fn file_line(app: &App, tx: &mut Tx, file: &FeedFile, zone: &Zone) -> Result<FeedFileLine, Error> {
    let by = match file.account {
        account if account.0 == app.installation => "the terminal".to_owned(),
        account => accounts::name(tx, account).await?.unwrap_or_default(),
    };
    Ok(FeedFileLine {
        id: file.id,
        file_name: file.file_name.clone(),
        taken: file.is_taken,
        at: zone.full(file.taken_at.unwrap_or(file.offered_at)),
        by,
        figures: file.figures.clone(),
    })
}

/// One file of a feed.
///
/// # Errors
/// Not found when there is no such file; refused when it lies here no longer and was not taken in.
pub async fn file(door: &Door, id: FeedId, file_id: FeedFileId) -> Result<FeedFileView, Failure> {
    let mut tx = door.read().await?;
    let feed = find(&mut tx, id).await?;
    let file = store::file(&mut tx, id, file_id).await?.ok_or(Failure::NotFound("file"))?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let line = file_line(&door.app, &mut tx, &file, &zone).await?;
    drop(tx);
    let mut rejects = self::rejects(&door.app, id, file_id).await?;
    rejects.truncate(MOST_REJECTS);
    Ok(FeedFileView {
        feed: id,
        feed_name: feed.described.name,
        file: line,
        rejects,
        may_plan: may_plan(door.actor()),
        request_id: door.request_id(),
    })
}

/// Everything that was refused of a file, and what is wrong with the file itself.
///
/// # Errors
/// As [`file`].
pub async fn rejects(app: &App, id: FeedId, file_id: FeedFileId) -> Result<Vec<Reject>, Failure> {
    let mut tx = app.db.read().await?;
    let feed = find(&mut tx, id).await?;
    let file = store::file(&mut tx, id, file_id).await?.ok_or(Failure::NotFound("file"))?;
    if file.is_taken {
        return Ok(rejects::of_file(&mut tx, file_id).await?);
    }
    drop(tx);
    let mut incoming = files::read(app, &feed, (file_id, file.as_of)).await?;
    incoming.notes.append(&mut incoming.rejects);
    Ok(incoming.notes)
}
