//! Header directives, which a block inherits only as long as it has none of its own.

use crate::conf::{Entry, Id};
use crate::edit::Edit;
use crate::fault::Fault;
use crate::proposal::Proposal;

/// Directives that are inherited together or not at all.
const TOGETHER: [&str; 4] = ["add_header", "proxy_set_header", "proxy_hide_header", "proxy_pass_header"];

/// Whether a directive is one of several that are inherited together.
pub(super) fn are_inherited_together(name: &str) -> bool {
    TOGETHER.contains(&name)
}

/// Has the block say `directive name value;`: its own one for that name is changed, or one is added. What the block would no
/// longer inherit is repeated in front of it.
pub(super) fn set(edit: &mut Edit, fault: &Fault<'_>, block: Id, directive: &str, fields: &[(&str, &str)]) {
    let own: Vec<&Entry> = own(fault, block, directive);
    let mut added = Vec::new();
    for (name, value) in fields {
        match own.iter().find(|entry| entry.arg(0).eq_ignore_ascii_case(name)) {
            Some(entry) if entry.args.len() > 1 => {
                let range = entry.args[1].span.start..entry.args[entry.args.len() - 1].span.end;
                edit.replace(entry, range, *value);
            }
            _ => added.push(format!("{directive} {name} {value};")),
        }
    }
    if own.is_empty() {
        let is_set = |entry: &&Entry| fields.iter().any(|(name, _)| entry.arg(0).eq_ignore_ascii_case(name));
        let inherited = fault.conf.inherited(block, directive).into_iter().map(|id| fault.conf.get(id));
        added.splice(0..0, inherited.filter(|entry| !is_set(entry)).map(|entry| entry.head() + ";"));
    }
    if !added.is_empty() {
        edit.insert_into(fault.files, fault.conf, block, &[directive, "proxy_pass"], &added);
    }
}

fn own<'a>(fault: &'a Fault<'_>, block: Id, directive: &str) -> Vec<&'a Entry> {
    let inner = fault.conf.get(block).inner.iter().map(|id| fault.conf.get(*id));
    inner.filter(|entry| entry.is(directive)).collect()
}

/// A block with headers of its own has lost those of the blocks around it.
pub(super) fn lost(fault: &Fault<'_>) -> Vec<Proposal> {
    let directives = ["add_header", "proxy_set_header"].into_iter().filter(|name| fault.mentions(name));
    let of_place = |directive: &str, place: Id| {
        let own = own(fault, place, directive);
        let last = own.last()?;
        let is_own = |entry: &Entry| own.iter().any(|own| own.arg(0).eq_ignore_ascii_case(entry.arg(0)));
        let inherited = fault.conf.inherited(place, directive).into_iter().map(|id| fault.conf.get(id));
        let missing: Vec<String> =
            inherited.filter(|entry| !is_own(entry)).map(|entry| entry.head() + ";").collect();
        let block = fault.conf.get(place).head();
        let title =
            format!("repeat the `{directive}` of the block around it in `{block}`, which has its own");
        (!missing.is_empty())
            .then(|| Proposal::new(title, Edit::made(|edit| edit.insert_after(fault.files, last, &missing))))
    };
    directives
        .flat_map(|directive| fault.places.iter().filter_map(move |place| of_place(directive, *place)))
        .collect()
}

/// `add_header` without `always` leaves out answers from 400 on.
pub(super) fn always(fault: &Fault<'_>) -> Vec<Proposal> {
    if !fault.mentions("always") {
        return Vec::new();
    }
    let of_place = |place: &Id| {
        let headers = fault.conf.in_force(*place, "add_header").into_iter().map(|id| fault.conf.get(id));
        let lacking: Vec<&Entry> = headers.filter(|entry| entry.args.len() == 2).collect();
        let make = |edit: &mut Edit| {
            for entry in &lacking {
                let end = entry.args[1].span.end;
                edit.replace(entry, end..end, " always");
            }
        };
        (!lacking.is_empty())
            .then(|| Proposal::new("add the headers to errors, too: `always`", Edit::made(make)))
    };
    fault.places.iter().filter_map(of_place).collect()
}
