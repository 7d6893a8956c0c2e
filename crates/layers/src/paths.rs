//! The paths that a file of Rust names, found in its tokens.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A path as it is written, with how far up from the file's module it starts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Path {
    /// `None` for `crate::`, else how many modules up: 0 for `self::` and for a child's name.
    up: Option<usize>,
    segments: Vec<String>,
}

impl Path {
    /// The path from the crate's root, when `module` names it.
    pub(crate) fn absolute(&self, module: &str) -> Vec<String> {
        let mut path: Vec<String> = match self.up {
            None => Vec::new(),
            Some(up) => {
                let all: Vec<&str> = module.split("::").filter(|name| !name.is_empty()).collect();
                all[..all.len().saturating_sub(up)].iter().map(|name| (*name).to_owned()).collect()
            }
        };
        path.extend(self.segments.iter().cloned());
        path
    }
}

/// What a file names.
#[derive(Debug, Default)]
pub(crate) struct Scanned {
    /// The paths in its code, without those that it only passes on.
    pub(crate) uses: Vec<Path>,
    /// The names that it passes on (`pub use`), with where they come from.
    pub(crate) passed_on: BTreeMap<String, Path>,
}

/// `parent::name`, or `name` below the root.
pub(crate) fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}::{name}") }
}

/// Finds the paths of a file.
pub(crate) fn scan(tokens: TokenStream) -> Scanned {
    let mut scanned = Scanned::default();
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let children = declared(&tokens);
    walk(&tokens, 0, &children, &mut scanned);
    scanned
}

/// The names of the modules declared at this level.
fn declared(tokens: &[TokenTree]) -> BTreeSet<String> {
    let pairs = tokens.windows(2).filter(|pair| is_word(&pair[0], "mod"));
    pairs.map(|pair| pair[1].to_string()).collect()
}

fn walk(tokens: &[TokenTree], nested: usize, children: &BTreeSet<String>, scanned: &mut Scanned) {
    let mut at = 0;
    while at < tokens.len() {
        if is_test_attribute(&tokens[at..]) {
            at += 2 + item_length(&tokens[at + 2..]);
            continue;
        }
        match &tokens[at] {
            TokenTree::Group(group) => {
                let within = is_inline_module(&tokens[..at], group.delimiter());
                let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
                walk(&tokens, nested + usize::from(within), children, scanned);
            }
            TokenTree::Ident(word) if *word == "use" => {
                let end = at + item_length(&tokens[at..]);
                let public = is_public(&tokens[..at]);
                for (name, path) in use_tree(&tokens[at + 1..end - 1], &[], nested, children) {
                    if public && nested == 0 {
                        scanned.passed_on.insert(name, path);
                    } else {
                        scanned.uses.push(path);
                    }
                }
                at = end;
                continue;
            }
            TokenTree::Ident(_) if starts_path(&tokens[..at]) => {
                let segments = segments(&tokens[at..]);
                if segments.len() > 1 {
                    scanned.uses.extend(rooted(&segments, nested, children));
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// The names that a `use` brings in, with their paths. Paths into other crates are left out.
fn use_tree(
    tokens: &[TokenTree],
    prefix: &[String],
    nested: usize,
    children: &BTreeSet<String>,
) -> Vec<(String, Path)> {
    let mut found = Vec::new();
    for branch in tokens.split(|token| is_punct(token, ',')).filter(|branch| !branch.is_empty()) {
        let mut path = prefix.to_vec();
        path.extend(segments(branch));
        match branch.last() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                found.extend(use_tree(&inner, &path, nested, children));
            }
            Some(last) => {
                let name = last.to_string();
                let named_self = path.last().is_some_and(|last| last == "self") && path.len() > 1;
                path.truncate(path.len() - usize::from(named_self));
                found.extend(rooted(&path, nested, children).map(|path| (name.clone(), path)));
            }
            None => {}
        }
    }
    found
}

/// A path of this crate; `None` for one that begins with another crate's name.
fn rooted(segments: &[String], nested: usize, children: &BTreeSet<String>) -> Option<Path> {
    let first = segments.first()?;
    let supers = segments.iter().take_while(|segment| *segment == "super").count();
    let (up, skip) = match first.as_str() {
        "crate" => (None, 1),
        "self" => (Some(0), 1),
        "super" if supers < nested => return None, // stays within the file
        "super" => (Some(supers - nested), supers),
        child if children.contains(child) => (Some(0), 0),
        _ => return None,
    };
    Some(Path { up, segments: segments[skip..].to_vec() })
}

/// The segments of the path at the start of `tokens`.
fn segments(tokens: &[TokenTree]) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(TokenTree::Ident(word)) = tokens.get(at) {
        found.push(word.to_string());
        if !(tokens.get(at + 1).is_some_and(|token| is_punct(token, ':'))
            && tokens.get(at + 2).is_some_and(|token| is_punct(token, ':')))
        {
            break;
        }
        at += 3;
    }
    found
}

/// Whether what follows `before` can begin a path: it is no later segment and no field.
fn starts_path(before: &[TokenTree]) -> bool {
    !matches!(before, [.., a, b] if is_punct(a, ':') && is_punct(b, ':'))
        && !before.last().is_some_and(|last| is_punct(last, '.'))
}

/// Whether the item that begins after `before` is visible outside its module. What is visible to the parent alone is
/// still passed on to it.
fn is_public(before: &[TokenTree]) -> bool {
    match before {
        [.., word, TokenTree::Group(group)] if group.delimiter() == Delimiter::Parenthesis => {
            is_word(word, "pub")
        }
        [.., word] => is_word(word, "pub"),
        [] => false,
    }
}

fn is_inline_module(before: &[TokenTree], delimiter: Delimiter) -> bool {
    delimiter == Delimiter::Brace && matches!(before, [.., word, TokenTree::Ident(_)] if is_word(word, "mod"))
}

fn is_test_attribute(tokens: &[TokenTree]) -> bool {
    match tokens {
        [hash, TokenTree::Group(group), ..] => {
            is_punct(hash, '#') && group.stream().to_string().replace(' ', "").starts_with("cfg(test")
        }
        _ => false,
    }
}

/// How many tokens the item at the start of `tokens` has, its `;` or block included. A `use` ends at its `;` alone.
fn item_length(tokens: &[TokenTree]) -> usize {
    let is_use = tokens.iter().take_while(|token| !is_punct(token, ';')).any(|token| is_word(token, "use"))
        && !tokens
            .iter()
            .take_while(|token| !is_punct(token, ';'))
            .any(|token| is_word(token, "mod") || is_word(token, "fn"));
    let ends = |token: &TokenTree| {
        is_punct(token, ';')
            || !is_use && matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
    };
    tokens.iter().position(ends).map_or(tokens.len(), |end| end + 1)
}

fn is_punct(token: &TokenTree, char: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == char)
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if *ident == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan_text(text: &str) -> (Vec<String>, Vec<String>) {
        let scanned = scan(text.parse().unwrap());
        let absolute = |path: &Path| path.absolute("a::b").join("::");
        let passed_on = scanned.passed_on.iter().map(|(name, path)| format!("{name} = {}", absolute(path)));
        (scanned.uses.iter().map(absolute).collect(), passed_on.collect())
    }

    #[test]
    fn finds_the_paths_of_use_trees_and_of_expressions() {
        let (uses, _) = scan_text(
            "use std::io; use crate::x::{self, Y, z::{W as V, U}}; fn f() { g(super::c::D::new()); self.h(); self::k() }",
        );
        assert_eq!(uses, ["x", "x::Y", "x::z::W", "x::z::U", "a::c::D::new", "a::b::k"]);
    }

    #[test]
    fn knows_children_and_what_is_passed_on() {
        let (uses, passed_on) =
            scan_text("mod child; pub(crate) use child::{A, B as C}; use child::d; fn f() { child::e() }");
        assert_eq!(uses, ["a::b::child::d", "a::b::child::e"]);
        assert_eq!(passed_on, ["A = a::b::child::A", "C = a::b::child::B"]);
    }

    #[test]
    fn looks_into_macros_and_leaves_out_tests() {
        let (uses, _) = scan_text(
            r#"fn f() { println!("{}", crate::x::Y) } #[cfg(test)] mod tests { use crate::t; } #[cfg(test)] use crate::u; fn g() { crate::v() }"#,
        );
        assert_eq!(uses, ["x::Y", "v"]);
    }
}
