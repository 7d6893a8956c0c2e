//! Directives by the place they stand in.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::features::{self, REWRITES};
use super::node::Node;

/// What may stand in `http`, a server and a location alike.
const ANYWHERE: &[&str] = &[
    "add_header X-A 1",
    "add_header X-B two always",
    "add_header X-C \"$request_method $host $uri\"",
    "add_header X-D $http_origin always",
    "add_header X-E \"\"",
    "add_header Access-Control-Allow-Origin *",
    "add_header X-F \"$sent_http_content_type\" always",
    "add_header Cache-Control no-store",
    "add_header Last-Modified \"\"",
    "add_header ETag x",
    "root @FILES@/www",
    "root @FILES@/www/assets",
    "root @FILES@/nowhere",
    "root @FILES@/www/",
    "index index.html",
    "index nowhere.html index.html",
    "index robots.txt",
    "index nowhere.html",
    "index /index.html",
    "default_type text/plain",
    "default_type application/json",
    "default_type \"\"",
    "etag off",
    "server_tokens off",
    "types { text/x html; }",
    "client_max_body_size 3",
    "client_max_body_size 0",
    "proxy_set_header Host $host",
    "proxy_set_header X-Real-IP $remote_addr",
    "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for",
    "proxy_set_header X-One \"$request_uri\"",
    "proxy_set_header X-Two \"\"",
    "proxy_set_header Accept \"\"",
    "proxy_set_header Upgrade $http_upgrade",
    "proxy_set_header Host $http_host",
    "proxy_set_header X-Path \"$document_root $request_filename\"",
    "proxy_set_header X-Query \"$is_args$args $arg_a $cookie_a\"",
    "proxy_http_version 1.1",
    "proxy_http_version 1.0",
    "proxy_hide_header X-A",
    "proxy_hide_header Set-Cookie",
    "proxy_redirect off",
    "proxy_redirect default",
    "proxy_redirect http://dambae200/ /moved/",
    "proxy_redirect ~^http://[^/]+(/.*)$ $1",
    "proxy_buffering off",
    "proxy_request_buffering off",
    "proxy_pass_request_headers off",
    "proxy_next_upstream error timeout http_500 http_404",
    "proxy_next_upstream off",
    "proxy_next_upstream_tries 1",
    "proxy_next_upstream error http_500 non_idempotent",
    "proxy_connect_timeout 5s",
    "keepalive_timeout 0",
    "keepalive_timeout 10 20",
    "keepalive_requests 1",
    "sendfile on",
    "tcp_nopush on",
];

const RETURNS: &[&str] = &[
    "return 204",
    "return 200 ok",
    "return 200",
    "return 404",
    "return 403 \"no $uri\"",
    "return 301 /there",
    "return 302 http://example.com$request_uri",
    "return 307 https://$host/x?$args",
    "return /plain",
    "return http://example.com/",
    "return 444",
    "return 500 \"\"",
    "return 418 tea",
    "return 405",
    "return 303 relative",
    "return 200 \"$1 $server_name $scheme\"",
    "return 201 {\\\"a\\\":1}",
    "return 308 $scheme://$http_host/",
    "return 304",
    "return 200 \"$realpath_root $request_body\"",
    "return 200 \"$secure_link\"",
    "return 599 x",
    "return 302",
    "return 413",
    "return 416",
    "return https://$host$uri",
    "return 999",
];

const PASSES: &[&str] = &[
    "proxy_pass http://app",
    "proxy_pass http://app/",
    "proxy_pass http://app/base",
    "proxy_pass http://app/base/",
    "proxy_pass http://@BLUE@",
    "proxy_pass http://@GREEN@/x%20y/",
    "proxy_pass http://app/?q=1",
    "proxy_pass http://app/a/../b",
    "proxy_pass http://127.0.0.1:1",
    "proxy_pass http://app/%2e/",
];

const FILES: &[&str] = &[
    "try_files $uri $uri/ /index.html",
    "try_files $uri =404",
    "try_files $uri @there",
    "try_files $uri/index.html $uri =403",
    "try_files /robots.txt /nowhere",
    "try_files $uri /api$uri",
    "try_files /nowhere $uri/ @there",
    "try_files nowhere index.html =204",
    "try_files $uri =201",
    "try_files nowhere =0",
    "secure_link_secret secret",
    "try_files $uri /index.html?from=$uri",
    "alias @FILES@/www",
    "alias @FILES@/www/",
    "alias @FILES@/www/assets/",
    "alias @FILES@/www/index.html",
    "alias @FILES@/www/$1",
];

const SETS: &[&str] = &["set $v one", "set $v \"$v$uri\"", "set $w $1", "set $v ''"];

const CONDITIONS: &[&str] = &[
    "($request_method = OPTIONS)",
    "($request_method != GET)",
    "($http_origin)",
    "($http_origin ~* ^http://(.*)$)",
    "($uri ~ ^/api(.*))",
    "($request_method ~ ^(GET|HEAD)$)",
    "($arg_a = 1)",
    "($v = \"\")",
    "($args !~* A)",
    "($host !~ ^s0$)",
    "($v)",
    "($request_uri ~ \"^/(?<named>[a-z]+)\")",
];

const PREFIXES: &[&str] = &[
    "/",
    "/api",
    "/api/",
    "/api/items",
    "/assets/",
    "/assets",
    "/help/",
    "/help",
    "/a",
    "/API",
    "/index.html",
    "/x y",
    "/api/x/",
    "/stomp/",
    "/help/shelf plan.png",
    "/%41",
];

const EXPRESSIONS: &[&str] = &[
    "~ \\.(js|css)$",
    "~* \\.HTML$",
    "~ ^/api(/.*)?$",
    "~* ^/API/(?<item>\\w+)",
    "~ /",
    "~ ^/(a|h)(.*)$",
    "~ \" \"",
    "~* ^/assets/(.+)$",
    "~ é",
];

fn lines(from: &'static [&'static str]) -> impl Strategy<Value = Node> + Clone {
    select(from).prop_map(Node::line)
}

/// What may stand anywhere: of the directives of requests and app servers, and of all others.
fn anywhere() -> impl Strategy<Value = Node> + Clone {
    prop_oneof![1 => lines(ANYWHERE), 1 => lines(features::ANYWHERE)]
}

/// A condition and what follows from it.
fn condition(in_location: bool) -> impl Strategy<Value = Node> {
    const IN_LOCATION: &[&str] = &[
        "add_header X-If 1",
        "add_header X-If \"$1$named\" always",
        "root @FILES@/www/assets",
        "proxy_pass http://app",
        "sendfile off",
    ];
    let more = match in_location {
        true => IN_LOCATION,
        false => SETS,
    };
    let inside =
        prop_oneof![2 => lines(RETURNS), 1 => lines(SETS), 2 => lines(more), 1 => lines(&REWRITES[..10])];
    (select(CONDITIONS), vec(inside, 0..3)).prop_map(|(condition, inside)| {
        let used = |node: &Node| condition.contains("named") || !format!("{node:?}").contains("$named");
        let inside = inside.into_iter().filter(used).collect();
        Node::block(&format!("if {condition}"), inside)
    })
}

fn location(depth: u32) -> BoxedStrategy<Node> {
    let prefix = (select(&["", "= ", "^~ "][..]), select(PREFIXES)).prop_map(|(kind, path)| {
        match path.contains(' ') {
            true => format!("{kind}\"{path}\""),
            false => format!("{kind}{path}"),
        }
    });
    let matches = prop_oneof![5 => prefix, 3 => select(EXPRESSIONS).prop_map(str::to_owned)];
    let plain = prop_oneof![
        6 => anywhere(),
        1 => lines(REWRITES),
        2 => lines(PASSES),
        2 => lines(FILES),
        1 => lines(RETURNS),
        1 => lines(SETS),
        2 => condition(true),
    ];
    let inside = match depth {
        0 => plain.boxed(),
        _ => prop_oneof![12 => plain, 1 => location(depth - 1)].boxed(),
    };
    (matches, vec(inside, 0..5))
        .prop_map(|(matches, inside)| Node::block(&format!("location {matches}"), inside))
        .boxed()
}

/// What stands in a server. A named location is always there, so that it can be gone to.
pub(crate) fn server() -> impl Strategy<Value = Vec<Node>> {
    let node = prop_oneof![
        8 => location(2),
        6 => anywhere(),
        1 => lines(REWRITES),
        1 => lines(SETS),
        1 => condition(false),
    ];
    let named = vec(prop_oneof![lines(PASSES), lines(RETURNS), anywhere()], 0..3);
    let last = prop_oneof![4 => Just(None), 1 => select(&[0usize, 1, 2, 5][..]).prop_map(Some)];
    (vec(node, 0..7), named, last).prop_map(|(mut nodes, named, last)| {
        nodes.push(Node::block("location @there", named));
        nodes.extend(last.map(|number| Node::line(FILES[number])));
        nodes
    })
}

/// What stands in `http`.
pub(crate) fn http_level() -> impl Strategy<Value = Node> {
    const MAPS: &[&[&str]] = &[
        &["default 0", "GET get", "~^P(?<tail>.*)$ $tail", "\"\" none"],
        &["hostnames", "default d", ".s0 first", "*.s1 second"],
        &["volatile", "default $uri", "GET $status"],
    ];
    let map =
        (select(&["$request_method", "$host", "$http_origin"][..]), select(MAPS)).prop_map(|(of, lines)| {
            Node::block(&format!("map {of} $mapped"), lines.iter().map(|line| Node::line(line)).collect())
        });
    prop_oneof![6 => anywhere(), 1 => map]
}

/// What stands in an upstream.
pub(crate) fn upstream() -> impl Strategy<Value = Vec<Node>> {
    const SERVERS: &[&str] = &["@BLUE@", "@GREEN@", "127.0.0.1:1"];
    const PARAMETERS: &[&str] = &[
        "weight=2",
        "weight=3",
        "backup",
        "down",
        "max_fails=0",
        "max_fails=1",
        "fail_timeout=20s",
        "max_fails=2",
    ];
    let usual = Just(vec![Node::line("server @BLUE@"), Node::line("server @GREEN@")]);
    let server = (select(SERVERS), vec(select(PARAMETERS), 0..2)).prop_map(|(address, parameters)| {
        Node::line(&[&["server", address][..], &parameters].concat().join(" "))
    });
    let keepalive = prop_oneof![4 => Just(None), 1 => Just(Some(Node::line("keepalive 4")))];
    let method = prop_oneof![3 => Just(None), 1 => lines(features::UPSTREAM).prop_map(Some)];
    let unsticky = (vec(server, 1..4), method, keepalive).prop_map(|(mut servers, method, keepalive)| {
        servers.splice(0..0, method);
        servers.extend(keepalive);
        servers
    });
    // Routes are those of the cookies and arguments that clients send; without them, they go by addresses, and each engine has its own.
    let server = (select(SERVERS), vec(select(PARAMETERS), 0..2));
    let method = prop_oneof![3 => Just(None), 1 => lines(&["least_conn", "hash $uri"]).prop_map(Some)];
    let sticky = (vec(server, 1..4), method, lines(features::STICKY), any::<bool>()).prop_map(
        |(servers, method, sticky, is_last)| {
            let route = |(nth, (address, parameters)): (usize, (&str, Vec<&str>))| {
                let route = format!("route={}", nth + 1);
                Node::line(&[&["server", address, route.as_str()][..], &parameters].concat().join(" "))
            };
            let mut nodes: Vec<Node> = servers.into_iter().enumerate().map(route).collect();
            let at = if is_last { nodes.len() } else { 0 };
            nodes.insert(at, sticky);
            nodes.splice(0..0, method);
            nodes
        },
    );
    prop_oneof![4 => usual, 2 => unsticky, 1 => sticky]
}
