//! Any order and any repetition of the same reports comes to the same end.

use proptest::prelude::*;

use super::*;
use crate::{schedule::tests::sites, stamp::Precision};

fn report(key: &str, what: What, minute: i64, message: &str) -> Report {
    let at = Timestamp::from_seconds(1_721_300_000).plus_minutes(minute);
    Report {
        row: 1,
        message: message.into(),
        key: Key { authority: "EPIC".into(), id: key.into() },
        what,
        at: EventTime { at, precision: Precision::Second, has_offset: true, first_of_two: false },
        sequence: None,
        booking: (what.state() == State::Booked).then(|| booking(minute)),
        reason: String::new(),
        doubts: Vec::new(),
    }
}

fn booking(minutes: i64) -> Booking {
    let at = Timestamp::from_seconds(1_721_390_000);
    Booking {
        line: 1,
        appointment: "1".into(),
        patient: crate::schedule::Patient::default(),
        kind: crate::schedule::Kind::Visit,
        service: String::new(),
        department: String::new(),
        provider: String::new(),
        facility: sites()[0].id,
        start: at,
        day: sites()[0].zone.civil_date(at),
        first_of_two: false,
        minutes,
        listed: None,
        chain: String::new(),
        priority: crate::schedule::Priority::None,
        classes: Vec::new(),
    }
}

fn feed(reports: &[Report]) -> Feed {
    let mut feed = Feed::default();
    for report in reports {
        feed.take(report.clone());
    }
    feed
}

fn state(reports: &[Report]) -> State {
    standing(reports).unwrap().state
}

#[test]
fn a_late_cancellation_that_is_older_than_a_booking_does_not_cancel() {
    let booked = report("1", What::Booked, 10, "2");
    let cancelled = Report { row: 2, ..report("1", What::Cancelled, 5, "1") };
    let mut feed = Feed::default();
    assert_eq!(feed.take(booked.clone()), Taken::Latest);
    assert_eq!(feed.take(cancelled.clone()), Taken::Older);
    assert_eq!(feed.take(booked.clone()), Taken::Repeated);
    let standing = feed.standings().next().unwrap();
    assert_eq!((standing.state, standing.reports, standing.ends), (State::Booked, 2, 1));
    let later = report("1", What::Cancelled, 20, "3");
    assert_eq!(state(&[booked.clone(), later.clone()]), State::Cancelled);
    let after = super::standing(&[later, booked.clone()]).unwrap();
    assert_eq!(after.booking, booked.booking, "it is still known what was cancelled");
}

#[test]
fn an_engine_that_sends_old_messages_under_new_times_revives_nothing() {
    let booked = report("1", What::Booked, 10, "1");
    let cancelled = report("1", What::Cancelled, 20, "2");
    let again = Report { at: report("1", What::Booked, 30, "1").at, row: 9, ..booked.clone() };
    assert_eq!(state(&[booked.clone(), cancelled.clone(), again.clone()]), State::Cancelled);
    assert_eq!(state(&[again, cancelled.clone(), booked.clone()]), State::Cancelled);
    let rebooked = Report { message: "3".into(), ..report("1", What::Booked, 30, "3") };
    assert_eq!(state(&[booked, cancelled, rebooked]), State::Booked);
}

#[test]
fn one_id_for_two_messages_hides_neither_and_is_counted() {
    let booked = report("1", What::Booked, 10, "1");
    let cancelled = report("1", What::Cancelled, 20, "1");
    let figures = feed(&[cancelled.clone(), booked.clone(), cancelled]).figures();
    assert_eq!((figures.cancelled, figures.reused_ids, figures.repeated, figures.reports), (1, 1, 1, 3));
}

#[test]
fn of_one_instant_the_senders_count_decides_then_numbers_then_what_stands() {
    let at = |what, message| report("1", what, 10, message);
    let counted = |what, message, count| Report { sequence: Some(count), ..at(what, message) };
    assert_eq!(state(&[counted(What::Booked, "9", 1), counted(What::Cancelled, "1", 2)]), State::Cancelled);
    assert_eq!(state(&[at(What::Booked, "9"), at(What::Cancelled, "10")]), State::Cancelled);
    assert_eq!(state(&[at(What::Booked, "10"), at(What::Cancelled, "9")]), State::Booked);
    assert_eq!(state(&[at(What::Booked, "a"), at(What::Cancelled, "b")]), State::Booked);
    assert_eq!(state(&[at(What::Booked, "b"), at(What::Cancelled, "a")]), State::Booked);
}

#[test]
fn each_kind_of_end_is_counted_apart() {
    let all = [What::Requested, What::Booked, What::Moved, What::Changed, What::Arrived, What::Done];
    let ends = [What::Cancelled, What::Discontinued, What::Deleted, What::NoShow];
    let reports: Vec<Report> = all
        .into_iter()
        .chain(ends)
        .enumerate()
        .map(|(number, what)| report(&number.to_string(), what, 0, "1"))
        .collect();
    let figures = feed(&reports).figures();
    assert_eq!((figures.appointments, figures.requested, figures.booked), (10, 1, 3));
    assert_eq!((figures.arrived, figures.done), (1, 1));
    let ends = (figures.cancelled, figures.discontinued, figures.deleted, figures.no_shows);
    assert_eq!(ends, (1, 1, 1, 1));
    assert_eq!(standing(&[]), None);
}

/// Few keys, instants and ids, so that they collide.
fn reports() -> impl Strategy<Value = Vec<Report>> {
    let what = prop::sample::select(vec![
        What::Booked,
        What::Moved,
        What::Changed,
        What::Cancelled,
        What::Deleted,
        What::NoShow,
        What::Done,
    ]);
    let one =
        (0..3_u8, what, 0..4_i64, prop::sample::select(vec!["1", "2", "10", "a", "b"]), 0..3_i64, 1..4_u64);
    let one = one.prop_map(|(key, what, minute, message, count, row)| {
        let sequence = (count > 0).then_some(count);
        let report = report(&key.to_string(), what, minute, message);
        Report { sequence, row, booking: report.booking.filter(|_| minute % 2 == 0), ..report }
    });
    prop::collection::vec(one, 0..24)
}

proptest! {
    #[test]
    fn any_order_comes_to_the_same_end(
        (given, shuffled) in reports().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
    ) {
        prop_assert_eq!(feed(&given), feed(&shuffled));
        prop_assert_eq!(standing(given.iter().filter(|r| r.key.id == "0")), standing(shuffled.iter().filter(|r| r.key.id == "0")));
    }

    #[test]
    fn any_repetition_comes_to_the_same_end(given in reports(), again in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
        let mut repeated = given.clone();
        if !given.is_empty() {
            repeated.extend(again.iter().map(|index| index.get(&given).clone()));
        }
        let (once, more) = (feed(&given), feed(&repeated));
        prop_assert_eq!(once.standings().collect::<Vec<_>>(), more.standings().collect::<Vec<_>>());
        let (once, more) = (once.figures(), more.figures());
        let extra = i64::try_from(repeated.len() - given.len()).unwrap();
        prop_assert_eq!(Figures { reports: once.reports + extra, repeated: once.repeated + extra, ..once }, more);
    }

    #[test]
    fn two_parts_together_are_the_whole(given in reports(), cut in any::<prop::sample::Index>()) {
        let cut = if given.is_empty() { 0 } else { cut.index(given.len()) };
        let (first, second) = given.split_at(cut);
        prop_assert_eq!(feed(first).join(feed(second)), feed(&given));
        prop_assert_eq!(feed(second).join(feed(first)), feed(&given));
    }

    #[test]
    fn the_figures_add_up(given in reports()) {
        let feed = feed(&given);
        let figures = feed.figures();
        prop_assert_eq!(usize::try_from(figures.reports), Ok(given.len()));
        let distinct: i64 = feed.standings().map(|standing| standing.reports).sum();
        prop_assert_eq!(figures.reports, distinct + figures.repeated);
        let states = figures.requested + figures.booked + figures.arrived + figures.done
            + figures.cancelled + figures.discontinued + figures.deleted + figures.no_shows;
        prop_assert_eq!(figures.appointments, states);
        let keys: std::collections::BTreeSet<&Key> = given.iter().map(|report| &report.key).collect();
        prop_assert_eq!(usize::try_from(figures.appointments), Ok(keys.len()));
    }

    #[test]
    fn each_report_says_at_once_whether_it_is_the_latest(given in reports()) {
        let mut feed = Feed::default();
        for report in given {
            let taken = feed.take(report.clone());
            let standing = feed.standings().find(|standing| standing.key == report.key).unwrap();
            if taken == Taken::Latest {
                prop_assert_eq!((standing.what, &standing.message), (report.what, &report.message));
            }
        }
    }
}
