//! Locations: how they are chosen, and their share of the rewrite phase.

use std::collections::{BTreeMap, HashMap};

use super::{DirectiveId, Pattern, Settings};
use crate::template::Template;

/// An index into [`super::Http::locations`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LocationId(pub usize);

/// Locations of one level.
#[derive(Debug, Clone, Default)]
pub struct LocationTree {
    /// `location = /uri`.
    pub exact: HashMap<Vec<u8>, LocationId>,
    /// `location /uri` and `location ^~ /uri`, by what the normalised URI must start with, byte for byte.
    pub prefix: BTreeMap<Vec<u8>, PrefixLocation>,
    /// `location ~` and `~*`, in file order.
    pub regex: Vec<(Pattern, LocationId)>,
    /// A URI that lacks only the last slash of a location with a `proxy_pass`, exact or prefix, and that location: the
    /// request is redirected (301) to its name. Looked up after `exact` and a prefix of the same length.
    pub redirect: HashMap<Vec<u8>, LocationId>,
    /// `location @name`, names with the `@`.
    pub named: HashMap<String, LocationId>,
}

/// A prefix location.
#[derive(Debug, Clone)]
pub struct PrefixLocation {
    /// `^~`: when this is the longest match, regexes are not tried.
    pub no_regex: bool,
    /// The location.
    pub id: LocationId,
}

/// A location, an `if` body in one, or a server's own level: its merged settings, its share of the rewrite
/// phase and its content handler.
#[derive(Debug, Clone)]
pub struct Location {
    /// As written after `location` (without the modifier), for logs and `alias`; empty for server level and `if`.
    pub name: String,
    /// How it is chosen.
    pub kind: LocationKind,
    /// The directive that it is the block of, in [`super::Config::outline`].
    pub directive: Option<DirectiveId>,
    /// Rewrite-phase operations in file order.
    pub rewrite: Vec<Op>,
    /// `limit_except`.
    pub limit_except: Option<LimitExcept>,
    /// Nested locations; `None` where there are none.
    pub nested: Option<LocationTree>,
    /// The merged settings.
    pub settings: Settings,
}

/// What makes a location apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum LocationKind {
    ServerLevel,
    Exact,
    Prefix,
    Regex,
    Named,
    If,
    LimitExcept,
}

/// A `limit_except`.
#[derive(Debug, Clone)]
pub struct LimitExcept {
    /// The methods that it is not for, in upper case.
    pub methods: Vec<String>,
    /// What is in the place of the location for the others.
    pub location: LocationId,
}

/// One operation of the rewrite phase (`ngx_http_rewrite_module`).
#[derive(Debug, Clone)]
pub enum Op {
    /// `set $slot value`.
    Set {
        /// Index into [`super::Http::slots`]; beyond them, into [`super::Http::maps`], whose value it takes the place of.
        slot: usize,
        /// The value.
        value: Template,
    },
    /// `set $args value`.
    SetArgs(Template),
    /// `set $limit_rate`.
    SetLimitRate(Template),
    /// `if (condition) { … }`: when true, the body's settings apply from here on and its operations run.
    If {
        /// The condition.
        condition: Condition,
        /// The body.
        then: LocationId,
    },
    /// `rewrite`.
    Rewrite(Rewrite),
    /// `break`: nothing more is rewritten.
    Break,
    /// `return`.
    Return {
        /// The status; 302 where only a URL was given.
        code: u16,
        /// Text, or URL for 301, 302, 303, 307, 308. `None`: the status' own page (or nothing, for 204 and 444).
        text: Option<Template>,
    },
}

/// A `rewrite`.
#[derive(Debug, Clone)]
pub struct Rewrite {
    /// What the URI must match.
    pub pattern: Pattern,
    /// The new URI, or where to redirect to.
    pub uri: Template,
    /// The new arguments, where the replacement has some.
    pub args: Option<Template>,
    /// Whether the arguments of the request follow those: the replacement does not end with `?`.
    pub keeps_args: bool,
    /// 301 or 302 where it is a redirect.
    pub redirect: Option<u16>,
    /// Whether nothing more is rewritten at this level.
    pub is_last: bool,
    /// `break`: no other location is chosen.
    pub stays: bool,
}

/// The condition of an `if`.
#[derive(Debug, Clone)]
pub enum Condition {
    /// A bare variable: false when empty or `0`.
    True(Template),
    /// `=`, or `!=` when negated.
    Equal {
        /// Left-hand side.
        left: Template,
        /// Right-hand side.
        right: Template,
        /// `!=`.
        negated: bool,
    },
    /// `~`, `~*`; `!~`, `!~*` when negated.
    Matches {
        /// What is matched.
        subject: Template,
        /// The expression.
        pattern: Pattern,
        /// `!~`, `!~*`.
        negated: bool,
    },
    /// `-f`, `-d`, `-e`, `-x`; `!-f` and so on when negated.
    File {
        /// What there may be.
        test: FileTest,
        /// Its path.
        path: Template,
        /// `!-f`, `!-d`, `!-e`, `!-x`.
        negated: bool,
    },
}

/// What an `if` asks of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileTest {
    /// `-f`: a file.
    File,
    /// `-d`: a directory.
    Directory,
    /// `-e`: a file or a directory.
    Exists,
    /// `-x`: what its owner may run.
    Executable,
}
