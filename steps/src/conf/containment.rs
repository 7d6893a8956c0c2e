//! The last look at a rewritten configuration before an engine gets it: nothing in it may reach beyond this run.
//!
//! What an engine will do is read off the text it is going to run, by nginx's own rules of words and quotes, and not off what
//! the rewriter believes to have done. Whatever is not clearly ours is refused.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::{Component, Path};

use nginx_conf::syntax::{Directive, parse};

use super::pass::{Host, Url, assigned, only_variable};
use super::touch::{Touch, is_data, is_no_path, touch};

/// What a configuration may reach.
#[derive(Debug)]
pub(super) struct Containment<'a> {
    /// The directory that stands for the whole file system.
    pub scratch: &'a Path,
    /// Addresses held by this run: for `listen`, and of what stands in for app servers.
    pub addresses: &'a HashSet<SocketAddr>,
}

impl Containment<'_> {
    /// Looks at every text of a configuration, each with its name. Says why one cannot be read, if so: then nothing is known of
    /// what the configuration would reach, and it may be checked by an engine but not started.
    ///
    /// # Errors
    /// The first thing that would reach beyond this run, and where it stands.
    pub(super) fn check<'t>(
        &self,
        texts: impl Iterator<Item = (&'t str, &'t str)> + Clone,
    ) -> Result<Option<String>, String> {
        let read = |(name, text): (&'t str, &'t str)| parse(text, name).map(|directives| (name, directives));
        let files = match texts.map(read).collect::<Result<Vec<_>, _>>() {
            Ok(files) => files,
            Err(error) => return Ok(Some(error.to_string())),
        };
        let known = Known::of(files.iter().flat_map(|(_, directives)| directives));
        for (name, directives) in &files {
            for directive in directives {
                self.directive(directive, None, &known)
                    .map_err(|(line, reason)| format!("{name}:{line}: {reason}"))?;
            }
        }
        Ok(None)
    }

    fn directive(
        &self,
        directive: &Directive,
        block: Option<&Directive>,
        known: &Known<'_>,
    ) -> Result<(), (usize, String)> {
        self.one(directive, block, known).map_err(|reason| (directive.line(), reason))?;
        directive.inner().iter().try_for_each(|inner| self.directive(inner, Some(directive), known))
    }

    /// Looks at a directive without its block.
    fn one(&self, directive: &Directive, block: Option<&Directive>, known: &Known<'_>) -> Result<(), String> {
        let name = directive.name.text.as_str();
        let in_data = block.is_some_and(|block| is_data(&block.name.text));
        let words = || std::iter::once(&directive.name).chain(&directive.args);
        // What a variable stands for may become part of a path.
        if (name == "set" || in_data) && words().any(|word| climbs(&word.text)) {
            return Err("a value with `..` may lead out of the scratch directory".to_owned());
        }
        if in_data && name != "include" {
            return Ok(());
        }
        if words().any(|word| word.text.contains('\u{fffd}')) {
            return Err("a word is not valid UTF-8, and hopcheck cannot pass it on as it is".to_owned());
        }
        let argument = directive.arg(0).unwrap_or_default();
        match (name, touch(name)) {
            ("listen", _) if !self.is_ours(argument) => {
                Err(format!("`listen {argument}` would open an address that is not this run's"))
            }
            ("server", _) if block.is_some_and(|block| block.is("upstream")) && !self.is_ours(argument) => {
                Err(format!("`server {argument}` would ask an app server that is not this run's"))
            }
            ("proxy_pass", _) if !self.stays_here(argument, known, 0) => {
                Err(format!("`proxy_pass {argument}` may ask a server that is not this run's"))
            }
            ("resolver", _)
                if directive
                    .args
                    .iter()
                    .any(|word| !word.text.contains('=') && !self.is_ours(&word.text)) =>
            {
                Err(format!("`resolver {argument}` would ask a name server that is not this run's"))
            }
            ("ssl_stapling", _) if argument == "on" => {
                Err("`ssl_stapling on` asks the authority that issued the certificate".to_owned())
            }
            (_, Some(Touch::Foreign)) => {
                Err(format!("`{name}` is not stood in for, so that it could reach something real"))
            }
            ("include", _) | (_, Some(Touch::Read | Touch::Written | Touch::Pem | Touch::UpstreamTls))
                if !self.is_below(argument) =>
            {
                Err(format!("`{name} {argument}` lies outside the scratch directory"))
            }
            _ => Ok(()),
        }
    }

    fn is_ours(&self, address: &str) -> bool {
        address.parse().is_ok_and(|address| self.addresses.contains(&address))
    }

    /// Whether the URL of a `proxy_pass`, or a value that becomes one, names a server of ours whatever its variables turn out
    /// to be. Behind an address they can only make a path of it, or a port that there is not.
    fn stays_here(&self, url: &str, known: &Known<'_>, depth: usize) -> bool {
        let Some(Url { host, rest, .. }) = Url::of(url) else { return false };
        match host {
            Host::Literal(host) => {
                let is_upstream = known.upstreams.contains(host);
                let is_a_name = host.contains(|letter: char| letter.is_ascii_alphabetic());
                self.is_ours(host)
                    && (!rest.starts_with('$') || host.len() - host.rfind(':').unwrap_or(0) == 6)
                    || is_upstream && (is_a_name || !rest.starts_with('$'))
            }
            Host::Variable(name, "") => self.is_host_of_ours(name, known, depth),
            Host::Variable(..) => false,
        }
    }

    /// Whether every value that the variable `name` can have is a server of ours, or nothing.
    fn is_host_of_ours(&self, name: &str, known: &Known<'_>, depth: usize) -> bool {
        let Some(values) = known.values.get(name).filter(|_| depth < MAX_ALIASES) else { return false };
        !known.captured.contains(name)
            && values.iter().all(|value| match only_variable(value) {
                Some(other) => self.is_host_of_ours(other, known, depth + 1),
                None => {
                    let is_name = || known.upstreams.contains(value) || self.is_ours(value);
                    value.is_empty() || is_name() || self.stays_here(value, known, depth + 1)
                }
            })
    }

    fn is_below(&self, path: &str) -> bool {
        is_no_path(path) || (!climbs(path) && Path::new(path).starts_with(self.scratch))
    }
}

/// A variable may have its value from another, and that from the next; so many times at most.
const MAX_ALIASES: usize = 8;

/// What all texts together say of names.
#[derive(Debug, Default)]
struct Known<'a> {
    upstreams: HashSet<&'a str>,
    /// Every value that is written for a variable.
    values: HashMap<&'a str, Vec<&'a str>>,
    /// Variables that have values from elsewhere: a request, an answer, another file.
    captured: HashSet<&'a str>,
}

impl<'a> Known<'a> {
    fn of(directives: impl Iterator<Item = &'a Directive>) -> Known<'a> {
        let mut known = Known::default();
        for directive in directives {
            known.add(directive, None);
        }
        known
    }

    fn add(&mut self, directive: &'a Directive, block: Option<&'a Directive>) {
        if let Some((name, nth)) = assigned(directive, block) {
            self.values.entry(name).or_default().push(directive.arg(nth).unwrap_or_default());
        }
        if directive.is("upstream") {
            self.upstreams.extend(directive.arg(0));
        }
        let is_data = |block: &Directive| is_data(&block.name.text);
        if let Some(block) = block.filter(|block| is_data(block) && directive.is("include")) {
            self.captured.extend(block.args.last().and_then(|word| only_variable(&word.text)));
        }
        // `auth_request_set $x …`, and whatever else fills a variable.
        let fills = !directive.is("set") && !is_data(directive) && directive.args.len() > 1;
        if let Some(name) = directive.arg(0).filter(|_| fills).and_then(only_variable) {
            self.captured.insert(name);
        }
        for word in std::iter::once(&directive.name).chain(&directive.args) {
            self.captured.extend(named_groups(&word.text));
        }
        for inner in directive.inner() {
            self.add(inner, Some(directive));
        }
    }
}

/// The groups of a pattern that have a name: `(?<name>…)`, `(?P<name>…)`, `(?'name'…)`.
fn named_groups(pattern: &str) -> impl Iterator<Item = &str> {
    pattern.split("(?").skip(1).filter_map(|group| {
        let group = group.strip_prefix('P').unwrap_or(group);
        let name = group.strip_prefix(['<', '\''])?;
        name.split(['>', '\'']).next()
    })
}

fn climbs(path: &str) -> bool {
    Path::new(path).components().any(|part| part == Component::ParentDir)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> bool {
        let addresses = HashSet::from([SocketAddr::from(([127, 0, 0, 1], 40_001))]);
        let containment = Containment { scratch: Path::new("/scratch"), addresses: &addresses };
        containment.check([("nginx.conf", text)].into_iter()).is_err()
    }

    #[test]
    fn what_is_ours_may_run() {
        for text in [
            "server { listen 127.0.0.1:40001; root /scratch/root/srv; access_log off; }",
            "upstream app { server 127.0.0.1:40001; } location / { proxy_pass http://app/x; }",
            "upstream app { server 127.0.0.1:40001; } location / { proxy_pass http://app$request_uri; }",
            "location / { proxy_pass http://127.0.0.1:40001$1; }",
            "location / { proxy_pass https://127.0.0.1:40001; }",
            "map $x $y { listen 80; }",
            "upstream app { server 127.0.0.1:40001; } set $a app; proxy_pass http://$a/x;",
            "map $h $a { default http://127.0.0.1:40001; x \"\"; } proxy_pass $a;",
            "set $b 127.0.0.1:40001; set $a $b; location / { proxy_pass http://$a$request_uri; }",
        ] {
            assert!(!refused(text), "{text}");
        }
    }

    #[test]
    fn what_could_reach_something_real_may_not() {
        for text in [
            "listen 80;",
            "listen\t\"80\";",
            "listen\r\n80;",
            "'listen' 127.0.0.1:40002;",
            "upstream app { server 10.0.0.1:80; }",
            "proxy_pass http://10.0.0.1;",
            "proxy_pass http://$host;",
            "proxy_pass $app;",
            "set $app 10.0.0.1; proxy_pass http://$app;",
            "set $app 127.0.0.1:40001; if ($x) { set $app $http_x; } proxy_pass http://$app;",
            "set $app 127.0.0.1:40001; proxy_pass http://$app:80;",
            "map $h $app { default 127.0.0.1:40001; include x; } proxy_pass http://$app;",
            "set $app 127.0.0.1:40001; location ~ ^/(?<app>.*) { proxy_pass http://$app; }",
            "set $app 127.0.0.1:40001; auth_request_set $app $upstream_http_x; proxy_pass http://$app;",
            "geo $app { default 127.0.0.1:40001; 10.0.0.0/8 10.0.0.1; } proxy_pass http://$app;",
            "set $a $b; set $b $a; proxy_pass http://$a;",
            "proxy_pass https://10.0.0.1;",
            "location ~ ^/[^'\"]+$ { proxy_pass http://10.0.0.1; }",
            "add_header X a\"b; error_log /var/log/nginx/error.log;",
            "pid /scratch/../run/nginx.pid;",
            "pid /scratchpad/nginx.pid;",
            "include /etc/nginx/conf.d/*.conf;",
            "set $top ../../../..; root /scratch/root/etc/nginx/$top;",
            "map $host $top { default ../../..; }",
            "resolver 8.8.8.8;",
            "stream { }",
        ] {
            assert!(refused(text), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_to_be() {
        let containment = Containment { scratch: Path::new("/scratch"), addresses: &HashSet::new() };
        let unreadable = containment.check([("nginx.conf", "listen 80; add_header X \"a;")].into_iter());
        assert!(unreadable.unwrap().is_some_and(|why| why.starts_with("unexpected end of file")));
    }
}
