//! A broken promise, and the places of the configuration that it is about.

use std::sync::LazyLock;

use hopcheck_report::{FailedStep, Record};
use hopcheck_site::profile::{Cors, PromisedRoute};
use hopcheck_site::{Route, Server, Site};
use hopcheck_targets::conf::Source;
use regex::Regex;

use crate::conf::{Conf, Id};
use crate::files::Files;

/// A request line in a transcript.
static REQUEST: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^\s*> ([A-Z]+) (/\S*) HTTP/").ok());

/// A configuration as it is at one moment.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) files: Files,
    pub(crate) conf: Conf,
    pub(crate) source: Source,
}

/// A broken promise.
#[derive(Debug)]
pub(crate) struct Fault<'a> {
    /// The result of its scenario.
    pub(crate) record: &'a Record,
    pub(crate) files: &'a Files,
    pub(crate) conf: &'a Conf,
    pub(crate) source: &'a Source,
    /// The route that it was asked of.
    pub(crate) route: Option<&'a Route>,
    /// The server of that route.
    pub(crate) server: Option<Id>,
    /// The blocks that serve what was asked: of the route first, then of each request that was sent, and of the page.
    pub(crate) places: Vec<Id>,
    /// What is said of it, and what to look at.
    text: String,
}

impl<'a> Fault<'a> {
    /// Of promises that are broken for one reason, the first of them above all.
    pub(crate) fn of(alike: &'a [Record], state: &'a State) -> Option<Fault<'a>> {
        let State { files, conf, source } = state;
        let record = alike.first()?;
        let message = record.failed_step().map_or("", |failed| failed.message.as_str());
        let hints = alike.iter().map(|record| record.hint.as_str());
        let text = std::iter::once(message).chain(hints).collect::<Vec<_>>().join("\n");
        let mut fault =
            Fault { record, files, conf, source, route: None, server: None, places: Vec::new(), text };
        fault.find_places();
        Some(fault)
    }

    fn find_places(&mut self) {
        let site: &'a Site = &self.source.site;
        let of_route = self.record.route.and_then(|number| site.routes().nth(number));
        let transcript =
            self.record.failed_step().map_or("", |FailedStep { evidence, .. }| &evidence.exchange);
        let asked: Vec<&str> = REQUEST
            .iter()
            .flat_map(|line| line.captures_iter(transcript))
            .filter_map(|found| {
                let target = found.get(2)?.as_str();
                Some(target.split('?').next().unwrap_or(target))
            })
            .collect();
        let servers = self.conf.servers();
        let nodes: Vec<(&Server, Id)> = site.servers.iter().zip(servers).collect();
        let here: Vec<(&Server, Id)> = match of_route {
            Some((server, route)) => {
                self.route = Some(route);
                nodes.into_iter().filter(|(other, _)| std::ptr::eq(*other, server)).collect()
            }
            None => nodes.into_iter().filter(|(server, _)| server.unreachable.is_none()).take(1).collect(),
        };
        let Some((server, block)) = here.first().copied() else { return };
        self.server = Some(block);
        let locations = self.conf.locations(block);
        if let (None, Some(promised)) = (self.route, self.promised()) {
            // Nothing serves it; a location that is called so is meant to.
            let name = |id: &Id| self.conf.get(*id).args.last().map_or("", |word| word.text.as_str());
            let is_it = |id: &&Id| name(id).trim_end_matches('/') == promised.path.trim_end_matches('/');
            let named: Vec<Id> = locations.iter().filter(is_it).copied().collect();
            self.places.extend(named);
        }
        if let Some(route) = self.route {
            let line = route.lines.first();
            let is_it = |id: &&Id| {
                let entry = self.conf.get(**id);
                line.is_some_and(|at| at.file == entry.file && at.line == entry.name.line)
                    && entry.head() == route.location
            };
            self.places.push(locations.iter().find(is_it).copied().unwrap_or(block));
        }
        let fallback = self.route.and_then(|route| route.fallback.as_deref());
        for path in asked.into_iter().chain(fallback) {
            let serving = server.location_of(path).and_then(|nth| locations.get(nth)).copied();
            let place = serving.unwrap_or(block);
            if !self.places.contains(&place) {
                self.places.push(place);
            }
        }
    }

    /// The block of the route, or the one that the request came to.
    pub(crate) fn place(&self) -> Option<Id> {
        self.places.first().copied()
    }

    /// Whether the hint or the message speaks of `word`.
    pub(crate) fn mentions(&self, word: &str) -> bool {
        self.text.contains(word)
    }

    /// The upstream whose app servers have answered, as the message says: `blue:8080 of upstream app, …`.
    pub(crate) fn answering_upstream(&self) -> Option<&str> {
        let (_, rest) = self.text.split_once(" of upstream ")?;
        rest.split([',', '\n', ' ']).next()
    }

    /// What the hint and the message quote.
    pub(crate) fn quoted(&self) -> impl Iterator<Item = &str> {
        self.text.split('`').skip(1).step_by(2).map(str::trim)
    }

    /// The place of the route and the blocks around it, those of the other places behind them, each once.
    pub(crate) fn surroundings(&self) -> Vec<Option<Id>> {
        let mut levels: Vec<Option<Id>> = Vec::new();
        for level in self.places.iter().flat_map(|place| self.conf.levels(*place)) {
            if !levels.contains(&level) {
                levels.push(level);
            }
        }
        // The main context last, once.
        levels.sort_by_key(Option::is_none);
        levels
    }

    /// What the profile says of the route.
    pub(crate) fn promised(&self) -> Option<&'a PromisedRoute> {
        let mut routes = self.source.profile.routes.iter();
        match self.route {
            Some(route) => {
                let path = route.path.trim_end_matches('/');
                routes.find(|promised| promised.path.trim_end_matches('/') == path)
            }
            None => routes.find(|promised| self.record.name.starts_with(&promised.title())),
        }
    }

    /// Who does CORS on the route, if the profile says so.
    pub(crate) fn promised_cors(&self) -> Option<Cors> {
        self.promised()?.cors
    }

    /// The proxied places.
    pub(crate) fn proxied(&self) -> impl Iterator<Item = Id> + '_ {
        self.places.iter().copied().filter(|place| self.conf.own(*place, "proxy_pass").is_some())
    }
}
