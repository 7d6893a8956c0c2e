//! Says which location of each server serves a path.
//!
//! ```sh
//! cargo run --example which_location /etc/nginx/nginx.conf /api/items
//! ```

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use nginx_conf::model::{Http, Location, LocationKind, Pattern, Server};
use nginx_conf::{LoadOptions, load, locate};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(uri)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: which_location FILE PATH");
        return ExitCode::FAILURE;
    };
    let directory = Path::new(&file).parent().unwrap_or(Path::new("/")).to_owned();
    let options = LoadOptions {
        prefix: directory,
        file: absolute(&file),
        globals: Vec::new(),
        as_root: false,
        version: None,
    };
    let config = match load(&options) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let Some(http) = &config.http else {
        eprintln!("{file}: no \"http\" block");
        return ExitCode::FAILURE;
    };
    for server in &http.servers {
        let name = if server.name.is_empty() { "(no name)" } else { &server.name };
        println!("{name}: {}", explain(http, server, uri.as_bytes()));
    }
    ExitCode::SUCCESS
}

fn absolute(file: &str) -> PathBuf {
    std::path::absolute(file).unwrap_or_else(|_| file.into())
}

fn explain(http: &Http, server: &Server, uri: &[u8]) -> String {
    let mut matches = |pattern: &Pattern, uri: &[u8]| pattern.regex.is_match(uri).unwrap_or(false);
    match locate::find(&server.tree, &http.locations, uri, &mut matches) {
        None => "no location matches; the server's own settings apply".to_owned(),
        Some(found) => match http.locations.get(found.id.0) {
            Some(location) if found.auto_redirect => format!("redirects to {}", location.name),
            Some(location) => describe(location),
            None => String::new(),
        },
    }
}

fn describe(location: &Location) -> String {
    let modifier = match location.kind {
        LocationKind::Exact => "= ",
        LocationKind::Regex => "~ ",
        _ => "",
    };
    let content = match (&location.settings.proxy_pass, location.settings.root.path.as_literal()) {
        (Some(pass), _) if pass.computed.is_none() => format!("proxied to {}", pass.host),
        (Some(_), _) => "proxied to an address with variables".to_owned(),
        (None, Some(root)) => format!("files below {root}"),
        (None, None) => "files below a path with variables".to_owned(),
    };
    format!("location {modifier}{}, {content}", location.name)
}
