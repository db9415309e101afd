//! What the pages of cross-checks show, read in one snapshot.

use std::collections::BTreeMap;

use domain::{
    checks::{Act, DecideGap, Kind, SetCensus, Side, State},
    id::{IncidentId, UnitId},
    playbooks::Occasion,
    time::{Timestamp, Zone},
    view::{
        checks::{
            CensusDay, CensusView, CheckLine, ChecksView, GapEvent, GapLine, GapView, GapsView, ListLine,
        },
        forms::Named,
    },
};
use frontend::ui::{count, counted};
use sqlx::types::Uuid;

use super::{
    CHECKERS, Sealing, line_name, may_at,
    store::{self, LineRow},
};
use crate::{
    accounts::store as accounts,
    forms::store as forms,
    incidents::store as incidents,
    places::store as places,
    store::{Error, Tx},
    web::{door::Door, problem::Problem},
};

/// How many lines one page lists.
const PAGE: usize = 100;

/// What an address asks for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Asked {
    pub kind: String,
    pub state: String,
    /// The last line of the page before.
    pub after: String,
}

async fn must_be_there(tx: &mut Tx, incident: IncidentId) -> Result<(), Problem> {
    incidents::find(tx, incident).await?.ok_or_else(|| Problem::not_found("incident"))?;
    Ok(())
}

/// Every check.
pub async fn all(door: &Door, tx: &mut Tx, incident: IncidentId) -> Result<ChecksView, Problem> {
    must_be_there(tx, incident).await?;
    let zone = accounts::installation(tx).await?.zone();
    let tally: BTreeMap<(Kind, State), i64> = store::tally(tx, incident)
        .await?
        .into_iter()
        .map(|(kind, state, lines)| ((kind, state), lines))
        .collect();
    let lists = store::lists(tx, incident).await?;
    let here = |kind: Kind, side: Side| {
        let found = lists.iter().find(|(of, at, ..)| of == kind.code() && at == side.code());
        let here = found.map(|(.., file, at)| format!("{file}, {}", zone.full(Timestamp(*at))));
        ListLine { name: kind.list(side).to_owned(), here: here.unwrap_or_default() }
    };
    let mut checks: Vec<CheckLine> = Kind::ALL
        .into_iter()
        .map(|kind| {
            let lines = |state| tally.get(&(kind, state)).copied().unwrap_or(0);
            CheckLine {
                kind: kind.code().to_owned(),
                name: kind.words().to_owned(),
                has_lists: kind.has_lists(),
                expected: here(kind, Side::Expected),
                found: here(kind, Side::Found),
                even: lines(State::Even),
                open: lines(State::Open),
                explained: lines(State::Explained),
                corrected: lines(State::Corrected),
                harm: lines(State::Harm),
            }
        })
        .collect();
    checks.sort_by_key(|check| std::cmp::Reverse(check.open));
    let open: i64 = checks.iter().map(|check| check.open).sum();
    let unknown =
        store::census(tx, incident).await?.into_iter().filter(|(_, setting, ..)| setting.is_empty());
    let unknown: std::collections::BTreeSet<Uuid> = unknown.map(|(unit, ..)| unit).collect();
    Ok(ChecksView {
        incident,
        title: title(&checks, open),
        checks,
        open,
        units_without_setting: i64::try_from(unknown.len()).unwrap_or(i64::MAX),
        may_check: door.actor().has(&CHECKERS),
        request_id: door.request_id(),
    })
}

/// The answer to "what was done on paper and is nowhere in the record?".
fn title(checks: &[CheckLine], open: i64) -> String {
    let of = i64::try_from(checks.iter().filter(|check| check.open > 0).count()).unwrap_or(0);
    let compared: i64 =
        checks.iter().map(|check| check.even + check.explained + check.corrected + check.harm).sum();
    let waiting = checks.iter().filter(|check| check.is_waiting()).count();
    let waiting = match waiting {
        0 => String::new(),
        some => format!("; {some} of {} cross-checks are not compared", checks.len()),
    };
    match (open, compared) {
        (0, 0) => "Nothing is compared yet".to_owned(),
        (0, lines) => format!("No gap is open; {} compared{waiting}", counted(lines, "line", "lines")),
        (open, _) => format!(
            "{} open in {}{waiting}",
            counted(open, "gap is", "gaps are"),
            counted(of, "cross-check", "cross-checks")
        ),
    }
}

/// The lines of one check in one state.
pub async fn gaps(door: &Door, tx: &mut Tx, incident: IncidentId, asked: Asked) -> Result<GapsView, Problem> {
    must_be_there(tx, incident).await?;
    let zone = accounts::installation(tx).await?.zone();
    let kind = Kind::from_code(&asked.kind).unwrap_or(Kind::ExpectedForms);
    let state = State::from_code(&asked.state).unwrap_or(State::Open);
    let most = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let after = asked.after.parse().unwrap_or(Uuid::nil());
    let mut rows = store::list(tx, incident, (kind, state), after, most).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let base = format!("/incidents/{incident}/checks/gaps?kind={}&state={}", kind.code(), state.code());
    let next = rows.last().filter(|_| more).map(|row| format!("{base}&after={}", row.id));
    let lines = lines(door, tx, rows, &zone).await?;
    let tally = store::tally(tx, incident).await?;
    let here = tally.iter().find(|(of, at, _)| *of == kind && *at == state).map_or(0, |(.., lines)| *lines);
    Ok(GapsView {
        incident,
        title: format!("{}: {} {}", kind.words(), count(here), plural(state, here)),
        kind: kind.code().to_owned(),
        state: state.code().to_owned(),
        kinds: Kind::ALL.map(|kind| named(kind.code(), kind.words())).into(),
        states: State::ALL.map(|state| named(state.code(), state.words())).into(),
        expected: kind.list(Side::Expected).to_owned(),
        found: kind.list(Side::Found).to_owned(),
        lines,
        next,
    })
}

fn plural(state: State, number: i64) -> &'static str {
    match (state, number) {
        (State::Even, 1) => "line agrees",
        (State::Even, _) => "lines agree",
        (State::Open, 1) => "open gap",
        (State::Open, _) => "open gaps",
        (State::Explained, _) => "explained",
        (State::Corrected, _) => "corrected",
        (State::Harm, _) => "with harm reported",
    }
}

fn named(value: &str, name: &str) -> Named {
    Named { value: value.to_owned(), name: name.to_owned() }
}

async fn lines(door: &Door, tx: &mut Tx, rows: Vec<LineRow>, zone: &Zone) -> Result<Vec<GapLine>, Problem> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let sealing = Sealing::open(&door.app, tx).await?;
    let units = rows.iter().filter_map(|row| row.unit.map(UnitId));
    let units = places::unit_names(tx, units.collect::<Vec<_>>()).await?;
    let line = |row: LineRow| -> Result<GapLine, Error> {
        let named = sealing.read(&row)?;
        let unit = row.unit.and_then(|unit| units.get(&UnitId(unit)).cloned()).unwrap_or_default();
        let parts = [named.what, unit];
        let mut what: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        what.dedup();
        Ok(GapLine {
            line: row.id,
            name: line_name(row.id),
            key: named.key,
            what: what.join("; "),
            expected: row.expected,
            found: row.found,
            state: row.state,
            owner: row.owner_name.unwrap_or_default(),
            note: row.note,
            since: zone.full(Timestamp(row.changed_at)),
        })
    };
    Ok(rows.into_iter().map(line).collect::<Result<_, _>>()?)
}

/// One gap; what was typed stays in its form.
pub async fn gap(
    door: &Door,
    tx: &mut Tx,
    (incident, id): (IncidentId, Uuid),
    form: DecideGap,
) -> Result<GapView, Problem> {
    must_be_there(tx, incident).await?;
    let zone = accounts::installation(tx).await?.zone();
    let row = store::find(tx, incident, id).await?.ok_or_else(|| Problem::not_found("gap"))?;
    let (kind, before) = row.line()?;
    let lattice = places::lattice(tx).await?;
    let mine = row.unit.is_none_or(|unit| may_at(door.actor(), UnitId(unit), &lattice).is_ok());
    let line = lines(door, tx, vec![row], &zone).await?.pop().ok_or_else(|| Problem::not_found("gap"))?;
    let events = store::events(tx, id).await?.into_iter().map(|(act, _, at, who, note)| GapEvent {
        at: zone.full(Timestamp(at)),
        who: who.unwrap_or_default(),
        what: Act::from_code(&act).map_or("", Act::words).to_owned(),
        note,
    });
    let title = match before.state {
        State::Even => format!("Line {} agrees: {} on both sides", line.name, count(line.expected)),
        State::Open => {
            let what = if line.what.is_empty() { line.key.clone() } else { line.what.clone() };
            let lists = (kind.list(Side::Expected), kind.list(Side::Found));
            format!("{what}: {} in {}, {} in {}", count(line.expected), lists.0, count(line.found), lists.1)
        }
        state => format!("Gap {} is at its end: {}", line.name, state.words()),
    };
    Ok(GapView {
        incident,
        title,
        check: kind.words().to_owned(),
        kind: kind.code().to_owned(),
        expected: kind.list(Side::Expected).to_owned(),
        found: kind.list(Side::Found).to_owned(),
        line,
        events: events.collect(),
        may_decide: mine && before.state != State::Even,
        form,
        request_id: door.request_id(),
    })
}

/// The census; what was typed stays in its form.
pub async fn census(
    door: &Door,
    tx: &mut Tx,
    incident: IncidentId,
    form: SetCensus,
) -> Result<CensusView, Problem> {
    must_be_there(tx, incident).await?;
    let mut form = form;
    if form.day.is_blank() {
        let zone = accounts::installation(tx).await?.zone();
        form.day = zone.civil_date(door.app.clock.now()).to_string().into();
    }
    let rows = store::days(tx, incident).await?;
    let days: Vec<CensusDay> = rows
        .into_iter()
        .map(|(day, occasion, number, units)| CensusDay {
            day,
            occasion: Occasion::from_code(&occasion).map_or("", words).to_owned(),
            number,
            units,
        })
        .collect();
    let units = forms::units(tx, incident).await?.into_iter();
    let units =
        units.map(|(unit, name, _, site)| Named { value: unit.to_string(), name: format!("{site}, {name}") });
    let title = match days.first() {
        None => "No census is said yet".to_owned(),
        Some(last) => format!("The census is known up to {}", last.day),
    };
    Ok(CensusView {
        incident,
        title,
        days,
        units: units.collect(),
        form,
        may_check: door.actor().has(&CHECKERS),
        request_id: door.request_id(),
    })
}

const fn words(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::PatientDay => "Patients",
        Occasion::Arrival => "Arrivals",
        Occasion::Operation => "Operations",
        Occasion::Visit => "Visits",
        Occasion::Admission => "Admissions",
    }
}
