//! Pairs the directives of a block before and after.

use std::collections::{HashMap, VecDeque};

use hopcheck_site::Node;

use super::item::{Change, ChangeId, Item, What, Written};
use super::key::{is_definition, is_ordered, key, likeness};

/// How much two blocks of different heads have in common at least to be one that was renamed, in percent.
const MIN_LIKENESS: usize = 50;

/// The blocks around a place, the outermost first.
type Within<'a> = [&'a Node];

/// Pairs `old` and `new`, and notes what changed.
pub(super) fn block(
    old: &[Node],
    new: &[Node],
    within: &Within<'_>,
    changes: &mut Vec<Change>,
) -> (Vec<Item>, Option<ChangeId>) {
    let partners = partners(old, new);
    let mut places = vec![None; old.len()];
    for (nth_new, nth_old) in partners.iter().enumerate() {
        if let Some(nth_old) = nth_old {
            places[*nth_old] = Some(nth_new);
        }
    }
    // What is new follows what it follows in the new order.
    let mut following: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
    let mut last = None;
    for (nth_new, nth_old) in partners.iter().enumerate() {
        match nth_old {
            Some(nth_old) => last = Some(*nth_old),
            None => following.entry(last).or_default().push(nth_new),
        }
    }
    let mut items = Vec::new();
    let add_following = |after: Option<usize>, items: &mut Vec<Item>, changes: &mut Vec<Change>| {
        for &nth_new in following.get(&after).into_iter().flatten() {
            let node = &new[nth_new];
            let id = note(None, Some(node), within, changes);
            items.push(Item { what: What::Added(id, node.clone()), new_place: nth_new });
        }
    };
    add_following(None, &mut items, changes);
    let mut last_place = 0;
    for (nth_old, node) in old.iter().enumerate() {
        let what = match places[nth_old] {
            None => What::Gone(note(Some(node), None, within, changes), node.clone()),
            Some(nth_new) => {
                last_place = nth_new;
                both(node, &new[nth_new], within, changes)
            }
        };
        items.push(Item { what, new_place: last_place });
        add_following(Some(nth_old), &mut items, changes);
    }
    let reorder = reordered(old, &places).then(|| {
        let within = within.iter().map(|block| block.head.clone()).collect();
        let first = |nodes: &[Node]| nodes.iter().find(|node| is_ordered(node)).map(Written::of);
        let (old, new) = (first(old), first(new));
        changes.push(Change { old, new, within, is_definition: false, is_order: true });
        changes.len() - 1
    });
    (items, reorder)
}

/// Whether what counts in its order is in another one.
fn reordered(old: &[Node], places: &[Option<usize>]) -> bool {
    let ordered = old.iter().zip(places).filter(|(node, _)| is_ordered(node)).filter_map(|(_, place)| *place);
    let ordered: Vec<usize> = ordered.collect();
    !ordered.is_sorted()
}

fn note(old: Option<&Node>, new: Option<&Node>, within: &Within<'_>, changes: &mut Vec<Change>) -> ChangeId {
    let is_definition = match (old, new) {
        (Some(node), None) | (None, Some(node)) => is_definition(node),
        _ => false,
    };
    let within = within.iter().map(|block| block.head.clone()).collect();
    let (old, new) = (old.map(Written::of), new.map(Written::of));
    changes.push(Change { old, new, within, is_definition, is_order: false });
    changes.len() - 1
}

fn both(old: &Node, new: &Node, within: &Within<'_>, changes: &mut Vec<Change>) -> What {
    if !old.is_block {
        let is_same = old.name == new.name && old.args == new.args;
        return match is_same {
            true => What::Same(old.clone()),
            false => What::Other(note(Some(old), Some(new), within, changes), old.clone(), new.clone()),
        };
    }
    let head = (old.args != new.args).then(|| note(Some(old), Some(new), within, changes));
    let within: Vec<&Node> = within.iter().copied().chain([old]).collect();
    let (items, reorder) = block(&old.inner, &new.inner, &within, changes);
    What::Block { head, old: old.clone(), new: new.clone(), items, reorder }
}

/// For each of `new` which of `old` it is.
fn partners(old: &[Node], new: &[Node]) -> Vec<Option<usize>> {
    let mut partners = vec![None; new.len()];
    let mut is_free = vec![true; old.len()];
    // First what is the same to the letter, then what has the same key.
    let whole = |node: &Node| match node.is_block {
        true => node.to_string(),
        false => {
            [&node.name].into_iter().chain(&node.args).map(String::as_str).collect::<Vec<_>>().join("\0")
        }
    };
    pair_by(&whole, old, new, &mut partners, &mut is_free);
    pair_by(&key, old, new, &mut partners, &mut is_free);
    // Then blocks of which much is the same, and directives of which one is left on either side.
    for nth_new in 0..new.len() {
        let node = &new[nth_new];
        if partners[nth_new].is_some() || !node.is_block {
            continue;
        }
        let alike = |nth: &usize| is_free[*nth] && old[*nth].is_block && old[*nth].name == node.name;
        let found = (0..old.len())
            .filter(alike)
            .map(|nth| (likeness(&old[nth], node), std::cmp::Reverse(nth)))
            .filter(|(likeness, _)| *likeness >= MIN_LIKENESS)
            .max();
        if let Some((_, std::cmp::Reverse(nth))) = found {
            (partners[nth_new], is_free[nth]) = (Some(nth), false);
        }
    }
    let name = |node: &Node| node.name.clone();
    let left = |nodes: &[Node], is_left: &dyn Fn(usize) -> bool| {
        let mut count: HashMap<String, usize> = HashMap::new();
        let left = nodes.iter().enumerate().filter(|(nth, node)| !node.is_block && is_left(*nth));
        left.for_each(|(_, node)| *count.entry(name(node)).or_default() += 1);
        count
    };
    let (olds, news) = (left(old, &|nth| is_free[nth]), left(new, &|nth| partners[nth].is_none()));
    for nth_new in 0..new.len() {
        let node = &new[nth_new];
        let is_alone = olds.get(&node.name) == Some(&1) && news.get(&node.name) == Some(&1);
        if partners[nth_new].is_some() || node.is_block || !is_alone {
            continue;
        }
        let found =
            (0..old.len()).find(|nth| is_free[*nth] && !old[*nth].is_block && old[*nth].name == node.name);
        if let Some(nth) = found {
            (partners[nth_new], is_free[nth]) = (Some(nth), false);
        }
    }
    partners
}

/// Pairs what has the same key, in order.
fn pair_by(
    key: &dyn Fn(&Node) -> String,
    old: &[Node],
    new: &[Node],
    partners: &mut [Option<usize>],
    is_free: &mut [bool],
) {
    let mut known: HashMap<String, VecDeque<usize>> = HashMap::new();
    for (nth, node) in old.iter().enumerate().filter(|(nth, _)| is_free[*nth]) {
        known.entry(key(node)).or_default().push_back(nth);
    }
    for (nth_new, node) in new.iter().enumerate() {
        if partners[nth_new].is_some() {
            continue;
        }
        if let Some(nth) = known.get_mut(&key(node)).and_then(VecDeque::pop_front) {
            (partners[nth_new], is_free[nth]) = (Some(nth), false);
        }
    }
}
