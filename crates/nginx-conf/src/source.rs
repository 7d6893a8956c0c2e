//! Where a word stands: texts that were read, and spans in them.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A text that is being read.
#[derive(PartialEq, Eq)]
pub(crate) struct Source {
    /// What it is called in messages.
    pub name: SourceName,
    /// Its bytes, as they are in the file.
    pub text: Vec<u8>,
}

/// Where a text comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceName {
    /// A file, by the path under which it was opened.
    File(PathBuf),
    /// The argument of `-g`.
    CommandLine,
}

/// A stretch of a [`Source`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    /// The text.
    pub source: Arc<Source>,
    /// Byte offset of the first byte.
    pub start: usize,
    /// Byte offset after the last byte.
    pub end: usize,
}

/// A word of a directive, its quotes and escapes taken away.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    /// What it says.
    pub text: String,
    /// Where it stands, quotes included.
    pub span: Span,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Span {
    /// The line of the first byte, counted from 1.
    pub(crate) fn line(&self) -> usize {
        1 + self.source.text.iter().take(self.start).filter(|byte| **byte == b'\n').count()
    }

    /// The column of the first byte, in characters, counted from 1.
    pub(crate) fn column(&self) -> usize {
        1 + lossy(self.source.text.get(self.line_start()..self.start)).chars().count()
    }

    /// Whether a line ends between `before`, in the same text, and this.
    pub(crate) fn is_on_a_later_line_than(&self, before: &Span) -> bool {
        self.source.text.get(before.end..self.start).is_some_and(|between| between.contains(&b'\n'))
    }

    /// How many lines end between the first byte of this and that of `later`, in the same text.
    pub(crate) fn lines_to(&self, later: &Span) -> usize {
        let between = self.source.text.get(self.start..later.start).unwrap_or_default();
        between.iter().filter(|byte| **byte == b'\n').count()
    }

    /// Everything from here to the end of `last`, in the same text.
    pub(crate) fn through(&self, last: &Span) -> Span {
        Span { end: last.end, ..self.clone() }
    }

    /// What it covers, as it is in the text.
    pub(crate) fn text(&self) -> String {
        lossy(self.source.text.get(self.start..self.end))
    }

    /// The whole line in which the span starts.
    pub(crate) fn line_text(&self) -> String {
        let rest = self.source.text.get(self.line_start()..).unwrap_or_default();
        let line = rest.split(|byte| *byte == b'\n').next();
        lossy(line).trim_end().to_owned()
    }

    /// Characters of the span on its first line, at least one.
    pub(crate) fn width(&self) -> usize {
        let text = lossy(self.source.text.get(self.start..self.end));
        text.lines().next().map_or(0, |line| line.chars().count()).max(1)
    }

    fn line_start(&self) -> usize {
        let before = self.source.text.get(..self.start).unwrap_or_default();
        before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1)
    }
}

fn lossy(bytes: Option<&[u8]>) -> String {
    String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
}
