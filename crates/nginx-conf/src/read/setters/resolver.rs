//! `resolver`.

use std::sync::Arc;

use crate::address::{UrlKind, parse, resolve};
use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::NameServers;
use crate::read::reader::{Reader, Setter};
use crate::read::values::{duplicate, once, time};
use crate::units::parse_seconds;

pub(super) const SETTERS: &[(&str, Setter)] =
    &[("resolver", resolver), ("resolver_timeout", |r, d| once(&mut r.settings().resolver_timeout, d, time))];

/// The port of name servers.
const DNS_PORT: u16 = 53;

/// `resolver`.
fn resolver(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let servers = name_servers(reader, directive)?;
    match reader.settings().resolver.replace(servers) {
        Some(_) => Err(duplicate(directive)),
        None => Ok(()),
    }
}

/// `resolver` in `upstream`.
pub(super) fn upstream_resolver(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let servers = name_servers(reader, directive)?;
    match reader.upstream().resolver.replace(servers) {
        Some(_) => Err(duplicate(directive)),
        None => Ok(()),
    }
}

fn name_servers(reader: &Reader, directive: &Directive) -> Result<Arc<NameServers>, ConfigError> {
    let mut servers = NameServers { addresses: Vec::new(), valid: None, ipv4: true, ipv6: true };
    for word in directive.arguments() {
        let invalid = || directive.error_at(word, format!("invalid parameter: {}", word.text));
        match word.text.split_once('=') {
            Some(("valid", value)) => {
                servers.valid =
                    Some(parse_seconds(value).filter(|time| !time.is_zero()).ok_or_else(invalid)?);
            }
            Some((family @ ("ipv4" | "ipv6"), value)) => {
                let is_on = match value {
                    "on" => true,
                    "off" => false,
                    _ => return Err(invalid()),
                };
                *(if family == "ipv4" { &mut servers.ipv4 } else { &mut servers.ipv6 }) = is_on;
            }
            // Where to count look-ups, which nobody asks for here.
            Some(("status_zone", _)) => {}
            _ => {
                let wrong = |reason: &str| {
                    directive.error_at(word, format!("{reason} in resolver \"{}\"", word.text))
                };
                let url = parse(&word.text, UrlKind::Server).map_err(wrong)?;
                let found = resolve(reader.resolver, &url.host, url.port.unwrap_or(DNS_PORT));
                servers.addresses.extend(found.ok_or_else(|| wrong("host not found"))?);
            }
        }
    }
    if !servers.ipv4 && !servers.ipv6 {
        return Err(directive.error("\"ipv4\" and \"ipv6\" cannot both be \"off\""));
    }
    if servers.addresses.is_empty() {
        return Err(directive.error("no name servers defined"));
    }
    Ok(Arc::new(servers))
}
