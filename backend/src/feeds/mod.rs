//! Feeds: systems that send their own messages about appointments, as SIU over MLLP or in a file, or as FHIR in a file.
//! Each message is kept with what it says sealed; how an appointment stands follows from all of them.
//!
//! A feed's appointments are offered to a downtime as its schedule ([`schedule`]).

pub mod answer;
pub mod desk;
pub mod files;
pub mod intake;
pub mod keep;
pub mod ledger;
pub mod mllp;
pub mod schedule;
pub mod show;
pub mod store;
pub mod tend;
pub mod web;

use domain::{
    Refusal,
    actor::Actor,
    field::FieldErrors,
    id::FeedId,
    schedule::sender::{Books, DescribeFeed, FeedSaved},
};
use serde_json::json;
use sha2::{Digest, Sha256};

use self::store::Feed;
use crate::{
    app::App,
    begin,
    failure::Failure,
    store::{
        Tx,
        journal::{By, Chain, Say},
    },
};

/// Whether this person may say who sends and what its words mean: it is so for every site.
pub fn may_describe(actor: &Actor) -> bool {
    actor.administers_everything()
}

fn must_describe(actor: &Actor) -> Result<(), Failure> {
    if may_describe(actor) {
        return Ok(());
    }
    Err(Failure::Forbidden("A feed is described by an administrator of all sites.".into()))
}

/// More feeds than a hospital has.
const MOST: usize = 100;

/// Adds a feed.
///
/// # Errors
/// By field, as when another feed has the name.
pub async fn add(app: App, by: By, form: DescribeFeed) -> Result<FeedSaved, Failure> {
    must_describe(&by.actor)?;
    let described = form.read()?;
    let mut decision = begin!(&app, &by, Chain::Installation);
    let all = store::all(&mut decision.tx).await?;
    if all.len() >= MOST {
        return Err(Refusal::new("too-many-feeds", format!("There are {MOST} feeds already.")).into());
    }
    must_be_free(&all, &described.name, None)?;
    let feed =
        Feed { id: app.clock.id(), described, version: 1, books: Books::default(), created_at: decision.at };
    store::insert(&mut decision.tx, &feed, decision.account).await?;
    let outcome = FeedSaved { feed: feed.id, dialect: feed.version };
    decision.append(&app, said("feed.added", &feed)).await?;
    decision.commit(&app, &outcome).await?;
    app.feeds.forget();
    Ok(outcome)
}

/// Changes a feed. Another dialect holds from the next message on; what was read by an earlier one stays as it was read.
///
/// # Errors
/// By field; not found when there is no such feed.
pub async fn change(app: App, by: By, (id, form): (FeedId, DescribeFeed)) -> Result<FeedSaved, Failure> {
    must_describe(&by.actor)?;
    let mut decision = begin!(&app, &by, Chain::Installation);
    let now = find(&mut decision.tx, id).await?;
    let form = DescribeFeed { format: now.described.format.code().into(), ..form };
    let described = form.read()?;
    must_be_free(&store::all(&mut decision.tx).await?, &described.name, Some(id))?;
    let is_new = described.dialect != now.described.dialect;
    let outcome = FeedSaved { feed: id, dialect: now.version + i64::from(is_new) };
    if described == now.described {
        return Ok(outcome);
    }
    let feed = Feed { described, version: outcome.dialect, ..now };
    let (account, at) = (decision.account, decision.at);
    store::change(&mut decision.tx, &feed, is_new, (account, at)).await?;
    decision.append(&app, said("feed.changed", &feed)).await?;
    decision.commit(&app, &outcome).await?;
    app.feeds.forget();
    Ok(outcome)
}

fn must_be_free(all: &[Feed], name: &str, but: Option<FeedId>) -> Result<(), FieldErrors> {
    let taken = |feed: &Feed| Some(feed.id) != but && feed.described.name.eq_ignore_ascii_case(name);
    if all.iter().any(taken) {
        return Err(FieldErrors::one("name", "Another feed has this name."));
    }
    Ok(())
}

/// One feed.
///
/// # Errors
/// Not found when there is no such feed.
pub async fn find(tx: &mut Tx, id: FeedId) -> Result<Feed, Failure> {
    store::find(tx, id).await?.ok_or(Failure::NotFound("feed"))
}

fn said(kind: &'static str, feed: &Feed) -> Say<'static> {
    let dialect = store::json(&feed.described.dialect);
    let data = json!({
        "format": feed.described.format.code(),
        "listens": feed.described.listens,
        "dialect": feed.version,
        "dialect_sha256": hex::encode(Sha256::digest(dialect)),
    });
    Say { kind, subject: format!("feed:{}", feed.id), data, ..Say::default() }
}
