//! The form kit by setting: which forms a unit works with, what becomes of each, and what is typed in first.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    id::IncidentId,
    playbooks::{Disposition, FormType, Setting},
};

/// The catalogue of an incident's forms.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CatalogueView {
    pub incident: IncidentId,
    /// `57 kinds of form: 27 typed in, 20 scanned, 10 kept`
    pub title: String,
    /// The playbook whose kit it is; empty when the incident was declared from nothing.
    pub playbook: String,
    pub settings: Vec<CatalogueSetting>,
}

/// The forms of one setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogueSetting {
    /// Code of the setting; empty for forms that are used everywhere.
    pub code: String,
    pub name: String,
    pub forms: Vec<CatalogueLine>,
}

/// One kind of form in one setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogueLine {
    pub code: String,
    pub name: String,
    /// What becomes of a sheet used here, in words, and from when on something else does.
    pub end: String,
    /// Share of entered sheets that a second person checks; none where nobody types them in.
    pub checked_percent: Option<i64>,
    pub priority: i64,
    /// Codes of the forms of the same patient that are typed in before.
    pub after: Vec<String>,
    /// How many there must be, in words.
    pub expected: Vec<String>,
    pub par: i64,
    /// It says where the patient is.
    pub location: bool,
}

/// The forms by setting, those that are used everywhere last; what is typed in first stands first.
pub fn by_setting(forms: &[FormType]) -> Vec<CatalogueSetting> {
    let mut ordered: Vec<&FormType> = forms.iter().collect();
    ordered.sort_by_key(|form| form.priority);
    let of = |setting: Option<Setting>| {
        let here = |form: &&&FormType| match setting {
            Some(setting) => form.settings.contains(&setting),
            None => form.settings.is_empty(),
        };
        ordered.iter().filter(here).map(|form| line(form, setting)).collect::<Vec<_>>()
    };
    let mut groups: Vec<CatalogueSetting> = Setting::ALL
        .into_iter()
        .map(|setting| CatalogueSetting {
            code: setting.code().to_owned(),
            name: setting.words().to_owned(),
            forms: of(Some(setting)),
        })
        .collect();
    groups.push(CatalogueSetting { code: String::new(), name: "Everywhere".to_owned(), forms: of(None) });
    groups.retain(|group| !group.forms.is_empty());
    groups
}

fn line(form: &FormType, setting: Option<Setting>) -> CatalogueLine {
    let applies = |settings: &[Setting]| {
        settings.is_empty() || setting.is_some_and(|setting| settings.contains(&setting))
    };
    let first = form.end(setting, 0);
    let mut end = first.words().to_owned();
    let mut last = first;
    for rule in form.exceptions.iter().filter(|rule| rule.after_hours > 0 && applies(&rule.settings)) {
        let then = form.end(setting, rule.after_hours);
        if then != last {
            end = format!("{end}; from {} hours on {}", rule.after_hours, then.words());
            last = then;
        }
    }
    let expected = form.expected.iter().filter(|each| applies(&each.settings));
    CatalogueLine {
        code: form.code.clone(),
        name: form.name.clone(),
        end,
        checked_percent: (first == Disposition::BackEnter).then(|| form.checked_percent()),
        priority: form.priority,
        after: form.depends_on.clone(),
        expected: expected.map(|each| format!("{} for each {}", each.sheets, each.each.words())).collect(),
        par: form.par_per_unit,
        location: form.location,
    }
}

/// What the page says first.
pub fn title(forms: &[FormType]) -> String {
    let number = |end: Disposition| forms.iter().filter(|form| form.disposition == end).count();
    match forms.len() {
        0 => "This incident's playbook names no forms".to_owned(),
        all => format!(
            "{all} {} of form: {} typed in, {} scanned, {} kept",
            if all == 1 { "kind" } else { "kinds" },
            number(Disposition::BackEnter),
            number(Disposition::ScanOnly),
            number(Disposition::Keep),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbooks::shipped;

    #[test]
    fn each_setting_says_its_own_end() {
        let playbook = shipped().remove(0);
        let groups = by_setting(&playbook.forms);
        let end = |setting: &str, code: &str| {
            let group = groups.iter().find(|group| group.code == setting).expect("has forms");
            group.forms.iter().find(|form| form.code == code).expect("is used there").clone()
        };
        let (ward, clinic) = (end("inpatient", "LAB"), end("clinic", "LAB"));
        assert_eq!(ward.end, "typed in, then scanned; from 336 hours on scanned");
        assert_eq!((clinic.end.as_str(), clinic.checked_percent), ("scanned", None));
        assert_eq!(end("inpatient", "MAR").expected, ["1 for each patient and day"]);
        assert_eq!(groups.last().map(|group| group.name.as_str()), Some("Everywhere"));
        let priorities: Vec<i64> = groups[0].forms.iter().map(|form| form.priority).collect();
        assert!(priorities.is_sorted(), "{priorities:?}");
    }
}
