//! Finds out about the front end: its page, a built asset, and deep links.

use crate::client::{SiteClient, describe, kind};
use crate::findings::{Field, Findings};
use hopcheck_clients::{Destination, Request, Response};
use hopcheck_site::profile::{asset_of, title_of};

const PAGE: Field = ("front-end", "page");
const TEXT: Field = ("front-end", "text");
const ASSET: Field = ("front-end", "asset");
const DEEP_LINK: Field = ("front-end", "deep-link");

/// A path below the page that is not a file: a site that serves the page for it does so for every deep link.
const UNKNOWN_PATH: &str = "hopcheck/deep/link";

/// The page of the single-page app.
#[derive(Debug)]
pub(super) struct Page {
    /// Where it is: `/`, or where that leads.
    pub(super) path: String,
    pub(super) html: String,
}

impl Page {
    /// Whether `response` is this page: the same bytes or, if it is generated, the same title.
    pub(super) fn is(&self, response: &Response) -> bool {
        let text = response.text();
        let titles = || (title_of(&self.html), title_of(&text));
        response.status == 200
            && kind(response) == "text/html"
            && (*text == self.html || matches!(titles(), (Some(one), Some(other)) if one == other))
    }
}

/// The page at `/` or where that leads, or why there is none; and what else its answer offers.
pub(super) async fn page(client: &SiteClient<'_>, findings: &mut Findings<'_>) -> Result<Page, String> {
    let (path, answer) = match client.open_page("/").await {
        Ok((path, response)) => (path, Ok(response)),
        Err(error) => ("/".to_owned(), Err(error)),
    };
    match &answer {
        Ok(response) if response.status == 200 && kind(response) == "text/html" => {
            alternatives(response, findings);
            Ok(Page { path, html: response.text().into_owned() })
        }
        Ok(response) if (300..400).contains(&response.status) => {
            let to = response.value("location").unwrap_or("nowhere");
            Err(format!("GET {path} is answered with {}, a redirect to {to}", response.status))
        }
        _ => Err(format!("GET {path} is not a page: {}", describe(&answer))),
    }
}

/// Notes where browsers may go on to after the page (RFC 7838), but for HTTP/3, which first contact sees.
fn alternatives(response: &Response, findings: &mut Findings<'_>) {
    for service in response.values("alt-svc").flat_map(|value| value.split(',')) {
        let service = service.split(';').next().unwrap_or_default().trim();
        if service != "clear" && !service.starts_with("h3") {
            findings.fact(format!(
                "the page's Alt-Svc names {service}, where browsers may go on; it is not asked there"
            ));
        }
    }
}

/// Explores the front end.
pub(super) async fn explore(
    client: &SiteClient<'_>,
    page: Result<&Page, &String>,
    findings: &mut Findings<'_>,
) {
    let page = match page {
        Ok(page) => page,
        Err(why) => return [TEXT, ASSET, DEEP_LINK].iter().for_each(|field| findings.missing(*field, why)),
    };
    if page.path != "/" {
        findings.found(PAGE, page.path.as_str(), "GET / leads there");
    }
    match title_of(&page.html) {
        Some(title) => findings.found(TEXT, title, "the title of the page"),
        None => findings.missing(TEXT, "the page has no title"),
    }
    asset(client, page, findings).await;
    let directory =
        page.path.split('?').next().and_then(|path| path.rsplit_once('/')).map_or("", |(it, _)| it);
    let unknown = format!("{directory}/{UNKNOWN_PATH}");
    let answer = client.get(&unknown, Destination::Document).await;
    match &answer {
        Ok(response) if page.is(response) => {
            findings.found(DEEP_LINK, unknown, format!("serves the same page as {}", page.path));
        }
        _ => findings.missing(DEEP_LINK, format!("{unknown} does not serve the page: {}", describe(&answer))),
    }
}

async fn asset(client: &SiteClient<'_>, page: &Page, findings: &mut Findings<'_>) {
    let Some(path) = asset_of(&page.html) else {
        return findings.missing(ASSET, "the page links no file of this site with a hash in its name");
    };
    let answer = client.ask(Request::new("HEAD", path), Destination::Script).await;
    match &answer {
        Ok(response) if response.status == 200 => findings.found(ASSET, path, "linked by the page"),
        _ => findings.missing(
            ASSET,
            format!("the page links {path}, but HEAD is answered with {}", describe(&answer)),
        ),
    }
}
