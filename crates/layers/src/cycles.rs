//! Circles in a graph: its strongly connected components of more than one node.

use std::collections::{BTreeMap, BTreeSet};

type Graph = BTreeMap<String, BTreeSet<String>>;

/// The components, each in alphabetical order. Crates have hundreds of files, so asking from each node what it reaches
/// is fast enough, and plainer than Tarjan's algorithm.
pub(crate) fn find(graph: &Graph) -> Vec<Vec<String>> {
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        graph.keys().map(|node| (node.as_str(), reachable(node, graph))).collect();
    let mut cycles: Vec<Vec<String>> = Vec::new();
    for (node, reached) in reach.iter().filter(|(node, reached)| reached.contains(*node)) {
        let cycle: Vec<String> = reached
            .iter()
            .filter(|other| reach[*other].contains(node))
            .map(|other| (*other).to_owned())
            .collect();
        if !cycles.contains(&cycle) {
            cycles.push(cycle);
        }
    }
    cycles
}

fn reachable<'a>(node: &str, graph: &'a Graph) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = graph.get(node).into_iter().flatten().map(String::as_str).collect();
    while let Some(next) = open.pop() {
        if let Some((next, onwards)) = graph.get_key_value(next)
            && reached.insert(next.as_str())
        {
            open.extend(onwards.iter().map(String::as_str));
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_circle_once() {
        let edges =
            [("a", &["b"][..]), ("b", &["c"]), ("c", &["a", "d"]), ("d", &[]), ("e", &["f"]), ("f", &["e"])];
        let graph = edges
            .iter()
            .map(|(from, to)| ((*from).to_owned(), to.iter().map(|to| (*to).to_owned()).collect()))
            .collect();
        assert_eq!(find(&graph), [vec!["a", "b", "c"], vec!["e", "f"]]);
    }
}
