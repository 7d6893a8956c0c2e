//! Which locations nginx has chosen, as its debug log tells.

use reference_proxy::trace::{Directive, Step, TracedStep};

/// The locations that were chosen, those of requests within the request too, sorted; `None` if the log does not tell.
pub(crate) fn locations(log: &str) -> Option<String> {
    let mut chosen: Vec<&str> = log.lines().filter_map(chosen).collect();
    chosen.sort_unstable();
    (!chosen.is_empty()).then(|| joined(&chosen))
}

/// The location that a line of the log is about: `… using configuration "/api/"`, `… using location: @name "/uri?"`.
fn chosen(line: &str) -> Option<&str> {
    if let Some((_, rest)) = line.split_once(" using configuration \"") {
        return rest.strip_suffix('"');
    }
    let (_, rest) = line.split_once(" using location: ")?;
    rest.split(' ').next()
}

/// The same as the steps tell it, in the words of the log.
pub(crate) fn expected(steps: &[TracedStep]) -> String {
    let mut names: Vec<(u64, String)> = Vec::new();
    for TracedStep { request, step, .. } in steps {
        match step {
            Step::Location { directive, .. } => {
                names.push((*request, directive.as_ref().map(name).unwrap_or_default()));
            }
            // That is found out before the log is written.
            Step::Internal { .. } => {
                let last = names.iter().rposition(|(by, _)| by == request);
                last.map(|nth| names.remove(nth));
            }
            _ => {}
        }
    }
    let mut names: Vec<&str> = names.iter().map(|(_, name)| name.as_str()).collect();
    names.sort_unstable();
    joined(&names)
}

fn joined(names: &[&str]) -> String {
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// A location as the log names it: with `=` if it is exact, without the other modifiers.
fn name(directive: &Directive) -> String {
    let words = directive.text.strip_prefix("location").unwrap_or(&directive.text).trim();
    let modifier =
        ["=", "^~", "~*", "~"].into_iter().find(|modifier| words.starts_with(modifier)).unwrap_or("");
    let written = words[modifier.len()..].trim();
    let unquoted = ['"', '\''].iter().find_map(|quote| written.strip_prefix(*quote)?.strip_suffix(*quote));
    let name = unquoted.unwrap_or(written);
    if modifier == "=" { format!("={name}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_read_from_the_log_and_named_as_there() {
        let log = "2026/01/31 12:00:00 [debug] 7#7: *1 test location: \"/\"\n\
                   2026/01/31 12:00:00 [debug] 7#7: *1 using configuration \"=/a\"\n\
                   2026/01/31 12:00:00 [debug] 7#7: *1 using location: @b \"/x?\"\n";
        assert_eq!(locations(log).as_deref(), Some("\"=/a\", \"@b\""));
        assert_eq!(locations("2026/01/31 12:00:00 [notice] 7#7: exit\n"), None);
        let of = |text: &str| {
            let file = String::new();
            name(&Directive { file, line: 1, name: "location".to_owned(), nth: 0, text: text.to_owned() })
        };
        let names =
            ["location = /a", "location /a/", "location ~^/x", "location ~* \"\\.p{2}$\"", "location ^~ /b"]
                .map(of);
        assert_eq!(names, ["=/a", "/a/", "^/x", "\\.p{2}$", "/b"]);
    }
}
