//! The scripts that a page loads from its own site: what they mention shows what the site has.

use std::collections::BTreeSet;

use url::Url;

use crate::ask::{Asker, kind};
use crate::front_end::Page;
use crate::literals::{Mentioned, mentioned_in};

/// How many scripts are read.
const MOST: usize = 6;

/// The text of scripts.
#[derive(Debug, Default)]
pub(super) struct Scripts(Vec<String>);

impl Scripts {
    /// What they mention of the site at `authority`.
    pub(super) fn mentioned(&self, authority: &str) -> Mentioned {
        mentioned_in(&self.0.join("\n"), authority)
    }
}

/// Reads the scripts of `page`, and those that they import in turn, of its own site alone.
pub(super) async fn read(asker: &Asker<'_>, page: &Page) -> Scripts {
    let mut scripts = Scripts(vec![page.html.clone()]); // which may hold some inline
    let mut seen = BTreeSet::new();
    let mut due: Vec<Url> = linked(&page.html, asker.url());
    let mut read = 0;
    while !due.is_empty() && read < MOST {
        let url = due.remove(0);
        if !seen.insert(url.path().to_owned()) {
            continue;
        }
        read += 1;
        let Ok(response) = asker.get(url.path()).await else { continue };
        if response.status == 200 && kind(&response) != "text/html" {
            let text = response.text();
            due.extend(linked(&text, &url));
            scripts.0.push(text);
        }
    }
    scripts
}

/// Scripts that `text` names between quotes or as an attribute, on the site of `base`.
fn linked(text: &str, base: &Url) -> Vec<Url> {
    let is_end = |c: char| matches!(c, '"' | '\'' | '`' | '>' | '=' | '(' | ',' | '?') || c.is_whitespace();
    let names = text.split(is_end).filter(|name| name.ends_with(".js") || name.ends_with(".mjs"));
    // A bare name is a package's, or a part of something else.
    let names = names.filter(|name| name.contains('/') && name.len() < 200);
    let urls = names.filter_map(|name| base.join(name).ok());
    urls.filter(|url| url.origin() == base.origin()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_of_the_own_site_are_found_in_pages_and_in_other_scripts() {
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
