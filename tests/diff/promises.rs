//! Which change breaks a promise that was kept.

use std::path::Path;

use serde_json::Value;

use crate::{run, said};

const OLD: &str = "events { }
http {
    upstream app { server app-1:8080; server app-2:8080; }
    server {
        listen 80;
        root /srv/www;
        location /api/ { proxy_pass http://app; }
        location /ws/ {
            proxy_pass http://app;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
        }
        location /old { return 301 /new; }
        location / { try_files $uri /index.html; }
    }
}
";

/// The report on `OLD` and what comes of it by these edits, each of them another.
fn compare(here: &Path, old: &str, edits: &[(&str, &str)], options: &[&str]) -> (Option<i32>, Value, String) {
    let new = edits.iter().fold(old.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    std::fs::write(here.join("old.conf"), old).unwrap();
    std::fs::write(here.join("new.conf"), new).unwrap();
    let output = run(here, &[&["old.conf", "new.conf", "--report", "json=d.json"], options].concat());
    let text = said(&output);
    let json = std::fs::read_to_string(here.join("d.json")).unwrap_or_else(|_| panic!("{text}"));
    (output.status.code(), serde_json::from_str(&json).unwrap(), text)
}

/// The promises that are broken by the change of a line that has `word`.
fn broken_by(told: &Value, word: &str) -> Vec<String> {
    let entries = told["entries"].as_array().unwrap().iter();
    let mut of_word = entries.filter(|entry| entry["causes"].to_string().contains(word));
    let entry = of_word.next().unwrap_or_else(|| panic!("no entry of {word}: {told:#}"));
    let breaks = entry["breaks"].as_array().unwrap().iter();
    breaks.map(|broken| broken["promise"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_entry_says_which_promises_it_breaks() {
    let directory = tempfile::tempdir().unwrap();
    let edits = [
        ("$http_upgrade", "$http_upgrage"),
        ("301 /new", "302 /new"),
        ("proxy_pass http://app;", "proxy_pass http://app; proxy_next_upstream off;"),
    ];
    let (code, told, text) =
        compare(directory.path(), OLD, &edits, &["--report", "markdown=d.md,html=d.html"]);
    assert_eq!(code, Some(1), "{text}");
    let sockets = broken_by(&told, "http_upgrage");
    assert!(sockets.contains(&"A WebSocket opens at /ws/".to_owned()), "{text}");
    assert!(sockets.iter().all(|promise| promise.contains("/ws/")), "{text}");
    let of_upstream = broken_by(&told, "proxy_next_upstream");
    assert!(!of_upstream.is_empty() && of_upstream.iter().all(|promise| promise.contains("/api/")), "{text}");
    assert_eq!(broken_by(&told, "302 /new"), Vec::<String>::new(), "{text}");
    let broken = told["promises"]["broken"].as_array().unwrap().len();
    assert_eq!(broken, sockets.len() + of_upstream.len(), "{text}");
    assert!(text.contains(&format!("{broken} that were are broken")), "{text}");
    let marked = "breaks a promise that was kept: A WebSocket opens at /ws/ (features/any-socket.feature:";
    assert!(text.contains(marked), "{text}");
    let markdown = std::fs::read_to_string(directory.path().join("d.md")).unwrap();
    assert!(markdown.contains("**breaks a promise that was kept:** A WebSocket opens at /ws/"), "{markdown}");
    let html = std::fs::read_to_string(directory.path().join("d.html")).unwrap();
    assert!(html.contains("A WebSocket opens at /ws/"), "{html}");
}

/// A header that is gone makes another route of it, of which nobody would ask for WebSockets.
#[test]
fn a_promise_is_asked_of_the_routes_as_they_were() {
    let directory = tempfile::tempdir().unwrap();
    let edits = [("            proxy_set_header Upgrade $http_upgrade;\n", "")];
    let (_, told, text) = compare(directory.path(), OLD, &edits, &[]);
    let broken = broken_by(&told, "Upgrade");
    assert!(broken.contains(&"A WebSocket opens at /ws/".to_owned()), "{text}");
}

#[test]
fn what_was_broken_before_or_only_differs_is_not_marked() {
    let directory = tempfile::tempdir().unwrap();
    let broken = OLD.replace("$http_upgrade", "$http_upgrage");
    let edits = [("proxy_pass http://app;", "proxy_pass http://app; proxy_set_header X-Way api;")];
    let (code, told, text) = compare(directory.path(), &broken, &edits, &[]);
    assert_eq!(code, Some(1), "{text}");
    assert_eq!(told["promises"]["broken"], serde_json::json!([]), "{text}");
    assert!(text.contains("promises are kept, and none is broken that was"), "{text}");
}

#[test]
fn promises_can_be_left_out() {
    let directory = tempfile::tempdir().unwrap();
    let edits = [("$http_upgrade", "$http_upgrage")];
    let (code, told, text) = compare(directory.path(), OLD, &edits, &["--no-promises"]);
    assert_eq!((code, &told["promises"]), (Some(1), &Value::Null), "{text}");
    assert!(!text.contains("promise"), "{text}");
}
