//! Where `proxy_pass` leads: the parts of its URL, and what a variable in it may stand for.

use std::collections::{HashMap, HashSet};

use nginx_conf::syntax::Directive;

use super::touch::is_data;

/// The URL of a `proxy_pass`, or a value that becomes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Url<'a> {
    /// `http` or `https`; `None` where it begins with a variable that says so, too.
    pub(super) scheme: Option<&'a str>,
    /// Who is asked.
    pub(super) host: Host<'a>,
    /// What follows: path, arguments, variables.
    pub(super) rest: &'a str,
}

/// Who is asked by a [`Url`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Host<'a> {
    /// A name or address with its port, a socket's path, or the name of an `upstream`.
    Literal(&'a str),
    /// A variable, and the port written behind it.
    Variable(&'a str, &'a str),
}

impl<'a> Url<'a> {
    /// The parts of `url`; `None` where variables and text make up a host between them.
    pub(super) fn of(url: &'a str) -> Option<Url<'a>> {
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme @ ("http" | "https"), rest)) => (Some(scheme), rest),
            _ if url.starts_with('$') => (None, url),
            _ => return None,
        };
        if let Some((name, rest)) = variable(rest) {
            let port_ends = rest.find(|c| c != ':' && !char::is_ascii_digit(&c)).unwrap_or(rest.len());
            let (port, rest) = rest.split_at(port_ends);
            let is_whole = rest.is_empty() || rest.starts_with(['/', '?']);
            // Behind a variable that ends with a host, one that always begins with a slash may follow.
            let is_whole = is_whole || port.is_empty() && always_begins_with_path(rest);
            return is_whole.then_some(Url { scheme, host: Host::Variable(name, port), rest });
        }
        let ends = match rest.strip_prefix("unix:") {
            Some(path) => "unix:".len() + path.find(':').unwrap_or(path.len()),
            None => rest.find(['/', '?', '$']).unwrap_or(rest.len()),
        };
        let (host, rest) = rest.split_at(ends);
        // A socket's path ends with a colon that does not belong to what follows.
        let rest = if host.starts_with("unix:") { rest.strip_prefix(':').unwrap_or(rest) } else { rest };
        let is_whole =
            !host.is_empty() && (!rest.starts_with('$') || begins_with_path(rest) || has_port(host));
        is_whole.then_some(Url { scheme, host: Host::Literal(host), rest })
    }
}

/// What follows a port is a path, if anything.
fn has_port(host: &str) -> bool {
    host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok())
}

/// Whether `text` begins with a variable that is a slash and more, or a question mark and more, whatever is asked.
fn always_begins_with_path(text: &str) -> bool {
    variable(text).is_some_and(|(name, _)| matches!(name, "request_uri" | "is_args"))
}

/// Whether `text` begins with a variable that holds a path or arguments: nginx's own, or what a pattern has captured.
fn begins_with_path(text: &str) -> bool {
    let is_path = |name: &str| matches!(name, "request_uri" | "uri" | "document_uri" | "is_args" | "args");
    variable(text).is_some_and(|(name, _)| is_path(name) || name.parse::<u8>().is_ok())
}

/// The variable that `text` begins with, and what follows.
fn variable(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('$')?;
    if let Some(braced) = text.strip_prefix('{') {
        return braced.split_once('}');
    }
    let ends = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    (ends > 0).then(|| text.split_at(ends))
}

/// The name of the variable that is all of `text`; to nginx case does not matter.
pub(super) fn only_variable(text: &str) -> Option<String> {
    variable(text).filter(|(_, rest)| rest.is_empty()).map(|(name, _)| name.to_ascii_lowercase())
}

/// Whether nginx, or a request, fills a variable, whatever else the configuration puts into it.
pub(super) fn is_filled_by_requests(name: &str) -> bool {
    const FAMILIES: [&str; 6] = ["arg_", "http_", "cookie_", "upstream_", "sent_http_", "sent_trailer_"];
    matches!(name, "args" | "limit_rate" | "query_string" | "uri" | "document_uri" | "host")
        || FAMILIES.iter().any(|family| name.starts_with(family))
}

/// Whether a name can be that of an `upstream` and of nothing else: no address, and no socket.
pub(super) fn is_group_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
        && !name.eq_ignore_ascii_case("unix")
}

/// The name of the group that a directive in `block` declares.
pub(super) fn declared_group<'a>(directive: &'a Directive, block: Option<&Directive>) -> Option<&'a str> {
    let is_real = directive.is("upstream") && directive.block.is_some();
    let in_data = block.is_some_and(|block| is_data(&block.name.text));
    directive.arg(0).filter(|name| is_real && !in_data && is_group_name(name))
}

/// The variable that an entry of `block`, or `directive` itself, gives a value, and the place of that value among its
/// arguments.
pub(super) fn assigned(directive: &Directive, block: Option<&Directive>) -> Option<(String, usize)> {
    match block.filter(|block| is_data(&block.name.text)) {
        Some(block) => {
            let is_value = directive.args.len() == 1 && !directive.is("include");
            let name = block.args.last().and_then(|word| only_variable(&word.text))?;
            is_value.then_some((name, 0))
        }
        None if directive.is("set") && directive.args.len() == 2 => {
            directive.arg(0).and_then(only_variable).map(|name| (name, 1))
        }
        None => None,
    }
}

/// The variables that stand for a host somewhere, each with the ports that are written behind it.
#[derive(Debug, Default)]
pub(super) struct HostVariables {
    ports: HashMap<String, HashSet<String>>,
    /// `set $a $b`: what `a` is, `b` is.
    aliases: Vec<(String, String)>,
}

impl HostVariables {
    /// Notes what `directive`, in `block`, has to do with such variables.
    pub(super) fn note(&mut self, directive: &Directive, block: Option<&Directive>) {
        if let (true, Some(url)) = (directive.is("proxy_pass"), directive.arg(0).and_then(Url::of))
            && let Host::Variable(name, port) = url.host
        {
            self.ports.entry(name.to_ascii_lowercase()).or_default().insert(port.to_owned());
        }
        if let Some((name, nth)) = assigned(directive, block)
            && let Some(other) = directive.arg(nth).and_then(only_variable)
        {
            self.aliases.push((name, other));
        }
    }

    /// Follows variables that have their values from others.
    pub(super) fn complete(&mut self) {
        let mut sources: HashMap<&str, HashSet<&str>> = HashMap::new();
        for (name, other) in &self.aliases {
            sources.entry(name).or_default().insert(other);
        }
        let mut pending: Vec<String> = self.ports.keys().cloned().collect();
        while let Some(name) = pending.pop() {
            let ports = self.ports.get(&name).cloned().unwrap_or_default();
            for other in sources.get(name.as_str()).into_iter().flatten() {
                let known = self.ports.entry((*other).to_owned()).or_default();
                let before = known.len();
                known.extend(ports.iter().cloned());
                if known.len() > before {
                    pending.push((*other).to_owned());
                }
            }
        }
    }

    /// The one port that is written behind `name` wherever it stands for a host, `""` for none; `None` where it stands for
    /// none, or ports differ.
    pub(super) fn port_of(&self, name: &str) -> Option<&str> {
        let ports = self.ports.get(&name.to_ascii_lowercase())?;
        ports.iter().next().filter(|_| ports.len() == 1).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_who_is_asked() {
        let of = |url| Url::of(url).map(|url| (url.scheme.unwrap_or("-"), url.host, url.rest));
        assert_eq!(of("http://app/x"), Some(("http", Host::Literal("app"), "/x")));
        assert_eq!(
            of("https://a.test:80$request_uri"),
            Some(("https", Host::Literal("a.test:80"), "$request_uri"))
        );
        assert_eq!(of("http://unix:/run/a.sock:/x"), Some(("http", Host::Literal("unix:/run/a.sock"), "/x")));
        assert_eq!(of("http://$app:80/x"), Some(("http", Host::Variable("app", ":80"), "/x")));
        assert_eq!(of("${url}/x"), Some(("-", Host::Variable("url", ""), "/x")));
        assert_eq!(of("http://app$1"), Some(("http", Host::Literal("app"), "$1")));
        assert_eq!(of("http://a:80$path"), Some(("http", Host::Literal("a:80"), "$path")));
        assert_eq!(of("$url$request_uri"), Some(("-", Host::Variable("url", ""), "$request_uri")));
        for unclear in [
            "http://$a.test",
            "http://$a$b",
            "http://a$b",
            "http://a-$b:80",
            "http://10.0.0.$b",
            "http://$a$args",
            "http://$a$1",
            "$url$uri",
            "http://$a:$b",
            "ftp://a",
            "a",
        ] {
            assert_eq!(of(unclear), None, "{unclear}");
        }
    }
}
