//! The scenarios through the public doors, as JSON and as forms without JavaScript.

mod bad_input;
mod feeds;
mod s0;
mod s1;
mod schedules;
