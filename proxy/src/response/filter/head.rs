//! What the filters of a body make of its head.

use super::gzip::is_among;
use crate::exchange::Exchange;
use crate::response::fields::{field, remove_field, set_field, write_field};
use crate::response::traced::trace_field;
use crate::trace::Step;

/// What the filters do to the body of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct BodyChanges {
    /// `gunzip`.
    pub(super) unpack: bool,
    /// `sub_filter`.
    pub(super) substitute: bool,
    /// `gzip`.
    pub(super) compress: bool,
    /// It depends on the client what it gets: `Vary: Accept-Encoding`.
    pub(crate) vary: bool,
    /// Fields follow it: `add_trailer`.
    pub(crate) trailers: bool,
}

impl BodyChanges {
    /// Whether the body becomes another, of a length that nobody knows.
    pub(crate) fn any(self) -> bool {
        self.unpack || self.substitute || self.compress
    }
}

/// What the filters look at in a head, besides its text.
pub(crate) struct FilteredHead<'h> {
    /// The status.
    pub(crate) status: u16,
    /// The type, without `charset` if an app server has told it. Empty is none.
    pub(crate) content_type: Option<&'h [u8]>,
    /// The length, if it is known.
    pub(crate) length: Option<u64>,
    /// Where the fields of `add_header` begin, which are not looked at.
    pub(crate) added: usize,
}

impl Exchange<'_> {
    /// What the filters do to a response. The head is changed accordingly.
    pub(crate) fn filter_head(&self, head: &mut Vec<u8>, of: &FilteredHead<'_>) -> BodyChanges {
        let mut changes = BodyChanges::default();
        let mut added = of.added;
        // Only where it matters: looking for a field costs more than writing one.
        let has_filters = self.settings.gzip.on || self.settings.gzip.gunzip;
        let own = head.get(..added).filter(|_| has_filters).unwrap_or_default();
        let encoding = field(own, "Content-Encoding").filter(|encoding| !encoding.is_empty());
        let is_gzip = encoding.is_some_and(|encoding| encoding.eq_ignore_ascii_case(b"gzip"));
        let is_encoded = encoding.is_some();
        if self.settings.gzip.gunzip && is_gzip {
            changes.vary = true;
            changes.unpack = !self.accepts_gzip(head);
        }
        if changes.unpack {
            for name in ["Content-Encoding", "Content-Length", "Accept-Ranges"] {
                remove_own_field(head, &mut added, name);
            }
        }
        changes.substitute = of.length != Some(0) && self.substitutes(of.content_type);
        if changes.substitute {
            remove_own_field(head, &mut added, "Content-Length");
            if !self.settings.sub.last_modified {
                remove_own_field(head, &mut added, "Last-Modified");
                remove_own_field(head, &mut added, "ETag");
            }
        }
        if matches!(of.status, 200 | 403 | 404) && (!is_encoded || changes.unpack) {
            let length = of.length.filter(|_| !changes.any());
            let gzip = self.gzip_filter(head, of.content_type, length);
            changes.compress = gzip.compress;
            changes.vary |= gzip.vary;
        }
        if changes.compress {
            for name in ["Content-Length", "Accept-Ranges"] {
                remove_own_field(head, &mut added, name);
            }
            trace_field(self, "gzip", "Content-Encoding", b"gzip");
            write_field(head, b"Content-Encoding", b"gzip");
        }
        if changes.any() {
            self.trace_filters(changes);
            weaken_etag(head);
            self.end_of_unknown_length(head, of.status);
        }
        if self.settings.gzip.vary && (changes.vary || self.gzip_vary.get()) {
            trace_field(self, "gzip_vary", "Vary", b"Accept-Encoding");
            insert_vary(head);
        }
        changes
    }

    /// Tells what is done to the body.
    fn trace_filters(&self, changes: BodyChanges) {
        let filters =
            [(changes.unpack, "gunzip"), (changes.substitute, "sub_filter"), (changes.compress, "gzip")];
        for (_, name) in filters.into_iter().filter(|(is_on, _)| *is_on) {
            self.trace(|here| Step::Filter { directive: here.first(&[name]), filter: name.to_owned() });
        }
    }

    /// Whether texts are replaced in bodies of this type: `ngx_http_sub_header_filter`.
    fn substitutes(&self, content_type: Option<&[u8]>) -> bool {
        let sub = &self.settings.sub;
        !sub.rules.is_empty()
            && is_among(sub.types.as_deref(), content_type)
            && sub.rules.iter().any(|rule| !self.value(&rule.text).is_empty())
    }

    /// Says how a body ends whose length nobody knows: by chunks, or with the connection.
    fn end_of_unknown_length(&self, head: &mut Vec<u8>, status: u16) {
        if self.request.is_head() || matches!(status, 100..200 | 204 | 304) {
            return;
        }
        if self.ends_with_connection() {
            remove_field(head, b"Keep-Alive");
            set_field(head, "Connection", b"close");
        } else if field(head, "Transfer-Encoding").is_none() {
            insert_before(head, b"\r\nConnection: ", b"\r\nTransfer-Encoding: chunked");
        }
    }
}

/// Removes a field, but not one of `add_header`; those begin at `added`.
fn remove_own_field(head: &mut Vec<u8>, added: &mut usize, name: &str) {
    let others = head.split_off((*added).min(head.len()));
    remove_field(head, name.as_bytes());
    *added = head.len();
    head.extend(others);
}

/// Makes an `ETag` a weak one, as the bytes are no longer those that it names: `ngx_http_weak_etag`.
fn weaken_etag(head: &mut Vec<u8>) {
    match field(head, "ETag").map(<[u8]>::to_vec) {
        Some(tag) if tag.len() > 2 && tag.starts_with(b"W/") => {}
        Some(tag) if tag.starts_with(b"\"") => {
            let weak = [b"W/", &tag[..]].concat();
            set_field(head, "ETag", &weak);
        }
        Some(_) => remove_field(head, b"ETag"),
        None => {}
    }
}

fn insert_before(head: &mut Vec<u8>, line: &[u8], text: &[u8]) {
    if let Some(at) = memchr::memmem::find(head, line) {
        head.splice(at..at, text.iter().copied());
    }
}

/// `Vary: Accept-Encoding`, where nginx writes it: before the fields of content handlers.
fn insert_vary(head: &mut Vec<u8>) {
    let line_end = |from: usize| memchr::memchr(b'\n', head.get(from..)?).map(|at| from + at + 1);
    let connection = memchr::memmem::find(head, b"\r\nConnection: ").and_then(|at| line_end(at + 2));
    let Some(mut at) = connection else { return };
    if head.get(at..).is_some_and(|rest| rest.starts_with(b"Keep-Alive: ")) {
        at = line_end(at).unwrap_or(at);
    }
    head.splice(at..at, b"Vary: Accept-Encoding\r\n".iter().copied());
}
