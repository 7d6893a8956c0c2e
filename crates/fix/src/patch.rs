//! Patches as `git apply` takes them.

use std::path::{Component, Path};

use similar::TextDiff;

/// The change of the file at `path`, seen from `here`, as a unified diff; byte for byte, whatever its lines end with.
pub(crate) fn unified(path: &Path, here: &Path, old: &str, new: &str) -> String {
    let name = name(path, here);
    let diff = TextDiff::from_lines(old, new);
    let mut unified = diff.unified_diff();
    unified.context_radius(3).header(&format!("a/{name}"), &format!("b/{name}")).to_string()
}

/// The file as a patch names it: below the current directory if it is there, with slashes.
fn name(path: &Path, here: &Path) -> String {
    let path = path.strip_prefix(here).unwrap_or(path);
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(part) => Some(part.to_string_lossy()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_names_the_file_as_git_does() {
        let here = Path::new("/srv/shop");
        for path in ["nginx/nginx.conf", "./nginx/nginx.conf", "/srv/shop/nginx/nginx.conf"] {
            let patch = unified(Path::new(path), here, "a;\n", "b;\n");
            assert_eq!(patch, "--- a/nginx/nginx.conf\n+++ b/nginx/nginx.conf\n@@ -1 +1 @@\n-a;\n+b;\n");
        }
    }

    #[test]
    fn line_ends_and_a_last_line_without_one_are_kept() {
        let patch = unified(Path::new("x"), Path::new("/"), "a;\r\nb;", "a;\r\nc;");
        assert_eq!(
            patch,
            "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a;\r\n-b;\n\\ No newline at end of file\n+c;\n\\ No newline at end of file\n"
        );
    }
}
