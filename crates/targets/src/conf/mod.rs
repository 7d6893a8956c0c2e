//! The configuration under test: found, read, changed by a scenario and rewritten to run in a scratch directory.

mod app_server_tls;
mod certificate;
mod containment;
mod default_files;
mod directory;
mod dump;
mod edited;
mod effects;
mod include;
mod included;
mod known_names;
mod origin;
mod overlay;
mod paths;
mod proxy_pass;
mod rewrite;
mod rewritten;
mod snapshot;
mod source;
mod trial;
mod words;

pub(crate) use app_server_tls::app_server_tls;
pub use origin::Origin;
pub use overlay::{Overlay, OverlayError};
pub use paths::Scratch;
pub use paths::restore_permissions;
pub use rewrite::{Rewriter, has_own_variable};
pub use rewritten::{RewrittenConf, TlsFile};
pub use snapshot::Snapshot;
pub use source::{ConfError, FrontEnd, Source, SourceOptions};
