//! Cross-checks: census and lists taken over, compared, and every gap brought to an end.

mod ahead;
mod import;
mod patients;
mod show;
pub mod store;
pub mod web;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Refusal,
    actor::{Actor, Role},
    checks::{
        Act, Census, CensusRow, CensusSet, Compare, Compared, DecideGap, GapDecided, Kind, SetCensus, Side,
        matrix,
    },
    closing::{Blocker, BlockerKind, Item},
    field::FieldErrors,
    id::{FacilityId, IncidentId, UnitId},
    playbooks::{Occasion, Setting},
    scope::{Place, Places},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::types::Uuid;

use crate::{
    app::App,
    begin,
    failure::Failure,
    forms::store as forms,
    incidents::store as incidents,
    places::store as places,
    playbooks::store as playbooks,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
        seal::{self, PatientKey, Seal},
    },
};
pub use ahead::drop_stale;
use store::{Event, LineRow, Said, Says};

/// Who compares lists and ends gaps.
pub(crate) const CHECKERS: [Role; 3] = [Role::Commander, Role::FormsClerk, Role::CaseManager];

/// What a line's key says, as it lies sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Named {
    /// As the first list wrote it.
    pub key: String,
    pub what: String,
}

/// What is needed to write lines: the keys of the installation.
pub(crate) struct Sealing {
    seal: Seal,
    lists: [u8; 32],
}

impl Sealing {
    pub(crate) async fn open(app: &App, tx: &mut Tx) -> Result<Self, Failure> {
        let seal = Seal::open(app, tx).await?;
        let lists = seal.lists();
        Ok(Self { seal, lists })
    }

    /// The hash by which a key is found; one check never finds another's.
    pub(crate) fn hash(&self, kind: Kind, key: &str) -> [u8; 32] {
        self.seal.lookup(&format!("check\n{}\n{key}", kind.code()))
    }

    fn said(
        &self,
        app: &App,
        kind: Kind,
        (key, named): (&str, &Named),
        unit: Option<UnitId>,
        (expected, found): (i64, i64),
    ) -> Said {
        self.said_of(app, kind, (app.clock.id(), key, named), None, (unit, expected, found))
    }

    /// The same under a patient's key, when it is known whose it is. The id is that of the line, if it is there already.
    fn said_of(
        &self,
        app: &App,
        kind: Kind,
        (id, key, named): (Uuid, &str, &Named),
        whose: Option<&(Uuid, PatientKey)>,
        (unit, expected, found): (Option<UnitId>, i64, i64),
    ) -> Said {
        let plain = serde_json::to_vec(named).expect("two texts are JSON");
        let sealed_with = whose.map_or(&self.lists, |(_, key)| key);
        Said {
            id: id.simple().to_string(),
            patient: whose.map(|(patient, _)| patient.simple().to_string()),
            hash: hex::encode(self.hash(kind, key)),
            sealed: hex::encode(seal::seal(app, sealed_with, id, &plain)),
            unit: unit.map(|unit| unit.0.simple().to_string()),
            expected,
            found,
        }
    }

    /// What a line's key says; of a patient who was erased, only that.
    pub(crate) fn read(&self, row: &LineRow) -> Result<Named, Error> {
        let plain = match (row.patient, &row.wrapped_key) {
            (None, _) => seal::unseal(&self.lists, row.id, &row.sealed)?,
            (Some(patient), Some(wrapped)) => {
                seal::unseal(&self.seal.unwrap(patient, wrapped)?, row.id, &row.sealed)?
            }
            (Some(_), None) => {
                let erased = || "erased".to_owned();
                return Ok(Named { key: erased(), what: String::new() });
            }
        };
        serde_json::from_slice(&plain).map_err(|error| Error::Corrupt(error.to_string()))
    }
}

/// The sites of an incident that is open, and how places lie.
async fn open(tx: &mut Tx, incident: IncidentId) -> Result<(BTreeSet<FacilityId>, Places), Failure> {
    let row = incidents::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    row.must_be_open()?;
    let sites = forms::sites(tx, incident).await?.into_iter().collect();
    Ok((sites, places::lattice(tx).await?))
}

/// Whoever compares for the whole downtime holds the role at every site of it.
fn may_everywhere(actor: &Actor, sites: &BTreeSet<FacilityId>, lattice: &Places) -> Result<(), Failure> {
    let reaches =
        |site: &FacilityId| CHECKERS.into_iter().any(|role| actor.can(role, Place::Facility(*site), lattice));
    if sites.iter().all(reaches) {
        return Ok(());
    }
    Err(Failure::Forbidden(
        "Lists are compared by somebody who answers for every site of the downtime.".into(),
    ))
}

fn may_at(actor: &Actor, unit: UnitId, lattice: &Places) -> Result<(), Failure> {
    if CHECKERS.into_iter().any(|role| actor.can(role, Place::Unit(unit), lattice)) {
        return Ok(());
    }
    Err(Failure::Forbidden("You may do this only for the units you answer for.".into()))
}

/// Says how many patients, arrivals and so on a unit had on a day, and compares forms with it at once.
///
/// # Errors
/// What is wrong by field; for a unit that is not of the downtime or not the account's.
pub async fn set_census(
    app: App,
    by: By,
    (incident, form): (IncidentId, SetCensus),
) -> Result<CensusSet, Failure> {
    let typed = form.read()?;
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let (sites, lattice) = open(&mut decision.tx, incident).await?;
    match lattice.unit_facility.get(&typed.unit) {
        Some(site) if sites.contains(site) => {}
        _ => return Err(FieldErrors::one("unit", "Choose a unit of this incident's sites.").into()),
    }
    may_at(&by.actor, typed.unit, &lattice)?;
    let row = |(occasion, number): &(Occasion, i64)| CensusRow {
        unit: typed.unit,
        day: typed.day.clone(),
        occasion: *occasion,
        number: *number,
    };
    let rows: Vec<CensusRow> = typed.numbers.iter().map(row).collect();
    let (at, account) = (decision.at, decision.account);
    store::set_census(&mut decision.tx, incident, &rows, at, account).await?;
    compare_forms(&app, &mut decision, incident).await?;
    let numbers: BTreeMap<_, _> =
        typed.numbers.iter().map(|(occasion, number)| (occasion.code(), number)).collect();
    let data = json!({ "day": typed.day, "numbers": numbers });
    let subject = format!("unit:{}", typed.unit);
    decision.append(&app, Say { kind: "checks.census", subject, data, ..Say::default() }).await?;
    let open = open_of(&mut decision.tx, incident, Kind::ExpectedForms).await?;
    let outcome = CensusSet { unit: typed.unit, day: typed.day, open };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// Compares the forms that must be there with the sheets that are back by now.
///
/// # Errors
/// When the incident has ended, or is not the account's; when no census was said.
pub async fn compare(app: App, by: By, (incident, _): (IncidentId, Compare)) -> Result<Compared, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let (sites, lattice) = open(&mut decision.tx, incident).await?;
    may_everywhere(&by.actor, &sites, &lattice)?;
    let lines = compare_forms(&app, &mut decision, incident).await?;
    if lines == 0 {
        let sentence =
            "Nothing can be compared yet: say the census, and on each unit's page where care is given there.";
        return Err(Refusal::new("no-census", sentence)
            .with_link(format!("/incidents/{incident}/checks/census"))
            .into());
    }
    let open = open_of(&mut decision.tx, incident, Kind::ExpectedForms).await?;
    let outcome = Compared { lines, open };
    let data = json!({ "lines": lines, "open": open });
    decision.append(&app, Say { kind: "checks.compared", data, ..Say::default() }).await?;
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

async fn open_of(tx: &mut Tx, incident: IncidentId, kind: Kind) -> Result<i64, Error> {
    let tally = store::tally(tx, incident).await?;
    let of = |(each, state, _): &&(Kind, domain::checks::State, i64)| {
        *each == kind && *state == domain::checks::State::Open
    };
    Ok(tally.iter().filter(of).map(|(.., lines)| lines).sum())
}

/// Writes the matrix of forms that must be there against sheets used. A form that is not expected any more, because
/// the census was corrected, stays as a line that agrees. Gives how many lines there are.
async fn compare_forms(app: &App, decision: &mut Decision, incident: IncidentId) -> Result<i64, Failure> {
    let kind = Kind::ExpectedForms;
    let forms = playbooks::kit(&mut decision.tx, incident).await?;
    let census = census(&mut decision.tx, incident).await?;
    let cells = matrix(&census, &forms);
    let used: BTreeMap<(UnitId, String), i64> = store::used(&mut decision.tx, incident)
        .await?
        .into_iter()
        .map(|(unit, code, used)| ((UnitId(unit), code), used))
        .collect();
    let expected: BTreeMap<(UnitId, &str), i64> =
        cells.iter().map(|cell| ((cell.unit, cell.form_type.as_str()), cell.expected)).collect();
    let sealing = Sealing::open(app, &mut decision.tx).await?;
    let known = store::known(&mut decision.tx, incident, kind).await?;
    let units: BTreeSet<UnitId> = census.iter().map(|line| line.unit).collect();
    let names = places::unit_names(&mut decision.tx, units.iter().copied()).await?;
    let mut rows = Vec::with_capacity(cells.len());
    for unit in &units {
        for form in forms.iter().filter(|form| !form.expected.is_empty()) {
            let wanted = expected.get(&(*unit, form.code.as_str())).copied();
            let key = format!("{unit}\n{}", form.code);
            if wanted.is_none() && !known.contains_key(&sealing.hash(kind, &key)[..]) {
                continue;
            }
            let named = Named {
                key: format!("{} {}", form.code, form.name),
                what: names.get(unit).cloned().unwrap_or_default(),
            };
            let found = used.get(&(*unit, form.code.clone())).copied().unwrap_or(0);
            rows.push(sealing.said(app, kind, (&key, &named), Some(*unit), (wanted.unwrap_or(0), found)));
        }
    }
    let both = Says { expected: true, found: true };
    store::put(&mut decision.tx, incident, (kind, both), &rows, decision.at).await?;
    store::count_again(&mut decision.tx, incident, kind).await?;
    Ok(i64::try_from(rows.len()).unwrap_or(i64::MAX))
}

/// Compares critical results that were called with those that were read back: one line each, of a unit's log.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn read_back(
    app: &App,
    decision: &mut Decision,
    incident: IncidentId,
    (unit, what): (UnitId, &str),
    calls: &[(String, bool)],
) -> Result<(), Failure> {
    let kind = Kind::ReadBack;
    let sealing = Sealing::open(app, &mut decision.tx).await?;
    let said = |(key, done): &(String, bool)| {
        let named = Named { key: key.clone(), what: what.to_owned() };
        sealing.said(app, kind, (key, &named), Some(unit), (1, i64::from(*done)))
    };
    let rows: Vec<Said> = calls.iter().map(said).collect();
    let both = Says { expected: true, found: true };
    store::put(&mut decision.tx, incident, (kind, both), &rows, decision.at).await?;
    Ok(store::count_again(&mut decision.tx, incident, kind).await?)
}

async fn census(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Census>, Error> {
    let read = |(unit, setting, occasion, number): (Uuid, String, String, i64)| {
        let occasion = Occasion::from_code(&occasion)
            .ok_or_else(|| Error::Corrupt(format!("a census counts {occasion:?}")))?;
        Ok(Census { unit: UnitId(unit), setting: Setting::from_code(&setting), occasion, number })
    };
    store::census(tx, incident).await?.into_iter().map(read).collect()
}

/// Does something about one gap: takes it, or brings it to an end.
///
/// # Errors
/// What is wrong by field; by the rules of gaps; for a unit that is not the account's.
pub async fn decide(
    app: App,
    by: By,
    (incident, id, form): (IncidentId, Uuid, DecideGap),
) -> Result<GapDecided, Failure> {
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    let said = form.read(decision.at)?;
    let (sites, lattice) = open(&mut decision.tx, incident).await?;
    let row = store::find(&mut decision.tx, incident, id).await?.ok_or(Failure::NotFound("gap"))?;
    match row.unit {
        Some(unit) => may_at(&by.actor, UnitId(unit), &lattice)?,
        None => may_everywhere(&by.actor, &sites, &lattice)?,
    }
    let (kind, before) = row.line()?;
    let after = before.after(said.act, by.actor.account)?;
    let note = if said.act == Act::Take { &row.note } else { &said.note };
    let event =
        Event { act: said.act.code(), note, seq: decision.seq, at: decision.at, account: decision.account };
    store::save(&mut decision.tx, incident, (id, kind), (&before, &after), &event).await?;
    let data = json!({ "check": kind.code(), "act": said.act.code(), "from": before.state.code() });
    let texts: &[(&str, &str)] = &[("note", &said.note)];
    let texts = if said.note.is_empty() { &[] } else { texts };
    decision
        .append(
            &app,
            Say { kind: "checks.decided", subject: format!("gap:{id}"), data, texts, ..Say::default() },
        )
        .await?;
    let open = store::open(&mut decision.tx, incident).await?;
    let outcome = GapDecided { line: id, incident, state: after.state, open };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

/// What cross-checks put in the way of closing: gaps that are open. Waivers are the closing capability's.
///
/// # Errors
/// When the database does not answer.
pub async fn blocker(tx: &mut Tx, incident: IncidentId, most_items: i64) -> Result<Blocker, Error> {
    let count = store::open(tx, incident).await?;
    let mut items = Vec::new();
    if count > 0 {
        for (id, kind) in store::open_lines(tx, incident, most_items).await? {
            let words = Kind::from_code(&kind).map_or("", Kind::words);
            let path = format!("/incidents/{incident}/checks/gaps/{id}");
            items.push(Item { id, label: format!("{words}: line {}", line_name(id)), path });
        }
    }
    let link = format!("/incidents/{incident}/checks");
    Ok(Blocker { kind: BlockerKind::CrossCheckGap, count, waived: 0, link, items })
}

/// As people name a line without its key, which may be a patient's: the last digits of its id.
pub(crate) fn line_name(id: Uuid) -> String {
    let digits = id.simple().to_string().to_uppercase();
    digits[digits.len() - 6..].to_owned()
}

/// Whether this very gap is in the way, be it waived.
///
/// # Errors
/// When the database does not answer.
pub async fn is_in_the_way(tx: &mut Tx, incident: IncidentId, item: Uuid) -> Result<bool, Error> {
    store::is_open(tx, incident, item).await
}

/// The gaps that two people let stand, as far as they are still open.
///
/// # Errors
/// When the database does not answer.
pub async fn waived(tx: &mut Tx, incident: IncidentId) -> Result<Vec<(Uuid,)>, Error> {
    store::waived(tx, incident, BlockerKind::CrossCheckGap.code()).await
}

/// What a file is about: the census, or one list of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Census,
    List(Kind, Side),
}

impl Subject {
    /// As in the addresses of its pages: `census`, `dispensed-expected`.
    pub(crate) fn code(self) -> String {
        match self {
            Self::Census => "census".to_owned(),
            Self::List(kind, side) => format!("{}-{}", kind.code(), side.code()),
        }
    }

    pub(crate) fn from_code(code: &str) -> Option<Self> {
        if code == "census" {
            return Some(Self::Census);
        }
        let (kind, side) = code.split_once('-')?;
        let kind = Kind::from_code(kind).filter(|kind| kind.has_lists())?;
        Some(Self::List(kind, Side::from_code(side)?))
    }

    /// What the file is called.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Census => "census",
            Self::List(kind, side) => kind.list(side),
        }
    }
}
