//! Mends of an nginx configuration that are proven.
//!
//! 1. *The fault* (`fault`): the scenarios are run as by `hopcheck run`. A fault is a broken promise with the blocks of the
//!    configuration that it is about: of its route, and of what the requests of its scenario came to.
//! 2. *The proposals* (`rules`): each rule is about a kind of fault, and proposes edits of the user's own text (`edit`), which leave
//!    everything else as it is. Rules are about nginx and its directives, not about any site, and none is trusted.
//! 3. *The proof* (`bench`): each edit is tried on a copy. The engine must accept it; the promise must be kept then; no promise that
//!    was kept may be lost, asked as before the edit and of the routes that there are with it; no request that was answered well may
//!    be answered with an error, and nobody be let in who was not.
//! 4. The first that is proven is taken, and the next fault is looked at in the configuration with it (`mending`).
//!
//! What no edit decides, as who does CORS, is asked back (`advice`).
//!
//! The same bench tells which promises a change breaks that somebody else made (`regression`).

mod advice;
mod apply;
mod bench;
mod conf;
mod edit;
mod error;
mod fault;
mod files;
mod made;
mod mending;
mod model;
mod patch;
mod proposal;
mod refusal;
mod regression;
mod rules;
mod text;

pub use advice::Choice;
pub use bench::Bench;
pub use error::FixError;
pub use mending::{Step, fix};
pub use model::{Fix, Mend, Tried, Unmended};
pub use regression::mark_broken_promises;
