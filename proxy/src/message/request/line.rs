//! Request lines (RFC 9112 §3).

use super::Request;
use super::error::{INVALID_REQUEST, RequestError, bad_request};
use super::host::{self, Host};
use crate::uri;

impl Request {
    /// Reads the request line, without its line end. The line is kept for the log in any case.
    pub(crate) fn read_line(&mut self, line: &[u8]) -> Result<(), RequestError> {
        self.clear();
        self.line.extend_from_slice(line);
        // The log does not show stray line ends.
        let end = line.iter().rposition(|&byte| byte != b'\r').map_or(0, |last| last + 1);
        self.line.truncate(end);
        let method = method_length(line);
        if method == 0 || line.get(method) != Some(&b' ') {
            return Err(bad_request("client sent invalid method"));
        }
        self.method = 0..method;
        let start = skip_spaces(line, method);
        let end =
            memchr::memchr(b' ', line.get(start..).unwrap_or_default()).map_or(line.len(), |at| start + at);
        let target = line.get(start..end).unwrap_or_default();
        let authority = match self.rules.knows_authority_form && self.method() == b"CONNECT" {
            true => Some(self.read_authority(target, start)?),
            false => self.read_target(target, start)?,
        };
        let start = skip_spaces(line, end);
        // Only spaces may follow: to a reader that takes a bare CR for the end of the line, it is another request.
        let rest = line.get(start..).unwrap_or_default();
        let length = rest.iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1);
        let protocol = rest.get(..length).unwrap_or_default();
        self.protocol = start..start + protocol.len();
        match version(protocol) {
            Ok(version) => self.version = version,
            Err(refusal) => {
                self.forget_target();
                if let Some(stray) = protocol.iter().position(|&byte| byte == b'\r') {
                    self.line.truncate(start + stray);
                }
                return Err(refusal);
            }
        }
        if let Some(authority) = authority {
            let host = host::validate(authority, self.rules.checks_ports);
            self.set_host(host.ok_or(bad_request("client sent invalid host in request line"))?);
            self.absolute = true;
        }
        Ok(())
    }

    /// Reads a request line that ends with a bare CR, and returns why it is refused: for that, or an earlier error.
    pub(crate) fn refuse_line(&mut self, line: &[u8]) -> RequestError {
        let refusal = self.read_line(line).err().unwrap_or(INVALID_REQUEST);
        self.forget_target();
        refusal
    }

    /// Of a refused request only the line is kept, as far as logs and the choice of server are concerned.
    pub(super) fn forget_target(&mut self) {
        self.path.clear();
        self.args.clear();
        self.host.clear();
        self.port = None;
    }

    /// Whether there is an empty query before a fragment. To nginx that is a query, whereas `/?` has none.
    pub(crate) fn has_empty_query(&self) -> bool {
        let target = self.line.get(self.target.clone()).unwrap_or_default();
        let mark = target.iter().position(|byte| matches!(byte, b'?' | b'#'));
        mark.is_some_and(|at| target[at..].starts_with(b"?#"))
    }

    /// Reads a target that is in the line from `start` on, and returns the authority of an absolute form (RFC 9112 §3.2.2).
    pub(super) fn read_target<'t>(
        &mut self,
        target: &'t [u8],
        start: usize,
    ) -> Result<Option<&'t [u8]>, RequestError> {
        let parsed = uri::parse_with(target, self.rules.merge_slashes).map_err(|_| INVALID_REQUEST)?;
        let end = start + target.len();
        self.target = if target.ends_with(parsed.raw) {
            end - parsed.raw.len()..end
        } else {
            // `http://host` asks for `/`: use one of the slashes before the host.
            let slash = start + target.iter().position(|&byte| byte == b'/').unwrap_or_default();
            slash..slash + 1
        };
        self.path.clear();
        self.path.extend_from_slice(&parsed.path);
        self.args.clear();
        self.args.extend_from_slice(parsed.args);
        self.quoted_uri = parsed.quoted_uri;
        self.has_path = !parsed.empty_path;
        Ok(parsed.authority)
    }

    /// Reads the target of a CONNECT, which is a host and a port (RFC 9112 §3.2.3).
    fn read_authority<'t>(&mut self, target: &'t [u8], start: usize) -> Result<&'t [u8], RequestError> {
        if !uri::is_authority(target) {
            return Err(INVALID_REQUEST);
        }
        self.target = start..start + target.len();
        self.path.extend_from_slice(b"/");
        Ok(target)
    }

    pub(super) fn set_host(&mut self, Host { name, port }: Host<'_>) {
        self.port = port;
        self.host.clear();
        self.host.extend_from_slice(name);
        self.host.make_ascii_lowercase();
    }

    /// Keeps an incomplete request line for the log.
    pub(crate) fn keep_partial_line(&mut self, bytes: &[u8]) {
        self.clear();
        let line = bytes.get(after_line_ends(bytes)..).unwrap_or_default();
        let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let end = line.iter().rposition(|&byte| byte != b'\r').map_or(0, |last| last + 1);
        self.line.extend_from_slice(line.get(..end).unwrap_or_default());
        let method = method_length(&self.line);
        if self.line.get(method) == Some(&b' ') {
            self.method = 0..method;
        }
    }

    /// The error, if any, in the part of a line that is [kept](Request::keep_partial_line) because it is too long.
    /// `line` is what fits the buffer; a CR at its end may be that of the line.
    pub(crate) fn partial_line_error(&self, line: &[u8]) -> Option<RequestError> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let rest = line.get(skip_spaces(line, self.method.end)..).unwrap_or_default();
        let mut words = rest.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
        let (target, version) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let begins = match self.rules.knows_authority_form && self.method() == b"CONNECT" {
            true => uri::begins_authority(target),
            false => target.first().is_none_or(|&byte| byte == b'/' || byte.is_ascii_alphabetic()),
        };
        let versioned = version.iter().zip(b"HTTP/").all(|(byte, expected)| byte == expected);
        let good = begins && versioned && !rest.iter().any(u8::is_ascii_control);
        (!good).then_some(INVALID_REQUEST)
    }
}

/// The length of the method at the front of a request line.
pub(crate) fn method_length(line: &[u8]) -> usize {
    line.iter().take_while(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'-')).count()
}

/// Where the request line begins, after empty lines (RFC 9112 §2.2).
pub(super) fn after_line_ends(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len())
}

/// Skips spaces from `from` on.
pub(super) fn skip_spaces(line: &[u8], from: usize) -> usize {
    from + line.get(from..).unwrap_or_default().iter().take_while(|&&byte| byte == b' ').count()
}

/// The version in `HTTP/1.x`. HTTP/0.9 requests, which have none, are refused.
pub(super) fn version(protocol: &[u8]) -> Result<u8, RequestError> {
    const INVALID: RequestError = INVALID_REQUEST;
    const UNKNOWN: RequestError = RequestError { status: 505, reason: "client sent invalid version" };
    let minor = match protocol.strip_prefix(b"HTTP/").ok_or(INVALID)? {
        [b'2'..=b'9', ..] | [b'1', b'0'..=b'9', ..] => return Err(UNKNOWN),
        [b'1', b'.', minor @ ..] => minor,
        _ => return Err(INVALID),
    };
    if !(1..=3).contains(&minor.len()) || !minor.iter().all(u8::is_ascii_digit) {
        return Err(INVALID);
    }
    Ok(if minor.iter().all(|&digit| digit == b'0') { 10 } else { 11 })
}
