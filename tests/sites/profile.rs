//! A site beside its profile: routes that are written down, and what only a person knows.

use std::path::{Path, PathBuf};
use std::process::Command;

use hopcheck_report::Verdict;

use super::{confs, run_feature};
use crate::ran::{Ran, engines, run};

/// Writes the routes of a configuration down, changes `from` in it to `to`, and holds it to what was written.
fn held_to_its_routes(conf: &Path, from: &str, to: &str) -> Ran {
    let directory = tempfile::tempdir().unwrap();
    let folder = conf.parent().unwrap();
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_file() && entry.file_name().is_some_and(|name| name != "hopcheck.toml") {
            std::fs::copy(&entry, directory.path().join(entry.file_name().unwrap())).unwrap();
        }
    }
    let conf = directory.path().join(conf.file_name().unwrap());
    let hopcheck = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hopcheck"));
        command.args(arguments).current_dir(directory.path()).output().unwrap()
    };
    let written = hopcheck(&["init", "--conf", conf.file_name().unwrap().to_str().unwrap()]);
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let text = std::fs::read_to_string(&conf).unwrap();
    assert!(text.contains(from), "{from}");
    std::fs::write(&conf, text.replace(from, to)).unwrap();
    run_feature("any-routes", &conf)
}

#[test]
fn a_site_keeps_the_routes_that_are_written_down_of_it() {
    for conf in confs("../../tests/sites/right").into_iter().chain(confs("../../tests/sites/wrong")) {
        let ran = held_to_its_routes(&conf, "", "");
        let target = &ran.report.targets[0];
        assert_eq!(ran.code, Some(0), "{}: {}", conf.display(), ran.said);
        let kept = target.count(|record| record.verdict == Verdict::Kept);
        assert!(kept > 0, "{}: {}", conf.display(), ran.said);
    }
}

#[test]
fn a_route_that_moves_is_a_broken_promise() {
    let changes = [
        ("spring-sockjs", "location /v1/", "location /v2/", "/v1/…", "it has moved to /v2/…"),
        (
            "spring-sockjs",
            "location /v1/ {\n        proxy_pass http://app;",
            "location /v1/ {",
            "/v1/…",
            "it is `files`, not `api`",
        ),
        (
            "spring-sockjs",
            "proxy_pass http://app;",
            "proxy_pass http://app/;",
            "/v1/…",
            "its path is replaced, not kept",
        ),
        (
            "spring-sockjs",
            "proxy_read_timeout 1h;",
            "",
            "/ws-stomp…",
            "waits 60 s for an answer, which may take 3600 s",
        ),
        ("spring-sockjs", "try_files $uri $uri/ /index.html;", "", "/…", "is not answered with /index.html"),
        ("spring-sockjs", "server app-green:8080;", "", "app", "it has 1 server, not 2"),
        ("strip-prefix", "http://api/;", "http://api;", "/api/…", "its path is kept, not replaced"),
        ("strip-prefix", " backup;", ";", "api", "it has 2 servers, not 1"),
    ];
    for (name, from, to, promise, told) in changes {
        let ran =
            held_to_its_routes(&PathBuf::from(format!("../../tests/sites/right/{name}.conf")), from, to);
        let promise = match promise.starts_with('/') {
            true => format!("{promise} is served as the profile says"),
            false => format!("The upstream {promise} is as the profile says"),
        };
        assert!(ran.broken().contains(&promise.as_str()), "{promise}: {}", ran.said);
        assert!(ran.said.contains(told), "{told}: {}", ran.said);
        assert_eq!(ran.code, Some(1));
    }
}

#[test]
fn a_site_that_moves_is_a_broken_promise() {
    let changes = [
        ("vite-api", "listen 80;", "listen 8080;", "Clients find the site at 80", "nobody listens there"),
        (
            "vite-api",
            "listen 80;",
            "listen 127.0.0.1:80;",
            "Clients find the site at 80",
            "listen 127.0.0.1:80",
        ),
        (
            "tls",
            "listen 443 ssl http2;",
            "listen 443;",
            "Clients find the site at 443 ssl",
            "`ssl` is missing",
        ),
        ("tls", "listen [::]:80;", "", "Clients find the site at [::]:80", "nobody listens there"),
        (
            "spring-sockjs",
            "app-green:8080",
            "app-green:8081",
            "Upstreams have only app servers that the profile names",
            "asks app-green:8081, where no app server is; by ",
        ),
    ];
    for (name, from, to, promise, told) in changes {
        let ran =
            held_to_its_routes(&PathBuf::from(format!("../../tests/sites/right/{name}.conf")), from, to);
        assert!(ran.broken().contains(&promise), "{promise}: {}", ran.said);
        assert!(ran.said.contains(told) && ran.code == Some(1), "{told}: {}", ran.said);
    }
    for (from, to) in [
        ("listen 80;", "listen *:80;"),
        ("listen 80;", "listen [::]:80 ipv6only=off;"),
        ("listen 80;", "listen 80; listen 8080;"),
        ("listen 80;", ""),
    ] {
        let ran = held_to_its_routes(Path::new("../../tests/sites/right/vite-api.conf"), from, to);
        assert_eq!(ran.code, Some(0), "{to}: {}", ran.said);
    }
}

#[test]
fn a_new_route_is_told_and_breaks_nothing() {
    let conf = PathBuf::from("../../tests/sites/right/strip-prefix.conf");
    let ran = held_to_its_routes(
        &conf,
        "location = /api {",
        "location = /health { return 204; }\nlocation = /api {",
    );
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    assert!(ran.said.contains("/health (`location = /health` in line 16) is new: "), "{}", ran.said);
}

#[test]
fn a_new_route_that_takes_paths_from_a_promised_one_is_warned_of() {
    let conf = PathBuf::from("../../tests/sites/right/strip-prefix.conf");
    let new = "location /api/items { root /srv/www; }\nlocation = /api {";
    let ran = held_to_its_routes(&conf, "location = /api {", new);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    assert!(ran.said.contains("/api/items… is within /api/…, which the profile names"), "{}", ran.said);
}

#[test]
fn without_a_profile_the_report_says_that_routes_are_taken_from_the_file() {
    let ran = run_feature("any-routes", Path::new("../../tests/sites/right/strip-prefix.conf"));
    assert!(ran.said.contains("strip-prefix.conf, so they are taken from it in each run"), "{}", ran.said);
}

#[test]
fn what_only_a_person_knows_is_asked_too() {
    let directory = tempfile::tempdir().unwrap();
    let conf = directory.path().join("nginx.conf");
    let text = "server { listen 80; root /srv/www; location / { try_files $uri /index.html; }\n\
                location /api/ { proxy_pass http://app:8080; proxy_set_header Host $host; add_header Access-Control-Allow-Origin *; } }";
    std::fs::write(&conf, text).unwrap();
    assert_eq!(run_feature("any-routes", &conf).code, Some(2), "nothing is promised yet");
    let profile = "[[routes]]\npath = \"/\"\nheaders = [\"X-Frame-Options\"]\nsource-maps = false\nfixed-times = true\n\n[[routes]]\npath = \"/api/\"\ncors = \"nobody\"\n\
                   longest-answer = \"5m\"\nlargest-upload = \"2m\"\nsse = true\n";
    std::fs::write(directory.path().join("hopcheck.toml"), profile).unwrap();
    let ran = run("reference", &conf);
    let broken = [
        "/api/… is served as the profile says",
        "A new build at / is shown though its files are as old and as long as before",
        "No page of another origin may read /api/",
        "The largest upload of /api/ reaches the app",
        "The page at / has the headers that the server sets for all",
        "The source map /assets/hopcheck-5814969b.js.map is kept to itself",
        "The source map /hopcheck.js.map is kept to itself",
    ];
    let mut found = ran.broken();
    found.sort_unstable();
    assert_eq!(found, broken, "{}", ran.said);
    assert!(ran.said.contains("the proxy waits 60 s for an answer, which may take 300 s"), "{}", ran.said);
    assert!(ran.said.contains("its events are held back until there is enough of them"), "{}", ran.said);
}

#[test]
fn what_only_a_person_knows_is_kept_where_the_file_sees_to_it() {
    let directory = tempfile::tempdir().unwrap();
    let conf = directory.path().join("nginx.conf");
    let text = "server { listen 80; root /srv/www; location ~ \\.map$ { return 404; }\n\
                location / { try_files $uri /index.html; add_header Cache-Control no-store; }\n\
                location /ws { proxy_pass http://app:8080; proxy_http_version 1.1; proxy_set_header Host $host;\n\
                proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; } }";
    std::fs::write(&conf, text).unwrap();
    let profile = "[[routes]]\npath = \"/\"\nsource-maps = false\nfixed-times = true\n\n\
                   [[routes]]\npath = \"/ws\"\nprotocol = \"stomp\"\n";
    std::fs::write(directory.path().join("hopcheck.toml"), profile).unwrap();
    for engine in engines() {
        let ran = run(&engine, &conf);
        assert_eq!(ran.code, Some(0), "{engine}: {}", ran.said);
        for promise in [
            "What is sent over STOMP at /ws reaches those who subscribed",
            "A new build at / is shown though its files are as old and as long as before",
            "The source map /hopcheck.js.map is kept to itself",
        ] {
            let mut kept = ran.report.targets[0].records.iter().filter(|record| record.name == promise);
            assert!(kept.any(|record| record.verdict == Verdict::Kept), "{engine}: {promise}: {}", ran.said);
        }
    }
}
