//! Sending what goes to app servers to those of this run.

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::net::SocketAddr;

use nginx_conf::edit::Edits;
use nginx_conf::syntax::Directive;

use hopcheck_site::{canonical_address, is_slip};

use super::constants::substitute;
use super::{Walker, app_server_key};
use crate::conf::proxy_pass::{
    Host, Url, assigned, begins_as_name, declared_group, is_name, mixed_authority, parts_of,
};
use crate::conf::words::quoted;

/// What is said of an app server that stays as it is.
const NEVER_FOUND: &str = "stays a name, which nginx has no `resolver` to look up by";

/// So many app servers of a configuration have a stand-in of their own.
const MAX_APP_SERVERS: usize = 64;

impl Walker<'_> {
    /// The replacement for a server of an upstream, in order.
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
            _ if self.reserved.len() >= MAX_APP_SERVERS => Ok(self.reserved[nth % MAX_APP_SERVERS]),
            _ => {
                let reserved = (self.reserve)(&app_server_key(address))?;
                self.reserved.push(reserved);
                Ok(reserved)
            }
        }
    }

    /// Replaces the app server in a URL. If it cannot be determined, the URL stays, and the configuration is not run.
    pub(super) fn proxy_pass(&mut self, directive: &Directive, edits: &mut Edits) -> io::Result<()> {
        let Some(word) = directive.args.first() else { return Ok(()) };
        if let Some((before, server, rest)) = self.known.server_of(&word.text) {
            let now = match self.values_of(directive, server)? {
                // They are all upstreams, or never found.
                Some(values) if values.iter().all(|(value, stand_in)| value == stand_in) => None,
                Some(values) => Some(format!("{before}{}{rest}", self.maps.variable(server, values))),
                None => self.one_for_all(directive, &word.text)?,
            };
            now.iter().for_each(|now| self.put(directive, edits, word.span.clone(), quoted(now)));
            return Ok(());
        }
        let known = substitute(&self.constants, &word.text);
        let Some(Url { scheme, host: Host::Literal(host), rest }) =
            Url::of(&word.text).or_else(|| Url::of(&known))
        else {
            return Ok(());
        };
        if self.is_upstream(host) {
            return Ok(());
        }
        // What follows a port can be no part of the name.
        let is_host = host.contains(':') || !rest.starts_with('$');
        if word.text.contains('$') && is_host && self.is_never_found(host) {
            self.note(directive, NEVER_FOUND);
            return Ok(());
        }
        self.note_misspelt_upstream(directive, host);
        self.needs_tls |= scheme == Some("https");
        let now = format!("{}://{}{rest}", scheme.unwrap_or("http"), self.app_server(host, 0)?);
        self.put(directive, edits, word.span.clone(), quoted(&now));
        Ok(())
    }

    /// What a server that is one of variables can be, each with what stands in for it; `None` if only a request can tell.
    fn values_of(
        &mut self,
        directive: &Directive,
        server: &str,
    ) -> io::Result<Option<Vec<(String, String)>>> {
        let Some(values) = self.known.servers(&substitute(&self.constants, server)) else { return Ok(None) };
        let mut seen = HashSet::new();
        let (mut found, mut lost) = (Vec::new(), Vec::new());
        let values = values.into_iter().filter(|value| seen.insert(value.to_ascii_lowercase()));
        for (nth, value) in values.enumerate() {
            let Some((scheme, host, rest)) = parts_of(&value) else { continue };
            self.needs_tls |= scheme == "https://";
            let stand_in = if self.is_upstream(host) {
                host.to_owned()
            } else if self.is_never_found(host) {
                self.note(directive, &format!("`{host}` {NEVER_FOUND}"));
                lost.push(host.to_owned());
                host.to_owned()
            } else {
                self.app_server(host, nth)?.to_string()
            };
            found.push((value.clone(), format!("{scheme}{stand_in}{rest}")));
        }
        if lost.len() < found.len() {
            for host in lost {
                self.note_lost(directive, server, &host);
            }
        }
        Ok(Some(found))
    }

    /// Notes a name that variables come to, and that nobody looks up.
    fn note_lost(&mut self, directive: &Directive, server: &str, host: &str) {
        let meant = self.rewriter.source.site.upstreams.iter().find(|one| is_slip(host, &one.name));
        let help = meant.map_or(String::new(), |meant| format!("; did you mean `upstream {}`?", meant.name));
        let file = self.rewriter.source.origin.name_of(&self.file);
        let line = directive.line();
        let told = format!(
            "`{server}` in {file}:{line} may be `{host}`, which is no upstream, and without a `resolver` nginx looks nobody up: it answers \
             502{help}"
        );
        if !self.out.lost_names.contains(&told) {
            self.out.lost_names.push(told);
        }
    }

    /// All that the servers which are ones of variables can be.
    pub(super) fn values_of_servers(&self) -> Vec<String> {
        self.servers.iter().filter_map(|server| self.known.servers(server)).flatten().collect()
    }

    fn is_upstream(&self, host: &str) -> bool {
        self.known.upstreams.contains(&host.to_ascii_lowercase())
    }

    /// A URL with one that stands in for whichever app server a request names; `None` if it may be an upstream, or is never found.
    fn one_for_all(&mut self, directive: &Directive, url: &str) -> io::Result<Option<String>> {
        let known = substitute(&self.constants, url);
        let Some((scheme, authority, rest)) = mixed_authority(&known) else { return Ok(None) };
        // `http://app$rest`: a path, if it is to work.
        let is_followed = authority.split('$').next().is_some_and(|host| self.is_upstream(host));
        if begins_as_name(authority) && (is_followed || self.may_be_upstream(authority)) {
            self.note(directive, "stays: it picks an upstream by its name");
            return Ok(None);
        }
        if !self.may_look_up {
            return Ok(None);
        }
        Ok(Some(format!("{scheme}://{}{rest}", self.app_server(authority, 0)?)))
    }

    /// Keeps it from being hidden by a stand-in that nginx finds nobody of this name, which is that of an upstream but for a letter.
    fn note_misspelt_upstream(&mut self, directive: &Directive, host: &str) {
        let site = &self.rewriter.source.site;
        let Some(found) = site.misspelt_upstreams.iter().find(|found| found.name == host) else { return };
        let place = found.upstream.seen_from(&self.file);
        let help = format!("did you mean `upstream {}` in {place}?", found.meant);
        self.mistaken(directive, &format!("host not found in upstream \"{host}\""));
        self.out.unreadable.as_mut().into_iter().for_each(|why| *why += &format!("\n  help: {help}"));
    }

    /// Whether a host that is in part that of variables may be the name of an upstream, as `api_$version` of `api_v1`.
    fn may_be_upstream(&self, host: &str) -> bool {
        let Some((before, rest)) = host.split_once('$') else { return false };
        let after =
            rest.trim_start_matches('{').trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let after = after.trim_start_matches('}');
        let after = after.rsplit('$').next().filter(|_| !after.contains('$')).unwrap_or_default();
        let (before, after) = (before.to_ascii_lowercase(), after.to_ascii_lowercase());
        let is_like = |name: &String| {
            name.len() > before.len() + after.len() && name.starts_with(&before) && name.ends_with(&after)
        };
        self.known.upstreams.iter().any(is_like)
    }

    /// Replaces an app server in the URL that a `proxy_redirect` is for: without a `Host` of the site's, it redirects to itself by
    /// the address that it was asked by.
    pub(super) fn proxy_redirect(&mut self, directive: &Directive, edits: &mut Edits) -> io::Result<()> {
        let Some(word) = directive.args.first() else { return Ok(()) };
        let by_variables =
            self.known.server_of(&word.text).filter(|(_, server, _)| self.servers.contains(*server));
        if let Some((before, server, rest)) = by_variables {
            if let Some(values) = self.values_of(directive, server)? {
                let now = format!("{before}{}{rest}", self.maps.variable(server, values));
                self.put(directive, edits, word.span.clone(), quoted(&now));
            }
            return Ok(());
        }
        let known = substitute(&self.constants, &word.text);
        let Some(Url { scheme: Some(scheme), host: Host::Literal(host), rest }) =
            Url::of(&word.text).or_else(|| Url::of(&known))
        else {
            return Ok(());
        };
        let name = host.to_ascii_lowercase();
        let is_known = self.is_looked_up(&name)
            || self.variable_hosts.contains(&name)
            || self.out.app_servers.contains_key(host);
        if !self.is_upstream(host) && is_known {
            let now = format!("{scheme}://{}{rest}", self.app_server(host, 0)?);
            self.put(directive, edits, word.span.clone(), quoted(&now));
        }
        Ok(())
    }

    /// Notes who is looked up, and when.
    pub(super) fn note_names(&mut self, directive: &Directive) {
        self.may_look_up |= directive.is("resolver");
        let url = directive.arg(0).filter(|url| directive.is("proxy_pass") && !url.contains('$'));
        if let Some(Url { scheme, host: Host::Literal(host), .. }) = url.and_then(Url::of) {
            let port = if scheme == Some("https") { 443 } else { 80 };
            let host = host.to_ascii_lowercase();
            self.looked_up.insert(if host.contains(':') { host } else { format!("{host}:{port}") });
        }
    }

    /// Whether nginx would have to look up this app server, which variables come to, and has nobody to ask: it answers 502.
    fn is_never_found(&self, server: &str) -> bool {
        let server = server.to_ascii_lowercase();
        is_name(&server) && !self.may_look_up && !self.is_looked_up(&server)
    }

    /// Whether a `proxy_pass` without variables names this app server, which is in lower case.
    fn is_looked_up(&self, server: &str) -> bool {
        match server.contains(':') {
            true => self.looked_up.contains(server),
            false => [80, 443].iter().any(|port| self.looked_up.contains(&format!("{server}:{port}"))),
        }
    }

    /// Notes what a certificate of an app server must be for, and whether one is needed.
    pub(super) fn note_tls(&mut self, directive: &Directive, block: Option<&Directive>) {
        let is_https = |text: &str| text.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"));
        let value = assigned(directive, block).and_then(|(_, nth)| directive.arg(nth));
        let url = directive.arg(0).filter(|_| directive.is("proxy_pass"));
        self.needs_tls |= value.into_iter().chain(url).any(is_https);
        if directive.is("server_name") || directive.is("proxy_ssl_name") {
            self.names.extend(directive.args.iter().map(|word| host_of(&word.text)));
        }
        self.names.extend(declared_group(directive, block).map(host_of));
    }

    /// The names that an app server's certificate must be for; `None` if none needs one. The document's app servers are
    /// known to use plain HTTP.
    pub(super) fn tls_names(&mut self) -> Option<BTreeSet<String>> {
        let of_servers = self.out.app_servers.keys().map(|address| host_of(address));
        let names = std::mem::take(&mut self.names).into_iter().chain(of_servers);
        (self.needs_tls && !self.rewriter.source.as_documented).then(|| names.collect())
    }
}

/// A name without its port.
fn host_of(address: &str) -> String {
    address.split_once(':').map_or(address, |(host, _)| host).to_ascii_lowercase()
}
