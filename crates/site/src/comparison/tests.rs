use super::Comparison;
use crate::Site;
use crate::profile::Profile;

const PROFILE: &str = r#"
[[routes]]
path = "/api/"
kind = "api"
to = "http://app"
uri = "kept"
access = "everybody"
forwards = ["Host", "X-Real-IP"]

[[routes]]
path = "/"
kind = "front end"
to = "/srv/www"
fallback = "/index.html"

[upstreams.app]
servers = 2
balancing = "round robin"
"#;

const APP: &str = "upstream app { server a:1; server b:1; }";
const API: &str = "location /api/ { proxy_pass http://app; }";
/// What the app is given, for all servers.
const GIVEN: &str = "proxy_set_header host $host; proxy_set_header X-Real-IP $remote_addr;";
const PAGE: &str = "location / { root /srv/www; try_files $uri /index.html; }";

/// What is said of each promise that is not kept, and the paths of new routes.
fn compared(upstreams: &str, inside: &str) -> (Vec<String>, Vec<String>) {
    let text = format!("http {{ {GIVEN} {upstreams}\nserver {{ listen 80;\n{inside} }} }}");
    let site = Site::read(&text, "nginx.conf", &|_| Vec::new()).unwrap();
    let profile = Profile::parse(PROFILE, "hopcheck.toml").unwrap();
    let comparison = Comparison::of(&site, &profile);
    let differences = comparison.differences();
    let routes = profile.routes.iter().filter_map(|promised| differences.route(&promised.title()));
    let upstreams = profile.upstreams.keys().filter_map(|name| differences.upstream(name));
    let said = routes.chain(upstreams).map(|difference| difference.to_string()).collect();
    (said, comparison.new_routes().iter().map(|(_, route)| route.path.clone()).collect())
}

fn kept(upstreams: &str, inside: &str) {
    assert_eq!(compared(upstreams, inside).0, Vec::<String>::new(), "{upstreams} {inside}");
}

#[track_caller]
fn differs(upstreams: &str, inside: &str, beginning: &str) {
    let (said, _) = compared(upstreams, inside);
    assert!(matches!(&said[..], [one] if one.starts_with(beginning)), "{said:#?}");
}

#[test]
fn what_clients_do_not_notice_is_no_difference() {
    kept(APP, &format!("{API} {PAGE}"));
    kept(APP, &format!("location ~ ^/api/ {{ proxy_pass http://app; }} {PAGE}"));
    kept(APP, &format!("{API} location / {{ root /srv/www/; try_files $uri /index.html; }}"));
    kept(APP, &format!("location ^~ /api/ {{ proxy_pass http://app$request_uri; }} {PAGE}"));
    kept(APP, &format!("location /api/ {{ proxy_pass http://app/api/; }} {PAGE}"));
    kept(APP, &format!("server_name shop.example.test; {PAGE} location /ap {{ proxy_pass http://app; }}"));
    kept(&APP.replace("app", "backend"), &format!("location /api/ {{ proxy_pass http://backend; }} {PAGE}"));
    kept(
        APP,
        &format!(
            "{PAGE} location /api/ {{ proxy_pass http://app; location /api/x1 {{ proxy_pass http://app; }} }}"
        ),
    );
    kept(&format!("{} upstream other {{ server c; }}", APP.replace("a:1", "d:2")), &format!("{API} {PAGE}"));
}

#[test]
fn a_route_that_is_gone_is_told_with_both_lines() {
    let (said, new) = compared(APP, PAGE);
    let wanted = "it has no location of its own: `location /` serves it\n\
                  it is `front end`, not `api`\n\
                  it leads to /srv/www, not http://app\n  \
                  hopcheck.toml:2  /api/…  api        http://app, path kept\n  \
                  nginx.conf:3     /…      front end  /srv/www, else /index.html";
    assert_eq!((said, new), (vec![wanted.to_owned()], vec![]));
}

#[test]
fn a_route_that_has_moved_is_told_with_its_new_place() {
    let (said, new) = compared(APP, &format!("location /v1/ {{ proxy_pass http://app; }} {PAGE}"));
    let wanted = "it has moved to /v1/…\n  hopcheck.toml:2  /api/…  api  http://app, path kept\n  \
                  nginx.conf:3     /v1/…   api  http://app, path kept";
    assert_eq!((said, new), (vec![wanted.to_owned()], vec![]));
}

#[test]
fn each_change_is_told() {
    let other = format!("{APP} upstream other {{ server c; }}");
    differs(
        &other,
        &format!("location /api/ {{ proxy_pass http://other; }} {PAGE}"),
        "it leads to http://other, not http://app\n",
    );
    differs(
        APP,
        &format!("location /api/ {{ proxy_pass http://app/; }} {PAGE}"),
        "its path is replaced, not kept: ",
    );
    differs(
        APP,
        &format!("location /api/ {{ rewrite ^/api/(.*) /$1 break; proxy_pass http://app; }} {PAGE}"),
        "its path is rewritten, not kept: ",
    );
    differs(
        APP,
        &format!("location /api/ {{ proxy_buffering off; proxy_pass http://app; }} {PAGE}"),
        "it is `events`, not `api`\n",
    );
    differs(
        APP,
        &format!("location /api/ {{ deny all; proxy_pass http://app; }} {PAGE}"),
        "only those may come whom `deny` lets in; promised is that everybody may come\n",
    );
    differs(
        APP,
        &format!("{API} location / {{ root /srv/www; }}"),
        "a path that is no file is not answered with /index.html\n",
    );
}

#[test]
fn upstreams_are_held_to_their_servers_and_their_balancing() {
    let rest = format!("{API} {PAGE}");
    let wanted = "it has 1 server, not 2\n  hopcheck.toml:16  upstream app  2 servers  round robin\n  \
                  nginx.conf:1      upstream app  1 server   round robin";
    assert_eq!(compared("upstream app { server a:1; server b:1 down; }", &rest).0, [wanted]);
    differs(
        "upstream app { ip_hash; server a:1; server b:1; }",
        &rest,
        "requests are spread by ip_hash, not round robin\n",
    );
}

#[test]
fn new_routes_are_known() {
    let (said, new) = compared(APP, &format!("{API} {PAGE} location = /health {{ return 200; }}"));
    assert_eq!((said, new), (vec![], vec!["/health".to_owned()]));
}

#[test]
fn a_server_that_is_gone_leaves_its_routes_to_nobody() {
    let text = "http { server { listen 80; location / { return 204; } } }";
    let site = Site::read(text, "nginx.conf", &|_| Vec::new()).unwrap();
    let profile = "[[routes]]\nserver = \"a.test:443\"\npath = \"/\"\nkind = \"fixed answer\"\n";
    let profile = Profile::parse(profile, "p.toml").unwrap();
    let differences = Comparison::of(&site, &profile).differences();
    let said = differences.route("/… on a.test:443").map(ToString::to_string);
    assert_eq!(said.as_deref(), Some("nothing serves it\n  p.toml:1  /…  fixed answer"));
}

#[test]
fn a_header_that_the_app_is_no_longer_given_is_told() {
    let given = |headers: &str| format!("location /api/ {{ {headers} proxy_pass http://app; }} {PAGE}");
    // A location with one of its own loses those of the server.
    let (told, _) = compared(APP, &given("proxy_set_header X-Request-ID $request_id;"));
    assert!(matches!(&told[..], [one] if one.contains("the app is not given Host, X-Real-IP")), "{told:#?}");
    kept(
        APP,
        &given(
            "proxy_set_header Host shop; proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-A b;",
        ),
    );
}
