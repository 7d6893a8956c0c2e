//! A directive while it is being read: its words, and errors that point at them.

use crate::error::{ConfigError, Place};
use crate::source::Word;
use crate::table;

/// A directive: its words and its place.
#[derive(Debug)]
pub(crate) struct Directive {
    /// The name and the arguments.
    pub words: Vec<Word>,
    /// The place nginx names when something is wrong with it.
    pub place: Place,
    /// The line of its first word.
    pub line: usize,
}

impl Directive {
    /// Its name.
    pub(crate) fn name(&self) -> &str {
        self.words.first().map_or("", |word| word.text.as_str())
    }

    /// The words after the name.
    pub(crate) fn arguments(&self) -> &[Word] {
        self.words.get(1..).unwrap_or_default()
    }

    /// The last word: an argument, where the table asks for one.
    pub(crate) fn last_argument(&self) -> &Word {
        self.argument(self.words.len())
    }

    /// An argument, the first being 0; the name itself where there are fewer, which the table rules out.
    pub(crate) fn argument(&self, index: usize) -> &Word {
        &self.words[(index + 1).min(self.words.len() - 1)]
    }

    /// An error about the whole directive.
    pub(crate) fn error(&self, message: impl Into<String>) -> ConfigError {
        let error = ConfigError::new(message).at(self.place.clone());
        self.explain(match self.words.first() {
            Some(name) => error.point_at(&name.span),
            None => error,
        })
    }

    /// An error about one of its words.
    pub(crate) fn error_at(&self, word: &Word, message: impl Into<String>) -> ConfigError {
        self.explain(ConfigError::new(message).at(self.place.clone()).point_at(&word.span))
    }

    /// When a word on a later line looks like a directive, the `;` before it is what is missing.
    pub(crate) fn explain(&self, error: ConfigError) -> ConfigError {
        let swallowed = self.words.windows(2).find(|pair| {
            pair[1].span.is_on_a_later_line_than(&pair[0].span) && table::is_known(&pair[1].text)
        });
        match swallowed {
            Some(pair) => error.missing_semicolon(&pair[0].span),
            None => error,
        }
    }

    /// The error about a directive that nginx has and this crate does not read.
    pub(crate) fn unsupported(&self) -> ConfigError {
        self.error(format!("directive \"{}\" is known to nginx, but not supported here", self.name()))
            .or_help(|| Some("docs/trust/directives.md lists the directives that are".to_owned()))
    }
}
