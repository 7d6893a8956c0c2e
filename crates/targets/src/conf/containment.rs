//! The final check of a rewritten configuration before an engine gets it: nothing in it may reach beyond this run.
//!
//! It reads the text that the engine is going to run, by nginx's own rules of words and quotes, and does not rely on what the
//! rewriter has done. Anything that is not clearly part of this run is refused.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::Path;

use nginx_conf::syntax::{Directive, parse};

use super::effects::{Effect, effect_of, is_data, is_harmless, is_no_path};
use super::known_names::KnownNames;
use super::proxy_pass::{Host, Url, is_filled_by_requests, only_variable};
use super::words::{climbs, is_misspelt, is_network, is_ours_to_know, is_resolver_option};

/// What a configuration may reach.
#[derive(Debug)]
pub(super) struct Containment<'a> {
    /// The directory that stands for the whole file system.
    pub scratch: &'a Path,
    /// The addresses of this run: for `listen`, and those of its app servers.
    pub addresses: &'a HashSet<SocketAddr>,
}

impl Containment<'_> {
    /// Checks every text of a configuration. Returns why one cannot be parsed, if so: then it is not known what the
    /// configuration would reach, and an engine may test it but not start it.
    ///
    /// # Errors
    /// The first directive that would reach beyond this run, and its place.
    pub(super) fn check<'t>(
        &self,
        texts: impl Iterator<Item = ConfText<'t>> + Clone,
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
        let known =
            KnownNames::of(files.iter().map(|(_, directives, around)| (&directives[..], around.first())));
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
        known: &KnownNames,
    ) -> Result<(), (usize, String)> {
        self.check_one(directive, block, known).map_err(|reason| (directive.line(), reason))?;
        directive.inner().iter().try_for_each(|inner| self.directive(inner, Some(directive), known))
    }

    /// Checks a directive without its block.
    fn check_one(
        &self,
        directive: &Directive,
        block: Option<&Directive>,
        known: &KnownNames,
    ) -> Result<(), String> {
        let name = directive.name.text.as_str();
        let in_data = block.is_some_and(|block| is_data(&block.name.text));
        let words = || std::iter::once(&directive.name).chain(&directive.args);
        // The value of a variable may become part of a path.
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
        match (name, effect_of(name)) {
            ("listen", _) if !self.is_ours(argument) => {
                Err(format!("`listen {argument}` would listen on an address outside this run"))
            }
            ("server", _) if block.is_some_and(|block| block.is("upstream")) && !self.is_ours(argument) => {
                Err(format!("`server {argument}` would connect to an app server outside this run"))
            }
            ("proxy_pass", _)
                if !(self.is_local_pass(argument, known, &mut HashSet::new())
                    || argument.contains('$') && known.is_never_found(argument)) =>
            {
                Err(format!("`proxy_pass {argument}` may connect to a server outside this run"))
            }
            ("resolver", _)
                if directive
                    .args
                    .iter()
                    .any(|word| !is_resolver_option(&word.text) && !self.is_ours(&word.text)) =>
            {
                Err(format!("`resolver {argument}` would query a name server outside this run"))
            }
            ("ssl_stapling", _) if argument == "on" => {
                Err("`ssl_stapling on` contacts the CA that issued the certificate".to_owned())
            }
            ("set_real_ip_from", _) if !is_network(argument) => {
                Err(format!("`set_real_ip_from {argument}` would look up a name"))
            }
            (_, Some(Effect::Foreign)) => Err(format!("`{name}` may reach something outside this run")),
            ("include", _) | (_, Some(Effect::Read | Effect::Written | Effect::Pem))
                if !self.is_below(name, argument) =>
            {
                Err(format!("`{name} {argument}` is outside the scratch directory"))
            }
            (_, Some(Effect::UpstreamTls | Effect::Absent | Effect::OtherProtocol)) => {
                Err(format!("`{name}` should have been removed"))
            }
            (_, Some(_)) => Ok(()),
            // The engine reports misspelt ones.
            (_, None) if is_harmless(name) || is_ours_to_know(name) || is_misspelt(name) => Ok(()),
            (_, None) => Err(format!("`{name}` is not known to hopcheck, nor what it would reach")),
        }
    }

    fn is_ours(&self, address: &str) -> bool {
        address.parse().is_ok_and(|address| self.addresses.contains(&address))
    }

    /// Whether the URL of a `proxy_pass`, or a value that becomes one, names a server of this run whatever its variables are.
    /// After an address they can only add a path, or make the port invalid.
    fn is_local_pass(&self, url: &str, known: &KnownNames, seen: &mut HashSet<String>) -> bool {
        match Url::of(url) {
            Some(Url { host: Host::Literal(host), rest, .. }) => {
                let has_whole_port = host.len() - host.rfind(':').unwrap_or(0) == 6;
                known.upstreams.contains(&host.to_ascii_lowercase())
                    || self.is_ours(host) && (!rest.starts_with('$') || has_whole_port)
            }
            Some(Url { host: Host::Variable(name, ""), .. }) => {
                self.is_host_of_ours(&name.to_ascii_lowercase(), known, seen)
            }
            _ => {
                let servers = known.server_of(url).and_then(|(_, server, _)| known.servers(server));
                let url_of = |server: &String| match server.contains("://") {
                    true => server.clone(),
                    false => format!("http://{server}"),
                };
                let mut is_local = |server: &String| {
                    // What has no variables left has no more to find out.
                    matches!(Url::of(&url_of(server)), Some(Url { host: Host::Literal(_), .. }))
                        && (self.is_local_pass(&url_of(server), known, seen) || known.is_never_found(server))
                };
                servers.is_some_and(|servers| servers.iter().all(&mut is_local))
            }
        }
    }

    /// Whether every value that the variable `name` can have is a server of this run, or empty.
    fn is_host_of_ours(&self, name: &str, known: &KnownNames, seen: &mut HashSet<String>) -> bool {
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
                        || self.is_local_pass(value, known, seen)
                        || self.is_local_pass(&format!("http://{value}"), known, seen)
                        || known.is_never_found(value)
                }
            })
    }

    fn is_below(&self, directive: &str, path: &str) -> bool {
        is_no_path(directive, path) || (!climbs(path) && Path::new(path).starts_with(self.scratch))
    }
}

/// A text of a configuration.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConfText<'t> {
    /// Its name.
    pub(super) name: &'t str,
    /// Its content.
    pub(super) text: &'t str,
    /// The head of the block that includes it, as `upstream app`; empty for the main context.
    pub(super) around: &'t str,
}

/// An empty block with that head.
fn around(head: &str) -> Result<Vec<Directive>, nginx_conf::ConfigError> {
    if head.is_empty() { Ok(Vec::new()) } else { parse(format!("{head} {{ }}"), "a block") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> bool {
        let addresses = HashSet::from([SocketAddr::from(([127, 0, 0, 1], 40_001))]);
        let containment = Containment { scratch: Path::new("/scratch"), addresses: &addresses };
        containment.check([ConfText { name: "nginx.conf", text, around: "" }].into_iter()).is_err()
    }

    #[test]
    fn what_stays_in_this_run_is_allowed() {
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
            // Nobody looks a name up while requests are served.
            "set $a http://app:8080/x; proxy_pass $a;",
            "map $h $a { default app.test:80; other 127.0.0.1:40001; } proxy_pass https://$a;",
            "location / { proxy_pass http://app:8080/$1; }",
            "location / { proxy_pass http://app:8080$request_uri; }",
            "upstream api_a { server 127.0.0.1:40001; } location / { proxy_pass http://api_$cookie_v/x; }",
            "upstream a_b { server 127.0.0.1:40001; } map $h $v { default a; } location / { proxy_pass http://${v}_b; }",
            "upstream app { server 127.0.0.1:40001; } location / { proxy_pass $scheme://app; }",
            "map $h $v { x 127.0.0.1:40001; } location ~ (?<rest>/.*) { proxy_pass http://$v$rest$is_args$args; }",
            "set $v 127.0.0.1:40001; location / { proxy_pass http://$v$uri; }",
            "set $v app; location / { proxy_pass http://$v:8000; }",
            "map $h $v { x 127.0.0.1:40001/base; } location / { proxy_pass http://$v$request_uri; }",
            "location ~ ^/(v1|v2)/ { proxy_pass http://api_$1; }",
        ] {
            assert!(!refused(text), "{text}");
        }
    }

    #[test]
    fn what_could_reach_beyond_this_run_is_refused() {
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
            "resolver 127.0.0.1:40001; server { set $a app:8080; location / { proxy_pass http://$a; } }",
            "resolver 127.0.0.1:40001; location / { proxy_pass http://app:8080/$1; }",
            "set $a 10.1; proxy_pass http://$a;",
            "set $a 10..0.1; proxy_pass http://$a;",
            "set $a unix; proxy_pass http://$a;",
            "location / { proxy_pass http://app; }",
            "location / { proxy_pass $scheme://10.0.0.1; }",
            "map $h $v { x 127.0.0.1:4000; } location ~ (?<rest>.*) { proxy_pass http://$v$rest; }",
            "set $v 10.0.0.1; location / { proxy_pass http://$v$uri; }",
            "map $h $v { x 10.0.0.1/127.0.0.1:40001; } location / { proxy_pass http://$v$request_uri; }",
            "location ~ ^/(.*)$ { proxy_pass http://127.0.0.1:$1; }",
            "resolver 127.0.0.1:40001; location ~ ^/(v1|v2)/ { proxy_pass http://api_$1; }",
            "set $p http; set $a 10.0.0.1; location / { proxy_pass $p://$a:80; }",
            "set $p $arg_p; location / { proxy_pass $p://127.0.0.1:40001; }",
            "location / { proxy_pass http://10.0.0.1/$1; }",
            "location / { proxy_pass http://uni$1; }",
            "location / { proxy_pass http://un$arg_a; }",
            "location / { proxy_pass http://10.0.0.$arg_a; }",
            "location / { proxy_pass http://$arg_a-api; }",
            "map $h $v { default 10.0.0; } location / { proxy_pass http://$v.1; }",
            "map $h $v { default a; } location ~ (?<v>.*) { proxy_pass http://${v}_b; }",
            "resolver 127.0.0.1:40001; location / { proxy_pass http://api_$arg_a; }",
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
    fn what_cannot_be_parsed_is_reported() {
        let containment = Containment { scratch: Path::new("/scratch"), addresses: &HashSet::new() };
        let text = ConfText { name: "nginx.conf", text: "listen 80; add_header X \"a;", around: "" };
        let unreadable = containment.check([text].into_iter());
        assert!(unreadable.unwrap().is_some_and(|why| why.starts_with("unexpected end of file")));
    }
}
