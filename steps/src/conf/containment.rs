//! The last look at a rewritten configuration before an engine gets it: nothing in it may reach beyond this run.
//!
//! What an engine will do is read off the text it is going to run, by nginx's own rules of words and quotes, and not off what
//! the rewriter believes to have done. Whatever is not clearly ours is refused.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::{Component, Path};

use nginx_conf::syntax::{Statement, StatementEnd, statements};

/// Directives whose first argument is a file or directory that is written or read.
const PATHS: [&str; 27] = [
    "access_log",
    "alias",
    "auth_basic_user_file",
    "client_body_temp_path",
    "error_log",
    "fastcgi_cache_path",
    "fastcgi_temp_path",
    "google_perftools_profiles",
    "include",
    "lock_file",
    "pid",
    "proxy_cache_path",
    "proxy_ssl_certificate",
    "proxy_ssl_certificate_key",
    "proxy_ssl_trusted_certificate",
    "proxy_temp_path",
    "root",
    "scgi_temp_path",
    "ssl_certificate",
    "ssl_certificate_key",
    "ssl_client_certificate",
    "ssl_dhparam",
    "ssl_password_file",
    "ssl_session_ticket_key",
    "ssl_trusted_certificate",
    "uwsgi_temp_path",
    "working_directory",
];

/// What stands instead of a path.
const NO_PATHS: [&str; 4] = ["off", "stderr", "/dev/null", "/dev/stderr"];

/// Blocks that hold data and no directives.
const DATA: [&str; 5] = ["types", "map", "geo", "split_clients", "charset_map"];

/// Directives that talk to other machines or run other people's code, which nothing here stands in for.
const REFUSED: [&str; 21] = [
    "auth_http",
    "fastcgi_pass",
    "grpc_pass",
    "js_import",
    "js_include",
    "load_module",
    "mail",
    "memcached_pass",
    "otel_exporter",
    "perl_modules",
    "perl_require",
    "proxy_store",
    "scgi_pass",
    "ssl_engine",
    "ssl_key_log",
    "ssl_ocsp",
    "ssl_ocsp_responder",
    "ssl_stapling_responder",
    "state",
    "stream",
    "uwsgi_pass",
];

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
        let read = |(name, text): (&'t str, &'t str)| {
            statements(text.as_bytes(), name.as_ref()).map(|statements| (name, statements))
        };
        let files = match texts.map(read).collect::<Result<Vec<_>, _>>() {
            Ok(files) => files,
            Err(error) => return Ok(Some(error.to_string())),
        };
        let upstreams: HashSet<&str> = files
            .iter()
            .flat_map(|(_, statements)| statements)
            .filter(|statement| statement.words.first().is_some_and(|name| name == "upstream"))
            .filter_map(|statement| statement.words.get(1).map(String::as_str))
            .collect();
        for (name, statements) in &files {
            let mut blocks: Vec<&str> = Vec::new();
            for statement in statements {
                let context = blocks.last().copied().unwrap_or_default();
                self.statement(statement, context, &upstreams)
                    .map_err(|reason| format!("{name}:{}: {reason}", statement.line))?;
                match (statement.end, statement.words.first()) {
                    (StatementEnd::Open, Some(block)) => blocks.push(block),
                    (StatementEnd::Close, _) => drop(blocks.pop()),
                    _ => {}
                }
            }
        }
        Ok(None)
    }

    fn statement(
        &self,
        statement: &Statement,
        context: &str,
        upstreams: &HashSet<&str>,
    ) -> Result<(), String> {
        let Some((name, arguments)) = statement.words.split_first() else { return Ok(()) };
        // What a variable stands for may become part of a path.
        if (name == "set" || DATA.contains(&context)) && statement.words.iter().any(|word| climbs(word)) {
            return Err("a value with `..` may lead out of the scratch directory".to_owned());
        }
        // Data, and no directives.
        if DATA.contains(&context) && name != "include" {
            return Ok(());
        }
        if statement.words.iter().any(|word| word.contains('\u{fffd}')) {
            return Err("a word is not valid UTF-8, and hopcheck cannot pass it on as it is".to_owned());
        }
        let argument = arguments.first().map_or("", String::as_str);
        match name.as_str() {
            "listen" if !self.is_ours(argument) => {
                Err(format!("`listen {argument}` would open an address that is not this run's"))
            }
            "server" if context == "upstream" && !self.is_ours(argument) => {
                Err(format!("`server {argument}` would ask an app server that is not this run's"))
            }
            "proxy_pass" if !self.stays_here(argument, upstreams) => {
                Err(format!("`proxy_pass {argument}` may ask a server that is not this run's"))
            }
            "resolver" if arguments.iter().any(|word| !word.contains('=') && !self.is_ours(word)) => {
                Err(format!("`resolver {argument}` would ask a name server that is not this run's"))
            }
            "ssl_stapling" if argument == "on" => {
                Err("`ssl_stapling on` asks the authority that issued the certificate".to_owned())
            }
            name if REFUSED.contains(&name) => {
                Err(format!("`{name}` is not stood in for, so that it could reach something real"))
            }
            name if PATHS.contains(&name) && !self.is_below(argument) => {
                Err(format!("`{name} {argument}` lies outside the scratch directory"))
            }
            _ => Ok(()),
        }
    }

    fn is_ours(&self, address: &str) -> bool {
        address.parse().is_ok_and(|address| self.addresses.contains(&address))
    }

    /// Whether the URL of a `proxy_pass` names a server of ours, whatever its variables turn out to be. Behind an address
    /// they can only make a path of it, or a port that there is not.
    fn stays_here(&self, url: &str, upstreams: &HashSet<&str>) -> bool {
        let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
        let Some(rest) = rest else { return false };
        let (host, tail) = rest.split_at(rest.find(['/', '?', '$']).unwrap_or(rest.len()));
        let is_upstream = upstreams.contains(host);
        let is_a_name = host.contains(|letter: char| letter.is_ascii_alphabetic());
        self.is_ours(host) && (!tail.starts_with('$') || host.len() - host.rfind(':').unwrap_or(0) == 6)
            || is_upstream && (is_a_name || !tail.starts_with('$'))
    }

    fn is_below(&self, path: &str) -> bool {
        NO_PATHS.contains(&path) || (!climbs(path) && Path::new(path).starts_with(self.scratch))
    }
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
