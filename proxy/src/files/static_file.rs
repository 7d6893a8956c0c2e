//! Serves a file: nginx's static module.

use std::collections::HashMap;
use std::fs::File;

use bytes::Bytes;
use rustix::fs::FileType;

use super::open::{FileErrorKind, FileInfo, open};
use super::request::{FileOutcome, FileRequest};
use crate::log::Escaped;
use crate::message::conditional::{self, Precondition};
use crate::message::range::{self, Ranges};
use crate::message::{Body, Piece, Pieces, Response};
use crate::text;
use crate::uri;
use nginx_conf::model::{Level, Settings};
use nginx_conf::template::Variable;

/// The response for a URI that does not end with `/`.
pub(super) fn serve(request: &FileRequest<'_>) -> FileOutcome {
    let name = request.file_name();
    let (file, found) = match open(&name) {
        Ok(opened) => opened,
        Err(refused) => {
            let (level, status) = match refused.kind() {
                FileErrorKind::NotFound => (Level::Error, 404),
                FileErrorKind::Forbidden => (Level::Error, 403),
                FileErrorKind::Other => (Level::Crit, 500),
            };
            if status != 404 || request.settings.log_not_found {
                (request.log)(level, format_args!("{refused}"));
            }
            request.trace_file(&name, status);
            return FileOutcome::Error(status);
        }
    };
    if found.kind == FileType::Directory {
        request.trace_file(&name, 301);
        return FileOutcome::Respond(directory(request));
    }
    if found.kind != FileType::RegularFile {
        request.trace_file(&name, 404);
        let name = Escaped(&name);
        (request.log)(Level::Crit, format_args!("\"{name}\" is not a regular file"));
        return FileOutcome::Error(404);
    }
    let served = if request.post { 405 } else { 200 };
    request.trace_file(&name, served);
    if request.post {
        return FileOutcome::Error(405);
    }
    outcome(request, file, found, whole_or_part)
}

/// The response with a file, if the conditions of the request hold.
pub(super) fn outcome(
    request: &FileRequest<'_>,
    file: File,
    found: FileInfo,
    respond: impl FnOnce(&FileRequest<'_>, File, FileInfo, Option<&str>) -> Response,
) -> FileOutcome {
    let tag = EntityTag::new(found);
    let etag = request.settings.etag.then(|| tag.as_str());
    match conditional::evaluate(request.headers, found.modified, etag, request.settings.if_modified_since) {
        Precondition::Failed => FileOutcome::Error(412),
        Precondition::NotModified => FileOutcome::Respond(base(request, 304, found, etag)),
        Precondition::Holds => FileOutcome::Respond(respond(request, file, found, etag)),
    }
}

/// A directory without a trailing slash: 301 to the same URI with one.
fn directory(request: &FileRequest<'_>) -> Response {
    let mut location = Vec::with_capacity(request.uri.len() + 1);
    uri::escape(request.uri, &mut location);
    location.push(b'/');
    let mut args = Vec::new();
    request.variables.variable(&Variable::Args, &mut args);
    if !args.is_empty() {
        location.push(b'?');
        location.extend_from_slice(&args);
    }
    let mut response = Response::new(301);
    response.location = Some(Bytes::from(location));
    response
}

fn whole_or_part(request: &FileRequest<'_>, file: File, found: FileInfo, etag: Option<&str>) -> Response {
    let content_type = request.content_type.unwrap_or_else(|| content_type(request.settings, request.uri));
    match range::evaluate(request.headers, found.size, found.modified, etag, request.settings.max_ranges) {
        Ranges::Whole => whole(request, file, found, etag, content_type),
        Ranges::Partial(ranges) => {
            let mut response = base(request, 206, found, etag);
            response.whole = whole_if_changed(request, &file, found, etag, content_type);
            let pieces = match &ranges[..] {
                [range] => {
                    response.headers.push("Content-Range", range.content_range(found.size));
                    response.content_type = Some(content_type.to_owned());
                    Pieces::One(range.piece())
                }
                ranges => {
                    let multipart = range::Multipart::new();
                    response.content_type = Some(multipart.content_type());
                    Pieces::Many(multipart.pieces(ranges, content_type, found.size))
                }
            };
            response.body = Body::File { file, pieces };
            response
        }
        Ranges::Unsatisfiable => {
            let mut response = Response::new(416);
            response.whole = whole_if_changed(request, &file, found, etag, content_type);
            response.headers.push("Content-Range", format!("bytes */{}", found.size));
            response
        }
    }
}

/// All of a file.
fn whole(
    request: &FileRequest<'_>,
    file: File,
    found: FileInfo,
    etag: Option<&str>,
    content_type: &str,
) -> Response {
    let mut response = base(request, 200, found, etag);
    if request.settings.max_ranges != Some(0) {
        response.headers.push("Accept-Ranges", "bytes");
    }
    response.content_type = Some(content_type.to_owned());
    response.body = Body::File { file, pieces: Pieces::One(Piece::File { offset: 0, length: found.size }) };
    response
}

/// The same beside a part of it: what is compressed for the client, or has texts replaced, has no parts.
fn whole_if_changed(
    request: &FileRequest<'_>,
    file: &File,
    found: FileInfo,
    etag: Option<&str>,
    content_type: &str,
) -> Option<Box<Response>> {
    let may_change = request.settings.gzip.on || !request.settings.sub.rules.is_empty();
    let file = may_change.then(|| file.try_clone().ok()).flatten()?;
    Some(Box::new(whole(request, file, found, etag, content_type)))
}

/// What 200, 206 and 304 have in common.
pub(super) fn base(request: &FileRequest<'_>, status: u16, found: FileInfo, etag: Option<&str>) -> Response {
    let mut response = Response::new(status);
    response.headers = request.spare_headers.take();
    response.last_modified = Some(found.modified);
    if let Some(etag) = etag {
        response.headers.push("ETag", etag);
    }
    response
}

/// Modification time and size in hexadecimal, as in nginx.
struct EntityTag {
    text: [u8; EntityTag::MAX_LENGTH],
    length: usize,
}

impl EntityTag {
    /// Two numbers of up to 16 digits, a dash and quotes.
    const MAX_LENGTH: usize = 35;

    fn new(found: FileInfo) -> EntityTag {
        let (modified, size) = (text::Hexadecimal::new(found.modified), text::Hexadecimal::new(found.size));
        let mut tag = EntityTag { text: [0; EntityTag::MAX_LENGTH], length: 0 };
        for part in [b"\"", modified.digits(), b"-", size.digits(), b"\""] {
            let end = tag.length + part.len();
            if let Some(room) = tag.text.get_mut(tag.length..end) {
                room.copy_from_slice(part);
                tag.length = end;
            }
        }
        tag
    }

    fn as_str(&self) -> &str {
        self.text.get(..self.length).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }
}

/// The type of the URI's extension, which may differ from that of the file if there is an `alias`. A name whose only
/// dot is its first byte has no extension.
pub(crate) fn content_type<'a>(settings: &'a Settings, uri: &[u8]) -> &'a str {
    extension(uri).and_then(|extension| type_of(&settings.types, extension)).unwrap_or(&settings.default_type)
}

fn extension(uri: &[u8]) -> Option<&str> {
    let name = uri.rsplit(|&byte| byte == b'/').next()?;
    let dot = name.iter().rposition(|&byte| byte == b'.').filter(|dot| *dot > 0)?;
    std::str::from_utf8(name.get(dot + 1..)?).ok()
}

/// What `types` says of an extension in any case.
fn type_of<'a>(types: &'a HashMap<String, String>, extension: &str) -> Option<&'a String> {
    match extension.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => types.get(&extension.to_ascii_lowercase()),
        false => types.get(extension),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_is_time_and_size() {
        let found = FileInfo { kind: FileType::RegularFile, size: 36, modified: 1_700_000_000 };
        assert_eq!(EntityTag::new(found).as_str(), "\"6553f100-24\"");
        let longest = FileInfo { size: u64::MAX, modified: u64::MAX, ..found };
        assert_eq!(EntityTag::new(longest).as_str(), "\"ffffffffffffffff-ffffffffffffffff\"");
    }

    #[test]
    fn the_extension_is_the_last_one() {
        let of = |uri: &str| extension(uri.as_bytes()).unwrap_or("none").to_owned();
        assert_eq!(
            ["/a.TXT", "/a.tar.gz", "/x.", "/d.d/x", "/.html", "/d/.b.js"].map(of),
            ["TXT", "gz", "", "none", "none", "js"]
        );
    }

    #[test]
    fn a_type_is_known_by_an_extension_in_any_case_and_of_any_length() {
        let names = ["txt", "sixteen-letters-", "more-than-sixteen-letters"];
        let types = names.map(|name| (name.to_owned(), format!("type/{name}"))).into();
        for name in names {
            assert_eq!(type_of(&types, &name.to_uppercase()), Some(&format!("type/{name}")));
        }
        assert_eq!(type_of(&types, "none"), None);
    }
}
