//! The last look at a rewritten configuration before an engine gets it: nothing in it may reach beyond this run.
//!
//! What an engine will do is read off the text it is going to run, by nginx's own rules of words and quotes, and not off what
//! the rewriter believes to have done. Whatever is not clearly ours is refused.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::Path;

use nginx_conf::syntax::{Directive, parse};

use super::pass::{Host, Url, assigned, declared_group, is_filled_by_requests, only_variable};
use super::touch::{Touch, is_data, is_harmless, is_no_path, touch};

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
        texts: impl Iterator<Item = Text<'t>> + Clone,
    ) -> Result<Option<String>, String> {
        let mut unreadable = None;
        let mut files = Vec::new();
        for text in texts {
            match (parse(text.text, text.name), around(text.around)) {
                (Ok(directives), Ok(around)) => files.push((text.name, directives, around)),
                (Err(error), _) | (_, Err(error)) => {
                    unreadable.get_or_insert(error.to_string());
                }
            }
        }
        if unreadable.is_some() {
            return Ok(unreadable);
        }
        let known = Known::of(files.iter().map(|(_, directives, around)| (&directives[..], around.first())));
        for (name, directives, around) in &files {
            for directive in directives {
                self.directive(directive, around.first(), &known)
                    .map_err(|(line, reason)| format!("{name}:{line}: {reason}"))?;
            }
        }
        Ok(None)
    }

    fn directive(
        &self,
        directive: &Directive,
        block: Option<&Directive>,
        known: &Known,
    ) -> Result<(), (usize, String)> {
        self.one(directive, block, known).map_err(|reason| (directive.line(), reason))?;
        directive.inner().iter().try_for_each(|inner| self.directive(inner, Some(directive), known))
    }

    /// Looks at a directive without its block.
    fn one(&self, directive: &Directive, block: Option<&Directive>, known: &Known) -> Result<(), String> {
        let name = directive.name.text.as_str();
        let in_data = block.is_some_and(|block| is_data(&block.name.text));
        let words = || std::iter::once(&directive.name).chain(&directive.args);
        // What a variable stands for may become part of a path.
        if (name == "set" || in_data) && words().any(|word| climbs(&word.text) || word.text == ".") {
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
            ("proxy_pass", _) if !self.stays_here(argument, known, &mut HashSet::new()) => {
                Err(format!("`proxy_pass {argument}` may ask a server that is not this run's"))
            }
            ("resolver", _)
                if directive
                    .args
                    .iter()
                    .any(|word| !is_resolver_option(&word.text) && !self.is_ours(&word.text)) =>
            {
                Err(format!("`resolver {argument}` would ask a name server that is not this run's"))
            }
            ("ssl_stapling", _) if argument == "on" => {
                Err("`ssl_stapling on` asks the authority that issued the certificate".to_owned())
            }
            ("set_real_ip_from", _) if !is_network(argument) => {
                Err(format!("`set_real_ip_from {argument}` would look a name up"))
            }
            (_, Some(Touch::Foreign)) => {
                Err(format!("`{name}` is not stood in for, so that it could reach something real"))
            }
            ("include", _) | (_, Some(Touch::Read | Touch::Written | Touch::Pem))
                if !self.is_below(name, argument) =>
            {
                Err(format!("`{name} {argument}` lies outside the scratch directory"))
            }
            (_, Some(Touch::UpstreamTls | Touch::Absent | Touch::OtherProtocol)) => {
                Err(format!("`{name}` was to be left out, and is still there"))
            }
            (_, Some(_)) => Ok(()),
            // A misspelt one is for the engine to name.
            (_, None) if is_harmless(name) || is_ours_to_know(name) || is_misspelt(name) => Ok(()),
            (_, None) => {
                Err(format!("`{name}` is not known to hopcheck, so that nobody can say what it would reach"))
            }
        }
    }

    fn is_ours(&self, address: &str) -> bool {
        address.parse().is_ok_and(|address| self.addresses.contains(&address))
    }

    /// Whether the URL of a `proxy_pass`, or a value that becomes one, names a server of ours whatever its variables turn out
    /// to be. Behind an address they can only make a path of it, or a port that there is not.
    fn stays_here(&self, url: &str, known: &Known, seen: &mut HashSet<String>) -> bool {
        let Some(Url { host, rest, .. }) = Url::of(url) else { return false };
        match host {
            Host::Literal(host) => {
                let has_whole_port = host.len() - host.rfind(':').unwrap_or(0) == 6;
                known.upstreams.contains(&host.to_ascii_lowercase())
                    || self.is_ours(host) && (!rest.starts_with('$') || has_whole_port)
            }
            Host::Variable(name, "") => self.is_host_of_ours(&name.to_ascii_lowercase(), known, seen),
            Host::Variable(..) => false,
        }
    }

    /// Whether every value that the variable `name` can have is a server of ours, or nothing.
    fn is_host_of_ours(&self, name: &str, known: &Known, seen: &mut HashSet<String>) -> bool {
        if !seen.insert(name.to_owned()) {
            return true;
        }
        let Some(values) = known.values.get(name) else { return false };
        let is_fixed = !is_filled_by_requests(name) && !known.captured.contains(name);
        is_fixed
            && values.iter().all(|value| match only_variable(value) {
                Some(other) => self.is_host_of_ours(&other, known, seen),
                None => {
                    let is_group = || known.upstreams.contains(&value.to_ascii_lowercase());
                    value.is_empty()
                        || is_group()
                        || self.is_ours(value)
                        || self.stays_here(value, known, seen)
                }
            })
    }

    fn is_below(&self, directive: &str, path: &str) -> bool {
        is_no_path(directive, path) || (!climbs(path) && Path::new(path).starts_with(self.scratch))
    }
}

/// A text of a configuration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'t> {
    /// How it is called.
    pub(super) name: &'t str,
    /// What it says.
    pub(super) text: &'t str,
    /// The head of the block that includes it, as `upstream app`; empty for the main context.
    pub(super) around: &'t str,
}

/// A block with that head and nothing in it.
fn around(head: &str) -> Result<Vec<Directive>, nginx_conf::ConfigError> {
    if head.is_empty() { Ok(Vec::new()) } else { parse(format!("{head} {{ }}"), "a block") }
}

/// What all texts together say of names, in lower case, as nginx takes them.
#[derive(Debug, Default)]
struct Known {
    upstreams: HashSet<String>,
    /// Every value that is written for a variable.
    values: HashMap<String, HashSet<String>>,
    /// Variables that have values from elsewhere: a request, an answer, another file.
    captured: HashSet<String>,
}

impl Known {
    fn of<'a>(files: impl Iterator<Item = (&'a [Directive], Option<&'a Directive>)>) -> Known {
        let mut known = Known::default();
        for (directives, around) in files {
            directives.iter().for_each(|directive| known.add(directive, around));
        }
        known
    }

    fn add(&mut self, directive: &Directive, block: Option<&Directive>) {
        if let Some((name, nth)) = assigned(directive, block) {
            self.values.entry(name).or_default().insert(directive.arg(nth).unwrap_or_default().to_owned());
        }
        self.upstreams.extend(declared_group(directive, block).map(str::to_ascii_lowercase));
        // `auth_request_set $x …`, and whatever else fills a variable.
        let fills = !directive.is("set") && !is_data(&directive.name.text) && directive.args.len() > 1;
        self.captured.extend(directive.arg(0).filter(|_| fills).and_then(only_variable));
        for word in std::iter::once(&directive.name).chain(&directive.args) {
            self.captured.extend(named_groups(&word.text).map(str::to_ascii_lowercase));
        }
        for inner in directive.inner() {
            self.add(inner, Some(directive));
        }
    }
}

/// What `resolver` takes besides addresses.
fn is_resolver_option(word: &str) -> bool {
    ["valid=", "ipv4=", "ipv6=", "status_zone="].iter().any(|option| word.starts_with(option))
}

/// Whether a word is an address or a network, and no name.
fn is_network(word: &str) -> bool {
    let address = word.split_once('/').map_or(word, |(address, _)| address);
    word == "unix:" || address.parse::<std::net::IpAddr>().is_ok()
}

/// Whether a name is none of nginx's, and nearly one.
fn is_misspelt(name: &str) -> bool {
    !nginx_conf::is_known(name) && nginx_conf::resembles_directive(name)
}

/// Directives that this check looks at one by one.
fn is_ours_to_know(name: &str) -> bool {
    matches!(name, "resolver" | "set_real_ip_from")
}

/// The groups of a pattern that have a name: `(?<name>…)`, `(?P<name>…)`, `(?'name'…)`.
fn named_groups(pattern: &str) -> impl Iterator<Item = &str> {
    pattern.split("(?").skip(1).filter_map(|group| {
        let group = group.strip_prefix('P').unwrap_or(group);
        let name = group.strip_prefix(['<', '\''])?;
        name.split(['>', '\'']).next()
    })
}

/// Whether a path leads up, or could once its variables have values: dots beside one that turns out to be empty, or another dot.
fn climbs(path: &str) -> bool {
    let is_dots = |part: &str| !part.is_empty() && part.chars().all(|c| c == '.');
    path.split('/').any(|part| match part.split_once('$') {
        None => part == "..",
        Some(_) => {
            let mut literal = String::new();
            let mut rest = part;
            while let Some((before, variable)) = rest.split_once('$') {
                literal += before;
                let variable = variable.trim_start_matches('{');
                let ends =
                    variable.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(variable.len());
                rest = variable[ends..].trim_start_matches('}');
            }
            literal += rest;
            is_dots(&literal)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> bool {
        let addresses = HashSet::from([SocketAddr::from(([127, 0, 0, 1], 40_001))]);
        let containment = Containment { scratch: Path::new("/scratch"), addresses: &addresses };
        containment.check([Text { name: "nginx.conf", text, around: "" }].into_iter()).is_err()
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
            "set_real_ip_from 10.0.0.0/8; gzip on; limit_req zone=a; lisen 80;",
            "set $a $b; set $b $a; set $b 127.0.0.1:40001; proxy_pass http://$a;",
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
            "proxy_pass https://10.0.0.1;",
            "location ~ ^/[^'\"]+$ { proxy_pass http://10.0.0.1; }",
            "add_header X a\"b; error_log /var/log/nginx/error.log;",
            "pid /scratch/../run/nginx.pid;",
            "pid /scratchpad/nginx.pid;",
            "include /etc/nginx/conf.d/*.conf;",
            "set $top ../../../..; root /scratch/root/etc/nginx/$top;",
            "map $host $top { default ../../..; }",
            "resolver 8.8.8.8;",
            "resolver 127.0.0.1:40001 a=name;",
            "pid /dev/null;",
            "client_body_temp_path /dev/null;",
            "access_log /dev/null;",
            "scgi_cache_path /var/cache keys_zone=z:1m;",
            "access_log /scratch/root/..$arg_n/..$arg_n/x;",
            "set $d .; root /scratch/$d$d;",
            "root /scratch/${a}..$b;",
            "map $host $y { upstream 127.0.0.1:9; } proxy_pass http://127.0.0.1:9;",
            "types { upstream localhost:9; } proxy_pass http://localhost:9;",
            "upstream 127.0.0.1:9 { server 127.0.0.1:40001; } proxy_pass http://127.0.0.1:9;",
            "upstream unix:/run/s { server 127.0.0.1:40001; } proxy_pass http://unix:/run/s:/;",
            "upstream unix { server 127.0.0.1:40001; } proxy_pass http://unix$args;",
            "upstream 127 { server 127.0.0.1:40001; } set $a 127; proxy_pass http://$a$args;",
            "set $app 127.0.0.1:40001; set $APP 10.0.0.1; proxy_pass http://$app;",
            "set $arg_app 127.0.0.1:40001; proxy_pass http://$arg_app;",
            "set $args 127.0.0.1:40001; proxy_pass http://$args;",
            "set $a ''; proxy_pass http://$a$args;",
            "set_real_ip_from proxy.test;",
            "debug_connection a.test;",
            "worker_rlimit_core 1g;",
            "vod_upstream_location /x;",
            "stream { }",
        ] {
            assert!(refused(text), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_to_be() {
        let containment = Containment { scratch: Path::new("/scratch"), addresses: &HashSet::new() };
        let text = Text { name: "nginx.conf", text: "listen 80; add_header X \"a;", around: "" };
        let unreadable = containment.check([text].into_iter());
        assert!(unreadable.unwrap().is_some_and(|why| why.starts_with("unexpected end of file")));
    }
}
