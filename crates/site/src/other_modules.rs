//! Modules that many add to nginx and that it comes without. What they do is to compress answers, to change headers, to count or to
//! look for attacks: a site is what it is without them.

use crate::tree::Node;

/// The beginnings of their directives, and what they are called.
const MODULES: [(&str, &str); 7] = [
    ("brotli", "ngx_brotli"),
    ("zstd", "zstd-nginx-module"),
    ("more_set_", "headers-more-nginx-module"),
    ("more_clear_", "headers-more-nginx-module"),
    ("modsecurity", "ModSecurity-nginx"),
    ("pagespeed", "ngx_pagespeed"),
    ("vhost_traffic_status", "nginx-module-vts"),
];

/// The module that a directive belongs to, if that is none of nginx's own and a site can be run without it.
pub fn other_module(directive: &str) -> Option<&'static str> {
    MODULES.iter().find(|(start, _)| directive.starts_with(start)).map(|(_, module)| *module)
}

/// The directives of such modules, each once, with its first line.
pub(crate) fn directives(nodes: &[Node]) -> Vec<String> {
    let mut found: Vec<(&str, String)> = Vec::new();
    add_directives(nodes, &mut found);
    found.into_iter().map(|(_, line)| line).collect()
}

fn add_directives<'a>(nodes: &'a [Node], found: &mut Vec<(&'a str, String)>) {
    for node in nodes {
        if let Some(module) = other_module(&node.name)
            && found.iter().all(|(name, _)| *name != node.name)
        {
            let line = format!("`{}` is of {module}: {}:{}", node.name, node.file, node.line);
            found.push((&node.name, line));
        }
        add_directives(&node.inner, found);
    }
}
