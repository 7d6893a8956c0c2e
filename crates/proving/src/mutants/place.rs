//! Where in a configuration a fault belongs, independent of its file.

use serde::{Deserialize, Serialize};

use super::tree::Tree;

/// The block of an edit, identified by its content, so that it is found in a user's file too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Any block, and the main context.
    #[default]
    Anywhere,
    /// Outside any block.
    Main,
    /// `events`.
    Events,
    /// `http`.
    Http,
    /// `upstream`.
    Upstream,
    /// `server` of `http`.
    Server,
    /// `location` with `try_files`: the front end.
    Page,
    /// `location` with `proxy_pass` that does not send Upgrade.
    Api,
    /// `location` with `proxy_pass` that sends Upgrade itself.
    Socket,
    /// `location` with `proxy_pass`.
    Proxied,
    /// `if` on the method in a `location` with `proxy_pass`.
    Preflight,
    /// That `if` where Upgrade is not sent.
    ApiPreflight,
    /// That `if` where Upgrade is sent.
    SocketPreflight,
}

impl Place {
    /// Whether the block of node `nth`, or the main context for `None`, is this place.
    pub(super) fn is(self, tree: &Tree<'_>, nth: Option<usize>) -> bool {
        let named = |name: &str| nth.is_some_and(|nth| tree.nodes[nth].directive.is(name));
        let parent = nth.and_then(|nth| tree.nodes[nth].parent);
        match self {
            Place::Anywhere => true,
            Place::Main => nth.is_none(),
            Place::Events => named("events"),
            Place::Http => named("http"),
            Place::Upstream => named("upstream"),
            Place::Server => {
                named("server") && nth.is_some_and(|nth| tree.nodes[nth].directive.block.is_some())
            }
            Place::Page => named("location") && tree.has(nth, "try_files"),
            Place::Proxied => named("location") && tree.has(nth, "proxy_pass"),
            Place::Socket => Place::Proxied.is(tree, nth) && tree.has(nth, "proxy_set_header Upgrade"),
            Place::Api => Place::Proxied.is(tree, nth) && !tree.has(nth, "proxy_set_header Upgrade"),
            Place::Preflight => asks_for_method(tree, nth) && Place::Proxied.is(tree, parent),
            Place::ApiPreflight => asks_for_method(tree, nth) && Place::Api.is(tree, parent),
            Place::SocketPreflight => asks_for_method(tree, nth) && Place::Socket.is(tree, parent),
        }
    }
}

fn asks_for_method(tree: &Tree<'_>, nth: Option<usize>) -> bool {
    nth.is_some_and(|nth| {
        let directive = tree.nodes[nth].directive;
        directive.is("if") && directive.args.iter().any(|argument| argument.raw.contains("request_method"))
    })
}
