//! What a page shows and a stream carries: one file per page family.

pub mod accounts;
pub mod board;
pub mod frame;
pub mod incidents;
pub mod picture;
pub mod problem;
