//! What the pages of downtime numbers show.

use std::collections::BTreeMap;

use domain::{
    actor::Role,
    id::{AccountId, FacilityId, FormId, IncidentId, NumberId, UnitId},
    identity::{AddRange, ChangeNumber, GiveNumbers, Left, Number, NumberKind, State},
    time::{Timestamp, Zone},
    view::{
        forms::Named,
        identity::{AgainLine, IdentityView, LeftLine, NumberCount, NumberLine, NumberView, RangeLine},
    },
};
use frontend::ui::counted;
use sqlx::types::Uuid;

use super::{
    GIVERS, again,
    store::{self, NumberRow},
};
use crate::{
    accounts::store as accounts,
    checks, entry,
    forms::{self, store as sheets},
    incidents::store as incidents,
    places::store as places,
    store::{Error, Tx, seal::Seal},
    web::{door::Door, problem::Problem},
};

/// How many numbers one page lists.
const PAGE: usize = 100;

/// What the list is asked for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Asked {
    state: String,
    site: String,
    after: String,
}

/// What was typed into the forms of the page.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    pub give: GiveNumbers,
    pub add: AddRange,
}

/// Names and zones of sites and units.
struct Around {
    sites: BTreeMap<FacilityId, (String, Zone)>,
    units: BTreeMap<UnitId, String>,
}

impl Around {
    async fn read(tx: &mut Tx, incident: IncidentId) -> Result<Self, Problem> {
        incidents::find(tx, incident).await?.ok_or_else(|| Problem::not_found("incident"))?;
        let concerned = sheets::sites(tx, incident).await?;
        let mut sites = BTreeMap::new();
        for site in places::facilities(tx).await? {
            if concerned.contains(&site.id) {
                sites.insert(site.id, (site.short_name, site.zone));
            }
        }
        let units = sheets::units(tx, incident).await?;
        let units =
            units.into_iter().map(|(unit, name, _, site)| (unit, format!("{site}, {name}"))).collect();
        Ok(Self { sites, units })
    }

    fn zone(&self, site: FacilityId) -> Zone {
        self.sites.get(&site).map_or_else(Zone::utc, |(_, zone)| zone.clone())
    }
}

/// Ranges and numbers.
pub async fn all(
    door: &Door,
    tx: &mut Tx,
    incident: IncidentId,
    (asked, typed): (Asked, Typed),
) -> Result<IdentityView, Problem> {
    let around = Around::read(tx, incident).await?;
    let site: Option<FacilityId> = asked.site.parse().ok();
    let sums = store::sums(tx, incident, site).await?;
    let state = State::from_code(&asked.state).unwrap_or_else(|| first_open(&sums));
    let (given_at, id) = asked.after.split_once(':').unwrap_or_default();
    let after = (given_at.parse().unwrap_or(i64::MIN), Uuid::parse_str(id).unwrap_or(Uuid::nil()));
    let most = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut rows = store::list(tx, incident, (state, site), after, most).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let site_text = site.map(|site| site.to_string()).unwrap_or_default();
    let next = rows.last().filter(|_| more).map(|last| {
        let after = format!("{}:{}", last.given_at.0, last.id);
        format!("/incidents/{incident}/identity?state={}&site={site_text}&after={after}", state.code())
    });
    let left = store::uncorrected_of(tx, &rows).await?;
    let mut numbers = Vec::with_capacity(rows.len());
    for row in &rows {
        numbers.push(line(tx, &around, row, left.get(&row.id).copied().unwrap_or(0)).await?);
    }
    let zone = accounts::installation(tx).await?.zone();
    let figures = |state: &State| {
        let (numbers, uncorrected) = sums.get(state).copied().unwrap_or_default();
        NumberCount { state: *state, words: state.words().to_owned(), numbers, uncorrected }
    };
    let all_ranges = ranges(tx, &around, site).await?;
    let has_range = !all_ranges.is_empty() || !ranges(tx, &around, None).await?.is_empty();
    Ok(IdentityView {
        incident,
        title: title(super::open(tx, incident).await?, has_range),
        may_give: has_range && door.actor().has(&GIVERS),
        ranges: all_ranges,
        counts: State::ALL.iter().map(figures).collect(),
        numbers,
        next,
        state: state.code().to_owned(),
        site: site_text,
        sites: around.sites.iter().map(|(id, (name, _))| named(&id.to_string(), name)).collect(),
        units: around.units.iter().map(|(id, name)| named(&id.to_string(), name)).collect(),
        give: typed.give,
        add: typed.add,
        may_add: door.actor().has(&[Role::Commander]),
        request_id: door.request_id(),
        as_of: zone.full(door.app.clock.now()),
    })
}

fn named(value: &str, name: &str) -> Named {
    Named { value: value.to_owned(), name: name.to_owned() }
}

/// What has waited longest: for a second person, then to be merged, then on paper.
fn first_open(sums: &BTreeMap<State, (i64, i64)>) -> State {
    let has = |state: &State| sums.get(state).is_some_and(|(numbers, _)| *numbers > 0);
    [State::Waiting, State::Undoing, State::Used, State::GivenOut]
        .into_iter()
        .find(has)
        .unwrap_or(State::Used)
}

fn title(open: super::Open, has_range: bool) -> String {
    let numbers = match open.numbers {
        0 if !has_range => return "No site has downtime numbers yet".to_owned(),
        0 => "No downtime number is open".to_owned(),
        open => counted(open, "downtime number is open", "downtime numbers are open"),
    };
    match open.uncorrected {
        0 => numbers,
        left => format!("{numbers}; {}", counted(left, "place is not corrected", "places are not corrected")),
    }
}

async fn ranges(tx: &mut Tx, around: &Around, site: Option<FacilityId>) -> Result<Vec<RangeLine>, Error> {
    let mut lines = Vec::new();
    for row in store::ranges(tx).await? {
        let of = FacilityId(row.facility);
        let Some((name, _)) = around.sites.get(&of).filter(|_| site.is_none_or(|site| site == of)) else {
            continue;
        };
        lines.push(RangeLine {
            site: name.clone(),
            kind: NumberKind::from_code(&row.kind).map(|kind| kind.words().to_owned()).unwrap_or_default(),
            first: row.printed(row.first),
            last: row.printed(row.last),
            numbers: row.last - row.first + 1,
            free: row.free(),
        });
    }
    Ok(lines)
}

async fn line(tx: &mut Tx, around: &Around, row: &NumberRow, left: i64) -> Result<NumberLine, Error> {
    let asked = match row.number.asked {
        Some((goal, by)) if row.number.state == State::Waiting => {
            let name = accounts::name(tx, by).await?.unwrap_or_default();
            format!("{}, asked by {name}", goal.code())
        }
        _ => match (row.number.state, row.number.back) {
            (State::Undoing, Some(by)) => {
                let name = accounts::name(tx, by).await?.unwrap_or_default();
                format!("take the merge back, asked by {name}")
            }
            _ => String::new(),
        },
    };
    Ok(NumberLine {
        id: row.id,
        number: row.printed.clone(),
        kind: row.kind.words().to_owned(),
        unit: around.units.get(&row.unit).cloned().unwrap_or_default(),
        state: row.number.state,
        asked,
        given: around.zone(row.facility).full(row.given_at),
        left,
    })
}

/// One number.
pub async fn one(
    door: &Door,
    tx: &mut Tx,
    (incident, id): (IncidentId, NumberId),
    change: ChangeNumber,
) -> Result<NumberView, Problem> {
    let around = Around::read(tx, incident).await?;
    let row = store::find(tx, incident, id).await?.ok_or_else(|| Problem::not_found("number"))?;
    let lattice = places::lattice(tx).await?;
    let may_change = forms::may(door.actor(), &GIVERS, [row.unit], &lattice).is_ok();
    let zone = around.zone(row.facility);
    let noted = store::left(tx, id).await?;
    let left = Left::ALL.iter().map(|left| left_line(*left, &noted, &zone)).collect();
    let uncorrected = store::uncorrected(tx, id).await?;
    let line = line(tx, &around, &row, uncorrected).await?;
    let again = asked_again(tx, incident, id, &zone).await?;
    let mut record = String::new();
    // While it waits, the second person reads the number in the records system and not here.
    if let (Some((patient, sealed)), true, State::Merged | State::Undoing) =
        (&row.record, may_change, row.number.state)
    {
        let seal = Seal::open(&door.app, tx).await?;
        record = entry::open_text(tx, &seal, *patient, id.0, sealed).await?;
    }
    Ok(NumberView {
        incident,
        title: format!("{} is {}", row.printed, row.number.state.words()),
        line,
        record,
        reason: row.reason,
        left,
        again,
        change,
        may_change,
        asked_by_me: asked_by(row.number, door.actor().account),
        merged_by_me: merged_by(row.number, door.actor().account),
        request_id: door.request_id(),
    })
}

fn asked_by(number: Number, me: AccountId) -> bool {
    match number.state {
        State::Undoing => number.back == Some(me),
        _ => number.asked.is_some_and(|(_, by)| by == me),
    }
}

fn merged_by(number: Number, me: AccountId) -> bool {
    number.agreed == Some(me) || number.asked.is_some_and(|(_, by)| by == me)
}

/// What hung on a merge that was taken back, with the way to each.
async fn asked_again(
    tx: &mut Tx,
    incident: IncidentId,
    number: NumberId,
    zone: &Zone,
) -> Result<Vec<AgainLine>, Error> {
    let rows = again::all(tx, number).await?;
    let forms: Vec<FormId> =
        rows.iter().filter(|(kind, ..)| kind == "sheet").map(|(_, item, _)| FormId(*item)).collect();
    let known = sheets::by_ids(tx, incident, &forms).await?;
    let base = format!("/incidents/{incident}");
    let line = |(kind, item, looked): &(String, Uuid, Option<i64>)| {
        let (words, path) = if kind == "sheet" {
            let serial = known.iter().find(|row| row.id.0 == *item).map(|row| row.serial().to_string());
            (format!("Form {}", serial.unwrap_or_default()), format!("{base}/entry/sheets/{item}"))
        } else {
            let name = checks::line_name(*item);
            (format!("Line {name} of a cross-check"), format!("{base}/checks/gaps/{item}"))
        };
        let looked = looked.map(|at| zone.full(Timestamp(at))).unwrap_or_default();
        AgainLine { item: item.to_string(), words, path, looked }
    };
    Ok(rows.iter().map(line).collect())
}

fn left_line(left: Left, noted: &[(Left, i64, Option<i64>)], zone: &Zone) -> LeftLine {
    let found = noted.iter().find(|(each, ..)| *each == left);
    let when =
        found.map(|(_, noted_at, corrected_at)| zone.full(Timestamp(corrected_at.unwrap_or(*noted_at))));
    LeftLine {
        code: left.code().to_owned(),
        words: left.words().to_owned(),
        noted: found.is_some(),
        corrected: found.is_some_and(|(.., corrected)| corrected.is_some()),
        when: when.unwrap_or_default(),
    }
}
