//! Takes out of a text what belongs to the run and not to the configuration: ports, directories, the time of day.

use std::path::Path;

use hopcheck_targets::conf::RewrittenConf;

use crate::timeless::timeless;

/// What an engine calls itself in `Server`: `nginx/1.22.1`.
fn product(description: &str) -> Option<String> {
    let (name, rest) = match description.strip_prefix("reference proxy ") {
        Some(rest) => ("reference-proxy", rest),
        None => ("nginx", description.strip_prefix("nginx ")?),
    };
    Some(format!("{name}/{}", rest.split_whitespace().next()?))
}

/// What is replaced in every text of one side.
#[derive(Debug)]
pub(super) struct Scrubber {
    /// Addresses and directories of the run, with what the configuration has.
    replaced: Vec<(String, String)>,
    /// Ports that may stand alone.
    ports: Vec<(String, String)>,
    /// The engine with its version, as its error pages have it.
    engine: Option<String>,
}

impl Scrubber {
    /// Of a run by an engine that describes itself so.
    pub(super) fn of(rewritten: &RewrittenConf, scratch: &Path, engine: &str) -> Scrubber {
        let mut replaced = vec![(scratch.join("root").display().to_string(), String::new())];
        let mut ports = Vec::new();
        for (written, address) in &rewritten.app_servers {
            replaced.push((address.to_string(), written.clone()));
            ports.push((address.port().to_string(), format!("<port of {written}>")));
        }
        for (written, address) in &rewritten.listen {
            let port = written.rsplit_once(':').map_or(written.as_str(), |(_, port)| port);
            let port = if port.bytes().all(|byte| byte.is_ascii_digit()) { port } else { "80" };
            // No URL names the port of its scheme.
            if matches!(port, "80" | "443") {
                replaced.push((format!(":{}/", address.port()), "/".to_owned()));
            }
            replaced.push((format!(":{}", address.port()), format!(":{port}")));
            ports.push((address.port().to_string(), port.to_owned()));
        }
        let engine = product(engine);
        if let Some(engine) = &engine {
            let name = engine.split('/').next().unwrap_or_default().to_owned();
            replaced.extend([(engine.clone(), "nginx/<version>".to_owned()), (name, "nginx".to_owned())]);
        }
        Scrubber { replaced, ports, engine }
    }

    /// Whether a text, such as an error page, says which engine has made it.
    pub(super) fn names_engine(&self, text: &str) -> bool {
        let name = self.engine.as_deref().and_then(|engine| engine.split('/').next());
        name.is_some_and(|name| text.contains(&format!("<center>{name}")))
    }

    /// `text` as it would be anywhere, at any time.
    pub(super) fn clean(&self, text: &str) -> String {
        if let Some((_, port)) = self.ports.iter().find(|(port, _)| port == text) {
            return port.clone();
        }
        let mut text = text.to_owned();
        for (from, to) in &self.replaced {
            if text.contains(from.as_str()) {
                text = text.replace(from.as_str(), to);
            }
        }
        timeless(&text)
    }
}
