//! Sampling and the order of typing in, over any lots and any sheets.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    actor::Role,
    field::FieldErrors,
    forms::{Act, Serial, tables::told_apart},
    id::{AccountId, FormId, UnitId},
    playbooks::{FormType, Risk},
};

/// What happens to a lot.
#[derive(Debug, Clone, Copy)]
enum Step {
    Enter {
        ticket: u16,
    },
    /// Somebody looks at the sheet of this rank, drawn or not.
    Check {
        which: usize,
        is_error: bool,
    },
    /// A reported difference was none.
    Clear {
        which: usize,
    },
}

#[derive(Debug, Clone, Copy)]
struct Paper {
    ticket: u16,
    drawn: bool,
    checked: bool,
    error: bool,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<u16>().prop_map(|ticket| Step::Enter { ticket }),
        2 => (any::<usize>(), prop::bool::weighted(0.1)).prop_map(|(which, is_error)| Step::Check { which, is_error }),
        1 => any::<usize>().prop_map(|which| Step::Clear { which }),
    ]
}

/// As the store does it: the lowest tickets of those that are not drawn and not looked at.
fn draw(lot: &mut Lot, papers: &mut [Paper]) {
    let mut free: Vec<&mut Paper> =
        papers.iter_mut().filter(|paper| !paper.drawn && !paper.checked).collect();
    free.sort_by_key(|paper| paper.ticket);
    for paper in free.into_iter().take(usize::try_from(lot.due()).unwrap_or(0)) {
        paper.drawn = true;
        lot.drawn += 1;
    }
}

proptest! {
    /// The sample is never smaller than the ceiling of the share, and after a turn nobody of the lot ends unchecked.
    #[test]
    fn a_sample_is_never_too_small_and_a_turned_lot_is_checked_in_full(
        share in 0..=100_i64,
        limit in 0..=100_i64,
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let (mut lot, mut papers) = (Lot::new(share, limit), Vec::<Paper>::new());
        let mut turned = false;
        for step in steps {
            match step {
                Step::Enter { ticket } => {
                    papers.push(Paper { ticket, drawn: false, checked: false, error: false });
                    lot.entered += 1;
                }
                Step::Check { which, is_error } if !papers.is_empty() => {
                    let count = papers.len();
                    let paper = &mut papers[which % count];
                    if !paper.checked {
                        paper.checked = true;
                        paper.error = is_error;
                        lot.check(paper.drawn, is_error);
                    }
                }
                Step::Clear { which } if !papers.is_empty() => {
                    let count = papers.len();
                    let paper = &mut papers[which % count];
                    if std::mem::take(&mut paper.error) {
                        lot.clear_error();
                    }
                }
                Step::Check { .. } | Step::Clear { .. } => {}
            }
            draw(&mut lot, &mut papers);
            prop_assert!(lot.turned || !turned, "a lot that has turned stays so");
            turned = lot.turned;
            let count = |is: fn(&Paper) -> bool| i64::try_from(papers.iter().filter(|paper| is(paper)).count()).expect("few");
            let sample = (share * lot.entered + 99).div_euclid(100);
            prop_assert!(count(|paper| paper.drawn || paper.checked) >= sample);
            prop_assert!(lot.drawn == count(|paper| paper.drawn));
            if lot.turned {
                prop_assert_eq!(count(|paper| !paper.drawn && !paper.checked), 0);
            }
            prop_assert!(lot.errors * 100 <= limit * lot.checked || lot.turned);
            prop_assert_eq!(lot.errors, count(|paper| paper.error));
        }
    }

    /// Of all open sheets at least one waits for none, and whoever follows the names comes to one: everything can be
    /// typed in, and never before what it waits for.
    #[test]
    fn everything_can_be_typed_in_and_never_too_early(
        edges in prop::collection::vec((0..6_usize, 0..6_usize), 0..12),
        sheets in prop::collection::vec((0..6_usize, 0..3_u8, 0..2_u8, prop::option::of(0..5_i64)), 1..30),
    ) {
        let kit = kit(&edges);
        let order = Order::of(&kit);
        let mut tasks: Vec<Task> = (0_u128..).zip(sheets).map(|(id, (kind, patient, unit, hour))| {
            let code = format!("T{kind}");
            let several = patient == 0 && !order.waits_for_any(&code);
            Task {
                form: FormId(Uuid::from_u128(id)),
                form_type: code,
                unit: UnitId(Uuid::from_u128(unit.into())),
                whose: if several { Whose::Several } else { Whose::One(Uuid::from_u128(patient.into())) },
                event_at: hour.map(|hour| Timestamp::from_seconds(hour * 3600)),
                progress: Progress::Ready,
                released: false,
            }
        }).collect();
        while let Some(open) = tasks.iter().find(|task| task.progress == Progress::Ready) {
            let (mut next, mut steps) = (open, 0);
            while let Some(before) = order.first_before(next, &tasks) {
                prop_assert!(order.waits(&next.form_type, &before.form_type));
                next = before;
                steps += 1;
                prop_assert!(steps <= tasks.len(), "the names lead in a circle");
            }
            let form = next.form;
            for task in &mut tasks {
                if task.form == form {
                    task.progress = Progress::Entered;
                }
            }
        }
    }
}

/// Types T0 to T5; an edge that would close a circle points the other way.
fn kit(edges: &[(usize, usize)]) -> Vec<FormType> {
    let mut kit: Vec<FormType> = (0..6).map(|number| form_type(&format!("T{number}"), &[])).collect();
    for (one, other) in edges {
        let (earlier, later) = (one.min(other), one.max(other));
        if earlier != later {
            kit[*later].depends_on.push(format!("T{earlier}"));
        }
    }
    kit
}

fn form_type(code: &str, depends_on: &[&str]) -> FormType {
    FormType {
        code: code.to_owned(),
        name: code.to_owned(),
        disposition: crate::playbooks::Disposition::BackEnter,
        sample_percent: 10,
        serial_prefix: code.to_owned(),
        par_per_unit: 1,
        settings: vec![],
        exceptions: vec![],
        risk: Risk::Usual,
        priority: 5,
        depends_on: depends_on.iter().map(|code| (*code).to_owned()).collect(),
        error_percent: 5,
        expected: vec![],
        need: vec![],
        location: false,
        fields: vec![],
        columns: vec![],
    }
}

fn ward() -> (Order, Task, Task) {
    let kit = [form_type("REG", &[]), form_type("ORD", &["REG"]), form_type("MAR", &["ORD"])];
    let task = |id: u128, code: &str, hour: i64| Task {
        form: FormId(Uuid::from_u128(id)),
        form_type: code.to_owned(),
        unit: UnitId(Uuid::from_u128(1)),
        whose: Whose::One(Uuid::from_u128(7)),
        event_at: Some(Timestamp::from_seconds(hour * 3600)),
        progress: Progress::Ready,
        released: false,
    };
    (Order::of(&kit), task(1, "ORD", 2), task(2, "MAR", 3))
}

#[test]
fn a_dose_waits_for_the_order_of_the_same_patient_that_was_not_later() {
    let (order, ordered, dose) = ward();
    assert!(order.holds_back(&dose, &ordered));
    assert!(!order.holds_back(&ordered, &dose));
    let at = |hour: i64| Some(Timestamp::from_seconds(hour * 3600));
    assert!(order.holds_back(&dose, &Task { event_at: at(3), ..ordered.clone() }), "at the same time");
    assert!(!order.holds_back(&dose, &Task { event_at: at(4), ..ordered.clone() }), "a later order");
    assert!(order.holds_back(&dose, &Task { event_at: None, ..ordered.clone() }), "nobody knows when");
    let other = Whose::One(Uuid::from_u128(8));
    assert!(!order.holds_back(&dose, &Task { whose: other, ..ordered.clone() }));
    assert!(!order.holds_back(&dose, &Task { released: true, ..ordered.clone() }));
    assert!(order.holds_back(&dose, &Task { progress: Progress::Missing, ..ordered.clone() }));
    assert!(!order.holds_back(&dose, &Task { progress: Progress::ToCheck, ..ordered }), "it is typed in");
}

#[test]
fn a_dose_waits_for_registration_also_where_no_order_is_known() {
    let (order, ordered, dose) = ward();
    let registered = Task { form_type: "REG".into(), ..ordered.clone() };
    assert!(order.holds_back(&dose, &registered));
    assert_eq!(
        order.first_before(&dose, [&ordered, &registered]),
        Some(&registered),
        "what comes first of all"
    );
}

#[test]
fn a_log_of_several_patients_holds_back_its_unit_and_waits_for_nothing() {
    let (order, ordered, dose) = ward();
    let log = Task { whose: Whose::Several, ..ordered.clone() };
    assert!(order.holds_back(&dose, &log));
    assert!(!order.holds_back(&dose, &Task { unit: UnitId(Uuid::from_u128(2)), ..log }));
    assert!(!order.holds_back(&dose, &Task { whose: Whose::Unknown, ..ordered }), "nobody knows whose it is");
}

#[test]
fn exactly_at_the_limit_is_not_passed() {
    let mut lot = Lot { entered: 100, drawn: 20, ..Lot::new(20, 5) };
    for _ in 0..19 {
        lot.check(true, false);
    }
    lot.check(true, true);
    assert_eq!((lot.checked, lot.errors, lot.turned), (20, 1, false), "one in twenty is five in a hundred");
    lot.check(true, true);
    assert!(lot.turned);
    assert_eq!(lot.due(), 80);
}

#[test]
fn a_good_check_beside_the_sample_thins_no_error_rate() {
    let mut lot = Lot { entered: 100, drawn: 10, ..Lot::new(10, 5) };
    for _ in 0..50 {
        lot.check(false, false);
    }
    assert_eq!(lot.checked, 0);
    lot.check(false, true);
    assert!(lot.turned, "an error counts wherever it is found");
}

#[test]
fn only_who_had_no_part_in_it_settles_a_difference() {
    let person = |number: u128| AccountId(Uuid::from_u128(number));
    let used = Sheet::found(Disposition::BackEnter);
    let entered = used.after(Act::Enter { to_check: true }, person(1)).expect("is used");
    let disputed = entered.after(Act::Dispute, person(2)).expect("is another");
    for (by, may) in [(1, false), (2, false), (3, true)] {
        assert_eq!(may_settle(&disputed, &[person(2)], person(by)).is_ok(), may, "{by}");
    }
    assert!(disputed.after(Act::Uphold, person(1)).is_err(), "also the sheet itself refuses who typed it in");
    let upheld = disputed.after(Act::Uphold, person(3)).expect("is a third");
    assert_eq!(Progress::of(&upheld, Whose::Unknown), Some(Progress::Verified));
    let void = disputed.after(Act::Withdraw, person(3)).expect("is a third");
    assert_eq!((void.state, Progress::of(&void, Whose::Unknown)), (State::Voided, Some(Progress::Void)));
    assert!(entered.after(Act::Uphold, person(3)).is_err(), "nobody has disputed it");
}

#[test]
fn a_list_of_sheets_is_read_line_by_line_and_a_name_is_no_number() {
    let serial = crate::forms::Serial::new("general", "icu", "MAR", 1001).to_string();
    let lines =
        format!("{serial}, 00-12 a, 2024-07-19 02:05\n\n{serial}; several\nno serial, 1\n{serial}\tSmith");
    let errors = Prepare { lines: lines.into(), ..Prepare::default() }.read().expect_err("is wrong");
    let said = &errors.0["lines"];
    assert!(said[0].starts_with("Line 3: ") && said[1].starts_with("Line 4: "), "{said:?}");
    assert!(said[2].contains("twice"), "{said:?}");
    let read = Prepare { serial: serial.into(), patient: " 00-12 a".into(), ..Prepare::default() }.read();
    assert_eq!(read.expect("is right")[0].reference, Reference::Number("00-12A".into()));
}

#[test]
fn the_time_of_care_is_neither_still_to_come_nor_long_before() {
    let zone = Zone::utc();
    let at = |text: &str| zone.parse(text).expect("is a time");
    let (now, began) = (at("2024-07-20 08:00"), at("2024-07-19 01:00"));
    let read = |text| care_time(text, &zone, now, began);
    assert_eq!(read("2024-07-19 02:05"), Ok(Some(at("2024-07-19 02:05"))));
    assert_eq!(read(""), Ok(None));
    assert!(read("2024-07-20 09:00").is_err() && read("2023-07-19 02:05").is_err() && read("02:05").is_err());
}

#[test]
fn what_is_named_is_told_apart_and_read_back() {
    told_apart(&Progress::ALL, Progress::code, Progress::from_code, Progress::words);
    told_apart(&Kind::ALL, Kind::code, Kind::from_code, Kind::words);
    told_apart(&Ending::ALL, Ending::code, Ending::from_code, Ending::words);
}

/// How far the task of every sheet is: of one whose patient is known, and of one whose is not.
#[test]
fn the_task_of_every_sheet() {
    let (typed_in, filed) = (Disposition::BackEnter, Disposition::ScanOnly);
    let rows = [
        (State::Out, typed_in, false, "", ""),
        (State::Blank, typed_in, false, "void", "void"),
        (State::Voided, typed_in, false, "void", "void"),
        (State::Missing, typed_in, false, "missing", ""),
        (State::Used, typed_in, false, "ready", "to_prepare"),
        (State::Used, typed_in, true, "ready", "to_prepare"),
        (State::Used, filed, false, "", ""),
        (State::Used, Disposition::Keep, false, "", ""),
        (State::Entered, typed_in, false, "entered", "entered"),
        (State::Entered, typed_in, true, "to_check", "to_check"),
        (State::Discrepancy, typed_in, false, "differs", "differs"),
        (State::Verified, typed_in, true, "verified", "verified"),
        (State::Filed, filed, false, "void", "void"),
    ];
    for (state, disposition, to_check, known, unknown) in rows {
        let sheet = Sheet { state, disposition, to_check, entered_by: Vec::new() };
        let of = |whose| Progress::of(&sheet, whose).map_or("", Progress::code);
        assert_eq!((of(Whose::One(Uuid::nil())), of(Whose::Unknown)), (known, unknown), "{sheet:?}");
        assert_eq!(of(Whose::Several), known);
    }
    let holding: Vec<_> = Progress::ALL.into_iter().filter(|progress| progress.holds_back()).collect();
    assert_eq!(holding, [Progress::Ready, Progress::Missing, Progress::Differs]);
}

#[test]
fn a_late_entry_says_when_from_which_form_by_whom_and_for_whom() {
    let zone = Zone::named("America/New_York").expect("is in the database");
    let late = LateEntry {
        event_at: Some(zone.parse("2024-07-19 02:05").expect("is a time")),
        downtime: "Epic down",
        serial: "MAR-01001-K",
        entered_by: "Ann Alder",
        author: "",
    };
    assert_eq!(
        late.words(&zone),
        "Late entry for 2024-07-19 02:05 EDT, downtime Epic down, from paper form MAR-01001-K, entered by Ann Alder \
         for the author named on the form."
    );
}

fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2024-07-19T12:00:00Z").expect("is a time")
}

/// How many sheets were read, or the fields at which something is wrong.
fn prepared(form: &Prepare) -> Result<usize, Vec<&'static str>> {
    let fields = ["serial", "patient", "event_at", "lines"].into_iter();
    let wrong = |errors: FieldErrors| fields.filter(|field| errors.at(field).is_some()).collect();
    form.read().map(|read| read.len()).map_err(wrong)
}

fn serials(many: usize) -> String {
    let line = |number: i64| format!("{}, 0012345\n", Serial::new("general", "4w", "MAR", number));
    (1..).take(many).map(line).collect()
}

#[test]
fn one_sheet_or_a_list_says_whose_they_are() {
    let serial = Serial::new("general", "4w", "MAR", 1).to_string();
    let one = |patient: &str, several: &str| Prepare {
        serial: serial.as_str().into(),
        patient: patient.into(),
        several: several.into(),
        ..Prepare::default()
    };
    assert_eq!(prepared(&one("0012345", "")), Ok(1));
    assert_eq!(prepared(&one("", "yes")), Ok(1));
    assert_eq!(prepared(&one("0012345", "yes")), Err(vec!["patient"]), "one or several, not both");
    assert_eq!(prepared(&Prepare::default()), Err(vec!["serial"]), "nothing was said");
    let serial_alone = Prepare { patient: "0012345".into(), ..Prepare::default() };
    assert_eq!(prepared(&serial_alone), Err(vec!["serial"]), "a patient without a form");
    let list = |many: usize| Prepare { lines: serials(many).as_str().into(), ..Prepare::default() };
    assert_eq!(prepared(&list(MOST_LINES)), Ok(MOST_LINES));
    assert_eq!(prepared(&list(MOST_LINES + 1)), Err(vec!["lines"]));
    let twice = Prepare {
        lines: format!("{serial}, 0012345\n{serial}, 0012345").as_str().into(),
        ..Prepare::default()
    };
    assert_eq!(prepared(&twice), Err(vec!["lines"]));
}

#[test]
fn care_may_be_two_minutes_ahead_and_a_day_before_and_no_more() {
    let zone = Zone::named("America/New_York").expect("is in the database");
    let read = |text: &str, now: &str, began: &str| {
        let at = |text: &str| zone.parse(text).expect("is a time");
        care_time(text, &zone, at(now), at(began)).is_ok()
    };
    assert!(read("2024-07-19 04:02", "2024-07-19 04:00", "2024-07-19 00:40"));
    assert!(!read("2024-07-19 04:03", "2024-07-19 04:00", "2024-07-19 00:40"));
    assert!(read("2024-07-18 00:40", "2024-07-19 04:00", "2024-07-19 00:40"));
    assert!(!read("2024-07-18 00:39", "2024-07-19 04:00", "2024-07-19 00:40"));
}

#[test]
fn what_was_typed_in_is_read_and_names_no_patient() {
    let form = EnterSheet {
        event_at: " 2024-07-19 02:05 ".into(),
        author: "Dr. Rosa Lind".into(),
        reference: "E-17".into(),
        ..EnterSheet::default()
    };
    let read = Entering {
        event_at: "2024-07-19 02:05".into(),
        author: "Dr. Rosa Lind".into(),
        reference: "E-17".into(),
    };
    assert_eq!(form.read(now()), Ok(read));
    let nobody = EnterSheet::default().read(now()).expect_err("nobody wrote it");
    assert!(nobody.at("author").is_some());
    let named = EnterSheet { author: "MRN 00123456".into(), ..EnterSheet::default() };
    assert!(named.read(now()).expect_err("names a patient").at("author").is_some());
}

#[test]
fn a_check_says_that_it_is_so_or_what_differs() {
    let check = |found: &str, kind: &str, note: &str| {
        Check { found: found.into(), kind: kind.into(), note: note.into(), ..Check::default() }.read(now())
    };
    assert_eq!(check("verified", "", ""), Ok(Verdict::Verified));
    let differs =
        Verdict::Differs { kind: Kind::Illegible, note: "The dose".into(), owner: Role::FormsClerk };
    assert_eq!(check("differs", "illegible", "The dose"), Ok(differs));
    assert!(check("", "illegible", "The dose").expect_err("nothing was found").at("found").is_some());
    assert!(check("differs", "", "The dose").is_err() && check("differs", "illegible", "").is_err());
}

#[test]
fn a_difference_ends_without_an_error_or_voided() {
    let settle =
        |ending: &str| Settle { ending: ending.into(), reason: "Read again".into(), ..Settle::default() };
    assert_eq!(settle("not_an_error").read(now()), Ok((Ending::NotAnError, "Read again".into())));
    assert_eq!(settle("voided").read(now()), Ok((Ending::Voided, "Read again".into())));
    for ending in ["corrected", "", "else"] {
        assert!(settle(ending).read(now()).expect_err("is no such ending").at("ending").is_some());
    }
}

#[test]
fn a_type_has_a_place_when_it_waits_or_is_waited_for() {
    let kit = [
        form_type("REG", &[]),
        form_type("ORD", &["REG"]),
        form_type("MAR", &["ORD"]),
        form_type("LOG", &[]),
    ];
    let order = Order::of(&kit);
    let before = |code| order.before(code).collect::<Vec<_>>();
    assert_eq!((before("MAR"), before("ORD")), (vec!["ORD", "REG"], vec!["REG"]));
    assert!(before("REG").is_empty() && before("none").is_empty());
    let places =
        ["REG", "ORD", "MAR", "LOG"].map(|code| (order.waits_for_any(code), order.has_a_place(code)));
    assert_eq!(places, [(false, true), (true, true), (true, true), (false, false)]);
    let codes = [Whose::Unknown, Whose::One(Uuid::nil()), Whose::Several].map(Whose::code);
    assert_eq!(codes, ["unknown", "one", "several"]);
}

#[test]
fn a_sample_is_the_share_rounded_up() {
    let lot = |entered, drawn| Lot { entered, drawn, ..Lot::new(10, 5) };
    let wanted = [0, 1, 10, 11, 20, 21, 100].map(|entered| lot(entered, 0).wanted());
    assert_eq!(wanted, [0, 1, 1, 2, 2, 3, 10]);
    assert_eq!((lot(100, 4).due(), lot(100, 10).due(), lot(100, 12).due()), (6, 0, 0));
    assert_eq!(Lot { turned: true, ..lot(21, 3) }.due(), 18, "a lot that has turned is drawn in full");
}
