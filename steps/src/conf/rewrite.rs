//! Rewriting a configuration so that it can be run here: listening addresses, upstream servers and paths; nothing
//! else, and never the lines.

use std::collections::{HashMap, HashSet};
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::rc::Rc;

use nginx_lint_parser::ast::{Argument, Block, Config, Directive};
use nginx_lint_parser::parse_string;
use regex::{Captures, Regex};

use super::containment::Containment;
use super::edit::Edits;
use super::overlay::after_brace;
use super::paths::{PREFIX, Scratch, place};
use super::rewritten::{Rewritten, TlsFile};
use super::source::Source;

/// Directives whose first argument is a path.
const PATHS: [&str; 13] = [
    "root",
    "alias",
    "pid",
    "access_log",
    "error_log",
    "auth_basic_user_file",
    "client_body_temp_path",
    "proxy_cache_path",
    "proxy_temp_path",
    "fastcgi_temp_path",
    "scgi_temp_path",
    "uwsgi_temp_path",
    "lock_file",
];

/// Directives that write to where `PATHS` has them: the directories above must be there.
const WRITTEN: [&str; 10] = [
    "pid",
    "access_log",
    "error_log",
    "client_body_temp_path",
    "proxy_cache_path",
    "proxy_temp_path",
    "fastcgi_temp_path",
    "scgi_temp_path",
    "uwsgi_temp_path",
    "lock_file",
];

/// More files named by `include` than anybody has.
const MAX_INCLUDES: usize = 2_000;

/// Directives whose argument is a file of the TLS set-up, in PEM.
const TLS_FILES: [&str; 7] = [
    "ssl_certificate",
    "ssl_certificate_key",
    "ssl_client_certificate",
    "ssl_crl",
    "ssl_dhparam",
    "ssl_password_file",
    "ssl_trusted_certificate",
];

/// What such a directive may say instead of a path, or names a place that is the same everywhere.
const NO_PATHS: [&str; 3] = ["off", "stderr", "/dev/null"];

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
        let name = self.source.name.as_str();
        let included = rewritten.included.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let texts = std::iter::once((name, rewritten.text.as_str())).chain(included);
        let containment = Containment { scratch: self.scratch.path(), addresses: &addresses };
        rewritten.unreadable = containment.check(texts).map_err(|reason| {
            let help = "hopcheck runs a configuration on loopback and in a scratch directory alone";
            io::Error::other(format!("not run: {reason}\n  help: {help}"))
        })?;
        Ok(rewritten)
    }

    fn rewrite_unchecked(
        &self,
        text: &str,
        mut reserve: impl FnMut(&str) -> io::Result<SocketAddr>,
    ) -> io::Result<Rewritten> {
        let mut walk = Walk {
            rewriter: self,
            upstreams: HashSet::new(),
            stand_ins: HashMap::new(),
            files: HashMap::new(),
            including: Vec::new(),
            includes: 0,
            out: Rewritten::default(),
            reserve: &mut reserve,
        };
        let Ok(parsed) = parse_string(text) else {
            return Ok(Rewritten { text: self.with_account(text)?, ..Rewritten::default() });
        };
        walk.collect_upstreams(&parsed)?;
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
    upstreams: HashSet<String>,
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
    parsed: Option<Config>,
}

impl Walk<'_> {
    /// The files that `include pattern` names; read and parsed once.
    fn files(&mut self, pattern: &str) -> Rc<[Included]> {
        let source = self.rewriter.source;
        let read = |(name, text): (String, String)| Included { parsed: parse_string(&text).ok(), name, text };
        let all = || source.included(pattern).into_iter().map(read).collect();
        Rc::clone(self.files.entry(pattern.to_owned()).or_insert_with(all))
    }

    fn collect_upstreams(&mut self, parsed: &Config) -> io::Result<()> {
        for directive in parsed.all_directives() {
            match (directive.name.as_str(), directive.first_arg()) {
                ("upstream", Some(name)) => {
                    self.upstreams.insert(name.to_owned());
                }
                ("include", Some(pattern)) => {
                    let files = self.enter(pattern)?;
                    for parsed in files.iter().filter_map(|file| file.parsed.as_ref()) {
                        self.collect_upstreams(parsed)?;
                    }
                    self.including.pop();
                }
                _ => {}
            }
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
    fn main(&mut self, parsed: &Config, text: &str, edits: &mut Edits) -> io::Result<()> {
        let has = |name: &str| parsed.directives().any(|directive| directive.is(name));
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
        for directive in parsed.directives() {
            self.directive(directive, text, edits, "main")?;
        }
        Ok(())
    }

    fn block(&mut self, block: &Block, text: &str, edits: &mut Edits, context: &str) -> io::Result<()> {
        if context == "http" && !block.directives().any(|directive| directive.is("access_log")) {
            let log = self.log("access_log", "/var/log/nginx/access.log");
            edits.insert(after_brace(text, block), format!(" access_log {log}; "));
        }
        if context == "server" && !block.directives().any(|directive| directive.is("listen")) {
            let address = self.listen("80")?;
            edits.insert(after_brace(text, block), format!(" listen {address}; "));
        }
        let mut met = Vec::new();
        for directive in block.directives() {
            if let ("upstream", true, Some(address)) =
                (context, directive.is("server"), directive.args.first())
            {
                if !met.contains(&address.as_str()) {
                    met.push(address.as_str());
                }
                let stand_in = self.app_server(address.as_str(), met.len() - 1)?;
                self.put(directive, edits, span_of(std::slice::from_ref(address)), stand_in.to_string());
            } else {
                self.directive(directive, text, edits, context)?;
            }
        }
        Ok(())
    }

    fn directive(
        &mut self,
        directive: &Directive,
        text: &str,
        edits: &mut Edits,
        context: &str,
    ) -> io::Result<()> {
        let first = directive.args.first();
        match (directive.name.as_str(), first) {
            // Workers that stay root are a fault to be found, and no account is missing for it.
            ("user", Some(name)) if name.as_str() == "root" && self.rewriter.user.is_some() => {}
            ("user", _) => match &self.rewriter.user {
                Some(user) => self.put(directive, edits, span_of(&directive.args), user.clone()),
                None => edits.blank(text, directive.span.start.offset..directive.span.end.offset),
            },
            // Both engines are told to stay in the foreground, which may be said only once.
            ("daemon", _) => edits.blank(text, directive.span.start.offset..directive.span.end.offset),
            ("listen", Some(address)) => {
                let stand_in = self.listen(address.as_str())?;
                if directive.args.iter().any(|word| word.as_str() == "ssl")
                    && !self.out.tls.contains(&stand_in)
                {
                    self.out.tls.push(stand_in);
                }
                self.put(directive, edits, span_of(std::slice::from_ref(address)), stand_in.to_string());
            }
            // Names are looked up nowhere: nobody answers there.
            ("resolver", Some(_)) => {
                let nobody = (self.reserve)("resolver")?;
                let kept = directive.args.iter().filter(|word| word.as_str().contains('='));
                let words: Vec<&str> = kept.map(|word| word.raw.as_str()).collect();
                let text = format!("{nobody} {}", words.join(" "));
                self.put(directive, edits, span_of(&directive.args), text.trim_end().to_owned());
            }
            // It would ask the authority that issued the certificate.
            ("ssl_stapling", Some(_)) => self.put(directive, edits, span_of(&directive.args), "off".into()),
            ("proxy_pass", Some(url)) => self.proxy_pass(directive, url, edits)?,
            ("include", Some(pattern)) => self.include(directive, pattern, edits, context)?,
            (name, Some(path)) if TLS_FILES.contains(&name) && !path.as_str().contains(['$', ':']) => {
                let placed = self.tls_file(name, path.as_str());
                self.put(directive, edits, span_of(std::slice::from_ref(path)), placed);
            }
            (name, Some(path)) if PATHS.contains(&name) && !NO_PATHS.contains(&path.as_str()) => {
                if name == "root" && (self.out.front_end.is_none() || context == "location /") {
                    self.out.front_end = Some(path.as_str().to_owned());
                }
                let placed = self.log(name, path.as_str());
                self.put(directive, edits, span_of(std::slice::from_ref(path)), placed);
            }
            _ => {}
        }
        match &directive.block {
            Some(block) => self.block(block, text, edits, &context_name(directive)),
            None => Ok(()),
        }
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

    fn proxy_pass(&mut self, directive: &Directive, url: &Argument, edits: &mut Edits) -> io::Result<()> {
        let Some(rest) = url.as_str().strip_prefix("http://") else { return Ok(()) };
        let (host, uri) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        // Where a variable names the host, no stand-in can be put in its place: that is not run.
        if !host.is_empty() && !self.upstreams.contains(host) && !host.contains('$') {
            let url_now = format!("http://{}{uri}", self.app_server(host, 0)?);
            self.put(directive, edits, span_of(std::slice::from_ref(url)), url_now);
        }
        Ok(())
    }

    /// Included files are rewritten too, and written where the rewritten `include` looks for them.
    fn include(
        &mut self,
        directive: &Directive,
        pattern: &Argument,
        edits: &mut Edits,
        context: &str,
    ) -> io::Result<()> {
        let files = self.enter(pattern.as_str())?;
        for Included { name, text, parsed } in files.iter() {
            let mut inner = Edits::default();
            for directive in parsed.iter().flat_map(Config::directives) {
                self.directive(directive, text, &mut inner, context)?;
            }
            self.out.included.insert(name.clone(), inner.apply(text));
        }
        self.including.pop();
        let placed = self.place(pattern.as_str());
        self.put(directive, edits, span_of(std::slice::from_ref(pattern)), placed);
        Ok(())
    }

    /// Where a certificate or the like will lie. It is copied, since nginx in a container sees nothing else.
    fn tls_file(&mut self, directive: &str, path: &str) -> String {
        let text = self.rewriter.source.included(path).into_iter().next().map(|(_, text)| text);
        let placed = place(self.rewriter.scratch.path(), path);
        let shown = placed.display().to_string();
        let file = TlsFile { directive: directive.to_owned(), written: path.to_owned(), placed, text };
        self.out.tls_files.push(file);
        shown
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
        if let (true, Some(directory)) = (WRITTEN.contains(&name), placed.parent()) {
            self.out.log_directories.insert(directory.to_owned());
        }
        self.out.logs.entry(name.to_owned()).or_insert_with(|| placed.clone());
        placed.display().to_string()
    }

    fn place(&self, path: &str) -> String {
        place(self.rewriter.scratch.path(), path).display().to_string()
    }

    fn put(&mut self, directive: &Directive, edits: &mut Edits, range: std::ops::Range<usize>, text: String) {
        let was: Vec<&str> = directive.args.iter().map(|argument| argument.raw.as_str()).collect();
        let line = directive.span.start.line;
        self.out.notes.push(format!("line {line}: {} {} -> {text}", directive.name, was.join(" ")));
        edits.replace(range, text);
    }
}

fn context_name(directive: &Directive) -> String {
    match (directive.name.as_str(), directive.first_arg(), directive.args.len()) {
        ("location", Some(prefix), 1) => format!("location {prefix}"),
        (name, ..) => name.to_owned(),
    }
}

fn span_of(arguments: &[Argument]) -> std::ops::Range<usize> {
    match (arguments.first(), arguments.last()) {
        (Some(first), Some(last)) => first.span.start.offset..last.span.end.offset,
        _ => 0..0,
    }
}

impl Rewritten {
    /// Writes all files into the scratch directory.
    ///
    /// # Errors
    /// When something cannot be written.
    pub fn write(&self, scratch: &Scratch) -> io::Result<()> {
        std::fs::write(scratch.conf(), &self.text)?;
        self.log_directories.iter().try_for_each(std::fs::create_dir_all)?;
        for (name, text) in &self.included {
            let path = scratch.place(name);
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

    /// The directory the front end is deployed to, as the configuration should name it.
    pub fn deployed_to(&self, source: &Source) -> Option<String> {
        source.front_end.deployed_to.clone().or_else(|| self.front_end.clone())
    }
}

/// Writes a file that nobody else may read, as it may be a key.
fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

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
