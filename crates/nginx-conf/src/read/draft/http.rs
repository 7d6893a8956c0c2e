//! The `http` block while it is being read.

use super::cache::CacheZones;
use super::level::{Level, LevelId};
use super::limit::LimitZones;
use super::listen::ListenAddresses;
use super::log::LogFormats;
use super::server::ServerDraft;
use super::ssl::SharedCaches;
use super::upstream::UpstreamDrafts;
use crate::model::{Geo, Map, SplitClients};
use crate::read::variables::VariableNames;

/// What the `http` block has said so far.
#[derive(Debug)]
pub(crate) struct HttpDraft {
    /// `http` itself first, then servers, locations and `if` bodies in file order.
    pub(crate) levels: Vec<Level>,
    /// The level being read.
    current: LevelId,
    pub(crate) servers: Vec<ServerDraft>,
    pub(crate) listens: ListenAddresses,
    pub(crate) upstreams: UpstreamDrafts,
    pub(crate) maps: Vec<Map>,
    pub(crate) geos: Vec<Geo>,
    pub(crate) splits: Vec<SplitClients>,
    pub(crate) limit_zones: LimitZones,
    pub(crate) charsets: Vec<String>,
    pub(crate) caches: CacheZones,
    pub(crate) log_formats: LogFormats,
    pub(crate) variables: VariableNames,
    /// `ssl_session_cache shared:…`.
    pub(crate) session_caches: SharedCaches,
}

impl HttpDraft {
    /// An empty block, whose level is the current one.
    pub(crate) fn new() -> HttpDraft {
        HttpDraft {
            levels: vec![Level::http()],
            current: LevelId::HTTP,
            servers: Vec::new(),
            listens: ListenAddresses::default(),
            upstreams: UpstreamDrafts::default(),
            maps: Vec::new(),
            geos: Vec::new(),
            splits: Vec::new(),
            limit_zones: LimitZones::default(),
            charsets: Vec::new(),
            caches: CacheZones::default(),
            log_formats: LogFormats::default(),
            variables: VariableNames::default(),
            session_caches: SharedCaches::default(),
        }
    }

    /// The level being read.
    pub(crate) fn level(&mut self) -> &mut Level {
        // `current` is always the index of a level: the first is made with the draft, and `enter` pushes before it moves.
        &mut self.levels[self.current.0]
    }

    /// Its number.
    pub(crate) fn current(&self) -> LevelId {
        self.current
    }

    /// Opens a level inside the current one, and makes it the current one.
    pub(crate) fn enter(&mut self, level: Level) -> LevelId {
        let id = LevelId(self.levels.len());
        self.levels.push(Level { parent: self.current, ..level });
        self.current = id;
        id
    }

    /// Goes back to the level around the current one.
    pub(crate) fn leave(&mut self) {
        self.current = self.level().parent;
    }
}
