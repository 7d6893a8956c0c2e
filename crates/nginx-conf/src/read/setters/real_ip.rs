//! `set_real_ip_from`, `real_ip_header`, `real_ip_recursive`: `ngx_http_realip_module`.

use crate::address::resolve;
use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::{Network, RealIpHeader};
use crate::read::reader::{Reader, Setter};
use crate::read::values::{flag, network, once};

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("set_real_ip_from", set_real_ip_from),
    ("real_ip_header", |r, d| once(&mut r.settings().real_ip_header, d, header)),
    ("real_ip_recursive", |r, d| once(&mut r.settings().real_ip_recursive, d, flag)),
];

/// `set_real_ip_from`.
fn set_real_ip_from(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let word = directive.argument(0);
    let found = match (word.text.as_str(), network(&word.text)) {
        // No client connects through a UNIX-domain socket.
        ("unix:", _) => Vec::new(),
        (text, Some((network, is_round))) => {
            if !is_round {
                let message = format!("low address bits of {text} are meaningless");
                reader.warn(&directive.error_at(word, message));
            }
            vec![network]
        }
        (name, None) => {
            let not_found =
                || directive.error_at(word, format!("host not found in set_real_ip_from \"{name}\""));
            let addresses = resolve(reader.resolver, name, 0).ok_or_else(not_found)?;
            let whole = |address: std::net::IpAddr| Network {
                address,
                bits: if address.is_ipv4() { 32 } else { 128 },
            };
            addresses.into_iter().map(|address| whole(address.ip())).collect()
        }
    };
    reader.settings().real_ip_from.get_or_insert_default().extend(found);
    Ok(())
}

/// `real_ip_header`.
fn header(directive: &Directive) -> Result<RealIpHeader, ConfigError> {
    Ok(match directive.argument(0).text.as_str() {
        "X-Forwarded-For" => RealIpHeader::ForwardedFor,
        "proxy_protocol" => RealIpHeader::ProxyProtocol,
        name => RealIpHeader::Field(name.to_owned()),
    })
}
