//! Where nothing is to be mended, where nothing can be, and where what would mend a promise breaks another.

use crate::{Site, changed_lines, feature};

#[test]
fn a_right_site_is_left_alone() {
    let conf = "
server {
    listen 80;
    root /srv/site;
    location /api/ { proxy_pass http://app:8080; }
    location / { try_files $uri /index.html; }
}";
    let site = Site::of(&[("nginx.conf", conf)]);
    let (code, told) = site.fix(&["--apply"]);
    assert_eq!(
        (code, told["mends"].as_array().map(Vec::len), told["trials"].as_u64()),
        (Some(0), Some(0), Some(0))
    );
    assert_eq!(site.text("nginx.conf"), conf);
}

#[test]
fn an_edit_that_breaks_something_else_is_not_shown() {
    let conf = "
server {
    listen 80;
    root /srv/site;
    location ~ \\.pdf$ { try_files $uri =404; }
    location /api/ { proxy_pass http://app:8080; }
}
";
    // What would bring it to the app would take a file from the site.
    let own = "Feature: Files
  Scenario: A file below the API is a file
    Given app servers that answer any path
    When the client sends \"GET /api/hopcheck/terms.pdf\"
    Then the response is 404
";
    let site = Site::of(&[("nginx.conf", conf)]);
    std::fs::create_dir(site.path("features")).unwrap();
    std::fs::copy(feature("any-api"), site.path("features/any-api.feature")).unwrap();
    let fix = || site.fix(&["--features", "features"]);
    let (code, told) = fix();
    assert_eq!((code, changed_lines(&told).len()), (Some(0), 2), "{told:#}");
    std::fs::write(site.path("features/own.feature"), own).unwrap();
    let (code, told) = fix();
    assert_eq!((code, changed_lines(&told).len()), (Some(1), 0), "{told:#}");
    let objection = told["unmended"][0]["tried"][0]["objection"].as_str().unwrap();
    assert_eq!(objection, "it breaks: A file below the API is a file");
}

#[test]
fn what_a_person_must_choose_is_asked() {
    let conf = "
server {
    listen 80;
    location /shop/ {
        add_header Access-Control-Allow-Origin * always;
        add_header Access-Control-Allow-Credentials true always;
        proxy_pass http://shop:9000;
    }
}
";
    let site = Site::of(&[("nginx.conf", conf)]);
    let cors = feature("any-cors");
    let options = ["--features", cors.as_str()];
    let (code, told) = site.fix(&options);
    assert_eq!((code, changed_lines(&told)), (Some(1), Vec::new()), "{told:#}");
    let profile = told["unmended"][0]["choice"]["profile"].as_str().unwrap();
    assert!(profile.contains("path = \"/shop/\"\ncors = \"app\""), "{told:#}");
    // With the answer it can be mended.
    std::fs::write(site.path("hopcheck.toml"), profile).unwrap();
    let (code, told) = site.fix(&options);
    assert_eq!(code, Some(0), "{told:#}");
    assert_eq!(
        changed_lines(&told),
        [
            "-add_header Access-Control-Allow-Origin * always;",
            "-add_header Access-Control-Allow-Credentials true always;"
        ]
    );
}

#[test]
fn names_that_nginx_does_not_know_are_mended_first() {
    let conf = "
events { }
http {
    map $http_upgrade $conn_up { default upgrade; '' close; }
    server {
        listen 80;
        location /api/ {
            proxy_pas http://app:8080;  # the app
            proxy_set_header Host $hots;
            proxy_set_header Connection $con_up;
        }
    }
}
";
    let site = Site::of(&[("nginx.conf", conf)]);
    let (code, told) = site.fix(&["--features", &feature("any-api"), "--apply"]);
    assert_eq!(code, Some(0), "{told:#}");
    let mended =
        conf.replace("proxy_pas ", "proxy_pass ").replace("$hots", "$host").replace("$con_up", "$conn_up");
    assert_eq!(site.text("nginx.conf"), mended);
    assert_eq!(told["mends"].as_array().unwrap().len(), 3, "{told:#}");
}

#[test]
fn what_no_rule_makes_start_is_not_mended() {
    let site = Site::of(&[("nginx.conf", "server { listen 80; location /a { return; } }")]);
    let output = site.hopcheck(&["fix", "nginx.conf"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        crate::said(&output).contains("invalid number of arguments in \"return\" directive"),
        "{}",
        crate::said(&output)
    );
}
