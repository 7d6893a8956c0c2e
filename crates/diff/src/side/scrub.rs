//! Takes out of a text what belongs to the run and not to the configuration: ports, directories, the time of day.

use std::path::Path;

use hopcheck_targets::conf::RewrittenConf;

use crate::timeless::timeless;

/// What is replaced in every text of one side.
#[derive(Debug)]
pub(super) struct Scrubber {
    /// Addresses and directories of the run, with what the configuration has.
    replaced: Vec<(String, String)>,
    /// Ports that may stand alone.
    ports: Vec<(String, String)>,
}

impl Scrubber {
    pub(super) fn of(rewritten: &RewrittenConf, scratch: &Path) -> Scrubber {
        let mut replaced = vec![(scratch.join("root").display().to_string(), String::new())];
        let mut ports = Vec::new();
        for (written, address) in &rewritten.app_servers {
            replaced.push((address.to_string(), written.clone()));
            ports.push((address.port().to_string(), format!("<port of {written}>")));
        }
        for (written, address) in &rewritten.listen {
            let port = written.rsplit_once(':').map_or(written.as_str(), |(_, port)| port);
            let port = if port.bytes().all(|byte| byte.is_ascii_digit()) { port } else { "80" };
            replaced.push((format!(":{}", address.port()), format!(":{port}")));
            ports.push((address.port().to_string(), port.to_owned()));
        }
        Scrubber { replaced, ports }
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
