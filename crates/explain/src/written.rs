//! From the configuration as it is run back to the one that was written: files, lines, addresses and paths.

use std::collections::{BTreeMap, HashMap};

use hopcheck_site::Node;
use hopcheck_targets::conf::{Source, has_own_variable};
use hopcheck_targets::scene::Scene;
use reference_proxy::trace::{Field, TracedStep};
use regex::Regex;
use serde_json::{Value, json};

/// Where a directive stands: its file, line and name, and how many of that name stand before it on the line.
type Place = (String, usize, String, usize);

/// What of a run has which name in the configuration.
#[derive(Debug)]
pub(crate) struct Written {
    /// The directory of the run, and its main file.
    root: String,
    conf: String,
    /// What the main file is called.
    name: String,
    /// What included files are called, by their paths in the run.
    included: BTreeMap<String, String>,
    source: Source,
    /// The directives as they were written.
    heads: HashMap<Place, String>,
    /// Addresses of the run, with those that were written.
    addresses: Vec<(String, String)>,
    /// Ports of the run, with those that were written.
    ports: Vec<(u16, String)>,
    /// `http://name:port` or `https://name:port`.
    url: Option<Regex>,
}

impl Written {
    pub(crate) fn of(scene: &Scene) -> Written {
        let source = scene.stage().source.clone();
        let mut heads = HashMap::new();
        for node in source.expand().unwrap_or_default() {
            add(&mut heads, &node);
        }
        let rewritten = scene.rewritten();
        let mut ports = Vec::new();
        let mut addresses = Vec::new();
        for (written, address) in &rewritten.app_servers {
            addresses.push((address.to_string(), written.clone()));
            let port = written.rsplit_once(':').map_or("80", |(_, port)| port);
            ports.push((address.port(), port.to_owned()));
        }
        for (written, address) in &rewritten.listen {
            addresses.push((address.to_string(), written.clone()));
            ports.push((address.port(), port_of(written).to_owned()));
        }
        Written {
            root: scene.place("/").display().to_string().trim_end_matches('/').to_owned(),
            conf: scene.place("/etc/nginx/nginx.conf").display().to_string(),
            name: source.name.clone(),
            included: scene.included_names(),
            source,
            heads,
            addresses,
            ports,
            url: Regex::new(r"\b(https?)://([^\s/:]+):(\d+)").ok(),
        }
    }

    /// A step of the trace, as if the configuration had been run as it was written.
    ///
    /// # Errors
    /// When it is not of a trace.
    pub(crate) fn step(&self, line: &str) -> Result<TracedStep, serde_json::Error> {
        let mut step: Value = serde_json::from_str(line)?;
        self.restore(&mut step);
        serde_json::from_value(step)
    }

    fn restore(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.restore(value)),
            Value::Object(fields) => {
                let is_directive =
                    ["file", "line", "nth", "text"].iter().all(|name| fields.contains_key(*name));
                if !is_directive {
                    fields.values_mut().for_each(|value| self.restore(value));
                } else if let Some(directive) = self.directive(value) {
                    *value = directive;
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A directive, with the file and the words that its author knows.
    fn directive(&self, directive: &Value) -> Option<Value> {
        let text = |name: &str| directive.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = |name: &str| usize::try_from(directive.get(name)?.as_u64()?).ok();
        let (line, nth) = (number("line")?, number("nth")?);
        let file = self.file(&text("file"));
        let (mut name, run) = (text("name"), text("text"));
        let as_written = self.text(&run);
        let head = match self.heads.get(&(file.clone(), line, name.clone(), nth)) {
            // With the author's own white space and quotes.
            Some(_) if run == as_written && !has_own_variable(&run) => run,
            Some(head) => head.clone(),
            None => match self.stood_in_for(&file, line) {
                Some((its_name, head)) => {
                    name.clone_from(its_name);
                    head.clone()
                }
                None => as_written,
            },
        };
        Some(json!({ "file": file, "line": line, "name": name, "nth": nth, "text": head }))
    }

    /// What passes requests on a line in a way that is not run, so that something else stands there: `fastcgi_pass`.
    fn stood_in_for(&self, file: &str, line: usize) -> Option<(&String, &String)> {
        let mut passes = self.heads.iter().filter(|((its_file, its_line, name, _), _)| {
            its_file == file && *its_line == line && name.ends_with("_pass") && name != "proxy_pass"
        });
        passes.next().map(|((.., name, _), head)| (name, head))
    }

    /// What its author calls a file of the run.
    fn file(&self, path: &str) -> String {
        if path == self.conf {
            return self.name.clone();
        }
        let inside = || path.strip_prefix(&self.root).unwrap_or(path);
        let name = self.included.get(path).map_or_else(inside, String::as_str);
        self.source.origin.name_of(name).to_owned()
    }

    /// A field with the addresses, ports and paths that were written.
    pub(crate) fn field(&self, name: &str, value: &str) -> Field {
        Field { name: name.to_owned(), value: self.text(value) }
    }

    /// A text with the addresses, ports and paths that were written.
    pub(crate) fn text(&self, text: &str) -> String {
        if let Some((_, written)) = self.ports.iter().find(|(port, _)| port.to_string() == text) {
            return written.clone();
        }
        let mut text = text.replace(&self.root, "");
        for (address, written) in &self.addresses {
            if text.contains(address.as_str()) {
                text = text.replace(address.as_str(), &shown_address(written));
            }
        }
        let known = |port: &str| {
            let port = port.parse::<u16>().ok()?;
            self.ports.iter().find(|(known, _)| *known == port).map(|(_, written)| written.as_str())
        };
        if let Some(url) = &self.url {
            let without_default = |found: &regex::Captures<'_>| match (&found[1], known(&found[3])) {
                ("http", Some("80")) | ("https", Some("443")) => format!("{}://{}", &found[1], &found[2]),
                (scheme, Some(port)) => format!("{scheme}://{}:{port}", &found[2]),
                (_, None) => found[0].to_owned(),
            };
            text = url.replace_all(&text, without_default).into_owned();
        }
        for (port, written) in &self.ports {
            let port = format!(":{port}");
            if text.contains(&port) {
                text = text.replace(&port, &format!(":{written}"));
            }
        }
        text
    }
}

/// The port of a `listen`.
pub(crate) fn port_of(written: &str) -> &str {
    let port = written.rsplit_once(':').map_or(written, |(_, port)| port);
    if port.bytes().all(|byte| byte.is_ascii_digit()) { port } else { "80" }
}

/// An address as it stands in a text: a port alone would be mistaken for a number.
fn shown_address(written: &str) -> String {
    let is_port = written.bytes().all(|byte| byte.is_ascii_digit());
    if is_port { format!("*:{written}") } else { written.to_owned() }
}

fn add(heads: &mut HashMap<Place, String>, node: &Node) {
    let place = |nth| (node.file.to_string(), node.line, node.name.clone(), nth);
    let nth = (0..).find(|nth| !heads.contains_key(&place(*nth))).unwrap_or_default();
    heads.insert(place(nth), node.head.clone());
    node.inner.iter().for_each(|inner| add(heads, inner));
}
