//! Captures of regular expressions, which match bytes, not characters.

use std::ops::Range;

use nginx_conf::model::Pattern;

/// The captures of the last match (`$1` to `$9`).
#[derive(Debug, Clone, Default)]
pub(crate) struct Captures {
    subject: Vec<u8>,
    groups: Vec<Option<Range<usize>>>,
}

impl Captures {
    /// The text of a group.
    pub(crate) fn get(&self, group: usize) -> Option<&[u8]> {
        let range = self.groups.get(group)?.clone()?;
        self.subject.get(range)
    }
}

/// Matches and captures. An expression that fails (too much backtracking) counts as not matching.
pub(crate) fn capture(pattern: &Pattern, subject: &[u8]) -> Option<Captures> {
    let found = pattern.regex.captures(subject).ok().flatten()?;
    let groups = found.iter().map(|group| group.map(|group| group.start()..group.end())).collect();
    Some(Captures { subject: subject.to_vec(), groups })
}
