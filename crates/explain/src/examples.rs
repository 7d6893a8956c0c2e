//! What a reader would ask first: each route of a configuration, at its own server.

use std::sync::Arc;

use hopcheck_site::{Kind, Route, Server, Site};
use hopcheck_targets::stage::Stage;

use crate::explanation::Explanation;
use crate::question::Question;
use crate::run::explain;

/// More of them nobody reads.
const MAX_EXAMPLES: usize = 40;

/// The name of a server that has none.
const ANY_NAME: &str = "www.example.com";

/// A path that no route is called by.
const UNKNOWN_PATH: &str = "/no/such/path";

/// What becomes of the routes' own examples; only what can be asked is told.
pub async fn explain_examples(stage: &Arc<Stage>) -> Vec<Explanation> {
    let mut told = Vec::new();
    for question in examples(&stage.source.site) {
        match explain(stage, &question).await {
            Ok(explanation) => told.push(explanation),
            // What does not run answers no other either.
            Err(_) if told.is_empty() => break,
            Err(_) => {}
        }
    }
    told
}

/// A GET of each route, of what is below it, and of what is nowhere.
fn examples(site: &Site) -> Vec<Question> {
    let mut asked: Vec<Question> = Vec::new();
    for server in site.servers.iter().filter(|server| server.unreachable.is_none()) {
        let Some(base) = base(server) else { continue };
        let of_routes = server
            .routes
            .iter()
            .flat_map(|route| paths(route).into_iter().map(move |path| (Some(route), path)));
        for (route, path) in of_routes.chain([(None, UNKNOWN_PATH.to_owned())]) {
            let Ok(mut question) = Question::new("GET", &format!("{base}{path}")) else { continue };
            if asked.iter().any(|known| known.url == question.url) {
                continue;
            }
            question.files = route.map(files).unwrap_or_default();
            asked.push(question);
        }
    }
    asked.truncate(MAX_EXAMPLES);
    asked
}

/// Where a server is asked: `https://shop.example.com`.
fn base(server: &Server) -> Option<String> {
    let listen = server.asked_at()?;
    let names = server.names_to_ask();
    let name = names.first().map_or(ANY_NAME, String::as_str);
    let (scheme, usual) = if listen.tls { ("https", "443") } else { ("http", "80") };
    Some(match listen.port() {
        port if port == usual => format!("{scheme}://{name}"),
        port => format!("{scheme}://{name}:{port}"),
    })
}

fn paths(route: &Route) -> Vec<String> {
    if !route.path.starts_with('/') {
        return Vec::new();
    }
    let below = || format!("{}/item", route.path.trim_end_matches('/'));
    [Some(route.path.clone()), route.open.then(below)].into_iter().flatten().collect()
}

/// The page of a front end, which is there on a server that serves one.
fn files(route: &Route) -> Vec<String> {
    let is_served = matches!(route.kind, Kind::FrontEnd | Kind::Files) && route.to.starts_with('/');
    let page = route.fallback.as_deref().filter(|page| page.starts_with('/')).unwrap_or("/index.html");
    if is_served { vec![format!("{}{page}", route.to.trim_end_matches('/'))] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_is_asked_for_at_its_own_server() {
        let text =
            "http { server { listen 443 ssl; server_name shop.test; location /api/ { proxy_pass http://a; } \
                    location = /x { return 204; } location / { root /srv; try_files $uri /index.html; } }
                    server { listen 8080; location /y { return 204; } } }";
        let site = Site::read(text, "nginx.conf", &|_| Vec::new()).unwrap();
        let urls: Vec<String> = examples(&site)
            .iter()
            .map(|question| format!("{}{}", question.url.authority(), question.url.target))
            .collect();
        for url in
            ["shop.test/api/", "shop.test/api/item", "shop.test/x", "shop.test/", "www.example.com:8080/y"]
        {
            assert!(urls.iter().any(|asked| asked == url), "{url}: {urls:?}");
        }
        assert!(!urls.iter().any(|asked| asked == "shop.test/x/item"), "{urls:?}");
        let page = examples(&site).into_iter().find(|question| question.url.target == "/").unwrap();
        assert_eq!(page.files, ["/srv/index.html"]);
    }
}
