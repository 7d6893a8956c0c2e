//! Regular expressions.

/// A regular expression with its spelling and the slots of its named captures.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// As written in the configuration.
    pub source: String,
    /// Compiled for bytes, as PCRE without its UTF mode: match it on a `[u8]`. `~*` sets the case-insensitive flag.
    pub regex: fancy_regex::Regex,
    /// Named captures: group number and slot.
    pub named: Vec<(usize, usize)>,
}
