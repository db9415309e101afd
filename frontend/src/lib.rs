//! What people see: the UI kit, the pages and the few islands that keep them live.
//!
//! Pages are plain functions from a view model of `domain::view` to a complete HTML document. They are rendered
//! outside any router; every link is a link and every form a form, so a page works without script. The same
//! functions run in the browser for the parts that stay live.

#[cfg(feature = "ssr")]
pub mod document;
pub mod islands;
pub mod pages;
pub mod style;
pub mod ui;

#[cfg(feature = "ssr")]
pub use document::{page, public_page};
pub use style::{DARK_STYLESHEET, PRINT_STYLESHEET, PUBLIC_STYLESHEET, STYLESHEET, packed};
