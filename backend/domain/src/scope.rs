//! Scope: places x systems x functions. Every status, instruction, signature and all-clear has one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{FacilityId, GroupId, NotAnId, SystemId, UnitId};

/// A unit, a facility, a group of facilities, or all. Written `all`, `group:ID`, `facility:ID`, `unit:ID`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    All,
    Group(GroupId),
    Facility(FacilityId),
    Unit(UnitId),
}

impl Place {
    /// How narrow the place is: all 0, group 1, facility 2, unit 3 (rule 12a).
    pub const fn narrowness(self) -> u8 {
        match self {
            Self::All => 0,
            Self::Group(_) => 1,
            Self::Facility(_) => 2,
            Self::Unit(_) => 3,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Group(id) => write!(f, "group:{id}"),
            Self::Facility(id) => write!(f, "facility:{id}"),
            Self::Unit(id) => write!(f, "unit:{id}"),
        }
    }
}

impl FromStr for Place {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if text == "all" {
            return Ok(Self::All);
        }
        let (kind, id) = text.split_once(':').ok_or(NotAnId)?;
        match kind {
            "group" => id.parse().map(Self::Group),
            "facility" => id.parse().map(Self::Facility),
            "unit" => id.parse().map(Self::Unit),
            _ => Err(NotAnId),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Place {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Place".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "all, group:ID, facility:ID or unit:ID",
            "pattern": "^(all|(group|facility|unit):[0-9a-f-]{36})$"
        })
    }
}

/// How places lie in one another: which facility a unit is in, which facilities a group has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    pub unit_facility: BTreeMap<UnitId, FacilityId>,
    pub group_members: BTreeMap<GroupId, BTreeSet<FacilityId>>,
    pub facilities: BTreeSet<FacilityId>,
}

impl Places {
    /// Whether every bed of `inner` lies in `outer`.
    pub fn contains(&self, outer: Place, inner: Place) -> bool {
        match (outer, inner) {
            (Place::All, _) => true,
            (Place::Group(outer), Place::Group(inner)) => {
                outer == inner || self.members(inner).is_subset(&self.members(outer))
            }
            (Place::Group(group), Place::Facility(facility)) => self.members(group).contains(&facility),
            (Place::Group(group), Place::Unit(unit)) => {
                self.unit_facility.get(&unit).is_some_and(|facility| self.members(group).contains(facility))
            }
            (Place::Facility(outer), Place::Facility(inner)) => outer == inner,
            (Place::Facility(facility), Place::Unit(unit)) => {
                self.unit_facility.get(&unit) == Some(&facility)
            }
            (Place::Unit(outer), Place::Unit(inner)) => outer == inner,
            (_, Place::All)
            | (Place::Facility(_) | Place::Unit(_), Place::Group(_))
            | (Place::Unit(_), Place::Facility(_)) => false,
        }
    }

    /// Every place that lies in `outer`, itself included.
    pub fn within(&self, outer: Place) -> Vec<Place> {
        let groups = self.group_members.keys().map(|group| Place::Group(*group));
        let facilities = self.facilities.iter().map(|facility| Place::Facility(*facility));
        let units = self.unit_facility.keys().map(|unit| Place::Unit(*unit));
        let all = [Place::All].into_iter().chain(groups).chain(facilities).chain(units);
        all.filter(|inner| self.contains(outer, *inner)).collect()
    }

    /// The facilities that a place reaches into; a unit reaches into its own facility.
    pub fn facilities_of(&self, place: Place) -> BTreeSet<FacilityId> {
        match place {
            Place::All => self.facilities.clone(),
            Place::Group(group) => self.members(group),
            Place::Facility(facility) => BTreeSet::from([facility]),
            Place::Unit(unit) => self.unit_facility.get(&unit).copied().into_iter().collect(),
        }
    }

    fn members(&self, group: GroupId) -> BTreeSet<FacilityId> {
        self.group_members.get(&group).cloned().unwrap_or_default()
    }
}

/// What is done with a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    Registration,
    Orders,
    Results,
    Medications,
    Documentation,
    Scheduling,
    Billing,
}

impl Function {
    /// All functions, in the order in which pages list them.
    pub const ALL: [Self; 7] = [
        Self::Registration,
        Self::Orders,
        Self::Results,
        Self::Medications,
        Self::Documentation,
        Self::Scheduling,
        Self::Billing,
    ];

    /// The code, which is also the word on pages.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Orders => "orders",
            Self::Results => "results",
            Self::Medications => "medications",
            Self::Documentation => "documentation",
            Self::Scheduling => "scheduling",
            Self::Billing => "billing",
        }
    }

    /// The function of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.code() == code)
    }
}

/// A set of functions as a small bit set, so that it is `Copy`, ordered and one integer in the store.
/// Written in JSON as a list of codes; all functions as `["all"]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Functions(u8);

impl Functions {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self(0b0111_1111);

    /// The set of these functions.
    pub fn of(functions: impl IntoIterator<Item = Function>) -> Self {
        functions.into_iter().fold(Self::NONE, |set, function| Self(set.0 | 1 << function as u8))
    }

    /// The integer that the store keeps (0 to 127).
    pub const fn bits(self) -> i64 {
        self.0 as i64
    }

    /// From the integer that the store keeps; bits that mean nothing are dropped.
    pub fn from_bits(bits: i64) -> Self {
        Self(u8::try_from(bits & 0x7f).unwrap_or(0))
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub const fn contains(self, function: Function) -> bool {
        self.0 & (1 << function as u8) != 0
    }

    pub const fn includes(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    #[must_use]
    pub const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    pub fn iter(self) -> impl Iterator<Item = Function> {
        Function::ALL.into_iter().filter(move |function| self.contains(*function))
    }

    /// `all functions`, or `registration, scheduling`.
    pub fn words(self) -> String {
        if self == Self::ALL {
            return "all functions".to_owned();
        }
        self.iter().map(Function::code).collect::<Vec<_>>().join(", ")
    }
}

impl Serialize for Functions {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if *self == Self::ALL {
            return serializer.collect_seq(["all"]);
        }
        serializer.collect_seq(self.iter().map(Function::code))
    }
}

impl<'de> Deserialize<'de> for Functions {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let codes = Vec::<String>::deserialize(deserializer)?;
        let mut set = Self::NONE;
        for code in codes {
            if code == "all" {
                return Ok(Self::ALL);
            }
            let function = Function::from_code(&code)
                .ok_or_else(|| serde::de::Error::custom(format!("{code:?} is not a function")))?;
            set = set.union(Self::of([function]));
        }
        Ok(set)
    }
}

impl JsonSchema for Functions {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Functions".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "array",
            "items": { "enum": ["all", "registration", "orders", "results", "medications", "documentation", "scheduling", "billing"] }
        })
    }
}

/// What kind of thing a system is; an order may name a whole kind (rule 12a: a system over its kind).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SystemKind {
    Application,
    DeviceClass,
    Network,
}

impl SystemKind {
    pub const ALL: [Self; 3] = [Self::Application, Self::DeviceClass, Self::Network];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::DeviceClass => "device_class",
            Self::Network => "network",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// One system, or every system of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    System(SystemId),
    Kind(SystemKind),
}

/// Where, which system, and what of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Scope {
    pub place: Place,
    pub target: Target,
    pub functions: Functions,
}

/// What a system is, at a facility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Down,
    Degraded,
    ReadOnly,
    Restoring,
    Operational,
    Unknown,
}

impl Status {
    /// All statuses, the most severe first.
    pub const ALL: [Self; 6] =
        [Self::Down, Self::Degraded, Self::ReadOnly, Self::Restoring, Self::Operational, Self::Unknown];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Degraded => "degraded",
            Self::ReadOnly => "read_only",
            Self::Restoring => "restoring",
            Self::Operational => "operational",
            Self::Unknown => "unknown",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            other => other.code(),
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_travel_as_codes_and_as_one_integer() {
        let set = Functions::of([Function::Registration, Function::Scheduling]);
        assert_eq!(serde_json::to_string(&set).expect("serialises"), r#"["registration","scheduling"]"#);
        assert_eq!(serde_json::to_string(&Functions::ALL).expect("serialises"), r#"["all"]"#);
        assert_eq!(Functions::from_bits(set.bits()), set);
        assert_eq!(set.words(), "registration, scheduling");
    }

    #[test]
    fn a_place_is_written_with_its_kind() {
        let place = Place::Facility(FacilityId(uuid::Uuid::from_u128(7)));
        assert_eq!(place.to_string().parse(), Ok(place));
        assert_eq!("all".parse(), Ok(Place::All));
        assert!("ward:7".parse::<Place>().is_err());
    }

    #[test]
    fn a_group_contains_the_units_of_its_facilities() {
        let (group, facility, unit) = (
            GroupId(uuid::Uuid::from_u128(1)),
            FacilityId(uuid::Uuid::from_u128(2)),
            UnitId(uuid::Uuid::from_u128(3)),
        );
        let places = Places {
            unit_facility: [(unit, facility)].into(),
            group_members: [(group, [facility].into())].into(),
            facilities: [facility].into(),
        };
        assert!(places.contains(Place::Group(group), Place::Unit(unit)));
        assert!(!places.contains(Place::Unit(unit), Place::Facility(facility)));
        assert!(!places.contains(Place::Group(group), Place::All));
        let group = Place::Group(group);
        assert_eq!(places.within(group), [group, Place::Facility(facility), Place::Unit(unit)]);
        assert_eq!(places.within(Place::Unit(unit)), [Place::Unit(unit)]);
        assert_eq!(places.within(Place::All).len(), 4);
    }
}
