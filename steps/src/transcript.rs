//! What crossed the wire between the scenario's clients and the proxy, kept for the report of a failure.

use std::fmt;

use crate::client::Response;

/// How many exchanges a report shows: the latest.
const SHOWN: usize = 2;

/// Exchanges in order.
#[derive(Debug, Default)]
pub struct Transcript {
    entries: Vec<String>,
}

impl Transcript {
    /// Notes a request.
    pub fn sent(&mut self, head: &[u8], body: &[u8]) {
        self.entries.push(format!("the client sent\n{}", marked('>', head, body)));
    }

    /// Notes a response.
    pub fn received(&mut self, response: &Response) {
        let cut = if response.complete { "" } else { "\n  < (cut off here)" };
        self.entries
            .push(format!("the proxy answered\n{}{cut}", marked('<', &response.raw_head, &response.body)));
    }

    /// Notes something else that happened.
    pub fn note(&mut self, what: &str) {
        self.entries.push(what.to_owned());
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left_out = self.entries.len().saturating_sub(2 * SHOWN);
        if left_out > 0 {
            writeln!(f, "({left_out} earlier entries are not shown)")?;
        }
        for entry in &self.entries[left_out..] {
            writeln!(f, "{entry}")?;
        }
        Ok(())
    }
}

fn marked(mark: char, head: &[u8], body: &[u8]) -> String {
    let text = [head, body].concat();
    crate::client::shown(&text)
        .trim_end()
        .lines()
        .map(|line| format!("  {mark} {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}
