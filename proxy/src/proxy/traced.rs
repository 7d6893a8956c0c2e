//! What is sent to app servers, and what becomes of their answers, as it is told.

use super::request::RequestHead;
use crate::exchange::Exchange;
use crate::message::Headers;
use crate::trace::{Directive, Field, HeaderChange, Step, Written, WrittenField, shown};
use crate::variables::Variables;
use nginx_conf::model::ProxyPass;

/// Fields that the proxy writes itself, or that are of one connection: nobody misses them.
const OWN_FIELDS: [&str; 9] = [
    "Connection",
    "Keep-Alive",
    "Transfer-Encoding",
    "TE",
    "Trailer",
    "Proxy-Connection",
    "Content-Length",
    "Content-Type",
    "Date",
];

/// The request that is made for the servers of `pass`.
pub(super) fn trace_request(x: &Exchange<'_>, pass: &ProxyPass, request: &RequestHead) {
    x.trace(|here| {
        let mut lines = request.head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
        let line = shown(lines.next().unwrap_or_default());
        let target = request.head.get(request.target.clone()).unwrap_or_default();
        let mut set = set_fields(x, here).into_iter();
        let fields = lines.filter_map(|line| {
            // The name of a pseudo-header field of HTTP/2 begins with one.
            let colon = line.iter().skip(1).position(|&byte| byte == b':')? + 1;
            let (name, value) = (shown(&line[..colon]), line.get(colon + 1..)?.trim_ascii());
            let directive = set.next();
            // The length is said anew, whoever has said it before.
            let is_clients = directive.is_none()
                && !name.eq_ignore_ascii_case("Content-Length")
                && x.request.headers.get_all(&name).any(|sent| sent == value);
            Some(WrittenField { name, value: shown(value), directive: directive.flatten(), is_clients })
        });
        Step::Pass {
            directive: here.first(&["proxy_pass"]),
            upstream: x.written_upstream(&pass.host, None).0,
            url: format!("{}://{}{}", pass.scheme(), pass.host, shown(target)),
            line,
            fields: fields.collect(),
            overridden: here.overridden(&["proxy_set_header"]),
        }
    });
}

/// The `proxy_set_header`s that have written a field, in order.
fn set_fields(x: &Exchange<'_>, here: Written<'_>) -> Vec<Option<Directive>> {
    let directives = here.in_force(&["proxy_set_header"]);
    let set = x.settings.proxy.set_header.iter().enumerate();
    let written = set.filter(|(_, (name, value))| {
        let is_framing =
            ["Content-Length", "Transfer-Encoding"].iter().any(|own| name.eq_ignore_ascii_case(own));
        !is_framing && !x.evaluate(value).is_empty()
    });
    written.map(|(nth, _)| directives.get(nth).cloned()).collect()
}

/// The answer of the app server that was asked last.
pub(super) fn trace_answer(x: &Exchange<'_>, status: u16) {
    x.trace(|_| Step::Answered {
        address: x.attempts.last().map(|attempt| attempt.address.to_string()).unwrap_or_default(),
        status,
        fields: fields(&x.upstream_fields),
    });
}

fn fields(headers: &Headers) -> Vec<Field> {
    headers.iter().map(|(name, value)| Field { name: shown(name), value: shown(value) }).collect()
}

/// A field of the answer that the client does not get.
pub(super) fn trace_hidden(x: &Exchange<'_>, name: &[u8], value: &[u8]) {
    if x.trace.is_none() || OWN_FIELDS.iter().any(|own| name.eq_ignore_ascii_case(own.as_bytes())) {
        return;
    }
    x.trace(|here| {
        let name = shown(name);
        let hides = |directive: &Directive| {
            directive
                .text
                .split_ascii_whitespace()
                .nth(1)
                .is_some_and(|word| word.eq_ignore_ascii_case(&name))
        };
        let directive = here.in_force(&["proxy_hide_header"]).into_iter().find(hides);
        let field = Field { name, value: shown(value) };
        Step::Changed { field, change: HeaderChange::Hidden, directive }
    });
}

/// A field of the answer that the client gets with another value.
pub(super) fn trace_rewritten(x: &Exchange<'_>, name: &[u8], old: &[u8], new: &[u8]) {
    x.trace(|here| {
        let names: &[&str] = match name.eq_ignore_ascii_case(b"Set-Cookie") {
            true => &["proxy_cookie_domain", "proxy_cookie_path", "proxy_cookie_flags"],
            false => &["proxy_redirect"],
        };
        Step::Changed {
            field: Field { name: shown(name), value: shown(old) },
            change: HeaderChange::Rewritten(shown(new)),
            directive: here.first(names).or_else(|| here.first(&["proxy_pass"])),
        }
    });
}
