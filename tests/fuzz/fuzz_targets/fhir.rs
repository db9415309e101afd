//! A bundle, NDJSON, or one resource.
#![no_main]

use std::sync::LazyLock;

use domain::{
    schedule::{
        Site,
        dialect::Dialect,
        fhir::{Limits, Reader},
    },
    time::Zone,
};
use libfuzzer_sys::fuzz_target;

static SITES: LazyLock<Vec<Site>> = LazyLock::new(fuzz::sites);
static ZONE: Zone = Zone::utc();
static READER: LazyLock<Reader<'static>> =
    LazyLock::new(|| Reader::new(&SITES, &Dialect::default(), &ZONE, fuzz::AS_OF));

fuzz_target!(|bytes: &[u8]| {
    if let Ok(incoming) = READER.file(bytes, &Limits::IMPORT) {
        fuzz::check(&incoming);
    }
});
