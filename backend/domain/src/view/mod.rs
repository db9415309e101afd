//! What a page shows and a stream carries: one file per page family.

pub mod accounts;
pub mod board;
pub mod broadcasts;
pub mod cases;
pub mod command;
pub mod frame;
pub mod imports;
pub mod incidents;
pub mod people;
pub mod picture;
pub mod places;
pub mod playbooks;
pub mod problem;
pub mod situation;
