//! A service of a compose file.

use std::path::{Path, PathBuf};

use super::values::Interpolation;
use crate::dockerfile::{Image, Script, is_of_nginx, is_read_by_nginx, script_of_words};
use crate::file;
use crate::yaml::{Node, Value};

/// A service.
#[derive(Debug, Clone, Default)]
pub(crate) struct Service {
    pub(crate) name: String,
    /// The line of its name.
    pub(crate) line: usize,
    /// `environment`.
    pub(crate) environment: Vec<Entry>,
    /// `env_file`.
    pub(crate) env_files: Vec<EnvFile>,
    pub(crate) mounts: Vec<Mount>,
    /// `build`.
    pub(crate) image: Option<Image>,
    /// `command` and `entrypoint`.
    pub(crate) scripts: Vec<Script>,
    pub(crate) ports: Vec<Port>,
    /// `networks`; `None` for the default one.
    pub(crate) networks: Option<Vec<String>>,
    /// Other names that it answers to.
    pub(crate) aliases: Vec<String>,
    /// Ports of `expose`.
    pub(crate) exposed: Vec<u16>,
    /// Names of `extra_hosts` and `links`.
    pub(crate) hosts: Vec<String>,
    pub(crate) network_mode: Option<String>,
    /// Whether it has a network of its own: not the host's nor another service's.
    pub(crate) has_own_network: bool,
    /// Whether `extends` brings in more.
    pub(crate) extends: bool,
    /// `image`.
    pub(crate) image_name: Option<String>,
}

/// An entry of `environment`.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// `None` if it is not known.
    pub(crate) value: Option<String>,
    pub(crate) line: usize,
    /// The line in `.env` that it has a value from.
    pub(crate) dotenv_line: Option<usize>,
}

/// An `env_file`.
#[derive(Debug, Clone)]
pub(crate) struct EnvFile {
    pub(crate) path: PathBuf,
    /// Whether compose does without it.
    pub(crate) is_optional: bool,
}

/// A file or directory of the host in a container.
#[derive(Debug, Clone)]
pub(crate) struct Mount {
    pub(crate) host: PathBuf,
    pub(crate) container: PathBuf,
}

/// A published port.
#[derive(Debug, Clone)]
pub(crate) struct Port {
    pub(crate) published: u16,
    pub(crate) container: u16,
    pub(crate) line: usize,
}

impl Service {
    /// The image that its own is made from, or is.
    pub(crate) fn base(&self) -> Option<&str> {
        match &self.image {
            Some(image) => Some(&image.base),
            None => self.image_name.as_deref(),
        }
    }

    /// Whether others reach it by this name.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
            || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    }

    /// Whether it runs nginx with what is at `places`.
    pub(crate) fn serves(&self, places: &[PathBuf]) -> bool {
        self.image_name.as_deref().is_some_and(is_of_nginx)
            || self.image.as_ref().is_some_and(|image| image.serves(&[]))
            || self.scripts.iter().any(|script| script.text.contains("nginx"))
            || places.iter().any(|place| is_read_by_nginx(place))
    }

    /// The paths in its container where `path` is.
    pub(crate) fn places(&self, path: &Path) -> Vec<PathBuf> {
        let mounted = self.mounts.iter().filter_map(|Mount { host, container }| {
            let below = path.strip_prefix(host).ok()?;
            Some(if below.as_os_str().is_empty() { container.clone() } else { container.join(below) })
        });
        let built = self.image.iter().flat_map(|image| image.copied_to(path));
        mounted.chain(built).collect()
    }
}

/// Reads services.
pub(super) struct Reader<'a> {
    pub(super) directory: &'a Path,
    /// No file outside of it is read.
    pub(super) root: &'a Path,
    pub(super) interpolation: &'a Interpolation<'a>,
    pub(super) document: &'a Node,
}

impl Reader<'_> {
    pub(super) fn service(&self, name: &str, node: &Node) -> Service {
        let networks = node.get("networks");
        let mode = node.text_of("network_mode");
        let mut aliases: Vec<String> = Vec::new();
        for name in ["container_name", "hostname"] {
            aliases.extend(node.text_of(name).and_then(|text| self.interpolation.text(text)));
        }
        for (_, network) in networks.map(Node::entries).unwrap_or_default() {
            let names = network.get("aliases").map(Node::items).unwrap_or_default();
            aliases.extend(names.iter().filter_map(Node::text).map(str::to_owned));
        }
        Service {
            name: name.to_owned(),
            line: node.line,
            environment: node.get("environment").map_or_else(Vec::new, |node| self.environment(node)),
            env_files: node.get("env_file").map_or_else(Vec::new, |node| self.env_files(node)),
            mounts: self.mounts(node),
            image: node.get("build").and_then(|node| self.build(node)),
            scripts: ["entrypoint", "command"]
                .iter()
                .filter_map(|key| node.get(key).and_then(|node| self.script(node)))
                .collect(),
            ports: node
                .get("ports")
                .map_or(&[][..], Node::items)
                .iter()
                .filter_map(|port| self.port(port))
                .collect(),
            networks: networks.map(|networks| {
                let listed = networks.items().iter().filter_map(Node::text);
                let named = networks.entries();
                listed.chain(named.iter().map(|(name, _)| *name)).map(str::to_owned).collect()
            }),
            aliases,
            exposed: node
                .get("expose")
                .map_or(&[][..], Node::items)
                .iter()
                .filter_map(|port| self.text(port)?.split('/').next()?.parse().ok())
                .collect(),
            hosts: hosts_of(node),
            network_mode: mode.map(str::to_owned),
            has_own_network: mode.is_none_or(|mode| mode == "bridge"),
            extends: node.get("extends").is_some(),
            image_name: node.get("image").and_then(|node| self.text(node)),
        }
    }

    fn text(&self, node: &Node) -> Option<String> {
        self.interpolation.text(node.text()?)
    }

    fn host(&self, path: &str) -> PathBuf {
        file::normal(&self.directory.join(path))
    }

    /// `NAME: value`, or a list of `NAME=value` and `NAME`.
    fn environment(&self, node: &Node) -> Vec<Entry> {
        // A name alone takes the shell's, or what `.env` has.
        let passed = |name: &str| format!("${{{name}}}");
        let mapped = node.entries().into_iter().filter_map(|(name, node)| match &node.value {
            Value::Scalar(scalar) if node.text().is_some() || !scalar.is_plain => {
                Some(self.entry(name, &scalar.text, node.line))
            }
            Value::Scalar(_) => Some(self.entry(name, &passed(name), node.line)),
            _ => None,
        });
        let listed = node.items().iter().filter_map(|item| {
            let text = item.text()?;
            Some(match text.split_once('=') {
                Some((name, value)) => self.entry(name, value, item.line),
                None => self.entry(text, &passed(text), item.line),
            })
        });
        mapped.chain(listed).collect()
    }

    fn entry(&self, name: &str, written: &str, line: usize) -> Entry {
        let value = self.interpolation.text(written);
        Entry { name: name.to_owned(), value, line, dotenv_line: self.interpolation.dotenv_line(written) }
    }

    fn env_files(&self, node: &Node) -> Vec<EnvFile> {
        let one = |node: &Node| {
            let path = node.text().or_else(|| node.text_of("path"))?;
            let is_optional = node.text_of("required") == Some("false");
            let path = self.interpolation.text(path)?;
            Some(EnvFile { path: self.host(&path), is_optional })
        };
        match node.items() {
            [] => one(node).into_iter().collect(),
            items => items.iter().filter_map(one).collect(),
        }
    }

    fn mounts(&self, node: &Node) -> Vec<Mount> {
        let mut mounts = Vec::new();
        for volume in node.get("volumes").map_or(&[][..], Node::items) {
            let (host, container) = match self.text(volume) {
                Some(text) => {
                    let mut parts = text.split(':');
                    match (parts.next(), parts.next()) {
                        (Some(host), Some(container)) => (host.to_owned(), container.to_owned()),
                        _ => continue,
                    }
                }
                None => {
                    let part = |name| volume.get(name).and_then(|node| self.text(node));
                    match (part("source").or_else(|| part("src")), part("target").or_else(|| part("dst"))) {
                        (Some(host), Some(container)) => (host, container),
                        _ => continue,
                    }
                }
            };
            // Anything else is the name of a volume.
            if host.starts_with(['.', '/', '~']) {
                mounts.push(Mount { host: self.host(&host), container: PathBuf::from(container) });
            }
        }
        let declared = self.document.get("configs");
        for config in node.get("configs").map_or(&[][..], Node::items) {
            let Some(source) = config.text().or_else(|| config.text_of("source")) else { continue };
            let file = declared.and_then(|configs| configs.get(source)?.text_of("file"));
            let target = config.get("target").and_then(|node| self.text(node));
            if let Some(host) = file.and_then(|file| self.interpolation.text(file)) {
                let container = PathBuf::from(target.unwrap_or_else(|| format!("/{source}")));
                mounts.push(Mount { host: self.host(&host), container });
            }
        }
        mounts
    }

    fn build(&self, node: &Node) -> Option<Image> {
        let text_of = |name: &str| node.get(name).and_then(|node| self.text(node));
        let context = self.text(node).or_else(|| text_of("context")).unwrap_or_else(|| ".".to_owned());
        let context = self.host(&context);
        let dockerfile = text_of("dockerfile").unwrap_or_else(|| "Dockerfile".to_owned());
        let path = file::normal(&context.join(dockerfile));
        let is_ours = file::is_below(self.root, &path);
        is_ours.then(|| Image::read(&path, &context, text_of("target").as_deref()))?
    }

    fn script(&self, node: &Node) -> Option<Script> {
        let file = PathBuf::new();
        if let Some(text) = node.text() {
            // `$$` is a dollar here; others the shell in the container replaces no more, but their names still count.
            let text = self.interpolation.text(text).unwrap_or_else(|| text.to_owned());
            let is_literal = matches!(&node.value, Value::Scalar(scalar) if scalar.is_literal);
            let line = node.line + usize::from(is_literal);
            let text = crate::shell::script_in(&text).unwrap_or(text);
            return Some(Script { text, file, line });
        }
        let words: Vec<String> = node
            .items()
            .iter()
            .filter_map(|item| {
                let text = item.text()?;
                Some(self.interpolation.text(text).unwrap_or_else(|| text.to_owned()))
            })
            .collect();
        let last = node.items().last()?;
        let is_literal = matches!(&last.value, Value::Scalar(scalar) if scalar.is_literal);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Some(Script { text: script_of_words(&words), file, line: last.line + usize::from(is_literal) })
    }

    /// `8080:80`, `127.0.0.1:8080:80/tcp`, or `published` and `target`.
    fn port(&self, node: &Node) -> Option<Port> {
        if let Some(text) = self.text(node) {
            let text = text.split('/').next().unwrap_or_default();
            let mut parts = text.rsplit(':');
            let container = parts.next()?.parse().ok()?;
            let published = parts.next()?.parse().ok()?;
            return Some(Port { published, container, line: node.line });
        }
        let number = |name| node.get(name).and_then(|node| self.text(node))?.parse().ok();
        Some(Port { published: number("published")?, container: number("target")?, line: node.line })
    }
}

/// The names that `extra_hosts` and `links` give to others.
fn hosts_of(node: &Node) -> Vec<String> {
    let mut hosts = Vec::new();
    for key in ["extra_hosts", "links", "external_links"] {
        let Some(node) = node.get(key) else { continue };
        hosts.extend(node.entries().into_iter().map(|(name, _)| name.to_owned()));
        for item in node.items().iter().filter_map(Node::text) {
            let mut parts = item.split([':', '=']);
            let (first, second) = (parts.next().unwrap_or_default(), parts.next());
            // `links` has the alias last, `extra_hosts` the name first.
            hosts.push(if key == "extra_hosts" { first } else { second.unwrap_or(first) }.to_owned());
        }
    }
    hosts
}
