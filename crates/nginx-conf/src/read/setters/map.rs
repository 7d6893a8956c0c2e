//! `map`.

use std::collections::HashMap;

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::{Map, WildcardNames};
use crate::read::host_names::{Conflict, HostNames, HostPattern};
use crate::read::reader::{Reader, Setter};
use crate::read::regex;
use crate::read::variables::{Definition, template};
use crate::template::Template;

pub(super) const SETTERS: &[(&str, Setter)] = &[("map", map)];

/// `map source $variable { … }`.
fn map(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let source = template(&mut reader.http.variables, directive, directive.argument(0))?;
    let word = directive.argument(1);
    let Some(name) = word.text.strip_prefix('$') else {
        return Err(directive
            .error_at(word, format!("invalid variable name \"{}\"", word.text))
            .or_help(|| Some(format!("did you mean \"${}\"?", word.text))));
    };
    let index = reader.http.maps.len();
    reader.http.variables.define(directive, word, name, Definition::Map(index))?;
    let mut draft = MapDraft {
        map: Map {
            name: name.to_owned(),
            source,
            hostnames: false,
            volatile: false,
            exact: HashMap::new(),
            wildcards: WildcardNames { leading: Vec::new(), trailing: Vec::new() },
            regex: Vec::new(),
            default: Template::default(),
        },
        names: HostNames::default(),
        has_default: false,
    };
    while let Some(entry) = reader.entry()? {
        draft.add(reader, &entry)?;
    }
    let MapDraft { map, names, .. } = draft;
    let (exact, wildcards) = names.finish();
    reader.http.maps.push(Map { exact, wildcards, ..map });
    Ok(())
}

struct MapDraft {
    map: Map,
    names: HostNames<Template>,
    has_default: bool,
}

impl MapDraft {
    fn add(&mut self, reader: &mut Reader, entry: &Directive) -> Result<(), ConfigError> {
        let [word, value] = &entry.words[..] else {
            return match (entry.name(), entry.words.len()) {
                ("hostnames", 1) => {
                    self.map.hostnames = true;
                    Ok(())
                }
                ("volatile", 1) => {
                    self.map.volatile = true;
                    Ok(())
                }
                _ => Err(entry.error("invalid number of the map parameters")),
            };
        };
        let value = template(&mut reader.http.variables, entry, value)?;
        if word.text == "default" {
            if std::mem::replace(&mut self.has_default, true) {
                return Err(entry.error("duplicate default map parameter"));
            }
            self.map.default = value;
            return Ok(());
        }
        if let Some(source) = word.text.strip_prefix('~') {
            let caseless = source.starts_with('*');
            let source = source.strip_prefix('*').unwrap_or(source);
            let pattern = regex::pattern(&mut reader.http.variables, entry, word, source, caseless)?;
            self.map.regex.push((pattern, value));
            return Ok(());
        }
        // `\default` is a key, not the default.
        let key = word.text.strip_prefix('\\').unwrap_or(&word.text).to_ascii_lowercase();
        self.insert(&key, value).map_err(|what| entry.error_at(word, format!("{what} \"{key}\"")))
    }

    fn insert(&mut self, key: &str, value: Template) -> Result<(), &'static str> {
        let pattern = match self.map.hostnames {
            true => HostPattern::parse(key).ok_or("invalid hostname or wildcard")?,
            false => HostPattern::Exact(key),
        };
        self.names.insert(pattern, value).map_err(|Conflict| "conflicting parameter")
    }
}
