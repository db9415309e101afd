//! What only the databases show: schemas that agree, order, concurrency.

mod entry;
mod facts;
mod forms;
mod installation;
mod journal;
mod log;
mod outside;
mod schemas;
mod stock;
