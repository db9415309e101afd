//! Books that add up have no finding at any moment; whatever is changed beside the books is found.

use proptest::prelude::*;

use super::*;
use crate::deliveries::Step;

const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

fn ago(minutes: i64) -> Timestamp {
    NOW.plus_minutes(-minutes)
}

/// A broadcast that was staged with so many addresses, and what its worker then did: each step goes to a row.
fn sent(staged: i64, steps: &[(usize, Step)], further: i64) -> Figures {
    let mut rows: Vec<State> =
        vec![State::Queued; usize::try_from(staged + further).expect("a few addresses")];
    for (index, step) in steps {
        let place = index % rows.len();
        if let Ok(next) = rows[place].after(*step) {
            rows[place] = next;
        }
    }
    let mut counts = Counts::new();
    for (index, state) in rows.iter().enumerate() {
        *counts.entry((Channel::ALL[index % 2], *state)).or_default() += 1;
    }
    let open = rows.iter().any(|state| state.is_open());
    let sending = i64::try_from(rows.iter().filter(|state| **state == State::Sending).count());
    let living = Worker { heard_at: NOW, ended_at: None };
    let under_way = UnderWay {
        rows: sending.expect("a few"),
        past_lease: 0,
        oldest: ago(LEASE_MINUTES - 1),
        worker: Some(living),
    };
    Figures {
        stage: if open { Stage::Sending } else { Stage::Done },
        ordered_at: ago(600),
        people_staged: staged,
        staged,
        people: staged,
        of_units: Asked { people: staged, answered: 1 },
        units_tallied: Asked { people: staged, answered: 1 },
        rows: counts.clone(),
        // A tally stays when its last row has moved on.
        tallied: {
            counts.entry((Channel::Email, State::Suppressed)).or_insert(0);
            counts
        },
        without_event: 0,
        under_way: vec![under_way],
    }
}

fn step() -> impl Strategy<Value = (usize, Step)> {
    let steps = [
        Step::Mark,
        Step::Mark,
        Step::Accepted,
        Step::Later,
        Step::Refused,
        Step::Lost,
        Step::Received,
        Step::Exonerated,
        Step::Suppress,
    ];
    (0..40_usize, proptest::sample::select(steps.to_vec()))
}

fn finds(figures: &Figures, kind: Finding) -> bool {
    audit(figures, NOW).iter().any(|found| found.is_like(kind))
}

proptest! {
    #[test]
    fn a_broadcast_whose_books_are_kept_has_no_finding_at_any_moment(
        staged in 1..40_i64,
        further in 0..5_i64,
        steps in proptest::collection::vec(step(), 0..120),
    ) {
        for done in 0..=steps.len() {
            prop_assert_eq!(audit(&sent(staged, &steps[..done], further), NOW), vec![]);
        }
    }

    #[test]
    fn a_row_that_is_gone_or_came_from_nowhere_is_found(
        staged in 1..40_i64,
        further in 0..5_i64,
        steps in proptest::collection::vec(step(), 0..120),
        cell in 0..20_usize,
        by in prop_oneof![Just(-1_i64), Just(1_i64)],
    ) {
        let mut figures = sent(staged, &steps, further);
        let cells: Vec<_> = figures.rows.iter().filter(|(_, count)| **count > 0).map(|(key, _)| *key).collect();
        *figures.rows.get_mut(&cells[cell % cells.len()]).expect("is one of them") += by;
        prop_assert!(finds(&figures, Finding::TallyDiffers(0)));
        prop_assert_eq!(finds(&figures, Finding::ExtraRows(0)), by > 0);
        prop_assert_eq!(finds(&figures, Finding::MissingRows(0)), by < 0 && further == 0);
    }

    #[test]
    fn a_row_in_another_state_than_its_tally_counts_once(
        staged in 2..40_i64,
        steps in proptest::collection::vec(step(), 0..120),
        cell in 0..20_usize,
    ) {
        let mut figures = sent(staged, &steps, 0);
        let cells: Vec<_> = figures.rows.iter().filter(|(_, count)| **count > 0).map(|(key, _)| *key).collect();
        let (channel, state) = cells[cell % cells.len()];
        let other = if state == State::Failed { State::Accepted } else { State::Failed };
        *figures.rows.entry((channel, state)).or_default() -= 1;
        *figures.rows.entry((channel, other)).or_default() += 1;
        prop_assert!(audit(&figures, NOW).contains(&Finding::TallyDiffers(1)));
        prop_assert!(!finds(&figures, Finding::MissingRows(0)) && !finds(&figures, Finding::ExtraRows(0)));
    }

    #[test]
    fn whatever_waits_is_found_only_after_its_time(minutes in 0..60_i64, heard in 0..60_i64, ended in 0..60_i64) {
        let rows = |worker, past_lease| UnderWay { rows: 3, past_lease, oldest: ago(minutes), worker };
        let living = Worker { heard_at: ago(0), ended_at: None };
        let silent = Worker { heard_at: ago(heard), ended_at: None };
        let gone = Worker { heard_at: ago(60), ended_at: Some(ago(ended)) };
        prop_assert_eq!(rows(Some(living), 0).lost(NOW), 0);
        prop_assert_eq!(rows(Some(living), 2).lost(NOW), 2);
        prop_assert_eq!(rows(Some(silent), 0).lost(NOW) == 3, heard >= ADOPTED_MINUTES);
        prop_assert_eq!(rows(Some(gone), 0).lost(NOW) == 3, ended >= ADOPTED_MINUTES);
        prop_assert_eq!(rows(None, 0).lost(NOW) == 3, minutes >= ADOPTED_MINUTES);
        prop_assert_eq!(worker(Some(ago(heard)), NOW).is_some(), heard >= ADOPTED_MINUTES);
        prop_assert_eq!(itself(minutes).is_some(), minutes >= AUDIT_MINUTES);
        let staged = Figures { stage: Stage::Staged, ordered_at: ago(minutes), ..sent(3, &[], 0) };
        prop_assert_eq!(finds(&staged, Finding::StagedTooLong(0)), minutes >= STAGED_MINUTES);
    }

    #[test]
    fn what_is_due_stands_still_only_when_nothing_of_its_channel_moves(
        due in 0..60_i64,
        moved in proptest::option::of(-60..60_i64),
        heard in proptest::option::of(0..60_i64),
    ) {
        let under_way = heard.map(|heard| UnderWay {
            rows: 1,
            past_lease: 0,
            oldest: ago(3),
            worker: Some(Worker { heard_at: ago(heard), ended_at: None }),
        });
        let line = Line { moved_at: moved.map(ago), under_way: under_way.into_iter().collect() };
        let moves = moved.is_some_and(|moved| moved < STILL_MINUTES)
            || heard.is_some_and(|heard| heard < ADOPTED_MINUTES);
        prop_assert_eq!(stands_still(ago(due), &line, NOW).is_some(), due >= STILL_MINUTES && !moves);
    }
}

#[test]
fn people_answers_and_events_that_are_not_there_are_found() {
    let whole = sent(9, &[], 0);
    let few = Figures { people: 7, ..whole.clone() };
    assert_eq!(audit(&few, NOW), [Finding::MissingPeople(2)]);
    let more = Figures { units_tallied: Asked { people: 9, answered: 4 }, ..whole.clone() };
    assert_eq!(audit(&more, NOW), [Finding::UnitsDiffer(3)]);
    let silent = Figures { without_event: 1, ..whole };
    assert_eq!(audit(&silent, NOW), [Finding::EventsMissing(1)]);
}

#[test]
fn a_broadcast_that_has_ended_leaves_nothing_open() {
    let ended = Figures { stage: Stage::Done, ..sent(2, &[(0, Step::Mark)], 0) };
    assert_eq!(audit(&ended, NOW), [Finding::OpenAfterEnd(2)]);
}

#[test]
fn rows_that_are_being_staged_are_nobodys_yet() {
    for stage in [Stage::Staged, Stage::Draft, Stage::PendingApproval, Stage::Discarded, Stage::Failed] {
        let half = Figures { stage, ordered_at: NOW, staged: 0, tallied: Counts::new(), ..sent(9, &[], 0) };
        assert_eq!(audit(&half, NOW), [], "{stage:?}");
    }
}

#[test]
fn each_finding_is_a_sentence() {
    let about = "broadcast 3 of Computers down";
    assert_eq!(
        Finding::MissingRows(1).sentence(about),
        "1 delivery of broadcast 3 of Computers down is missing."
    );
    assert_eq!(
        Finding::OpenAfterEnd(2).sentence("broadcast 3"),
        "2 deliveries of broadcast 3 are open although it has ended; nobody sends them."
    );
    assert_eq!(
        Finding::AuditLate(3).sentence(""),
        "Nobody has checked for 3 minutes whether sending adds up."
    );
}
