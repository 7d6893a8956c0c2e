//! Sending what goes to app servers to those of this run.

use std::io;
use std::net::SocketAddr;

use nginx_conf::edit::Edits;
use nginx_conf::syntax::Directive;

use hopcheck_site::canonical_address;

use super::{Walker, app_server_key, quoted};
use crate::conf::proxy_pass::{Host, Url, only_variable};

/// So many app servers of a configuration have a stand-in of their own.
const MAX_APP_SERVERS: usize = 64;

impl Walker<'_> {
    /// The replacement for a server of an upstream, or for a value of a variable, in order.
    pub(super) fn app_server_of(&mut self, group: &str, address: &str) -> io::Result<SocketAddr> {
        let met = self.out.upstreams.entry(group.to_owned()).or_default();
        let nth = met.iter().position(|known| known == address).unwrap_or_else(|| {
            met.push(address.to_owned());
            met.len() - 1
        });
        self.app_server(address, nth)
    }

    /// The replacement for an app server, the `nth` of its upstream. If it is not deployed, nothing listens there.
    pub(super) fn app_server(&mut self, address: &str, nth: usize) -> io::Result<SocketAddr> {
        let canonical = canonical_address(address);
        let stand_in = match self.stand_ins.get(&canonical) {
            Some(known) => *known,
            None => self.stand_in(address, nth)?,
        };
        self.stand_ins.insert(canonical, stand_in);
        self.out.app_servers.insert(address.to_owned(), stand_in);
        Ok(stand_in)
    }

    fn stand_in(&mut self, address: &str, nth: usize) -> io::Result<SocketAddr> {
        match self.rewriter.app_servers {
            pair @ [_, ..] if self.rewriter.source.is_deployed(address) => Ok(pair[nth % pair.len()]),
            // Real configurations have fewer. The others share what there is.
            _ if self.stand_ins.len() >= MAX_APP_SERVERS => {
                let mut known: Vec<SocketAddr> = self.stand_ins.values().copied().collect();
                known.sort_unstable();
                Ok(known[nth % known.len()])
            }
            _ => (self.reserve)(&app_server_key(address)),
        }
    }

    /// Replaces the app server in a URL. If it cannot be determined, the URL stays, and the configuration is not run.
    pub(super) fn proxy_pass(&mut self, directive: &Directive, edits: &mut Edits) -> io::Result<()> {
        let Some((word, url)) = directive.args.first().and_then(|word| Some((word, Url::of(&word.text)?)))
        else {
            return Ok(());
        };
        let now = match url.host {
            Host::Literal(host) if self.upstreams.contains(&host.to_ascii_lowercase()) => match url.scheme {
                // The document's app servers are known to use plain HTTP.
                Some("https") if !self.rewriter.source.as_documented => format!("http://{host}{}", url.rest),
                _ => return Ok(()),
            },
            Host::Literal(host) => format!("http://{}{}", self.app_server(host, 0)?, url.rest),
            Host::Variable(name, port) => {
                if self.hosts.port_of(name) != Some(port) || (port.is_empty() && url.scheme != Some("https"))
                {
                    return Ok(());
                }
                format!("{}${{{name}}}{}", url.scheme.map_or("", |_| "http://"), url.rest)
            }
        };
        self.put(directive, edits, word.span.clone(), quoted(&now));
        Ok(())
    }

    /// Replaces the app server that a variable is set to.
    pub(super) fn assignment(
        &mut self,
        directive: &Directive,
        name: &str,
        nth: usize,
        edits: &mut Edits,
    ) -> io::Result<()> {
        let (Some(port), Some(word)) = (self.hosts.port_of(name), directive.args.get(nth)) else {
            return Ok(());
        };
        let value = word.text.as_str();
        if value.is_empty()
            || only_variable(value).is_some()
            || self.upstreams.contains(&value.to_ascii_lowercase())
        {
            return Ok(());
        }
        let (host, scheme, rest) = match Url::of(value) {
            Some(Url { host: Host::Literal(host), scheme: Some(_), rest }) => {
                (host.to_owned(), "http://", rest)
            }
            None if !value.contains(['$', '/']) => (format!("{value}{port}"), "", ""),
            _ => return Ok(()),
        };
        let now = match self.upstreams.contains(&host.to_ascii_lowercase()) {
            true => format!("{scheme}{host}{rest}"),
            false => format!("{scheme}{}{rest}", self.app_server_of(&format!("${name}"), &host)?),
        };
        self.put(directive, edits, word.span.clone(), quoted(&now));
        Ok(())
    }
}
