//! What directives become once levels are merged and names resolved.

use std::time::Duration;

use nginx_conf::model::{
    Config, Http, Level, Listen, Location, LogTarget, Op, Redirect, RedirectRule, Server, TryFilesFallback,
};
use nginx_conf::template::{Part, Template, Variable};
use nginx_conf::{LoadOptions, load};

use crate::nginx;

/// The document's configuration, as the repository keeps it.
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../nginx");

fn config(text: &str) -> Config {
    config_of(text, false)
}

fn config_of(text: &str, as_root: bool) -> Config {
    let prefix = nginx::prefix();
    std::fs::write(prefix.path().join("nginx.conf"), text).expect("the file is written");
    let options = LoadOptions {
        prefix: prefix.path().to_owned(),
        file: "nginx.conf".into(),
        globals: Vec::new(),
        as_root,
        version: None,
    };
    let mut config = load(&options).unwrap_or_else(|error| panic!("{error}"));
    // Tests speak of paths below the prefix.
    config.prefix = prefix.path().to_owned();
    config
}

fn http(text: &str) -> Http {
    config(&format!("events {{}}\nhttp {{ {text} }}")).http.expect("an http block")
}

fn location<'a>(http: &'a Http, name: &str) -> &'a Location {
    http.locations.iter().find(|location| location.name == name).expect("a location of that name")
}

/// A template as it would be written.
fn text(template: &Template) -> String {
    let part = |part: &Part| match part {
        Part::Literal(text) => text.to_string(),
        Part::Variable(variable) => format!("<{variable:?}>"),
    };
    template.parts.iter().map(part).collect()
}

fn headers(location: &Location) -> Vec<String> {
    location
        .settings
        .add_header
        .iter()
        .map(|header| format!("{}: {}", header.name, text(&header.value)))
        .collect()
}

#[test]
fn the_documents_configuration_is_read() {
    let options = LoadOptions {
        prefix: DOCUMENT.into(),
        file: "nginx.conf".into(),
        globals: Vec::new(),
        as_root: false,
        version: None,
    };
    let directory = nginx::prefix();
    // Where it is installed, `include` finds /etc/nginx; here, the files beside it.
    let conf =
        std::fs::read_to_string(format!("{DOCUMENT}/nginx.conf")).expect("the document's configuration");
    let conf = conf.replace("/etc/nginx/", &format!("{DOCUMENT}/"));
    std::fs::write(directory.path().join("nginx.conf"), conf).expect("the file is written");
    let options = LoadOptions { prefix: directory.path().to_owned(), ..options };
    let config = load(&options).unwrap_or_else(|error| panic!("{error}"));

    assert_eq!(config.worker_connections, 1024);
    assert_eq!(config.error_log[0].level, Level::Notice);
    assert_eq!(config.warnings.len(), 1, "user is for root only");
    let http = config.http.expect("an http block");
    let addresses: Vec<String> =
        http.upstreams[0].servers.iter().map(|server| server.address.to_string()).collect();
    assert_eq!(addresses, ["49.50.164.244:1025", "49.50.164.244:1026"]);
    assert_eq!(http.servers[0].name, "49.50.164.244");
    let api = location(&http, "/api");
    assert!(matches!(&api.rewrite[..], [Op::If { .. }]));
    assert_eq!(api.settings.proxy_pass.as_ref().map(|pass| pass.host.as_str()), Some("dambae200"));
    let stomp = location(&http, "^/stomp/");
    let sent: Vec<String> = stomp
        .settings
        .proxy
        .set_header
        .iter()
        .map(|(name, value)| format!("{name}: {}", text(value)))
        .collect();
    assert_eq!(
        sent,
        [
            "Upgrade: <Http(\"upgrade\")>",
            "Connection: upgrade",
            "Host: <Host>",
            "X-Real-IP: <RemoteAddr>",
            "X-Forwarded-For: <ProxyAddXForwardedFor>"
        ]
    );
    assert_eq!(stomp.settings.proxy.http_version, Some(nginx_conf::model::ProxyHttpVersion::Http11));
    let front = location(&http, "/");
    assert_eq!(front.settings.index.iter().map(text).collect::<Vec<_>>(), ["index.html", "index.htm"]);
    assert_eq!(front.settings.types.get("js").map(String::as_str), Some("application/javascript"));
    assert_eq!(front.settings.keepalive_timeout, Duration::from_secs(65));
}

#[test]
fn headers_are_inherited_all_or_none() {
    let http = http(
        "add_header A 1; proxy_set_header X 1;\
         server { listen 8080; add_header B 2; add_header C 3;\
           location /own { add_header D 4; proxy_set_header Y 2; location /own/inner {} }\
           location /none { if ($host = x) { return 204; } if ($host = y) { add_header E 5; } } }",
    );
    assert_eq!(headers(location(&http, "/own")), ["D: 4"]);
    assert_eq!(headers(location(&http, "/own/inner")), ["D: 4"]);
    assert_eq!(headers(location(&http, "/none")), ["B: 2", "C: 3"]);
    let bodies: Vec<_> = location(&http, "/none")
        .rewrite
        .iter()
        .filter_map(
            |op| if let Op::If { then, .. } = op { Some(headers(&http.locations[then.0])) } else { None },
        )
        .collect();
    assert_eq!(bodies, [vec!["B: 2".to_owned(), "C: 3".to_owned()], vec!["E: 5".to_owned()]]);
    let sent = |name| {
        location(&http, name)
            .settings
            .proxy
            .set_header
            .iter()
            .map(|(name, _)| name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (sent("/own"), sent("/own/inner"), sent("/none")),
        (vec!["Y".into()], vec!["Y".into()], vec!["X".into()])
    );
}

#[test]
fn an_if_has_its_locations_upstream_but_not_its_try_files() {
    let http = http(
        "server { listen 8080; location /a { proxy_pass http://127.0.0.1:9; try_files $uri /b; if ($host) { set $x 1; } \
         location /a/inner {} } }",
    );
    let outer = location(&http, "/a");
    let Op::If { then, .. } = &outer.rewrite[0] else { panic!("an if") };
    let body = &http.locations[then.0];
    assert!(outer.settings.try_files.is_some() && body.settings.try_files.is_none());
    assert!(body.settings.proxy_pass.is_some());
    let inner = location(&http, "/a/inner");
    assert!(inner.settings.proxy_pass.is_none() && inner.settings.try_files.is_none());
}

#[test]
fn a_proxy_passs_path_replaces_the_locations_name() {
    let http = http(
        "upstream App { server 127.0.0.1:9; } server { listen 8080; \
         location /a/ { proxy_pass http://app/x?y; } location /b { proxy_pass http://127.0.0.1:9; } \
         location /c { proxy_pass http://127.0.0.1; } }",
    );
    let pass = |name| location(&http, name).settings.proxy_pass.clone().expect("a proxy_pass");
    let a = pass("/a/");
    assert_eq!(
        (a.host.as_str(), a.upstream, a.uri.as_deref(), a.replaces),
        ("app", 0, Some(&b"/x?y"[..]), 3)
    );
    let b = pass("/b");
    assert_eq!((b.host.as_str(), b.port, b.uri, b.replaces), ("127.0.0.1:9", 9, None, 0));
    let c = pass("/c");
    assert_eq!((c.host.as_str(), c.port), ("127.0.0.1", 80));
    assert_eq!(http.upstreams[c.upstream].servers[0].address.to_string(), "127.0.0.1:80");
}

#[test]
fn proxy_redirect_defaults_to_the_address_of_proxy_pass() {
    let http = http(
        "server { listen 8080; location /a/ { proxy_pass http://127.0.0.1:9/x/; location /a/i { proxy_pass http://127.0.0.1:8; } } \
         location /b/ { proxy_pass http://127.0.0.1:9; } \
         location /c/ { proxy_pass http://127.0.0.1:9; proxy_redirect off; location /c/i { proxy_pass http://127.0.0.1:8; } } \
         location /d/ { proxy_pass http://127.0.0.1; proxy_redirect http://a/ $scheme://b/; proxy_redirect http://c/ /; } }",
    );
    let rules = |name| match &location(&http, name).settings.proxy.redirect {
        Redirect::Off => "off".to_owned(),
        Redirect::Rules(rules) => rules
            .iter()
            .map(|rule| match rule {
                RedirectRule::Prefix { from, to } => format!("{} > {}", text(from), text(to)),
                RedirectRule::Regex { .. } => "regex".to_owned(),
            })
            .collect::<Vec<_>>()
            .join(" "),
    };
    assert_eq!(rules("/a/"), "http://127.0.0.1:9/x/ > /a/");
    // What the location around it has by default is inherited like what it was given.
    assert_eq!(rules("/a/i"), "http://127.0.0.1:9/x/ > /a/");
    assert_eq!(rules("/b/"), "http://127.0.0.1:9/ > /");
    assert_eq!((rules("/c/"), rules("/c/i")), ("off".to_owned(), "off".to_owned()));
    assert_eq!(rules("/d/"), "http://a/ > <Scheme>://b/ http://c/ > /");
    assert_eq!(http.upstreams.len(), 3, "one for each address");
}

#[test]
fn names_are_resolved_whatever_their_order() {
    let http = http(
        "server { listen 8080; location ~ ^/(?<id>\\d+)$ { add_header A \"$Later-$mapped-$id-$1-${http_X_y}-$arg_q\"; set $later $uri; } } \
         map $id $mapped { default $later; }",
    );
    let found = location(&http, "^/(?<id>\\d+)$");
    let slot = |name: &str| http.slots.iter().position(|slot| slot == name).expect("a slot");
    let (later, id) = (slot("later"), slot("id"));
    assert_eq!(
        headers(found),
        [format!("A: <Slot({later})>-<Map(0)>-<Slot({id})>-<Capture(1)>-<Http(\"x_y\")>-<Arg(\"q\")>")]
    );
    assert!(matches!(&found.rewrite[..], [Op::Set { slot, .. }] if *slot == later));
    assert_eq!(http.servers[0].tree.regex[0].0.named, [(1, id)]);
    assert_eq!(http.maps[0].default.parts, [Part::Variable(Variable::Slot(later))]);
}

#[test]
fn server_names_are_sorted_by_kind_and_the_first_server_wins() {
    let http = http(
        "server { listen 127.0.0.1:8080; server_name a.org *.a.org; }\
         server { listen 127.0.0.1:8080 default_server; server_name .b.a.org www.* ~^x A.org; }\
         server { listen 127.0.0.1:8081; }",
    );
    let [Listen { default_server, names, .. }, second] = &http.listen[..] else { panic!("two addresses") };
    assert_eq!(*default_server, 1);
    assert_eq!(names.exact.get("a.org"), Some(&0));
    assert_eq!(names.exact.get("b.a.org"), Some(&1));
    assert_eq!(names.leading, [(".b.a.org".to_owned(), 1), (".a.org".to_owned(), 0)]);
    assert_eq!(names.trailing, [("www.".to_owned(), 1)]);
    assert_eq!(
        names.regex.iter().map(|(pattern, server)| (pattern.source.as_str(), *server)).collect::<Vec<_>>(),
        [("^x", 1)]
    );
    assert_eq!((second.address.port(), second.default_server), (8081, 2));
    assert_eq!(http.servers[1].name, "b.a.org");
}

#[test]
fn a_name_is_in_lower_case_and_may_be_that_of_the_machine() {
    let http = http(
        "server { server_name Example.ORG; } server { listen 8001; server_name $HostName; } \
         server { listen 8002; server_name ~^A; ssl_reject_handshake on; } log_format f 'a' ' b';",
    );
    let machine = rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase();
    let names: Vec<&str> = http.servers.iter().map(|server| server.name.as_str()).collect();
    assert_eq!(names, ["example.org", &machine, "~^A"]);
    let rejects: Vec<bool> = http.servers.iter().map(|server| server.rejects_handshake).collect();
    assert_eq!(rejects, [false, false, true]);
    // Who has no `listen` and is not root gets 8000.
    let ports: Vec<u16> = http.listen.iter().map(|listen| listen.address.port()).collect();
    assert_eq!(ports, [8000, 8001, 8002]);
}

#[test]
fn root_s_workers_have_an_account() {
    let account = |text: &str, as_root| {
        let user = config_of(&format!("{text} events {{}}"), as_root).user?;
        Some((user.name, user.gid == 0))
    };
    assert_eq!(account("", false), None);
    assert_eq!(account("", true), Some(("nobody".to_owned(), false)));
    assert_eq!(account("user nobody root;", true), Some(("nobody".to_owned(), true)));
    assert_eq!(account("user root;", true), Some(("root".to_owned(), true)));
}

#[test]
fn http2_is_spoken_where_a_server_or_an_address_says_so() {
    let config = config(
        "events {} http { http2 on; http2_max_concurrent_streams 7; server { listen 8080; } \
         server { listen 8081 http2; listen 8082; http2 off; http2_body_preread_size 1k; } server { listen 8081; http2 off; } }",
    );
    let http = config.http.as_ref().expect("an http block");
    let of_server = |server: &Server| {
        (server.http2.on, server.http2.max_concurrent_streams, server.http2.body_preread_size)
    };
    let servers: Vec<_> = http.servers.iter().map(of_server).collect();
    assert_eq!(servers, [(true, 7, 65_536), (false, 7, 1024), (false, 7, 65_536)]);
    let addresses: Vec<_> = http.listen.iter().map(|listen| (listen.address.port(), listen.http2)).collect();
    assert_eq!(addresses, [(8080, false), (8081, true), (8082, false)]);
}

#[test]
fn nobody_listens_for_quic() {
    let config = config("events {} http { server { listen 8443 quic reuseport; listen 8080; http3 on; } }");
    let http = config.http.as_ref().expect("an http block");
    assert_eq!(http.listen.iter().map(|listen| listen.address.port()).collect::<Vec<_>>(), [8080]);
    assert_eq!(config.warnings.len(), 2);
}

#[test]
fn logs_are_inherited_and_can_be_turned_off() {
    let config = config(
        "events {} http { access_log logs/h.log; server { listen 8080; location /off { access_log off; } \
         location /own { access_log logs/l.log combined if=$arg_log; error_log logs/l.err info; } location /same {} } } \
         error_log logs/main.err warn;",
    );
    let http = config.http.as_ref().expect("an http block");
    let logs = |name| {
        let paths = location(http, name).settings.access_log.iter().map(|log| match &log.target {
            LogTarget::File(path) => {
                path.strip_prefix(&config.prefix).expect("below the prefix").display().to_string()
            }
            LogTarget::Stderr => "stderr".to_owned(),
            LogTarget::Syslog(syslog) => syslog.server.to_string(),
        });
        paths.collect::<Vec<_>>()
    };
    assert_eq!(
        (logs("/off").len(), logs("/own"), logs("/same")),
        (0, vec!["logs/l.log".into()], vec!["logs/h.log".into()])
    );
    let level = |name| location(http, name).settings.error_log[0].level;
    // What main says holds in http even when it is said later.
    assert_eq!((level("/own"), level("/same")), (Level::Info, Level::Warn));
}

#[test]
fn root_alias_and_try_files_are_taken_apart() {
    let http = http(
        "root www/; server { listen 8080; location /a/ { alias /x/y/; location /a/i/ {} } location ~ ^/r(.*)$ { alias /z$1; } \
         location / { try_files $uri $uri/ /index.html; } location /code { try_files $uri =404; } \
         location /app { root /; try_files $uri @app; } location @app { return 204; } }",
    );
    let root = |name| {
        let root = &location(&http, name).settings.root;
        (
            text(&root.path).rsplit_once("/www").map_or(text(&root.path), |_| "PREFIX/www".into()),
            root.alias,
            root.alias_prefix,
        )
    };
    assert_eq!(root("/a/"), ("/x/y/".to_owned(), true, 3));
    assert_eq!(root("/a/i/"), ("/x/y/".to_owned(), true, 3));
    assert_eq!(root("^/r(.*)$"), ("/z<Capture(1)>".to_owned(), true, 0));
    assert_eq!(root("/"), ("PREFIX/www".to_owned(), false, 0));
    assert_eq!(root("/app"), (String::new(), false, 0));
    let tried = |name| location(&http, name).settings.try_files.clone().expect("try_files");
    let files: Vec<_> = tried("/").files.iter().map(|file| (text(&file.path), file.directory)).collect();
    assert_eq!(files, [("<Uri>".to_owned(), false), ("<Uri>".to_owned(), true)]);
    assert!(matches!(tried("/").last, TryFilesFallback::Uri(uri) if text(&uri) == "/index.html"));
    assert!(matches!(tried("/code").last, TryFilesFallback::Status(404)));
    assert!(matches!(tried("/app").last, TryFilesFallback::Uri(name) if name.as_literal() == Some("@app")));
}

#[test]
fn times_and_sizes_have_their_units() {
    let http = http(
        "send_timeout \"1h 30m\"; client_body_timeout 500ms; client_header_timeout 2m; client_max_body_size 2g; \
         large_client_header_buffers 8 16k; keepalive_timeout 65 1m; proxy_read_timeout 1d; \
         server { listen 8080; client_max_body_size 0; client_header_buffer_size 2k; location / {} \
         location /2 { client_max_body_size 2g; keepalive_timeout 5 0; } }",
    );
    let settings = &location(&http, "/").settings;
    assert_eq!(settings.send_timeout, Duration::from_secs(5400));
    assert_eq!(settings.client_body_timeout, Duration::from_millis(500));
    assert_eq!((settings.keepalive_timeout, settings.keepalive_header), (Duration::from_secs(65), Some(60)));
    assert_eq!(settings.client_max_body_size, None);
    let other = &location(&http, "/2").settings;
    assert_eq!((other.client_max_body_size, other.keepalive_header), (Some(2_147_483_648), None));
    assert_eq!(settings.proxy.read_timeout, Duration::from_secs(86_400));
    let server = &http.servers[0];
    assert_eq!(server.client_header_timeout, Duration::from_secs(120));
    assert_eq!(server.client_header_buffer_size, 2048);
    assert_eq!((server.large_client_header_buffers, server.large_client_header_size), (8, 16384));
}

/// Where nginx's buffer of 4096 bytes ends.
#[test]
fn words_may_be_long_and_includes_deep() {
    let accepts = |text: &str| {
        let prefix = nginx::prefix();
        std::fs::write(prefix.path().join("nginx.conf"), format!("events {{}} {text}")).expect("a file");
        for depth in 1..102 {
            let next = format!("include {};", depth + 1);
            let text = if depth == 101 { "" } else { &next };
            std::fs::write(prefix.path().join(depth.to_string()), text).expect("a file");
        }
        let (file, globals) = ("nginx.conf".into(), Vec::new());
        load(&LoadOptions { prefix: prefix.path().to_owned(), file, globals, as_root: false, version: None })
            .is_ok()
    };
    let words = [4095, 4096].map(|length| accepts(&format!("pid {};", "x".repeat(length))));
    assert_eq!(words, [true, false]);
    assert_eq!((accepts("include 2;"), accepts("include 1;")), (true, false));
}
