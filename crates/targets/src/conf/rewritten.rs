//! The result of rewriting a configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::include::Include;
use super::paths::{PREFIX, Scratch};
use super::source::Source;
use crate::target::PORTS_FILE;

/// A configuration that is ready to run, and what was changed.
#[derive(Debug, Clone, Default)]
pub struct RewrittenConf {
    /// The main file's text.
    pub text: String,
    /// Included files by the path they have for nginx (`mime.types`, `conf.d/x.conf`).
    pub included: BTreeMap<String, String>,
    /// The head of the block that includes each of them, as `upstream app`; empty for the main context.
    pub around: BTreeMap<String, String>,
    /// Listening addresses as written, each with its replacement; clients use the first.
    pub listen: Vec<(String, SocketAddr)>,
    /// App servers as written, each with its replacement.
    pub app_servers: BTreeMap<String, SocketAddr>,
    /// The app servers of each upstream, as written and in order.
    pub upstreams: BTreeMap<String, Vec<String>>,
    /// The names that certificates of app servers must be for; `None` if it speaks no TLS to any.
    pub app_server_names: Option<BTreeSet<String>>,
    /// Every address that it may listen on or connect to.
    pub addresses: Vec<SocketAddr>,
    /// The listening addresses with TLS.
    pub tls: Vec<SocketAddr>,
    /// Certificates, keys and the like, in the order of the file.
    pub tls_files: Vec<TlsFile>,
    /// Where the files of users and passwords would be (`auth_basic_user_file`). There are none unless a scenario needs them.
    pub password_files: BTreeSet<PathBuf>,
    /// The `root` that serves `/`, as written.
    pub front_end: Option<String>,
    /// The files of the first `access_log`, `error_log` and `pid`, by directive.
    pub logs: BTreeMap<String, PathBuf>,
    /// The directories of log files, which exist on the real machine.
    pub log_directories: BTreeSet<PathBuf>,
    /// Each `include` of one file that does not exist.
    pub missing: Vec<Include>,
    /// Why it cannot be parsed, if so: then it must not be started.
    pub unreadable: Option<String>,
    /// Names that a variable comes to beside others, and that nobody looks up; each with its line.
    pub lost_names: Vec<String>,
    /// What was changed, one per line, as `line 12: listen 80 -> 127.0.0.1:40001`.
    pub notes: Vec<String>,
}

/// A file that an `ssl_…` or `proxy_ssl_…` directive names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFile {
    /// The directive.
    pub directive: String,
    /// The path as written.
    pub written: String,
    /// The path in the scratch directory.
    pub placed: PathBuf,
    /// Its text, from beside the configuration or from this machine. If it is in neither place, as production certificates on
    /// a developer's machine, a substitute; `None` if there is none, so that the engine reports that it cannot be loaded.
    pub text: Option<String>,
}

impl RewrittenConf {
    /// Writes all files into the scratch directory.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, scratch: &Scratch) -> io::Result<()> {
        std::fs::write(scratch.conf(), &self.text)?;
        let ports: String = self.addresses.iter().map(|address| format!("{}\n", address.port())).collect();
        std::fs::write(scratch.path().join(PORTS_FILE), ports)?;
        self.log_directories.iter().try_for_each(std::fs::create_dir_all)?;
        for (name, text) in &self.included {
            let path = scratch.place_included(name);
            std::fs::create_dir_all(path.parent().unwrap_or(Path::new(PREFIX)))?;
            std::fs::write(path, text)?;
        }
        for TlsFile { placed, text, .. } in &self.tls_files {
            if let Some(text) = text {
                std::fs::create_dir_all(placed.parent().unwrap_or(Path::new(PREFIX)))?;
                write_secret(placed, text)?;
            }
        }
        Ok(())
    }

    /// The first file that nginx has read and that is not as it was checked, going by its dump.
    pub(crate) fn first_unchecked(&self, scratch: &Scratch, dump: &[u8]) -> Option<String> {
        let main = (scratch.conf(), self.text.as_str());
        let included = self.included.iter().map(|(name, text)| (scratch.place_included(name), text.as_str()));
        super::dump::first_unchecked(dump, std::iter::once(main).chain(included))
    }

    /// The replacements for the servers of an upstream, in order; or for the app server with that address.
    pub fn servers_of(&self, upstream: &str) -> Vec<SocketAddr> {
        let group = self.upstreams.iter().find(|(name, _)| name.eq_ignore_ascii_case(upstream));
        let Some((_, written)) = group else {
            return self.app_servers.get(upstream).copied().into_iter().collect();
        };
        let mut servers: Vec<SocketAddr> = Vec::new();
        for address in written.iter().filter_map(|written| self.app_servers.get(written)) {
            if !servers.contains(address) {
                servers.push(*address);
            }
        }
        servers
    }

    /// What the app server that is replaced by `stand_in` is called: `app2:8080 of upstream sockets`. Where several are, by
    /// the first.
    pub fn app_server_name(&self, stand_in: SocketAddr) -> Option<String> {
        let (written, _) = self.app_servers.iter().find(|(_, address)| **address == stand_in)?;
        let has_it =
            |servers: &[String]| servers.iter().any(|one| self.app_servers.get(one) == Some(&stand_in));
        let upstreams = self.upstreams.iter().filter(|(_, servers)| has_it(servers));
        Some(match upstreams.map(|(name, _)| name.as_str()).collect::<Vec<_>>()[..] {
            [] => written.clone(),
            [upstream] => format!("{written} of upstream {upstream}"),
            ref upstreams => format!("{written} of upstreams {}", upstreams.join(" and ")),
        })
    }

    /// The directory the front end is deployed to, as in the configuration.
    pub fn deployed_to(&self, source: &Source) -> Option<String> {
        let page = || source.pages().next().and_then(|page| page.directories().into_iter().next());
        source.front_end.deployed_to.clone().or_else(page).or_else(|| self.front_end.clone())
    }
}

/// Writes a file that only its owner can read, as it may be a key.
fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
