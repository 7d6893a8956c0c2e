//! The front end: its page, a built file of it, and a path that only the app itself knows.

use crate::ask::{Asker, kind, told};
use crate::findings::{Field, Findings};
use hopcheck_clients::{Request, Response};
use hopcheck_site::profile::{asset_of, title_of};

const TEXT: Field = ("front-end", "text");
const ASSET: Field = ("front-end", "asset");
const DEEP_LINK: Field = ("front-end", "deep-link");

/// A path that is no file anywhere: who shows the app's page for it does so for every deep link.
const NO_FILE: &str = "/hopcheck/deep/link";

/// The page that every path of the app shows.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) html: String,
}

impl Page {
    /// Whether `response` shows this page: the same bytes, or, where each is made anew, the same title.
    pub(super) fn is(&self, response: &Response) -> bool {
        let text = response.text();
        let titles = || (title_of(&self.html), title_of(&text));
        response.status == 200
            && kind(response) == "text/html"
            && (text == self.html || matches!(titles(), (Some(one), Some(other)) if one == other))
    }
}

/// The page at `/`, or why there is none.
pub(super) async fn page(asker: &Asker<'_>) -> Result<Page, String> {
    let answer = asker.get("/").await;
    match &answer {
        Ok(response) if response.status == 200 && kind(response) == "text/html" => {
            Ok(Page { html: response.text() })
        }
        Ok(response) if (300..400).contains(&response.status) => {
            let to = response.value("location").unwrap_or("nowhere");
            Err(format!("GET / is answered with {}, which leads to {to}", response.status))
        }
        _ => Err(format!("GET / shows no page: {}", told(&answer))),
    }
}

/// Finds out about the front end.
pub(super) async fn explore(asker: &Asker<'_>, page: Result<&Page, &String>, findings: &mut Findings<'_>) {
    let page = match page {
        Ok(page) => page,
        Err(why) => return [TEXT, ASSET, DEEP_LINK].iter().for_each(|field| findings.missing(*field, why)),
    };
    match title_of(&page.html) {
        Some(title) => findings.found(TEXT, title, "the title of the page"),
        None => findings.missing(TEXT, "the page has no title"),
    }
    asset(asker, page, findings).await;
    let answer = asker.get(NO_FILE).await;
    match &answer {
        Ok(response) if page.is(response) => {
            findings.found(DEEP_LINK, NO_FILE, "shows the page that / shows")
        }
        _ => findings.missing(DEEP_LINK, format!("{NO_FILE} does not show the page: {}", told(&answer))),
    }
}

async fn asset(asker: &Asker<'_>, page: &Page, findings: &mut Findings<'_>) {
    let Some(path) = asset_of(&page.html) else {
        return findings.missing(ASSET, "the page links no file of this site whose name holds a hash");
    };
    let answer = asker.ask(&Request::new("HEAD", path)).await;
    match &answer {
        Ok(response) if response.status == 200 => findings.found(ASSET, path, "linked by the page"),
        _ => findings.missing(ASSET, format!("the page links {path}, but HEAD says {}", told(&answer))),
    }
}
