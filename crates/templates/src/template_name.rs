//! How templates are called.

use std::path::Path;

/// How templates are called besides `*.template`.
const TEMPLATE_MARKS: [&str; 6] = ["template", "tmpl", "tpl", "tmp", "envsubst", "envtpl"];

/// Whether a file is called as templates are: `default.conf.template`, `nginx.tmpl.conf`.
pub(crate) fn is_template(path: &Path) -> bool {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().to_lowercase());
    name.split('.').skip(1).any(|part| TEMPLATE_MARKS.contains(&part) || part == "stream-template")
}

/// The name without what marks it as a template.
pub(crate) fn finished_name(name: &str) -> String {
    let parts: Vec<&str> = name.split('.').collect();
    let kept = parts.iter().enumerate().filter(|(nth, part)| *nth == 0 || !TEMPLATE_MARKS.contains(part));
    let name = kept.map(|(_, part)| *part).collect::<Vec<_>>().join(".");
    if name.ends_with(".conf") { name } else { name + ".conf" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_told_by_their_names() {
        for (name, finished) in [
            ("default.conf.template", Some("default.conf")),
            ("nginx.tmpl.conf", Some("nginx.conf")),
            ("site.template", Some("site.conf")),
            ("nginx.conf", None),
            ("template.conf", None),
        ] {
            let found = is_template(Path::new(name)).then(|| finished_name(name));
            assert_eq!(found.as_deref(), finished, "{name}");
        }
    }
}
