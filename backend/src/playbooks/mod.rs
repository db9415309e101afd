//! Playbooks: the version in force, and the one frozen into an incident (rule 14).

pub mod store;
