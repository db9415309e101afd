//! Kits of forms that several playbooks share: one file, copied into each playbook that names it.
//!
//! The copy is part of the playbook's fingerprint and frozen with it (rule 14): a kit that is changed later makes
//! another version of the playbook, and never another end of a sheet that is out.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    FormType, Playbook, PlaybookError,
    parse::{Mistake, Path},
};

/// File name and text of the kits that come with the program.
pub const SHIPPED_KITS: [(&str, &str); 1] =
    [("standard.toml", include_str!("../../../../playbooks/kits/standard.toml"))];

/// A kit file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Kit {
    /// The word by which playbooks name it.
    pub key: String,
    pub name: String,
    pub forms: Vec<FormType>,
}

/// The kits that a playbook may name, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kits(BTreeMap<String, Vec<FormType>>);

impl Kits {
    /// Those that come with the program.
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Kits> = LazyLock::new(|| {
            let mut kits = Kits::default();
            for (file, text) in SHIPPED_KITS {
                kits.take(Kit::parse(file, text).expect("a test reads every shipped kit"));
            }
            kits
        });
        &SHIPPED
    }

    /// Takes a kit in; one of the same key is replaced.
    pub fn take(&mut self, kit: Kit) {
        self.0.insert(kit.key, kit.forms);
    }

    /// Takes in the kit of a file.
    ///
    /// # Errors
    /// What is wrong in the file.
    pub fn read(&mut self, file: &str, text: &str) -> Result<(), Vec<PlaybookError>> {
        self.take(Kit::parse(file, text)?);
        Ok(())
    }

    /// Copies the kit that a playbook names behind the playbook's own forms.
    pub(super) fn complete(&self, playbook: &mut Playbook) -> Vec<Mistake> {
        if playbook.kit.is_empty() {
            return Vec::new();
        }
        let Some(forms) = self.0.get(&playbook.kit) else {
            let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
            let expected = format!("The key of a kit: {}; not {:?}.", known.join(", "), playbook.kit);
            return vec![Mistake { path: Path::of("kit"), expected }];
        };
        let own: BTreeSet<String> = playbook.forms.iter().map(|form| form.code.clone()).collect();
        playbook.forms.extend(forms.iter().filter(|form| !own.contains(&form.code)).cloned());
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbooks::{Disposition, Risk, Setting, shipped};

    const SAMPLE: &str = include_str!("sample.toml");

    fn sample(kit: &str, more: &str) -> Result<Playbook, Vec<PlaybookError>> {
        let text = SAMPLE.replacen("version = 1", &format!("version = 1\nkit = {kit:?}"), 1);
        Playbook::parse("sample.toml", &format!("{text}\n{more}"))
    }

    #[test]
    fn every_shipped_kit_is_without_mistakes_and_every_shipped_playbook_has_one() {
        for (file, text) in SHIPPED_KITS {
            let kit = Kit::parse(file, text).unwrap_or_else(|errors| panic!("{errors:#?}"));
            assert_eq!(format!("{}.toml", kit.key), file);
        }
        for playbook in shipped() {
            assert!(playbook.forms.len() >= 40, "{} has {} forms", playbook.key, playbook.forms.len());
            for code in ["REG", "ADT", "ALL", "ORD", "MAR", "BLD", "LAB", "IMG", "FLO", "NOTE", "OPR", "CSR"]
            {
                assert!(playbook.form_type(code).is_some(), "{} has no {code}", playbook.key);
            }
        }
    }

    #[test]
    fn every_setting_has_forms_and_what_can_harm_is_checked_in_full() {
        let kit = Kit::parse("standard.toml", SHIPPED_KITS[0].1).expect("is good");
        for setting in Setting::ALL {
            let own = kit.forms.iter().filter(|form| form.settings.contains(&setting)).count();
            assert!(own >= 3, "{} has {own} forms", setting.words());
        }
        for code in ["ALL", "MAR", "BLD", "IMPL", "CHEM", "INF", "ADT"] {
            let form = kit.forms.iter().find(|form| form.code == code).expect("is in the kit");
            assert_eq!((form.risk, form.checked_percent()), (Risk::High, 100), "{code}");
        }
    }

    /// Clinics type in nothing but orders for patients who are admitted; after two weeks a request is only scanned.
    #[test]
    fn the_ends_follow_the_place_and_the_length() {
        let kit = Kit::parse("standard.toml", SHIPPED_KITS[0].1).expect("is good");
        let end = |code: &str, setting, hours| {
            kit.forms.iter().find(|form| form.code == code).expect("is in the kit").end(Some(setting), hours)
        };
        assert_eq!(end("ORD", Setting::Clinic, 4), Disposition::ScanOnly);
        assert_eq!(end("ADM", Setting::Clinic, 4), Disposition::BackEnter);
        assert_eq!(end("ORD", Setting::Inpatient, 4), Disposition::BackEnter);
        assert_eq!(end("LAB", Setting::Inpatient, 335), Disposition::BackEnter);
        assert_eq!(end("LAB", Setting::Inpatient, 336), Disposition::ScanOnly);
        assert_eq!(end("ALL", Setting::Inpatient, 9_999), Disposition::BackEnter);
    }

    #[test]
    fn a_playbooks_own_form_holds_instead_of_the_kits_and_is_frozen_with_it() {
        let playbook = sample("standard", "").expect("is good");
        assert_eq!(playbook.forms.iter().filter(|form| form.code == "MAR").count(), 1);
        assert_eq!(playbook.forms[0].code, "MAR", "its own come first");
        let frozen: Playbook = serde_json::from_str(&playbook.canonical()).expect("reads back");
        assert_eq!(frozen, playbook, "a frozen playbook needs no kit file any more");
        assert_ne!(
            playbook.fingerprint(),
            Playbook::parse("sample.toml", SAMPLE).expect("is good").fingerprint()
        );
    }

    #[test]
    fn a_kit_that_is_not_there_and_a_form_that_does_not_fit_are_said_with_their_place() {
        let errors = sample("nursing", "").expect_err("is refused");
        assert_eq!(
            (errors[0].field.as_str(), errors[0].line),
            ("kit", SAMPLE.lines().position(|line| line == "version = 1").expect("is there") + 2)
        );
        assert!(errors[0].expected.contains("standard"), "{}", errors[0].expected);
        let wide = SHIPPED_KITS[0].1.replacen("columns = [\"Time\"", "columns = [\"\", \"Time\"", 1);
        let errors = Kit::parse("standard.toml", &wide).expect_err("is refused");
        assert!(errors[0].field.contains(".columns[1]"), "{}", errors[0]);
    }
}
