//! The last look at a rewritten configuration before an engine gets it: nothing in it may reach beyond this run.
//!
//! What an engine will do is read off the text it is going to run, by nginx's own rules of words and quotes, and not off what
//! the rewriter believes to have done. Whatever is not clearly ours is refused.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::Path;

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
    /// Looks at every text of a configuration, each with its name. A text that no engine could take apart is left to the
    /// engine: it reads all of it before it opens anything.
    ///
    /// # Errors
    /// The first thing that would reach beyond this run: where it stands, and what to do.
    pub(super) fn check<'t>(
        &self,
        texts: impl Iterator<Item = (&'t str, &'t str)> + Clone,
    ) -> Result<(), String> {
        let read = |(name, text): (&'t str, &'t str)| {
            statements(text.as_bytes(), name.as_ref()).ok().map(|statements| (name, statements))
        };
        let Some(files) = texts.map(read).collect::<Option<Vec<_>>>() else { return Ok(()) };
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
        Ok(())
    }

    fn statement(
        &self,
        statement: &Statement,
        context: &str,
        upstreams: &HashSet<&str>,
    ) -> Result<(), String> {
        let Some((name, arguments)) = statement.words.split_first() else { return Ok(()) };
        // Data, and no directives.
        if matches!(context, "types" | "map" | "geo" | "split_clients" | "charset_map") && name != "include" {
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
        let climbs = Path::new(path).components().any(|part| part == std::path::Component::ParentDir);
        NO_PATHS.contains(&path) || (!climbs && Path::new(path).starts_with(self.scratch))
    }
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
            "resolver 8.8.8.8;",
            "stream { }",
        ] {
            assert!(refused(text), "{text}");
        }
    }
}
