//! Sending what goes to app servers to those of this run.

use std::io;
use std::net::SocketAddr;

use nginx_conf::edit::Edits;
use nginx_conf::syntax::Directive;

use super::{Walker, quoted};
use crate::conf::proxy_pass::{Host, Url, only_variable};

impl Walker<'_> {
    /// The replacement for a server of an upstream, or for a value of a variable, in order.
    pub(super) fn app_server_of(&mut self, group: &str, address: &str) -> io::Result<SocketAddr> {
        let met = self.met.entry(group.to_owned()).or_default();
        let nth = met.iter().position(|known| known == address).unwrap_or_else(|| {
            met.push(address.to_owned());
            met.len() - 1
        });
        self.app_server(address, nth)
    }

    /// The replacement for an app server, the `nth` of its upstream. If it is not deployed, nothing listens there.
    pub(super) fn app_server(&mut self, address: &str, nth: usize) -> io::Result<SocketAddr> {
        if let Some(known) = self.out.app_servers.get(address) {
            return Ok(*known);
        }
        let deployed = &self.rewriter.source.app_servers;
        let is_deployed = deployed.is_empty() || deployed.iter().any(|one| one == address);
        let stand_in = match self.rewriter.app_servers {
            stand_ins @ [_, ..] if is_deployed => stand_ins[nth % stand_ins.len()],
            _ => (self.reserve)(&format!("app server {address}"))?,
        };
        self.out.app_servers.insert(address.to_owned(), stand_in);
        Ok(stand_in)
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
