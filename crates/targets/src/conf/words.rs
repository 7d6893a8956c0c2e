//! What words of a configuration are: addresses, options, patterns, paths.

/// The parameters of `resolver` besides addresses.
pub(super) fn is_resolver_option(word: &str) -> bool {
    ["valid=", "ipv4=", "ipv6=", "status_zone="].iter().any(|option| word.starts_with(option))
}

/// Whether a word is an address or a network, not a name.
pub(super) fn is_network(word: &str) -> bool {
    let address = word.split_once('/').map_or(word, |(address, _)| address);
    word == "unix:" || address.parse::<std::net::IpAddr>().is_ok()
}

/// Whether a name is not a directive of nginx, but resembles one.
pub(super) fn is_misspelt(name: &str) -> bool {
    !nginx_conf::is_known(name) && nginx_conf::resembles_directive(name)
}

/// Directives that this check handles itself.
pub(super) fn is_ours_to_know(name: &str) -> bool {
    matches!(name, "resolver" | "set_real_ip_from")
}

/// The named groups of a pattern: `(?<name>…)`, `(?P<name>…)`, `(?'name'…)`.
pub(super) fn named_groups(pattern: &str) -> impl Iterator<Item = &str> {
    pattern.split("(?").skip(1).filter_map(|group| {
        let group = group.strip_prefix('P').unwrap_or(group);
        let name = group.strip_prefix(['<', '\''])?;
        name.split(['>', '\'']).next()
    })
}

/// Whether a path contains `..`, or could once its variables have values, such as a dot or nothing next to dots.
pub(super) fn climbs(path: &str) -> bool {
    let is_dots = |part: &str| !part.is_empty() && part.chars().all(|c| c == '.');
    path.split('/').any(|part| match part.split_once('$') {
        None => part == "..",
        Some(_) => {
            let mut literal = String::new();
            let mut rest = part;
            while let Some((before, variable)) = rest.split_once('$') {
                literal += before;
                let variable = variable.trim_start_matches('{');
                let ends =
                    variable.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(variable.len());
                rest = variable[ends..].trim_start_matches('}');
            }
            literal += rest;
            is_dots(&literal)
        }
    })
}

/// `value` as a word of a configuration, quoted if necessary.
pub(super) fn quoted(value: &str) -> String {
    let is_plain =
        !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || "\"'\\;{}#".contains(c));
    match is_plain || value.contains("${") && !value.contains([' ', ';', '"', '\'']) {
        true => value.to_owned(),
        false => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}
