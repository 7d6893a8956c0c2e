//! The URL of `proxy_pass`: its parts, and the possible values of variables in it.

use std::collections::HashSet;

use nginx_conf::syntax::Directive;

use super::effects::is_data;

/// The URL of a `proxy_pass`, or a value that becomes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Url<'a> {
    /// `http` or `https`; `None` if a variable contains it.
    pub(super) scheme: Option<&'a str>,
    /// The upstream server or group.
    pub(super) host: Host<'a>,
    /// The rest: path, arguments, variables.
    pub(super) rest: &'a str,
}

/// The host of a [`Url`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Host<'a> {
    /// A name or address with its port, a socket's path, or the name of an `upstream`.
    Literal(&'a str),
    /// A variable, and the port after it.
    Variable(&'a str, &'a str),
}

impl<'a> Url<'a> {
    /// The parts of `url`; `None` if the host is a mix of variables and text.
    pub(super) fn of(url: &'a str) -> Option<Url<'a>> {
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme @ ("http" | "https"), rest)) => (Some(scheme), rest),
            _ if url.starts_with('$') => (None, url),
            _ => return None,
        };
        // What follows a scheme that is a variable is hidden in others.
        if let Some((name, rest)) = variable(rest).filter(|(_, rest)| !rest.starts_with("://")) {
            let port_ends = rest.find(|c| c != ':' && !char::is_ascii_digit(&c)).unwrap_or(rest.len());
            let (port, rest) = rest.split_at(port_ends);
            let is_whole = rest.is_empty() || rest.starts_with(['/', '?']);
            // A variable with a host may be followed by one that always begins with a slash.
            let is_whole = is_whole || port.is_empty() && always_begins_with_path(rest);
            return is_whole.then_some(Url { scheme, host: Host::Variable(name, port), rest });
        }
        if rest.starts_with('$') {
            return None;
        }
        let ends = match rest.strip_prefix("unix:") {
            Some(path) => "unix:".len() + path.find(':').unwrap_or(path.len()),
            None => rest.find(['/', '?', '$']).unwrap_or(rest.len()),
        };
        let (host, rest) = rest.split_at(ends);
        // The path of a socket ends with a colon.
        let rest = if host.starts_with("unix:") { rest.strip_prefix(':').unwrap_or(rest) } else { rest };
        let goes_on =
            rest.starts_with('$') && (ends_within(host) || !begins_with_path(rest) && !has_port(host));
        let is_whole = !host.is_empty() && !goes_on;
        is_whole.then_some(Url { scheme, host: Host::Literal(host), rest })
    }
}

/// Scheme, authority and rest of a URL whose host is a mix of variables and text: `http://app-$name:3000/x`.
pub(super) fn mixed_authority(url: &str) -> Option<(&str, &str, &str)> {
    let (scheme, after) = url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
    let (authority, rest) = after.split_at(authority_end(after));
    authority.contains('$').then_some((scheme, authority, rest))
}

/// Where the authority at the beginning of `after` ends, which may be a mix of variables and text.
fn authority_end(after: &str) -> usize {
    let mut end = 0;
    while let Some(rest) = after.get(end..).filter(|rest| !rest.is_empty() && !rest.starts_with(['/', '?'])) {
        end += match variable(rest) {
            Some(_) if !ends_within(&after[..end]) && (begins_with_path(rest) || has_port(&after[..end])) => {
                break;
            }
            Some((_, left)) => rest.len() - left.len(),
            None => rest.chars().next().map_or(1, char::len_utf8),
        };
    }
    end
}

/// The part of a URL that says which server it is for, if there are variables in it, with its scheme if that is one of them; what
/// comes before it and after it.
pub(super) fn server_by_variables(url: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = match Url::of(url) {
        Some(Url { host: Host::Literal(_), .. }) => return None,
        Some(Url { scheme, rest, .. }) => (scheme, rest),
        None if url.starts_with('$') => {
            let (_, after) = url.split_once("://").filter(|(scheme, _)| only_variable(scheme).is_some())?;
            (None, &after[authority_end(after)..])
        }
        None => mixed_authority(url).map(|(scheme, _, rest)| (Some(scheme), rest))?,
    };
    let begins = scheme.map_or(0, |scheme| scheme.len() + "://".len());
    let ends = url.len() - rest.len();
    Some((&url[..begins], &url[begins..ends], rest))
}

/// The same where a variable may end the port, if it stands for digits and not for a path: `http://127.0.0.1:808$slot`. The variable's
/// name comes last.
pub(super) fn port_by_variable(url: &str) -> Option<(&str, &str, &str, &str)> {
    let Url { host: Host::Literal(host), rest, .. } = Url::of(url)? else { return None };
    let (name, after) = variable(rest).filter(|_| has_port(host))?;
    let begins = url.find("://")? + "://".len();
    let ends = url.len() - after.len();
    Some((&url[..begins], &url[begins..ends], after, name))
}

/// The scheme of a server that is one of variables, if it has one, with its colon and slashes; the host, and what follows it. `None`
/// where there is none.
pub(super) fn parts_of(value: &str) -> Option<(&str, &str, &str)> {
    let begins = value.find("://").map_or(0, |at| at + "://".len());
    let (scheme, after) = value.split_at(begins);
    let ends = match after.strip_prefix("unix:") {
        Some(path) => "unix:".len() + path.find(':').unwrap_or(path.len()),
        None => after.find(['/', '?', '$']).unwrap_or(after.len()),
    };
    let (host, rest) = after.split_at(ends);
    (!host.is_empty()).then_some((scheme, host, rest.trim_start_matches(':')))
}

/// The hosts of these, in lower case.
pub(super) fn hosts_of(servers: &[String]) -> HashSet<String> {
    servers.iter().filter_map(|one| parts_of(one).map(|(_, host, _)| host.to_ascii_lowercase())).collect()
}

/// Whether a host that ends in variables can be neither an address nor a socket, whatever they stand for.
pub(super) fn begins_as_name(host: &str) -> bool {
    let before = host.split('$').next().unwrap_or_default().to_ascii_lowercase();
    let is_name = before.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && before.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    is_name && !"unix:".starts_with(&before)
}

/// Whether a host cannot end where this does: `api_` and `app:` go on.
fn ends_within(host: &str) -> bool {
    host.ends_with(['_', '-', '.', ':'])
}

/// Whether `host` ends with a port, so that only a path can follow.
fn has_port(host: &str) -> bool {
    host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok())
}

/// Whether `text` begins with a variable whose value always begins with a slash or a question mark.
fn always_begins_with_path(text: &str) -> bool {
    variable(text).is_some_and(|(name, _)| matches!(name, "request_uri" | "is_args"))
}

/// Whether `text` begins with a variable that contains a path or arguments: one of nginx's, or a capture.
fn begins_with_path(text: &str) -> bool {
    let is_path = |name: &str| matches!(name, "request_uri" | "uri" | "document_uri" | "is_args" | "args");
    variable(text).is_some_and(|(name, _)| is_path(name) || name.parse::<u8>().is_ok())
}

/// The variable at the beginning of `text`, and the rest.
pub(super) fn variable(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('$')?;
    if let Some(braced) = text.strip_prefix('{') {
        return braced.split_once('}');
    }
    let ends = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    (ends > 0).then(|| text.split_at(ends))
}

/// The name, in lower case, of the variable that makes up all of `text`.
pub(super) fn only_variable(text: &str) -> Option<String> {
    variable(text).filter(|(_, rest)| rest.is_empty()).map(|(name, _)| name.to_ascii_lowercase())
}

/// Whether nginx or a request sets a variable, whatever the configuration sets it to.
pub(super) fn is_filled_by_requests(name: &str) -> bool {
    const REQUEST_PREFIXES: [&str; 8] = [
        "arg_",
        "http_",
        "cookie_",
        "sent_http_",
        "sent_trailer_",
        "upstream_cookie_",
        "upstream_http_",
        "upstream_trailer_",
    ];
    // `set` of any other of nginx's own, such as `$upstream_addr`, is refused by nginx.
    matches!(name, "args" | "limit_rate" | "query_string" | "uri" | "document_uri" | "host")
        || REQUEST_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a name can only be that of an `upstream`, not an address or a socket.
pub(super) fn is_group_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
        && !name.eq_ignore_ascii_case("unix")
}

/// Whether an app server, with or without a port, is a name that somebody has to look up, and no address however it is read.
pub(super) fn is_name(server: &str) -> bool {
    let (name, port) = server.split_once(':').unwrap_or((server, "80"));
    is_group_name(name) && port.parse::<u16>().is_ok()
}

/// The name of the upstream group that a directive in `block` declares.
pub(super) fn declared_group<'a>(directive: &'a Directive, block: Option<&Directive>) -> Option<&'a str> {
    let is_real = directive.is("upstream") && directive.block.is_some();
    let in_data = block.is_some_and(|block| is_data(&block.name.text));
    directive.arg(0).filter(|name| is_real && !in_data && is_group_name(name))
}

/// The variable that an entry of `block`, or `directive` itself, sets, and the index of the value among its arguments.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_ends_where_a_path_begins() {
        assert_eq!(mixed_authority("http://app-$name:3000/x"), Some(("http", "app-$name:3000", "/x")));
        assert_eq!(
            mixed_authority("http://$app.internal$request_uri"),
            Some(("http", "$app.internal", "$request_uri"))
        );
        assert_eq!(
            mixed_authority("http://$app:80$rest$is_args"),
            Some(("http", "$app:80", "$rest$is_args"))
        );
        assert_eq!(mixed_authority("http://app:80/$x"), None);
        assert_eq!(mixed_authority("$url"), None);
    }

    #[test]
    fn a_server_may_be_that_of_variables() {
        for (url, parts) in [
            ("http://$app:80/x", Some(("http://", "$app:80", "/x"))),
            ("https://${app}$request_uri", Some(("https://", "${app}", "$request_uri"))),
            ("http://$app-$name.test/", Some(("http://", "$app-$name.test", "/"))),
            ("$url$is_args", Some(("", "$url", "$is_args"))),
            ("$proto://$app:$port/x?a", Some(("", "$proto://$app:$port", "/x?a"))),
            ("$proto://app:80$uri", Some(("", "$proto://app:80", "$uri"))),
            ("http://app/$x", None),
            ("$url$uri", None),
            ("http://api_$1", Some(("http://", "api_$1", ""))),
            ("http://app-$1.svc:80$request_uri", Some(("http://", "app-$1.svc:80", "$request_uri"))),
            ("http://127.0.0.1:$1/$2", Some(("http://", "127.0.0.1:$1", "/$2"))),
            ("http://app$1", None),
        ] {
            assert_eq!(server_by_variables(url), parts, "{url}");
        }
    }

    #[test]
    fn a_url_is_split_into_its_parts() {
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
