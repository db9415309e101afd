//! Deciding over a day's booked rows by a rule that is data: the rule says what goes ahead, the first keep rule
//! that fits is named on each row, and the rest is cancelled.
//!
//! kept + cancelled + undecided = rows in the window, always (rule 6). A row whose priority no scheme explains is
//! never decided by a rule: a person decides it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    cases::Decided,
    id::{CaseId, FacilityId},
    playbooks::{CancellationRule, CancellationWindow, CancelledKinds, KeepRule, SafeBy},
    schedule::{Kind, Priority},
    scope::{Place, Places},
    time::{Timestamp, Zone},
};

/// Which rows a decision reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    /// The civil day at each facility.
    pub day: String,
    /// Only rows that begin at or after this instant.
    pub from: Option<Timestamp>,
    pub place: Place,
    pub kinds: Vec<Kind>,
}

impl Window {
    /// The window of a rule, for a civil day or for the day that the rule means.
    pub fn of(rule: &CancellationRule, day: Option<Date>, place: Place, now: Timestamp, zone: &Zone) -> Self {
        let today = zone.civil_date(now);
        let own = match rule.window {
            CancellationWindow::NextDay => today.tomorrow().unwrap_or(today),
            CancellationWindow::DeclaredDay | CancellationWindow::RestOfDay => today,
        };
        Self {
            day: day.unwrap_or(own).to_string(),
            from: (rule.window == CancellationWindow::RestOfDay).then_some(now),
            place,
            kinds: match rule.cancels {
                CancelledKinds::ProceduresAndVisits => Kind::ALL.to_vec(),
                CancelledKinds::Procedures => vec![Kind::Procedure],
                CancelledKinds::Visits => vec![Kind::Visit],
            },
        }
    }

    /// Whether a row lies in it.
    pub fn reaches(&self, row: &Row, places: &Places) -> bool {
        self.day == row.day
            && self.from.is_none_or(|from| row.start >= from)
            && self.kinds.contains(&row.kind)
            && places.contains(self.place, Place::Facility(row.facility))
    }
}

/// What a decision sees of a row; nothing of the patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub case: CaseId,
    pub kind: Kind,
    pub facility: FacilityId,
    pub start: Timestamp,
    /// The civil day at the facility, as `2024-07-19`.
    pub day: String,
    pub priority: Priority,
    pub classes: Vec<String>,
    /// What was decided before; such a row stands as it is.
    pub decided: Decided,
}

/// What a rule says of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<'a> {
    Keep(&'a KeepRule),
    Cancel,
    /// The priority cannot be read; a person decides.
    Undecided,
}

/// What the rule says: the first keep rule that fits, else cancel.
pub fn verdict<'a>(rule: &'a CancellationRule, row: &Row) -> Verdict<'a> {
    if let Some(keep) = rule.keep.iter().find(|keep| fits(keep, row)) {
        return Verdict::Keep(keep);
    }
    match row.priority {
        Priority::Unclear(_) => Verdict::Undecided,
        Priority::None | Priority::Known(_) => Verdict::Cancel,
    }
}

fn fits(keep: &KeepRule, row: &Row) -> bool {
    let by_class = keep.classes.iter().any(|class| row.classes.contains(&class.to_lowercase()));
    let by_triage = match &row.priority {
        Priority::Known(triage) => triage.is_one_of(&keep.scheme, &keep.values),
        Priority::None | Priority::Unclear(_) => false,
    };
    by_class || by_triage
}

/// One row's outcome, to be staged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub case: CaseId,
    pub decided: Decided,
    /// The key of the keep rule, or the decision's rule for what it cancels.
    pub by: String,
    pub safe_by: Option<Date>,
}

/// Kept, cancelled and undecided of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Count {
    pub rows: i64,
    pub kept: i64,
    pub cancelled: i64,
    pub undecided: i64,
}

impl Count {
    fn add(&mut self, decided: Decided) {
        self.rows += 1;
        match decided {
            Decided::Kept => self.kept += 1,
            Decided::Cancelled => self.cancelled += 1,
            Decided::Undecided | Decided::No => self.undecided += 1,
        }
    }
}

/// What a decision would do, or did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    pub all: Count,
    pub procedures: Count,
    pub visits: Count,
    /// Rows kept by each keep rule's key.
    pub kept_by: BTreeMap<String, i64>,
    /// Rows that were decided before and stand as they are.
    pub stood: i64,
}

/// Runs a rule over the rows: what changes, and the totals over the whole window.
pub fn preview<'a>(
    rule: &CancellationRule,
    window: &Window,
    rows: impl IntoIterator<Item = &'a Row>,
    places: &Places,
) -> (Vec<Outcome>, Totals) {
    let mut totals = Totals::default();
    let mut outcomes = Vec::new();
    for row in rows.into_iter().filter(|row| window.reaches(row, places)) {
        let outcome = outcome(rule, row);
        let decided = outcome.as_ref().map_or(row.decided, |outcome| outcome.decided);
        totals.all.add(decided);
        match row.kind {
            Kind::Procedure => totals.procedures.add(decided),
            Kind::Visit => totals.visits.add(decided),
        }
        match outcome {
            None => totals.stood += 1,
            Some(outcome) => {
                if outcome.decided == Decided::Kept {
                    *totals.kept_by.entry(outcome.by.clone()).or_default() += 1;
                }
                outcomes.push(outcome);
            }
        }
    }
    (outcomes, totals)
}

fn outcome(rule: &CancellationRule, row: &Row) -> Option<Outcome> {
    if matches!(row.decided, Decided::Kept | Decided::Cancelled) {
        return None;
    }
    let (decided, by) = match verdict(rule, row) {
        Verdict::Keep(keep) => (Decided::Kept, keep.key.clone()),
        Verdict::Cancel => (Decided::Cancelled, rule.key.clone()),
        Verdict::Undecided => (Decided::Undecided, "priority-unclear".to_owned()),
    };
    Some(Outcome { case: row.case, decided, by, safe_by: safe_by(row, &rule.safe_by) })
}

/// The safe-by date that a row's priority gives it.
pub fn safe_by(row: &Row, intervals: &[SafeBy]) -> Option<Date> {
    let Priority::Known(triage) = &row.priority else { return None };
    crate::triage::safe_by(triage, intervals, row.day.parse().ok()?)
}

/// The rule of an incident without a playbook: the day's elective and non-urgent care, with the keep list that
/// every playbook starts from.
pub fn standard() -> CancellationRule {
    let by_class = |key: &str, label: &str, classes: &[&str]| KeepRule {
        key: key.into(),
        label: label.into(),
        scheme: String::new(),
        values: Vec::new(),
        classes: classes.iter().map(ToString::to_string).collect(),
    };
    let by_triage = |key: &str, label: &str, scheme: &str, values: &[&str]| KeepRule {
        key: key.into(),
        label: label.into(),
        scheme: scheme.into(),
        values: values.iter().map(ToString::to_string).collect(),
        classes: Vec::new(),
    };
    let safe_by = |value: &str, days| SafeBy { scheme: "fssa".into(), value: value.into(), days };
    CancellationRule {
        key: "elective-and-non-urgent".into(),
        name: "Cancel all elective and non-urgent care of the day".into(),
        window: CancellationWindow::DeclaredDay,
        cancels: CancelledKinds::ProceduresAndVisits,
        keep: vec![
            by_triage("p1", "P1a and P1b: within 72 hours", "fssa", &["P1a", "P1b"]),
            by_triage("esas-3", "ESAS 3a and 3b: do not postpone", "esas", &["3a", "3b"]),
            by_class("dialysis", "Dialysis", &["dialysis"]),
            by_class("infusion", "Chemotherapy and infusion", &["infusion", "chemotherapy"]),
            by_class("radiotherapy", "Radiotherapy in course", &["radiotherapy"]),
            by_class("obstetric", "Obstetric", &["obstetric"]),
        ],
        reason_code: "it-downtime".into(),
        safe_by: vec![safe_by("P2", 28), safe_by("P3", 84), safe_by("P4", 182)],
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn row(scheme: &str, value: &str, classes: &[&str], decided: Decided) -> Row {
        Row {
            case: CaseId(Uuid::from_u128(1)),
            kind: Kind::Procedure,
            facility: FacilityId(Uuid::from_u128(2)),
            start: Timestamp::parse_rfc3339("2024-07-19T12:00:00Z").unwrap(),
            day: "2024-07-19".into(),
            priority: Priority::from_parts(scheme, value),
            classes: classes.iter().map(ToString::to_string).collect(),
            decided,
        }
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

    #[test]
    fn a_row_of_another_day_kind_or_place_is_not_reached() {
        let (window, places) = (window(), places());
        let inside = row("", "", &[], Decided::No);
        assert!(window.reaches(&inside, &places));
        assert!(!window.reaches(&Row { day: "2024-07-20".into(), ..inside.clone() }, &places));
        let visits = Window { kinds: vec![Kind::Visit], ..window.clone() };
        assert!(!visits.reaches(&inside, &places));
        let elsewhere = Window { place: Place::Facility(FacilityId(Uuid::from_u128(9))), ..window.clone() };
        assert!(!elsewhere.reaches(&inside, &places));
        let later = Window { from: Some(inside.start.plus_minutes(1)), ..window };
        assert!(!later.reaches(&inside, &places));
    }

    proptest! {
        #[test]
        fn kept_and_cancelled_and_undecided_are_the_rows_in_the_window(rows in proptest::collection::vec(
            ("(esas|fssa|imaging|unclear|)", "(1a|P1a|3b|P4|Q|)", 0..3_usize, 0..4_usize, any::<bool>(), any::<bool>()),
            0..60,
        )) {
            let rows: Vec<Row> = rows.into_iter().map(|(scheme, value, class, decided, visit, other_day)| Row {
                kind: if visit { Kind::Visit } else { Kind::Procedure },
                day: if other_day { "2024-07-20".into() } else { "2024-07-19".into() },
                ..row(&scheme, &value, &[["dialysis", "obstetric", ""][class]], Decided::ALL[decided])
            }).collect();
            let (outcomes, totals) = preview(&standard(), &window(), &rows, &places());
            let inside = rows.iter().filter(|row| row.day == "2024-07-19").count();
            prop_assert_eq!(totals.all.rows, i64::try_from(inside).unwrap());
            for count in [totals.all, totals.procedures, totals.visits] {
                prop_assert_eq!(count.rows, count.kept + count.cancelled + count.undecided);
            }
            prop_assert_eq!(totals.all.rows, totals.procedures.rows + totals.visits.rows);
            prop_assert_eq!(i64::try_from(outcomes.len()).unwrap() + totals.stood, totals.all.rows);
            let before = |decided| rows.iter().filter(|row| row.day == "2024-07-19" && row.decided == decided).count();
            prop_assert!(totals.all.kept >= i64::try_from(before(Decided::Kept)).unwrap(), "what stood stands");
        }
    }
}
