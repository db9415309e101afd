//! What a revocation leaves to do: what must be looked at again, and new serial ranges for the second window.

use std::collections::BTreeMap;

use domain::{
    actor::Role,
    forms::Serial,
    id::{IncidentId, SystemId, UnitId},
    scope::{Functions, Place, Scope, Target},
    time::Timestamp,
    view::reviews::{RangeLine, ReviewFilter, RevocationView, UnitRanges},
};
use sqlx::types::Uuid;

use super::{page, store, tally};
use crate::{
    accounts::store as accounts,
    failure::Failure,
    fetch_all,
    instructions::picture,
    places::store as places,
    playbooks::store as playbooks,
    store::{Error, Rows, Sql, Tx},
    web::door::Door,
};

/// Units on the page; the ledger of paper has all.
const MOST_UNITS: usize = 150;

/// Unit, codes of its site and of itself, form, first, last, out.
type RangeRow = (Uuid, String, String, String, i64, i64, i64);

const RANGES: Sql = Sql {
    sqlite: "
    SELECT form_issue.unit, facility.code, unit.code, form_issue.form_type, form_issue.first, form_issue.last,
        form_issue.out
    FROM form_issue
    JOIN unit ON unit.id = form_issue.unit
    JOIN facility ON facility.id = unit.facility
    WHERE form_issue.incident = $1 AND form_issue.seq < $2
        AND form_issue.unit IN (SELECT unhex(value) FROM json_each($3))
    ORDER BY form_issue.form_type, form_issue.first",
    postgres: "
    SELECT form_issue.unit, facility.code, unit.code, form_issue.form_type, form_issue.first, form_issue.last,
        form_issue.out
    FROM form_issue
    JOIN unit ON unit.id = form_issue.unit
    JOIN facility ON facility.id = unit.facility
    WHERE form_issue.incident = $1 AND form_issue.seq < $2
        AND form_issue.unit IN (SELECT value::uuid FROM json_array_elements_text($3::json))
    ORDER BY form_issue.form_type, form_issue.first",
};

/// The page of one revocation.
///
/// # Errors
/// When there is no such revocation.
pub async fn read(
    door: &Door,
    tx: &mut Tx,
    incident: IncidentId,
    seq: i64,
) -> Result<RevocationView, Failure> {
    let row = store::revocations(tx, incident).await?.into_iter().find(|row| row.seq == seq);
    let row = row.ok_or(Failure::NotFound("revocation"))?;
    let picture = picture(tx).await?;
    let place: Place =
        row.place.parse().map_err(|_| Error::Corrupt(format!("a place reads {:?}", row.place)))?;
    let target = Target::System(SystemId(row.system));
    let scope = Scope { place, target, functions: Functions::from_bits(row.functions) };
    let sites = picture.places.facilities_of(place);
    let own = picture.facilities.iter().find(|site| sites.len() == 1 && sites.contains(&site.id));
    let zone = match own {
        Some(site) => site.zone.clone(),
        None => accounts::installation(tx).await?.zone(),
    };
    let closed = places::closed(tx).await?;
    let of_part = |(unit, _): &(UnitId, String)| {
        picture.places.contains(place, Place::Unit(*unit)) && !closed.contains(unit)
    };
    let all: Vec<(UnitId, String)> = places::named_units(tx).await?.into_iter().filter(of_part).collect();
    let shown = &all[..all.len().min(MOST_UNITS)];
    let counts = tally::read(tx, incident).await?;
    let filter = ReviewFilter { revocation: seq.to_string(), ..ReviewFilter::default() };
    Ok(RevocationView {
        incident,
        seq,
        title: format!(
            "{} was taken back at {}.",
            picture.scope_name(&scope),
            zone.full(Timestamp(row.revoked_at))
        ),
        released: zone.full(Timestamp(row.released_at)),
        figures: tally::figures(counts.iter().filter(|(key, _)| key.revocation == seq)),
        reviews_path: page::path(incident, &filter),
        units: units(tx, incident, seq, shown).await?,
        more_units: i64::try_from(all.len() - shown.len()).unwrap_or(i64::MAX),
        may_issue: door.actor().has(&[Role::FormsClerk]),
        reason: row.reason,
    })
}

/// Each unit with the ranges it was given before, and the ways to give it new ones.
async fn units(
    tx: &mut Tx,
    incident: IncidentId,
    seq: i64,
    units: &[(UnitId, String)],
) -> Result<Vec<UnitRanges>, Error> {
    let types = playbooks::kit(tx, incident).await?;
    let prefixes: BTreeMap<&str, &str> =
        types.iter().map(|each| (each.code.as_str(), each.serial_prefix.as_str())).collect();
    let ids: Vec<String> = units.iter().map(|(unit, _)| unit.0.simple().to_string()).collect();
    let mut before: BTreeMap<Uuid, Vec<RangeLine>> = BTreeMap::new();
    for (unit, site, code, form_type, first, last, out) in
        fetch_all!(tx, RangeRow, RANGES, incident.0, seq, Rows::of(&ids).text())?
    {
        let prefix = prefixes.get(form_type.as_str()).copied().unwrap_or(&form_type);
        let serial = |number| Serial::new(&site, &code, prefix, number).to_string();
        let line =
            RangeLine { first: serial(first), last: serial(last), sheets: last - first + 1, out, form_type };
        before.entry(unit).or_default().push(line);
    }
    let issue = |unit: UnitId| {
        let link = |code: &str| format!("/incidents/{incident}/forms/issue?form_type={code}&unit={unit}");
        types.iter().map(|each| (each.code.clone(), link(&each.code))).collect()
    };
    let mut line = |(unit, name): &(UnitId, String)| UnitRanges {
        unit: name.clone(),
        before: before.remove(&unit.0).unwrap_or_default(),
        issue: issue(*unit),
    };
    Ok(units.iter().map(&mut line).collect())
}
