//! Directives one by one, through every `include`, each checked against the table.

use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::directive::Directive;
use crate::error::{ConfigError, Place, os_error};
use crate::file::{read_at_most, read_regular_file};
use crate::glob::glob;
use crate::lexer::{Lexer, MAX_BLOCK_DEPTH, Statement, Terminator};
use crate::source::{Source, SourceName, Span};
use crate::spelling::nearest;
use crate::table::{self, Command, Contexts};
use crate::version::Version;

/// How deep files may be included. Deeper, a file includes itself.
const MAX_INCLUDE_DEPTH: usize = 100;

/// The largest file that is read, in bytes.
const MAX_FILE_SIZE: u64 = 16 * 1024 * 1024;

/// The files being read: the innermost last.
#[derive(Debug)]
pub(crate) struct Input {
    /// The directory of the configuration file, where `include` starts.
    directory: PathBuf,
    files: Vec<OpenFile>,
    /// The last place reached, kept when the last file is closed.
    place: Option<Place>,
    /// Every file that was opened, in order.
    opened: Vec<PathBuf>,
}

#[derive(Debug)]
struct OpenFile {
    lexer: Lexer,
    /// Where the blocks opened in this file and not closed yet started.
    blocks: Vec<Span>,
    /// What the same `include` has yet to read.
    pending: VecDeque<PathBuf>,
}

impl Input {
    fn new(directory: &Path) -> Input {
        Input { directory: directory.to_owned(), files: Vec::new(), place: None, opened: Vec::new() }
    }

    /// Reads the argument of a `-g`; `directory` is the configuration file's.
    pub(crate) fn command_line(text: &str, directory: &Path) -> Input {
        let mut input = Input::new(directory);
        input.push(Source { name: SourceName::CommandLine, text: text.as_bytes().to_vec() }, VecDeque::new());
        input
    }

    /// Reads `text` in place of a file of that name.
    pub(crate) fn text(path: &Path, text: &[u8]) -> Input {
        let mut input = Input::new(path.parent().unwrap_or(Path::new("/")));
        input.push(Source { name: SourceName::File(path.to_owned()), text: text.to_vec() }, VecDeque::new());
        input
    }

    /// Reads a file, and what it includes.
    pub(crate) fn file(path: &Path) -> Result<Input, ConfigError> {
        let directory = path.parent().unwrap_or(Path::new("/")).to_owned();
        let mut input = Input::new(&directory);
        input.open(path, VecDeque::new())?;
        Ok(input)
    }

    /// The directory of the configuration file.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Every file that was opened, in order, each once.
    pub(crate) fn into_opened(mut self) -> Vec<PathBuf> {
        let mut known = HashSet::new();
        self.opened.retain(|path| known.insert(path.clone()));
        self.opened
    }

    /// The place reached so far.
    pub(crate) fn place(&self) -> Option<Place> {
        self.files.last().map(|file| file.lexer.place()).or_else(|| self.place.clone())
    }

    /// An error about what has been read so far, rather than about one directive.
    pub(crate) fn error_here(&self, message: impl Into<String>) -> ConfigError {
        let error = ConfigError::new(message);
        match self.place() {
            Some(place) => error.at(place),
            None => error,
        }
    }

    /// The next directive of a block in `context`; `None` at the end of the block (or, in the main context, of the text).
    pub(crate) fn directive(
        &mut self,
        context: Contexts,
        version: Option<Version>,
    ) -> Result<Option<Directive>, ConfigError> {
        while let Some((directive, statement)) = self.next()? {
            check(&directive, statement.terminator, context, version)?;
            if directive.name() == "include" {
                self.include(&directive)?;
                continue;
            }
            if statement.terminator == Terminator::Open {
                self.enter(&directive)?;
            }
            return Ok(Some(directive));
        }
        Ok(None)
    }

    /// The next line of a block that holds data rather than directives (`types`, `map`).
    pub(crate) fn entry(&mut self) -> Result<Option<Directive>, ConfigError> {
        while let Some((directive, statement)) = self.next()? {
            if statement.terminator == Terminator::Open {
                let error = ConfigError::new("unexpected \"{\"").at(directive.place.clone());
                return Err(directive.explain(error.point_at(&statement.end)));
            }
            // Without a file it is for the block to refuse.
            if directive.name() != "include" || directive.arguments().len() != 1 {
                return Ok(Some(directive));
            }
            self.include(&directive)?;
        }
        Ok(None)
    }

    fn next(&mut self) -> Result<Option<(Directive, Statement)>, ConfigError> {
        loop {
            let Some(file) = self.files.last_mut() else { return Ok(None) };
            let mut statement = file.lexer.statement()?;
            let place = file.lexer.place();
            match statement.terminator {
                Terminator::Semicolon | Terminator::Open => {
                    let words = std::mem::take(&mut statement.words);
                    let line =
                        place.line - words.first().map_or(0, |word| word.span.lines_to(&statement.end));
                    let directive = Directive { words, place, line };
                    return Ok(Some((directive, statement)));
                }
                Terminator::Close => {
                    if file.blocks.pop().is_none() {
                        return Err(ConfigError::new("unexpected \"}\"").at(place).point_at(&statement.end));
                    }
                    return Ok(None);
                }
                Terminator::End => {
                    if let Some(open) = file.blocks.last() {
                        return Err(ConfigError::new("unexpected end of file, expecting \"}\"")
                            .at(place)
                            .point_at(open)
                            .help("this block is never closed"));
                    }
                    self.place = Some(place);
                    let mut pending = self.files.pop().map(|file| file.pending).unwrap_or_default();
                    if let Some(path) = pending.pop_front() {
                        self.open(&path, pending)?;
                    }
                }
            }
        }
    }

    fn enter(&mut self, directive: &Directive) -> Result<(), ConfigError> {
        if directive.place.source == SourceName::CommandLine {
            return Err(directive.error("block directives are not supported in -g option"));
        }
        if self.files.iter().map(|file| file.blocks.len()).sum::<usize>() >= MAX_BLOCK_DEPTH {
            return Err(directive.error(format!("more than {MAX_BLOCK_DEPTH} blocks inside each other")));
        }
        if let (Some(file), Some(name)) = (self.files.last_mut(), directive.words.first()) {
            file.blocks.push(name.span.clone());
        }
        Ok(())
    }

    fn include(&mut self, directive: &Directive) -> Result<(), ConfigError> {
        let word = directive.argument(0);
        let path = self.directory.join(&word.text);
        if self.files.len() > MAX_INCLUDE_DEPTH {
            let message = format!("open() \"{}\" failed (24: Too many open files)", path.display());
            return Err(directive.error_at(word, message).help("does a file include itself?"));
        }
        let mut paths = if word.text.contains(['*', '?', '[']) {
            glob(&path).into_iter().flatten().collect()
        } else {
            VecDeque::from([path])
        };
        match paths.pop_front() {
            Some(first) => self.open(&first, paths).map_err(|error| error.point_at(&word.span)),
            None => Ok(()),
        }
    }

    fn open(&mut self, path: &Path, pending: VecDeque<PathBuf>) -> Result<(), ConfigError> {
        match read(path) {
            Ok(text) => {
                self.opened.push(path.to_owned());
                self.push(Source { name: SourceName::File(path.to_owned()), text }, pending);
                Ok(())
            }
            Err(error) => {
                let call = if error.kind() == std::io::ErrorKind::IsADirectory { "read" } else { "open" };
                let (path, error) = (path.display(), os_error(&error));
                Err(self.error_here(format!("{call}() \"{path}\" failed ({error})")))
            }
        }
    }

    fn push(&mut self, source: Source, pending: VecDeque<PathBuf>) {
        self.files.push(OpenFile { lexer: Lexer::new(Arc::new(source)), blocks: Vec::new(), pending });
    }
}

/// Checks that the table allows a directive in `context`, as it is written.
fn check(
    directive: &Directive,
    terminator: Terminator,
    context: Contexts,
    version: Option<Version>,
) -> Result<(), ConfigError> {
    let name = directive.name();
    let is_named = |command: &&Command| command.name == name;
    let mut named = table::commands().filter(is_named).filter(|command| command.is_in(version)).peekable();
    if named.peek().is_none() {
        return Err(match table::commands().find(is_named) {
            Some(other) => of_another_version(directive, other),
            None => unknown(directive),
        });
    }
    let Some(command) = named.find(|command| command.contexts & context != 0) else {
        let places = table::commands()
            .filter(|command| command.name == name)
            .fold(0, |places, command| places | command.contexts);
        return Err(directive
            .error(format!("\"{name}\" directive is not allowed here"))
            .or_help(|| Some(format!("it belongs in {}", table::context_names(places).join(", ")))));
    };
    match (command.block, terminator) {
        (false, Terminator::Open) => {
            return Err(directive.error(format!("directive \"{name}\" is not terminated by \";\"")));
        }
        (true, Terminator::Semicolon) => {
            return Err(directive.error(format!("directive \"{name}\" has no opening \"{{\"")));
        }
        _ => {}
    }
    if !command.arity.allows(directive.arguments().len()) {
        return Err(directive.error(format!("invalid number of arguments in \"{name}\" directive")));
    }
    Ok(())
}

fn of_another_version(directive: &Directive, command: &Command) -> ConfigError {
    let error = directive.error(format!("unknown directive \"{}\"", directive.name()));
    error.or_help(|| match (command.since, command.until) {
        (_, Some(until)) => Some(format!("nginx has it no more from {until} on")),
        (since, None) => since.map(|since| format!("nginx has it from {since} on")),
    })
}

fn unknown(directive: &Directive) -> ConfigError {
    let name = directive.name();
    if table::is_unsupported(name) {
        return directive.unsupported();
    }
    directive.error(format!("unknown directive \"{name}\"")).or_help(|| match name.strip_prefix('\u{feff}') {
        Some(_) => Some("the file starts with a byte order mark; save it without".to_owned()),
        None => nearest(name, table::commands().map(|command| command.name))
            .map(|near| format!("did you mean \"{near}\"?")),
    })
}

/// Reads a file. `/dev/null` is as good as an empty one, and of a directory the system's own words are nginx's.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    match path == Path::new("/dev/null") || path.is_dir() {
        true => read_at_most(path, MAX_FILE_SIZE),
        false => read_regular_file(path, MAX_FILE_SIZE),
    }
}
