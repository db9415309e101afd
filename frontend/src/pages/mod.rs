//! One file per page family: each turns a view model into the body of a page.

pub mod accounts;
pub mod answer;
pub mod board;
pub mod broadcasts;
pub mod command;
pub mod incidents;
pub mod playbooks;
pub mod problem;
pub mod situation;
pub mod verify;
