//! Locations by the level they stand in.

use std::collections::HashMap;

use crate::error::ConfigError;
use crate::model::{LocationKind, LocationTree, PrefixLocation};
use crate::read::draft::{Level, LevelId};

/// The trees of servers and locations that have locations inside.
pub(super) struct LocationTrees(HashMap<usize, LocationTree>);

impl LocationTrees {
    /// Sorts every location into the tree of the level around it.
    pub(super) fn new(levels: &[Level]) -> Result<LocationTrees, ConfigError> {
        let mut trees: HashMap<usize, LocationTree> = HashMap::new();
        let mut duplicates = Vec::new();
        for (index, level) in levels.iter().enumerate() {
            let id = LevelId(index).location();
            // nginx adds the slash where a proxied location ends in one and the request does not.
            let auto_redirect = level.settings.proxy_pass.is_some() && level.name.ends_with('/');
            let is_new = match level.kind {
                None | Some(LocationKind::ServerLevel | LocationKind::If | LocationKind::LimitExcept) => {
                    continue;
                }
                Some(LocationKind::Exact) => {
                    let tree = trees.entry(level.parent.0).or_default();
                    if auto_redirect && let Some(name) = level.name.strip_suffix('/') {
                        tree.redirect.entry(name.as_bytes().to_vec()).or_insert(id);
                    }
                    tree.exact.insert(level.name.as_bytes().to_vec(), id).is_none()
                }
                Some(LocationKind::Prefix) => {
                    let tree = trees.entry(level.parent.0).or_default();
                    let prefix = level.name.as_bytes().to_vec();
                    if auto_redirect && let Some(name) = level.name.strip_suffix('/') {
                        tree.redirect.entry(name.as_bytes().to_vec()).or_insert(id);
                    }
                    let location = PrefixLocation { no_regex: level.no_regex, id };
                    tree.prefix.insert(prefix, location).is_none()
                }
                Some(LocationKind::Regex) => {
                    if let Some(pattern) = &level.pattern {
                        trees.entry(level.parent.0).or_default().regex.push((pattern.clone(), id));
                    }
                    true
                }
                Some(LocationKind::Named) => {
                    trees.entry(level.parent.0).or_default().named.entry(level.name.clone()).or_insert(id);
                    true
                }
            };
            // nginx does not look at those inside a regular expression.
            let is_looked_at = !is_within_regex(levels, level);
            if let (false, true, Some(error)) = (is_new, is_looked_at, &level.duplicate_error) {
                duplicates.push((level, error));
            }
        }
        if let Some((first, _)) = duplicates.first() {
            // Of those in one place nginx tells the first in the order in which it sorts them.
            let beside = duplicates.iter().filter(|(level, _)| level.parent == first.parent);
            let told = beside.min_by_key(|(level, _)| sorted_by(&level.name));
            return Err(told.map_or_else(|| ConfigError::new(""), |(_, error)| (*error).clone()));
        }
        for tree in trees.values_mut() {
            let LocationTree { exact, redirect, .. } = tree;
            for (name, id) in redirect {
                // Of two locations of this name the exact one's settings count, whichever has the `proxy_pass`.
                if let Some(exact) = exact.get(&[name, &b"/"[..]].concat()) {
                    *id = *exact;
                }
            }
        }
        Ok(LocationTrees(trees))
    }

    /// Takes the tree of a level.
    pub(super) fn take(&mut self, level: LevelId) -> Option<LocationTree> {
        self.0.remove(&level.0)
    }
}

/// What `ngx_filename_cmp` compares: a slash comes before anything else.
fn sorted_by(name: &str) -> Vec<u8> {
    name.bytes().map(|byte| if byte == b'/' { 0 } else { byte }).collect()
}

/// Whether a location stands inside one with a regular expression.
fn is_within_regex(levels: &[Level], level: &Level) -> bool {
    let (mut at, mut parent) = (level.parent, levels.get(level.parent.0));
    while let Some(around) = parent {
        if around.kind == Some(LocationKind::Regex) {
            return true;
        }
        // `http` is around itself.
        if around.parent == at {
            return false;
        }
        at = around.parent;
        parent = levels.get(at.0);
    }
    false
}
