//! Facilities, groups, units and systems: where things are and what is used there.

pub mod import;
pub mod store;
pub mod units;
pub mod web;
