//! The configuration reader and what it feeds, on their own and side by side with nginx.

mod cases;
mod damaged;
mod documentation;
mod locations;
mod merged;
mod nginx;
mod refused;
#[path = "../shared/reserved.rs"]
mod reserved;
mod targets;
