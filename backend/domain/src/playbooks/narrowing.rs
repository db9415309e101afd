//! What part of a day a rule reaches.

use jiff::civil::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A part of the bookings of a day. What is empty leaves nothing out; what is given must all hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Narrowing {
    /// What begins at or after this time at its facility: `13:00`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// What begins before this time at its facility: `17:30`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub until: String,
    /// As the schedule names them; letters and digits alone are compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub departments: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub providers: Vec<String>,
    /// A scheme with a value: `fssa:P3`. Values of different schemes are never compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub priorities: Vec<String>,
}

impl Narrowing {
    /// Whether it leaves nothing out.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// A time of day as `13:00` or `9:30`; `None` when it is none.
    pub fn time(text: &str) -> Option<Time> {
        let (hour, minute) = text.trim().split_once(':')?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let two = minute.len() == 2 && (1..=2).contains(&hour.len()) && digits(hour) && digits(minute);
        two.then(|| Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()).flatten()
    }

    /// What it leaves, in words: `from 13:00, Cardiology, P3 (fssa)`; empty when it leaves all.
    pub fn words(&self) -> String {
        let mut parts = Vec::new();
        match (self.from.as_str(), self.until.as_str()) {
            ("", "") => {}
            (from, "") => parts.push(format!("from {from}")),
            ("", until) => parts.push(format!("before {until}")),
            (from, until) => parts.push(format!("from {from} until {until}")),
        }
        for names in [&self.services, &self.departments, &self.providers] {
            if !names.is_empty() {
                parts.push(names.join(" or "));
            }
        }
        let ranked = self.priorities.iter().map(|code| match code.split_once(':') {
            Some((scheme, value)) => format!("{value} ({scheme})"),
            None => code.clone(),
        });
        let ranked: Vec<_> = ranked.collect();
        if !ranked.is_empty() {
            parts.push(ranked.join(" or "));
        }
        parts.join(", ")
    }
}
