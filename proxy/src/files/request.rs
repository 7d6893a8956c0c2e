//! What serving a file needs of a request, and what comes of it.

use std::fmt;

use crate::exchange::path;
use crate::message::{Headers, Response};
use crate::variables::Variables;
use nginx_conf::model::{Level, Settings};

/// Room for the name of a usual `root`.
pub(super) const TYPICAL_ROOT_LENGTH: usize = 128;

/// What serving a file needs to know of a request.
pub(crate) struct FileRequest<'a> {
    /// GET or HEAD; the response is the same.
    pub(crate) get: bool,
    /// POST. nginx looks for the file before it refuses the method, unlike for the methods that are neither.
    pub(crate) post: bool,
    /// The normalised URI, `$uri`.
    pub(crate) uri: &'a [u8],
    /// `try_files` has found a file below a regular expression's `alias`: the URI is what follows the alias.
    pub(crate) add_uri_to_alias: bool,
    /// The location's settings.
    pub(crate) settings: &'a Settings,
    /// The request's header fields.
    pub(crate) headers: &'a Headers,
    /// The request's variables.
    pub(crate) variables: &'a dyn Variables,
    /// Writes to the error log; adds the connection, client and request itself.
    pub(crate) log: &'a dyn Fn(Level, fmt::Arguments<'_>),
}

/// What became of a request.
#[derive(Debug)]
pub(crate) enum FileOutcome {
    /// A response. That of a redirect (301) or an unsatisfiable range (416) has an empty body, for which the caller puts
    /// the status' page.
    Respond(Response),
    /// An internal redirect to this URI. From [`try_files`](super::try_files()) its query, or none, replaces the request's; from [`content`](super::content)
    /// it is a path alone, and the request keeps its query.
    Redirect(Vec<u8>),
    /// An internal redirect to this named location (with the `@`).
    Named(Vec<u8>),
    /// `try_files` found something: the content handler goes on.
    Continue {
        /// With this URI.
        uri: Vec<u8>,
        /// See [`FileRequest::add_uri_to_alias`].
        add_uri_to_alias: bool,
    },
    /// An error: its page is the response.
    Error(u16),
}

impl FileRequest<'_> {
    /// The file that the URI stands for.
    pub(super) fn file_name(&self) -> Vec<u8> {
        let mut name = Vec::with_capacity(self.uri.len() + TYPICAL_ROOT_LENGTH);
        path::file_name(&self.settings.root, self.uri, self.add_uri_to_alias, self.variables, &mut name);
        name
    }
}
