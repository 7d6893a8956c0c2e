//! The state that setters work on.

use std::path::{Path, PathBuf};

use super::draft::{HttpDraft, MainDraft, RawSettings, UpstreamDraft};
use crate::address::Resolver;
use crate::directive::Directive;
use crate::error::ConfigError;
use crate::input::Input;
use crate::table::{self, Contexts};
use crate::version::Version;

/// Reads a directive into the drafts: nginx's `ngx_command_t::set`.
pub(crate) type Setter = fn(&mut Reader, &Directive) -> Result<(), ConfigError>;

/// A configuration being read.
#[derive(Debug)]
pub(crate) struct Reader {
    /// Where relative paths start, with a trailing slash.
    pub(crate) prefix: PathBuf,
    /// Whether the program may change accounts and bind low ports.
    pub(crate) as_root: bool,
    /// The version of nginx that it is read for, if for one.
    pub(crate) version: Option<Version>,
    /// How host names become addresses.
    pub(crate) resolver: Resolver,
    /// The main context and `events`.
    pub(crate) main: MainDraft,
    /// The `http` block. It exists from the start, so that setters need not ask.
    pub(crate) http: HttpDraft,
    /// Finds the setter of a directive by its name and the block it stands in. A field, as setters of blocks call
    /// [`Reader::block`] and so cannot be known here.
    find_setter: fn(&str, Contexts) -> Option<Setter>,
    input: Input,
    context: Contexts,
    warnings: Vec<String>,
}

impl Reader {
    /// Nothing has been read yet; `directory` is the configuration file's.
    pub(crate) fn new(
        prefix: PathBuf,
        directory: &Path,
        as_root: bool,
        version: Option<Version>,
        resolver: Resolver,
        find_setter: fn(&str, Contexts) -> Option<Setter>,
    ) -> Reader {
        Reader {
            http: HttpDraft::new(),
            main: MainDraft::default(),
            input: Input::command_line("", directory),
            context: table::MAIN,
            warnings: Vec::new(),
            as_root,
            version,
            resolver,
            prefix,
            find_setter,
        }
    }

    /// Reads a text, and what it includes, as directives of the main context.
    pub(crate) fn read(&mut self, input: Input) -> Result<(), ConfigError> {
        self.input = input;
        self.block(table::MAIN)
    }

    /// Reads the rest of a block.
    pub(crate) fn block(&mut self, context: Contexts) -> Result<(), ConfigError> {
        let outer = std::mem::replace(&mut self.context, context);
        while let Some(directive) = self.input.directive(context, self.version)? {
            match (self.find_setter)(directive.name(), context) {
                Some(set) => set(self, &directive)?,
                None => return Err(directive.unsupported()),
            }
        }
        self.context = outer;
        Ok(())
    }

    /// The next line of a block of data.
    pub(crate) fn entry(&mut self) -> Result<Option<Directive>, ConfigError> {
        self.input.entry()
    }

    /// The block being read.
    pub(crate) fn context(&self) -> Contexts {
        self.context
    }

    /// What the level being read sets.
    pub(crate) fn settings(&mut self) -> &mut RawSettings {
        &mut self.http.level().settings
    }

    /// The `upstream` being read.
    pub(crate) fn upstream(&mut self) -> &mut UpstreamDraft {
        self.http.upstreams.current()
    }

    /// An error about the block that has just ended.
    pub(crate) fn error_here(&self, message: impl Into<String>) -> ConfigError {
        self.input.error_here(message)
    }

    /// Whether it is read for a version before 1.`minor`.`patch`.
    pub(crate) fn is_before(&self, minor: u16, patch: u16) -> bool {
        self.version.is_some_and(|version| version < Version::new(minor, patch))
    }

    /// Whether it is read for that version, or a later one.
    pub(crate) fn is_from(&self, minor: u16, patch: u16) -> bool {
        self.version.is_some_and(|version| version >= Version::new(minor, patch))
    }

    /// Notes what nginx would print as a warning; reading goes on.
    pub(crate) fn warn(&mut self, warning: &ConfigError) {
        self.warnings.push(warning.headline());
    }

    /// A path relative to the prefix, made absolute.
    pub(crate) fn full_path(&self, path: &str) -> PathBuf {
        self.prefix.join(path)
    }

    /// A path relative to the configuration file, made absolute.
    pub(crate) fn path_beside_the_file(&self, path: &str) -> PathBuf {
        self.input.directory().join(path)
    }

    /// The warnings so far, and every file that was opened.
    pub(crate) fn into_warnings_and_files(self) -> (Vec<String>, Vec<PathBuf>) {
        (self.warnings, self.input.into_opened())
    }
}
