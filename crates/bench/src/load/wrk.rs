//! Closed loop: `wrk` asks again on each connection as soon as it has its answer.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::Seen;
use crate::Error;
use crate::site::Site;

/// What wrk asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wrk {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    /// A field line more, without its end.
    pub(crate) field: Option<(&'static str, &'static str)>,
    /// Bytes of the request's body.
    pub(crate) body: usize,
    pub(crate) connections: usize,
    /// Over TLS.
    pub(crate) tls: bool,
}

impl Wrk {
    /// `GET` of a path by 64 clients.
    pub(crate) const fn get(path: &'static str) -> Wrk {
        Wrk { method: "GET", path, field: None, body: 0, connections: 64, tls: false }
    }

    fn script(&self) -> String {
        let field = self.field.map(|(name, value)| format!("wrk.headers['{name}'] = '{value}'\n"));
        let body = (self.body > 0).then(|| format!("wrk.body = string.rep('x', {})\n", self.body));
        format!(
            "wrk.method = '{}'\n{}{}{DONE}",
            self.method,
            field.unwrap_or_default(),
            body.unwrap_or_default()
        )
    }

    /// Asks for as long as it is told to.
    ///
    /// # Errors
    /// When wrk is missing or says something unexpected.
    pub(crate) fn run(&self, site: &Site, time: Duration) -> Result<Seen, Error> {
        let script = site.path().join("wrk.lua");
        let (scheme, port) = if self.tls { ("https", site.tls_port) } else { ("http", site.port) };
        std::fs::write(&script, self.script())?;
        let output = Command::new("wrk")
            .args(["-t1", "-c", &self.connections.to_string()])
            .args(["-d", &format!("{}s", time.as_secs().max(1)), "--timeout", "20s", "-s"])
            .arg(&script)
            .arg(format!("{scheme}://127.0.0.1:{port}{}", self.path))
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| {
                format!("cannot run wrk ({error}): install it, on Debian `apt-get install wrk`")
            })?;
        let said = String::from_utf8_lossy(&output.stdout);
        seen(&said).ok_or_else(|| format!("wrk said something unexpected:\n{said}").into())
    }
}

/// Makes wrk end with one line of plain numbers.
const DONE: &str = r#"
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("SEEN %d %d %d %d\n", summary.requests, summary.bytes, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout))
end
"#;

fn seen(said: &str) -> Option<Seen> {
    let line = said.lines().find_map(|line| line.strip_prefix("SEEN "))?;
    let mut numbers = line.split(' ').map(|number| number.parse().ok());
    let mut next = || numbers.next().flatten();
    Some(Seen {
        done: next()?,
        bytes: next()?,
        elapsed: Duration::from_micros(next()?),
        failures: next()?,
        latency: None,
    })
}
