//! What a page shows and a stream carries: one file per page family.

pub mod accounts;
pub mod ancillary;
pub mod audit;
pub mod board;
pub mod broadcasts;
pub mod cases;
pub mod catalogue;
pub mod checks;

pub mod clearance;
pub mod command;
pub mod demo;
pub mod devices;
pub mod downtime;
pub mod entry;
pub mod forms;
pub mod frame;
pub mod identity;
pub mod imports;
pub mod incidents;
pub mod instructions;
pub mod late_entries;
pub mod log;
pub mod neighbours;
pub mod packs;
pub mod people;
pub mod picture;
pub mod places;
pub mod playbooks;
pub mod problem;
pub mod publishing;
pub mod readiness;
pub mod reviews;
pub mod situation;
pub mod status;
pub mod stock;
