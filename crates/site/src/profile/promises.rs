//! What a profile promises of a configuration, read: the lines it stands in, and mistakes that types cannot tell.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::{Spanned, Value};

use super::Profile;

/// The sections of a configuration alone.
pub(super) const SECTIONS: [&str; 3] = ["configuration", "routes", "upstreams"];

/// Where each route and upstream begins.
#[derive(Deserialize)]
struct Places {
    #[serde(default)]
    routes: Vec<Spanned<Value>>,
    #[serde(default)]
    upstreams: BTreeMap<String, Spanned<Value>>,
}

impl Profile {
    /// The profile as it is for the configuration in `path`: without routes, upstreams and addresses where they are of another.
    #[must_use]
    pub fn of_configuration(mut self, path: &Path) -> Profile {
        let wanted = self.configuration.file.as_ref().map(Path::new).and_then(Path::file_name);
        if wanted.is_some() && wanted != path.file_name() {
            self.routes.clear();
            self.upstreams.clear();
            self.clients.listen.clear();
            self.app_servers.deployed_at.clear();
        }
        self
    }
}

/// Notes the lines of routes and upstreams, which `text` says.
pub(super) fn set_lines(profile: &mut Profile, text: &str) -> Result<(), toml::de::Error> {
    let places: Places = toml::from_str(text)?;
    let line = |place: &Spanned<Value>| {
        let before = text.as_bytes().iter().take(place.span().start);
        before.filter(|byte| **byte == b'\n').count() + 1
    };
    for (route, place) in profile.routes.iter_mut().zip(&places.routes) {
        route.line = line(place);
    }
    for (name, upstream) in &mut profile.upstreams {
        upstream.line = places.upstreams.get(name).map_or(0, line);
    }
    Ok(())
}

/// A mistake in a route, if there is one.
pub(super) fn mistake(profile: &Profile) -> Option<String> {
    let mut titles = BTreeMap::new();
    for route in &profile.routes {
        let (path, line) = (&route.path, route.line);
        if !path.starts_with('/') || path.contains(['"', '`']) || path.contains(char::is_control) {
            return Some(format!("[[routes]] path in line {line}: {path:?} is not a path such as \"/api/\""));
        }
        if route.server.as_ref().is_some_and(|server| !is_server(server)) {
            return Some(format!(
                "[[routes]] server in line {line} is no name with a port such as \"shop.example.com:443\" or \"*:80\""
            ));
        }
        if let Some(other) = titles.insert(route.title(), line) {
            return Some(format!("[[routes]] has {} twice, in lines {other} and {line}", route.title()));
        }
    }
    None
}

/// Whether this is a name and a port, or a socket in the file system.
fn is_server(text: &str) -> bool {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let parts = text.split_once(':');
    parts.is_some_and(|(name, port)| !name.is_empty() && (is_port(port) || port.starts_with("unix:")))
        && !text.contains(['"', '`', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Uri};

    fn mistake(text: &str) -> String {
        Profile::parse(text, "p.toml").unwrap_err().to_string()
    }

    #[test]
    fn routes_and_upstreams_are_read_with_their_lines() {
        let text = "# of a site\n[api]\n\n[[routes]]\npath = \"/api/\"\nkind = \"api\"\nuri = \"kept\"\n\n[[routes]]\npath = \"/\"\n\
                    kind = \"front end\"\n[upstreams.app]\nservers = 2\n[target.a]\nurl = \"https://a\"\n";
        let profile = Profile::parse(text, "p.toml").unwrap();
        let lines: Vec<usize> = profile.routes.iter().map(|route| route.line).collect();
        assert_eq!((lines, profile.upstreams["app"].line), (vec![4, 9], 12));
        assert_eq!((profile.routes[0].uri, profile.routes[1].kind), (Some(Uri::Kept), Some(Kind::FrontEnd)));
        assert!(profile.of("a").unwrap().routes.is_empty());
    }

    #[test]
    fn routes_are_of_one_configuration_if_it_is_named() {
        let routes = |text: &str| {
            let profile = Profile::parse(text, "p.toml").unwrap();
            ["conf.d/a.conf", "conf.d/b.conf"]
                .map(|path| profile.clone().of_configuration(Path::new(path)).routes.len())
        };
        assert_eq!(routes("[[routes]]\npath = \"/\"\n"), [1, 1]);
        assert_eq!(routes("[configuration]\nfile = \"a.conf\"\n[[routes]]\npath = \"/\"\n"), [1, 0]);
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        for (text, said) in [
            (
                "[[routes]]\npath = \"api\"\n",
                "[[routes]] path in line 1: \"api\" is not a path such as \"/api/\"",
            ),
            (
                "\n[[routes]]\npath = \"/\"\n[[routes]]\npath = \"/\"\n",
                "[[routes]] has /… twice, in lines 2 and 4",
            ),
            (
                "[[routes]]\npath = \"/\"\nserver = \"https://a\"\n",
                "[[routes]] server in line 1 is no name with a port such as \"shop.example.com:443\" or \"*:80\"",
            ),
        ] {
            assert_eq!(mistake(text), format!("p.toml: {said}"));
        }
        let said = mistake("[[routes]]\npath = \"/\"\nkidn = \"api\"\n");
        assert!(
            said.starts_with("p.toml:3: unknown field `kidn`") && said.ends_with("the nearest is `kind`"),
            "{said}"
        );
        let said = mistake("[[routes]]\npath = \"/\"\nkind = \"h4nter2\"\n");
        assert!(said.starts_with("p.toml:3: unknown variant") && !said.contains("h4nter2"), "{said}");
    }
}
