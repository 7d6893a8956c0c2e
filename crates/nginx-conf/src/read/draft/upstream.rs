//! `upstream` blocks, and the implicit upstreams of `proxy_pass` to a plain address.

use std::collections::HashMap;
use std::time::Duration;

use crate::address::{Resolver, resolve};
use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::{Balance, Sticky, Upstream, UpstreamServer};
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
    /// What commands write into should they run outside of an `upstream`, which the table rules out.
    none: UpstreamDraft,
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

    /// Looks up what is left to look up.
    pub(crate) fn finish(
        self,
        resolver: Resolver,
        version: Option<Version>,
    ) -> Result<Vec<Upstream>, ConfigError> {
        let declared: Vec<String> =
            self.groups.iter().filter(|group| group.declared).map(|group| group.name.clone()).collect();
        self.groups.into_iter().map(|group| group.finish(resolver, &declared, version)).collect()
    }
}

/// How many connections a version keeps where the file does not say; `None` where that is ours to decide.
fn default_keepalive(version: Option<Version>, declared: bool) -> Option<usize> {
    let version = version?;
    (!declared || version < Version::new(29, 7)).then_some(0)
}

impl UpstreamDraft {
    fn finish(
        self,
        resolver: Resolver,
        declared: &[String],
        version: Option<Version>,
    ) -> Result<Upstream, ConfigError> {
        let UpstreamDraft { name, servers, place, .. } = self;
        let error =
            |message: String| place.clone().unwrap_or_else(|| ConfigError::new("")).with_message(message);
        let servers = match self.declared {
            true if servers.iter().all(|server| server.backup) => {
                return Err(error(format!("no servers in upstream \"{name}\"")));
            }
            true => servers,
            false => {
                let port = self.port.unwrap_or(self.default_port);
                let addresses = resolve(resolver, &name, port).ok_or_else(|| {
                    let error = error(format!("host not found in upstream \"{name}\""));
                    match nearest(&name, declared.iter().map(String::as_str)) {
                        Some(near) => error.help(format!("there is an upstream \"{near}\"")),
                        None => error,
                    }
                })?;
                let server = |address| UpstreamServer::new(format!("{name}:{port}"), address);
                addresses.into_iter().map(server).collect()
            }
        };
        Ok(Upstream {
            name,
            servers,
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
}
