//! Which forms there must be for the patients that were there: the census times the kit's rules.

use std::collections::BTreeMap;

use crate::{
    id::UnitId,
    playbooks::{FormType, Occasion, Setting},
};

/// How often something happened in a unit, over all days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Census {
    pub unit: UnitId,
    /// `None` when nobody has said what the unit does; then only forms that are expected everywhere count.
    pub setting: Option<Setting>,
    pub occasion: Occasion,
    pub number: i64,
}

/// How many sheets of a form a unit must have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    pub unit: UnitId,
    pub form_type: String,
    pub expected: i64,
}

/// Every unit and form of which at least one sheet must be there.
pub fn matrix(census: &[Census], forms: &[FormType]) -> Vec<Cell> {
    let mut cells: BTreeMap<(UnitId, &str), i64> = BTreeMap::new();
    for line in census.iter().filter(|line| line.number > 0) {
        for form in forms.iter().filter(|form| is_used(form, line.setting)) {
            let rules = form.expected.iter().filter(|rule| rule.each == line.occasion);
            let rules = rules.filter(|rule| {
                rule.settings.is_empty()
                    || line.setting.is_some_and(|setting| rule.settings.contains(&setting))
            });
            let sheets: i64 = rules.map(|rule| rule.sheets).sum();
            if sheets > 0 {
                *cells.entry((line.unit, &form.code)).or_default() += sheets.saturating_mul(line.number);
            }
        }
    }
    cells
        .into_iter()
        .map(|((unit, code), expected)| Cell { unit, form_type: code.to_owned(), expected })
        .collect()
}

fn is_used(form: &FormType, setting: Option<Setting>) -> bool {
    form.settings.is_empty() || setting.is_some_and(|setting| form.is_used_in(setting))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::playbooks::shipped;

    fn unit(number: u128) -> UnitId {
        UnitId(Uuid::from_u128(number))
    }

    fn of(census: &[Census]) -> BTreeMap<String, i64> {
        static FORMS: LazyLock<Vec<FormType>> = LazyLock::new(|| shipped().remove(0).forms);
        matrix(census, &FORMS).into_iter().map(|cell| (cell.form_type, cell.expected)).collect()
    }

    #[test]
    fn a_patient_day_on_a_ward_needs_its_forms_and_a_clinic_needs_others() {
        let ward = Census {
            unit: unit(1),
            setting: Some(Setting::Inpatient),
            occasion: Occasion::PatientDay,
            number: 26,
        };
        let cells = of(&[ward]);
        for code in ["MAR", "FLO", "NOTE"] {
            assert_eq!(cells.get(code), Some(&26), "{code}");
        }
        let intensive = Census { setting: Some(Setting::IntensiveCare), number: 10, ..ward };
        assert_eq!(of(&[intensive]).get("FLO"), Some(&20), "two a day in intensive care");
        let clinic = Census { setting: Some(Setting::Clinic), occasion: Occasion::Visit, ..ward };
        let cells = of(&[clinic]);
        assert_eq!((cells.get("VIS"), cells.get("MAR")), (Some(&26), None));
    }

    #[test]
    fn a_unit_of_which_nobody_said_what_it_does_is_asked_for_nothing_of_a_setting() {
        let unknown = Census { unit: unit(1), setting: None, occasion: Occasion::PatientDay, number: 5 };
        assert!(of(&[unknown]).is_empty(), "{:?}", of(&[unknown]));
    }

    proptest! {
        /// Two days together need what each of them needs.
        #[test]
        fn days_add_up(one in 0_i64..500, other in 0_i64..500) {
            let day = |number| Census { unit: unit(1), setting: Some(Setting::Emergency), occasion: Occasion::Arrival, number };
            prop_assert_eq!(of(&[day(one), day(other)]), of(&[day(one + other)]));
        }
    }
}
