//! What only the databases show: schemas that agree, order, concurrency.

mod schemas;
