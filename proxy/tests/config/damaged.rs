//! The document's configuration, damaged in every place: refused or accepted, but never a panic.

use std::path::Path;

use nginx_conf::{ConfigError, LoadOptions, load};

use crate::nginx;

const NGINX_CONF: &str = include_str!("../../../nginx/nginx.conf");
const MIME_TYPES: &str = include_str!("../../../nginx/mime.types");

fn load_text(prefix: &Path, text: &str) -> Result<(), ConfigError> {
    std::fs::write(prefix.join("nginx.conf"), text).expect("the file is written");
    let options = LoadOptions {
        prefix: prefix.to_owned(),
        file: "nginx.conf".into(),
        globals: Vec::new(),
        as_root: false,
        version: None,
    };
    load(&options).map(|_| ())
}

/// The configuration without comments, with its files beside it.
fn document(prefix: &Path) -> String {
    std::fs::write(prefix.join("mime.types"), MIME_TYPES).expect("the file is written");
    let lines = NGINX_CONF.lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#'));
    lines.collect::<Vec<_>>().join("\n").replace("/etc/nginx/", "") + "\n"
}

#[test]
fn cut_off_it_is_refused() {
    let prefix = nginx::prefix();
    let text = document(prefix.path());
    load_text(prefix.path(), &text).unwrap_or_else(|error| panic!("{error}"));
    let end = text.rfind('}').expect("a closing brace");
    // Complete again wherever a directive of the main context has ended.
    let http = text.find("http {").expect("an http block");
    let events = text.find("events {").expect("an events block");
    for length in (events + 1..=end).step_by(3) {
        if text[..length].trim_end().ends_with('}') && length <= http {
            continue;
        }
        if let Some(cut) = text.get(..length) {
            let error = load_text(prefix.path(), cut).expect_err(cut);
            assert!(error.message().starts_with("unexpected end of file, expecting "), "{error}\n---\n{cut}");
        }
    }
}

#[test]
fn with_any_line_left_out_it_is_read_or_refused_with_a_place() {
    let prefix = nginx::prefix();
    let text = document(prefix.path());
    let lines: Vec<&str> = text.lines().collect();
    for left_out in 0..lines.len() {
        let rest: Vec<&str> =
            lines.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, line)| *line).collect();
        if let Err(error) = load_text(prefix.path(), &(rest.join("\n") + "\n")) {
            assert!(error.place().is_some() || error.message().contains("\"events\""), "{error}");
        }
    }
}
