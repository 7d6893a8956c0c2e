//! Source text to words and terminators, by the rules of `ngx_conf_read_token`.

use std::sync::Arc;

use crate::error::{ConfigError, Place};
use crate::source::{Source, SourceName, Span, Word};

/// nginx reads through a buffer of this many bytes; a word or comment must fit into it.
const BUFFER_SIZE: usize = 4096;

/// How deep blocks may be nested: deeper than in any real configuration, and little enough for the stack.
pub(crate) const MAX_BLOCK_DEPTH: usize = 100;

/// What ended a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Terminator {
    /// `;`
    Semicolon,
    /// `{`
    Open,
    /// `}`, with no words before it.
    Close,
    /// The end of the text, with no words before it.
    End,
}

/// Words up to a terminator.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    /// The words; empty only before [`Terminator::Close`] and [`Terminator::End`].
    pub words: Vec<Word>,
    /// What came after them.
    pub terminator: Terminator,
    /// Where the terminator stands.
    pub end: Span,
}

/// Reads one text.
#[derive(Debug)]
pub(crate) struct Lexer {
    source: Arc<Source>,
    position: usize,
    line: usize,
}

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between words.
    Space,
    /// After a closing quote, where a word cannot start.
    AfterQuote,
    /// In a comment that started at this offset.
    Comment(usize),
    /// In a word whose first byte is here.
    Word(usize),
    /// In a quoted word: the offset after the quote, and the quote.
    Quoted(usize, u8),
}

impl Lexer {
    /// Starts at the beginning of `source`.
    pub(crate) fn new(source: Arc<Source>) -> Lexer {
        Lexer { source, position: 0, line: 1 }
    }

    /// The place reached so far. After a statement, it is the line of its terminator, which nginx names in messages.
    pub(crate) fn place(&self) -> Place {
        Place { source: self.source.name.clone(), line: self.line }
    }

    /// Reads up to the next terminator.
    pub(crate) fn statement(&mut self) -> Result<Statement, ConfigError> {
        let source = Arc::clone(&self.source);
        let mut words: Vec<Word> = Vec::new();
        let mut state = State::Space;
        let mut start_line = self.line;
        let (mut escaped, mut dollar) = (false, false);
        loop {
            let Some(&byte) = source.text.get(self.position) else {
                return self.at_end(words, state);
            };
            self.check_length(state, start_line)?;
            let here = self.position;
            self.position += 1;
            if byte == b'\n' {
                self.line += 1;
            }
            if escaped {
                escaped = false;
                continue;
            }
            match state {
                State::Comment(_) => {
                    if byte == b'\n' {
                        state = State::Space;
                    }
                }
                State::AfterQuote => match byte {
                    b' ' | b'\t' | b'\r' | b'\n' => state = State::Space,
                    b';' | b'{' => return Ok(self.finish(words, byte, here)),
                    // nginx lets a `)` follow a quote, for the condition of an `if`.
                    b')' => (state, start_line) = (State::Word(here), self.line),
                    _ => return Err(self.unexpected(byte, here)),
                },
                State::Space => {
                    start_line = self.line;
                    match byte {
                        b' ' | b'\t' | b'\r' | b'\n' => {}
                        b';' | b'{' if words.is_empty() => return Err(self.unexpected(byte, here)),
                        b';' | b'{' => return Ok(self.finish(words, byte, here)),
                        b'}' if words.is_empty() => return Ok(self.finish(words, byte, here)),
                        b'}' => return Err(self.unfinished(&words, self.unexpected(byte, here))),
                        b'#' => state = State::Comment(here),
                        b'"' | b'\'' => state = State::Quoted(here + 1, byte),
                        _ => {
                            state = State::Word(here);
                            escaped = byte == b'\\';
                            dollar = byte == b'$';
                        }
                    }
                }
                // `${` does not open a block.
                State::Word(_) | State::Quoted(..) if byte == b'{' && dollar => {}
                State::Word(_) | State::Quoted(..) if byte == b'\\' => (escaped, dollar) = (true, false),
                State::Word(_) | State::Quoted(..) if byte == b'$' => dollar = true,
                State::Quoted(start, quote) => {
                    dollar = false;
                    if byte == quote {
                        words.push(self.word(start, here, start - 1, here + 1)?);
                        state = State::AfterQuote;
                    }
                }
                State::Word(start) => {
                    dollar = false;
                    if matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'{') {
                        words.push(self.word(start, here, start, here)?);
                        state = State::Space;
                    }
                    if matches!(byte, b';' | b'{') {
                        return Ok(self.finish(words, byte, here));
                    }
                }
            }
        }
    }

    /// A word of the bytes `start..end`, shown as `from..to`.
    fn word(&self, start: usize, end: usize, from: usize, to: usize) -> Result<Word, ConfigError> {
        let span = self.span(from, to);
        match String::from_utf8(unescape(self.source.text.get(start..end).unwrap_or_default())) {
            Ok(text) => Ok(Word { text, span }),
            Err(_) => Err(ConfigError::new("word is not valid UTF-8")
                .at(self.place())
                .point_at(&span)
                .help("save the file as UTF-8; nginx would take these bytes as they are")),
        }
    }

    fn finish(&self, words: Vec<Word>, byte: u8, at: usize) -> Statement {
        let terminator = match byte {
            b';' => Terminator::Semicolon,
            b'{' => Terminator::Open,
            _ => Terminator::Close,
        };
        Statement { words, terminator, end: self.span(at, at) }
    }

    fn at_end(&self, words: Vec<Word>, state: State) -> Result<Statement, ConfigError> {
        let at = self.source.text.len();
        if words.is_empty() && matches!(state, State::Space | State::Comment(_)) {
            return Ok(Statement { words, terminator: Terminator::End, end: self.span(at, at) });
        }
        let message = match self.source.name {
            SourceName::File(_) => "unexpected end of file, expecting \";\" or \"}\"",
            SourceName::CommandLine => "unexpected end of parameter, expecting \";\"",
        };
        let error = ConfigError::new(message).at(self.place());
        Err(match state {
            State::Quoted(start, quote) => error
                .point_at(&self.span(start - 1, start))
                .help(format!("this {} is never closed", char::from(quote))),
            State::Word(start) => error.missing_semicolon(&self.span(start, at)),
            _ => self.unfinished(&words, error),
        })
    }

    /// Refuses what does not fit into nginx's buffer: most often a quote that was never closed.
    fn check_length(&mut self, state: State, start_line: usize) -> Result<(), ConfigError> {
        let (State::Comment(start) | State::Word(start) | State::Quoted(start, _)) = state else {
            return Ok(());
        };
        if self.position - start < BUFFER_SIZE {
            return Ok(());
        }
        self.line = start_line;
        let error = match state {
            State::Quoted(_, quote) => ConfigError::new(format!(
                "too long parameter, probably missing terminating \"{}\" character",
                char::from(quote)
            )),
            _ => {
                let shown = self.source.text.get(start..start + 10).unwrap_or_default();
                let shown = String::from_utf8_lossy(shown);
                ConfigError::new(format!("too long parameter \"{shown}...\" started"))
            }
        };
        Err(error.at(self.place()).point_at(&self.span(start, start)))
    }

    fn unexpected(&self, byte: u8, at: usize) -> ConfigError {
        ConfigError::new(format!("unexpected \"{}\"", char::from(byte)))
            .at(self.place())
            .point_at(&self.span(at, at))
    }

    fn unfinished(&self, words: &[Word], error: ConfigError) -> ConfigError {
        match words.last() {
            Some(last) => error.missing_semicolon(&last.span),
            None => error,
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span { source: Arc::clone(&self.source), start, end }
    }
}

/// Removes the escapes that nginx knows; any other backslash stays.
fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        let plain = match (byte, rest.peek()) {
            (b'\\', Some(&next @ (b'"' | b'\'' | b'\\'))) => Some(next),
            (b'\\', Some(b't')) => Some(b'\t'),
            (b'\\', Some(b'r')) => Some(b'\r'),
            (b'\\', Some(b'n')) => Some(b'\n'),
            _ => None,
        };
        if plain.is_some() {
            rest.next();
        }
        out.push(plain.unwrap_or(byte));
    }
    out
}
