//! What every playbook starts from.

use crate::playbooks::{CancellationRule, CancellationWindow, CancelledKinds, KeepRule, Narrowing, SafeBy};

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
        only: Narrowing::default(),
        reason_code: "it-downtime".into(),
        safe_by: vec![safe_by("P2", 28), safe_by("P3", 84), safe_by("P4", 182)],
    }
}
