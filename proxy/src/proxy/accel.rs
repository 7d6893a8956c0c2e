//! `X-Accel-Redirect`: an app server has the proxy answer with what is at another URI. `X-Accel-Limit-Rate` and
//! `X-Accel-Charset`: it says how the answer is sent.

use super::error::ProxyError;
use super::handler::ProxyHandler;
use super::response::ResponseHead;
use super::upstream_error::Action;
use crate::exchange::Exchange;
use crate::log::Escaped;
use crate::message::grammar::parse_length;
use crate::uri;
use nginx_conf::model::Level;

/// Fields of the app server's answer that the client gets with the other one, besides `Content-Type`.
const KEPT_HEADERS: [&str; 4] = ["Set-Cookie", "Content-Disposition", "Cache-Control", "Expires"];

/// Acts on the other fields of an app server's answer that are for the proxy.
pub(super) fn act_on_fields(x: &mut Exchange<'_>) {
    let ignored = x.settings.proxy.ignore_headers;
    if !ignored.accel_limit_rate
        && let Some(rate) = x.upstream_fields.get("X-Accel-Limit-Rate")
        && let Some(rate) = parse_length(rate)
    {
        x.limit_rate = Some(rate);
    }
    if !ignored.accel_charset
        && let Some(charset) = x.upstream_fields.get("X-Accel-Charset")
    {
        x.accel_charset = Some(charset.to_vec());
    }
}

impl ProxyHandler<'_> {
    /// Where the app server sends the request, if anywhere. What goes along is kept.
    pub(super) fn accel_redirect(&self, x: &mut Exchange<'_>, head: &ResponseHead) -> Option<ProxyError> {
        let target = x.upstream_fields.get("X-Accel-Redirect")?.to_vec();
        if x.settings.proxy.ignore_headers.accel_redirect {
            return None;
        }
        let kept = |name: &[u8]| KEPT_HEADERS.iter().any(|kept| name.eq_ignore_ascii_case(kept.as_bytes()));
        let fields = x.upstream_fields.iter().filter(|(name, _)| kept(name));
        let fields: Vec<_> = fields.map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
        x.kept_fields.extend(fields);
        let content_type = x.upstream_fields.get("Content-Type").filter(|kind| !kind.is_empty());
        if let Some(kind) = content_type.and_then(|kind| std::str::from_utf8(kind).ok()) {
            x.kept_content_type = Some(kind.to_owned());
        }
        if target.first() == Some(&b'@') {
            return Some(ProxyError::Redirect { uri: target, args: Vec::new() });
        }
        Some(match uri::parse_unsafe(&target) {
            Some((uri, args)) => ProxyError::Redirect { uri, args },
            None => {
                let peer = x.attempts.last().map(|attempt| attempt.address.clone()).unwrap_or_default();
                let action = Action::ReadingHeader;
                let why = format_args!("unsafe URI \"{}\" was detected while {action}", Escaped(&target));
                self.log(x, Level::Error, why, &peer);
                x.status = head.status;
                ProxyError::Status(404)
            }
        })
    }
}
