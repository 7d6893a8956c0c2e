//! What nginx has read, as `nginx -T` prints it, held against what was checked.
//!
//! The check before an engine starts reads the rewritten files by our own rules of `include`. nginx has its own: should they ever
//! differ, it would run a file that nobody has looked at. So nginx is asked, before it runs a configuration for the first time.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The line above each file: `# configuration file /etc/nginx/nginx.conf:`.
const HEADING: &[u8] = b"# configuration file ";

/// The first thing in `dump` that is not one of the files of `checked` as it was checked: the path of a file, or the first words
/// of a text that has none. `None` if all is as it was checked.
pub(crate) fn first_unchecked<'a>(
    mut dump: &[u8],
    checked: impl Iterator<Item = (PathBuf, &'a str)>,
) -> Option<String> {
    let checked: HashMap<PathBuf, &str> = checked.collect();
    while !dump.is_empty() {
        let end = dump.iter().position(|byte| *byte == b'\n').unwrap_or(dump.len());
        let (line, rest) = dump.split_at(end);
        let path = line.strip_prefix(HEADING).and_then(|line| line.strip_suffix(b":"));
        let Some(path) = path.map(|path| PathBuf::from(String::from_utf8_lossy(path).into_owned())) else {
            return Some(String::from_utf8_lossy(&line[..line.len().min(80)]).into_owned());
        };
        // nginx ends each file with a line end of its own.
        let text =
            checked.get(normal(&path).as_path()).and_then(|text| rest[1..].strip_prefix(text.as_bytes()));
        let Some(rest) = text.and_then(|rest| rest.strip_prefix(b"\n")) else {
            return Some(path.display().to_string());
        };
        dump = rest;
    }
    None
}

/// The path without `//` and `/./`.
fn normal(path: &Path) -> PathBuf {
    path.components().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIN: &str = "events {}\nhttp { include conf.d/*.conf; }\n";
    // No line end at the end, and a line that looks like a heading.
    const SHOP: &str = "# configuration file /etc/passwd:\nserver { listen 127.0.0.1:8080; }";

    fn unchecked(dump: &str) -> Option<String> {
        let checked = [("/run/etc/nginx/nginx.conf", MAIN), ("/run/etc/nginx/conf.d/shop.conf", SHOP)];
        first_unchecked(dump.as_bytes(), checked.into_iter().map(|(path, text)| (path.into(), text)))
    }

    fn dumped(files: &[(&str, &str)]) -> String {
        files.iter().map(|(path, text)| format!("# configuration file {path}:\n{text}\n")).collect()
    }

    #[test]
    fn files_that_were_checked_may_run() {
        let dump =
            dumped(&[("/run/etc/nginx/nginx.conf", MAIN), ("/run/etc/nginx/./conf.d//shop.conf", SHOP)]);
        assert_eq!(unchecked(&dump), None);
    }

    #[test]
    fn another_file_or_another_text_may_not() {
        let other = dumped(&[("/run/etc/nginx/nginx.conf", MAIN), ("/etc/nginx/other.conf", "")]);
        assert_eq!(unchecked(&other).as_deref(), Some("/etc/nginx/other.conf"));
        let more = dumped(&[("/run/etc/nginx/nginx.conf", &format!("{MAIN}env REAL;\n"))]);
        assert_eq!(unchecked(&more).as_deref(), Some("/run/etc/nginx/nginx.conf"));
        let after = dumped(&[("/run/etc/nginx/nginx.conf", &format!("{MAIN}\nenv REAL;\n"))]);
        assert_eq!(unchecked(&after).as_deref(), Some("env REAL;"));
        let less = dumped(&[("/run/etc/nginx/nginx.conf", "events {}\n")]);
        assert_eq!(unchecked(&less).as_deref(), Some("/run/etc/nginx/nginx.conf"));
    }
}
