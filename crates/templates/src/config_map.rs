//! The files that a Kubernetes ConfigMap holds, with the lines that they have in the YAML.

use crate::yaml::{self, Node, Value};

/// More files than nginx reads out of ConfigMaps.
const MAX_FILES: usize = 100;

/// A file of a ConfigMap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MapFile {
    /// Its key.
    pub(crate) key: String,
    /// The line of its key.
    pub(crate) line: usize,
    /// The name of the ConfigMap.
    pub(crate) map: String,
    /// Its text, with empty lines before it, so that every line has the number that it has in the YAML.
    pub(crate) text: String,
}

/// The files of all ConfigMaps in `text`, those that could be of nginx. `None`: there is no ConfigMap.
///
/// # Errors
/// Where it is not YAML.
pub(crate) fn files(text: &str) -> Result<Option<Vec<MapFile>>, String> {
    let documents = yaml::documents(text).map_err(|error| error.to_string())?;
    let listed = documents.iter().flat_map(|document| match document.text_of("kind") {
        Some("List" | "ConfigMapList") => document.get("items").map_or(&[][..], Node::items),
        _ => std::slice::from_ref(document),
    });
    let maps: Vec<&Node> = listed.filter(|node| node.text_of("kind") == Some("ConfigMap")).collect();
    if maps.is_empty() {
        return Ok(None);
    }
    let files = maps.iter().flat_map(|map| {
        let name = map.get("metadata").and_then(|metadata| metadata.text_of("name")).unwrap_or_default();
        let entries = map.get("data").map_or_else(Vec::new, Node::entries);
        entries.into_iter().filter_map(move |(key, node)| file_of(key, node, name))
    });
    Ok(Some(files.take(MAX_FILES).collect()))
}

fn file_of(key: &str, node: &Node, map: &str) -> Option<MapFile> {
    let Value::Scalar(scalar) = &node.value else { return None };
    // Only lines of `|` are lines of the file; of other values all are in the one where they begin.
    let before = node.line - usize::from(!scalar.is_literal);
    let text = match scalar.is_literal {
        true => scalar.text.clone(),
        false => scalar.text.replace('\n', " "),
    };
    let (key, map) = (key.to_owned(), map.to_owned());
    Some(MapFile { key, line: node.line, map, text: "\n".repeat(before) + &text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_keep_the_lines_of_the_yaml() {
        let text = "apiVersion: v1\nkind: ConfigMap\ndata:\n  default.conf: |\n    server {\n      listen 80;\n    }\n\
                    ---\nkind: Service\n---\nkind: List\nitems:\n- kind: ConfigMap\n  data:\n    a.conf: \"server {\\n}\"\n";
        let files = files(text).unwrap().unwrap();
        assert_eq!(
            files.iter().map(|file| file.key.as_str()).collect::<Vec<_>>(),
            ["default.conf", "a.conf"]
        );
        assert_eq!(files[0].text.lines().position(|line| line.contains("listen")), Some(5));
        assert_eq!(files[1].text.lines().position(|line| line.contains("server { }")), Some(14));
        assert_eq!(super::files("kind: Service\n").unwrap(), None);
        assert!(super::files("{{ .Values.x }}: [").is_err());
    }
}
