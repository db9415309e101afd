//! Every use case through the JSON door, in process, on both databases: one file per capability.

mod accounts;
mod audit;
mod broadcasts;
mod cases;
mod clearance;
mod closing;
mod command;
mod devices;
mod doors;
mod downtime;
mod forms;
mod incidents;
mod instructions;
mod ladder;
mod log;
mod neighbours;
mod packs;
mod people;
mod places;
mod playbooks;
mod publishing;
mod reviews;
mod revocation;
mod sites;
mod staged_return;
mod status;
