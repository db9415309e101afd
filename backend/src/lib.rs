//! Downtime Command's server: one capability a folder, each with its use cases (`mod.rs`), its SQL (`store.rs`)
//! and its routes (`web.rs`).

pub mod accounts;
pub mod ancillary;
pub mod app;
pub mod broadcasts;
pub mod cases;
pub mod checks;

pub mod clearance;
pub mod clock;
pub mod command;
pub mod config;
pub mod demo;
pub mod devices;
pub mod entry;
pub mod failure;
pub mod feeds;
pub mod forms;
pub mod gateways;
pub mod host;
pub mod identity;
pub mod imports;
pub mod incidents;
pub mod instructions;
pub mod jobs;
pub mod late_entries;
pub mod live;
pub mod log;
pub mod neighbours;
pub mod packs;
pub mod people;
pub mod places;
pub mod playbooks;
pub mod readiness;
pub mod reviews;
pub mod schedules;
pub mod status;
pub mod stock;
pub mod store;
pub mod terminal;
pub mod web;
