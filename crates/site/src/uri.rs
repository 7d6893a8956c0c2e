//! How the path of a request is handed on to app servers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scope::Scope;

/// How the path of a request, its URI, is handed on to app servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Uri {
    /// As the client sent it.
    Kept,
    /// With what `proxy_pass` has after the host in place of the location's name.
    Replaced,
    /// By `rewrite`, or as variables have it.
    Rewritten,
}

impl Uri {
    /// Its name, as profiles have it.
    pub fn name(self) -> &'static str {
        match self {
            Uri::Kept => "kept",
            Uri::Replaced => "replaced",
            Uri::Rewritten => "rewritten",
        }
    }
}

/// How a location called `name` hands on paths by `proxy_pass to`; `None` where only a run can tell.
pub(crate) fn handed_on(to: &str, name: &str, scope: &Scope<'_>) -> Option<Uri> {
    let of_ifs = scope.own().iter().filter(|node| node.is("if")).flat_map(|node| &node.inner);
    // One that ends in a redirect, or in another location, hands nothing on here.
    let stays = |flag: &str| !matches!(flag, "last" | "redirect" | "permanent");
    if scope.own().iter().chain(of_ifs).any(|node| node.is("rewrite") && stays(node.arg(2))) {
        return Some(Uri::Rewritten);
    }
    let rest = to.split_once("://").map_or(to, |(_, rest)| rest);
    let Some(begins) = rest.find('/') else {
        // `http://app$request_uri`; of `$app` nobody knows whether there is a path in it.
        return match rest.strip_suffix("$request_uri") {
            Some(_) => Some(Uri::Kept),
            None if !to.contains("://") => None,
            None if rest.trim_start_matches('$').contains('$') => None,
            None => Some(Uri::Kept),
        };
    };
    let path = &rest[begins..];
    Some(match path.contains('$') {
        true => Uri::Rewritten,
        false if path == name => Uri::Kept,
        false => Uri::Replaced,
    })
}

/// Whether `proxy_pass to` takes the name of a location away, and hands on what is behind it as if that were at `/`.
pub(crate) fn strips_prefix(to: &str, name: &str) -> bool {
    let path = to.split_once("://").and_then(|(_, rest)| Some(&rest[rest.find('/')?..]));
    path == Some("/") && name.len() > 1 && name.starts_with('/') && name.ends_with('/')
}

#[cfg(test)]
mod tests {
    use crate::Site;
    use crate::Uri::{self, Kept, Replaced, Rewritten};

    fn of(inside: &str) -> Option<Uri> {
        let text = format!("http {{ server {{ location /api/ {{ {inside} }} }} }}");
        Site::read(&text, "nginx.conf", &|_| Vec::new()).unwrap().servers[0].routes[0].uri
    }

    #[test]
    fn a_uri_behind_the_host_replaces_the_location_s_name() {
        for (inside, uri) in [
            ("proxy_pass http://app;", Some(Kept)),
            ("proxy_pass http://app/;", Some(Replaced)),
            ("proxy_pass http://app/v2/;", Some(Replaced)),
            ("proxy_pass http://app/api/;", Some(Kept)),
            ("proxy_pass http://$app;", Some(Kept)),
            ("proxy_pass http://app$request_uri;", Some(Kept)),
            ("proxy_pass http://app/$1;", Some(Rewritten)),
            ("proxy_pass $app;", None),
            ("proxy_pass http://app$uri;", None),
            ("rewrite ^/api/(.*) /$1 break; proxy_pass http://app;", Some(Rewritten)),
            ("rewrite ^/api/old /api/new permanent; proxy_pass http://app;", Some(Kept)),
            ("return 404;", None),
        ] {
            assert_eq!(of(inside), uri, "{inside}");
        }
    }
}
