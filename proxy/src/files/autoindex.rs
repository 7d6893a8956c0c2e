//! Lists a directory: nginx's autoindex module.

use std::cmp::Ordering;
use std::io::Write;

use bytes::Bytes;
use rustix::fs::FileType;

use super::open::{FileError, FileErrorKind, FileInfo, link_stat, read_directory, stat};
use super::request::{FileOutcome, FileRequest};
use crate::clock::{format_utc, http_date};
use crate::log::Escaped;
use crate::message::{Body, Response};
use crate::text;
use crate::uri;
use nginx_conf::model::{Autoindex, AutoindexFormat, Level};
use nginx_conf::template::Variable;

/// How many characters of a name are shown.
const NAME_LENGTH: usize = 50;

/// The longest name of a function that may be called with a list.
const MAX_CALLBACK: usize = 128;

struct Entry {
    name: Vec<u8>,
    info: FileInfo,
}

/// A list of the directory, if `autoindex` wants one and the method may have one.
pub(super) fn list(request: &FileRequest<'_>) -> Option<FileOutcome> {
    let settings = request.settings.autoindex;
    if !settings.on || !request.get {
        return None;
    }
    Some(respond(request, settings).map_or_else(FileOutcome::Error, FileOutcome::Respond))
}

/// The response, or the status of an error.
fn respond(request: &FileRequest<'_>, settings: Autoindex) -> Result<Response, u16> {
    let callback = match settings.format {
        AutoindexFormat::Jsonp => callback(request)?,
        _ => Vec::new(),
    };
    let format = match settings.format {
        AutoindexFormat::Jsonp if callback.is_empty() => AutoindexFormat::Json,
        format => format,
    };
    let entries = entries(request)?;
    let (content_type, list) = match format {
        AutoindexFormat::Html => ("text/html", html(request, settings, &entries)),
        AutoindexFormat::Json => ("application/json", json(&entries)),
        AutoindexFormat::Jsonp => {
            let list = [b"/* callback */\r\n", &callback[..], b"(", &json(&entries), b");"].concat();
            ("application/javascript", list)
        }
        AutoindexFormat::Xml => ("text/xml; charset=utf-8", xml(&entries)),
    };
    let mut response = Response::new(200);
    response.content_type = Some(content_type.to_owned());
    response.body = Body::Generated(Bytes::from(list));
    Ok(response)
}

/// The function that the client wants to be called: `?callback=`.
fn callback(request: &FileRequest<'_>) -> Result<Vec<u8>, u16> {
    let mut name = Vec::new();
    request.variables.variable(&Variable::Arg("callback".into()), &mut name);
    let is_valid = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    let what = match name.len() > MAX_CALLBACK {
        true => "client sent too long callback name",
        false if !name.iter().all(is_valid) => "client sent invalid callback name",
        false => return Ok(name),
    };
    (request.log)(Level::Info, format_args!("{what}: \"{}\"", Escaped(&name)));
    Err(400)
}

/// What is in the directory, directories first.
fn entries(request: &FileRequest<'_>) -> Result<Vec<Entry>, u16> {
    let path = request.file_name();
    let directory = path.strip_suffix(b"/").filter(|shorter| !shorter.is_empty()).unwrap_or(&path);
    let fail = |refused: FileError| {
        let (level, status): (_, u16) = match refused.kind() {
            FileErrorKind::NotFound => (Level::Error, 404),
            FileErrorKind::Forbidden => (Level::Error, 403),
            FileErrorKind::Other => (Level::Crit, 500),
        };
        (request.log)(level, format_args!("{refused}"));
        status
    };
    let mut entries = Vec::new();
    for name in read_directory(directory).map_err(fail)? {
        if name.starts_with(b".") {
            continue;
        }
        let file = [directory, b"/", &name].concat();
        let info = match stat(file.clone()) {
            Ok(info) => info,
            // A link that leads nowhere is listed as such.
            Err(refused) if refused.is_no_entry() || refused.is_loop() => {
                link_stat(file).map_err(|refused| log_and_fail(request, &refused))?
            }
            Err(refused) if refused.is_access() => {
                (request.log)(Level::Crit, format_args!("{refused}"));
                continue;
            }
            Err(refused) => return Err(log_and_fail(request, &refused)),
        };
        entries.push(Entry { name, info });
    }
    entries.sort_by(|a, b| match (a.is_directory(), b.is_directory()) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        _ => a.name.cmp(&b.name),
    });
    Ok(entries)
}

fn log_and_fail(request: &FileRequest<'_>, refused: &FileError) -> u16 {
    (request.log)(Level::Crit, format_args!("{refused}"));
    500
}

impl Entry {
    fn is_directory(&self) -> bool {
        self.info.kind == FileType::Directory
    }

    fn is_file(&self) -> bool {
        self.info.kind == FileType::RegularFile
    }

    fn modified(&self) -> i64 {
        i64::try_from(self.info.modified).unwrap_or(i64::MAX)
    }

    fn kind(&self) -> &'static str {
        match self.info.kind {
            FileType::Directory => "directory",
            FileType::RegularFile => "file",
            _ => "other",
        }
    }
}

fn html(request: &FileRequest<'_>, settings: Autoindex, entries: &[Entry]) -> Vec<u8> {
    let mut out = b"<html>\r\n<head><title>Index of ".to_vec();
    text::html(&mut out, request.uri);
    out.extend_from_slice(b"</title></head>\r\n<body>\r\n<h1>Index of ");
    text::html(&mut out, request.uri);
    out.extend_from_slice(b"</h1><hr><pre><a href=\"../\">../</a>\r\n");
    let is_utf8 = request.charset().eq_ignore_ascii_case(b"utf-8");
    let offset = if settings.local_time { request.clock.utc_offset() } else { 0 };
    for entry in entries {
        out.extend_from_slice(b"<a href=\"");
        uri::escape_component(&entry.name, &mut out);
        out.extend_from_slice(if entry.is_directory() { b"/\">" } else { b"\">" });
        write_name(&mut out, entry, is_utf8);
        let modified = format_utc(entry.modified().saturating_add(offset), " %d-%b-%Y %H:%M ");
        out.extend_from_slice(modified.as_bytes());
        // A `Vec` takes everything.
        let _ = match (settings.exact_size, entry.is_directory()) {
            (true, true) => write!(out, "{:>19}", "-"),
            (true, false) => write!(out, "{:>19}", entry.info.size),
            (false, true) => write!(out, "{:>7}", "-"),
            (false, false) => write!(out, "{:>7}", rounded(entry.info.size)),
        };
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"</pre><hr></body>\r\n</html>\r\n");
    out
}

/// The name as it is shown, cut if it is long, and the end of its link; padded to a column.
fn write_name(out: &mut Vec<u8>, entry: &Entry, is_utf8: bool) {
    let name = &entry.name;
    let characters = std::str::from_utf8(name).ok().filter(|_| is_utf8);
    let mut length = characters.map_or(name.len(), |text| text.chars().count());
    if length > NAME_LENGTH {
        let shown = NAME_LENGTH - 3;
        let end = match characters {
            Some(text) => text.char_indices().nth(shown).map_or(name.len(), |(at, _)| at),
            None => shown,
        };
        text::html(out, name.get(..end).unwrap_or_default());
        return out.extend_from_slice(b"..&gt;</a>");
    }
    text::html(out, name);
    if entry.is_directory() && length < NAME_LENGTH {
        out.push(b'/');
        length += 1;
    }
    out.extend_from_slice(b"</a>");
    out.resize(out.len() + NAME_LENGTH - length, b' ');
}

/// A size in bytes, or in `K`, `M` or `G` if it is long.
fn rounded(size: u64) -> String {
    const KILOBYTE: u64 = 1 << 10;
    const MEGABYTE: u64 = 1 << 20;
    const GIGABYTE: u64 = 1 << 30;
    let in_units = |unit: u64| size / unit + u64::from(size % unit > unit / 2 - 1);
    match size {
        GIGABYTE.. => format!("{}G", in_units(GIGABYTE)),
        MEGABYTE.. => format!("{}M", in_units(MEGABYTE)),
        10_000.. => format!("{}K", in_units(KILOBYTE)),
        _ => size.to_string(),
    }
}

fn json(entries: &[Entry]) -> Vec<u8> {
    let mut out = b"[".to_vec();
    for (index, entry) in entries.iter().enumerate() {
        out.extend_from_slice(if index > 0 { b",\r\n{ \"name\":\"" } else { b"\r\n{ \"name\":\"" });
        text::json(&mut out, &entry.name);
        let modified = http_date(entry.info.modified);
        // A `Vec` takes everything.
        let _ = write!(out, "\", \"type\":\"{}\", \"mtime\":\"{modified}\"", entry.kind());
        if entry.is_file() {
            let _ = write!(out, ", \"size\":{}", entry.info.size);
        }
        out.extend_from_slice(b" }");
    }
    out.extend_from_slice(b"\r\n]");
    out
}

fn xml(entries: &[Entry]) -> Vec<u8> {
    let mut out = b"<?xml version=\"1.0\"?>\r\n<list>\r\n".to_vec();
    for entry in entries {
        let kind = entry.kind();
        let modified = format_utc(entry.modified(), "%Y-%m-%dT%H:%M:%SZ");
        // A `Vec` takes everything.
        let _ = write!(out, "<{kind} mtime=\"{modified}\"");
        if entry.is_file() {
            let _ = write!(out, " size=\"{}\"", entry.info.size);
        }
        out.push(b'>');
        text::html(&mut out, &entry.name);
        let _ = write!(out, "</{kind}>\r\n");
    }
    out.extend_from_slice(b"</list>\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_size_is_rounded_to_its_unit() {
        let sizes = [9999, 10_000, 10_751, 10_752, 1_048_575, 1_048_576, 1_572_863, 1_572_864, 3 << 30];
        assert_eq!(
            sizes.map(rounded).join(" "),
            "9999 10K 10K 11K 1024K 1M 1M 2M 3G",
            "as ngx_http_autoindex_html does"
        );
    }
}
