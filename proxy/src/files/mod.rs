//! Serving files: `try_files`, `index`, `autoindex` and nginx's static module, with its conditional and range requests.
//!
//! A path consists of the location's `root` or `alias` and the normalised URI, which cannot lead above `/`. Symbolic
//! links are followed, as nginx does by default. A request costs one `open` and one `fstat`, and one `stat` for each
//! name that `try_files` or `index` tries. Nothing is cached, so a new build is served at once.

mod autoindex;
mod index;
mod open;
mod precompressed;
mod request;
mod static_file;
mod try_files;

use crate::log::Escaped;
use crate::trace::{Step, shown};
use nginx_conf::model::Level;

pub(crate) use request::{FileOutcome, FileRequest, FileTrace};
pub(crate) use static_file::content_type;
pub(crate) use try_files::try_files;

/// The content phase of a location without another handler: `index` for a URI that ends with `/`, a file otherwise.
pub(crate) fn content(request: &FileRequest<'_>) -> FileOutcome {
    if !request.get && !request.post {
        return FileOutcome::Error(405);
    }
    if request.uri.ends_with(b"/") {
        return index::index(request).or_else(|| listing(request)).unwrap_or_else(|| {
            let directory = request.file_name();
            request.trace_file(&directory, 403);
            let directory = Escaped(&directory);
            (request.log)(Level::Error, format_args!("directory index of \"{directory}\" is forbidden"));
            FileOutcome::Error(403)
        });
    }
    precompressed::serve(request).unwrap_or_else(|| static_file::serve(request))
}

/// What `autoindex` makes of a directory, if it is on.
fn listing(request: &FileRequest<'_>) -> Option<FileOutcome> {
    let listed = autoindex::list(request)?;
    request.trace(|here| Step::Autoindex {
        directive: here.first(&["autoindex"]),
        path: shown(&request.file_name()),
    });
    Some(listed)
}
