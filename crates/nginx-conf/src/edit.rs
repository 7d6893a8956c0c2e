//! Edits to a text by byte range. Everything else stays as it is, so that messages about the rewritten text also hold for
//! the original.

use std::ops::Range;

/// Replacements to be made in one text.
#[derive(Debug, Default)]
pub struct Edits {
    edits: Vec<(Range<usize>, String)>,
}

impl Edits {
    /// Puts `text` in place of `range`.
    pub fn replace(&mut self, range: Range<usize>, text: impl Into<String>) {
        self.edits.push((range, text.into()));
    }

    /// Puts `text` at `offset`.
    pub fn insert(&mut self, offset: usize, text: impl Into<String>) {
        self.replace(offset..offset, text);
    }

    /// Blanks `range`, keeping its line breaks.
    pub fn blank(&mut self, source: &str, range: Range<usize>) {
        let kept = source[range.clone()].chars().filter(|c| *c == '\n').collect::<String>();
        self.replace(range, kept);
    }

    /// The text with every replacement made. Those that begin at one place keep the order they were given in.
    pub fn apply(mut self, source: &str) -> String {
        self.edits.sort_by_key(|(range, _)| range.start);
        let mut out = String::with_capacity(source.len() + 256);
        let mut done = 0;
        for (range, text) in &self.edits {
            if range.start < done {
                continue; // inside something that was replaced as a whole
            }
            out.push_str(&source[done..range.start]);
            out.push_str(text);
            done = range.end;
        }
        out.push_str(&source[done..]);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_where_they_were() {
        let source = "user\n  nginx;\nlisten 80;\n";
        let mut edits = Edits::default();
        edits.replace(14..23, "listen 127.0.0.1:8080");
        edits.blank(source, 0..13);
        edits.insert(source.len(), "# end");
        assert_eq!(edits.apply(source), "\n\nlisten 127.0.0.1:8080;\n# end");
    }
}
