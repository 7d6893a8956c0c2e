//! Regular expressions, `set` variables and maps.

use super::Exchange;
use super::captures::capture;
use crate::trace::{Step, shown};
use crate::variables::Variables;
use nginx_conf::model::{Map, Pattern};
use nginx_conf::template::Template;

impl Exchange<'_> {
    /// Whether one of some texts is neither empty nor `0`: `ngx_http_test_predicates`.
    pub(crate) fn is_any_set(&self, texts: &[Template]) -> bool {
        texts.iter().any(|text| !matches!(&*self.value(text), b"" | b"0"))
    }

    /// Matches as `if (… ~ …)`, `map` and regex locations do: captures become `$1` and named variables. A match clears
    /// the captures of an earlier one, even if it has none itself.
    pub(crate) fn matches(&self, pattern: &Pattern, subject: &[u8]) -> bool {
        if pattern.named.is_empty() && pattern.regex.captures_len() <= 1 {
            let matches = pattern.regex.is_match(subject).unwrap_or(false);
            if matches {
                self.variables.captures.take();
            }
            return matches;
        }
        let Some(captures) = capture(pattern, subject) else { return false };
        for &(group, slot) in &pattern.named {
            self.set_slot(slot, captures.get(group).unwrap_or_default().to_vec());
        }
        self.variables.captures.replace(captures);
        true
    }

    /// Sets the value of a `set` variable or named capture, or takes the place of what a `map` says.
    pub(crate) fn set_slot(&self, slot: usize, value: Vec<u8>) {
        if let Some(map) = slot.checked_sub(self.http.slots.len()) {
            return self.keep_map(map, value);
        }
        let mut slots = self.variables.slots.borrow_mut();
        if slots.len() <= slot {
            slots.resize(self.http.slots.len(), None);
        }
        if let Some(place) = slots.get_mut(slot) {
            *place = Some(value);
        }
    }

    /// The value of a `map`, evaluated once for a request unless it is `volatile`.
    pub(crate) fn map_value(&self, index: usize, out: &mut Vec<u8>) -> bool {
        if let Some(Some(known)) = self.variables.maps.borrow().get(index) {
            out.extend_from_slice(known);
            return true;
        }
        let Some(map) = self.http.maps.get(index) else { return false };
        let value = self.look_up(index, map);
        out.extend_from_slice(&value);
        if !map.volatile {
            self.keep_map(index, value);
        }
        true
    }

    fn keep_map(&self, index: usize, value: Vec<u8>) {
        let mut maps = self.variables.maps.borrow_mut();
        maps.resize(self.http.maps.len(), None);
        if let Some(place) = maps.get_mut(index) {
            *place = Some(value);
        }
    }

    fn look_up(&self, index: usize, map: &Map) -> Vec<u8> {
        let source = self.evaluate(&map.source);
        let key = source.to_ascii_lowercase();
        let key = if map.hostnames { key.strip_suffix(b".").unwrap_or(&key) } else { &key };
        let wildcards = &map.wildcards;
        let exact = map.exact.get(key).map(|value| (Entry::Exact, value));
        let leading = || {
            let found = wildcards.leading.iter().find(|(name, _)| key.ends_with(name.as_bytes()));
            found.map(|(name, value)| (Entry::Leading(name), value))
        };
        let trailing = || {
            let found = wildcards.trailing.iter().find(|(name, _)| key.starts_with(name.as_bytes()));
            found.map(|(name, value)| (Entry::Trailing(name), value))
        };
        let regex = || {
            let found = map.regex.iter().find(|(pattern, _)| self.matches(pattern, &source));
            found.map(|(pattern, value)| (Entry::Regex(pattern), value))
        };
        let (entry, value) =
            exact.or_else(leading).or_else(trailing).or_else(regex).unwrap_or((Entry::Default, &map.default));
        let value = self.evaluate(value);
        self.trace(|_| {
            let (directive, entry) = self.data_block("map", index, |word| entry.is(word, key));
            Step::Variable { directive, key: shown(&source), entry, value: shown(&value) }
        });
        value
    }
}

/// The entry of a `map` that counts.
#[derive(Debug, Clone, Copy)]
enum Entry<'m> {
    Exact,
    /// What a name must end with.
    Leading(&'m str),
    /// What a name must begin with.
    Trailing(&'m str),
    Regex(&'m Pattern),
    Default,
}

impl Entry<'_> {
    /// Whether it is the one that begins with this word.
    fn is(self, word: &str, key: &[u8]) -> bool {
        match self {
            Entry::Default => word == "default",
            Entry::Regex(pattern) => {
                let source = word.strip_prefix("~*").or_else(|| word.strip_prefix('~'));
                source.is_some_and(|source| source == pattern.source)
            }
            _ if word == "default" || word.starts_with('~') => false,
            Entry::Exact => {
                let word = word.strip_prefix('\\').unwrap_or(word);
                [Some(word), word.strip_prefix('.')]
                    .into_iter()
                    .flatten()
                    .any(|word| key.eq_ignore_ascii_case(word.as_bytes()))
            }
            Entry::Leading(end) => word.strip_prefix('*').unwrap_or(word).eq_ignore_ascii_case(end),
            Entry::Trailing(start) => {
                word.strip_suffix('*').is_some_and(|word| word.eq_ignore_ascii_case(start))
            }
        }
    }
}
