//! The container that a ConfigMap is for, where a rendered chart has both: where it mounts the files, and its environment.

use crate::yaml::Node;

/// Deeper than the template of any workload lies.
const MAX_DEPTH: usize = 16;

/// A container that mounts a ConfigMap.
#[derive(Debug)]
pub(crate) struct Container<'a> {
    node: &'a Node,
    /// The volumes that hold the ConfigMap.
    volumes: Vec<Volume<'a>>,
}

#[derive(Debug)]
struct Volume<'a> {
    name: &'a str,
    /// `items`: keys, each with its path. Empty: every key is its own.
    items: Vec<(&'a str, &'a str)>,
}

/// A variable of a container.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Variable<'a> {
    pub(crate) name: &'a str,
    /// `None` if it comes from elsewhere, such as a Secret.
    pub(crate) value: Option<&'a str>,
    pub(crate) line: usize,
}

impl<'a> Container<'a> {
    /// The first container in `documents` that mounts the ConfigMap `map`.
    pub(crate) fn with(documents: &'a [Node], map: &str) -> Option<Container<'a>> {
        let mut specs = Vec::new();
        documents.iter().for_each(|document| add_specs(document, 0, &mut specs));
        specs.into_iter().find_map(|spec| {
            let volumes = volumes_of(spec, map);
            let containers = spec.get("containers").map_or(&[][..], Node::items);
            let mounts_it = |node: &&Node| {
                mounts(node)
                    .any(|mount| volumes.iter().any(|volume| mount.text_of("name") == Some(volume.name)))
            };
            containers.iter().find(mounts_it).map(|node| Container { node, volumes })
        })
    }

    /// Where it has the file of this key.
    pub(crate) fn path_of(&self, key: &str) -> Option<String> {
        mounts(self.node).find_map(|mount| {
            let volume = self.volumes.iter().find(|volume| mount.text_of("name") == Some(volume.name))?;
            let path = match volume.items.as_slice() {
                [] => key,
                items => items.iter().find(|(known, _)| *known == key)?.1,
            };
            let directory = mount.text_of("mountPath")?.trim_end_matches('/');
            match mount.text_of("subPath") {
                Some(part) => (part == path).then(|| directory.to_owned()),
                None => Some(format!("{directory}/{path}")),
            }
        })
    }

    /// Its variables: those of `env`, and those of ConfigMaps in `documents` that `envFrom` names.
    pub(crate) fn variables(&self, documents: &'a [Node]) -> Vec<Variable<'a>> {
        let own = self.node.get("env").map_or(&[][..], Node::items).iter().filter_map(|node| {
            Some(Variable { name: node.text_of("name")?, value: node.text_of("value"), line: node.line })
        });
        let sources = self.node.get("envFrom").map_or(&[][..], Node::items);
        let maps = sources.iter().filter_map(|source| source.get("configMapRef")?.text_of("name"));
        let entries = maps.flat_map(|name| {
            let is_named = |node: &&&Node| {
                node.get("metadata").and_then(|metadata| metadata.text_of("name")) == Some(name)
            };
            let all: Vec<&Node> = config_maps(documents).collect();
            let data = all.iter().find(is_named).and_then(|map| map.get("data"));
            data.map_or_else(Vec::new, Node::entries)
        });
        let from = entries.map(|(name, node)| Variable { name, value: node.text(), line: node.line });
        own.chain(from).collect()
    }
}

/// The ConfigMaps in `documents`, those in lists, too.
pub(crate) fn config_maps(documents: &[Node]) -> impl Iterator<Item = &Node> {
    let listed = documents.iter().flat_map(|document| match document.text_of("kind") {
        Some("List" | "ConfigMapList") => document.get("items").map_or(&[][..], Node::items),
        _ => std::slice::from_ref(document),
    });
    listed.filter(|node| node.text_of("kind") == Some("ConfigMap"))
}

fn mounts(container: &Node) -> impl Iterator<Item = &Node> {
    container.get("volumeMounts").map_or(&[][..], Node::items).iter()
}

fn volumes_of<'a>(spec: &'a Node, map: &str) -> Vec<Volume<'a>> {
    let volumes = spec.get("volumes").map_or(&[][..], Node::items).iter();
    let holding = volumes.filter_map(|volume| {
        let source = volume.get("configMap").filter(|source| source.text_of("name") == Some(map))?;
        let items = source.get("items").map_or(&[][..], Node::items).iter();
        let items = items.filter_map(|item| Some((item.text_of("key")?, item.text_of("path")?))).collect();
        Some(Volume { name: volume.text_of("name")?, items })
    });
    holding.collect()
}

/// Finds the specifications of pods, however deep a workload has them.
fn add_specs<'a>(node: &'a Node, depth: usize, specs: &mut Vec<&'a Node>) {
    if depth > MAX_DEPTH {
        return;
    }
    if node.get("containers").is_some() {
        specs.push(node);
    }
    node.items().iter().for_each(|inner| add_specs(inner, depth + 1, specs));
    node.entries().into_iter().for_each(|(_, inner)| add_specs(inner, depth + 1, specs));
}
