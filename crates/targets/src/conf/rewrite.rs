//! Rewriting a configuration so that it can be run here: listening addresses, upstream servers and paths; nothing
//! else, and never the lines.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::rc::Rc;

use nginx_conf::syntax::{Directive, Word, parse};
use regex::{Captures, Regex};

use super::containment::{Containment, Text};
use super::pass::{Host, HostVariables, Url, assigned, declared_group, only_variable};
use super::paths::{Scratch, place};
use super::rewritten::{Rewritten, TlsFile};
use super::source::Source;
use super::touch::{Touch, is_data, is_no_path, touch};
use nginx_conf::edit::Edits;

/// More files named by `include` than anybody has.
const MAX_INCLUDES: usize = 2_000;

/// Directories that nginx makes when it starts, whether it needs them or not.
const TEMPORARY: [&str; 5] =
    ["client_body_temp_path", "proxy_temp_path", "fastcgi_temp_path", "scgi_temp_path", "uwsgi_temp_path"];

/// What is put in place of what.
#[derive(Debug)]
pub struct Rewriter<'a> {
    /// The configuration's files.
    pub source: &'a Source,
    /// Where it will run.
    pub scratch: &'a Scratch,
    /// Stand-ins for upstream servers: the first server of each upstream is the first of these, and so on in turn. One
    /// address has one stand-in, wherever it is written.
    pub app_servers: &'a [SocketAddr],
    /// The account that workers drop to, `name group`; `None` when not started as root.
    pub user: Option<String>,
}

impl Rewriter<'_> {
    /// Rewrites `text` and every file it includes. `reserve` gives each `listen` address a free one on loopback, and
    /// the same one the same.
    ///
    /// # Errors
    /// When no address can be reserved, when files include each other without end, and when what came of it could reach
    /// anything real. A text that no engine can take apart is returned as it is, for an
    /// engine to check and not to start.
    pub fn rewrite(
        &self,
        text: &str,
        mut reserve: impl FnMut(&str) -> io::Result<SocketAddr>,
    ) -> io::Result<Rewritten> {
        let mut addresses: HashSet<SocketAddr> = self.app_servers.iter().copied().collect();
        let mut rewritten = self.rewrite_unchecked(text, |written| {
            let address = reserve(written)?;
            addresses.insert(address);
            Ok(address)
        })?;
        let main = Text { name: &self.source.name, text: &rewritten.text, around: "" };
        let around = &rewritten.around;
        let included = rewritten.included.iter().map(|(name, text)| Text {
            name,
            text,
            around: around.get(name).map_or("", String::as_str),
        });
        let texts = std::iter::once(main).chain(included);
        let containment = Containment { scratch: self.scratch.path(), addresses: &addresses };
        rewritten.unreadable = containment.check(texts).map_err(|reason| {
            // What is missing may well be what it lacks.
            match rewritten.missing.first() {
                Some(missing) => self.source.is_missing(missing),
                None => io::Error::other(format!("not run: {reason}\n  help: {}", self.help())),
            }
        })?;
        rewritten.addresses = addresses.into_iter().collect();
        Ok(rewritten)
    }

    /// What a person can do about a configuration that is not run.
    fn help(&self) -> &'static str {
        let is_template =
            Regex::new(r"\$\{[A-Z][A-Z0-9_]*\}").is_ok_and(|name| name.is_match(&self.source.text));
        match is_template {
            true => "this is a template: fill it in first, as with envsubst, and test what comes of it",
            false => "hopcheck runs a configuration on loopback and in a scratch directory alone",
        }
    }

    fn rewrite_unchecked(
        &self,
        text: &str,
        mut reserve: impl FnMut(&str) -> io::Result<SocketAddr>,
    ) -> io::Result<Rewritten> {
        let Ok(parsed) = parse(text, &self.source.name) else {
            return Ok(Rewritten { text: self.with_account(text)?, ..Rewritten::default() });
        };
        let mut walk = Walk {
            rewriter: self,
            upstreams: HashSet::new(),
            said: Default::default(),
            hosts: HostVariables::default(),
            resolves: false,
            met: HashMap::new(),
            stand_ins: HashMap::new(),
            files: HashMap::new(),
            including: Vec::new(),
            includes: 0,
            out: Rewritten::default(),
            reserve: &mut reserve,
        };
        walk.survey(&parsed, None)?;
        walk.hosts.complete();
        let mut edits = Edits::default();
        walk.main(&parsed, text, &mut edits)?;
        walk.out.text = edits.apply(text);
        let made = super::certificate::stand_in(&mut walk.out.tls_files);
        walk.out.notes.extend(made);
        // Where nobody says which port is asked and one speaks TLS, the others redirect to it.
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

    /// A text that cannot be parsed, with an account that is here: else that one is refused, and not what is wrong.
    fn with_account(&self, text: &str) -> io::Result<String> {
        let line = Regex::new(r"(?m)^(\s*)user\s[^;\n]*;").map_err(io::Error::other)?;
        let user = self.user.as_ref().map_or_else(String::new, |user| format!("user {user};"));
        Ok(line.replace(text, |found: &Captures<'_>| format!("{}{user}", &found[1])).into_owned())
    }
}

struct Walk<'a> {
    rewriter: &'a Rewriter<'a>,
    /// The names of groups, in lower case.
    upstreams: HashSet<String>,
    /// The directives of the main context and of `http`, those in included files too.
    said: [HashSet<String>; 2],
    /// Variables that stand for an app server somewhere.
    hosts: HostVariables,
    /// Whether a server of an upstream is to be looked up again and again (`resolve`).
    resolves: bool,
    /// The servers met so far in each upstream, and among the values of each such variable.
    met: HashMap<String, Vec<String>>,
    /// Upstream servers as written, each with the address that stands for it.
    stand_ins: HashMap<String, SocketAddr>,
    /// What each `include` names.
    files: HashMap<String, Rc<[Included]>>,
    /// The `include`s being followed, the outermost first.
    including: Vec<String>,
    /// How many were followed so far.
    includes: usize,
    out: Rewritten,
    reserve: &'a mut dyn FnMut(&str) -> io::Result<SocketAddr>,
}

/// A file that the configuration includes.
struct Included {
    name: String,
    text: String,
    /// `None` where it cannot be parsed: the engine's own words about it are better than ours.
    parsed: Option<Vec<Directive>>,
}

impl Walk<'_> {
    /// The files that `include pattern` names; read and parsed once.
    fn files(&mut self, pattern: &str) -> Rc<[Included]> {
        if let Some(known) = self.files.get(pattern) {
            return Rc::clone(known);
        }
        let read = |(name, text): (String, String)| Included { parsed: parse(&text, &name).ok(), name, text };
        let files: Rc<[Included]> = self.rewriter.source.included(pattern).into_iter().map(read).collect();
        if files.is_empty() && !is_glob(pattern) {
            self.out.missing.push(pattern.to_owned());
        }
        self.files.insert(pattern.to_owned(), Rc::clone(&files));
        files
    }

    /// Learns which names are upstreams, and which variables stand for app servers.
    fn survey(&mut self, directives: &[Directive], block: Option<&Directive>) -> io::Result<()> {
        for directive in directives {
            self.hosts.note(directive, block);
            self.resolves |=
                directive.is("server") && directive.args.iter().any(|word| word.text == "resolve");
            self.upstreams.extend(declared_group(directive, block).map(str::to_ascii_lowercase));
            match block.map(|block| block.name.text.as_str()) {
                None => drop(self.said[0].insert(directive.name.text.clone())),
                Some("http") => drop(self.said[1].insert(directive.name.text.clone())),
                Some(_) => {}
            }
            if let (true, Some(pattern)) = (directive.is("include"), directive.arg(0)) {
                let files = self.enter(pattern)?;
                for parsed in files.iter().filter_map(|file| file.parsed.as_ref()) {
                    self.survey(parsed, block)?;
                }
                self.including.pop();
            }
            self.survey(directive.inner(), Some(directive))?;
        }
        Ok(())
    }

    /// Follows `include pattern`, unless that leads round in a circle.
    fn enter(&mut self, pattern: &str) -> io::Result<Rc<[Included]>> {
        self.includes += 1;
        if self.including.iter().any(|outer| outer == pattern) {
            return Err(io::Error::other(format!(
                "not run: `include {pattern}` leads to itself\n  help: a file that it names includes the same again"
            )));
        }
        if self.includes > MAX_INCLUDES {
            return Err(io::Error::other(format!("not run: more than {MAX_INCLUDES} `include`s")));
        }
        self.including.push(pattern.to_owned());
        Ok(self.files(pattern))
    }

    /// The main context: its own directives, then what must be there for a run in a scratch directory.
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
        if directive.block.is_some() && touch(&directive.name.text) == Some(Touch::Absent) {
            self.note(directive, "left out: only what is in `http` is run");
            edits.blank(text, directive.span.clone());
            return Ok(());
        }
        self.one(directive, text, edits, block)?;
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
                // Where a package's nginx keeps them unless told otherwise, it keeps those of others.
                for name in TEMPORARY.into_iter().filter(|name| !has(name)) {
                    let place = self.log(name, &format!("/var/cache/nginx/{name}"));
                    edits.insert(inner.span.start, format!(" {name} {place}; "));
                }
            }
            if directive.is("server") && !has("listen") {
                let address = self.listen("80")?;
                edits.insert(inner.span.start, format!(" listen {address}; "));
            }
        }
        directive.inner().iter().try_for_each(|inner| self.directive(inner, text, edits, Some(directive)))
    }

    /// Rewrites a directive without its block.
    fn one(
        &mut self,
        directive: &Directive,
        text: &str,
        edits: &mut Edits,
        block: Option<&Directive>,
    ) -> io::Result<()> {
        let Some(first) = directive.args.first() else { return Ok(()) };
        let (value, span) = (first.text.as_str(), first.span.clone());
        if let Some((name, nth)) = assigned(directive, block) {
            return self.assignment(directive, &name, nth, edits);
        }
        let in_data = block.is_some_and(|block| is_data(&block.name.text));
        let name = directive.name.text.as_str();
        if in_data && name != "include" {
            return Ok(());
        }
        match (name, touch(name)) {
            // Workers that stay root are a fault to be found, and no account is missing for it.
            ("user", _) if value == "root" && self.rewriter.user.is_some() => {}
            ("user", _) => match &self.rewriter.user {
                Some(user) => self.put(directive, edits, directive.args_span(), user.clone()),
                None => edits.blank(text, directive.span.clone()),
            },
            // Both engines are told to stay in the foreground, which may be said only once.
            ("daemon", _) => edits.blank(text, directive.span.clone()),
            ("listen", _) => {
                let stand_in = self.listen(value)?;
                let is_tls = directive.args.iter().any(|word| word.text == "ssl");
                if is_tls && !self.out.tls.contains(&stand_in) {
                    self.out.tls.push(stand_in);
                }
                self.put(directive, edits, span, stand_in.to_string());
                for word in directive.args.iter().filter(|word| word.text == "proxy_protocol") {
                    edits.blank(text, word.span.clone());
                }
            }
            ("server", _) if block.is_some_and(|block| block.is("upstream")) => {
                let upstream = block.and_then(|block| block.arg(0)).unwrap_or_default();
                let stand_in = self.app_server_of(upstream, value)?;
                self.put(directive, edits, span, stand_in.to_string());
            }
            // Names are looked up nowhere: those of app servers have become addresses. nginx wants one for `resolve`, and
            // nobody answers there.
            ("resolver", _) if !self.resolves => {
                self.note(directive, "left out: app servers are at addresses here");
                edits.blank(text, directive.span.clone());
            }
            ("resolver", _) => {
                let nobody = (self.reserve)("resolver")?;
                let is_kept = |word: &&Word| {
                    ["valid=", "ipv4=", "ipv6=", "status_zone="]
                        .iter()
                        .any(|known| word.text.starts_with(known))
                };
                let kept = directive.args.iter().filter(is_kept);
                let words: Vec<&str> = kept.map(|word| word.raw.as_str()).collect();
                let replacement = format!("{nobody} {}", words.join(" "));
                self.put(directive, edits, directive.args_span(), replacement.trim_end().to_owned());
            }
            // It would ask the authority that issued the certificate.
            ("ssl_stapling", _) => self.put(directive, edits, directive.args_span(), "off".into()),
            ("proxy_pass", _) => self.proxy_pass(directive, edits)?,
            ("include", _) => self.include(directive, text, edits, block)?,
            (_, Some(Touch::Absent)) => {
                self.note(directive, "left out: it is on the real server alone");
                edits.blank(text, directive.span.clone());
            }
            (_, Some(Touch::OtherProtocol)) => {
                self.put(
                    directive,
                    edits,
                    directive.name.span.start..directive.args_span().end,
                    "return 503".into(),
                );
            }
            (_, Some(Touch::UpstreamTls)) => {
                self.note(directive, "left out: the stand-ins for app servers speak plain HTTP");
                edits.blank(text, directive.span.clone());
            }
            (_, Some(Touch::Pem)) if !value.contains(['$', ':']) => {
                let placed = self.tls_file(name, value)?;
                self.put(directive, edits, span, placed);
            }
            (_, Some(Touch::Written)) if value.starts_with("syslog:") => {
                self.put(directive, edits, span, self.place("/var/log/nginx/syslog"));
            }
            (_, Some(Touch::Read | Touch::Written)) if !is_no_path(name, value) => {
                let is_page = block.is_some_and(|block| {
                    block.is("location") && block.args.len() == 1 && block.arg(0) == Some("/")
                });
                if name == "root" && (self.out.front_end.is_none() || is_page) {
                    self.out.front_end = Some(value.to_owned());
                }
                let placed = self.log(name, value);
                self.put(directive, edits, span, placed);
            }
            _ => {}
        }
        Ok(())
    }

    /// The address that stands for a server of an upstream, or of the values of a variable, in their order.
    fn app_server_of(&mut self, group: &str, address: &str) -> io::Result<SocketAddr> {
        let met = self.met.entry(group.to_owned()).or_default();
        let nth = met.iter().position(|known| known == address).unwrap_or_else(|| {
            met.push(address.to_owned());
            met.len() - 1
        });
        self.app_server(address, nth)
    }

    /// The address that stands for an app server, the `nth` of its upstream. Where none is deployed nobody listens.
    fn app_server(&mut self, address: &str, nth: usize) -> io::Result<SocketAddr> {
        if let Some(known) = self.stand_ins.get(address) {
            return Ok(*known);
        }
        let deployed = &self.rewriter.source.app_servers;
        let is_deployed = deployed.is_empty() || deployed.iter().any(|one| one == address);
        let stand_in = match self.rewriter.app_servers {
            stand_ins @ [_, ..] if is_deployed => stand_ins[nth % stand_ins.len()],
            _ => (self.reserve)(&format!("app server {address}"))?,
        };
        self.stand_ins.insert(address.to_owned(), stand_in);
        Ok(stand_in)
    }

    /// Puts a stand-in in place of the app server that a URL names. Where it cannot be told which that is, the URL stays, and
    /// what comes of it is not run.
    fn proxy_pass(&mut self, directive: &Directive, edits: &mut Edits) -> io::Result<()> {
        let Some((word, url)) = directive.args.first().and_then(|word| Some((word, Url::of(&word.text)?)))
        else {
            return Ok(());
        };
        let now = match url.host {
            Host::Literal(host) if self.upstreams.contains(&host.to_ascii_lowercase()) => match url.scheme {
                // Of the document's app servers it is known that they speak plain HTTP.
                Some("https") if !self.rewriter.source.as_documented => format!("http://{host}{}", url.rest),
                _ => return Ok(()),
            },
            Host::Literal(host) => format!("http://{}{}", self.app_server(host, 0)?, url.rest),
            Host::Variable(name, port) => {
                if self.hosts.port_of(name) != Some(port) || (port.is_empty() && url.scheme != Some("https"))
                {
                    return Ok(());
                }
                format!("{}${{{name}}}{}", url.scheme.map_or("", |_| "http://"), url.rest)
            }
        };
        self.put(directive, edits, word.span.clone(), quoted(&now));
        Ok(())
    }

    /// Puts a stand-in in place of the app server that a variable is set to.
    fn assignment(
        &mut self,
        directive: &Directive,
        name: &str,
        nth: usize,
        edits: &mut Edits,
    ) -> io::Result<()> {
        let (Some(port), Some(word)) = (self.hosts.port_of(name), directive.args.get(nth)) else {
            return Ok(());
        };
        let value = word.text.as_str();
        if value.is_empty()
            || only_variable(value).is_some()
            || self.upstreams.contains(&value.to_ascii_lowercase())
        {
            return Ok(());
        }
        let (host, scheme, rest) = match Url::of(value) {
            Some(Url { host: Host::Literal(host), scheme: Some(_), rest }) => {
                (host.to_owned(), "http://", rest)
            }
            None if !value.contains(['$', '/']) => (format!("{value}{port}"), "", ""),
            _ => return Ok(()),
        };
        let now = match self.upstreams.contains(&host.to_ascii_lowercase()) {
            true => format!("{scheme}{host}{rest}"),
            false => format!("{scheme}{}{rest}", self.app_server_of(&format!("${name}"), &host)?),
        };
        self.put(directive, edits, word.span.clone(), quoted(&now));
        Ok(())
    }

    /// Included files are rewritten too, and written where the rewritten `include` looks for them.
    fn include(
        &mut self,
        directive: &Directive,
        text: &str,
        edits: &mut Edits,
        block: Option<&Directive>,
    ) -> io::Result<()> {
        let Some(pattern) = directive.args.first() else { return Ok(()) };
        let files = self.enter(&pattern.text)?;
        if self.rewriter.source.is_stood_in_for(&pattern.text) {
            self.out.notes.push(format!("{} is not on this machine -> what is usually there", pattern.text));
        }
        let head = block.map_or_else(String::new, Directive::head);
        let mut names = Vec::new();
        for Included { name, text, parsed } in files.iter() {
            let mut inner = Edits::default();
            for directive in parsed.iter().flatten() {
                self.directive(directive, text, &mut inner, block)?;
            }
            let text = inner.apply(text);
            // What it means depends on where it stands.
            let kind = |head: &str| head.split(' ').next().unwrap_or_default().to_owned();
            let around = self.out.around.entry(name.clone()).or_insert_with(|| head.clone());
            let is_same =
                kind(around) == kind(&head) && self.out.included.get(name).is_none_or(|known| *known == text);
            if !is_same {
                return Err(io::Error::other(format!(
                    "not run: {name} is included in several places, where it would be run in different ways\n  help: give each \
                     of them a file of its own"
                )));
            }
            names.push(format!("include {};", self.place(name)));
            self.out.included.insert(name.clone(), text);
        }
        self.including.pop();
        match (names.is_empty(), is_glob(&pattern.text)) {
            // The engine is to say that it is missing.
            (true, false) => self.put(directive, edits, pattern.span.clone(), self.place(&pattern.text)),
            (true, true) => edits.blank(text, directive.span.clone()),
            // Each by its name: no pattern is left for an engine to read in its own way.
            (false, _) => self.put(directive, edits, directive.span.clone(), names.join(" ")),
        }
        Ok(())
    }

    /// Where a certificate or the like will lie. It is copied, since nginx in a container sees nothing else.
    fn tls_file(&mut self, directive: &str, path: &str) -> io::Result<String> {
        let text = self.rewriter.source.included(path).into_iter().next().map(|(_, text)| text);
        let placed = place(self.rewriter.scratch.path(), path);
        let shown = quoted(&placed.display().to_string());
        let file = TlsFile { directive: directive.to_owned(), written: path.to_owned(), placed, text };
        self.out.tls_files.push(file);
        Ok(shown)
    }

    /// The loopback address that stands for `address`; one each, however often it is written.
    fn listen(&mut self, address: &str) -> io::Result<SocketAddr> {
        if let Some((_, known)) = self.out.listen.iter().find(|(written, _)| written == address) {
            return Ok(*known);
        }
        let stand_in = (self.reserve)(address)?;
        self.out.listen.push((address.to_owned(), stand_in));
        Ok(stand_in)
    }

    /// Where `path` lies, noted as the place where the directive `name` writes unless there is an earlier one.
    fn log(&mut self, name: &str, path: &str) -> String {
        let placed = place(self.rewriter.scratch.path(), path);
        if let (Some(Touch::Written), Some(directory)) = (touch(name), placed.parent()) {
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

    fn note(&mut self, directive: &Directive, now: &str) {
        self.out.notes.push(format!("line {}: {} -> {now}", directive.line(), directive.head()));
    }
}

/// Whether an `include` names files by a pattern.
pub(super) fn is_glob(pattern: &str) -> bool {
    pattern.contains(['*', '?', '['])
}

/// `value` as a word of a configuration: in quotes where it would not be one without them.
fn quoted(value: &str) -> String {
    let is_plain =
        !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || "\"'\\;{}#".contains(c));
    match is_plain || value.contains("${") && !value.contains([' ', ';', '"', '\'']) {
        true => value.to_owned(),
        false => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use super::*;

    fn rewrite(directory: &Path, text: &str) -> (Rewritten, Scratch, String) {
        std::fs::write(directory.join("nginx.conf"), text).unwrap();
        let source = Source::read(&directory.join("nginx.conf")).unwrap();
        let scratch = Scratch::new(directory).unwrap();
        let rewriter = Rewriter { source: &source, scratch: &scratch, app_servers: &[], user: None };
        let mut port = 40_000;
        let rewritten = rewriter.rewrite(&source.text, |_| {
            port += 1;
            Ok(SocketAddr::from(([127, 0, 0, 1], port)))
        });
        let rewritten = rewritten.unwrap();
        let text = rewritten.text.replace(&scratch.path().display().to_string(), "SCRATCH");
        (rewritten, scratch, text)
    }

    #[test]
    fn logs_may_lie_anywhere() {
        let here = tempfile::tempdir().unwrap();
        let conf = "error_log logs/error.log; http { server { listen 80; access_log /srv/shop/log/a.log; } }";
        let (rewritten, scratch, _) = rewrite(here.path(), conf);
        rewritten.write(&scratch).unwrap();
        assert!(scratch.place("logs").is_dir() && scratch.place("/srv/shop/log").is_dir());
    }

    #[test]
    fn tls_stays_and_its_files_come_along() {
        let (here, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::create_dir(here.path().join("certs")).unwrap();
        std::fs::write(here.path().join("certs/a.crt"), "certificate").unwrap();
        let key = elsewhere.path().join("a.key").display().to_string();
        std::fs::write(&key, "key").unwrap();
        let conf = format!(
            "http {{ access_log off; server {{\nlisten 80;\nlisten 443 ssl http2;\nssl_certificate certs/a.crt;\n\
             ssl_certificate_key \"{key}\";\nssl_dhparam /none/dh.pem;\nssl_ciphers HIGH;\n}} }}"
        );
        let (rewritten, scratch, text) = rewrite(here.path(), &conf);
        let wanted = format!(
            "listen 127.0.0.1:40001;\nlisten 127.0.0.1:40002 ssl http2;\n\
             ssl_certificate SCRATCH/root/etc/nginx/certs/a.crt;\nssl_certificate_key SCRATCH/root{key};\n\
             ssl_dhparam SCRATCH/root/none/dh.pem;\nssl_ciphers HIGH;"
        );
        assert!(text.contains(&wanted), "{text}");
        assert_eq!(rewritten.tls, [SocketAddr::from(([127, 0, 0, 1], 40_002))]);
        let found = rewritten.tls_files.iter().take(2).map(|file| file.text.as_deref()).collect::<Vec<_>>();
        assert_eq!(found, [Some("certificate"), Some("key")]);
        rewritten.write(&scratch).unwrap();
        assert_eq!(std::fs::read_to_string(scratch.place("certs/a.crt")).unwrap(), "certificate");
        let mode = std::fs::metadata(scratch.place(&key)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
