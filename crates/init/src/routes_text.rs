//! The routes of a configuration as a profile, for a person to correct. What each field is comes from the profile's schema.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::addresses_text::write_addresses;
use crate::text::{ProfileText, description, key};
use hopcheck_site::profile::{EVERYBODY, PromisedRoute, schema};
use hopcheck_site::{Kind, Line, Role, Route, Server, Site, Upstream};

/// The fields that only a person knows, as far as the file does not show them.
const FOR_A_PERSON: [&str; 8] =
    ["cors", "longest-answer", "largest-upload", "sse", "headers", "protocol", "source-maps", "fixed-times"];

/// The routes and upstreams of `site`, which the configuration in `file` has, called `name`. Lines that `is_filled_in` may be others
/// elsewhere.
pub fn routes_text(name: &str, file: &Path, site: &Site, is_filled_in: &dyn Fn(&Line) -> bool) -> String {
    let mut text = ProfileText::default();
    text.comment(&format!(
        "The routes of {name}, written by `hopcheck init`. `hopcheck run` holds the file to them: correct what is not meant, and \
         commit this file with it. A route that moves, or that leads elsewhere, is then a broken promise."
    ));
    text.gap();
    legend(&mut text);
    if let Some(file) = file.file_name().and_then(|file| file.to_str()) {
        text.gap();
        text.comment("Other files beside this one are not held to its routes.");
        text.line("[configuration]");
        text.line(&format!("file = {}", toml::Value::from(file)));
    }
    write_addresses(&mut text, site, is_filled_in);
    let is_reachable = |server: &&Server| server.unreachable.is_none();
    let several = site.servers.iter().filter(is_reachable).count() > 1;
    let mut titles = BTreeSet::new();
    for server in site.servers.iter().filter(is_reachable) {
        let address = several.then(|| server.address());
        for route in &server.routes {
            text.gap();
            match why_left_out(route, address.clone(), &mut titles) {
                Some(why) => text.comment(&format!("Left out: {}: {why}.", about(route))),
                None => write_route(&mut text, address.as_deref(), route, server),
            }
        }
    }
    for upstream in &site.upstreams {
        text.gap();
        write_upstream(&mut text, upstream);
    }
    text.finish()
}

/// What each field is.
fn legend(text: &mut ProfileText) {
    let schema: Value = serde_json::from_str(&schema()).unwrap_or_default();
    let fields = &schema["$defs"]["PromisedRoute"]["properties"];
    text.comment(
        "A field that you take out is not compared. A line such as `#cors = …` is what only you know:",
    );
    text.comment("fill it in and remove the `#`.");
    for name in FOR_A_PERSON {
        text.comment(&format!("- {name}: {}", description(&fields[name])));
    }
}

/// Why a route is not written, if so.
fn why_left_out(
    route: &Route,
    server: Option<String>,
    titles: &mut BTreeSet<String>,
) -> Option<&'static str> {
    if route.path.is_empty() {
        return Some("no path is known that it serves");
    }
    if route.path.contains(['"', '`'])
        || route.path.contains(char::is_control)
        || !route.path.starts_with('/')
    {
        return Some("its path has characters that are no good here");
    }
    let promised = PromisedRoute { server, ..PromisedRoute::at(&route.path, !route.open) };
    (!titles.insert(promised.title())).then_some("another server has the same address and this path")
}

fn write_route(text: &mut ProfileText, address: Option<&str>, route: &Route, server: &Server) {
    text.comment(&format!("{}: {}.", about(route), explanation(route.kind)));
    text.line("[[routes]]");
    let mut field = |name: &str, value: toml::Value| text.line(&format!("{name} = {value}"));
    if let Some(address) = address {
        field("server", address.into());
    }
    field("path", route.path.as_str().into());
    if !route.open {
        field("exact", true.into());
    }
    field("kind", route.kind.name().into());
    field("to", route.to.as_str().into());
    // Which upstream a variable stands for shows only in a run.
    if let Some(destinations) = route.destinations.clone().filter(|_| leads_by_variable(&route.to)) {
        field("upstreams", destinations.into());
    }
    if let Some(uri) = route.uri {
        field("uri", uri.name().into());
    }
    if let Some(page) = &route.fallback {
        field("fallback", page.as_str().into());
    }
    field("access", route.gate.as_deref().unwrap_or(EVERYBODY).into());
    if !route.forwards.is_empty() {
        field("forwards", route.forwards.clone().into());
    }
    if matches!(route.kind, Kind::Api | Kind::App | Kind::Events) {
        field("refuses", route.refused_methods.clone().into());
    }
    if route.kind == Kind::Files && !route.added_headers().is_empty() {
        field("headers", route.added_headers().into());
    }
    if matches!(route.kind, Kind::Files | Kind::FrontEnd) && !route.compressed.is_empty() {
        field("compressed", route.compressed.clone().into());
    }
    for (name, known, value) in for_a_person(route, server) {
        text.line(&format!("{}{name} = {value}", if known { "" } else { "#" }));
    }
}

/// Whether a variable decides which app servers are asked.
fn leads_by_variable(to: &str) -> bool {
    to.split_once("://").map_or(to, |(_, host)| host).starts_with('$')
}

/// The fields that only a person knows: each with a value, and whether the file shows that this is the one.
fn for_a_person(route: &Route, server: &Server) -> Vec<(&'static str, bool, toml::Value)> {
    /// The largest upload that a run is made to send without being asked.
    const MAX_SENT: u64 = 32 << 20;
    let mut fields = Vec::new();
    if matches!(route.kind, Kind::Api | Kind::Events) {
        fields.push(("cors", route.adds_cors, if route.adds_cors { "proxy" } else { "app" }.into()));
    }
    if let Some(seconds) = route.read_timeout {
        fields.push(("longest-answer", true, format!("{seconds}s").into()));
    }
    if route.kind.is_proxied() && route.kind != Kind::Socket {
        let written = route.largest_body.clone().filter(|size| size != "0");
        // So much is sent in a run.
        let is_known = written.is_some() && route.upload_limit().is_some_and(|limit| limit <= MAX_SENT);
        let largest = written.unwrap_or_else(|| "1m".to_owned());
        fields.push(("largest-upload", is_known, largest.to_lowercase().into()));
    }
    if matches!(route.kind, Kind::Api | Kind::Events) {
        fields.push(("sse", route.kind == Kind::Events, true.into()));
    }
    if route.kind == Kind::Socket {
        fields.push(("protocol", false, "stomp".into()));
    }
    if route.is_front_page() {
        let mut headers = server.headers.clone();
        headers.extend(route.headers.iter().filter(|name| !server.headers.contains(name)).cloned());
        let is_written = !headers.is_empty();
        let shown = if is_written { headers } else { vec!["X-Content-Type-Options".to_owned()] };
        fields.push(("headers", is_written, shown.into()));
        fields.push(("source-maps", false, false.into()));
        fields.push(("fixed-times", false, true.into()));
    }
    fields
}

fn write_upstream(text: &mut ProfileText, upstream: &Upstream) {
    let servers = upstream.servers.iter().map(|server| match server.role {
        Role::Primary => server.address.clone(),
        Role::Backup => format!("{} (backup)", server.address),
        Role::Down => format!("{} (down)", server.address),
    });
    let servers = servers.collect::<Vec<_>>().join(", ");
    text.comment(&format!("`upstream {}`, {}: {servers}.", upstream.name, place(Some(&upstream.line))));
    text.line(&format!("[upstreams.{}]", key(&upstream.name)));
    text.line(&format!("servers = {}", upstream.count(Role::Primary)));
    if upstream.count(Role::Backup) > 0 {
        text.line(&format!("backups = {}", upstream.count(Role::Backup)));
    }
    text.line(&format!("balancing = {}", toml::Value::from(upstream.balancing.as_str())));
}

/// Which location it is, and where it stands.
fn about(route: &Route) -> String {
    format!("`{}`, {}", route.location, place(route.lines.first()))
}

fn place(line: Option<&Line>) -> String {
    line.map_or_else(String::new, |line| format!("{}:{}", line.file, line.line))
}

/// What a kind of route is, in a few words.
fn explanation(kind: Kind) -> &'static str {
    match kind {
        Kind::Api => "app servers are asked",
        Kind::App => "app servers are asked, for pages too",
        Kind::Socket => "app servers are asked, for WebSockets",
        Kind::Events => "app servers are asked, for answers that never end (`proxy_buffering off`)",
        Kind::FrontEnd => "files of the front end, whose page is shown for every path that is none",
        Kind::Files => "files",
        Kind::Redirect => "clients are sent on",
        Kind::Fixed => "nginx answers by itself",
        Kind::Closed => "only for some",
        Kind::Other => "something else",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hopcheck_site::Comparison;
    use hopcheck_site::profile::{Cors, Profile};

    const CONF: &str = r#"
upstream app { least_conn; server a:1; server b:1; server c:1 backup; }
server {
    server_name shop.example.test;
    add_header X-Frame-Options DENY;
    location /api/ { proxy_pass http://app/; proxy_read_timeout 5m; add_header Access-Control-Allow-Origin *; }
    location /events { proxy_pass http://app; proxy_buffering off; }
    location = /health { return 200; }
    location ~ "\.(?>x)$" { root /srv; }
    location / { root /srv/www; try_files $uri /index.html; add_header Cache-Control no-cache; }
}
"#;

    fn site(conf: &str) -> Site {
        Site::read(&format!("http {{ {conf} }}"), "nginx.conf", &|_| Vec::new()).unwrap()
    }

    #[test]
    fn where_a_variable_leads_is_written_down() {
        let conf = "split_clients $remote_addr $to { 10% new; * old; } upstream new { server a; } upstream old { server b; }
                    server { location /a/ { proxy_pass http://$to; } location /b/ { proxy_pass http://old; } }";
        let text = routes_text("nginx.conf", Path::new("nginx.conf"), &site(conf), &|_| false);
        let profile = Profile::parse(&text, "hopcheck.toml").unwrap();
        let upstreams: Vec<_> = profile.routes.iter().map(|route| route.upstreams.clone()).collect();
        assert_eq!(upstreams, [Some(vec!["new".to_owned(), "old".to_owned()]), None], "{text}");
    }

    #[test]
    fn a_configuration_keeps_what_is_written_of_it() {
        let text = routes_text("nginx.conf", Path::new("nginx.conf"), &site(CONF), &|_| false);
        let profile = Profile::parse(&text, "hopcheck.toml").unwrap();
        let site = site(CONF);
        let comparison = Comparison::of(&site, &profile);
        assert_eq!(profile.routes.len(), 4, "{text}");
        let differences = comparison.differences();
        for promised in &profile.routes {
            assert_eq!(differences.route(&promised.title()), None, "{text}");
        }
        assert_eq!(differences.upstream("app"), None, "{text}");
        assert!(comparison.new_routes().is_empty());
    }

    #[test]
    fn what_the_file_shows_is_written_and_the_rest_left_to_a_person() {
        let text = routes_text("nginx.conf", Path::new("nginx.conf"), &site(CONF), &|_| false);
        let profile = Profile::parse(&text, "hopcheck.toml").unwrap();
        let [api, events, _, page] = &profile.routes[..] else { panic!("{text}") };
        assert_eq!((api.cors, api.longest_answer.map(|time| time.0)), (Some(Cors::Proxy), Some(300)));
        let waits = events.longest_answer.map(|time| time.0);
        assert_eq!((events.cors, events.sse, waits), (None, Some(true), Some(60)));
        assert_eq!((api.refuses.as_deref(), &api.largest_upload), (Some(&[][..]), &None));
        let headers = ["X-Frame-Options", "Cache-Control"].map(str::to_owned);
        assert_eq!(page.headers.as_deref(), Some(&headers[..]));
        assert!(
            text.contains("\n# `location /api/`, nginx.conf:6: app servers are asked.\n[[routes]]\n"),
            "{text}"
        );
        assert!(
            text.contains("\n# Left out: `location ~ \"\\.(?>x)$\"`, nginx.conf:9: no path is known"),
            "{text}"
        );
        // Each line that is left out must be right as soon as its `#` is removed.
        let is_field = |line: &&str| line.starts_with('#') && !line.starts_with("# ");
        assert!(text.lines().filter(is_field).count() > 3);
        let whole: Vec<&str> =
            text.lines().map(|line| if is_field(&line) { &line[1..] } else { line }).collect();
        Profile::parse(&whole.join("\n"), "hopcheck.toml").unwrap();
    }

    #[test]
    fn several_servers_are_told_apart() {
        let text = routes_text(
            "nginx.conf",
            Path::new("nginx.conf"),
            &site(
                "server { return 301 https://a.test$request_uri; } server { listen 443 ssl; server_name a.test; return 204; }",
            ),
            &|_| false,
        );
        let profile = Profile::parse(&text, "hopcheck.toml").unwrap();
        let titles: Vec<String> = profile.routes.iter().map(PromisedRoute::title).collect();
        assert_eq!(titles, ["/… on *:80", "/… on a.test:443"]);
    }
}
