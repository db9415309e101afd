use proptest::prelude::{any, prop_assert_eq, proptest};
use uuid::Uuid;

use super::*;
use crate::{cases::Case, id::AccountId, playbooks::Narrowing, scope::Place, time::Zone};

fn row(scheme: &str, value: &str, classes: &[&str], decided: Decided) -> Row {
    Row {
        case: CaseId(Uuid::from_u128(1)),
        appointment: "A1".into(),
        kind: Kind::Procedure,
        facility: FacilityId(Uuid::from_u128(2)),
        service: "Hernia repair".into(),
        department: "OR 4".into(),
        provider: "Dr. Lee".into(),
        start: Timestamp::parse_rfc3339("2024-07-19T12:00:00Z").unwrap(),
        day: "2024-07-19".into(),
        begins: Time::constant(8, 0, 0, 0),
        listed: None,
        priority: Priority::from_parts(scheme, value),
        classes: classes.iter().map(ToString::to_string).collect(),
        decided,
        state: match decided {
            Decided::No | Decided::Undecided => State::Scheduled,
            Decided::Kept => State::Kept,
            Decided::Cancelled => State::ToContact,
        },
        decision: matches!(decided, Decided::Kept | Decided::Cancelled).then_some(FIRST),
        rule: String::new(),
        chain: String::new(),
    }
}

const FIRST: DecisionId = DecisionId(Uuid::from_u128(7));

fn night() -> Timestamp {
    Zone::named("America/New_York").unwrap().parse("2024-07-19 04:20").unwrap()
}

fn plan(aim: Aim) -> Plan {
    Plan { rule: standard(), window: window(), aim, strategy: Strategy::Blanket, linked: false, now: night() }
}

fn one(plan: &Plan, row: &Row) -> Option<(Decided, String)> {
    let places = places();
    let (outcomes, _) = plan.preview([row], &places);
    outcomes.into_iter().next().map(|outcome| (outcome.decided, outcome.by))
}

fn places() -> Places {
    Places { facilities: [FacilityId(Uuid::from_u128(2))].into(), ..Places::default() }
}

fn window() -> Window {
    let zone = Zone::named("America/New_York").unwrap();
    Window::of(&standard(), None, Place::All, zone.parse("2024-07-19 04:20").unwrap(), &zone)
}

#[test]
fn the_most_urgent_of_each_scheme_stays_and_the_least_urgent_goes() {
    let rule = standard();
    let said = |scheme, value| match verdict(&rule, &row(scheme, value, &[], Decided::No)) {
        Verdict::Keep(keep) => keep.key.clone(),
        Verdict::Cancel => "cancel".into(),
        Verdict::Undecided => "undecided".into(),
    };
    assert_eq!(said("esas", "3a"), "esas-3", "a naive sort would take 1a for the most urgent");
    assert_eq!(said("esas", "1a"), "cancel");
    assert_eq!(said("fssa", "P1a"), "p1");
    assert_eq!(said("fssa", "P3"), "cancel");
    assert_eq!(said("imaging", "P1"), "cancel", "a rule for one scheme says nothing of another");
    assert_eq!(said("", ""), "cancel");
    assert_eq!(said("unclear", "Q7"), "undecided");
    let dialysis = row("unclear", "Q7", &["dialysis"], Decided::No);
    assert!(matches!(verdict(&rule, &dialysis), Verdict::Keep(keep) if keep.key == "dialysis"));
}

fn has(window: &Window, row: &Row) -> bool {
    window.reach(&places()).has(row)
}

#[test]
fn a_row_of_another_day_kind_or_place_is_not_reached() {
    let window = window();
    let inside = row("", "", &[], Decided::No);
    assert!(has(&window, &inside));
    assert!(!has(&window, &Row { day: "2024-07-20".into(), ..inside.clone() }));
    let visits = Window { kinds: vec![Kind::Visit], ..window.clone() };
    assert!(!has(&visits, &inside));
    let elsewhere = Window { place: Place::Facility(FacilityId(Uuid::from_u128(9))), ..window.clone() };
    assert!(!has(&elsewhere, &inside));
    let later = Window { from: Some(inside.start.plus_minutes(1)), ..window };
    assert!(!has(&later, &inside));
}

#[test]
fn a_narrowing_leaves_out_other_hours_services_providers_and_priorities() {
    let row = Row { priority: Priority::from_parts("fssa", "P3"), ..row("", "", &[], Decided::No) };
    let reaches = |only: Narrowing| has(&window().narrowed(only), &row);
    let names = |name: &str| vec![name.to_owned()];
    let all = Narrowing::default();
    assert!(reaches(all.clone()));
    assert!(reaches(Narrowing { from: "08:00".into(), ..all.clone() }), "from is inclusive");
    assert!(!reaches(Narrowing { until: "8:00".into(), ..all.clone() }), "until is not");
    assert!(reaches(Narrowing { until: "08:01".into(), ..all.clone() }));
    assert!(reaches(Narrowing { services: names("HERNIA-repair"), ..all.clone() }));
    assert!(!reaches(Narrowing { services: names("Hernia"), ..all.clone() }));
    assert!(!reaches(Narrowing { departments: names("OR 5"), ..all.clone() }));
    assert!(reaches(Narrowing { providers: vec!["Dr Who".into(), "dr lee".into()], ..all.clone() }));
    assert!(reaches(Narrowing { priorities: names("fssa:p3"), ..all.clone() }));
    assert!(!reaches(Narrowing { priorities: names("imaging:P3"), ..all.clone() }), "another scheme");
    let both = window().narrowed(Narrowing { from: "07:00".into(), ..all.clone() });
    assert!(!has(&both.narrowed(Narrowing { until: "07:30".into(), ..all }), &row), "all must hold");
}

#[test]
fn a_time_of_day_is_hours_and_minutes_and_nothing_else() {
    for (text, minutes) in
        [("13:00", Some(780)), ("9:05", Some(545)), (" 00:00 ", Some(0)), ("23:59", Some(1_439))]
    {
        let read = Narrowing::time(text).map(|time| i32::from(time.hour()) * 60 + i32::from(time.minute()));
        assert_eq!(read, minutes, "{text}");
    }
    for text in ["", "24:00", "9", "9:5", "9:05:00", "-1:00", "+9:00", "nine", "12:60", "112:00"] {
        assert_eq!(Narrowing::time(text), None, "{text}");
    }
}

/// Every state of a case under every aim: what may change at all.
#[test]
fn what_a_person_decided_is_booked_again_has_ended_or_begun_stands() {
    let kept_now =
        Plan { rule: CancellationRule { keep: Vec::new(), ..standard() }, ..plan(Aim::Amend(FIRST)) };
    for state in State::ALL {
        let row = Row { state, decision: Some(FIRST), ..row("", "", &[], Decided::Cancelled) };
        let taken_back = one(&plan(Aim::TakeBack), &row).is_some();
        let cancelled = matches!(state, State::ToContact | State::Contacting | State::Told);
        assert_eq!(taken_back, cancelled, "{state:?}");
        assert_eq!(one(&plan(Aim::Decide), &row), None, "{state:?} is decided");
        assert_eq!(one(&plan(Aim::TakeBack), &Row { start: Timestamp(night().0 - 1), ..row.clone() }), None);
        let kept = Row { state, decided: Decided::Kept, ..row.clone() };
        assert_eq!(one(&kept_now, &kept).is_some(), cancelled || state == State::Kept, "{state:?}");
        assert_eq!(one(&kept_now, &Row { rule: BY_HAND.into(), ..kept.clone() }), None, "{state:?}");
        assert_eq!(one(&kept_now, &Row { decision: None, ..kept }), None, "{state:?}, of another decision");
    }
}

#[test]
fn a_changed_decision_gives_back_what_it_leaves_out_and_takes_what_is_new() {
    let amend = plan(Aim::Amend(FIRST));
    let narrowed = Plan {
        window: window().narrowed(Narrowing { until: "07:00".into(), ..Narrowing::default() }),
        ..amend.clone()
    };
    let cancelled = row("fssa", "P3", &[], Decided::Cancelled);
    assert_eq!(one(&amend, &cancelled), None, "it stays cancelled by the same rule");
    assert_eq!(one(&narrowed, &cancelled), Some((Decided::Kept, "left-out".into())));
    let undecided = Row { decision: Some(FIRST), ..row("unclear", "Q", &[], Decided::Undecided) };
    assert_eq!(one(&narrowed, &undecided), Some((Decided::No, "left-out".into())));
    assert_eq!(one(&narrowed, &row("fssa", "P3", &[], Decided::No)), None, "it was never reached");
    assert_eq!(one(&amend, &row("fssa", "P3", &[], Decided::No)), Some((Decided::Cancelled, standard().key)));
    let dialysis = Row { classes: vec!["dialysis".into()], ..cancelled };
    assert_eq!(one(&amend, &dialysis), Some((Decided::Kept, "dialysis".into())));
    let places = places();
    let (_, totals) = narrowed.preview([&dialysis, &undecided], &places);
    assert_eq!((totals.all.rows, totals.left_out, totals.taken_back), (0, 2, 1));
}

#[test]
fn case_by_case_cancels_nothing() {
    let plan = Plan { strategy: Strategy::CaseByCase, ..plan(Aim::Decide) };
    assert_eq!(
        one(&plan, &row("fssa", "P3", &[], Decided::No)),
        Some((Decided::Undecided, "case-by-case".into()))
    );
    assert_eq!(one(&plan, &row("fssa", "P1a", &[], Decided::No)), Some((Decided::Kept, "p1".into())));
}

#[test]
fn safe_by_counts_from_the_listing_date_where_it_is_known() {
    let row = row("fssa", "P2", &[], Decided::No);
    let by = |listed| safe_by(&Row { listed, ..row.clone() }, &standard().safe_by).map(|day| day.to_string());
    assert_eq!(by(None).as_deref(), Some("2024-08-16"));
    assert_eq!(by(Some(jiff::civil::date(2024, 7, 1))).as_deref(), Some("2024-07-29"));
}

#[test]
fn what_is_linked_is_offered_and_cancelled_only_when_that_is_chosen() {
    let of_chain = |id: u128, day: &str, decided| Row {
        case: CaseId(Uuid::from_u128(id)),
        day: day.into(),
        chain: "knee".into(),
        ..row("", "", &[], decided)
    };
    let operation = of_chain(1, "2024-07-19", Decided::No);
    let control = of_chain(2, "2024-07-26", Decided::No);
    let dialysis = Row { classes: vec!["dialysis".into()], ..of_chain(3, "2024-07-22", Decided::No) };
    let kept = of_chain(4, "2024-07-22", Decided::Kept);
    let other = Row { chain: String::new(), ..of_chain(5, "2024-07-19", Decided::No) };
    let places = places();
    for (linked, cancelled) in [(false, 0), (true, 1)] {
        let plan = Plan { linked, ..plan(Aim::Decide) };
        let rows = [operation.clone(), other.clone()];
        let mut found = plan.preview(&rows, &places);
        assert_eq!(plan.chains(&rows, &found.0), BTreeSet::from(["knee".to_owned()]));
        plan.with_linked(&[operation.clone(), control.clone(), dialysis.clone(), kept.clone()], &mut found);
        let (outcomes, totals) = found;
        assert_eq!((totals.linked, totals.linked_cancelled, totals.all.rows), (1, cancelled, 2));
        let days: Vec<_> = outcomes.iter().filter(|each| each.by == LINKED).map(|each| each.day).collect();
        assert_eq!(days, vec![Some(jiff::civil::date(2024, 7, 26)); usize::from(linked)]);
    }
}

/// What an outcome does to a case, by the case's own rules.
fn apply(case: &mut Case, outcome: &Outcome, now: Timestamp) {
    match outcome.decided {
        Decided::Kept => case.keep().unwrap(),
        Decided::Cancelled => case.cancel(now, outcome.safe_by).unwrap(),
        Decided::Undecided => case.leave_undecided(),
        Decided::No => assert_eq!(case.state, State::Scheduled),
    }
}

proptest! {
    #[test]
    fn kept_and_cancelled_and_undecided_are_the_rows_in_the_window(
        rows in proptest::collection::vec(
            ("(esas|fssa|imaging|unclear|)", "(1a|P1a|3b|P4|Q|)", 0..3_usize, 0..4_usize, any::<bool>(), 0..4_i8),
            0..60,
        ),
        aim in proptest::sample::select(vec![Aim::Decide, Aim::Amend(FIRST), Aim::TakeBack]),
        strategy in proptest::sample::select(Strategy::ALL.to_vec()),
        until in proptest::sample::select(vec!["", "08:30", "10:00"]),
    ) {
        let rows: Vec<Row> = rows.into_iter().map(|(scheme, value, class, decided, visit, hour)| Row {
            kind: if visit { Kind::Visit } else { Kind::Procedure },
            begins: Time::constant(8, 0, 0, 0) + jiff::Span::new().hours(hour),
            ..row(&scheme, &value, &[["dialysis", "obstetric", ""][class]], Decided::ALL[decided])
        }).collect();
        let only = Narrowing { until: until.into(), ..Narrowing::default() };
        let plan = Plan { strategy, window: window().narrowed(only), ..plan(aim) };
        let places = places();
        let (outcomes, totals) = plan.preview(&rows, &places);
        let inside = rows.iter().filter(|row| has(&plan.window, row)).count();
        prop_assert_eq!(totals.all.rows, i64::try_from(inside).unwrap());
        for count in [totals.all, totals.procedures, totals.visits] {
            prop_assert_eq!(count.rows, count.kept + count.cancelled + count.undecided);
        }
        prop_assert_eq!(totals.all.rows, totals.procedures.rows + totals.visits.rows);
        prop_assert_eq!(i64::try_from(outcomes.len()).unwrap() + totals.stood, totals.all.rows + totals.left_out);
        let settled: Vec<_> = plan.settle(&rows, &places).collect();
        let parts = Parts::of(&settled);
        let sums = [
            parts.facilities.values().map(|count| count.rows).sum::<i64>(),
            parts.services.values().map(|count| count.rows).sum(),
            parts.priorities.values().map(|count| count.rows).sum(),
        ];
        prop_assert_eq!(sums, [totals.all.rows; 3]);
    }

    #[test]
    fn every_outcome_is_a_step_that_the_case_itself_allows_and_clocks_never_move(
        told in any::<bool>(),
        steps in proptest::collection::vec((0..3_usize, any::<bool>(), "(|dialysis)"), 1..8),
    ) {
        let (me, now) = (AccountId(Uuid::from_u128(3)), night());
        let base = row("fssa", "P3", &[], Decided::No);
        let mut case = Case::scheduled(base.start, base.day.parse().unwrap());
        let mut clocks = None;
        for (aim, blanket, class) in steps {
            let aim = [Aim::Decide, Aim::Amend(FIRST), Aim::TakeBack][aim];
            let strategy = if blanket { Strategy::Blanket } else { Strategy::CaseByCase };
            let decision = (case.decided != Decided::No).then_some(FIRST);
            let row = Row {
                state: case.state, decided: case.decided, decision, classes: vec![class], ..base.clone()
            };
            let plan = Plan { strategy, ..plan(aim) };
            let places = places();
            for outcome in plan.preview([&row], &places).0 {
                apply(&mut case, &outcome, now);
                prop_assert_eq!(case.decided, outcome.decided);
            }
            clocks = clocks.or(case.first_cancelled_at.map(|at| (at, case.safe_by, case.day_28)));
            prop_assert_eq!(case.first_cancelled_at.map(|at| (at, case.safe_by, case.day_28)), clocks);
            if told && case.must_tell() {
                case.log_contact((crate::cases::ContactResult::Told, None), me, now).unwrap();
            }
        }
    }
}
