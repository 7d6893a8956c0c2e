//! The configuration reader and what it feeds, on their own and side by side with nginx.

mod locations;
mod nginx;
mod targets;
