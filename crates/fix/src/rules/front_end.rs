//! The page of a front end and its files.

use super::locations;
use crate::conf::{Entry, Id};
use crate::edit::Edit;
use crate::fault::Fault;
use crate::proposal::{Allowed, Proposal};

/// The page that a block shows: what the profile says, or what `index` names first.
fn page(fault: &Fault<'_>, block: Id) -> String {
    if let Some(page) = fault.promised().and_then(|promised| promised.fallback.clone()) {
        return page;
    }
    let index = fault.conf.in_force(block, "index").first().map(|id| fault.conf.get(*id).arg(0).to_owned());
    format!(
        "/{}",
        index.filter(|index| !index.contains(['$', '/'])).unwrap_or_else(|| "index.html".to_owned())
    )
}

/// The blocks that serve files.
fn of_files<'a>(fault: &'a Fault<'_>) -> impl Iterator<Item = Id> + 'a {
    let is_of_files = |place: &Id| {
        let no = |name: &str| fault.conf.own(*place, name).is_none();
        no("proxy_pass") && no("return")
    };
    fault.places.iter().copied().filter(is_of_files)
}

/// A path of the app's own that no file has is answered with the page.
pub(super) fn fallback(fault: &Fault<'_>) -> Vec<Proposal> {
    let is_about = ["try_files", "index.html", "error_page", "a path that is no file"]
        .iter()
        .any(|word| fault.mentions(word));
    let mut proposals = Vec::new();
    for place in of_files(fault).filter(|_| is_about) {
        let page = page(fault, place);
        let try_files = fault.conf.own(place, "try_files").map(|id| fault.conf.get(id));
        let mut error_pages =
            fault.conf.in_force(place, "error_page").into_iter().map(|id| fault.conf.get(id));
        let error_page = error_pages.find(|entry| entry.args.iter().any(|word| word.text == "404"));
        let title = format!("answer paths that are no file with `{page}`: `try_files`");
        let whole = format!("try_files $uri $uri/ {page};");
        if let (Some(entry), None) = (error_page, try_files) {
            let make = Edit::made(|edit| match entry.parent == Some(place) {
                true => edit.replace(entry, entry.span.clone(), whole.clone()),
                false => {
                    edit.remove(fault.files, entry);
                    edit.insert_into(
                        fault.files,
                        fault.conf,
                        place,
                        &["root", "index"],
                        std::slice::from_ref(&whole),
                    );
                }
            });
            proposals.push(Proposal::new(title.clone(), make).allowing(Allowed::Writes));
        }
        match try_files {
            Some(entry) => {
                let last = entry.args.len().saturating_sub(1);
                let end = entry.args.get(last).map_or(entry.span.end, |word| word.span.end);
                if entry.arg(last) != page {
                    let make = Edit::made(|edit| edit.set_arg(entry, last, &page));
                    proposals.push(Proposal::new(title.clone(), make));
                    let make = Edit::made(|edit| edit.replace(entry, end..end, format!(" {page}")));
                    proposals.push(Proposal::new(title, make));
                }
            }
            None => {
                let make =
                    Edit::made(|edit| edit.insert_into(fault.files, fault.conf, place, &["root"], &[whole]));
                proposals.push(Proposal::new(title, make));
            }
        }
    }
    proposals
}

/// Whether a directive says how long browsers may keep an answer.
fn is_for_caches(entry: &Entry) -> bool {
    entry.is("expires") || entry.is("add_header") && entry.arg(0).eq_ignore_ascii_case("cache-control")
}

/// A page that browsers keep names files that the next build has no more.
pub(super) fn kept_page(fault: &Fault<'_>) -> Vec<Proposal> {
    if !fault.mentions("expires") && !fault.mentions("Cache-Control") {
        return Vec::new();
    }
    let fallback = fault.route.and_then(|route| route.fallback.clone());
    let (Some(front), Some(server)) = (fault.place(), fault.server) else { return Vec::new() };
    let page = fallback.filter(|page| page.starts_with('/')).unwrap_or_else(|| page(fault, front));
    let mut proposals = Vec::new();
    for place in of_files(fault).collect::<Vec<_>>() {
        let location = fault.conf.get(place);
        let inner = location.inner.iter().map(|id| fault.conf.get(*id));
        // The page's own location says it itself.
        if let Some(entry) =
            inner.filter(|entry| is_for_caches(entry)).find(|_| locations::name(location) == page)
        {
            let make = match entry.is("expires") {
                true => Edit::made(|edit| edit.set_arg(entry, entry.args.len() - 1, "-1")),
                false => Edit::made(|edit| edit.set_arg(entry, 1, "no-cache")),
            };
            proposals.push(Proposal::new(format!("have browsers ask for `{page}` again"), make));
        }
    }
    let has_own = fault.conf.locations(server).iter().any(|id| {
        let location = fault.conf.get(*id);
        location.arg(0) == "=" && locations::name(location) == page
    });
    if !has_own {
        proposals.push(own_location(fault, server, front, &page));
    }
    proposals
}

/// A location for the page alone, which says that browsers ask again.
fn own_location(fault: &Fault<'_>, server: Id, front: Id, page: &str) -> Proposal {
    let of_server = |name: &str| fault.conf.in_force(server, name).first().copied();
    let of_front = |name: &str| fault.conf.in_force(front, name).first().map(|id| fault.conf.get(*id));
    // What the page has now, from the server or from its location, it keeps.
    let root = of_front("root").filter(|_| of_server("root").is_none()).map(|root| root.head() + ";");
    let kept = fault.conf.in_force(front, "add_header").into_iter().map(|id| fault.conf.get(id));
    let kept = kept.filter(|entry| !is_for_caches(entry)).map(|entry| entry.head() + ";");
    let lines: Vec<String> =
        root.into_iter().chain(["add_header Cache-Control no-cache;".to_owned()]).chain(kept).collect();
    let block = match lines.as_slice() {
        [line] => format!("location = {page} {{ {line} }}"),
        lines => format!("location = {page} {{\n\t{}\n}}", lines.join("\n\t")),
    };
    let make = |edit: &mut Edit| match fault.conf.get(front).is("location") {
        true => edit.insert_before(fault.files, fault.conf.get(outermost(fault, front, server)), &[block]),
        false => edit.insert_into(fault.files, fault.conf, server, &["location"], &[block]),
    };
    Proposal::new(format!("have browsers ask for `{page}` again, in a location of its own"), Edit::made(make))
}

/// The location around `place` that stands in the server itself.
fn outermost(fault: &Fault<'_>, place: Id, server: Id) -> Id {
    let mut levels = fault.conf.levels(place).into_iter().flatten();
    levels.find(|id| fault.conf.get(*id).parent == Some(server)).unwrap_or(place)
}

/// Files are looked for in a directory of nginx's own where no `root` is in force.
pub(super) fn root(fault: &Fault<'_>) -> Vec<Proposal> {
    if !fault.mentions("root") {
        return Vec::new();
    }
    let root = fault.conf.all().map(|(_, entry)| entry).find(|entry| entry.is("root"));
    let without = of_files(fault).filter(|place| {
        fault.conf.in_force(*place, "root").is_empty() && fault.conf.own(*place, "alias").is_none()
    });
    let add = |place: Id, root: &Entry| {
        let block = fault.conf.get(place).head();
        let directive = [root.head() + ";"];
        let make = Edit::made(|edit| edit.insert_into(fault.files, fault.conf, place, &[], &directive));
        Proposal::new(format!("serve `{block}` from the directory of the front end, too"), make)
    };
    root.map(|root| without.map(|place| add(place, root)).collect()).unwrap_or_default()
}
