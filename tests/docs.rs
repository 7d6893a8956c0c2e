//! Links between the pages lead somewhere: to a file that is there and, behind a `#`, to one of its headings.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Every Markdown file below `directory`, build outputs and hidden folders left out.
fn pages(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        if path.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
            pages(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// The lines of a page without those of its blocks of code.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    page.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// The anchors that GitHub gives to a page's headings.
fn anchors(page: &str) -> HashSet<String> {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
    let anchor =
        |heading: &str| heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-");
    prose(page)
        .filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')))
        .map(|heading| anchor(heading.trim()))
        .collect()
}

/// What is wrong with a link on the page at `from`.
fn fault(from: &Path, link: &str) -> Option<&'static str> {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if file.is_empty() { from.to_owned() } else { from.parent()?.join(file) };
    if !target.exists() {
        return Some("leads to no file");
    }
    let is_page = target.extension().is_some_and(|extension| extension == "md");
    let is_known = || anchors(&std::fs::read_to_string(&target).unwrap()).contains(anchor);
    (!anchor.is_empty() && is_page && !is_known()).then_some("leads to no heading")
}

#[test]
fn every_link_leads_somewhere() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = manifest.ancestors().find(|directory| directory.join("Cargo.lock").is_file()).unwrap();
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let mut found = Vec::new();
    pages(root, &mut found);
    let (mut links, mut faults) = (0, Vec::new());
    for page in found {
        let text = std::fs::read_to_string(&page).unwrap();
        for line in prose(&text) {
            for link in link.captures_iter(line).filter_map(|found| found.get(1)) {
                let link = link.as_str();
                links += 1;
                let wrong = if link.contains("://") { None } else { fault(&page, link) };
                faults.extend(wrong.map(|wrong| format!("{}: {link} {wrong}", page.display())));
            }
        }
    }
    assert!(links > 100, "only {links} links were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
