//! Finds out about the front end: its page, a built asset, and deep links.

use crate::client::{SiteClient, describe, kind};
use crate::findings::{Field, Findings};
use hopcheck_clients::{Request, Response};
use hopcheck_site::profile::{asset_of, title_of};

const TEXT: Field = ("front-end", "text");
const ASSET: Field = ("front-end", "asset");
const DEEP_LINK: Field = ("front-end", "deep-link");

/// A path that is not a file: a site that serves the page for it does so for every deep link.
const UNKNOWN_PATH: &str = "/hopcheck/deep/link";

/// The page of the single-page app.
#[derive(Debug)]
pub(super) struct Page {
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

/// The page at `/`, or why there is none.
pub(super) async fn page(client: &SiteClient<'_>) -> Result<Page, String> {
    let answer = client.get("/").await;
    match &answer {
        Ok(response) if response.status == 200 && kind(response) == "text/html" => {
            Ok(Page { html: response.text().into_owned() })
        }
        Ok(response) if (300..400).contains(&response.status) => {
            let to = response.value("location").unwrap_or("nowhere");
            Err(format!("GET / is answered with {}, a redirect to {to}", response.status))
        }
        _ => Err(format!("GET / is not a page: {}", describe(&answer))),
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
    match title_of(&page.html) {
        Some(title) => findings.found(TEXT, title, "the title of the page"),
        None => findings.missing(TEXT, "the page has no title"),
    }
    asset(client, page, findings).await;
    let answer = client.get(UNKNOWN_PATH).await;
    match &answer {
        Ok(response) if page.is(response) => {
            findings.found(DEEP_LINK, UNKNOWN_PATH, "serves the same page as /")
        }
        _ => findings
            .missing(DEEP_LINK, format!("{UNKNOWN_PATH} does not serve the page: {}", describe(&answer))),
    }
}

async fn asset(client: &SiteClient<'_>, page: &Page, findings: &mut Findings<'_>) {
    let Some(path) = asset_of(&page.html) else {
        return findings.missing(ASSET, "the page links no file of this site with a hash in its name");
    };
    let answer = client.ask(&Request::new("HEAD", path)).await;
    match &answer {
        Ok(response) if response.status == 200 => findings.found(ASSET, path, "linked by the page"),
        _ => findings.missing(
            ASSET,
            format!("the page links {path}, but HEAD is answered with {}", describe(&answer)),
        ),
    }
}
