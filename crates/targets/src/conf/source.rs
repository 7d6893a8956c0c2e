//! Finds and reads the configuration to test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use hopcheck_site::{Comparison, Differences, Node, Route, Server, Site};
use hopcheck_templates::{Overrides, TemplateError};
use include_dir::{Dir, include_dir};
use nginx_conf::syntax::parse;
use thiserror::Error;

use super::default_files::STOCK_CONF_HEAD;
use super::directory;
use super::include::Include;
use super::origin::{MainFile, Origin};
use hopcheck_site::profile::{FILE, Profile, ProfileError, Words};

pub(super) static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/nginx");

/// The blocks at the top level of a whole `nginx.conf`. A file with none of these, but with `server` blocks, is one that
/// official images include from `conf.d`.
const TOP_LEVEL_BLOCKS: [&str; 2] = ["events", "http"];

/// Why a configuration cannot be used.
#[derive(Debug, Error)]
pub enum ConfError {
    /// A file does not exist or cannot be read.
    #[error("cannot read {}: {error}{}", path.display(), hopcheck_templates::file_help(error))]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It could reach beyond this run, so it is not run.
    #[error("{name} is {error}")]
    NotRun {
        /// Its name, as given by the user.
        name: String,
        /// What it would reach, and where.
        error: std::io::Error,
    },
    /// `hopcheck.toml` beside it is invalid.
    #[error("{0}")]
    Profile(#[from] ProfileError),
    /// It is a template that cannot be filled in.
    #[error("{0}")]
    Template(#[from] TemplateError),
}

/// A configuration as written, with access to the files it includes.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its text (a bare `server { … }` file is wrapped as in the stock `nginx.conf`).
    pub text: String,
    /// Its name, as given by the user.
    pub name: String,
    /// The directory that stands for `/etc/nginx`; `None` for the built-in configuration.
    pub(super) directory: Option<PathBuf>,
    /// The front end that goes with it.
    pub front_end: FrontEnd,
    /// The addresses of the deployed app servers, as its upstream must name them. Empty: any.
    pub app_servers: Vec<String>,
    /// The values of the placeholders for its site.
    pub words: Words,
    /// Whether it follows the document, so that the scenarios about the document's own site apply too.
    pub as_documented: bool,
    /// What it serves. Empty if that cannot be determined; then engines refuse it too.
    pub site: Arc<Site>,
    /// The files that templates or a ConfigMap were made into.
    pub origin: Arc<Origin>,
    /// The port that clients use, which it must `listen` on. `None`: the first one.
    pub port: Option<u16>,
    /// What is promised of it: routes and upstreams, if the profile names any.
    pub profile: Arc<Profile>,
    /// The texts of an edit, by the names of the files.
    pub(super) edited: Arc<BTreeMap<String, String>>,
    /// How it differs from that, once it is known.
    pub(super) differences: Arc<OnceLock<Result<Differences, String>>>,
}

/// What a configuration is read with, beside what lies beside it.
#[derive(Debug, Clone, Default)]
pub struct SourceOptions {
    /// The profile in place of the `hopcheck.toml` beside it.
    pub profile: Option<PathBuf>,
    /// The values that a template is filled in with, before all others.
    pub values: Overrides,
}

/// Which build of the front end is deployed, and where to.
#[derive(Debug, Clone, Default)]
pub struct FrontEnd {
    /// The build; `None` for the built-in one.
    pub build: Option<PathBuf>,
    /// The directory it is deployed to, which `nginx.conf` must name. `None`: whatever `root` the configuration has for `/`,
    /// which then cannot be wrong.
    pub deployed_to: Option<String>,
}

impl Source {
    /// Reads `path`, and its profile, to be inspected but not run. A template is filled in with the values of `options`, the
    /// profile's `[environment]` and what lies beside it.
    ///
    /// # Errors
    /// When the file cannot be read or filled in, or its profile is invalid.
    pub fn open(path: &Path, options: &SourceOptions) -> Result<Source, ConfError> {
        let path = &Source::file_in(path);
        let read_error = |error| ConfError::Read { path: path.clone(), error };
        let included = match directory::holds_finished_files(path) {
            true => Some(directory::conf_of(path).map_err(read_error)?),
            false => None,
        };
        let directory = match (&included, path.parent()) {
            (Some((_, etc_nginx)), _) => etc_nginx.clone(),
            _ if path.is_dir() => path.to_owned(),
            (None, Some(parent)) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        // A directory of templates is as a whole what nginx.conf would be.
        let directory = match directory.parent() {
            Some(around) if directory.ends_with("templates") && !directory.join(FILE).exists() => {
                Path::new(".").join(around)
            }
            _ => directory,
        };
        let profile = match &options.profile {
            Some(file) => Profile::read(file)?,
            None => Profile::beside(&directory)?.of_configuration(path),
        };
        let mut overrides = options.values.clone();
        for (name, value) in &profile.environment {
            overrides.add(name, &value.to_string(), "[environment] in hopcheck.toml");
        }
        let made = match included {
            Some(_) => None,
            None => hopcheck_templates::open(path, &overrides)?,
        };
        let (MainFile { text, name }, origin) = match (made, included) {
            (Some(mut files), _) => {
                for left_out in directory::beside_templates(path) {
                    let of = "is not tested: its directory is taken for one of templates";
                    files.warnings.push(format!("{} {of}", left_out.display()));
                }
                Origin::of(files, path)
            }
            (None, Some((text, _))) => {
                (MainFile { text, name: path.display().to_string() }, Origin::finished(Vec::new()))
            }
            (None, None) => {
                let (text, name) = (read(path)?, path.display().to_string());
                let warnings = hopcheck_templates::address_warnings(path, &name, &text);
                (MainFile { text, name }, Origin::finished(warnings))
            }
        };
        let build = profile.front_end.build.as_ref().map(|build| profile.directory.join(build));
        let mut source = Source::of(wrap_server_blocks(text), name, Some(directory), build, profile, origin);
        let misspelt = &mut Arc::make_mut(&mut source.site).misspelt_upstreams;
        misspelt.retain(|found| !hopcheck_templates::is_service_beside(path, &found.name));
        Ok(source)
    }

    /// What a path stands for: in place of a directory the `nginx.conf` in it, or what it has under another usual name. A
    /// directory of files to include, or of templates, stands for itself.
    pub fn file_in(path: &Path) -> PathBuf {
        directory::file_in(path)
    }

    /// The length of what stands before the user's text in [`Source::text`]: a bare `server { … }` file is wrapped.
    pub fn head_length(&self) -> usize {
        if self.text.starts_with(STOCK_CONF_HEAD) { STOCK_CONF_HEAD.len() } else { 0 }
    }

    /// What it serves.
    ///
    /// # Errors
    /// When nginx could not parse it, or its locations.
    pub fn read_site(&self) -> Result<Site, nginx_conf::ConfigError> {
        Site::read(&self.text, &self.name, &|pattern| self.included_by_origin(pattern))
    }

    /// Its directives, with those of the files it includes in place of each `include`.
    ///
    /// # Errors
    /// When nginx could not parse it.
    pub fn expand(&self) -> Result<Vec<Node>, nginx_conf::ConfigError> {
        hopcheck_site::tree::expand(&self.text, &self.name, &|pattern| self.included_by_origin(pattern))
    }

    /// The files that `include pattern` names, each by what its author calls it.
    fn included_by_origin(&self, pattern: &str) -> Vec<(String, String)> {
        let named = |(path, text): (String, String)| (self.origin.name_of(&path).to_owned(), text);
        self.included(pattern).into_iter().map(named).collect()
    }

    /// How its routes and upstreams differ from those that its profile promises. Found out once.
    ///
    /// # Errors
    /// As [`Source::read_site`].
    pub fn differences(&self) -> Result<&Differences, String> {
        let find = || {
            let site = self.read_site().map_err(|error| error.to_string())?;
            Ok(Comparison::of(&site, &self.profile).differences())
        };
        self.differences.get_or_init(find).as_ref().map_err(Clone::clone)
    }

    /// The error for an included file that does not exist.
    pub(super) fn missing_include_error(&self, include: &Include) -> std::io::Error {
        std::io::Error::other(format!(
            "not run: {include} names a file that does not exist\n  help: it was looked for in {}; put a copy there, \
             as it affects what the site does",
            self.directory.as_deref().unwrap_or(Path::new(".")).display()
        ))
    }

    /// The document's configuration, built into this program, with this profile in place of its own.
    ///
    /// # Errors
    /// When the profile cannot be read.
    pub(super) fn built_in_with(profile: &Path) -> Result<Source, ConfError> {
        let Source { text, name, .. } = Source::built_in();
        let profile = Profile::read(profile)?;
        let build = profile.front_end.build.as_ref().map(|build| profile.directory.join(build));
        Ok(Source::of(text, name, None, build, profile, Origin::default()))
    }

    /// The document's configuration, built into this program.
    pub fn built_in() -> Source {
        let text = |name: &str| {
            BUILT_IN.get_file(name).and_then(|file| file.contents_utf8()).unwrap_or_default().to_owned()
        };
        let profile = Profile::parse(&text(FILE), FILE).unwrap_or_default();
        Source::of(
            text("nginx.conf"),
            "nginx.conf (built in)".to_owned(),
            None,
            None,
            profile,
            Origin::default(),
        )
    }

    pub(super) fn of(
        text: String,
        name: String,
        directory: Option<PathBuf>,
        build: Option<PathBuf>,
        profile: Profile,
        origin: Origin,
    ) -> Source {
        let page = match &build {
            Some(build) => std::fs::read_to_string(build.join("index.html")).ok(),
            None => {
                BUILT_IN.get_file("www/index.html").and_then(|file| file.contents_utf8()).map(str::to_owned)
            }
        };
        let mut source = Source {
            text,
            name,
            words: Words::staged(&profile, page.as_deref()),
            directory,
            front_end: FrontEnd { build, deployed_to: profile.front_end.deployed_to.clone() },
            app_servers: profile.app_servers.deployed_at.clone(),
            port: profile.clients.port,
            as_documented: profile.as_documented,
            origin: Arc::new(origin),
            site: Arc::default(),
            edited: Arc::default(),
            profile: Arc::new(profile),
            differences: Arc::default(),
        };
        source.site = Arc::new(source.read_site().unwrap_or_default());
        source
    }

    /// The front ends that serve a page at `/`. If the profile does not name the directory of the build, each names its own.
    pub fn pages(&self) -> impl Iterator<Item = &Route> {
        let is_asked = |server: &Server| server.unreachable.is_none() && !server.alike.is_one_of_many();
        let asked = self.site.routes().filter(move |(server, _)| is_asked(server));
        let found = self.front_end.deployed_to.is_none();
        asked.map(|(_, route)| route).filter(move |route| found && route.is_front_page())
    }

    /// Whether an app server is deployed at this address, as far as the profile says.
    pub fn is_deployed(&self, address: &str) -> bool {
        self.app_servers.is_empty() || self.app_servers.iter().any(|deployed| deployed == address)
    }

    /// Whether clients use this `listen` address.
    pub fn is_asked_at(&self, listen: &str) -> bool {
        let (host, port) = listen.rsplit_once(':').unwrap_or(("*", listen));
        let port = if port.contains('.') { "80" } else { port };
        self.port.is_none_or(|asked| matches!(host, "*" | "0.0.0.0") && port.parse() == Ok(asked))
    }

    /// Writes the front end's build into `directory`.
    ///
    /// # Errors
    /// When the build cannot be read or the directory cannot be written.
    pub fn deploy(&self, directory: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(directory)?;
        match (&self.front_end.build, BUILT_IN.get_dir("www")) {
            (Some(build), _) => copy(build, directory),
            (None, Some(www)) => {
                for entry in files(www) {
                    let path = entry.path().strip_prefix("www").unwrap_or(entry.path());
                    let target = directory.join(path);
                    std::fs::create_dir_all(target.parent().unwrap_or(directory))?;
                    std::fs::write(target, entry.contents())?;
                }
                Ok(())
            }
            (None, None) => Ok(()),
        }
    }
}

/// Larger than any configuration.
const MAX_FILE_SIZE: u64 = 16 * 1024 * 1024;

fn read(path: &Path) -> Result<String, ConfError> {
    text(path).map_err(|error| ConfError::Read { path: path.to_owned(), error })
}

/// The text of a regular file no larger than [`MAX_FILE_SIZE`]. Invalid UTF-8 does not matter in comments; words are checked
/// before anything runs.
pub(super) fn text(path: &Path) -> std::io::Result<String> {
    if path == Path::new("/dev/null") {
        return Ok(String::new());
    }
    let bytes = nginx_conf::read_regular_file(path, MAX_FILE_SIZE)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    match parse(&text, path) {
        Err(error) if error.message().starts_with("more than") => {
            Err(std::io::Error::other(error.headline()))
        }
        _ => Ok(text),
    }
}

/// Wraps a bare `server { … }` file as in the stock `nginx.conf`; anything else is left alone.
pub(super) fn wrap_server_blocks(text: String) -> String {
    let bare = match parse(&text, "nginx.conf") {
        Ok(parsed) => {
            parsed.iter().any(|directive| directive.is("server"))
                && !parsed.iter().any(|directive| TOP_LEVEL_BLOCKS.contains(&directive.name.text.as_str()))
        }
        // Judge by its first words, so that the engine reports the line that is wrong.
        Err(_) => {
            let begins = |word: &str| text.lines().any(|line| line.trim_start().starts_with(word));
            begins("server") && !begins("http") && !begins("events")
        }
    };
    if bare { format!("{}{text}\n}}\n", STOCK_CONF_HEAD) } else { text }
}

/// All files below a directory that is built in.
pub(super) fn files<'a>(dir: &'a Dir<'a>) -> Box<dyn Iterator<Item = &'a include_dir::File<'a>> + 'a> {
    Box::new(dir.files().chain(dir.dirs().flat_map(files)))
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of a file with these bytes.
    fn read(bytes: &[u8]) -> Result<Source, ConfError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nginx.conf");
        std::fs::write(&path, bytes).unwrap();
        Source::read(&path)
    }

    #[test]
    fn windows_line_ends_and_comments_in_any_encoding_are_accepted() {
        let source = read(b"# \xb0\xa1\r\nevents { }\r\nhttp { server { listen 80; } }\r\n").unwrap();
        assert_eq!(source.text.lines().count(), 3);
    }

    #[test]
    fn odd_spellings_are_read_as_nginx_reads_them() {
        for odd in
            [&b"location ~ ^/[^'\"]+$ { return 204; }"[..], b"add_header X a\"b;", b"add_header X a}b;"]
        {
            read(&[b"events { } http { server { listen 80; ", odd, b" } }"].concat()).unwrap();
        }
        let error = read(b"events { } http { server { add_header X \xb0; } }").unwrap_err();
        assert!(matches!(error, ConfError::NotRun { .. }), "{error}");
    }

    #[test]
    fn files_that_include_each_other_end_with_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nginx.conf");
        std::fs::create_dir(directory.path().join("conf.d")).unwrap();
        std::fs::write(&path, "events { } http { include conf.d/*.conf; }").unwrap();
        std::fs::write(directory.path().join("conf.d/a.conf"), "include conf.d/*.conf;").unwrap();
        let error = Source::read(&path).unwrap_err().to_string();
        assert!(error.contains("`include conf.d/*.conf` in conf.d/a.conf:1 includes itself"), "{error}");
    }

    #[test]
    fn only_regular_files_are_read() {
        let error = Source::read(Path::new("/dev/zero")).unwrap_err().to_string();
        assert!(error.contains("not a regular file"), "{error}");
        let error = read(&b"http {".repeat(5_000)).unwrap_err().to_string();
        assert!(error.contains("more than 100 blocks inside each other"), "{error}");
    }
}
