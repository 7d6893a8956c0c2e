//! The address of a client behind proxies that are trusted: `ngx_http_realip_module`.

use std::net::SocketAddr;

use crate::exchange::{Exchange, forwarded};
use crate::trace::Step;
use nginx_conf::model::RealIpHeader;

/// Replaces the client's address by the one that the request names, once.
pub(super) fn real_ip(x: &mut Exchange<'_>) {
    let settings = &x.settings.real_ip;
    if settings.from.is_empty() || x.real_ip_found {
        return;
    }
    if settings.header == RealIpHeader::ProxyProtocol {
        let told = x.proxy_header.map(|header| header.source.as_bytes());
        let found = told.and_then(|told| forwarded(x.client.peer, &[told], &settings.from, false));
        if let (Some(address), Some(header)) = (found, x.proxy_header) {
            x.client.peer = SocketAddr::new(address.ip(), header.source_port);
            x.real_ip_found = true;
        }
        return;
    }
    let headers = &x.request.headers;
    let values: Vec<&[u8]> = match &settings.header {
        RealIpHeader::ForwardedFor => headers.get_all("X-Forwarded-For").collect(),
        RealIpHeader::ProxyProtocol => Vec::new(),
        RealIpHeader::Field(name) => headers.get(name).into_iter().collect(),
    };
    if let Some(address) = forwarded(x.client.peer, &values, &settings.from, settings.recursive) {
        x.trace(|here| Step::RealIp {
            directive: here.first(&["real_ip_header"]).or_else(|| here.first(&["set_real_ip_from"])),
            from: x.client.peer.ip().to_string(),
            to: address.ip().to_string(),
        });
        x.client.peer = address;
        x.real_ip_found = true;
    }
}
