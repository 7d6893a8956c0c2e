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
pub(crate) mod range;
mod static_file;
mod try_files;

use std::fmt;

use crate::http::message::{Headers, Response};
use crate::http::variables::Variables;
use crate::log::Visible;
use nginx_conf::model::{Level, Settings};

pub(crate) use path::{directory, file_name};
pub(crate) use static_file::content_type;
pub use try_files::try_files;

/// Room for the name of a usual `root`.
const USUAL_ROOT: usize = 128;

/// What serving a file needs to know of a request.
pub struct FileRequest<'a> {
    /// GET or HEAD; the response is the same.
    pub get: bool,
    /// POST. nginx looks for the file before it refuses the method, unlike for the methods that are neither.
    pub post: bool,
    /// The normalised URI, `$uri`.
    pub uri: &'a [u8],
    /// `try_files` has found a file below a regular expression's `alias`: the URI is what follows the alias.
    pub add_uri_to_alias: bool,
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
    fn file_name(&self) -> Vec<u8> {
        let mut name = Vec::with_capacity(self.uri.len() + USUAL_ROOT);
        file_name(&self.settings.root, self.uri, self.add_uri_to_alias, self.variables, &mut name);
        name
    }
}

/// The content phase of a location without another handler: `index` for a URI that ends with `/`, a file otherwise.
pub fn content(request: &FileRequest<'_>) -> Outcome {
    if !request.get && !request.post {
        return Outcome::Error(405);
    }
    if request.uri.ends_with(b"/") {
        return index::index(request).unwrap_or_else(|| {
            let directory = request.file_name();
            let directory = Visible(&directory);
            (request.log)(Level::Error, format_args!("directory index of \"{directory}\" is forbidden"));
            Outcome::Error(403)
        });
    }
    static_file::serve(request)
}
