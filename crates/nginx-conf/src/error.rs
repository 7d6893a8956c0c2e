//! What is wrong with a configuration, in nginx's words, and where.

use std::fmt;

use crate::source::{SourceName, Span};

/// Why a configuration was refused.
///
/// It displays as nginx's line (without `nginx: [emerg]`), then, when the place is known, the line of the file with a
/// caret under the word, and a `help:` line where there is something to advise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    message: String,
    place: Option<Place>,
    /// The words to point at. What is shown of them is found only when the error is displayed: while files are read, many
    /// errors are prepared that are never reported.
    span: Option<Span>,
    help: Option<String>,
}

/// The place nginx names: the line where the directive ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, or the command line.
    pub source: SourceName,
    /// Counted from 1.
    pub line: usize,
}

/// Characters of a line that are shown.
const MAX_SNIPPET_LENGTH: usize = 160;

/// A line of the file and what to point at in it.
struct Snippet {
    line: usize,
    text: String,
    column: usize,
    width: usize,
}

impl ConfigError {
    /// An error without a place.
    pub fn new(message: impl Into<String>) -> ConfigError {
        ConfigError(Box::new(Inner { message: message.into(), place: None, span: None, help: None }))
    }

    /// Names the place as nginx does: ` in FILE:LINE`, or ` in command line`.
    pub fn at(mut self, place: Place) -> ConfigError {
        self.0.place = Some(place);
        self
    }

    /// The same place with another message.
    pub fn with_message(mut self, message: impl Into<String>) -> ConfigError {
        self.0.message = message.into();
        self
    }

    /// Points at these words.
    pub(crate) fn point_at(mut self, span: &Span) -> ConfigError {
        self.0.span = Some(span.clone());
        self
    }

    /// Points at the end of these words, where a `;` is missing.
    pub(crate) fn missing_semicolon(self, after: &Span) -> ConfigError {
        let gap = Span { start: after.end, ..after.clone() };
        self.point_at(&gap).help("\";\" is missing here")
    }

    /// Says what to do about it.
    pub fn help(mut self, help: impl Into<String>) -> ConfigError {
        self.0.help = Some(help.into());
        self
    }

    /// Says what to do about it, unless there is advice already.
    pub fn or_help(self, help: impl FnOnce() -> Option<String>) -> ConfigError {
        match (&self.0.help, help()) {
            (None, Some(text)) => self.help(text),
            _ => self,
        }
    }

    /// What is wrong, without the place: `unknown directive "x"`.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The place nginx names, if it is known.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// The advice, if there is any.
    pub fn advice(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// nginx's line alone: `unknown directive "x" in /etc/nginx/nginx.conf:3`.
    pub fn headline(&self) -> String {
        match &self.0.place {
            Some(place) => format!("{} in {place}", self.0.message),
            None => self.0.message.clone(),
        }
    }
}

impl Snippet {
    /// The line on which `span` starts, or the part of a very long line that is around it.
    fn of(span: &Span) -> Snippet {
        let (line, column, text) = (span.line(), span.column(), span.line_text());
        let hidden = if column > MAX_SNIPPET_LENGTH { column - MAX_SNIPPET_LENGTH / 2 } else { 0 };
        let is_long = text.chars().count() > hidden + MAX_SNIPPET_LENGTH;
        let mut shown: String = text.chars().skip(hidden).take(MAX_SNIPPET_LENGTH).collect();
        if is_long {
            shown.push('…');
        }
        let column = column - hidden;
        let width = span.width().min((shown.chars().count() + 1).saturating_sub(column).max(1));
        Snippet { line, text: shown, column, width }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            SourceName::File(path) => write!(f, "{}:{}", path.display(), self.line),
            SourceName::CommandLine => f.write_str("command line"),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())?;
        let snippet = self.0.span.as_ref().map(Snippet::of);
        let gutter = snippet.as_ref().map_or(0, |snippet| snippet.line.to_string().len());
        if let Some(Snippet { line, text, column, width }) = &snippet {
            // The caret line repeats the tabs of the line above it, so that both are indented alike.
            let indent: String =
                text.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            write!(f, "\n {line} | {text}\n {:gutter$} | {indent}{}", "", "^".repeat(*width))?;
        }
        if let Some(help) = &self.0.help {
            write!(f, "\n {:gutter$} = help: {help}", "")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// An error of the system as nginx prints it: `2: No such file or directory`.
pub(crate) fn os_error(error: &std::io::Error) -> String {
    let text = error.to_string();
    match (error.raw_os_error(), text.split_once(" (os error")) {
        (Some(code), Some((words, _))) => format!("{code}: {words}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::Source;

    /// The snippet of a word of three letters in column `column` of a line that is `length` long.
    fn snippet(column: usize, length: usize) -> (usize, usize, bool) {
        let text = format!("{:x<length$}", format!("{:x>column$}bc", 'a')).into_bytes();
        let source = Arc::new(Source { name: SourceName::CommandLine, text });
        let Snippet { text, column: shown, width, .. } =
            Snippet::of(&Span { source, start: column - 1, end: column + 2 });
        assert_eq!(text.chars().skip(shown - 1).take(width).collect::<String>(), "abc");
        (shown, text.chars().count(), text.ends_with('…'))
    }

    #[test]
    fn a_very_long_line_is_shown_in_part() {
        assert_eq!(snippet(1, 160), (1, 160, false));
        assert_eq!(snippet(1, 161), (1, 161, true));
        assert_eq!(snippet(158, 400), (158, 161, true));
        assert_eq!(snippet(161, 241), (80, 160, false));
        assert_eq!(snippet(161, 242), (80, 161, true));
        assert_eq!(snippet(398, 400), (80, 82, false));
        // The last column that is shown with the line's beginning.
        let text = vec![b'x'; 160];
        let source = Arc::new(Source { name: SourceName::CommandLine, text });
        let Snippet { column, width, .. } = Snippet::of(&Span { source, start: 159, end: 160 });
        assert_eq!((column, width), (160, 1));
    }
}
