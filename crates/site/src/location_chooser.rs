//! Which location serves a path, as the reference proxy's own reader and choice have it, though the rest of the
//! configuration may be beyond that proxy.

use std::fmt::Write as _;

use nginx_conf::model::{LocationId, Server};
use nginx_conf::{ConfigError, locate, model, read_text};

use crate::tree::Node;

/// The locations of one server.
#[derive(Debug)]
pub(crate) struct LocationChooser {
    http: Option<model::Http>,
}

impl LocationChooser {
    /// Reads the locations of `server` alone. Each is known by its place in the order of the file.
    pub(crate) fn of(server: &[Node]) -> Result<LocationChooser, ConfigError> {
        let mut text = "events { } http { server { listen 127.0.0.1:1; ".to_owned();
        write(server, &mut text, &mut 0);
        Ok(LocationChooser { http: read_text((text + "} }").as_bytes())?.http })
    }

    /// The location that serves `path`.
    pub(crate) fn choose(&self, path: &str) -> Option<usize> {
        self.choose_by(path, |pattern, uri| pattern.regex.is_match(uri).unwrap_or(false))
    }

    /// The groups of the pattern of the location that serves `path`, as nginx has them in `$1` and on, and by their names.
    pub(crate) fn groups(&self, path: &str) -> Vec<(String, String)> {
        let mut groups = Vec::new();
        self.choose_by(path, |pattern, uri| {
            let Some(found) = pattern.regex.captures(uri).ok().flatten() else { return false };
            let names = pattern.regex.capture_names().enumerate().skip(1);
            let text = |nth| found.get(nth).map_or_else(String::new, |group| path[group.range()].to_owned());
            groups = names
                .flat_map(|(nth, name)| {
                    [Some(nth.to_string()), name.map(str::to_owned)].map(|name| (name, text(nth)))
                })
                .filter_map(|(name, text)| Some((name?, text)))
                .collect();
            true
        });
        groups
    }

    fn choose_by(
        &self,
        path: &str,
        mut matches: impl FnMut(&model::Pattern, &[u8]) -> bool,
    ) -> Option<usize> {
        let http = self.http.as_ref()?;
        let Server { tree, .. } = http.servers.first()?;
        let found = locate::find(tree, &http.locations, path.as_bytes(), &mut matches)?;
        number(http, found.id).filter(|_| !found.auto_redirect)
    }
}

/// The mark that a location was given.
fn number(http: &model::Http, id: LocationId) -> Option<usize> {
    http.locations.get(id.0)?.settings.default_type.parse().ok()
}

fn write(nodes: &[Node], text: &mut String, next: &mut usize) {
    for location in nodes.iter().filter(|node| node.is("location")) {
        // Writing to a String does not fail.
        let _ = write!(text, "{} {{ default_type {next}; ", location.head);
        *next += 1;
        let is_path = location.arg(0).starts_with('/') || matches!(location.arg(0), "=" | "^~");
        if is_path && location.inner.iter().any(|node| node.is("proxy_pass")) {
            text.push_str("proxy_pass http://127.0.0.1:1; ");
        }
        write(&location.inner, text, next);
        text.push_str("} ");
    }
}
