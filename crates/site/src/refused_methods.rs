//! The methods that the proxy turns away by an `if`.

use regex::Regex;

use crate::scope::Scope;
use crate::tree::Node;

/// The methods that clients of an API or a page use.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// What is refused from.
const FIRST_ERROR: u16 = 400;

/// The methods that an `if` of this place, or of the server around it, answers with an error.
pub(crate) fn refused_methods(scope: &Scope<'_>) -> Vec<String> {
    let of_server = scope.server();
    let nodes = || scope.own().iter().chain(of_server).filter(|node| refuses(node));
    let is_refused = |method: &&str| nodes().any(|node| holds(node, method));
    METHODS.iter().copied().filter(is_refused).map(str::to_owned).collect()
}

/// Whether it is an `if` that answers with an error.
fn refuses(node: &Node) -> bool {
    let is_error = |answer: &Node| answer.arg(0).parse::<u16>().is_ok_and(|status| status >= FIRST_ERROR);
    node.is("if") && node.inner.iter().find(|inner| inner.is("return")).is_some_and(is_error)
}

/// Whether its condition is about the method alone, and holds of this one.
fn holds(node: &Node, method: &str) -> bool {
    let condition = node.args.join(" ");
    let condition = condition.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(&condition);
    let mut words = condition.trim().splitn(3, ' ');
    let (Some("$request_method"), Some(operator), Some(value)) = (words.next(), words.next(), words.next())
    else {
        return false;
    };
    let matches = |pattern: &str| Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(method));
    match operator {
        "=" => value == method,
        "!=" => value != method,
        "~" => matches(value),
        "~*" => matches(&format!("(?i){value}")),
        "!~" => !matches(value),
        "!~*" => !matches(&format!("(?i){value}")),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::Site;

    fn refused(server: &str, inside: &str) -> String {
        let text = format!(
            "http {{ server {{ {server} location /api/ {{ {inside} proxy_pass http://app:1; }} }} }}"
        );
        let site = Site::read(&text, "nginx.conf", &|_| Vec::new()).unwrap();
        site.servers[0].routes[0].refused_methods.join(" ")
    }

    #[test]
    fn methods_are_refused_by_ifs_that_are_about_them_alone() {
        for (inside, wanted) in [
            ("if ($request_method = PUT) { return 405; }", "PUT"),
            ("if ( $request_method != GET ) { return 444; }", "HEAD POST PUT PATCH DELETE OPTIONS"),
            ("if ($request_method !~ ^(GET|HEAD|POST)$) { return 405; }", "PUT PATCH DELETE OPTIONS"),
            ("if ($request_method ~* (put|delete)) { return 403; }", "PUT DELETE"),
            ("if ($request_method = OPTIONS) { return 204; }", ""),
            ("if ($host = a.test) { return 403; }", ""),
            ("if ($http_x) { return 403; }", ""),
            ("if ($request_method = PUT) { set $a 1; }", ""),
        ] {
            assert_eq!(refused("", inside), wanted, "{inside}");
            assert_eq!(refused(inside, ""), wanted, "{inside}");
        }
    }
}
