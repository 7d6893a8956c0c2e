//! `index`.

use rustix::fs::FileType;

use super::open::{Reason, Refused, look};
use super::request::{FileRequest, Outcome};
use nginx_conf::model::Level;

/// An internal redirect to the first index file that is there. `None` when there is none in a directory that exists.
pub(super) fn index(request: &FileRequest<'_>) -> Option<Outcome> {
    let directory = request.file_name();
    let mut directory_seen = false;
    for name in &request.settings.index {
        let name = request.variables.evaluate(name);
        if name.starts_with(b"/") {
            return Some(Outcome::Redirect(name));
        }
        let Err(refused) = look([&directory[..], &name].concat()) else {
            return Some(Outcome::Redirect([request.uri, &name].concat()));
        };
        if !refused.is_no_entry() {
            return Some(fail(request, &refused));
        }
        if !directory_seen {
            if let Some(outcome) = test_directory(request, directory.clone(), &refused) {
                return Some(outcome);
            }
            directory_seen = true;
        }
    }
    None
}

/// A missing index file in a missing directory is a 404, where in a directory it may become a 403.
fn test_directory(request: &FileRequest<'_>, directory: Vec<u8>, missing: &Refused) -> Option<Outcome> {
    match look(directory) {
        Ok(found) if found.kind == FileType::Directory => None,
        Ok(_) => {
            // nginx's words are about the index file.
            let (name, _) = missing.parts();
            (request.log)(Level::Alert, format_args!("\"{name}\" is not a directory"));
            Some(Outcome::Error(500))
        }
        Err(refused) if refused.is_no_entry() => Some(fail(request, missing)),
        Err(refused) => Some(fail(request, &refused)),
    }
}

fn fail(request: &FileRequest<'_>, refused: &Refused) -> Outcome {
    let (name, why) = refused.parts();
    match refused.reason() {
        Reason::Missing => {
            (request.log)(Level::Error, format_args!("\"{name}\" is not found ({why})"));
            Outcome::Error(404)
        }
        Reason::Forbidden => {
            // nginx says nothing of a link that leads nowhere but to itself.
            if refused.is_access() {
                (request.log)(Level::Error, format_args!("\"{name}\" is forbidden ({why})"));
            }
            Outcome::Error(403)
        }
        Reason::Broken => {
            (request.log)(Level::Crit, format_args!("{refused}"));
            Outcome::Error(500)
        }
    }
}
