//! Changes of a configuration that change nothing for anybody.

use std::path::{Path, PathBuf};

use hopcheck_targets::conf::Source;
use nginx_conf::syntax::{Directive, parse};

/// Directives of which order counts among their siblings, or that are data.
const IN_ORDER: [&str; 14] = [
    "if",
    "set",
    "rewrite",
    "return",
    "break",
    "allow",
    "deny",
    "server",
    "include",
    "log_format",
    "access_log",
    "events",
    "http",
    "map",
];

/// A source of chance that gives the same for the same seed.
struct Chance(u64);

impl Chance {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % below.max(1)
    }
}

/// Writes a changed `conf` below `directory`, with the files beside it, and tells what was done. `None` where there is nothing to do.
pub(crate) fn write(conf: &Path, directory: &Path, seed: usize) -> Option<(PathBuf, &'static str)> {
    let beside = conf.parent()?;
    copy(beside, directory);
    let text = std::fs::read_to_string(conf).ok()?;
    let tree = parse(&text, conf).ok()?;
    let mut chance = Chance(seed as u64 + 1);
    let mut shuffles = false;
    let special = match seed % 4 {
        0 => None,
        1 => {
            shuffles = true;
            None
        }
        2 => split(&text, &tree, directory, &mut chance).map(|new| (new, "an include")),
        _ => renamed(&text, &tree).map(|new| (new, "an upstream by another name")),
    };
    let respells = !shuffles;
    let (new, how) = special.unwrap_or_else(|| {
        let how = if shuffles { "another order" } else { "other layout and spellings" };
        (printed(&tree, &mut Layout { chance, shuffles, respells }, 0), how)
    });
    let place = directory.join(conf.file_name()?);
    std::fs::write(&place, new).unwrap();
    Source::read(&place).ok()?;
    Some((place, how))
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().filter_map(Result::ok) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

struct Layout {
    chance: Chance,
    shuffles: bool,
    respells: bool,
}

fn printed(directives: &[Directive], layout: &mut Layout, depth: usize) -> String {
    let mut ordered: Vec<&Directive> = directives.iter().collect();
    if layout.shuffles {
        // What has an order keeps its places; the rest is shuffled among its own.
        let is_fixed = |directive: &Directive| {
            IN_ORDER.contains(&directive.name.text.as_str())
                || directive.is("location") && directive.arg(0).is_some_and(|arg| arg.starts_with('~'))
                || directive.is("listen")
        };
        let free: Vec<usize> = (0..ordered.len()).filter(|nth| !is_fixed(ordered[*nth])).collect();
        for nth in (1..free.len()).rev() {
            let other = layout.chance.next(nth + 1);
            // Of one name the order may count, too: fields in the order of `add_header`.
            if ordered[free[nth]].name.text != ordered[free[other]].name.text
                || ordered[free[nth]].block.is_some()
            {
                let between = free[other]..=free[nth];
                let names = |at: usize| ordered[at].name.text.clone();
                let (a, b) = (names(free[nth]), names(free[other]));
                let crosses =
                    between.clone().skip(1).any(|at| at < free[nth] && (names(at) == a || names(at) == b));
                if !crosses || ordered[free[nth]].is("location") {
                    ordered.swap(free[nth], free[other]);
                }
            }
        }
    }
    let mut text = String::new();
    for directive in ordered {
        let gap = ["\n", " ", "\n\n", "\n# nothing\n", "\t"][layout.chance.next(5)];
        text += gap;
        text += &" ".repeat(depth * layout.chance.next(3));
        text += &directive.name.raw;
        for arg in &directive.args {
            text += [" ", "  ", "\n   "][layout.chance.next(3)];
            text += &if layout.respells { respelt(directive, &arg.raw) } else { arg.raw.clone() };
        }
        match &directive.block {
            Some(block)
                if ["map", "geo", "types", "split_clients"].contains(&directive.name.text.as_str()) =>
            {
                text += " {";
                for entry in &block.directives {
                    text += &format!("\n {};", entry.head());
                }
                text += "\n}";
            }
            Some(block) => text += &format!(" {{{}\n}}", printed(&block.directives, layout, depth + 1)),
            None => text += ";",
        }
    }
    text
}

/// The same value in other words.
fn respelt(directive: &Directive, raw: &str) -> String {
    let name = directive.name.text.as_str();
    match raw {
        "60s" if name.ends_with("timeout") => "1m".to_owned(),
        "1h" | "3600s" if name.ends_with("timeout") => "60m".to_owned(),
        "1m" if name == "client_max_body_size" => "1024k".to_owned(),
        "10m" if name == "client_max_body_size" => "10240k".to_owned(),
        _ if name == "proxy_set_header" && raw.starts_with('$') => format!("\"{raw}\""),
        _ if name == "root" && raw.starts_with('/') && !raw.ends_with('/') => format!("'{raw}'"),
        _ => raw.to_owned(),
    }
}

/// With what a block has in a file of its own.
fn split(text: &str, tree: &[Directive], directory: &Path, chance: &mut Chance) -> Option<String> {
    let blocks: Vec<&Directive> =
        nginx_conf::syntax::walk(tree).filter(|one| one.is("location") && one.block.is_some()).collect();
    let chosen = blocks.get(chance.next(blocks.len()))?;
    let span = chosen.block.as_ref()?.span.clone();
    std::fs::write(directory.join("split-off.inc"), &text[span.clone()]).unwrap();
    Some(format!("{} include split-off.inc; {}", &text[..span.start], &text[span.end..]))
}

/// With another name for an upstream, where app servers are not told its name.
fn renamed(text: &str, tree: &[Directive]) -> Option<String> {
    let upstreams: Vec<&str> = nginx_conf::syntax::walk(tree)
        .filter(|one| one.is("upstream"))
        .filter_map(|one| one.arg(0))
        .collect();
    let name = *upstreams.first()?;
    let passes =
        nginx_conf::syntax::walk(tree).filter(|one| one.inner().iter().any(|inner| inner.is("proxy_pass")));
    let sets_host = |directives: &[Directive]| {
        directives.iter().any(|one| {
            one.is("proxy_set_header") && one.arg(0).is_some_and(|arg| arg.eq_ignore_ascii_case("host"))
        })
    };
    let is_told = passes.into_iter().any(|place| !sets_host(place.inner()));
    let uses = text.matches(&format!("//{name}")).count();
    if is_told || uses == 0 {
        return None;
    }
    let renamed = text.replace(&format!("upstream {name} "), "upstream renamed-group ");
    let renamed = renamed.replace(&format!("//{name}"), "//renamed-group");
    // Names that only begin so are others.
    (!renamed.contains("//renamed-group-") && !renamed.contains("//renamed-group.")).then_some(renamed)
}
