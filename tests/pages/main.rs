//! What the pages say: one file per capability, read as HTML without a browser.

mod clearance;
