//! What a page shows and a stream carries: one file per page family.
pub mod frame;
