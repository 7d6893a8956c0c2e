//! Directives to the typed configuration.
//!
//! [`Reader`] holds what has been read so far. The table's commands put each directive into a draft ([`main::Main`],
//! [`level::Raw`], …) as they come; when the `http` block ends, the drafts are merged from the outside in, and the
//! names of variables are resolved.

pub(super) mod address;
mod build;
mod draft;
pub(super) mod http;
mod level;
pub(super) mod main;
mod regex;
pub(super) mod values;
pub(super) mod variables;

use std::path::{Path, PathBuf};

use super::LoadOptions;
use super::error::ConfigError;
use super::input::{Directive, Input};
use super::model::Config;
use super::table::{self, Contexts};
use draft::Draft;
use http::upstream::Group;
use level::Raw;

/// A configuration being read.
#[derive(Debug)]
pub(super) struct Reader {
    /// Where relative paths start, with a slash at its end.
    pub(super) prefix: PathBuf,
    /// Whether the program has the rights to change accounts and use low ports.
    pub(super) as_root: bool,
    /// The main context and `events`.
    pub(super) main: main::Main,
    /// The `http` block. It is there from the start, so that commands need not ask.
    pub(super) http: Draft,
    input: Input,
    context: Contexts,
    warnings: Vec<String>,
}

/// Reads the configuration that `options` name.
pub(super) fn read(options: &LoadOptions) -> Result<Config, ConfigError> {
    let mut prefix = std::path::absolute(&options.prefix).unwrap_or_else(|_| options.prefix.clone());
    prefix.push("");
    let file = prefix.join(&options.file);
    let directory = file.parent().unwrap_or(Path::new("/")).to_owned();
    let mut reader = Reader::new(prefix, &directory, options.as_root);
    for text in &options.globals {
        reader.input = Input::command_line(text, &directory);
        reader.block(table::MAIN)?;
    }
    reader.input = Input::file(&file)?;
    reader.block(table::MAIN)?;
    reader.finish(file)
}

/// Reads a text, as [`super::read_text`].
pub(super) fn read_text(text: &[u8]) -> Result<Config, ConfigError> {
    let root = Path::new("/");
    address::look_nothing_up();
    let mut reader = Reader::new(root.to_owned(), root, false);
    reader.input = Input::text(&root.join("nginx.conf"), text);
    reader.block(table::MAIN)?;
    reader.finish(root.join("nginx.conf"))
}

impl Reader {
    /// Nothing has been read; `directory` is the configuration file's.
    fn new(prefix: PathBuf, directory: &Path, as_root: bool) -> Reader {
        Reader {
            http: Draft::new(),
            main: main::Main::default(),
            input: Input::command_line("", directory),
            context: table::MAIN,
            warnings: Vec::new(),
            as_root,
            prefix,
        }
    }

    /// Reads the rest of a block.
    pub(super) fn block(&mut self, context: Contexts) -> Result<(), ConfigError> {
        let outer = std::mem::replace(&mut self.context, context);
        while let Some((command, directive)) = self.input.directive(context)? {
            command.read(self, &directive)?;
        }
        self.context = outer;
        Ok(())
    }

    /// The next line of a block of data.
    pub(super) fn entry(&mut self) -> Result<Option<Directive>, ConfigError> {
        self.input.entry()
    }

    /// Where the directive being read stands.
    pub(super) fn context(&self) -> Contexts {
        self.context
    }

    /// What has been set at the level being read.
    pub(super) fn raw(&mut self) -> &mut Raw {
        &mut self.http.level().raw
    }

    /// The `upstream` being read.
    pub(super) fn upstream(&mut self) -> &mut Group {
        self.http.upstreams.current()
    }

    /// An error about the block that has just ended.
    pub(super) fn error_here(&self, message: impl Into<String>) -> ConfigError {
        self.input.error_here(message)
    }

    /// Notes what nginx would print as a warning; reading goes on.
    pub(super) fn warn(&mut self, warning: &ConfigError) {
        self.warnings.push(warning.headline());
    }

    /// A path made absolute.
    pub(super) fn full_path(&self, path: &str) -> PathBuf {
        self.prefix.join(path)
    }

    /// A path that starts where the configuration file lies, made absolute.
    pub(super) fn path_beside_the_file(&self, path: &str) -> PathBuf {
        self.input.directory().join(path)
    }

    fn finish(self, file: PathBuf) -> Result<Config, ConfigError> {
        let Reader { prefix, as_root, main, http, input, mut warnings, .. } = self;
        if !main.events {
            return Err(ConfigError::new("no \"events\" section in configuration")
                .help("add one: events { worker_connections 1024; }"));
        }
        let http = match main.http {
            true => Some(http.finished.ok_or_else(|| ConfigError::new("the \"http\" block was not read"))?),
            false => None,
        };
        let config = main::finish(main, http, prefix, file, as_root, &mut warnings)?;
        Ok(Config { files: input.into_opened(), ..config })
    }
}

/// An error of the system as nginx prints it: `2: No such file or directory`.
pub(super) fn os_error(error: &std::io::Error) -> String {
    let text = error.to_string();
    match (error.raw_os_error(), text.split_once(" (os error")) {
        (Some(code), Some((words, _))) => format!("{code}: {words}"),
        _ => text,
    }
}
