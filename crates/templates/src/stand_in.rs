//! What a name without a value becomes. Mock app servers stand behind every address, so any name will do for one; a port to
//! listen on, a size, a path or a time must be given.

use nginx_conf::syntax::{Directive, Word};

use crate::interpolation::name_length;

/// Where a placeholder stands.
#[derive(Debug)]
pub(crate) struct Context<'t> {
    pub(crate) directive: &'t Directive,
    /// The block around it.
    pub(crate) block: Option<&'t Directive>,
    /// Which argument; `None` for the directive's name.
    pub(crate) argument: Option<usize>,
    /// What stands before the placeholder in its word, as written.
    pub(crate) before: &'t str,
    /// What stands after it.
    pub(crate) after: &'t str,
}

impl<'t> Context<'t> {
    /// Where what begins at `at` and is `length` bytes long stands in `directives`; `None` in a comment.
    pub(crate) fn of(directives: &'t [Directive], at: usize, length: usize) -> Option<Context<'t>> {
        let (mut inner, mut block): (_, Option<&Directive>) = (directives, None);
        loop {
            // They stand one after the other.
            let next = inner.partition_point(|directive| directive.span.end <= at);
            let directive = inner.get(next).filter(|directive| directive.span.contains(&at))?;
            let words = std::iter::once(&directive.name).chain(&directive.args);
            if let Some((nth, word)) = words.enumerate().find(|(_, word)| word.span.contains(&at)) {
                let (before, after) = around(word, at, length)?;
                return Some(Context { directive, block, argument: nth.checked_sub(1), before, after });
            }
            (inner, block) = (directive.inner(), Some(directive));
        }
    }

    /// Whether the placeholder is the whole word.
    pub(crate) fn is_whole(&self) -> bool {
        [self.before, self.after].iter().all(|text| text.trim_matches(['"', '\'']).is_empty())
    }
}

fn around(word: &Word, at: usize, length: usize) -> Option<(&str, &str)> {
    let start = at - word.span.start;
    Some((word.raw.get(..start)?, word.raw.get(start + length..)?))
}

/// Directives whose values are text for people and programs, in which anything may stand.
const TEXTS: [&str; 10] = [
    "add_header",
    "proxy_set_header",
    "more_set_headers",
    "return",
    "sub_filter",
    "auth_basic",
    "proxy_cookie_domain",
    "proxy_ssl_name",
    "valid_referers",
    "log_format",
];

/// Directives whose file need not be there.
const MADE_FILES: [&str; 6] = [
    "ssl_certificate",
    "ssl_certificate_key",
    "ssl_trusted_certificate",
    "ssl_dhparam",
    "access_log",
    "error_log",
];

/// What stands in for the value of `name`. `None`: it must be given.
pub(crate) fn stand_in(name: &str, context: &Context<'_>, text: &str) -> Option<String> {
    let directive = context.directive.name.text.as_str();
    let argument = context.argument?;
    let host = name.to_ascii_lowercase().trim_matches('_').replace('_', "-");
    let before = context.before.trim_start_matches(['"', '\'']);
    let data = context.block.filter(|block| ["map", "geo", "split_clients"].contains(&&block.name.text[..]));
    match directive {
        "proxy_pass" | "grpc_pass" | "fastcgi_pass" | "uwsgi_pass" if argument == 0 => {
            let needs_scheme = directive == "proxy_pass" && !context.after.starts_with("://");
            address(&host, before, context.after, needs_scheme)
        }
        "server" if context.block.is_some_and(|block| block.is("upstream")) && argument == 0 => {
            address(&host, before, context.after, false)
        }
        "set" if argument == 1 => {
            let variable = context.directive.arg(0).unwrap_or_default();
            value(&host, context, before, variable, text)
        }
        _ if data.is_some() => {
            let variable = data.and_then(|data| data.args.last()).map_or("", |word| &word.text);
            value(&host, context, before, variable, text)
        }
        "server_name" => Some(host),
        "resolver" => Some("127.0.0.11".to_owned()),
        // `return 404` has a status, and `proxy_set_header NAME` a name.
        "return" if argument == 0 && !before.contains("://") && before.is_empty() => None,
        name if TEXTS.contains(&name) => Some(host),
        name if MADE_FILES.contains(&name) && argument == 0 => Some(host),
        _ => None,
    }
}

/// A part of an address: the whole with its scheme, a host, a port.
fn address(host: &str, before: &str, after: &str, needs_scheme: bool) -> Option<String> {
    let (scheme, authority) = before.split_once("://").unwrap_or(("", before));
    if after.starts_with("://") && before.is_empty() {
        return Some("http".to_owned());
    }
    match (authority, before) {
        // A path follows the host.
        (authority, _) if authority.contains('/') => None,
        (_, "") if needs_scheme => Some(format!("http://{host}")),
        (authority, _) if authority.ends_with(':') => Some("80".to_owned()),
        ("", _) if !scheme.is_empty() => Some(host.to_owned()),
        // A variable of nginx before it may be anything.
        (authority, _) if authority.ends_with('}') && !authority.ends_with("-}") => None,
        _ => Some(host.to_owned()),
    }
}

/// The value of a variable of nginx's, which may become an address.
fn value(host: &str, context: &Context<'_>, before: &str, variable: &str, text: &str) -> Option<String> {
    let name = variable.trim_start_matches(['$', '{']);
    let name = &name[..name_length(name)];
    let is_url = text.contains(&format!("_pass ${name}")) || text.contains(&format!("_pass ${{{name}}}"));
    let needs_scheme = !name.is_empty() && is_url && !context.after.starts_with("://");
    address(host, before, context.after, needs_scheme)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::placeholder::placeholders;

    #[test]
    fn addresses_and_texts_get_a_stand_in_and_nothing_else_does() {
        for (text, wanted) in [
            ("proxy_pass ${API_URL};", Some("http://api-url")),
            ("proxy_pass ${API_URL}/v1/;", Some("http://api-url")),
            ("proxy_pass http://${API}/;", Some("api")),
            ("proxy_pass http://api:${PORT}/;", Some("80")),
            ("proxy_pass ${SCHEME}://api;", Some("http")),
            ("proxy_pass http://api/${PREFIX}/;", None),
            ("proxy_pass http://api.${DOMAIN}:80;", Some("domain")),
            ("upstream a { server ${APP}; }", Some("app")),
            ("upstream a { server app:${PORT}; }", Some("80")),
            ("upstream a { server app max_fails=${N}; }", None),
            ("set $api ${API};", Some("api")),
            ("set $api \"${API}\"; proxy_pass $api;", Some("http://api")),
            ("map $host $api { default ${API}; } location / { proxy_pass http://$api; }", Some("api")),
            ("server_name ${NAME} www;", Some("name")),
            ("add_header X \"v${VERSION}\";", Some("version")),
            ("return 301 https://${DOMAIN}$request_uri;", Some("domain")),
            ("return ${STATUS};", None),
            ("listen ${PORT};", None),
            ("client_max_body_size ${MAX}m;", None),
            ("location ${PREFIX} { }", None),
            ("root ${ROOT};", None),
            ("ssl_certificate /etc/ssl/${DOMAIN}.pem;", Some("domain")),
            ("include ${FILE};", None),
            ("${DIRECTIVE} on;", None),
        ] {
            let directives = nginx_conf::syntax::parse(text, "t").unwrap();
            let found = placeholders(text).into_iter().find(|found| found.name.to_uppercase() == found.name);
            let found = found.unwrap();
            let context = Context::of(&directives, found.range.start, found.range.len()).unwrap();
            assert_eq!(stand_in(found.name, &context, text).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn a_comment_is_nowhere() {
        let text = "# ${A}\nserver { # $B\n listen 80; }";
        let directives = nginx_conf::syntax::parse(text, "t").unwrap();
        for found in placeholders(text) {
            assert!(Context::of(&directives, found.range.start, found.range.len()).is_none());
        }
    }
}
