//! The configuration under test: found, read, overlaid by a scenario and rewritten to be run in a scratch directory.

mod certificate;
mod containment;
mod overlay;
mod pass;
mod paths;
mod rewrite;
mod rewritten;
mod source;
mod stock;
mod touch;

pub use overlay::{Overlay, OverlayError};
pub use paths::Scratch;
pub use paths::give_back;
pub use rewrite::Rewriter;
pub use rewritten::{Rewritten, TlsFile};
pub use source::{ConfError, FrontEnd, Source, USUAL_NAMES};
