//! What the scenarios are run against.
//!
//! A [`target`] is an engine: the reference proxy, nginx in a container or installed, or a deployment that is already there.
//! An engine never sees the configuration as its author wrote it. [`conf`] rewrites it first, so that it listens on
//! loopback ports of ours, asks our app servers and writes below a scratch directory, and refuses what it cannot read
//! whole. A [`stage`] is one configuration with one engine, and each scenario gets a [`scene`] on it: a proxy, two app
//! servers, a front end and logs of its own. [`setting`] is either such a stage or a deployment; [`machine`] says what this
//! machine lacks for a run.

pub mod conf;
pub mod machine;
pub mod scene;
pub mod setting;
pub mod stage;
pub mod target;
