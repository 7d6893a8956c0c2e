//! One request behind `proxy_pass`, whichever app server is being asked.

use std::fmt;

use super::request::{RequestBody, RequestHead};
use crate::exchange::Exchange;
use crate::log::Escaped;
use crate::tls::UpstreamName;
use crate::turn::{self, Moment};
use crate::upstream::{TlsPeer, UpstreamGroup};
use crate::variables::Variables;
use nginx_conf::model::{Level, ProxyHttpVersion, ProxyPass};

/// How all servers failed, as far as `proxy_cache_use_stale` cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UpstreamFailure {
    Error,
    Timeout,
    InvalidHeader,
    Status(u16),
}

/// What stays the same from one attempt to the next.
pub(super) struct ProxyHandler<'h> {
    pub(super) group: &'h UpstreamGroup,
    pub(super) request: RequestHead,
    pub(super) body: RequestBody,
    /// `http` or `https`.
    pub(super) scheme: &'static str,
    /// How servers are spoken to if by `https`.
    pub(super) tls: Option<TlsPeer>,
    /// Whether they are asked in HTTP/2.
    pub(super) is_http2: bool,
    pub(super) started: Moment,
    /// How many servers were asked.
    pub(super) asked: usize,
    /// When the current server was selected.
    pub(super) selected: Moment,
    /// Whether the request goes on if the client leaves, since its answer is for others, too.
    pub(super) outlives_client: bool,
    /// Why no server has answered.
    pub(super) failure: Option<UpstreamFailure>,
}

impl<'h> ProxyHandler<'h> {
    /// A request that is about to be sent.
    pub(super) fn new(
        x: &Exchange<'_>,
        pass: &ProxyPass,
        group: &'h UpstreamGroup,
        request: RequestHead,
        body: RequestBody,
    ) -> ProxyHandler<'h> {
        let now = turn::moment();
        ProxyHandler {
            group,
            request,
            body,
            scheme: pass.scheme(),
            tls: if pass.is_https { tls_peer(x, pass) } else { None },
            is_http2: x.settings.proxy.http_version == Some(ProxyHttpVersion::Http2),
            started: now,
            asked: 0,
            selected: now,
            outlives_client: false,
            failure: None,
        }
    }

    /// Records that there is a connection to the current server.
    pub(super) fn note_connected(&self, x: &mut Exchange<'_>) {
        if let Some(attempt) = x.attempts.last_mut() {
            attempt.connect_time = Some(turn::moment() - self.selected);
        }
    }

    /// Records that the head of its response has arrived.
    pub(super) fn note_head(&self, x: &mut Exchange<'_>, status: u16) {
        if let Some(attempt) = x.attempts.last_mut() {
            attempt.status = Some(status);
            attempt.header_time = Some(turn::moment() - self.selected);
        }
    }

    /// Records the end of the current attempt and returns its time.
    pub(super) fn finish_attempt(&self, x: &mut Exchange<'_>, status: Option<u16>) -> Moment {
        let now = turn::moment();
        if let Some(attempt) = x.attempts.last_mut() {
            attempt.status = status;
            attempt.time = Some(now - self.selected);
        }
        now
    }

    pub(super) fn log(&self, x: &Exchange<'_>, level: Level, message: fmt::Arguments<'_>, peer: &str) {
        // nginx leaves it out over HTTP/2.
        let target = match self.is_http2 {
            true => None,
            false => self.request.head.get(self.request.target.clone()),
        };
        let target = target.unwrap_or_default();
        let colon = if peer.starts_with("unix:") { ":" } else { "" };
        x.log_upstream(
            level,
            message,
            Some(&format_args!("{}://{peer}{colon}{}", self.scheme, Escaped(target))),
        );
    }
}

/// How the app servers of this level are spoken to.
fn tls_peer(x: &Exchange<'_>, pass: &ProxyPass) -> Option<TlsPeer> {
    let ssl = &x.settings.proxy.ssl;
    let name = match &ssl.name {
        Some(name) => x.evaluate(name),
        None => pass.host.as_bytes().to_vec(),
    };
    Some(TlsPeer { tls: ssl.tls.clone()?, name: UpstreamName::new(&name, ssl.server_name) })
}
