//! What nginx says of placeholders that nobody filled in, where hopcheck would otherwise move the address they stand in.

use nginx_conf::syntax::{Directive, parse};

use crate::placeholder::{defined_in, is_environment_name, is_of_nginx, placeholders, shell_defaults};

/// Why nginx does not start with `text`, a filled-in file that is called `name`; `None` if nothing of this kind is wrong.
pub(crate) fn mistake_in(text: &str, name: &str) -> Option<String> {
    let directives = parse(text, name).ok()?;
    let defined = defined_in(text);
    let is_left = |text: &str, has_variables: bool| {
        !shell_defaults(text).is_empty()
            || placeholders(text).iter().any(|found| {
                is_environment_name(found.name, &defined) && !(has_variables && is_of_nginx(found.name))
            })
    };
    let mut unknown = None;
    let mut first = None;
    walk(&directives, None, &mut |directive, block| {
        let Some(word) =
            address_word(directive, block).filter(|word| is_left(&word.raw, has_variables(directive, block)))
        else {
            return;
        };
        let message = match directive.name.text.as_str() {
            "listen" if has_port(&word.text) => {
                format!("invalid port in \"{}\" of the \"listen\" directive", word.text)
            }
            "listen" => format!("host not found in \"{}\" of the \"listen\" directive", word.text),
            "server" if has_port(&word.text) => format!("invalid port in upstream \"{}\"", word.text),
            "server" => format!("host not found in upstream \"{}\"", word.text),
            "resolver" => format!("host not found in resolver \"{}\"", word.text),
            _ => match shell_defaults(&word.text).first() {
                Some(found) => format!("the closing bracket in \"{}\" variable is missing", found.name),
                None => {
                    // nginx looks for these when it has read all.
                    let found = placeholders(&word.text);
                    let name = found.iter().find(|found| is_left(&format!("${}", found.name), true));
                    let name = name.map_or_else(String::new, |found| found.name.to_ascii_lowercase());
                    unknown.get_or_insert((format!("unknown \"{name}\" variable"), directive.line()));
                    return;
                }
            },
        };
        first.get_or_insert((message, directive.line()));
    });
    first.or(unknown).map(|(message, line)| format!("{message} in {name}:{line}"))
}

/// The word of a directive that hopcheck replaces by an address of its own, or refuses if it cannot.
fn address_word<'a>(
    directive: &'a Directive,
    block: Option<&Directive>,
) -> Option<&'a nginx_conf::syntax::Word> {
    let is_data = block.is_some_and(|block| ["map", "geo", "split_clients"].contains(&&block.name.text[..]));
    match directive.name.text.as_str() {
        _ if is_data => directive.args.first(),
        "server" if block.is_some_and(|block| block.is("upstream")) => directive.args.first(),
        "listen" | "proxy_pass" | "resolver" => directive.args.first(),
        "set" => directive.args.get(1),
        _ => None,
    }
}

/// Whether nginx puts variables into the word.
fn has_variables(directive: &Directive, block: Option<&Directive>) -> bool {
    let is_server = directive.is("server") && block.is_some_and(|block| block.is("upstream"));
    !is_server && !directive.is("listen") && !directive.is("resolver")
}

/// Whether something follows the last colon.
fn has_port(address: &str) -> bool {
    address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_err())
}

fn walk(
    directives: &[Directive],
    block: Option<&Directive>,
    found: &mut dyn FnMut(&Directive, Option<&Directive>),
) {
    for directive in directives {
        found(directive, block);
        walk(directive.inner(), Some(directive), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As nginx 1.22.1 says it, save that it names no place for an unknown variable.
    #[test]
    fn nginx_is_quoted() {
        for (text, wanted) in [
            (
                "listen ${PORT:-8080};",
                Some("invalid port in \"${PORT:-8080}\" of the \"listen\" directive in f:1"),
            ),
            ("listen $PORT;", Some("host not found in \"$PORT\" of the \"listen\" directive in f:1")),
            (
                "listen ${HOST}:80;",
                Some("host not found in \"${HOST}:80\" of the \"listen\" directive in f:1"),
            ),
            ("upstream a { server ${APP}; }", Some("host not found in upstream \"${APP}\" in f:1")),
            ("upstream a {\n server app:${PORT}; }", Some("invalid port in upstream \"app:${PORT}\" in f:2")),
            (
                "proxy_pass ${API:-http://a};",
                Some("the closing bracket in \"API\" variable is missing in f:1"),
            ),
            ("proxy_pass ${API_URL};", Some("unknown \"api_url\" variable in f:1")),
            (
                "set $a ${B};\nlisten ${C};",
                Some("host not found in \"${C}\" of the \"listen\" directive in f:2"),
            ),
            ("map $host $a { default ${B}; }", Some("unknown \"b\" variable in f:1")),
            (
                "resolver ${NGINX_LOCAL_RESOLVERS};",
                Some("host not found in resolver \"${NGINX_LOCAL_RESOLVERS}\" in f:1"),
            ),
            ("server_name ${NAME}; location ${PREFIX} { }", None),
            ("proxy_pass http://$host; listen 80;", None),
            ("set $API a; proxy_pass http://$API;", None),
            ("proxy_pass http://$SERVER_NAME;", None),
        ] {
            assert_eq!(mistake_in(text, "f").as_deref(), wanted, "{text}");
        }
    }
}
