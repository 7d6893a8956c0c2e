//! The `http` block while it is being read.

use super::http::listen::Listens;
use super::http::server::ServerDraft;
use super::http::ssl::Zones;
use super::http::upstream::Upstreams;
use super::level::{Level, LevelId};
use crate::model::{Http, LogFormat, Map};
use crate::read::variables::Names;

/// What the `http` block has said so far.
#[derive(Debug)]
pub(crate) struct Draft {
    /// `http` itself first, then servers, locations and `if` bodies in file order.
    pub(crate) levels: Vec<Level>,
    /// The level being read.
    current: LevelId,
    pub(crate) servers: Vec<ServerDraft>,
    pub(crate) listens: Listens,
    pub(crate) upstreams: Upstreams,
    pub(crate) maps: Vec<Map>,
    pub(crate) log_formats: Vec<LogFormat>,
    pub(crate) names: Names,
    /// `ssl_session_cache shared:…`.
    pub(crate) zones: Zones,
    /// The result, once the block has ended.
    pub(crate) finished: Option<Http>,
}

impl Draft {
    /// An empty block, whose level is the current one.
    pub(crate) fn new() -> Draft {
        Draft {
            levels: vec![Level::http()],
            current: LevelId::HTTP,
            servers: Vec::new(),
            listens: Listens::default(),
            upstreams: Upstreams::default(),
            maps: Vec::new(),
            log_formats: vec![super::http::log::combined()],
            names: Names::default(),
            zones: Zones::default(),
            finished: None,
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
