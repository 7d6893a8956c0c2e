//! `upstream` blocks, and the implicit upstreams of `proxy_pass` to a plain address.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::address::{Resolver, after_unix, resolve};
use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::{
    Balance, NameServers, ResolvedServer, ResolvedServers, ServerAddress, Sticky, Upstream, UpstreamServer,
};
use crate::source::Word;
use crate::spelling::nearest;
use crate::template::Template;
use crate::version::Version;

/// Every upstream so far.
#[derive(Debug, Default)]
pub(crate) struct UpstreamDrafts {
    groups: Vec<UpstreamDraft>,
    /// The first of each name, in lower case.
    by_name: HashMap<String, usize>,
    /// Plain addresses by name, in lower case, and port.
    by_address: HashMap<(String, u16), usize>,
    current: usize,
    /// `zone` of each.
    pub zones: Zones,
    /// What commands write into should they run outside of an `upstream`, which the table rules out.
    none: UpstreamDraft,
}

/// The shared memory of upstreams, by the names of its zones.
#[derive(Debug, Default)]
pub(crate) struct Zones {
    /// Those that say how large they are.
    pub with_size: Vec<String>,
    /// Those that leave it to another, and the error if there is none.
    pub without_size: Vec<(String, ConfigError)>,
}

/// An `upstream`, or a plain address.
#[derive(Debug, Default)]
pub(crate) struct UpstreamDraft {
    name: String,
    /// Declared by an `upstream` block.
    declared: bool,
    /// The port that a `proxy_pass` wrote after it.
    port: Option<u16>,
    /// The port where it wrote none.
    default_port: u16,
    /// Its servers so far.
    pub servers: Vec<UpstreamServer>,
    /// Those with `resolve`.
    pub resolved: Vec<ResolvedServer>,
    /// `zone`.
    pub has_zone: bool,
    /// `resolver`.
    pub resolver: Option<Arc<NameServers>>,
    /// `resolver_timeout`.
    pub resolver_timeout: Option<Duration>,
    /// `ip_hash`, `least_conn`, `hash` or `random`.
    pub balance: Option<Balance>,
    /// The key of `hash`.
    pub hash_key: Option<Template>,
    /// `sticky`.
    pub sticky: Option<Sticky>,
    /// `keepalive`.
    pub keepalive: Option<usize>,
    /// `keepalive_requests`.
    pub keepalive_requests: Option<u64>,
    /// `keepalive_timeout`.
    pub keepalive_timeout: Option<Duration>,
    /// `keepalive_time`.
    pub keepalive_time: Option<Duration>,
    /// An error about it, whose words are to be filled in.
    place: Option<ConfigError>,
}

impl UpstreamDrafts {
    /// The `upstream` being read.
    pub(crate) fn current(&mut self) -> &mut UpstreamDraft {
        self.groups.get_mut(self.current).unwrap_or(&mut self.none)
    }

    /// The upstream whose sessions are kept in a zone.
    pub(crate) fn with_sessions_in(&self, zone: &str) -> Option<&str> {
        let keeps = |group: &&UpstreamDraft| matches!(&group.sticky, Some(Sticky::Learn(learn)) if learn.zone == zone);
        self.groups.iter().find(keeps).map(|group| group.name.as_str())
    }

    /// An `upstream` block starts. A `proxy_pass` may have named it before.
    pub(crate) fn declare(&mut self, directive: &Directive) -> Result<(), ConfigError> {
        let word = directive.argument(0);
        let place = Some(directive.error_at(word, ""));
        let found = self.by_name.get(&word.text.to_ascii_lowercase()).copied();
        match found.and_then(|index| self.groups.get_mut(index).map(|group| (index, group))) {
            Some((_, group)) if group.declared => {
                Err(directive.error_at(word, format!("duplicate upstream \"{}\"", word.text)))
            }
            Some((_, UpstreamDraft { port: Some(port), place: Some(place), .. })) => Err(place
                .clone()
                .with_message(format!("upstream \"{}\" may not have port {port}", word.text))),
            Some((index, group)) => {
                (group.declared, group.place) = (true, place);
                self.current = index;
                Ok(())
            }
            None => {
                let name = word.text.clone();
                self.current =
                    self.add(UpstreamDraft { name, declared: true, place, ..UpstreamDraft::default() });
                Ok(())
            }
        }
    }

    /// The upstream that a `proxy_pass` to this host means: a declared one, or one of its own. The ports are the one that is
    /// written, and the one where none is.
    pub(crate) fn target(
        &mut self,
        directive: &Directive,
        word: &Word,
        host: &str,
        (port, default_port): (Option<u16>, u16),
    ) -> Result<usize, ConfigError> {
        let name = host.to_ascii_lowercase();
        if let Some(&index) = self.by_name.get(&name)
            && self.groups.get(index).is_some_and(|group| group.declared)
        {
            return match port {
                None => Ok(index),
                Some(port) => {
                    let message = format!("upstream \"{host}\" may not have port {port}");
                    Err(directive.error_at(word, message).help("the servers of the upstream have ports"))
                }
            };
        }
        let address = (name, port.unwrap_or(default_port));
        if let Some(&index) = self.by_address.get(&address) {
            return Ok(index);
        }
        let place = Some(directive.error_at(word, ""));
        let name = host.to_owned();
        let index = self.add(UpstreamDraft { name, port, default_port, place, ..UpstreamDraft::default() });
        self.by_address.insert(address, index);
        Ok(index)
    }

    /// Adds an upstream, and gives its index.
    fn add(&mut self, upstream: UpstreamDraft) -> usize {
        let index = self.groups.len();
        self.by_name.entry(upstream.name.to_ascii_lowercase()).or_insert(index);
        self.groups.push(upstream);
        index
    }

    /// Looks up what is left to look up. `around`: what `http` says of name servers.
    pub(crate) fn finish(
        self,
        resolver: Resolver,
        around: &Lookup,
        version: Option<Version>,
    ) -> Result<Vec<Upstream>, ConfigError> {
        let Zones { with_size, without_size } = self.zones;
        if let Some((_, error)) = without_size.into_iter().find(|(name, _)| !with_size.contains(name)) {
            return Err(error);
        }
        let declared: Vec<String> =
            self.groups.iter().filter(|group| group.declared).map(|group| group.name.clone()).collect();
        self.groups.into_iter().map(|group| group.finish(resolver, around, &declared, version)).collect()
    }
}

/// `resolver` and `resolver_timeout`.
pub(crate) type Lookup = (Option<Arc<NameServers>>, Option<Duration>);

/// How many connections a version keeps where the file does not say; `None` where that is ours to decide.
fn default_keepalive(version: Option<Version>, declared: bool) -> Option<usize> {
    let version = version?;
    (!declared || version < Version::new(29, 7)).then_some(0)
}

impl UpstreamDraft {
    fn finish(
        mut self,
        resolver: Resolver,
        around: &Lookup,
        declared: &[String],
        version: Option<Version>,
    ) -> Result<Upstream, ConfigError> {
        let resolved = self.resolved(around)?;
        let UpstreamDraft { name, servers, place, .. } = self;
        let error =
            |message: String| place.clone().unwrap_or_else(|| ConfigError::new("")).with_message(message);
        let servers = match self.declared {
            true if resolved.is_none() && servers.iter().all(|server| server.backup) => {
                return Err(error(format!("no servers in upstream \"{name}\"")));
            }
            true => servers,
            false if after_unix(&name).is_some() => {
                let path = after_unix(&name).unwrap_or_default();
                vec![UpstreamServer::new(name.clone(), ServerAddress::Unix(path.into()))]
            }
            false => {
                let port = self.port.unwrap_or(self.default_port);
                let addresses = resolve(resolver, &name, port).ok_or_else(|| {
                    let error = error(format!("host not found in upstream \"{name}\""));
                    match nearest(&name, declared.iter().map(String::as_str)) {
                        Some(near) => error.help(format!("there is an upstream \"{near}\"")),
                        None => error,
                    }
                })?;
                let server =
                    |address: SocketAddr| UpstreamServer::new(format!("{name}:{port}"), address.into());
                addresses.into_iter().map(server).collect()
            }
        };
        Ok(Upstream {
            name,
            servers,
            resolved,
            declared: self.declared,
            port: (!self.declared).then(|| self.port.unwrap_or(self.default_port)),
            balance: self.balance.unwrap_or_default(),
            hash_key: self.hash_key,
            sticky: self.sticky,
            keepalive: self.keepalive.or_else(|| default_keepalive(version, self.declared)),
            keepalive_requests: self.keepalive_requests.unwrap_or(1000),
            keepalive_timeout: self.keepalive_timeout.unwrap_or(Duration::from_secs(60)),
        })
    }

    /// The servers with `resolve`, which need somewhere to be kept and somebody to ask.
    fn resolved(&mut self, around: &Lookup) -> Result<Option<ResolvedServers>, ConfigError> {
        let names = std::mem::take(&mut self.resolved);
        if names.is_empty() {
            return Ok(None);
        }
        // nginx names the place within the message.
        let place = self.place.as_ref().and_then(ConfigError::place);
        let place = place.map(|place| format!(" in {place}")).unwrap_or_default();
        let upstream = format!("upstream \"{}\"{place}", self.name);
        if !self.has_zone {
            let message = format!("resolving names at run time requires {upstream} to be in shared memory");
            return Err(ConfigError::new(message).help("give the upstream a zone: \"zone NAME 64k;\""));
        }
        let Some(resolver) = self.resolver.clone().or_else(|| around.0.clone()) else {
            let message = format!("no resolver defined to resolve names at run time in {upstream}");
            return Err(ConfigError::new(message));
        };
        let timeout = self.resolver_timeout.or(around.1).unwrap_or(Duration::from_secs(30));
        Ok(Some(ResolvedServers { names, resolver, timeout }))
    }
}
