//! What crossed the wire between the scenario's clients and the proxy, kept for the report of a failure.

use std::fmt;

use crate::Response;

/// How many exchanges a report shows: the latest.
const SHOWN: usize = 2;

/// How many kinds of errors a report shows: the earliest.
const KINDS: usize = 5;

/// Lines of an error log, the first of each kind and how many more there are: what comes first is most often the cause.
pub fn one_of_each<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut kinds: Vec<(&str, &str, usize)> = Vec::new();
    for line in lines {
        match kinds.iter_mut().find(|(kind, ..)| *kind == kind_of(line)) {
            Some((.., more)) => *more += 1,
            None => kinds.push((kind_of(line), line, 0)),
        }
    }
    let told = kinds.iter().take(KINDS).map(|(_, line, more)| match more {
        0 => (*line).to_owned(),
        more => format!("{line}\n  (and {more} more like it)"),
    });
    told.collect::<Vec<_>>().join("\n")
}

/// What a line of an error log says, without when, of which connection and for whom.
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

/// A body up to here is shown, whatever it is.
const SHORT: usize = 200;

fn marked(mark: char, head: &[u8], body: &[u8]) -> String {
    let told = format!("({} bytes that are no text)", body.len());
    let is_text = std::str::from_utf8(body).is_ok() || body.len() < SHORT;
    let text = [head, if is_text { body } else { told.as_bytes() }].concat();
    crate::shown(&text)
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
    fn of_errors_the_first_of_each_kind_is_told() {
        let line = |number: u8, what: &str| {
            format!("2026/01/31 12:00:0{number} [error] 7#7: *{number} {what}, client: 127.0.0.2, server: a")
        };
        let (refused, none) = ("connect() failed (111: Connection refused)", "no live upstreams");
        let log = [line(1, refused), line(2, none), line(3, none), line(4, refused), line(5, none)];
        let told = one_of_each(log.iter().map(String::as_str));
        let expected = format!(
            "{}\n  (and 1 more like it)\n{}\n  (and 2 more like it)",
            line(1, refused),
            line(2, none)
        );
        assert_eq!(told, expected);
        assert_eq!(one_of_each(["no nginx line"].into_iter()), "no nginx line");
    }
}
