//! What only the databases show: schemas that agree, order, concurrency.

mod facts;
mod forms;
mod journal;
mod log;
mod outside;
mod schemas;
