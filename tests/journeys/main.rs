//! The scenarios through the public doors, as JSON and as forms without JavaScript.

mod s0;
