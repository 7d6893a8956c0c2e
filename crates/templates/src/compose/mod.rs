//! What a compose file says of the service that serves: its variables, what is mounted where, and how it starts.

mod service;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::file;
use crate::yaml::{self, Node, Value};

use self::values::Interpolation;

pub(crate) use service::Service;
pub(crate) use values::{Entries, entries_of};

/// The names that compose looks for, in its order.
pub(crate) const NAMES: [&str; 4] =
    ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// A compose file.
#[derive(Debug)]
pub(crate) struct Compose {
    /// As a person calls it.
    pub(crate) name: String,
    pub(crate) directory: PathBuf,
    pub(crate) services: Vec<Service>,
    /// Whether another compose file stands beside it, such as an override, which may change anything.
    pub(crate) is_overridden: bool,
    /// Networks that services of other projects are in, too.
    pub(crate) external_networks: BTreeSet<String>,
    /// `.env` beside it, each name with its value and line.
    pub(crate) dotenv: Entries,
}

impl Compose {
    /// Reads the compose file in `directory`, if there is one. No file outside `root` is read.
    /// `overrides` come before the values of `.env`.
    ///
    /// # Errors
    /// When there is one that cannot be read; in words.
    pub(crate) fn in_directory(
        directory: &Path,
        root: &Path,
        overrides: &BTreeMap<String, String>,
    ) -> Result<Option<Compose>, String> {
        let named = NAMES.iter().map(|name| directory.join(name)).find(|path| file::is_below(root, path));
        let Some(path) = named else { return Ok(None) };
        let text =
            file::read(&path).map_err(|error| format!("{} is not read: {error}", file::shown(&path)))?;
        let documents = yaml::documents(&text)
            .map_err(|error| format!("{} is not read, as it is not YAML: {error}", file::shown(&path)))?;
        let Some(document) = documents.into_iter().next() else { return Ok(None) };
        let dotenv = entries_of(&directory.join(".env"), root, overrides).unwrap_or_default();
        let mut overrides = overrides.clone();
        overrides.entry("PWD".to_owned()).or_insert_with(|| directory.display().to_string());
        let interpolation = Interpolation { overrides: &overrides, dotenv: &dotenv };
        let reader = service::Reader { directory, root, interpolation: &interpolation, document: &document };
        let services = document.get("services").map_or_else(Vec::new, |services| {
            services.entries().into_iter().map(|(name, node)| reader.service(name, node)).collect()
        });
        let networks = document.get("networks").map_or_else(Vec::new, Node::entries);
        let external = networks.into_iter().filter(|(_, network)| {
            network.get("external").is_some_and(|external| external.text() != Some("false"))
        });
        let external_networks = external.map(|(name, _)| name.to_owned()).collect();
        let is_overridden = has_others(directory, &path);
        let names_others = dotenv.contains_key("COMPOSE_FILE");
        let is_whole = !names_others && document.get("include").is_none();
        Ok(Some(Compose {
            name: file::shown(&path),
            directory: directory.to_owned(),
            services: line_of_keys(services, &document),
            external_networks,
            is_overridden: is_overridden || !is_whole,
            dotenv,
        }))
    }

    /// The service that has `path` mounted or built in, and where in its container.
    pub(crate) fn service_with(&self, path: &Path) -> Option<(&Service, Vec<PathBuf>)> {
        self.services.iter().find_map(|service| {
            let places = service.places(path);
            (!places.is_empty() && service.serves(&places)).then_some((service, places))
        })
    }
}

/// Whether `directory` has compose files besides `path`: `compose.override.yaml`, `docker-compose.prod.yml`.
fn has_others(directory: &Path, path: &Path) -> bool {
    let names = std::fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    names.map(|entry| entry.file_name()).filter(|name| Some(name.as_os_str()) != path.file_name()).any(
        |name| {
            let name = name.to_string_lossy();
            let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
            is_yaml && (name.starts_with("compose") || name.starts_with("docker-compose"))
        },
    )
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
