//! What other pages ask of paper: the board how far each site is, closing what is in the way.

use domain::{
    closing::{Blocker, BlockerKind, Item},
    forms::{Ledger, Serial},
    id::{FacilityId, IncidentId},
    view::{
        board::{CardView, Late},
        frame::Section,
        picture::{Bar, Picture},
    },
};
use sqlx::types::Uuid;

use super::tally;
use crate::{
    fetch_all,
    places::store as places,
    store::{Error, Sql, Tx},
};

/// How far the paper of one site is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SitePaper {
    pub facility: FacilityId,
    pub ledger: Ledger,
}

impl SitePaper {
    /// Something is wrong now: sheets are missing, or differ from what was typed in.
    pub const fn is_late(&self) -> bool {
        self.ledger.missing > 0 || self.ledger.discrepancy > 0
    }
}

/// The paper of every site that has any; sheets without a valid serial count apart and are not in it.
///
/// # Errors
/// When the database does not answer.
pub async fn by_site(tx: &mut Tx, incident: IncidentId) -> Result<Vec<SitePaper>, Error> {
    let sites = tally::by_site(tx, incident, false).await?;
    Ok(sites.into_iter().map(|(facility, ledger)| SitePaper { facility, ledger }).collect())
}

/// How many sheets are missing or differ from what was typed in.
///
/// # Errors
/// When the database does not answer.
pub async fn late(tx: &mut Tx, incident: IncidentId) -> Result<i64, Error> {
    let all = all_sheets(tx, incident).await?;
    Ok(all.missing + all.discrepancy)
}

/// The sum over every sheet, numbered or found.
async fn all_sheets(tx: &mut Tx, incident: IncidentId) -> Result<Ledger, Error> {
    let mut sum = Ledger::default();
    for found in [false, true] {
        for (_, ledger) in tally::by_site(tx, incident, found).await? {
            sum += ledger;
        }
    }
    Ok(sum)
}

/// The board's card: what was handed out, what is back, and at which sites sheets are missing or differ. None
/// before anything was handed out.
///
/// # Errors
/// When the database does not answer.
pub async fn card(tx: &mut Tx, incident: IncidentId) -> Result<Option<CardView>, Error> {
    let sites = by_site(tx, incident).await?;
    let mut sum = Ledger::default();
    for site in &sites {
        sum += site.ledger;
    }
    if sum.issued == 0 {
        return Ok(None);
    }
    let mut bars = Vec::with_capacity(sites.len());
    for facility in places::facilities(tx).await? {
        if let Some(site) = sites.iter().find(|site| site.facility == facility.id) {
            let (back, out) = (site.ledger.back(), site.ledger.out + site.ledger.missing);
            bars.push(Bar { label: facility.short_name, back, out, late: site.is_late() });
        }
    }
    let units = tally::by_unit(tx, incident).await?.len();
    let base = format!("/incidents/{incident}/forms");
    let differing = all_sheets(tx, incident).await?.discrepancy;
    let (words, short, state) = match (sum.missing, differing) {
        (0, 0) => (String::new(), String::new(), ""),
        (0, differ) => {
            (counted(differ, "form differs", "forms differ"), format!("{differ} differ"), "discrepancy")
        }
        (missing, _) => {
            (counted(missing, "form missing", "forms missing"), format!("{missing} missing"), "missing")
        }
    };
    let path =
        if state == "missing" { format!("{base}/missing") } else { format!("{base}/sheets?state={state}") };
    let of_units = counted(i64::try_from(units).unwrap_or(i64::MAX), "unit", "units");
    Ok(Some(CardView {
        section: Section::Paper,
        title: "Paper".to_owned(),
        path: base,
        as_of: String::new(),
        figure: frontend::ui::count(sum.issued),
        caption: format!("forms issued to {of_units}, {} back", frontend::ui::count(sum.back())),
        picture: Picture::Ledger(bars),
        late: (!words.is_empty()).then_some(Late { words, path }),
        late_short: short,
        fine: "No form is missing".to_owned(),
    }))
}

fn counted(number: i64, one: &str, many: &str) -> String {
    frontend::ui::counted(number, one, many)
}

/// What paper puts in the way of closing: forms out, missing, and not at the end that their type prescribes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outstanding(pub Vec<Blocker>);

/// How many sheets of a kind are named; the rest are counted.
const MOST_NAMED: i64 = 100;

/// Id, codes of site and unit, prefix and number.
type NamedSheet = (Uuid, String, String, String, i64);

const NAMED: Sql = Sql {
    sqlite: "
    SELECT form.id, facility.code, unit.code, form.prefix, form.number
    FROM form
    JOIN unit ON unit.id = form.unit
    JOIN facility ON facility.id = unit.facility
    WHERE form.incident = $1
        AND (form.state IN (SELECT value FROM json_each($2))
            OR ($3 = TRUE AND form.state = 'entered' AND form.to_check = TRUE))
    ORDER BY form.prefix, form.number
    LIMIT $4",
    postgres: "
    SELECT form.id, facility.code, unit.code, form.prefix, form.number
    FROM form
    JOIN unit ON unit.id = form.unit
    JOIN facility ON facility.id = unit.facility
    WHERE form.incident = $1
        AND (form.state IN (SELECT json_array_elements_text($2::json))
            OR ($3 = TRUE AND form.state = 'entered' AND form.to_check = TRUE))
    ORDER BY form.prefix, form.number
    LIMIT $4",
};

/// Reads the three blockers of paper; those of which there are none are left out.
///
/// # Errors
/// When the database does not answer.
pub async fn outstanding(tx: &mut Tx, incident: IncidentId) -> Result<Outstanding, Error> {
    let sum = all_sheets(tx, incident).await?;
    let kinds = [
        (BlockerKind::FormOut, sum.out, r#"["out"]"#, false, "out"),
        (BlockerKind::FormMissing, sum.missing, r#"["missing"]"#, false, "missing"),
        (BlockerKind::FormNotAtItsEnd, sum.unfinished(), r#"["used", "discrepancy"]"#, true, "unfinished"),
    ];
    let mut blockers = Vec::new();
    for (kind, count, states, with_unverified, show) in kinds {
        if count == 0 {
            continue;
        }
        let rows = fetch_all!(tx, NamedSheet, NAMED, incident.0, states, with_unverified, MOST_NAMED)?;
        let item = |(id, site, unit, prefix, number): NamedSheet| {
            let label = Serial::new(&site, &unit, &prefix, number).to_string();
            let path = format!("/incidents/{incident}/forms/sheets/{label}");
            Item { id, label, path }
        };
        let items = rows.into_iter().map(item).collect();
        let link = match kind {
            BlockerKind::FormMissing => format!("/incidents/{incident}/forms/missing"),
            _ => format!("/incidents/{incident}/forms/sheets?state={show}"),
        };
        blockers.push(Blocker { kind, count, waived: 0, link, items });
    }
    Ok(Outstanding(blockers))
}
