//! Requests for files, and their outcomes.

use std::cell::{Cell, RefCell};
use std::fmt;

use crate::clock::Clock;
use crate::exchange::path;
use crate::message::{Headers, Response};
use crate::trace::{Step, Trace, Written, shown};
use crate::variables::Variables;
use nginx_conf::model::{Level, Settings};

/// Room for the path of a typical `root`.
pub(super) const TYPICAL_ROOT_LENGTH: usize = 128;

/// A request, as far as serving files is concerned.
pub(crate) struct FileRequest<'a> {
    /// Whether the method is GET or HEAD.
    pub(crate) get: bool,
    /// Whether the method is POST, which nginx refuses only after looking for the file, unlike other methods.
    pub(crate) post: bool,
    /// The normalised URI, `$uri`.
    pub(crate) uri: &'a [u8],
    /// Whether the URI follows the `alias` of a regex location, since `try_files` has found the file there.
    pub(crate) add_uri_to_alias: bool,
    /// The location's settings.
    pub(crate) settings: &'a Settings,
    /// The type of whatever is found, where an app server has told it.
    pub(crate) content_type: Option<&'a str>,
    /// The request's header fields.
    pub(crate) headers: &'a Headers,
    /// Whether `gzip_static` may send this client a compressed file.
    pub(crate) accepts_gzip: bool,
    /// Set where there is a compressed file, so that `gzip_vary` applies.
    pub(crate) gzip_vary: &'a Cell<bool>,
    /// Memory for the fields of a response; they are empty.
    pub(crate) spare_headers: &'a RefCell<Headers>,
    /// The time.
    pub(crate) clock: &'a Clock,
    /// The request's variables.
    pub(crate) variables: &'a dyn Variables,
    /// Writes to the error log, adding the connection, client and request.
    pub(crate) log: &'a dyn Fn(Level, fmt::Arguments<'_>),
    /// Where steps are told, if they are.
    pub(crate) trace: Option<FileTrace<'a>>,
}

/// Where the steps of a request for a file are told.
#[derive(Clone, Copy)]
pub(crate) struct FileTrace<'a> {
    /// The request's trace.
    pub(crate) trace: &'a Trace,
    /// The configuration, seen from the location.
    pub(crate) here: Written<'a>,
}

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum FileOutcome {
    /// A response. An empty 301 or 416 gets its page when it is sent.
    Respond(Response),
    /// An internal redirect to this URI. From [`try_files`](super::try_files()) it may have a query, which replaces
    /// that of the request even if there is none. From [`content`](super::content) it is a path, and the request keeps
    /// its query.
    Redirect(Vec<u8>),
    /// An internal redirect to this named location (with the `@`).
    Named(Vec<u8>),
    /// `try_files` found something, which the content handler is to serve.
    Continue {
        /// With this URI.
        uri: Vec<u8>,
        /// See [`FileRequest::add_uri_to_alias`].
        add_uri_to_alias: bool,
    },
    /// An error, answered with its page.
    Error(u16),
}

impl FileRequest<'_> {
    /// `charset`; empty if there is none.
    pub(super) fn charset(&self) -> Vec<u8> {
        self.settings.charset.name.as_ref().map(|name| self.variables.evaluate(name)).unwrap_or_default()
    }

    /// Tells a step to whoever traces the request.
    pub(super) fn trace(&self, step: impl FnOnce(Written<'_>) -> Step) {
        if let Some(FileTrace { trace, here }) = self.trace {
            trace.tell(step(here));
        }
    }

    /// Tells which file was opened, and what came of it.
    pub(super) fn trace_file(&self, path: &[u8], status: u16) {
        self.trace(|here| Step::File {
            directive: here.first(&["root", "alias"]),
            path: shown(path),
            status,
        });
    }

    /// The name of the URI's file.
    pub(super) fn file_name(&self) -> Vec<u8> {
        let mut name = Vec::with_capacity(self.uri.len() + TYPICAL_ROOT_LENGTH);
        path::file_name(&self.settings.root, self.uri, self.add_uri_to_alias, self.variables, &mut name);
        name
    }
}
