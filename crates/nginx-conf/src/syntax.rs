//! A text as nginx's own tokenizer takes it: words, `;`, `{` and `}`. No directive is looked up, and no file is opened.

use std::path::Path;
use std::rc::Rc;

use crate::error::ConfigError;
use crate::input::MAX_DEPTH;
use crate::lexer::{Lexer, Terminator};
use crate::source::{Source, SourceName};

/// What ends a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementEnd {
    /// `;`
    Semicolon,
    /// `{`, which opens a block.
    Open,
    /// `}`, which closes one; the statement has no words.
    Close,
}

/// A directive's words, or the end of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The name and the arguments, quotes and escapes taken away.
    pub words: Vec<String>,
    /// The line of its end, counted from 1, as nginx names it in messages.
    pub line: usize,
    /// What ends it.
    pub end: StatementEnd,
}

/// All statements of `text`, called `name` in errors.
///
/// ```
/// let statements = nginx_conf::syntax::statements(b"listen 80;\r\n", "nginx.conf".as_ref())?;
/// assert_eq!(statements[0].words, ["listen", "80"]);
/// # Ok::<(), nginx_conf::ConfigError>(())
/// ```
///
/// # Errors
///
/// What nginx would call `[emerg]` before it looks at what the words say.
pub fn statements(text: &[u8], name: &Path) -> Result<Vec<Statement>, ConfigError> {
    let source = Source { name: SourceName::File(name.to_owned()), text: text.to_vec() };
    let mut lexer = Lexer::new(Rc::new(source));
    let mut all = Vec::new();
    let mut depth = 0_usize;
    loop {
        let statement = lexer.statement()?;
        let place = lexer.place();
        let end = match statement.terminator {
            Terminator::Semicolon => StatementEnd::Semicolon,
            Terminator::Open => StatementEnd::Open,
            Terminator::Close => StatementEnd::Close,
            Terminator::End if depth == 0 => return Ok(all),
            Terminator::End => {
                return Err(ConfigError::new("unexpected end of file, expecting \"}\"").at(place));
            }
        };
        match end {
            StatementEnd::Semicolon => {}
            StatementEnd::Open if depth >= MAX_DEPTH => {
                let message = format!("more than {MAX_DEPTH} blocks inside each other");
                return Err(ConfigError::new(message).at(place).pointing(&statement.end));
            }
            StatementEnd::Open => depth += 1,
            StatementEnd::Close if depth == 0 => {
                return Err(ConfigError::new("unexpected \"}\"").at(place).pointing(&statement.end));
            }
            StatementEnd::Close => depth -= 1,
        }
        all.push(Statement {
            words: statement.words.into_iter().map(|word| word.text).collect(),
            line: place.line,
            end,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_a_limit() {
        let nested = |depth: usize| [b"a {".repeat(depth), b"}".repeat(depth)].concat();
        assert_eq!(statements(&nested(MAX_DEPTH), "x".as_ref()).unwrap().len(), 2 * MAX_DEPTH);
        let error = statements(&nested(5_000), "x".as_ref()).unwrap_err();
        assert_eq!(error.message(), "more than 100 blocks inside each other");
        let locations = [&b"events { } http { server { "[..], &b"location / { ".repeat(5_000)].concat();
        assert_eq!(
            crate::read_text(&locations).unwrap_err().message(),
            "more than 100 blocks inside each other"
        );
        assert!(
            crate::read_text(b"include /dev/zero;").unwrap_err().message().contains("not a regular file")
        );
    }
}
