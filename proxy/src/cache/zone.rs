//! A zone of a cache: its keys, oldest first, and how much room they take.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::node::Node;
use super::stored::Key;
use crate::limits::Memory;
use nginx_conf::model::CacheZone;

/// nginx's memory for a key.
const NODE_SIZE: usize = 120;

/// The most bytes of answers that are kept.
const MAX_SIZE: u64 = 256 * 1024 * 1024;

/// A zone, shared by all workers.
#[derive(Debug)]
pub(crate) struct Zone {
    keys: Mutex<Keys>,
    /// Told when somebody has ended fetching an answer.
    pub(super) changed: Notify,
    max_size: u64,
}

/// The keys of a zone.
#[derive(Debug)]
pub(super) struct Keys {
    nodes: HashMap<Key, Node>,
    /// Keys by when they were asked for.
    by_turn: BTreeMap<u64, Key>,
    next: u64,
    memory: Memory,
    size: u64,
    /// `inactive=`, in seconds.
    inactive: u64,
}

impl Zone {
    /// An empty one.
    pub(super) fn new(declared: &CacheZone) -> Zone {
        Zone {
            keys: Mutex::new(Keys {
                nodes: HashMap::new(),
                by_turn: BTreeMap::new(),
                next: 0,
                memory: Memory::new(declared.size),
                size: 0,
                inactive: declared.inactive.as_secs(),
            }),
            changed: Notify::new(),
            max_size: declared.max_size.unwrap_or(MAX_SIZE).min(MAX_SIZE),
        }
    }

    /// The keys, for this thread alone.
    pub(super) fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much room there is for answers.
    pub(super) fn max_size(&self) -> u64 {
        self.max_size
    }
}

impl Keys {
    /// The node of a key, which is asked for now.
    pub(super) fn touch(&mut self, key: &Key, now: u64) -> Option<&mut Node> {
        let turn = self.next;
        self.next += 1;
        let node = self.nodes.get_mut(key)?;
        self.by_turn.remove(&node.turn);
        self.by_turn.insert(turn, *key);
        node.turn = turn;
        node.expire = now.saturating_add(self.inactive);
        Some(node)
    }

    /// The node of a key.
    pub(super) fn get(&mut self, key: &Key) -> Option<&mut Node> {
        self.nodes.get_mut(key)
    }

    /// Whether there is one, and not for too long.
    pub(super) fn has(&mut self, key: &Key, now: u64) -> bool {
        let is_old = self.nodes.get(key).map(|node| node.expire < now && node.count == 0);
        if is_old == Some(true) {
            self.remove(key);
        }
        is_old == Some(false)
    }

    /// Adds a key, in the place of those not asked for the longest, if there is no room; false if that does not help.
    pub(super) fn add(&mut self, key: Key) -> bool {
        while !self.memory.take(NODE_SIZE) {
            if !self.remove_oldest() {
                return false;
            }
        }
        let turn = self.next;
        self.next += 1;
        self.by_turn.insert(turn, key);
        self.nodes.insert(key, Node { turn, ..Node::new() });
        true
    }

    /// Forgets a key.
    pub(super) fn remove(&mut self, key: &Key) {
        if let Some(node) = self.nodes.remove(key) {
            self.by_turn.remove(&node.turn);
            self.memory.give_back(NODE_SIZE);
            self.size = self.size.saturating_sub(node.size());
        }
    }

    /// Changes the node of a key, and counts the room that its answer takes.
    pub(super) fn change(&mut self, key: &Key, change: impl FnOnce(&mut Node)) {
        let Some(node) = self.nodes.get_mut(key) else { return };
        let before = node.size();
        change(node);
        self.size = self.size.saturating_sub(before) + node.size();
    }

    /// Forgets those not asked for the longest, until the rest takes no more room than that.
    pub(super) fn shrink_to(&mut self, max_size: u64) {
        while self.size > max_size && self.remove_oldest() {}
    }

    /// Forgets the key that was not asked for the longest, among those that nobody is busy with.
    fn remove_oldest(&mut self) -> bool {
        let is_idle = |key: &&Key| self.nodes.get(*key).is_none_or(|node| node.count == 0);
        let oldest = self.by_turn.values().find(is_idle).copied();
        oldest.inspect(|key| self.remove(key)).is_some()
    }
}
