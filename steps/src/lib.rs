//! An executable specification for the reverse proxy in front of a single-page app, a REST API and STOMP over WebSocket.
//!
//! Gherkin scenarios state what such a proxy must do. A run takes an `nginx.conf`, rewrites what must differ in a test
//! ([`conf`]), has it run by a [`target`], and lets the scenarios' steps ask it questions through the [`client`]s,
//! looking also at what reached the mock app servers behind it. The [`report`] says which promise is broken, what to
//! look at, and what went over the wire.

#[macro_use]
mod output;

pub mod catalogue;
pub mod cli;
pub mod client;
pub mod conf;
pub mod conformance;
pub mod failure;
pub mod features;
pub mod init;
mod machine;
pub mod mutants;
pub mod profile;
pub mod report;
pub mod run;
pub mod scene;
pub mod setting;
mod steps;
pub mod target;
pub mod text;
pub mod trace;
pub mod transcript;
pub mod watch;
pub mod world;
