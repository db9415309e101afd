//! The words and rules of Downtime Command, without input or output.
//!
//! Everything here is pure: time, ids and chance come in as arguments, so that a rule can be tested by calling
//! it and the same code runs in the server and in the browser. One file per capability; `view` holds what a page
//! shows and a stream carries.

pub mod accounts;
pub mod actor;
pub mod ancillary;
pub mod broadcasts;
pub mod cases;
pub mod cells;
pub mod checks;

pub mod clearance;
pub mod closing;
pub mod codes;
pub mod command;
pub mod decisions;
pub mod deliveries;
pub mod devices;
pub mod entry;
pub mod feeds;
pub mod field;
pub mod forms;
pub mod hl7;
pub mod id;
pub mod identifiers;
pub mod identity;
pub mod incidents;
pub mod instructions;
pub mod journal;
pub mod late_entries;
pub mod lexicon;
pub mod log;
// How a name sounds is asked by the server alone.
#[cfg(not(target_arch = "wasm32"))]
pub mod names;
pub mod neighbours;
pub mod packs;
pub mod people;
pub mod places;
pub mod playbooks;
pub mod readiness;
pub mod refusal;
pub mod reviews;
pub mod schedule;
pub mod schedules;
pub mod scope;
pub mod sms;
pub mod stamp;
pub mod stock;
pub mod table;
pub mod time;
pub mod triage;
pub mod view;

pub use refusal::Refusal;
