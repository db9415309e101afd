//! The rule of the two sources, under every order of events.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::table::{self, Limits, Mapping};

fn counted(in_all: Option<i64>, checked: i64, fixed: i64) -> Counted {
    Counted { in_all, checked, fixed, broken_then: 0 }
}

#[test]
fn the_two_sources_are_not_added_up() {
    let standing = Standing::of(&counted(Some(40), 25, 20), &Machines { known: 15, fixed: 15, broken: 0 });
    assert_eq!((standing.total, standing.checked, standing.fixed, standing.left()), (40, 25, 20, 20));
    let standing = Standing::of(&counted(Some(40), 25, 20), &Machines { known: 30, fixed: 28, broken: 0 });
    assert_eq!((standing.checked, standing.fixed, standing.left()), (30, 28, 12));
}

#[test]
fn what_breaks_after_the_count_is_taken_off_it_and_what_broke_before_is_not() {
    let before = counted(Some(40), 40, 40);
    let broken = Machines { known: 3, fixed: 0, broken: 3 };
    assert_eq!(Standing::of(&before, &broken).left(), 3);
    let said = Said { fixed: Some(37), ..Said::default() };
    let after = said.onto(&before, broken.broken).expect("fits");
    assert_eq!(Standing::of(&after, &broken).left(), 3, "the count knew of the three");
    let said = Said { in_all: Some(41), ..Said::default() };
    let after = said.onto(&before, broken.broken).expect("fits");
    assert_eq!(Standing::of(&after, &broken).left(), 4, "a new total says nothing of the three");
}

#[test]
fn more_reported_than_counted_is_said_and_the_total_grows() {
    let standing = Standing::of(&counted(Some(10), 0, 0), &Machines { known: 12, fixed: 5, broken: 0 });
    assert_eq!((standing.total, standing.beyond(), standing.left()), (12, 2, 7));
}

#[test]
fn a_unit_is_back_when_all_work_or_the_share_does_and_never_uncounted() {
    let of = |in_all, fixed| Standing::of(&counted(in_all, fixed, fixed), &Machines::default());
    assert!(of(Some(40), 40).is_back(100) && !of(Some(40), 39).is_back(100));
    assert!(of(Some(40), 36).is_back(90) && !of(Some(40), 35).is_back(90));
    assert!(of(Some(0), 0).is_back(100) && of(None, 0).is_back(100), "it has none");
    let reported = Standing::of(&Counted::default(), &Machines { known: 1, fixed: 1, broken: 0 });
    assert!(!reported.is_back(100), "nobody knows how many there are");
}

#[test]
fn a_rate_is_said_only_when_it_can_be_defended() {
    let pace = Pace { fixed: 120, minutes: 60, since_first: 90 };
    assert_eq!(pace.minutes_for(600, 0), Some(300));
    assert_eq!(pace.minutes_for(601, 0), Some(301));
    assert_eq!(pace.minutes_for(0, 0), None);
    assert_eq!(pace.minutes_for(600, 1), None, "a unit is not counted");
    assert_eq!(Pace { since_first: 59, ..pace }.minutes_for(600, 0), None, "no hour yet");
    assert_eq!(Pace { fixed: 9, ..pace }.minutes_for(9, 0), None, "chance");
    assert_eq!(Pace { fixed: 10, ..pace }.minutes_for(600, 0), None, "not within a day");
}

#[test]
fn numbers_that_do_not_fit_are_refused_at_their_field() {
    let form = |in_all: &str, checked: &str, fixed: &str| CountDevices {
        in_all: in_all.into(),
        checked: checked.into(),
        fixed: fixed.into(),
        ..CountDevices::default()
    };
    assert!(form("-1", "", "").read().expect_err("negative").at("in_all").is_some());
    assert!(form("", "1e3", "ten").read().expect_err("no numbers").at("fixed").is_some());
    assert!(form("100001", "", "").read().expect_err("too many").at("in_all").is_some());
    let before = counted(Some(40), 20, 10);
    let onto = |said: Said| said.onto(&before, 0);
    assert_eq!(onto(Said::default()).expect_err("nothing said").0, "in_all");
    assert_eq!(onto(Said { checked: Some(5), ..Said::default() }).expect_err("ten are fixed").0, "checked");
    assert_eq!(onto(Said { fixed: Some(41), ..Said::default() }).expect_err("forty").0, "checked");
    assert_eq!(onto(Said { in_all: Some(19), ..Said::default() }).expect_err("twenty").0, "in_all");
    assert_eq!(onto(Said { fixed: Some(30), ..Said::default() }), Ok(counted(Some(40), 30, 30)));
}

#[test]
fn a_report_says_what_it_lacks() {
    let now = Timestamp::parse_rfc3339("2024-07-19T06:05:00Z").expect("is a time");
    let report = ReportMachine {
        machine: " WS-0412.Harbor ".into(),
        unit: "General/4W".into(),
        class: "workstations".into(),
        state: "fixed".into(),
        at: "2024-07-19T06:00:00Z".into(),
    };
    let read = report.read(now).expect("can be read");
    assert_eq!((read.machine.as_str(), read.unit.as_str()), ("ws-0412.harbor", "general/4w"));
    for (field, wrong) in [
        ("machine", ReportMachine { machine: "<script>".into(), ..report.clone() }),
        ("machine", ReportMachine { machine: "a".repeat(121).into(), ..report.clone() }),
        ("unit", ReportMachine { unit: "".into(), ..report.clone() }),
        ("state", ReportMachine { state: "FIXED!".into(), ..report.clone() }),
        ("at", ReportMachine { at: "2024-07-20T06:00:00Z".into(), ..report.clone() }),
        ("at", ReportMachine { at: "yesterday".into(), ..report.clone() }),
    ] {
        assert!(wrong.read(now).expect_err(field).at(field).is_some(), "{field}");
    }
}

#[test]
fn a_file_says_again_what_is_known_and_refuses_what_lies_nowhere() {
    let (ward, class) = (UnitId(Uuid::from_u128(1)), SystemId(Uuid::from_u128(2)));
    let known = Known {
        units: [(("general".to_owned(), "4w".to_owned()), ward)].into(),
        classes: [("workstations".to_owned(), class)].into(),
        before: [((ward, class), (counted(Some(40), 0, 0), Machines::default()))].into(),
    };
    let read_text = |text: &str| {
        let table = table::read(text.as_bytes(), &Limits::IMPORT).expect("is a table");
        let mapping = Mapping::guess(&table.header, &COLUMNS);
        read(&table.rows, &table.header, &mapping, &known)
    };
    let read = read_text(
        "Site,Ward,Total,Fixed\nGeneral,4W,\"1,040\",12\ngeneral,4w,40,1\nnowhere,4w,1,1\ngeneral,9z,1,1\n\
         general,4w,ten,\n",
    );
    assert_eq!(read.rows[0].counted, counted(Some(1040), 12, 12));
    assert_eq!((read.rows.len(), read.duplicates, read.unchanged), (1, 1, 0));
    let refused: Vec<_> = read.rejects.iter().map(|reject| (reject.row, reject.column.as_str())).collect();
    assert_eq!(refused, [(4, "Site"), (5, "Ward"), (6, "Total")]);
    assert_eq!(read_text("Site,Ward,Total\ngeneral,4w,40\n").unchanged, 1);
}

#[derive(Debug, Clone)]
enum Event {
    Count(Said),
    Machine(usize, MachineState),
}

fn event() -> impl Strategy<Value = Event> {
    let number = || proptest::option::of(0_i64..60);
    let state =
        prop_oneof![Just(MachineState::Checked), Just(MachineState::Fixed), Just(MachineState::BrokenAgain)];
    prop_oneof![
        (number(), number(), number()).prop_map(|(in_all, checked, fixed)| Event::Count(Said {
            in_all,
            checked,
            fixed
        })),
        (0_usize..50, state).prop_map(|(machine, state)| Event::Machine(machine, state)),
    ]
}

proptest! {
    #[test]
    fn fixed_is_within_checked_is_within_all(events in proptest::collection::vec(event(), 0..200)) {
        let (mut counted, mut machines) = (Counted::default(), Machines::default());
        let mut states = [None; 50];
        for event in events {
            match event {
                Event::Count(said) => counted = said.onto(&counted, machines.broken).unwrap_or(counted),
                Event::Machine(machine, state) => {
                    let before = states[machine].replace(state).map_or(Machines::default(), Machines::one);
                    machines = machines.plus(before.negated()).plus(Machines::one(state));
                }
            }
            let standing = Standing::of(&counted, &machines);
            prop_assert!(0 <= standing.fixed && standing.fixed <= standing.checked);
            prop_assert!(standing.checked <= standing.total);
            prop_assert!(standing.fixed >= machines.fixed && standing.beyond() >= 0);
            let fixed = states.iter().filter(|state| **state == Some(MachineState::Fixed)).count();
            prop_assert_eq!(machines.fixed, i64::try_from(fixed).expect("at most fifty"));
            let known = states.iter().flatten().count();
            prop_assert_eq!(machines.known, i64::try_from(known).expect("at most fifty"));
        }
    }
}
