//! Names that are a slip of the keyboard away from one that is known.

use hopcheck_site::{header_variables, nearest_header};

use crate::conf::Entry;
use crate::edit::Edit;
use crate::fault::Fault;
use crate::proposal::Proposal;

/// Directives whose first argument is a header's name.
const NAMING: [&str; 6] = [
    "proxy_set_header",
    "add_header",
    "proxy_hide_header",
    "proxy_pass_header",
    "add_trailer",
    "real_ip_header",
];

/// A header, named or in a variable, that nobody knows and that resembles a known one.
pub(super) fn headers(fault: &Fault<'_>) -> Vec<Proposal> {
    fault.conf.all().flat_map(|(_, entry)| misspelt(entry)).collect()
}

fn misspelt(entry: &Entry) -> Vec<Proposal> {
    let mut found = Vec::new();
    for (nth, word) in entry.args.iter().enumerate() {
        let is_name = nth == 0 && NAMING.iter().any(|name| entry.is(name)) && !word.raw.contains('$');
        let name = is_name.then_some(word.text.as_str());
        for wrong in header_variables(&word.raw).chain(name) {
            let Some(right) = nearest_header(wrong) else { continue };
            let right = cased_like(wrong, &right);
            let title = format!("spell `{wrong}` as `{right}`");
            let replaced = word.raw.replacen(wrong, &right, 1);
            found.push(Proposal::new(title, Edit::made(|edit| edit.set_arg(entry, nth, &replaced))));
        }
    }
    found
}

/// `right`, which is in lower case, as headers are written where `wrong` is.
fn cased_like(wrong: &str, right: &str) -> String {
    if !wrong.starts_with(|c: char| c.is_ascii_uppercase()) {
        return right.to_owned();
    }
    let capitalised = |part: &str| {
        let mut chars = part.chars();
        chars.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
    };
    let name = right.split('-').map(capitalised).collect::<Vec<_>>().join("-");
    name.replace("Websocket", "WebSocket").replace("-Ip", "-IP")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_their_neighbours() {
        assert_eq!(cased_like("X-Forwarded-Fo", "x-forwarded-for"), "X-Forwarded-For");
        assert_eq!(cased_like("Sec-Websocket-Protocl", "sec-websocket-protocol"), "Sec-WebSocket-Protocol");
        assert_eq!(cased_like("X-Real-Ib", "x-real-ip"), "X-Real-IP");
        assert_eq!(cased_like("upgrage", "upgrade"), "upgrade");
    }
}
