//! What the tests stand on: the program in process or as a real server, on either database, and the people and
//! programs that use it through its public doors.
//!
//! A test reads as the story it protects. Set-up and noise live here, the meaning stays in the test.

pub mod browser;
pub mod by_hand;
pub mod cast;
pub mod crawl;
pub mod databases;
pub mod desk;
pub mod disk;
pub mod door;
pub mod feed;
pub mod harbor;
pub mod intruder;
pub mod letters;
pub mod mail;
pub mod mllp;
pub mod morning;
pub mod page;
pub mod person;
pub mod program;
pub mod s2;
pub mod server;
pub mod settings;
pub mod sms;
pub mod world;

pub use cast::PASSWORD;
pub use databases::Kind;
pub use door::Answer;
pub use page::Page;
pub use person::Person;
pub use program::Program;
pub use server::RealServer;
pub use world::World;
