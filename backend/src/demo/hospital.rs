//! Harbor Health's sites, groups and units. The health system, its people and their numbers are made up.

use domain::playbooks::Setting;

/// A site: code, name, short name, and how large it is against the others.
pub(super) struct Site {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) short_name: &'static str,
    pub(super) share: usize,
}

const fn site(code: &'static str, name: &'static str, short_name: &'static str, share: usize) -> Site {
    Site { code, name, short_name, share }
}

/// The twelve sites in the order in which pages show them. The shares add up to 100.
pub(super) const SITES: [Site; 12] = [
    site("general", "Harbor General Hospital", "General", 22),
    site("northside", "Northside Hospital", "Northside", 16),
    site("childrens", "Harbor Children's Hospital", "Children's", 11),
    site("womens", "Harbor Women's Hospital", "Women's", 9),
    site("riverbend", "Riverbend Hospital", "Riverbend", 8),
    site("lakeshore", "Lakeshore Hospital", "Lakeshore", 7),
    site("westgate", "Westgate Hospital", "Westgate", 7),
    site("eastbay", "East Bay Hospital", "East Bay", 6),
    site("cape", "Cape Hospital", "Cape", 4),
    site("islands", "Islands Hospital", "Islands", 3),
    site("millbrook", "Millbrook Hospital", "Millbrook", 4),
    site("rehab", "Harbor Rehabilitation Hospital", "Rehab", 3),
];

/// Groups of sites: code, name, the sites' codes.
pub(super) const GROUPS: [(&str, &str, &[&str]); 3] = [
    ("academic", "Academic hospitals", &["general", "northside"]),
    ("specialty", "Specialty hospitals", &["childrens", "womens", "rehab"]),
    (
        "community",
        "Community hospitals",
        &["riverbend", "lakeshore", "westgate", "eastbay", "cape", "islands", "millbrook"],
    ),
];

/// What a unit does, which decides who works there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    Bedside,
    Surgery,
    Clinic,
    Laboratory,
    Imaging,
    Pharmacy,
    Desk,
    Technology,
}

/// A unit of a site.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    /// Position of the site in [`SITES`].
    pub(super) site: usize,
    pub(super) code: String,
    pub(super) name: String,
    pub(super) phone: String,
    pub(super) care: Care,
}

impl Unit {
    /// Where care is given in it.
    pub(super) fn setting(&self) -> Option<Setting> {
        match (self.care, self.code.as_str()) {
            (Care::Bedside, "ed") => Some(Setting::Emergency),
            (Care::Bedside, "icu") => Some(Setting::IntensiveCare),
            (Care::Bedside, _) => Some(Setting::Inpatient),
            (Care::Surgery, _) => Some(Setting::Perioperative),
            (Care::Clinic, _) => Some(Setting::Clinic),
            (Care::Laboratory, _) => Some(Setting::Laboratory),
            (Care::Imaging, _) => Some(Setting::Imaging),
            (Care::Pharmacy, _) => Some(Setting::Pharmacy),
            (Care::Desk, "reg") => Some(Setting::Registration),
            (Care::Desk | Care::Technology, _) => None,
        }
    }

    /// How many beds it has, where patients stay.
    pub(super) fn beds(&self) -> Option<i64> {
        match self.setting()? {
            Setting::IntensiveCare => Some(16),
            Setting::Inpatient => Some(28),
            Setting::Emergency => Some(36),
            _ => None,
        }
    }
}

/// What every site has, the most needed first.
const CORE: [(&str, &str, Care); 10] = [
    ("ed", "Emergency", Care::Bedside),
    ("icu", "Intensive care", Care::Bedside),
    ("or", "Operating rooms", Care::Surgery),
    ("lab", "Laboratory", Care::Laboratory),
    ("reg", "Registration", Care::Desk),
    ("pharm", "Pharmacy", Care::Pharmacy),
    ("img", "Imaging", Care::Imaging),
    ("his", "Health information", Care::Desk),
    ("it", "Information technology", Care::Technology),
    ("dial", "Dialysis and infusion", Care::Clinic),
];

const CLINICS: [&str; 16] = [
    "Primary care",
    "Cardiology",
    "Orthopedics",
    "Eye",
    "Ear, nose and throat",
    "Endocrinology",
    "Gastroenterology",
    "Neurology",
    "Lung",
    "Kidney",
    "Skin",
    "Urology",
    "Rheumatology",
    "Physical therapy",
    "Pre-operative",
    "Wound care",
];

/// Units that even the smallest site has: the first of the core.
const LEAST: usize = 5;

/// `most` units over all sites by their shares; every site has at least the first five of the core.
pub(super) fn units(most: usize) -> Vec<Unit> {
    let counts = shares(most);
    let mut units = Vec::with_capacity(most);
    for (site, count) in counts.into_iter().enumerate() {
        for number in 0..count {
            let (code, name, care) = unit(number);
            let phone = format!("+1{}55501{:02}", 201 + site * 20 + number / 100, number % 100);
            units.push(Unit { site, code, name, phone, care });
        }
    }
    units
}

fn shares(most: usize) -> Vec<usize> {
    let rest = most.saturating_sub(LEAST * SITES.len());
    let mut counts: Vec<_> = SITES.iter().map(|site| LEAST + rest * site.share / 100).collect();
    let given: usize = counts.iter().sum();
    counts[0] += most.saturating_sub(given);
    counts
}

fn unit(number: usize) -> (String, String, Care) {
    if let Some((code, name, care)) = CORE.get(number) {
        return ((*code).to_owned(), (*name).to_owned(), *care);
    }
    let rest = number - CORE.len();
    if rest.is_multiple_of(3) {
        let (clinic, round) = (rest / 3 % CLINICS.len(), rest / 3 / CLINICS.len() + 1);
        let name = CLINICS[clinic];
        let name = if round == 1 { format!("{name} clinic") } else { format!("{name} clinic {round}") };
        return (format!("c{}", rest / 3 + 1), name, Care::Clinic);
    }
    let ward = rest - rest / 3 - 1;
    let (floor, wing) = (ward / 4 + 3, ["East", "West", "North", "South"][ward % 4]);
    (format!("{floor}{}", &wing[..1].to_lowercase()), format!("{floor} {wing}"), Care::Bedside)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn units_add_up_and_no_code_stands_twice_at_a_site() {
        assert_eq!(SITES.iter().map(|site| site.share).sum::<usize>(), 100);
        for most in [60, 120, 450] {
            let units = units(most);
            let codes: BTreeSet<_> = units.iter().map(|unit| (unit.site, &unit.code)).collect();
            let names: BTreeSet<_> = units.iter().map(|unit| (unit.site, &unit.name)).collect();
            let phones: BTreeSet<_> = units.iter().map(|unit| &unit.phone).collect();
            assert_eq!((units.len(), codes.len(), names.len(), phones.len()), (most, most, most, most));
        }
    }
}
