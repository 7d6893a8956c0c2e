//! What the app servers promise to a suite that leans on them.

mod app;
mod faults;
mod journal;
mod lifecycle;
mod streaming;
mod support;
