//! The files that a Kubernetes ConfigMap holds, with the lines that they have in the YAML.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::conf_files::{ConfFile, ConfFiles};
use crate::error::TemplateError;
use crate::file;
use crate::fill::Template;
use crate::method::Method;
use crate::overrides::Overrides;
use crate::pod::{Container, config_maps};
use crate::template_name::{finished_name, is_template};
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

/// The files of all ConfigMaps in `documents`.
fn files(documents: &[Node]) -> Vec<MapFile> {
    let files = config_maps(documents).flat_map(|map| {
        let name = map.get("metadata").and_then(|metadata| metadata.text_of("name")).unwrap_or_default();
        let entries = map.get("data").map_or_else(Vec::new, Node::entries);
        entries.into_iter().filter_map(move |(key, node)| file_of(key, node, name))
    });
    files.take(MAX_FILES).collect()
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

/// Gives the files of ConfigMaps the paths that they likely are mounted at: a whole file is the main one, and without one
/// everything with a `server` is read.
fn arrange(files: &mut [ConfFile]) {
    let is_whole = |file: &ConfFile| has_one_of(file, &["events", "http"]);
    let has_whole = files.iter().any(is_whole);
    for file in files {
        if is_whole(file) {
            file.path = file.path.trim_start_matches("conf.d/").to_owned();
        } else if !has_whole && !file.path.ends_with(".conf") && has_one_of(file, &["server"]) {
            file.path += ".conf";
        }
    }
}

/// Whether one of these directives stands outside all blocks.
fn has_one_of(file: &ConfFile, names: &[&str]) -> bool {
    nginx_conf::syntax::parse(&file.text, &file.origin)
        .is_ok_and(|directives| directives.iter().any(|directive| names.contains(&&directive.name.text[..])))
}

/// Whether Kubernetes takes `key` for one of a ConfigMap's `data`.
fn is_key(key: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !key.is_empty() && key.len() <= 253 && key.chars().all(is_allowed) && key != "." && !key.starts_with("..")
}

fn is_conf_name(name: &str) -> bool {
    name.ends_with(".conf") || is_template(Path::new(name))
}

/// The files of the ConfigMaps in the YAML at `path`.
pub(crate) fn of_config_map(path: &Path, overrides: &Overrides) -> Result<ConfFiles, TemplateError> {
    let text = file::read(path).map_err(|error| TemplateError::Read { path: path.to_owned(), error })?;
    let name = path.display().to_string();
    let is_chart = text.contains("{{");
    let documents = match yaml::documents(&text) {
        Ok(documents) => documents,
        Err(_) if is_chart => {
            let help = "render it first: helm template . > rendered.yaml, and test that";
            return Err(TemplateError::NotOne(format!(
                "{name} is a part of a chart, not YAML yet\n  help: {help}"
            )));
        }
        Err(error) => return Err(TemplateError::NotOne(format!("{name} is not YAML: {error}"))),
    };
    if config_maps(&documents).next().is_none() {
        let help = "hopcheck takes an nginx.conf, a template of one, or a ConfigMap that holds one";
        return Err(TemplateError::NotOne(format!("{name} has no ConfigMap\n  help: {help}")));
    }
    let mut conf = ConfFiles::default();
    let mut used = BTreeSet::new();
    let mut missing = Vec::new();
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    let mut environment = overrides.environment().clone();
    let mut containers: BTreeMap<String, Option<Container<'_>>> = BTreeMap::new();
    for file in files(&documents) {
        if !is_key(&file.key) {
            let (line, key) = (file.line, &file.key);
            conf.warnings.push(format!(
                "{name}:{line}: {key:?} is not run: a key has letters, digits, `-`, `_` and `.` alone, and Kubernetes takes no other"
            ));
            continue;
        }
        let container =
            containers.entry(file.map.clone()).or_insert_with(|| Container::with(&documents, &file.map));
        let place = container.as_ref().and_then(|container| container.path_of(&file.key));
        let path = place.as_deref().unwrap_or(&file.key);
        let path = path.strip_prefix("/etc/nginx/").unwrap_or(path).to_owned();
        if let Some(owner) = owners.get(&path) {
            if is_conf_name(&file.key) {
                let (line, key, map) = (file.line, &file.key, &file.map);
                conf.warnings.push(format!(
                    "{name}:{line}: {key} of ConfigMap {map} is not run, as ConfigMap {owner} has one, too\n  help: put each site \
                     into a file of its own"
                ));
            }
            continue;
        }
        owners.insert(path.clone(), file.map.clone());
        let output = if path.contains('/') { path } else { format!("conf.d/{path}") };
        if !is_template(Path::new(&file.key)) && !output.starts_with("templates/") {
            let filled_lines = BTreeSet::new();
            conf.files.push(ConfFile { path: output, origin: name.clone(), text: file.text, filled_lines });
            continue;
        }
        for variable in container.iter().flat_map(|container| container.variables(&documents)) {
            let value = variable.value.map(str::to_owned);
            environment.add(variable.name, value, format!("{name}:{}", variable.line));
        }
        let method = Method::of_image(&environment);
        let template = Template { name: &name, text: &file.text, method: &method, environment: &environment };
        let filled = template.fill();
        missing.extend(filled.missing.iter().cloned().map(Into::into));
        used.extend(filled.used.iter().cloned());
        let output = format!("conf.d/{}", finished_name(output.rsplit('/').next().unwrap_or_default()));
        conf.add(filled, &output, name.clone());
    }
    if !missing.is_empty() {
        return Err(TemplateError::NoValue(missing));
    }
    let is_of_nginx = |file: &ConfFile| is_conf_name(&file.path) || has_one_of(file, &["server"]);
    if !conf.files.iter().any(is_of_nginx) {
        let message = format!("{name}: no ConfigMap in it has a file of nginx's (nginx.conf, default.conf)");
        return Err(TemplateError::NotOne(message));
    }
    arrange(&mut conf.files);
    conf.notes.extend(environment.notes(&used));
    Ok(conf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_keep_the_lines_of_the_yaml() {
        let text = "apiVersion: v1\nkind: ConfigMap\ndata:\n  default.conf: |\n    server {\n      listen 80;\n    }\n\
                    ---\nkind: Service\n---\nkind: List\nitems:\n- kind: ConfigMap\n  data:\n    a.conf: \"server {\\n}\"\n";
        let files = files(&yaml::documents(text).unwrap());
        assert_eq!(
            files.iter().map(|file| file.key.as_str()).collect::<Vec<_>>(),
            ["default.conf", "a.conf"]
        );
        assert_eq!(files[0].text.lines().position(|line| line.contains("listen")), Some(5));
        assert_eq!(files[1].text.lines().position(|line| line.contains("server { }")), Some(14));
    }
}
