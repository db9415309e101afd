//! The whole program under kill -9, a full disk and servers that fail: nothing acknowledged may be missing.

mod disk;
mod kill;
mod log;
mod mail;
mod processes;
mod races;
mod start;
mod strangers;
mod terminal;
