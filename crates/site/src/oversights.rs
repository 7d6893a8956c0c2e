//! What is written and does not do what it seems to, each with its line.

use serde::Serialize;

use crate::misspelt_upstream::is_slip;
use crate::origin::is_allowable;
use crate::route::SOCKET_NAMES;
use crate::serve::longer;
use crate::server::Server;
use crate::tree::Node;

/// Ports that clients speak TLS to.
const TLS_PORTS: [&str; 2] = ["443", "8443"];

/// A worker needs more: for one browser, its app server, and what the worker itself listens on.
const MIN_CONNECTIONS: usize = 16;

/// What is written and does not do what it seems to.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Oversights {
    /// Locations that are never chosen, as regular expressions take whatever begins so.
    pub hidden_locations: Vec<String>,
    /// Locations with a name that `try_files` or `error_page` goes on to, and that are not there.
    pub lost_locations: Vec<String>,
    /// `root`s that end with the name of their location, which is put behind them once more.
    pub doubled_directories: Vec<String>,
    /// Ports for TLS of servers with a certificate that speak HTTP without it.
    pub plain_listens: Vec<String>,
    /// Redirects to `$server_name` where that is no name.
    pub nameless_redirects: Vec<String>,
    /// Locations called as WebSockets are, that are proxied and pass no `Upgrade` on.
    pub idle_sockets: Vec<String>,
    /// What a pattern may have captured anything by, and what is decoded, in the path of a `proxy_pass`.
    pub decoded_paths: Vec<String>,
    /// `user root`, by which workers may read and write all files.
    pub root_workers: Vec<String>,
    /// `worker_connections` that are not enough for one browser.
    pub few_connections: Vec<String>,
    /// Values of `Access-Control-Allow-Origin` that no browser takes for an origin.
    pub impossible_origins: Vec<String>,
}

impl Oversights {
    /// Those of one `http` block and its servers.
    pub(crate) fn add(&mut self, http: &Node, servers: &[Server]) {
        self.add_impossible_origins(&http.inner);
        let is_tls = |inner: &Node| inner.is("ssl") && inner.arg(0) == "on";
        let all_have_certificate = http.inner.iter().any(|inner| inner.is("ssl_certificate"));
        let all_are_tls = http.inner.iter().any(is_tls);
        for (node, server) in http.inner.iter().filter(|node| node.is("server")).zip(servers) {
            self.add_hidden_locations(node, server);
            self.add_lost_locations(&node.inner, &node.inner);
            self.add_doubled_directories(&node.inner);
            self.add_idle_sockets(server);
            self.add_decoded_paths(&node.inner, "");
            let has_certificate =
                all_have_certificate || node.inner.iter().any(|inner| inner.is("ssl_certificate"));
            if has_certificate && !all_are_tls && !node.inner.iter().any(is_tls) {
                self.add_plain_listens(node, server, servers);
            }
            let name = server.names.first().map_or("", String::as_str);
            if !name.contains('.') || name.contains(['*', '~', '$']) || name.starts_with('.') {
                self.add_nameless_redirects(&node.inner, name);
            }
        }
    }

    /// Those of what stands outside of `http`.
    pub(crate) fn add_main(&mut self, main: &[Node]) {
        for node in main.iter().filter(|node| node.is("user") && node.arg(0) == "root") {
            self.root_workers.push(format!(
                "workers run as root, who may read and write any file: `{}` in {}",
                node.head,
                place(node)
            ));
        }
        for node in main.iter().filter(|node| node.is("events")).flat_map(|events| &events.inner) {
            let count = node.arg(0).parse::<usize>().ok().filter(|_| node.is("worker_connections"));
            if count.is_some_and(|count| count < MIN_CONNECTIONS) {
                self.few_connections.push(format!(
                    "a browser opens six connections, and each may take another to an app server: `{}` in {}",
                    node.head,
                    place(node)
                ));
            }
        }
    }

    fn add_hidden_locations(&mut self, node: &Node, server: &Server) {
        let mut all = Vec::new();
        add_locations(&node.inner, &mut all);
        for (nth, (location, depth)) in all.iter().enumerate() {
            let [name] = location.args.as_slice() else { continue };
            if *depth > 0 || !name.starts_with('/') {
                continue;
            }
            let samples = [name.clone(), longer(name), format!("{name}x1"), longer(&format!("{name}x1"))];
            let chosen = samples.iter().map(|path| server.location_of(path)).collect::<Option<Vec<_>>>();
            let Some(chosen) = chosen else { continue };
            let is_pattern =
                |at: &usize| all.get(*at).is_some_and(|(other, _)| other.arg(0).starts_with('~'));
            if chosen.contains(&nth) || !chosen.iter().all(is_pattern) {
                continue;
            }
            let (winner, _) = all[chosen[0]];
            self.hidden_locations.push(format!(
                "`{}` in {} is never chosen: `{}` in line {} takes what begins so",
                location.head,
                place(location),
                winner.head,
                winner.line
            ));
        }
    }

    fn add_lost_locations(&mut self, nodes: &[Node], server: &[Node]) {
        let is_name = |name: &&String| name.starts_with('@') && !name.contains('$');
        for node in nodes {
            self.add_lost_locations(&node.inner, server);
            let target = node.args.last().filter(|_| node.is("try_files") || node.is("error_page"));
            let Some(name) = target.filter(is_name) else { continue };
            let names = || server.iter().filter(|one| one.is("location")).map(|one| one.arg(0));
            if names().any(|known| known == name) {
                continue;
            }
            let meant = names().find(|known| known.starts_with('@') && is_slip(known, name));
            let help = meant.map_or(String::new(), |meant| format!("; did you mean `{meant}`?"));
            self.lost_locations.push(format!(
                "`{}` in {} goes on to `location {name}`, which is not there: nginx answers 500{help}",
                node.head,
                place(node)
            ));
        }
    }

    fn add_doubled_directories(&mut self, nodes: &[Node]) {
        for location in nodes.iter().filter(|node| node.is("location")) {
            self.add_doubled_directories(&location.inner);
            let name = match location.args.as_slice() {
                [name] if name.starts_with('/') => name,
                [modifier, name] if modifier == "^~" => name,
                _ => continue,
            };
            let Some(root) = location.inner.iter().find(|inner| inner.is("root")) else { continue };
            let directory = root.arg(0).trim_end_matches('/');
            let end = name.trim_end_matches('/');
            if !end.is_empty() && directory.ends_with(end) && directory != end {
                self.doubled_directories.push(format!(
                    "files of {name} are looked for in {directory}{name}: `root` in {} puts the whole path behind the directory, \
                     `alias` would put it in the place of {name}",
                    place(root)
                ));
            }
        }
    }

    fn add_idle_sockets(&mut self, server: &Server) {
        for route in server.routes.iter().filter(|route| route.kind.is_proxied() && !route.socket) {
            let is_named = route.path.split('/').any(|part| SOCKET_NAMES.contains(&part));
            if let (true, Some(line)) = (is_named, route.lines.first()) {
                let (file, line) = (&line.file, line.line);
                self.idle_sockets
                    .push(format!("`{}` in {file}:{line} passes no `Upgrade` on", route.location));
            }
        }
    }

    /// `pattern` is that of the location around.
    fn add_decoded_paths(&mut self, nodes: &[Node], pattern: &str) {
        for node in nodes {
            let captured = captured_in(path_of(node.arg(0)), pattern).filter(|_| node.is("proxy_pass"));
            if let Some(captured) = captured {
                self.decoded_paths.push(format!(
                    "`${captured}` of `{}` in {} is decoded",
                    node.head,
                    place(node)
                ));
            }
            let inner = match (node.is("location"), node.arg(0).starts_with('~')) {
                (true, true) => node.args.last().map_or("", String::as_str),
                (true, false) => "",
                _ => pattern,
            };
            self.add_decoded_paths(&node.inner, inner);
        }
    }

    fn add_plain_listens(&mut self, node: &Node, server: &Server, servers: &[Server]) {
        let written = node.inner.iter().filter(|inner| inner.is("listen"));
        for (listen, listening) in written.zip(&server.listen) {
            // One server that speaks TLS at an address does so for all.
            let speaks_tls = |server: &Server| {
                server.listen.iter().any(|other| other.port() == listening.port() && other.tls)
            };
            if TLS_PORTS.contains(&listening.port()) && !servers.iter().any(speaks_tls) {
                self.plain_listens.push(format!(
                    "there is no TLS on port {}, though the server has a certificate: `{}` in {} lacks `ssl`",
                    listening.port(),
                    listen.head,
                    place(listen)
                ));
            }
        }
    }

    fn add_impossible_origins(&mut self, nodes: &[Node]) {
        for node in nodes {
            let value = node.arg(1);
            let says_one = node.is("add_header")
                && node.arg(0).eq_ignore_ascii_case("access-control-allow-origin")
                && !value.is_empty()
                && !value.contains('$');
            if says_one && !is_allowable(value) {
                self.impossible_origins.push(format!(
                    "no page has the origin {value:?}: `{}` in {}",
                    node.head,
                    place(node)
                ));
            }
            self.add_impossible_origins(&node.inner);
        }
    }

    fn add_nameless_redirects(&mut self, nodes: &[Node], name: &str) {
        for node in nodes {
            let redirects = node.is("return") || node.is("rewrite");
            if redirects && node.args.iter().any(|word| word.contains("://$server_name")) {
                self.nameless_redirects.push(format!(
                    "`{}` in {} sends clients to the host {name:?}, which is the first `server_name` here: `$host` is the one that \
                     they asked",
                    node.head,
                    place(node)
                ));
            }
            self.add_nameless_redirects(&node.inner, name);
        }
    }
}

/// The locations with how deep they are inside others, in the order of the file, in which they are numbered.
fn add_locations<'a>(nodes: &'a [Node], all: &mut Vec<(&'a Node, usize)>) {
    fn add<'a>(nodes: &'a [Node], depth: usize, all: &mut Vec<(&'a Node, usize)>) {
        for location in nodes.iter().filter(|node| node.is("location")) {
            all.push((location, depth));
            add(&location.inner, depth + 1, all);
        }
    }
    add(nodes, 0, all);
}

/// The path of the URL of a `proxy_pass`, variables and all.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let after_port = rest.find(':').map(|colon| {
        let port = &rest[colon + 1..];
        colon + 1 + port.find(|c: char| !c.is_ascii_digit()).unwrap_or(port.len())
    });
    let begins = [rest.find('/'), after_port].into_iter().flatten().min();
    begins.map_or("", |begins| &rest[begins..])
}

/// The variable in `path` that has what a group of `pattern` has captured, if such a group may capture anything.
fn captured_in<'a>(path: &'a str, pattern: &str) -> Option<&'a str> {
    let takes_anything = [".*", ".+", "[^"].iter().any(|any| pattern.contains(any));
    let names = path.split('$').skip(1).map(|after| {
        let after = after.trim_start_matches('{');
        &after[..after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len())]
    });
    let is_captured = |name: &&str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
            || pattern.contains(&format!("<{name}>"))
    };
    names.into_iter().find(is_captured).filter(|_| takes_anything)
}

fn place(node: &Node) -> String {
    format!("{}:{}", node.file, node.line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Site;

    fn of(server: &str) -> Oversights {
        let text = format!("http {{ server {{ {server} }} }}");
        Site::read(&text, "nginx.conf", &|_| Vec::new()).unwrap().oversights
    }

    #[test]
    fn a_location_that_is_gone_on_to_and_not_there_is_lost() {
        let lost = |server: &str| of(server).lost_locations.len();
        for (server, count) in [
            ("location / { try_files $uri @app; } location @app { }", 0),
            ("location / { try_files $uri @app; } location @apps { }", 1),
            ("error_page 404 @lost; location / { error_page 502 = @gone; }", 2),
            ("error_page 404 /404.html; location / { try_files $uri @$name; }", 0),
        ] {
            assert_eq!(lost(server), count, "{server}");
        }
    }

    #[test]
    fn a_prefix_that_a_pattern_takes_whole_is_hidden() {
        let hidden = |locations: &str| of(locations).hidden_locations.len();
        for (locations, count) in [
            ("location /ws { return 204; } location ~ ^/(api|ws) { return 200; }", 1),
            ("location ^~ /ws { return 204; } location ~ ^/(api|ws) { return 200; }", 0),
            ("location = /ws { return 204; } location ~ ^/(api|ws) { return 200; }", 0),
            ("location /ws { return 204; } location ~ ^/ws/ { return 200; }", 0),
            ("location /.well-known/ { return 204; } location ~ /\\. { return 404; }", 1),
            ("location /static/ { root /srv; } location ~* \\.js$ { root /srv; }", 0),
            ("location / { location /a { return 204; } } location ~ ^/a { return 200; }", 0),
        ] {
            assert_eq!(hidden(locations), count, "{locations}");
        }
    }

    #[test]
    fn a_root_that_ends_with_its_location_is_doubled() {
        for (locations, is_doubled) in [
            ("location /static/ { root /srv/www/static; }", true),
            ("location ^~ /static { root /srv/www/static/; }", true),
            ("location /static/ { root /srv/www; }", false),
            ("location /static/ { alias /srv/www/static/; }", false),
            ("location / { root /srv; }", false),
            ("location /srv { root /srv; }", false),
        ] {
            assert_eq!(!of(locations).doubled_directories.is_empty(), is_doubled, "{locations}");
        }
    }

    #[test]
    fn a_certificate_without_ssl_is_of_no_use() {
        for (server, is_plain) in [
            ("listen 443; ssl_certificate a.pem;", true),
            ("listen 443 ssl; ssl_certificate a.pem;", false),
            ("listen 443; ssl on; ssl_certificate a.pem;", false),
            ("listen 443;", false),
            ("listen 80; ssl_certificate a.pem;", false),
            ("listen 443; ssl_certificate a.pem; } server { listen 443 ssl; ssl_certificate b.pem;", false),
        ] {
            assert_eq!(!of(server).plain_listens.is_empty(), is_plain, "{server}");
        }
    }

    #[test]
    fn a_location_called_as_a_socket_wants_upgrade() {
        for (inside, is_idle) in [
            ("location /ws { proxy_pass http://app:1; }", true),
            ("location /chat/websocket/ { proxy_pass http://app:1; }", true),
            ("location /ws { proxy_set_header Upgrade $http_upgrade; proxy_pass http://app:1; }", false),
            ("location /ws { root /srv; }", false),
            ("location /news { proxy_pass http://app:1; }", false),
        ] {
            assert_eq!(!of(inside).idle_sockets.is_empty(), is_idle, "{inside}");
        }
    }

    #[test]
    fn what_a_pattern_has_captured_is_decoded() {
        for (location, is_decoded) in [
            ("~ ^/api/(.*)$ { proxy_pass http://app:1/$1; }", true),
            ("~ ^/api/(?<rest>.*)$ { proxy_pass http://app:1/v1/$rest$is_args$args; }", true),
            ("~ ^/(?<who>a|b)(?<rest>/.*)?$ { proxy_pass http://$who.svc:80$rest; }", true),
            ("~ ^/items/([0-9]+)$ { proxy_pass http://app:1/$1; }", false),
            ("~ ^/(?<who>[^/]+)/ { proxy_pass http://$who.svc:80; }", false),
            ("~ ^/api/(.*)$ { proxy_pass http://app:1$request_uri; }", false),
            ("/api/ { rewrite ^/api/(.*)$ /$1 break; proxy_pass http://app:1; }", false),
        ] {
            assert_eq!(
                !of(&format!("location {location}")).decoded_paths.is_empty(),
                is_decoded,
                "{location}"
            );
        }
    }

    #[test]
    fn workers_are_not_root_and_have_connections() {
        let of = |main: &str| Site::read(main, "nginx.conf", &|_| Vec::new()).unwrap().oversights;
        assert_eq!(of("user root;").root_workers.len(), 1);
        assert!(of("user nginx;").root_workers.is_empty());
        assert_eq!(of("events { worker_connections 4; }").few_connections.len(), 1);
        assert!(of("events { worker_connections 64; }").few_connections.is_empty());
    }

    #[test]
    fn an_origin_that_no_page_has_is_told() {
        let of = |value: &str| {
            of(&format!("location / {{ add_header Access-Control-Allow-Origin {value} always; }}"))
        };
        for (value, is_possible) in
            [("*", true), ("https://a.example", true), ("$http_origin", true), ("https://a.example/", false)]
        {
            assert_eq!(of(value).impossible_origins.is_empty(), is_possible, "{value}");
        }
    }

    #[test]
    fn a_server_without_a_name_has_none_to_redirect_to() {
        for (server, is_nameless) in [
            ("server_name _; return 301 https://$server_name$request_uri;", true),
            ("return 301 https://$server_name$request_uri;", true),
            ("server_name *.example.com; rewrite ^ https://$server_name/ permanent;", true),
            ("server_name example.com; return 301 https://$server_name$request_uri;", false),
            ("server_name _; return 301 https://$host$request_uri;", false),
        ] {
            assert_eq!(!of(server).nameless_redirects.is_empty(), is_nameless, "{server}");
        }
    }
}
