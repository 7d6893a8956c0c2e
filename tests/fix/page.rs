//! The page of the command has what is printed. With `HOPCHECK_BLESS=1` it is written there.

use std::path::Path;

use regex::Regex;

use crate::{Site, said};

/// The page with what its commands print now, each of the site whose files stand above it.
fn renewed(page: &str) -> String {
    let mut site = Site::of(&[]);
    let parts = page.split("\n```").enumerate().map(|(nth, part)| {
        // Every other part is a block, with what is behind its fence in its first line.
        let Some((info, block)) = part.split_once('\n').filter(|_| nth % 2 == 1) else {
            return part.to_owned();
        };
        match info.split_once(' ') {
            Some(("nginx", name)) => site = Site::of(&[(name, &format!("{block}\n"))]),
            Some((_, name)) => std::fs::write(site.path(name), block).unwrap(),
            None if info == "console" => {
                let command = block.lines().next().unwrap();
                let words: Vec<&str> = command.strip_prefix("$ hopcheck ").unwrap().split(' ').collect();
                return format!("{info}\n{command}\n{}", said(&site.hopcheck(&words)).trim_end());
            }
            None => {}
        }
        part.to_owned()
    });
    parts.collect::<Vec<_>>().join("\n```")
}

#[test]
fn the_page_has_what_is_printed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/use/fix.md");
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(kept.contains("\n```console\n$ hopcheck fix "));
    let now = renewed(&kept);
    if std::env::var_os("HOPCHECK_BLESS").is_some() {
        return std::fs::write(path, now).unwrap();
    }
    // A scenario or a request more is no news.
    let counts = Regex::new(r"\d+ (?:promises|requests)|\.feature:\d+|and \d+ others").unwrap();
    let is_same = counts.replace_all(&kept, "…") == counts.replace_all(&now, "…");
    assert!(is_same, "the page is not what is told now:\n{now}");
}
