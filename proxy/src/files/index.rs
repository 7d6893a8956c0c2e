//! `index`.

use rustix::fs::FileType;

use super::open::{FileError, FileErrorKind, stat};
use super::request::{FileOutcome, FileRequest};
use crate::trace::{Step, shown};
use nginx_conf::model::Level;

/// An internal redirect to the first index file that exists. `None` if the directory exists and has none.
pub(super) fn index(request: &FileRequest<'_>) -> Option<FileOutcome> {
    let directory = request.file_name();
    let mut directory_seen = false;
    for name in &request.settings.index {
        let name = request.variables.evaluate(name);
        if name.starts_with(b"/") {
            return Some(FileOutcome::Redirect(name));
        }
        let path = [&directory[..], &name].concat();
        let told = request.trace.is_some().then(|| shown(&path));
        let found = stat(path);
        request.trace(|here| Step::Try {
            directive: here.first(&["index"]),
            path: told.unwrap_or_default(),
            directory: false,
            found: found.is_ok(),
        });
        let Err(refused) = found else {
            return Some(FileOutcome::Redirect([request.uri, &name].concat()));
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
fn test_directory(request: &FileRequest<'_>, directory: Vec<u8>, missing: &FileError) -> Option<FileOutcome> {
    match stat(directory) {
        Ok(found) if found.kind == FileType::Directory => None,
        Ok(_) => {
            // nginx's message names the index file.
            let (name, _) = missing.parts();
            (request.log)(Level::Alert, format_args!("\"{name}\" is not a directory"));
            Some(FileOutcome::Error(500))
        }
        Err(refused) if refused.is_no_entry() => Some(fail(request, missing)),
        Err(refused) => Some(fail(request, &refused)),
    }
}

fn fail(request: &FileRequest<'_>, refused: &FileError) -> FileOutcome {
    let (name, why) = refused.parts();
    match refused.kind() {
        FileErrorKind::NotFound => {
            if request.settings.log_not_found {
                (request.log)(Level::Error, format_args!("\"{name}\" is not found ({why})"));
            }
            FileOutcome::Error(404)
        }
        FileErrorKind::Forbidden => {
            // nginx logs nothing about `ELOOP`.
            if refused.is_access() {
                (request.log)(Level::Error, format_args!("\"{name}\" is forbidden ({why})"));
            }
            FileOutcome::Error(403)
        }
        FileErrorKind::Other => {
            (request.log)(Level::Crit, format_args!("{refused}"));
            FileOutcome::Error(500)
        }
    }
}
