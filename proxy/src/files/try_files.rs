//! `try_files`.

use rustix::fs::FileType;

use super::open::{FileErrorKind, stat};
use super::request::{FileOutcome, FileRequest, TYPICAL_ROOT_LENGTH};
use crate::exchange::path::directory;
use crate::trace::{Step, shown};
use nginx_conf::model::{Level, TryFiles, TryFilesFallback};
use nginx_conf::template::Template;

/// The first name that exists, and is a directory exactly if it has a trailing slash; otherwise the fallback. A name
/// that cannot be looked up counts as missing.
pub(crate) fn try_files(request: &FileRequest<'_>, try_files: &TryFiles) -> FileOutcome {
    let root = &request.settings.root;
    let prefix = if root.alias { root.alias_prefix } else { 0 };
    let location = request.uri.get(..prefix).unwrap_or_default();
    // With `alias`, a name with variables is taken for a URI and loses the location's prefix.
    let name = |template: &Template| {
        let name = request.variables.evaluate(template);
        match name.strip_prefix(location) {
            Some(rest) if template.as_literal().is_none() => rest.to_vec(),
            _ => name,
        }
    };
    for candidate in &try_files.files {
        let name = name(&candidate.path);
        let mut path = Vec::with_capacity(name.len() + TYPICAL_ROOT_LENGTH);
        directory(root, request.variables, &mut path);
        path.extend_from_slice(&name);
        let told = request.trace.is_some().then(|| shown(&path));
        let found = stat(path);
        request.trace(|here| Step::Try {
            directive: here.own(&["try_files"], 0),
            path: told.unwrap_or_default(),
            directory: candidate.directory,
            found: found.as_ref().is_ok_and(|it| (it.kind == FileType::Directory) == candidate.directory),
        });
        match found {
            Ok(found) if (found.kind == FileType::Directory) == candidate.directory => {
                // nginx keeps the URI if the `alias` of a regex location leads to a directory.
                let whole_name = root.alias && prefix == 0;
                return match whole_name && candidate.directory {
                    true => FileOutcome::Continue { uri: request.uri.to_vec(), add_uri_to_alias: false },
                    false => FileOutcome::Continue {
                        uri: [location, &name].concat(),
                        add_uri_to_alias: whole_name,
                    },
                };
            }
            Ok(_) => {}
            Err(refused) if refused.kind() == FileErrorKind::NotFound => {}
            Err(refused) => (request.log)(Level::Crit, format_args!("{refused}")),
        }
    }
    request.trace(|here| Step::Fallback {
        directive: here.own(&["try_files"], 0),
        to: match &try_files.last {
            TryFilesFallback::Uri(uri) => shown(&name(uri)),
            TryFilesFallback::Status(status) => format!("={status}"),
        },
    });
    match &try_files.last {
        TryFilesFallback::Uri(uri) => match name(uri) {
            name if name.starts_with(b"@") => FileOutcome::Named(name),
            uri => FileOutcome::Redirect(uri),
        },
        TryFilesFallback::Status(status) => FileOutcome::Error(*status),
    }
}
