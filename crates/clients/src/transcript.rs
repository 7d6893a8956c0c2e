//! What went over the wire between a scenario's clients and the proxy, kept for the report of a failure.

use std::fmt;

use crate::Response;
use crate::response::escape_beginning;

/// How many exchanges a report shows, the latest ones.
const MAX_EXCHANGES: usize = 2;

/// How many kinds of errors a report shows, the earliest ones.
const MAX_KINDS: usize = 5;

/// The first line of each kind in an error log, and how many more there are: the first is most often the cause.
pub fn first_of_each_kind<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut kinds: Vec<(&str, &str, usize)> = Vec::new();
    for line in lines {
        match kinds.iter_mut().find(|(kind, ..)| *kind == kind_of(line)) {
            Some((.., more)) => *more += 1,
            None => kinds.push((kind_of(line), line, 0)),
        }
    }
    let told = kinds.iter().take(MAX_KINDS).map(|(_, line, more)| match more {
        0 => (*line).to_owned(),
        more => format!("{line}\n  (and {more} more like it)"),
    });
    told.collect::<Vec<_>>().join("\n")
}

/// The message of a line of an error log, without its time, connection and client.
fn kind_of(line: &str) -> &str {
    let message = line.split_once("] ").map_or(line, |(_, rest)| rest);
    let message = message.split_once(": ").map_or(message, |(_, rest)| rest);
    let message = match message.strip_prefix('*').and_then(|rest| rest.split_once(' ')) {
        Some((_, rest)) => rest,
        None => message,
    };
    message.split(", client: ").next().unwrap_or_default()
}

/// Exchanges in order.
#[derive(Debug, Default)]
pub struct Transcript {
    entries: Vec<String>,
}

impl Transcript {
    /// Notes a request.
    pub fn sent(&mut self, head: &[u8], body: &[u8]) {
        self.entries.push(format!("the client sent\n{}", with_marks('>', head, body)));
    }

    /// Notes a response.
    pub fn received(&mut self, response: &Response) {
        let cut = if response.complete { "" } else { "\n  < (cut off here)" };
        self.entries.push(format!(
            "the proxy answered\n{}{cut}",
            with_marks('<', &response.raw_head, &response.body)
        ));
    }

    /// Notes another event.
    pub fn note(&mut self, what: &str) {
        self.entries.push(what.to_owned());
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left_out = self.entries.len().saturating_sub(2 * MAX_EXCHANGES);
        if left_out > 0 {
            writeln!(f, "({left_out} earlier entries are not shown)")?;
        }
        for entry in &self.entries[left_out..] {
            writeln!(f, "{entry}")?;
        }
        Ok(())
    }
}

/// A binary body up to this length is shown.
const MAX_BINARY_BODY: usize = 200;

fn with_marks(mark: char, head: &[u8], body: &[u8]) -> String {
    let told = format!("({} bytes of binary data)", body.len());
    let is_text = std::str::from_utf8(body).is_ok() || body.len() < MAX_BINARY_BODY;
    let body = if is_text { body } else { told.as_bytes() };
    escape_beginning(&[head, body])
        .trim_end()
        .lines()
        .map(|line| format!("  {mark} {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_of_each_kind_is_shown() {
        let line = |number: u8, what: &str| {
            format!("2026/01/31 12:00:0{number} [error] 7#7: *{number} {what}, client: 127.0.0.2, server: a")
        };
        let (refused, none) = ("connect() failed (111: Connection refused)", "no live upstreams");
        let log = [line(1, refused), line(2, none), line(3, none), line(4, refused), line(5, none)];
        let told = first_of_each_kind(log.iter().map(String::as_str));
        let expected = format!(
            "{}\n  (and 1 more like it)\n{}\n  (and 2 more like it)",
            line(1, refused),
            line(2, none)
        );
        assert_eq!(told, expected);
        assert_eq!(first_of_each_kind(["no nginx line"].into_iter()), "no nginx line");
    }
}
