//! Whose cases an account may see, and which of them a filter asks for: the same for a page, a file and a search.

use domain::{
    id::{CaseId, FacilityId, IncidentId},
    names::Asked,
    view::cases::CaseFilter,
};

use super::{
    access::Way,
    change, list,
    search::{self, Among},
    show,
    store::CaseRow,
};
use crate::{
    accounts::store as accounts,
    places::store as places,
    store::{Tx, seal::Seal},
    web::{door::Door, problem::Problem},
};

/// The facilities as they are read once for a page, and at which of them the account works on cases.
pub(super) struct Reach {
    pub facilities: Vec<places::Facility>,
    pub allowed: Vec<FacilityId>,
}

impl Reach {
    pub(super) async fn of(door: &Door, tx: &mut Tx) -> Result<Self, Problem> {
        let allowed = change::allowed(tx, door.actor()).await?;
        Ok(Self { facilities: places::facilities(tx).await?, allowed })
    }

    /// The sites of a filter: the one that is chosen, or all that the account may see.
    pub(super) fn asked(&self, filter: &CaseFilter) -> Vec<FacilityId> {
        let site: Option<FacilityId> = filter.site.parse().ok();
        let asked = |facility: &&FacilityId| filter.site.is_empty() || Some(**facility) == site;
        self.allowed.iter().filter(asked).copied().collect()
    }
}

/// The rows that a filter asks for.
pub(super) struct Asking {
    pub rows: Vec<CaseRow>,
    /// Where the page ended, when there are more.
    pub after: Option<String>,
    /// What came of a search; empty when nobody was looked for.
    pub found: String,
    /// How the rows are seen.
    pub way: Way,
}

impl Asking {
    /// Which cases they are.
    pub(super) fn cases(&self) -> impl Iterator<Item = CaseId> {
        self.rows.iter().map(|row| row.id)
    }
}

/// What a filter looks for.
fn asked(filter: &CaseFilter) -> Asked {
    let typed = if filter.q.trim().is_empty() { filter.mrn.trim() } else { filter.q.trim() };
    if typed == filter.mrn.trim() && !typed.is_empty() {
        return Asked::Number(typed.to_owned());
    }
    Asked::read(typed, &filter.born, !filter.site.is_empty() && !filter.day.is_empty())
}

/// The rows of a filter, at most so many: one part of the list by risk, or whoever is looked for, the best fit first.
///
/// # Errors
/// When there is no such part.
pub(super) async fn rows(
    door: &Door,
    tx: &mut Tx,
    (incident, filter): (IncidentId, &CaseFilter),
    (seal, reach): (&Seal, &Reach),
    most: i64,
) -> Result<Asking, Problem> {
    let mut narrow = narrow(door, tx, filter, reach).await?;
    let found =
        |rows: Vec<CaseRow>, found: &str| Asking { rows, after: None, found: found.into(), way: Way::Search };
    match asked(filter) {
        Asked::Unclear(sentence) => Ok(found(Vec::new(), sentence)),
        Asked::Named(name, born) => {
            let among = Among { incident, facilities: &narrow.facilities, born, day: &narrow.day };
            let named = search::named(tx, &among, &name, seal).await?;
            Ok(found(named.rows, &named.sentence))
        }
        Asked::Number(number) => {
            narrow.mrn = seal.lookup(&number).to_vec();
            let show = if filter.show.is_empty() { "all" } else { filter.show.as_str() };
            let listed = part(tx, incident, show, &narrow, most).await?;
            let none = "Nobody of this record number is in this part of the list.";
            let sentence = if listed.rows.is_empty() { none } else { "" };
            Ok(Asking { found: sentence.into(), way: Way::Search, ..listed })
        }
        Asked::Everybody => part(tx, incident, &filter.show, &narrow, most).await,
    }
}

/// One page of a part of the list.
async fn part(
    tx: &mut Tx,
    incident: IncidentId,
    show: &str,
    narrow: &list::Narrow,
    most: i64,
) -> Result<Asking, Problem> {
    let rows = list::page(tx, incident, show, narrow, most.saturating_add(1)).await?;
    let mut rows = rows.ok_or_else(|| Problem::not_found("part of the list"))?;
    let more = i64::try_from(rows.len()).is_ok_and(|len| len > most);
    rows.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    let after = rows.last().filter(|_| more).map(list::Key::of);
    Ok(Asking { rows, after, found: String::new(), way: Way::List })
}

/// What of the list is asked for, ready for the database.
async fn narrow(
    door: &Door,
    tx: &mut Tx,
    filter: &CaseFilter,
    reach: &Reach,
) -> Result<list::Narrow, Problem> {
    let now = door.app.clock.now();
    let zone = accounts::installation(tx).await?.zone();
    let facilities = reach.asked(filter);
    let (scheme, priority) = filter.priority.split_once(':').unwrap_or(("", ""));
    Ok(list::Narrow {
        kind: filter.kind.clone(),
        scheme: scheme.to_owned(),
        priority: priority.to_owned(),
        mrn: Vec::new(),
        service: filter.service.clone(),
        day: filter.day.trim().to_owned(),
        soon: show::soon(now, &zone),
        now,
        today: show::today(&reach.facilities, &facilities, now),
        facilities,
        after: list::Key::read(&filter.after),
    })
}
