//! What the hint of a promise says to write.

use nginx_conf::syntax::{Directive, parse};
use nginx_conf::table::commands;

use super::headers;
use crate::conf::{Entry, Id};
use crate::edit::Edit;
use crate::fault::Fault;
use crate::proposal::{Allowed, Proposal};

/// Directives of which a block may have several.
const SEVERAL: [&str; 6] =
    ["error_page", "proxy_redirect", "proxy_cookie_path", "proxy_cookie_domain", "rewrite", "set"];

/// A directive that the hint or the message quotes as a whole, as `proxy_set_header Host $host;`, in the place of the promise.
pub(super) fn as_it_says(fault: &Fault<'_>) -> Vec<Proposal> {
    let Some(place) = fault.place() else { return Vec::new() };
    let said = fault.quoted().filter_map(quoted).filter_map(|directive| put(fault, place, &directive));
    said.chain(fault.quoted().filter_map(|text| location(fault, text))).collect()
}

/// A location that the hint quotes as a whole, as `location ~ \.map$ { return 404; }`: what is to be refused of the files.
fn location(fault: &Fault<'_>, text: &str) -> Option<Proposal> {
    let is_whole = text.starts_with("location ") && text.ends_with('}') && !text.contains('…');
    let server = fault.server.filter(|_| is_whole && parse(text, "hint").is_ok())?;
    let first = fault.conf.locations(server).first().map(|id| fault.conf.get(*id));
    let lines = [text.to_owned()];
    let make = Edit::made(|edit| match first {
        Some(first) => edit.insert_before(fault.files, first, &lines),
        None => edit.insert_into(fault.files, fault.conf, server, &[], &lines),
    });
    Some(Proposal::new(format!("add `{text}`"), make).allowing(Allowed::Files))
}

/// The directive that a text is, if it says all of it.
fn quoted(text: &str) -> Option<Directive> {
    let text = text.trim_end_matches(';');
    if text.contains('…') || !text.contains(' ') || text.len() > 300 {
        return None;
    }
    let ended = if text.ends_with('}') { text.to_owned() } else { format!("{text};") };
    let mut directives = parse(&ended, "hint").ok()?;
    let directive = directives.pop().filter(|_| directives.is_empty())?;
    let is_whole = directive.block.is_none() && !directive.args.is_empty();
    (is_whole && nginx_conf::is_known(&directive.name.text)).then_some(directive)
}

fn put(fault: &Fault<'_>, place: Id, directive: &Directive) -> Option<Proposal> {
    let (name, head) = (directive.name.text.as_str(), directive.head());
    if headers::are_inherited_together(name) && directive.args.len() < 2 {
        return None;
    }
    let own = fault.conf.own(place, name).map(|id| fault.conf.get(id));
    let line = format!("{head};");
    let make = |edit: &mut Edit| match (&own, directive.args.as_slice()) {
        (_, [field, value, ..]) if headers::are_inherited_together(name) => {
            let value = match directive.args.get(2) {
                Some(always) => format!("{} {}", value.raw, always.raw),
                None => value.raw.clone(),
            };
            headers::set(edit, fault, place, name, &[(&field.text, &value)]);
        }
        (Some(entry), _) if !SEVERAL.contains(&name) => edit.replace(entry, entry.span.clone(), line),
        _ => edit.insert_into(fault.files, fault.conf, place, &[name, "proxy_pass", "root"], &[line]),
    };
    let block = fault.conf.get(place).head();
    // What serves the place is not to be changed by the way.
    let is_meant = !["proxy_pass", "root", "alias", "listen", "location", "server_name"].contains(&name);
    (is_meant && may_stand(name, fault.conf.get(place)))
        .then(|| Proposal::new(format!("say `{head}` in `{block}`"), Edit::made(make)))
}

/// Whether a directive may stand in a block like this one.
fn may_stand(name: &str, block: &Entry) -> bool {
    commands()
        .filter(|command| command.name == name)
        .any(|command| command.contexts().iter().any(|it| block.is(it)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_directive_is_taken_from_a_hint() {
        let head = |text: &str| quoted(text).map(|directive| directive.head());
        assert_eq!(head("proxy_set_header Host $host;").as_deref(), Some("proxy_set_header Host $host"));
        for other in
            ["proxy_pass", "proxy_set_header Connection …;", "location /a/ { return 1; }", "no such words"]
        {
            assert_eq!(head(other), None, "{other}");
        }
    }
}
