//! Why a scene cannot be set up.

use std::io;

use thiserror::Error;

use crate::conf::OverlayError;
use crate::target::TargetError;

/// Why a scene cannot be set up.
#[derive(Debug, Error)]
pub enum SceneError {
    /// This machine has no more ports or disk space.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The target failed.
    #[error("{0}")]
    Target(#[from] TargetError),
    /// A change does not fit the configuration.
    #[error("{0}")]
    Overlay(#[from] OverlayError),
    /// The client's side of TLS could not be set up.
    #[error("{0}")]
    Tls(String),
    /// A scenario names an unknown app server.
    #[error("there is no app server {name:?}; there are {}", known.join(", "))]
    NoSuchAppServer {
        /// The name.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// The proxy ended, or was never started.
    #[error("the proxy is not running")]
    NotRunning,
    /// The configuration does not listen on the port that clients use.
    #[error("clients use port {port}, but the configuration has `listen {written};`, not `listen {port};`")]
    OtherPort {
        /// The clients' port.
        port: u16,
        /// The `listen` address as written.
        written: String,
    },
    /// nginx reads something else than what was checked.
    #[error(
        "not run: nginx reads {file:?}, which was not checked\n  help: this is a fault of hopcheck's; please report it with \
         your configuration"
    )]
    Unchecked {
        /// The file, or the words, that nginx has read.
        file: String,
    },
    /// The engine refused the configuration.
    #[error("{engine} did not start:\n{said}")]
    Refused {
        /// The target's name.
        engine: String,
        /// Its output, with the original paths.
        said: String,
    },
}
