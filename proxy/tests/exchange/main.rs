//! Whole exchanges through the program: raw bytes in, raw bytes out, and what the app server saw in between.

mod bodies;
mod differential;
mod failover;
mod files;
mod injection;
mod keepalive;
mod phases;
mod proxying;
mod refusals;
#[path = "../shared/reserved.rs"]
mod reserved;
mod statuses;
mod support;
mod tunnel;
mod uploads;
