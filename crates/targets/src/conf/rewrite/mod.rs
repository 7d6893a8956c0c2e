//! Rewrites a configuration so that it can run here: listening addresses, upstream servers and paths. Nothing else changes,
//! and line numbers stay.

mod app_servers;
mod constants;
mod directive;
mod includes;
mod stand_in_maps;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::rc::Rc;

use nginx_conf::syntax::{Directive, parse};
use regex::{Captures, Regex};

use crate::conf::containment::{ConfText, Containment};
use crate::conf::default_files::STOCK_CONF_HEAD;
use crate::conf::effects::{Effect, effect_of};
use crate::conf::known_names::KnownNames;
use crate::conf::paths::{Scratch, place};
use crate::conf::proxy_pass::hosts_of;
use crate::conf::rewritten::{RewrittenConf, TlsFile};
use crate::conf::source::Source;
use crate::conf::words::quoted;
use nginx_conf::edit::Edits;

use constants::Constants;
pub use stand_in_maps::has_own_variable;
use stand_in_maps::{StandInMaps, bucket_size};

/// More `include`s than any real configuration has.
const MAX_INCLUDES: usize = 2_000;

/// Directories that nginx makes when it starts, whether it needs them or not.
const TEMP_PATH_DIRECTIVES: [&str; 5] =
    ["client_body_temp_path", "proxy_temp_path", "fastcgi_temp_path", "scgi_temp_path", "uwsgi_temp_path"];

/// What `reserve` is asked for where an app server has a port of its own.
pub(crate) fn app_server_key(address: &str) -> String {
    format!("app server {address}")
}

/// Rewrites a configuration.
#[derive(Debug)]
pub struct Rewriter<'a> {
    /// The configuration's files.
    pub source: &'a Source,
    /// The directory to run in.
    pub scratch: &'a Scratch,
    /// Replacements for upstream servers: the first server of each upstream becomes the first of these, and so on in turn. Where
    /// there are none, each gets a port of its own. The same address is always replaced by the same one.
    pub app_servers: &'a [SocketAddr],
    /// The workers' account, `name group`; `None` when not started as root.
    pub user: Option<String>,
    /// Clients of this run that are allowed wherever some addresses are (`allow`), as that directive names them.
    pub allowed_clients: Option<String>,
}

impl Rewriter<'_> {
    /// Rewrites `text` and every file it includes. `reserve` maps each `listen` address to a free one on loopback.
    ///
    /// # Errors
    /// When no address can be reserved, files include each other in a cycle, or the result could reach beyond this run. A text
    /// that cannot be parsed is returned as it is, for an engine to test but not to start.
    pub fn rewrite(
        &self,
        text: &str,
        mut reserve: impl FnMut(&str) -> io::Result<SocketAddr>,
    ) -> io::Result<RewrittenConf> {
        let origin = &self.source.origin;
        if origin.refused.is_some() {
            let (unreadable, notes) = (origin.refused.clone(), origin.notes.clone());
            let text = self.with_account(text)?;
            return Ok(RewrittenConf { text, unreadable, notes, ..RewrittenConf::default() });
        }
        let mut addresses: HashSet<SocketAddr> = self.app_servers.iter().copied().collect();
        let mut rewritten = self.rewrite_unchecked(text, |written| {
            let address = reserve(written)?;
            addresses.insert(address);
            Ok(address)
        })?;
        rewritten.notes.splice(0..0, origin.notes.iter().cloned());
        if rewritten.unreadable.is_some() {
            return Ok(rewritten);
        }
        let main = ConfText { name: &self.source.name, text: &rewritten.text, around: "" };
        let around = &rewritten.around;
        let included = rewritten.included.iter().map(|(name, text)| ConfText {
            name,
            text,
            around: around.get(name).map_or("", String::as_str),
        });
        let texts = std::iter::once(main).chain(included);
        let containment = Containment { scratch: self.scratch.path(), addresses: &addresses };
        let unreadable = containment.check(texts).map_err(|reason| {
            // A missing file may well be the cause.
            match rewritten.missing.first() {
                Some(missing) => self.source.missing_include_error(missing),
                None => io::Error::other(format!("not run: {reason}\n  help: {}", self.help())),
            }
        })?;
        rewritten.unreadable = unreadable;
        rewritten.addresses = addresses.into_iter().collect();
        Ok(rewritten)
    }

    /// What to do about a configuration that is not run.
    fn help(&self) -> &'static str {
        let is_template =
            Regex::new(r"\$\{[A-Z][A-Z0-9_]*\}").is_ok_and(|name| name.is_match(&self.source.text));
        match is_template {
            true => {
                "if this is a template, say what it is filled in with: --env NAME=VALUE, or --env-file FILE"
            }
            false => "hopcheck only runs configurations on loopback and in a scratch directory",
        }
    }

    fn rewrite_unchecked(
        &self,
        text: &str,
        mut reserve: impl FnMut(&str) -> io::Result<SocketAddr>,
    ) -> io::Result<RewrittenConf> {
        let Ok(parsed) = parse(text, &self.source.name) else {
            return Ok(RewrittenConf { text: self.with_account(text)?, ..RewrittenConf::default() });
        };
        let mut walk = Walker {
            rewriter: self,
            known: KnownNames::default(),
            said: Default::default(),
            servers: BTreeSet::new(),
            variable_hosts: HashSet::new(),
            maps: StandInMaps::default(),
            map_hash_bucket_size: None,
            constants: Vec::new(),
            resolves: false,
            may_look_up: self.source.text.starts_with(STOCK_CONF_HEAD),
            looked_up: HashSet::new(),
            needs_tls: false,
            names: BTreeSet::new(),
            stand_ins: HashMap::new(),
            reserved: Vec::new(),
            files: HashMap::new(),
            including: Vec::new(),
            file: self.source.name.clone(),
            includes: 0,
            out: RewrittenConf::default(),
            reserve: &mut reserve,
        };
        walk.survey(&parsed, None)?;
        let values = walk.values_of_servers();
        walk.map_hash_bucket_size = bucket_size(values.iter());
        walk.variable_hosts = hosts_of(&values);
        let mut edits = Edits::default();
        walk.main(&parsed, text, &mut edits)?;
        walk.out.text = edits.apply(text);
        walk.out.app_server_names = walk.tls_names();
        let made = super::certificate::substitute_missing(&mut walk.out.tls_files);
        walk.out.notes.extend(made);
        // If no port is configured and one uses TLS, the others probably redirect to it.
        let tls = &walk.out.tls;
        let secure =
            |address: &SocketAddr| tls.is_empty() || self.source.port.is_some() || tls.contains(address);
        let asked =
            |(written, address): &(String, SocketAddr)| self.source.is_asked_at(written) && secure(address);
        if let Some(index) = walk.out.listen.iter().position(asked) {
            walk.out.listen.swap(0, index);
        }
        Ok(walk.out)
    }

    /// Replaces the account in a text that cannot be parsed: otherwise the engine reports that instead of the syntax error.
    fn with_account(&self, text: &str) -> io::Result<String> {
        let line = Regex::new(r"(?m)^(\s*)user\s[^;\n]*;").map_err(io::Error::other)?;
        let user = self.user.as_ref().map_or_else(String::new, |user| format!("user {user};"));
        Ok(line.replace(text, |found: &Captures<'_>| format!("{}{user}", &found[1])).into_owned())
    }
}

struct Walker<'a> {
    rewriter: &'a Rewriter<'a>,
    /// Upstreams, variables and what these can be.
    known: KnownNames,
    /// The names of the directives in the main context and in `http`, included files too.
    said: [HashSet<String>; 2],
    /// What `proxy_pass` has in place of a server, where that is one of variables: `$app:8000`.
    servers: BTreeSet<String>,
    /// The servers that these may be, in lower case.
    variable_hosts: HashSet<String>,
    /// What stands in for these.
    maps: StandInMaps,
    /// What nginx needs for that, if it is more than the default.
    map_hash_bucket_size: Option<usize>,
    /// Variables that `set` gives a fixed value, of the blocks around, the outermost first.
    constants: Vec<Constants>,
    /// Whether a server of an upstream is resolved repeatedly (`resolve`).
    resolves: bool,
    /// Whether there is a `resolver`, or may be one in what is not here: the `nginx.conf` around a bare server, or files that
    /// only the real machine has.
    may_look_up: bool,
    /// Servers that a `proxy_pass` without variables names: nginx looks these up when it starts, and finds them again.
    looked_up: HashSet<String>,
    /// Whether an app server is spoken to by TLS.
    needs_tls: bool,
    /// The names that one may go by.
    names: BTreeSet<String>,
    /// What stands in for the app servers found so far, by their canonical addresses.
    stand_ins: HashMap<String, SocketAddr>,
    /// Those of them that were reserved, in order.
    reserved: Vec<SocketAddr>,
    /// What each `include` names.
    files: HashMap<String, Rc<[IncludedFile]>>,
    /// The `include`s being followed, the outermost first.
    including: Vec<String>,
    /// The file that is being rewritten, as messages call it.
    file: String,
    /// How many were followed so far.
    includes: usize,
    out: RewrittenConf,
    reserve: &'a mut dyn FnMut(&str) -> io::Result<SocketAddr>,
}

/// A file that the configuration includes.
struct IncludedFile {
    name: String,
    text: String,
    /// `None` if it cannot be parsed, which the engine reports.
    parsed: Option<Vec<Directive>>,
}

impl Walker<'_> {
    /// Rewrites the main context, and adds what a run in a scratch directory needs.
    fn main(&mut self, parsed: &[Directive], text: &str, edits: &mut Edits) -> io::Result<()> {
        let said = self.said[0].clone();
        let has = |name: &str| said.contains(name);
        let mut missing = String::new();
        for (name, value) in [("error_log", "/var/log/nginx/error.log"), ("pid", "/var/run/nginx.pid")] {
            if !has(name) {
                missing += &format!("{name} {}; ", self.log(name, value));
            }
        }
        if let (false, Some(user)) = (has("user"), &self.rewriter.user) {
            missing += &format!("user {user}; ");
        }
        edits.insert(0, missing);
        parsed.iter().try_for_each(|directive| self.directive(directive, text, edits, None))
    }

    fn directive(
        &mut self,
        directive: &Directive,
        text: &str,
        edits: &mut Edits,
        block: Option<&Directive>,
    ) -> io::Result<()> {
        if let Some(module) = hopcheck_site::other_module(&directive.name.text) {
            self.note(directive, &format!("removed: nginx comes without {module}"));
            edits.blank(text, directive.span.clone());
            return Ok(());
        }
        if directive.block.is_some() && effect_of(&directive.name.text) == Some(Effect::Absent) {
            self.note(directive, "removed: only `http` is run");
            edits.blank(text, directive.span.clone());
            return Ok(());
        }
        self.rewrite_one(directive, text, edits, block)?;
        if let Some(inner) = &directive.block {
            let said = self.said[1].clone();
            let has = |name: &str| match directive.is("http") {
                true => said.contains(name),
                false => inner.directives.iter().any(|directive| directive.is(name)),
            };
            if directive.is("http") && !has("access_log") {
                let log = self.log("access_log", "/var/log/nginx/access.log");
                edits.insert(inner.span.start, format!(" access_log {log}; "));
            }
            if directive.is("http") {
                // The defaults of a packaged nginx may be in use by another one.
                for name in TEMP_PATH_DIRECTIVES.into_iter().filter(|name| !has(name)) {
                    let place = self.log(name, &format!("/var/cache/nginx/{name}"));
                    edits.insert(inner.span.start, format!(" {name} {place}; "));
                }
            }
            if let Some(size) = self.map_hash_bucket_size.filter(|_| directive.is("http"))
                && !has("map_hash_bucket_size")
            {
                edits.insert(inner.span.start, format!(" map_hash_bucket_size {size}; "));
            }
            if directive.is("server") && !has("listen") {
                let address = self.listen("80")?;
                edits.insert(inner.span.start, format!(" listen {address}; "));
            }
        }
        self.constants.push(Constants::of(directive.inner()));
        let walked = directive
            .inner()
            .iter()
            .try_for_each(|inner| self.directive(inner, text, edits, Some(directive)));
        self.constants.pop();
        if let (true, Some(inner)) = (directive.is("http"), &directive.block) {
            edits.insert(inner.span.end, self.maps.text());
        }
        walked
    }

    /// Where a certificate or the like will be copied to, as nginx in a container sees nothing else.
    fn tls_file(&mut self, directive: &str, path: &str) -> io::Result<String> {
        let text = self.rewriter.source.included(path).into_iter().next().map(|(_, text)| text);
        let placed = place(self.rewriter.scratch.path(), path);
        let shown = quoted(&placed.display().to_string());
        let file = TlsFile { directive: directive.to_owned(), written: path.to_owned(), placed, text };
        self.out.tls_files.push(file);
        Ok(shown)
    }

    /// The loopback address for `address`; always the same one.
    fn listen(&mut self, address: &str) -> io::Result<SocketAddr> {
        if let Some((_, known)) = self.out.listen.iter().find(|(written, _)| written == address) {
            return Ok(*known);
        }
        let stand_in = (self.reserve)(address)?;
        self.out.listen.push((address.to_owned(), stand_in));
        Ok(stand_in)
    }

    /// Whether TLS is spoken at this `listen` address by what else is said, as `ssl on` before nginx 1.25.1.
    fn speaks_tls_at(&self, address: &str) -> bool {
        let mut listens = self.rewriter.source.site.servers.iter().flat_map(|server| &server.listen);
        listens.any(|listen| listen.tls && listen.address == address)
    }

    /// Maps `path`, and notes it as the file of the directive `name` unless there is an earlier one.
    fn log(&mut self, name: &str, path: &str) -> String {
        let placed = place(self.rewriter.scratch.path(), path);
        if let (Some(Effect::Written), Some(directory)) = (effect_of(name), placed.parent()) {
            self.out.log_directories.insert(directory.to_owned());
        }
        self.out.logs.entry(name.to_owned()).or_insert_with(|| placed.clone());
        quoted(&placed.display().to_string())
    }

    fn place(&self, path: &str) -> String {
        quoted(&place(self.rewriter.scratch.path(), path).display().to_string())
    }

    fn put(&mut self, directive: &Directive, edits: &mut Edits, range: Range<usize>, text: String) {
        self.note(directive, &text);
        edits.replace(range, text);
    }

    /// Keeps a mistake that a replacement would hide from the engine.
    fn mistaken(&mut self, directive: &Directive, mistake: &str) {
        let why = format!("{mistake} in {}:{}", self.file, directive.line());
        self.out.unreadable.get_or_insert(why);
    }

    fn note(&mut self, directive: &Directive, now: &str) {
        self.out.notes.push(format!("line {}: {} -> {now}", directive.line(), directive.head()));
    }
}

#[cfg(test)]
mod tests;
