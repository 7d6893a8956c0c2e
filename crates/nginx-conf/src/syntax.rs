//! A text by the rules of nginx's tokenizer: directives, their words and blocks, each with its place. No directive is
//! looked up and no file is opened, so unknown directives are kept as they are.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::error::{ConfigError, Place};
use crate::lexer::{Lexer, MAX_BLOCK_DEPTH, Terminator};
use crate::source::{Source, SourceName};

/// A name or an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its value, without quotes and escapes.
    pub text: String,
    /// As written, with quotes and escapes.
    pub raw: String,
    /// Its byte range.
    pub span: Range<usize>,
    /// The line it begins in, counted from 1.
    pub line: usize,
}

/// A directive, simple or with a block. In blocks that hold data (`map`, `types`, `geo`) each entry is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// Its name, which may be quoted.
    pub name: Word,
    /// Its arguments.
    pub args: Vec<Word>,
    /// Its block; `None` for one that ends with `;`.
    pub block: Option<Block>,
    /// From its name to its `;` or `}`, inclusive.
    pub span: Range<usize>,
    /// White space and comments between it and the directive or brace before it.
    pub leading: Range<usize>,
}

/// The block of a directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The directives in it, in order.
    pub directives: Vec<Directive>,
    /// What is between the braces, without them.
    pub span: Range<usize>,
}

impl Directive {
    /// Whether it is called `name`.
    pub fn is(&self, name: &str) -> bool {
        self.name.text == name
    }

    /// The value of its `nth` argument, counted from 0.
    pub fn arg(&self, nth: usize) -> Option<&str> {
        self.args.get(nth).map(|word| word.text.as_str())
    }

    /// The line of its name, counted from 1.
    pub fn line(&self) -> usize {
        self.name.line
    }

    /// The directives in its block; none where it has no block.
    pub fn inner(&self) -> &[Directive] {
        self.block.as_ref().map_or(&[], |block| &block.directives)
    }

    /// Its name and arguments as written, separated by spaces.
    pub fn head(&self) -> String {
        let args = self.args.iter().map(|word| word.raw.as_str());
        std::iter::once(self.name.raw.as_str()).chain(args).collect::<Vec<_>>().join(" ")
    }

    /// The byte range of its arguments, or the end of its name if it has none.
    pub fn args_span(&self) -> Range<usize> {
        match (self.args.first(), self.args.last()) {
            (Some(first), Some(last)) => first.span.start..last.span.end,
            _ => self.name.span.end..self.name.span.end,
        }
    }
}

/// `directives` and all that are inside them, each before those in its block.
///
/// ```
/// let text = "server { listen 80; }";
/// let tree = nginx_conf::syntax::parse(text, "nginx.conf")?;
/// let listen = nginx_conf::syntax::walk(&tree).find(|directive| directive.is("listen")).unwrap();
/// assert_eq!((listen.arg(0), &text[listen.span.clone()]), (Some("80"), "listen 80;"));
/// # Ok::<(), nginx_conf::ConfigError>(())
/// ```
pub fn walk(directives: &[Directive]) -> impl Iterator<Item = &Directive> {
    let mut pending = vec![directives.iter()];
    std::iter::from_fn(move || {
        loop {
            match pending.last_mut()?.next() {
                Some(directive) => {
                    pending.push(directive.inner().iter());
                    return Some(directive);
                }
                None => drop(pending.pop()),
            }
        }
    })
}

/// The directives of `text`, which errors call `name`.
///
/// # Errors
///
/// What nginx would call `[emerg]` before it looks at what the words say; and more than a hundred blocks inside each
/// other.
pub fn parse(text: impl AsRef<[u8]>, name: impl AsRef<Path>) -> Result<Vec<Directive>, ConfigError> {
    let source =
        Arc::new(Source { name: SourceName::File(name.as_ref().to_owned()), text: text.as_ref().to_vec() });
    let mut lexer = Lexer::new(Arc::clone(&source));
    let mut lines = Lines { text: &source.text, offset: 0, line: 1 };
    // What has been opened, the outermost first, each with what stands in it so far.
    let mut open: Vec<Directive> = Vec::new();
    let mut main: Vec<Directive> = Vec::new();
    let mut last = 0;
    loop {
        let statement = lexer.statement()?;
        let place = lexer.place();
        let end = statement.end.start + 1;
        let unexpected = |message: String| ConfigError::new(message).at(place.clone());
        if statement.terminator == Terminator::Close {
            let Some(mut closed) = open.pop() else {
                return Err(unexpected("unexpected \"}\"".to_owned()).point_at(&statement.end));
            };
            closed.span.end = end;
            if let Some(block) = &mut closed.block {
                block.span.end = statement.end.start;
            }
            siblings(&mut open, &mut main).push(closed);
            last = end;
            continue;
        }
        let mut words = statement.words.into_iter().map(|word| {
            let span = word.span.start..word.span.end;
            let raw = String::from_utf8_lossy(&source.text[span.clone()]).into_owned();
            Word { text: word.text, raw, line: lines.at(span.start), span }
        });
        let Some(name) = words.next() else {
            return match open.is_empty() {
                true => Ok(main),
                // A pattern with `{`, unquoted, opens a block: nginx stops at what would be a directive in it.
                false => Err(match first_without_name(&open) {
                    Some(directive) => {
                        let place = Place { line: directive.line(), ..place };
                        ConfigError::new(format!("unknown directive \"{}\"", directive.name.text)).at(place)
                    }
                    None => unexpected("unexpected end of file, expecting \"}\"".to_owned()),
                }),
            };
        };
        let args = words.collect();
        let (leading, span) = (last..name.span.start, name.span.start..end);
        let mut directive = Directive { name, args, block: None, span, leading };
        last = end;
        match statement.terminator {
            Terminator::Open if open.len() >= MAX_BLOCK_DEPTH => {
                let message = format!("more than {MAX_BLOCK_DEPTH} blocks inside each other");
                return Err(unexpected(message).point_at(&statement.end));
            }
            Terminator::Open => {
                directive.block = Some(Block { directives: Vec::new(), span: end..end });
                open.push(directive);
            }
            _ => siblings(&mut open, &mut main).push(directive),
        }
    }
}

/// The first whose name no directive of any module has.
fn first_without_name(directives: &[Directive]) -> Option<&Directive> {
    /// What stands in them is no directive.
    const DATA: [&str; 5] = ["charset_map", "geo", "map", "split_clients", "types"];
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    directives.iter().find_map(|directive| match directive.name.text.as_str() {
        name if !is_name(name) => Some(directive),
        name if DATA.contains(&name) => None,
        _ => first_without_name(directive.inner()),
    })
}

/// Where the next directive belongs.
fn siblings<'a>(open: &'a mut [Directive], main: &'a mut Vec<Directive>) -> &'a mut Vec<Directive> {
    open.last_mut().and_then(|directive| directive.block.as_mut()).map_or(main, |block| &mut block.directives)
}

/// Counts lines for offsets in ascending order.
struct Lines<'a> {
    text: &'a [u8],
    offset: usize,
    line: usize,
}

impl Lines<'_> {
    fn at(&mut self, offset: usize) -> usize {
        let passed = self.text.get(self.offset..offset).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count();
        self.offset = offset;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_knows_its_place() {
        let text = "# top\nevents { }\nhttp {\r\n\t'server' { listen \"8\\\"0\" a\"b;# why\n } }";
        let tree = parse(text, "x").unwrap();
        let heads: Vec<String> =
            walk(&tree).map(|one| format!("{}:{} {}", one.line(), one.name.text, one.head())).collect();
        assert_eq!(
            heads,
            ["2:events events", "3:http http", "4:server 'server'", "4:listen listen \"8\\\"0\" a\"b"]
        );
        let listen = walk(&tree).last().unwrap();
        assert_eq!((listen.arg(0), listen.arg(1)), (Some("8\"0"), Some("a\"b")));
        assert_eq!(&text[listen.args_span()], "\"8\\\"0\" a\"b");
        assert_eq!(&text[tree[0].leading.clone()], "# top\n");
        let block = tree[1].inner()[0].block.as_ref().unwrap();
        assert_eq!(&text[block.span.clone()], " listen \"8\\\"0\" a\"b;# why\n ");
        assert_eq!(&text[tree[1].span.clone()], &text[text.find("http").unwrap()..]);
    }

    #[test]
    fn a_brace_in_a_pattern_is_told_where_nginx_stops() {
        let text = "server {\n location ~ ^/[0-9a-f]{8,20}$ { }\n location / { }\n}\n";
        assert_eq!(parse(text, "x").unwrap_err().headline(), "unknown directive \"8,20}$\" in x:2");
    }

    #[test]
    fn what_nginx_cannot_take_apart_is_refused_as_nginx_does() {
        let says = |text: &str| parse(text, "x").unwrap_err().message().to_owned();
        assert_eq!(says("a { b; "), "unexpected end of file, expecting \"}\"");
        assert_eq!(says("a; }"), "unexpected \"}\"");
        assert_eq!(says("a"), "unexpected end of file, expecting \";\" or \"}\"");
        assert!(parse("", "x").unwrap().is_empty() && parse("# a", "x").unwrap().is_empty());
    }

    #[test]
    fn blocks_have_a_limit() {
        let nested = |depth: usize| [b"a {".repeat(depth), b"}".repeat(depth)].concat();
        assert_eq!(walk(&parse(nested(MAX_BLOCK_DEPTH), "x").unwrap()).count(), MAX_BLOCK_DEPTH);
        let error = parse(nested(5_000), "x").unwrap_err();
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
