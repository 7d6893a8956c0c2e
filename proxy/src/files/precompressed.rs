//! Serves `name.gz` in place of a file: `gzip_static`.

use std::fs::File;

use rustix::fs::FileType;

use super::open::{FileErrorKind, FileInfo, open};
use super::request::{FileOutcome, FileRequest};
use super::static_file::{base, content_type, outcome};
use crate::log::Escaped;
use crate::message::{Body, Piece, Pieces, Response};
use nginx_conf::model::{GzipStatic, Level};

/// The response with the compressed file, if there is one and it is for this client.
pub(super) fn serve(request: &FileRequest<'_>) -> Option<FileOutcome> {
    let gzip = &request.settings.gzip;
    if gzip.files == GzipStatic::Off || !request.get {
        return None;
    }
    let for_client = gzip.files == GzipStatic::Always || request.accepts_gzip;
    if !for_client && !gzip.vary {
        return None;
    }
    let mut name = request.file_name();
    name.extend_from_slice(b".gz");
    let (file, found) = match open(&name) {
        Ok(opened) => opened,
        Err(refused) => {
            let level = match refused.kind() {
                FileErrorKind::NotFound => return None,
                FileErrorKind::Forbidden => Level::Error,
                FileErrorKind::Other => Level::Crit,
            };
            (request.log)(level, format_args!("{refused}"));
            return None;
        }
    };
    if gzip.files == GzipStatic::On {
        request.gzip_vary.set(true);
    }
    if !for_client || found.kind == FileType::Directory {
        return None;
    }
    if found.kind != FileType::RegularFile {
        (request.log)(Level::Crit, format_args!("\"{}\" is not a regular file", Escaped(&name)));
        return Some(FileOutcome::Error(404));
    }
    request.trace_file(&name, 200);
    Some(outcome(request, file, found, respond))
}

fn respond(request: &FileRequest<'_>, file: File, found: FileInfo, etag: Option<&str>) -> Response {
    let mut response = base(request, 200, found, etag);
    response.headers.push("Content-Encoding", "gzip");
    let kind = request.content_type.unwrap_or_else(|| content_type(request.settings, request.uri));
    response.content_type = Some(kind.to_owned());
    response.body = Body::File { file, pieces: Pieces::One(Piece::File { offset: 0, length: found.size }) };
    response
}
