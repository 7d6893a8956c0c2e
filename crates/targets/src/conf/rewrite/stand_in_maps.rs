//! What stands in for the servers that variables come to: a `map` of the run, so that the variables themselves stay as they are.

use std::collections::{HashMap, HashSet};

use crate::conf::words::quoted;

/// What nginx takes for a bucket of a `map` unless told otherwise, bytes; and what an entry has besides its key.
const BUCKET_SIZE: usize = 64;
const ENTRY_SIZE: usize = 24;

/// What the names of the variables of a run begin with.
const OWN: &str = "hopcheck_";

/// The variable for what a request fills in behind a server.
const REST: &str = "hopcheck_rest";

/// Whether a directive is not as it was written, but has a variable of the run.
pub fn has_own_variable(directive: &str) -> bool {
    directive.contains(&format!("${OWN}")) || directive.contains(&format!("${{{OWN}"))
}

/// The `map`s of a run: one for each that a `proxy_pass` has in place of a server.
#[derive(Debug, Default)]
pub(super) struct StandInMaps {
    maps: Vec<StandInMap>,
    /// The place of each among them, by what it is for.
    places: HashMap<String, usize>,
}

/// A `map` from what a server is to what stands in for it.
#[derive(Debug, Default)]
struct StandInMap {
    /// `$app:8000`
    server: String,
    /// What that can be, each with its stand-in.
    values: Vec<(String, String)>,
    /// The former in lower case, as nginx looks them up.
    known: HashSet<String>,
}

impl StandInMaps {
    /// The variable to write in place of a server, which can be any of these values.
    pub(super) fn variable(&mut self, server: &str, values: Vec<(String, String)>) -> String {
        let nth = *self.places.entry(server.to_owned()).or_insert(self.maps.len());
        if nth == self.maps.len() {
            self.maps.push(StandInMap { server: server.to_owned(), ..StandInMap::default() });
        }
        if let Some(StandInMap { values: all, known, .. }) = self.maps.get_mut(nth) {
            all.extend(values.into_iter().filter(|(value, _)| known.insert(value.to_ascii_lowercase())));
        }
        format!("${{{}}}", name(nth))
    }

    /// The directives for the end of `http`: behind its first `map` nginx takes no `map_hash_bucket_size` any more. A request may come
    /// to another location, where the same variable is set to something else.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (nth, StandInMap { server, values, .. }) in self.maps.iter().enumerate() {
            text += &format!(" map {} ${} {{ volatile; ", quoted(server), name(nth));
            for (value, stand_in) in values {
                text += &entry(value, stand_in);
            }
            text += "} ";
        }
        text
    }
}

/// The `map_hash_bucket_size` that is needed for these keys, bytes; `None` where nginx's default is enough.
pub(super) fn bucket_size<'a>(keys: impl Iterator<Item = &'a String>) -> Option<usize> {
    let needed = (keys.map(String::len).max().unwrap_or(0) + ENTRY_SIZE).next_power_of_two();
    Some(needed).filter(|needed| *needed > BUCKET_SIZE)
}

/// The name of the variable of the `nth` map.
fn name(nth: usize) -> String {
    format!("{OWN}{}", nth + 1)
}

/// An entry of a `map`. What a request fills in behind the server is handed on.
fn entry(value: &str, stand_in: &str) -> String {
    if let (Some(ends), Some(begins)) = (value.find('$'), stand_in.find('$')) {
        let (value, stand_in) = (&value[..ends], &stand_in[..begins]);
        let has_path = value.split("://").last().is_some_and(|server| server.contains(['/', '?']));
        let rest = if has_path { ".*" } else { "([/?].*)?" };
        let pattern = format!("~*^{}(?<{REST}>{rest})$", regex::escape(value));
        return format!("{} {}; ", quoted(&pattern), quoted(&format!("{stand_in}${{{REST}}}")));
    }
    let is_special = matches!(value, "default" | "hostnames" | "volatile" | "include");
    let key = match is_special || value.starts_with(['~', '\\']) {
        true => quoted(&format!("\\{value}")),
        false => quoted(value),
    };
    format!("{key} {}; ", quoted(stand_in))
}
