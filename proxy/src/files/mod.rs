//! Serving files: `try_files`, `index` and nginx's static module, with its conditional and range requests.
//!
//! Every path is made of the location's `root` or `alias` and the normalised URI, which cannot climb above `/`. Symbolic
//! links are followed, as nginx follows them by default. A request costs one `open` and one `fstat`, plus one `stat` for
//! each name that `try_files` or `index` tries; nothing is cached, so a new build is served as soon as it is in place.

mod conditional;
mod date;
mod index;
mod open;
mod path;
mod range;
mod static_file;
mod try_files;

use std::fmt;

use crate::config::model::{Level, Settings};
use crate::http::message::{Headers, Response};
use crate::http::variables::Variables;
use path::file_name;

pub use try_files::try_files;

/// What serving a file needs to know of a request.
pub struct FileRequest<'a> {
    /// GET or HEAD; the response is the same.
    pub get: bool,
    /// POST. nginx looks for the file before it refuses the method, unlike for the methods that are neither.
    pub post: bool,
    /// The normalised URI, `$uri`.
    pub uri: &'a [u8],
    /// The location's settings.
    pub settings: &'a Settings,
    /// The request's header fields.
    pub headers: &'a Headers,
    /// The request's variables.
    pub variables: &'a dyn Variables,
    /// Writes to the error log; adds the connection, client and request itself.
    pub log: &'a dyn Fn(Level, fmt::Arguments<'_>),
}

/// What became of a request.
#[derive(Debug)]
pub enum Outcome {
    /// A response. That of a redirect (301) or an unsatisfiable range (416) has an empty body, for which the caller puts
    /// the status' page.
    Respond(Response),
    /// An internal redirect to this URI. From [`try_files`] its query, or none, replaces the request's; from [`content`]
    /// it is a path alone, and the request keeps its query.
    Redirect(Vec<u8>),
    /// An internal redirect to this named location (with the `@`).
    Named(String),
    /// `try_files` found something: the content handler goes on with this URI.
    Continue(Vec<u8>),
    /// An error: its page is the response.
    Error(u16),
}

/// The content phase of a location without another handler: `index` for a URI that ends with `/`, a file otherwise.
pub fn content(request: &FileRequest<'_>) -> Outcome {
    if !request.get && !request.post {
        return Outcome::Error(405);
    }
    if request.uri.ends_with(b"/") {
        return index::index(request).unwrap_or_else(|| {
            let directory = file_name(&request.settings.root, request.uri, request.variables);
            let directory = String::from_utf8_lossy(&directory);
            (request.log)(Level::Error, format_args!("directory index of \"{directory}\" is forbidden"));
            Outcome::Error(403)
        });
    }
    static_file::serve(request)
}
