//! The demo hospital: Harbor Health, made by the program from a seed, so that everything can be tried with people
//! who do not exist.

mod chance;
mod hospital;
mod schedule;
mod staff;
pub mod web;

use clap::ValueEnum;
use domain::{
    Refusal,
    id::AccountId,
    places::{Facility, Group, Read, System, Unit},
    time::Zone,
    view::{demo::DemoLoaded, imports::Figures},
};
use serde_json::json;

use crate::{
    accounts::store as accounts,
    app::App,
    failure::Failure,
    fetch_optional, people, places, playbooks,
    store::{
        Error, Tx,
        journal::{self, Chain, Decision, Say},
    },
};

const SEED: u64 = 19_072_024;
const ZONE: &str = "America/New_York";

/// How large the demo hospital is. All sizes have the same twelve sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Size {
    /// 1,500 staff in 60 units.
    S,
    /// 25,000 staff in 120 units.
    M,
    /// 82,000 staff in 450 units.
    L,
}

impl Size {
    /// The size of a letter.
    pub fn from_code(code: &str) -> Option<Self> {
        match code.trim().to_lowercase().as_str() {
            "s" => Some(Self::S),
            "m" => Some(Self::M),
            "l" => Some(Self::L),
            _ => None,
        }
    }

    const fn staff(self) -> usize {
        match self {
            Self::S => 1_500,
            Self::M => 25_000,
            Self::L => 82_000,
        }
    }

    const fn units(self) -> usize {
        match self {
            Self::S => 60,
            Self::M => 120,
            Self::L => 450,
        }
    }
}

const LOADED: &str = "
    SELECT data
    FROM journal
    WHERE chain = $1 AND kind = 'demo.loaded'
    LIMIT 1";

/// Whether this installation's hospital is the demo.
///
/// # Errors
/// When the database does not answer.
pub async fn is_loaded(app: &App, tx: &mut Tx) -> Result<bool, Error> {
    Ok(fetch_optional!(tx, (String,), LOADED, app.installation)?.is_some())
}

/// Loads the demo hospital on behalf of the terminal.
///
/// # Errors
/// When a hospital is there already: made-up people never mix with real ones.
pub async fn load(app: &App, size: Size) -> Result<DemoLoaded, Failure> {
    let account = AccountId(app.installation);
    let mut decision = journal::begin_unasked(app, account, Chain::Installation).await?;
    let loaded = load_in(app, &mut decision, size).await?;
    decision.commit(app, &loaded).await?;
    Ok(loaded)
}

/// Loads it as part of a decision: places, systems, staff and the approval of the built-in playbooks.
pub(crate) async fn load_in(app: &App, decision: &mut Decision, size: Size) -> Result<DemoLoaded, Failure> {
    if !places::store::facilities(&mut decision.tx).await?.is_empty() {
        let sentence = "A hospital is entered already. Load the demo into an empty data folder.";
        return Err(Refusal::new("not-empty", sentence).with_link("/places").into());
    }
    let at = decision.at;
    accounts::name_installation(&mut decision.tx, "Harbor Health (demo)", ZONE, at).await?;
    let units = hospital::units(size.units());
    places::import::save(app, &mut decision.tx, &places_of(&units)).await?;
    let directory = people::Directory::read(&mut decision.tx).await?;
    let staff = staff::staff(size.staff(), &units, &mut chance::Chance::from_seed(SEED));
    let mut figures = Figures::default();
    let read = domain::people::Read { staff, ..Default::default() };
    let rows = directory.changes(&app.clock, read, &mut figures)?;
    people::store::save(&mut decision.tx, &rows, at).await?;
    let mut approved = 0;
    for playbook in domain::playbooks::shipped() {
        playbooks::store::insert(&mut decision.tx, &playbook).await?;
        playbooks::approve_in(app, decision, &playbook.fingerprint().to_string()).await?;
        approved += 1;
    }
    let loaded = DemoLoaded {
        facilities: hospital::SITES.len(),
        units: units.len(),
        staff: rows.len(),
        playbooks: approved,
    };
    let data = json!({ "facilities": loaded.facilities, "units": loaded.units, "staff": loaded.staff });
    decision.append(app, Say { kind: "demo.loaded", data, ..Say::default() }).await?;
    Ok(loaded)
}

/// The schedule of the hospital's day as its nightly export would write it; nothing when it is not the demo.
///
/// # Errors
/// When the database does not answer.
pub async fn schedule_of_today(app: &App) -> Result<Option<String>, Error> {
    let mut tx = app.db.read().await?;
    let Some((data,)) = fetch_optional!(tx, (String,), LOADED, app.installation)? else { return Ok(None) };
    drop(tx);
    let loaded: serde_json::Value = serde_json::from_str(&data).unwrap_or_default();
    let staff = loaded["staff"].as_u64().and_then(|staff| usize::try_from(staff).ok()).unwrap_or_default();
    let size = [Size::L, Size::M].into_iter().find(|size| staff >= size.staff()).unwrap_or(Size::S);
    let zone = Zone::named(ZONE).expect("the demo's zone is in the database of zones");
    Ok(Some(schedule::file(size, &zone.civil_date(app.clock.now()).to_string(), SEED)))
}

/// How many computers each unit has, as an inventory would write it; nothing when it is not the demo.
///
/// # Errors
/// When the database does not answer.
pub async fn devices(app: &App) -> Result<Option<String>, Error> {
    let mut tx = app.db.read().await?;
    if !is_loaded(app, &mut tx).await? {
        return Ok(None);
    }
    // From 4 to 29 a unit: 7,400 in the largest hospital.
    let rows = places::store::units(&mut tx)
        .await?
        .into_iter()
        .enumerate()
        .map(|(number, unit)| vec![unit.facility, unit.code, (4 + number * 7 % 26).to_string()]);
    Ok(Some(domain::table::write_csv(&["site", "unit", "in all"], rows)))
}

fn places_of(units: &[hospital::Unit]) -> Read {
    let groups = hospital::GROUPS
        .iter()
        .map(|(code, name, _)| Group { code: (*code).to_owned(), name: (*name).to_owned() })
        .collect();
    let facilities = hospital::SITES
        .iter()
        .map(|site| Facility {
            code: site.code.to_owned(),
            name: site.name.to_owned(),
            short_name: site.short_name.to_owned(),
            zone: ZONE.to_owned(),
            groups: hospital::GROUPS
                .iter()
                .filter(|(_, _, members)| members.contains(&site.code))
                .map(|(code, ..)| (*code).to_owned())
                .collect(),
        })
        .collect();
    let units = units
        .iter()
        .map(|unit| Unit {
            facility: hospital::SITES[unit.site].code.to_owned(),
            code: unit.code.clone(),
            name: unit.name.clone(),
            phone: unit.phone.clone(),
            setting: unit.setting(),
            beds: unit.beds(),
        })
        .collect();
    Read { groups, facilities, units, systems: systems(), ..Read::default() }
}

/// The systems of the playbook whose morning the demo is about.
fn systems() -> Vec<System> {
    let playbooks = domain::playbooks::shipped();
    let playbook = playbooks.into_iter().find(|playbook| playbook.key == "endpoint-crash");
    let systems = playbook.map(|playbook| playbook.systems).unwrap_or_default();
    systems
        .into_iter()
        .map(|system| System {
            code: system.key,
            name: system.name,
            short_name: system.short_name,
            aliases: system.aliases,
            kind: system.kind,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_staff_with_numbers_from_fiction() {
        let units = hospital::units(60);
        let make = || staff::staff(1_500, &units, &mut chance::Chance::from_seed(SEED));
        let staff = make();
        assert_eq!(staff, make());
        assert_eq!(staff.iter().filter(|person| person.unit_lead).count(), 60);
        let phones: Vec<_> = staff.iter().flat_map(|person| &person.phones).collect();
        assert!(phones.iter().all(|phone| phone.len() == 12 && &phone[5..10] == "55501"));
        assert_eq!(phones.iter().collect::<BTreeSet<_>>().len(), phones.len(), "each phone is one person's");
        assert!(staff.iter().flat_map(|person| &person.emails).all(|mail| mail.ends_with(".example")));
    }
}
