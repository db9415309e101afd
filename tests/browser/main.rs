//! What only a real browser shows: hydration, live pages, axe, the content security policy, the keyboard.

mod live;
mod pages;
mod s0;
mod scanning;
