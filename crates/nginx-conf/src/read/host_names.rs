//! Host names with their values, as `map` with `hostnames` and `valid_referers` have them.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use crate::model::WildcardNames;

/// What a host name in a table matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostPattern<'a> {
    /// `example.com`.
    Exact(&'a str),
    /// `.example.com`: itself and every name below it.
    WithSubdomains(&'a str),
    /// `*.example.com`, as `.example.com`.
    Leading(&'a str),
    /// `www.*`, as `www.`.
    Trailing(&'a str),
}

impl HostPattern<'_> {
    /// Parses a name as `ngx_hash_add_key` does; `None` for a wildcard that it does not allow.
    pub(crate) fn parse(name: &str) -> Option<HostPattern<'_>> {
        if name.matches('*').count() > 1 || name.contains("..") || name.contains('\0') {
            return None;
        }
        if name.len() > 1 && name.starts_with('.') {
            return (!name.contains('*')).then_some(HostPattern::WithSubdomains(name));
        }
        if name.len() > 2 {
            if let Some(rest) = name.strip_prefix('*').filter(|rest| rest.starts_with('.')) {
                return Some(HostPattern::Leading(rest));
            }
            if let Some(rest) = name.strip_suffix('*').filter(|rest| rest.ends_with('.')) {
                return Some(HostPattern::Trailing(rest));
            }
        }
        (!name.contains('*')).then_some(HostPattern::Exact(name))
    }
}

/// A table of names, some with a wildcard: nginx's `ngx_hash_keys_arrays_t`.
#[derive(Debug, Clone)]
pub(crate) struct HostNames<T> {
    exact: HashMap<Vec<u8>, T>,
    wildcards: WildcardNames<T>,
    /// Those with a wildcard; whether it leads or trails shows in where the dot is.
    taken: HashSet<String>,
}

/// There is such a name already.
pub(crate) struct Conflict;

impl<T: Clone> HostNames<T> {
    /// Adds a name in lower case.
    pub(crate) fn insert(&mut self, pattern: HostPattern<'_>, value: T) -> Result<(), Conflict> {
        let exact = match pattern {
            HostPattern::Exact(name) => Some(name),
            HostPattern::WithSubdomains(name) => name.strip_prefix('.'),
            _ => None,
        };
        if let Some(name) = exact
            && self.exact.insert(name.as_bytes().to_vec(), value.clone()).is_some()
        {
            return Err(Conflict);
        }
        let (name, list) = match pattern {
            HostPattern::Exact(_) => return Ok(()),
            HostPattern::WithSubdomains(name) | HostPattern::Leading(name) => {
                (name, &mut self.wildcards.leading)
            }
            HostPattern::Trailing(name) => (name, &mut self.wildcards.trailing),
        };
        if !self.taken.insert(name.to_owned()) {
            return Err(Conflict);
        }
        list.push((name.to_owned(), value));
        Ok(())
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.taken.is_empty()
    }

    /// All of them, those with a wildcard sorted by length.
    pub(crate) fn finish(mut self) -> (HashMap<Vec<u8>, T>, WildcardNames<T>) {
        self.wildcards.leading.sort_by_key(|(name, _)| Reverse(name.len()));
        self.wildcards.trailing.sort_by_key(|(name, _)| Reverse(name.len()));
        (self.exact, self.wildcards)
    }
}

impl<T> Default for HostNames<T> {
    fn default() -> HostNames<T> {
        let wildcards = WildcardNames { leading: Vec::new(), trailing: Vec::new() };
        HostNames { exact: HashMap::new(), wildcards, taken: HashSet::new() }
    }
}
