//! A browser that looks at a live site: Chromium, started without a window and spoken to by its DevTools protocol.
//!
//! A [`Browser`] visits the site's page once, as any visitor does, and keeps what it has seen as a [`Visit`]: requests, errors, what
//! was blocked, and a picture. From that page it opens a WebSocket, and from a made-up page of another origin it reads the API.
//! Every request of a page goes through a gate, which holds back whatever may change something.
//!
//! Why no library: the protocol is JSON over two pipes, and what is needed of it are two dozen commands. The libraries for it bring
//! the types of all commands there are, which every build of the program would compile for minutes, and each of them starts Chromium
//! in a way of its own, with an open port, or leaves it running.
//!
//! From the bottom up: `program` finds Chromium, `process` starts and ends it, `connection` speaks with it, `gate` and `observed` decide
//! on and take note of what a page does, `page` is one page, `rest` says when it has come to rest, and `visiting`, `screenshot`,
//! `worker` and `reach` use it.

mod blocked;
mod browser;
mod connection;
mod gate;
mod observed;
mod origin;
mod page;
mod process;
mod program;
mod reach;
mod rest;
mod screenshot;
mod site;
mod visit;
mod visiting;
mod worker;

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

pub use browser::Browser;
pub use program::{PROGRAM_VARIABLE, locate};
pub use reach::{Read, SocketEnd};
pub use site::BrowserSite;
pub use visit::{Complaint, ComplaintKind, Findings, Outcome, PageRequest, Visit, VisitEnd, Worker};

/// Why a browser cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BrowserError {
    /// There is none.
    #[error(
        "there is no Chromium here: install chromium or Google Chrome (Debian: apt install chromium), or name the program in {PROGRAM_VARIABLE}"
    )]
    Missing,
    /// The one that is named is not there.
    #[error("there is no file {}, which {PROGRAM_VARIABLE} names", .0.display())]
    NoSuchProgram(PathBuf),
    /// It does not start.
    #[error("{} does not start: {why}; see that it runs by itself, or name another in {PROGRAM_VARIABLE}", program.display())]
    Start {
        /// Which.
        program: PathBuf,
        /// Why, as far as it says.
        why: String,
    },
    /// It has ended.
    #[error("Chromium has ended unexpectedly")]
    Ended,
    /// The process that it has for a page has ended.
    #[error("Chromium's process for the page has crashed")]
    Crashed,
    /// It says more than anybody listens to.
    #[error("the page has Chromium tell more than {} MiB", .0 >> 20)]
    Flooded(u64),
    /// It does not do as it is told.
    #[error("Chromium refuses {method}: {why}")]
    Refused {
        /// The command.
        method: &'static str,
        /// Why.
        why: String,
    },
    /// It takes too long.
    #[error("Chromium has not answered {method} for {} s", limit.as_secs())]
    Timeout {
        /// The command.
        method: &'static str,
        /// For how long.
        limit: Duration,
    },
}
