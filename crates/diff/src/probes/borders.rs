//! The paths at the borders of a location.

use hopcheck_site::Node;

use crate::pattern;

/// A directory without an index.
const BARE: &str = "/bare";

/// A directory with the index that its name ends with.
const WITH_INDEX: &str = "/with-";

/// A path to which `try_files` adds something.
pub(crate) const NAMED: &str = "/named";

/// How many texts are made of one pattern.
const SAMPLES: usize = 3;

/// Paths of one location.
#[derive(Debug, Default)]
pub(super) struct Borders {
    /// One that is well inside.
    pub(super) main: Option<String>,
    /// Those around the border.
    pub(super) others: Vec<String>,
    /// How paths end that a pattern takes wherever they begin.
    pub(super) end: Option<String>,
}

/// The paths of a location; `known` is one of it that is known from elsewhere.
pub(super) fn of(node: &Node, known: Option<&str>, seed: u64) -> Borders {
    let (modifier, name) = match node.args.as_slice() {
        [modifier, name] => (modifier.as_str(), name.as_str()),
        [name] => ("", name.as_str()),
        _ => return Borders::default(),
    };
    match modifier {
        _ if name.starts_with('@') => Borders::default(),
        "~" | "~*" => of_pattern(name, known, seed),
        "=" => Borders { main: is_path(name).then(|| name.to_owned()), others: around(name), end: None },
        _ => of_prefix(name),
    }
}

fn of_prefix(name: &str) -> Borders {
    let inside = if name.ends_with('/') { format!("{name}item") } else { format!("{name}/item") };
    let mut others = around(name);
    others.push(inside.clone());
    let folder = name.trim_end_matches('/');
    others.extend(
        ["app.js", "missing.js", "image.png", "page.html", "a/b/c", ".hidden"]
            .map(|file| format!("{folder}/{file}")),
    );
    others.retain(|path| is_path(path));
    // At its own name a front end shows its page; what is behind a longer one is below it.
    let main = if name == "/" { name.to_owned() } else { inside };
    Borders { main: is_path(name).then_some(main), others, end: None }
}

/// A name, one letter less and more, with and without its slash, twice, encoded and in upper case.
fn around(name: &str) -> Vec<String> {
    let mut paths =
        vec![name.to_owned(), format!("{name}x"), format!("{name}?a=1&b=%20"), format!("/{name}")];
    let shorter = |text: &str| text.char_indices().last().map(|(end, _)| text[..end].to_owned());
    paths.extend(shorter(name).filter(|path| path.len() > 1));
    match name.strip_suffix('/') {
        Some("") => {}
        Some(bare) => paths.extend([bare.to_owned(), format!("{bare}//item"), format!("{bare}x/item")]),
        None => paths.extend([format!("{name}/"), format!("{name}//item")]),
    }
    if let Some((at, letter)) = name.char_indices().find(|(_, letter)| letter.is_ascii_alphanumeric()) {
        paths.push(format!("{}%{:02x}{}", &name[..at], letter as u32, &name[at + 1..]));
        paths.push(format!("{name}%2e%2e/"));
        paths.push(format!("{}../app.js", name.trim_end_matches('/')));
        paths.push(format!("{name}a%0d%0ab"));
        paths.push(name.to_ascii_uppercase());
    }
    if name.len() > 1 {
        paths.push(format!("/x/..{name}"));
    }
    paths.retain(|path| is_path(path));
    paths
}

fn of_pattern(pattern: &str, known: Option<&str>, seed: u64) -> Borders {
    let (matching, others) = pattern::samples(pattern, SAMPLES, seed);
    let as_path = |text: &String| match text.starts_with('/') {
        true => text.clone(),
        false if pattern.starts_with('^') => format!("/{text}"),
        false => format!("/x{text}"),
    };
    let known = known.filter(|path| is_path(path)).map(str::to_owned);
    let mut paths: Vec<String> = matching.iter().map(as_path).filter(|path| is_path(path)).collect();
    let main = known.clone().or_else(|| paths.first().cloned());
    paths.extend(others.iter().map(as_path));
    for path in known.iter().chain(matching.first().map(as_path).as_ref()) {
        paths.extend([
            path.to_ascii_uppercase(),
            format!("{path}x"),
            format!("{path}/"),
            format!("{path}.js"),
            format!("/a{path}"),
        ]);
    }
    paths.extend(literal_prefix(pattern).map(around).unwrap_or_default());
    paths.extend(known);
    paths.retain(|path| is_path(path));
    let end = matching.first().filter(|text| !pattern.starts_with('^') && !text.is_empty()).cloned();
    Borders { main, others: paths, end }
}

/// The directory that everything is in which a pattern takes: `/api/` of `^/api/v[0-9]`.
fn literal_prefix(pattern: &str) -> Option<&str> {
    let path = pattern.strip_prefix('^')?;
    let end = path.find(|letter: char| !letter.is_ascii_alphanumeric() && !"/-_".contains(letter));
    let plain = path.get(..end.unwrap_or(path.len()))?;
    plain.get(..=plain.rfind('/')?).filter(|prefix| prefix.len() > 1)
}

/// Paths of files and directories below a location that serves such: a directory with each index, one with none, and a name to
/// which `try_files` may add something.
pub(super) fn of_files(name: &str, indexes: &[&str]) -> Vec<String> {
    let folder = name.trim_end_matches('/');
    let bare = [format!("{folder}{BARE}"), format!("{folder}{BARE}/"), format!("{folder}{NAMED}")];
    let with_index = indexes.iter().map(|index| format!("{folder}{WITH_INDEX}{index}/"));
    bare.into_iter().chain(with_index).filter(|path| is_path(path)).collect()
}

/// The file that a directory of [`of_files`] holds.
pub(crate) fn content_of(path: &str) -> Option<String> {
    let directory = path.strip_suffix('/')?;
    if directory.ends_with(BARE) {
        return Some(format!("{path}item.txt"));
    }
    let (_, index) = directory.rsplit_once(WITH_INDEX)?;
    Some(format!("{path}{index}"))
}

/// Paths that a server's `rewrite`s are about.
pub(super) fn rewritten(node: &Node, seed: u64) -> Vec<String> {
    let mut paths = Vec::new();
    for inner in &node.inner {
        if inner.is("rewrite") {
            let found = of_pattern(inner.arg(0), None, seed);
            paths.extend(found.main.into_iter().chain(found.others));
        }
        if inner.is_block {
            paths.extend(rewritten(inner, seed));
        }
    }
    paths
}

/// Whether a path can be sent as it is.
fn is_path(path: &str) -> bool {
    const MAX_PATH: usize = 1_000;
    path.starts_with('/') && path.len() <= MAX_PATH && path.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether app servers may be asked for what comes to a location.
pub(super) fn may_lead_to_apps(location: &Node, server: &Node) -> bool {
    let leads_on =
        |node: &Node| matches!(node.name.as_str(), "try_files" | "error_page" | "rewrite" | "auth_request");
    has(location, &|node| node.is("proxy_pass"))
        || has(location, &leads_on) && has(server, &|node| node.is("proxy_pass"))
}

fn has(node: &Node, is: &dyn Fn(&Node) -> bool) -> bool {
    node.inner.iter().any(|inner| is(inner) || has(inner, is))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_asked_for_around_its_border() {
        let tree = hopcheck_site::tree::expand("location /api/ { }", "x", &|_| Vec::new()).unwrap();
        let found = of(&tree[0], None, 1);
        assert_eq!(found.main.as_deref(), Some("/api/item"));
        for path in ["/api", "/api/", "/api/x", "//api/", "/API/", "/%61pi/", "/apix/item", "/api//item"] {
            assert!(found.others.iter().any(|other| other == path), "{path} is not among {:?}", found.others);
        }
    }
}
