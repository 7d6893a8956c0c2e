//! `hopcheck routes`.

use std::path::PathBuf;

use clap::Args;
use hopcheck_report::html::site_map_page;
use hopcheck_report::{SiteMap, outln};
use hopcheck_site::{Line, Route, Server, Site};

use super::conf::OneConfArgs;
use super::exit::{EXIT_KEPT, Error};
use super::explained::explained;
use super::overwrite::refuse_to_overwrite;

#[derive(Debug, Args)]
pub(super) struct RoutesArgs {
    #[command(flatten)]
    conf: OneConfArgs,
    /// Print JSON
    #[arg(long, conflicts_with = "html")]
    json: bool,
    /// Draw them: write a page with the servers, their locations in the order in which nginx tries them, and where they lead; an
    /// example of each is explained, and a URL can be looked up among them
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Prints what a configuration serves.
pub(super) async fn routes_command(arguments: &RoutesArgs) -> Result<u8, Error> {
    let here = std::env::current_dir()?;
    let conf = arguments.conf.named();
    let source = conf.source_to_look_at(&here)?;
    let site = source.read_site().map_err(|error| error.to_string())?;
    match (&arguments.html, arguments.json) {
        (Some(file), _) => {
            let read: Vec<PathBuf> = conf.path(&here).into_iter().collect();
            refuse_to_overwrite(file, &read)?;
            let mut map = SiteMap::of(&site);
            // What cannot be run can still be drawn.
            if let Ok(source) = conf.source(&here) {
                map.explained = explained(&source).await;
            }
            std::fs::write(file, site_map_page(&source.name, &map))
                .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
            outln!("wrote {}", file.display());
        }
        (None, true) => outln!("{}", serde_json::to_string_pretty(&site)?),
        (None, false) => print_routes(&source.name, &site, |_| false),
    }
    Ok(EXIT_KEPT)
}

/// Prints the routes of each server, a line each, but for those that are one of many.
pub(super) fn print_routes(name: &str, site: &Site, is_one_of_many: impl Fn(&Server) -> bool) {
    if site.servers.is_empty() {
        outln!("{name} has no server");
    }
    let (others, shown): (Vec<&Server>, Vec<&Server>) =
        site.servers.iter().partition(|server| is_one_of_many(server));
    for server in shown {
        outln!("{}", headline(server));
        if let Some(why) = &server.unreachable {
            outln!("  unreachable: {why}");
        }
        let rows: Vec<[String; 4]> =
            server.routes.iter().map(|route| row(route, &server.line.file)).collect();
        let width =
            |column: usize| rows.iter().map(|row| hopcheck_report::width(&row[column])).max().unwrap_or(0);
        let widths = [width(0), width(1), width(2)];
        for [path, what, to, lines] in &rows {
            let [path, what, to] =
                [(path, 0), (what, 1), (to, 2)].map(|(text, nth)| hopcheck_report::padded(text, widths[nth]));
            outln!("  {path}  {what}  {to}  {lines}");
        }
    }
    if !others.is_empty() {
        outln!("{} more servers that read as others do, but for names and addresses", others.len());
    }
}

fn headline(server: &Server) -> String {
    let names = if server.names.is_empty() { "any name".to_owned() } else { server.names.join(" ") };
    let listen = server
        .listen
        .iter()
        .map(|listen| format!("{}{}", listen.address, if listen.tls { " ssl" } else { "" }));
    format!(
        "{names} on {} ({}:{})",
        listen.collect::<Vec<_>>().join(", "),
        server.line.file,
        server.line.line
    )
}

/// What is told of a route of a server that stands in this file.
fn row(route: &Route, file: &str) -> [String; 4] {
    let path = match (route.path.as_str(), route.open) {
        ("", _) => format!("- ({})", route.location),
        (path, true) => format!("{path}…"),
        (path, false) => path.to_owned(),
    };
    let socket = if route.socket && route.kind.name() != "socket" { ", socket" } else { "" };
    let gate = route.behind().map_or(String::new(), |behind| format!(", {behind}"));
    let fallback = route.fallback.as_ref().map_or(String::new(), |page| format!(", else {page}"));
    [
        path,
        format!("{}{socket}{gate}", route.kind.name()),
        format!("{}{fallback}", route.to),
        places(&route.lines, file),
    ]
}

/// Where lines stand, those of one file together; only of another file than this one its name.
fn places(lines: &[Line], file: &str) -> String {
    let of_file = |lines: &[Line]| {
        let numbers = lines.iter().map(|line| line.line.to_string()).collect::<Vec<_>>().join(", ");
        match lines.first().filter(|line| line.file != file) {
            Some(line) => format!("{}:{numbers}", line.file),
            None => format!("lines {numbers}"),
        }
    };
    lines.chunk_by(|one, next| one.file == next.file).map(of_file).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_another_file_have_its_name() {
        let at = |file: &str, line| Line { file: file.to_owned(), line };
        let lines = [at("a.conf", 5), at("a.conf", 3), at("conf.d/api.conf", 12), at("conf.d/api.conf", 14)];
        assert_eq!(places(&lines, "a.conf"), "lines 5, 3; conf.d/api.conf:12, 14");
    }
}
