//! What scenarios run against.
//!
//! A [`target`] is an engine (the reference proxy, or nginx in a container or installed) or a live deployment. An engine
//! never runs the configuration as its author wrote it: [`conf`] first rewrites it, so that it listens on loopback ports,
//! connects to the mock app servers and writes below a scratch directory, and then checks that nothing in it reaches
//! further. What cannot be checked is not run.
//!
//! A [`stage`] is one configuration with one engine. On it each scenario gets its own [`scene`]: a proxy, app servers, a
//! front end and logs. A [`setting`] is what a run takes place on, either a stage or a deployment. [`machine`] checks that
//! this machine has the resources for a run.

pub mod conf;
pub mod machine;
pub mod scene;
pub mod setting;
pub mod stage;
pub mod target;
