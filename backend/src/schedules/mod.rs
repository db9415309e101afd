//! Standing schedules: what came in before an incident, so that the newest one from before a downtime is there when
//! nothing else is. From a watched folder, by upload, or from the terminal; each kept whole and encrypted for some days
//! in the database, where every server has it.
//!
//! A downtime that has no schedule is offered them; using one is the import that an upload would be
//! ([`crate::cases::standing`]).

pub mod columns;
pub mod desk;
pub mod files;
pub mod folder;
pub mod keep;
pub mod open;
pub mod show;
pub mod store;
pub mod tend;
pub mod web;

use domain::{
    actor::{Actor, Role},
    schedules::{self as rules, State},
    time::{Timestamp, Zone},
    view::schedules::{OfferLine, ScheduleOffer},
};

use crate::{
    failure::Failure,
    feeds::schedule as feeds,
    store::{Error, Tx},
};

/// Who sees what is here; whoever looks after folders is one of them.
pub const READERS: [Role; 3] = [Role::Administrator, Role::Commander, Role::CaseManager];

/// Who brings in schedules and says which column holds what.
pub const PLANNERS: [Role; 2] = [Role::Commander, Role::CaseManager];

/// Whether this person may bring in a schedule: it holds the patients of every site.
pub fn may_plan(actor: &Actor) -> bool {
    actor.has_everywhere(&PLANNERS)
}

fn must_plan(actor: &Actor) -> Result<(), Failure> {
    if may_plan(actor) {
        return Ok(());
    }
    let sentence =
        "A schedule holds the patients of all sites: it takes a case manager or a commander of all sites.";
    Err(Failure::Forbidden(sentence.into()))
}

/// What a downtime that began at `start` is offered; `None` when nothing is here.
///
/// # Errors
/// When the database does not answer.
pub async fn offer(tx: &mut Tx, start: Timestamp, zone: &Zone) -> Result<Option<ScheduleOffer>, Error> {
    let all = store::all(tx).await?;
    let feeds = feeds::offers(tx, start, zone).await?;
    if all.is_empty() && feeds.is_empty() {
        return Ok(None);
    }
    let waiting = all.iter().filter(|each| each.state == State::NeedsColumns).count();
    let ready = all.iter().filter(|each| each.state == State::Ready);
    let (before, after): (Vec<_>, Vec<_>) =
        ready.partition(|each| rules::was_taken_before(each.as_of, start));
    let line = |each: &store::Standing| OfferLine {
        schedule: each.id.to_string(),
        as_of: zone.moment(each.as_of),
        bookings: each.figures.valid,
        file_name: each.file_name.clone(),
    };
    let told = |each: &feeds::Offer| OfferLine {
        schedule: each.feed.to_string(),
        as_of: zone.moment(each.as_of),
        bookings: each.bookings,
        file_name: format!("{}, for {} days", each.name, feeds::DAYS),
    };
    let mut others: Vec<(Timestamp, OfferLine)> =
        before.into_iter().map(|each| (each.as_of, line(each))).collect();
    others.extend(feeds.iter().map(|each| (each.as_of, told(each))));
    // The newest first; of two of one moment, the file that somebody looked at.
    others.sort_by_key(|(as_of, _)| std::cmp::Reverse(*as_of));
    let mut others: Vec<OfferLine> = others.into_iter().map(|(_, line)| line).collect();
    let best = (!others.is_empty()).then(|| others.remove(0));
    let of = |best: &OfferLine| {
        let feed = feeds.iter().find(|each| each.feed.to_string() == best.schedule);
        feed.map_or_else(String::new, |feed| format!(" of {}", feed.name))
    };
    let after: Vec<OfferLine> = after.into_iter().map(line).collect();
    let sentence = match (&best, after.is_empty()) {
        (Some(best), _) => {
            let bookings = if best.bookings == 1 { "booking" } else { "bookings" };
            let count = crate::cases::show::thousands(best.bookings);
            format!("The schedule{} as of {} is here: {count} {bookings}", of(best), best.as_of)
        }
        (None, false) => "Every schedule that is here was taken after this downtime began".into(),
        (None, true) => "A schedule is here, and somebody must say which column holds what".into(),
    };
    let waiting = i64::try_from(waiting).unwrap_or(i64::MAX);
    Ok(Some(ScheduleOffer { sentence, best, others, after, waiting }))
}
