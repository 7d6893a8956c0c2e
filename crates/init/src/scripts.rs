//! Reads the scripts that a page loads from its own site, which mention the site's paths.

use std::collections::BTreeSet;

use url::Url;

use crate::client::{SiteClient, kind};
use crate::front_end::Page;
use crate::literals::{PathHints, mentioned_in};
use hopcheck_clients::Destination;

/// The most scripts to read.
const MAX_SCRIPTS: usize = 6;

/// The texts of scripts.
#[derive(Debug, Default)]
pub(super) struct Scripts(Vec<String>);

impl Scripts {
    /// The paths in them that belong to the site at `authority`.
    pub(super) fn mentioned(&self, authority: &str) -> PathHints {
        mentioned_in(&self.0.join("\n"), authority)
    }
}

/// Reads the scripts of `page`, and those they import, from its own site only.
pub(super) async fn read(client: &SiteClient<'_>, page: &Page) -> Scripts {
    let mut scripts = Scripts(vec![page.html.clone()]); // inline scripts
    let mut seen = BTreeSet::new();
    let base = client.url().join(&page.path).unwrap_or_else(|_| client.url().clone());
    let mut due: Vec<Url> = linked(&page.html, &base);
    let mut read = 0;
    while !due.is_empty() && read < MAX_SCRIPTS {
        let url = due.remove(0);
        if !seen.insert(url.path().to_owned()) {
            continue;
        }
        read += 1;
        let Ok(response) = client.get(url.path(), Destination::Script).await else { continue };
        if response.status == 200 && kind(&response) != "text/html" {
            let text = response.text();
            due.extend(linked(&text, &url));
            scripts.0.push(text.into_owned());
        }
    }
    scripts
}

/// Scripts on the site of `base` that `text` names in quotes or attributes.
fn linked(text: &str, base: &Url) -> Vec<Url> {
    let is_end = |c: char| matches!(c, '"' | '\'' | '`' | '>' | '=' | '(' | ',' | '?') || c.is_whitespace();
    let names = text.split(is_end).filter(|name| name.ends_with(".js") || name.ends_with(".mjs"));
    // A bare name belongs to a package, or is part of something else.
    let names = names.filter(|name| name.contains('/') && name.len() < 200);
    let urls = names.filter_map(|name| base.join(name).ok());
    urls.filter(|url| url.origin() == base.origin()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_found_in_pages_and_in_other_scripts() {
        let paths = |text: &str| -> Vec<String> {
            let base = Url::parse("https://a.example/assets/x.js").unwrap();
            linked(text, &base).iter().map(|url| url.path().to_owned()).collect()
        };
        let page = "<script src=/static/js/main.js></script><script type=module src=\"/assets/app-1.js?v=2\"></script>\
                    <script src='https://cdn.example/lib.js'></script>";
        assert_eq!(paths(page), ["/static/js/main.js", "/assets/app-1.js"]);
        assert_eq!(paths("import{a}from\"./stomp-2.js\";import 'moment.js'"), ["/assets/stomp-2.js"]);
    }
}
