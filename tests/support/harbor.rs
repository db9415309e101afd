//! Harbor Health, the made-up hospital system of the scenarios: 12 sites, their systems, and three units a site.
//! All names are fictional.

use std::collections::BTreeMap;

use backend::{app::App, execute};
use domain::{
    id::{FacilityId, SystemId, UnitId},
    scope::Functions,
};

/// The sites in the order in which pages show them: code and name.
pub const SITES: [(&str, &str); 12] = [
    ("general", "General"),
    ("northside", "Northside"),
    ("childrens", "Children's"),
    ("womens", "Women's"),
    ("riverbend", "Riverbend"),
    ("lakeshore", "Lakeshore"),
    ("westgate", "Westgate"),
    ("eastbay", "East Bay"),
    ("cape", "Cape"),
    ("islands", "Islands"),
    ("millbrook", "Millbrook"),
    ("rehab", "Rehab"),
];

/// The systems: code, name, short name, other names, kind.
pub const SYSTEMS: [(&str, &str, &str, &str, &str); 6] = [
    ("epic", "Epic production", "Epic", r#"["Epic", "Hyperspace"]"#, "application"),
    ("epic-read-only", "Epic read-only copy", "Epic copy", r#"["read-only Epic"]"#, "application"),
    ("laboratory", "Laboratory", "Lab", r#"["lab system"]"#, "application"),
    ("imaging", "Imaging", "Imaging", r#"["PACS"]"#, "application"),
    ("workstations", "Windows computers", "Computers", r#"["workstations"]"#, "device_class"),
    ("email-phones", "E-mail and phones", "E-mail", r#"["e-mail"]"#, "network"),
];

/// The units of each site: code and name.
pub const UNITS: [(&str, &str); 3] = [("ed", "Emergency"), ("icu", "Intensive care"), ("4w", "4 West")];

/// The ids under which everything was put.
#[derive(Debug, Clone)]
pub struct Harbor {
    pub facilities: BTreeMap<&'static str, FacilityId>,
    pub systems: BTreeMap<&'static str, SystemId>,
    /// By site and unit code.
    pub units: BTreeMap<(&'static str, &'static str), UnitId>,
}

impl Harbor {
    /// A site by its code.
    ///
    /// # Panics
    /// When there is none.
    pub fn facility(&self, code: &str) -> FacilityId {
        self.facilities[code]
    }

    /// A system by its code.
    ///
    /// # Panics
    /// When there is none.
    pub fn system(&self, code: &str) -> SystemId {
        self.systems[code]
    }

    /// A unit by its site's and its own code.
    ///
    /// # Panics
    /// When there is none.
    pub fn unit(&self, site: &'static str, code: &'static str) -> UnitId {
        self.units[&(site, code)]
    }
}

const FACILITY: &str = "
    INSERT INTO facility (id, code, name, short_name, zone, position)
    VALUES ($1, $2, $3, $3, 'America/New_York', $4)";

const SYSTEM: &str = "
    INSERT INTO system (id, code, name, short_name, aliases, kind, functions, position)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const UNIT: &str = "
    INSERT INTO unit (id, facility, code, name, phone)
    VALUES ($1, $2, $3, $4, $5)";

/// Puts Harbor Health into an installation.
///
/// # Panics
/// When it is there already.
pub async fn put_into(app: &App) -> Harbor {
    let mut harbor = Harbor { facilities: BTreeMap::new(), systems: BTreeMap::new(), units: BTreeMap::new() };
    let mut tx = app.db.write().await.expect("the database can be written");
    for (position, (code, name)) in (0_i64..).zip(SITES) {
        let id: FacilityId = app.clock.id();
        execute!(tx, FACILITY, id.0, code, name, position).expect("a site can be kept");
        harbor.facilities.insert(code, id);
        for (unit, words) in UNITS {
            let unit_id: UnitId = app.clock.id();
            let phone = format!("+1555010{position:02}");
            execute!(tx, UNIT, unit_id.0, id.0, unit, words, phone).expect("a unit can be kept");
            harbor.units.insert((code, unit), unit_id);
        }
    }
    for (position, (code, name, short, aliases, kind)) in (0_i64..).zip(SYSTEMS) {
        let id: SystemId = app.clock.id();
        let functions = Functions::ALL.bits();
        execute!(tx, SYSTEM, id.0, code, name, short, aliases, kind, functions, position)
            .expect("a system can be kept");
        harbor.systems.insert(code, id);
    }
    tx.commit().await.expect("the database can be written");
    harbor
}
