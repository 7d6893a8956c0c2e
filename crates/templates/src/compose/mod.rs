//! What a compose file says of the service that serves: its variables, what is mounted where, and how it starts.

mod service;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::dotenv;
use crate::file;
use crate::interpolation::{interpolate, name_length};
use crate::yaml::{self, Node, Value};

pub(crate) use service::Service;

/// The names that compose looks for, in its order.
pub(crate) const NAMES: [&str; 4] =
    ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// What compose reads besides, which may change anything.
const OVERRIDES: [&str; 4] = [
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// The entries of an env file by name: the value, where it is known, and the line.
pub(crate) type Entries = BTreeMap<String, (Option<String>, usize)>;

/// A compose file.
#[derive(Debug)]
pub(crate) struct Compose {
    /// As a person calls it.
    pub(crate) name: String,
    pub(crate) directory: PathBuf,
    pub(crate) services: Vec<Service>,
    /// Whether an override stands beside it.
    pub(crate) is_overridden: bool,
    /// Networks that services of other projects are in, too.
    pub(crate) external_networks: BTreeSet<String>,
    /// `.env` beside it, each name with its value and line.
    pub(crate) dotenv: Entries,
}

/// What `${…}` in a compose file stands for.
#[derive(Debug)]
pub(crate) struct Interpolation<'a> {
    /// Those that the user gave, which stand for the shell's.
    given: &'a BTreeMap<String, String>,
    dotenv: &'a Entries,
}

impl Interpolation<'_> {
    fn value_of(&self, name: &str) -> Option<String> {
        self.given.get(name).cloned().or_else(|| self.dotenv.get(name)?.0.clone())
    }

    /// The line of `.env` that the first of the placeholders in `text` has its value from.
    pub(crate) fn dotenv_line(&self, text: &str) -> Option<usize> {
        let names = text.match_indices('$').filter_map(|(at, _)| {
            let rest = text[at + 1..].trim_start_matches('{');
            Some(&rest[..name_length(rest)]).filter(|name| !name.is_empty())
        });
        let of_dotenv = |name: &str| self.dotenv.get(name).filter(|_| !self.given.contains_key(name));
        names.filter_map(of_dotenv).map(|(_, line)| *line).next()
    }

    /// `text` with its placeholders replaced; `None` if one has neither a value nor a default.
    pub(crate) fn text(&self, text: &str) -> Option<String> {
        interpolate(text, &|name| self.value_of(name))
    }
}

impl Compose {
    /// Reads the compose file in `directory`, if there is one that can be read. `given` are values that come before those of
    /// `.env`.
    pub(crate) fn in_directory(directory: &Path, given: &BTreeMap<String, String>) -> Option<Compose> {
        let path = NAMES.iter().map(|name| directory.join(name)).find(|path| path.is_file())?;
        let document = yaml::documents(&file::read(&path).ok()?).ok()?.into_iter().next()?;
        let dotenv = entries_of(&directory.join(".env"), given);
        let interpolation = Interpolation { given, dotenv: &dotenv };
        let reader = service::Reader { directory, interpolation: &interpolation, document: &document };
        let services = document.get("services").map_or_else(Vec::new, |services| {
            services.entries().into_iter().map(|(name, node)| reader.service(name, node)).collect()
        });
        let networks = document.get("networks").map_or_else(Vec::new, Node::entries);
        let external = networks.into_iter().filter(|(_, network)| {
            network.get("external").is_some_and(|external| external.text() != Some("false"))
        });
        let external_networks = external.map(|(name, _)| name.to_owned()).collect();
        let is_overridden = OVERRIDES.iter().any(|name| directory.join(name).exists());
        let names_others = dotenv.contains_key("COMPOSE_FILE");
        let is_whole = !names_others && document.get("include").is_none();
        Some(Compose {
            name: file::shown(&path),
            directory: directory.to_owned(),
            services: line_of_keys(services, &document),
            external_networks,
            is_overridden: is_overridden || !is_whole,
            dotenv,
        })
    }

    /// The service that has `path` mounted or built in, and where in its container.
    pub(crate) fn service_with(&self, path: &Path) -> Option<(&Service, Vec<PathBuf>)> {
        self.services.iter().find_map(|service| {
            let places = service.places(path);
            (!places.is_empty() && service.serves(&places)).then_some((service, places))
        })
    }
}

/// The line of a service is that of its name.
fn line_of_keys(mut services: Vec<Service>, document: &Node) -> Vec<Service> {
    if let Some(Node { value: Value::Map(entries), .. }) = document.get("services") {
        for (key, _) in entries {
            if let Some(service) = services.iter_mut().find(|service| Some(&service.name[..]) == key.text()) {
                service.line = key.line;
            }
        }
    }
    services
}

/// The entries of an env file by name, the last of each.
pub(crate) fn entries_of(path: &Path, given: &BTreeMap<String, String>) -> Entries {
    let entries = file::read(path).ok().and_then(|text| dotenv::entries(&text, given).ok());
    let entries = entries.into_iter().flatten();
    entries.map(|entry| (entry.name, (entry.value, entry.line))).collect()
}
