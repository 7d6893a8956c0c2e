//! Edits of what nginx reads in another form than the user has written: a template that is filled in, a file in a ConfigMap.
//!
//! Neither filling in nor taking out moves a line. So an edit of what was made is the same edit of the user's own text, as long as
//! it leaves alone every line that is not the same in both, such as one with a placeholder.

use similar::{DiffOp, TextDiff};

/// The user's own text with what was changed from `before`, which was made of it, to `after`. `None` where a line is changed that is
/// not the same in both.
pub(crate) fn carried_over(own: &str, before: &str, after: &str) -> Option<String> {
    let [own, before, after] =
        [own, before, after].map(|text| text.split_inclusive('\n').collect::<Vec<_>>());
    let mut out = String::new();
    let mut next = 0;
    for op in TextDiff::from_slices(&before, &after).ops() {
        let (old, new) = match op {
            DiffOp::Equal { .. } => continue,
            _ => (op.old_range(), op.new_range()),
        };
        out.extend(own.get(next..old.start)?.iter().copied());
        for nth in old.clone() {
            indentation(own.get(nth)?, before[nth])?;
        }
        let indentation = indentation_near(&own, &before, old.start)?;
        for line in &after[new] {
            let is_blank = line.trim().is_empty();
            out.push_str(if is_blank { "" } else { indentation });
            out.push_str(line);
        }
        next = old.end;
    }
    out.extend(own.get(next..)?.iter().copied());
    Some(out)
}

/// What stands before a line in the user's own text: the indentation of a block of YAML. `None` where the two are not the same.
fn indentation<'a>(own: &'a str, made: &str) -> Option<&'a str> {
    let before = own.trim_end().strip_suffix(made.trim_end())?;
    before.trim().is_empty().then_some(before)
}

/// The indentation of the nearest line that is the same in both.
fn indentation_near<'a>(own: &[&'a str], before: &[&str], at: usize) -> Option<&'a str> {
    let of = |nth: usize| {
        let made = before.get(nth).filter(|line| !line.trim().is_empty())?;
        indentation(own.get(nth)?, made)
    };
    let back = (0..at).rev().find_map(of);
    of(at).or(back).or_else(|| (at..before.len()).find_map(of))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str =
        "server {\n    listen ${PORT};\n    location / {\n        proxy_pass http://app;\n    }\n}\n";

    fn filled() -> String {
        OWN.replace("${PORT}", "8080")
    }

    #[test]
    fn an_edit_of_other_lines_is_carried_over() {
        let after = filled().replace("http://app;", "http://app;\n        proxy_set_header Host $host;");
        let wanted = OWN.replace("http://app;", "http://app;\n        proxy_set_header Host $host;");
        assert_eq!(carried_over(OWN, &filled(), &after), Some(wanted));
        let without = filled().replace("        proxy_pass http://app;\n", "");
        assert_eq!(
            carried_over(OWN, &filled(), &without),
            Some(OWN.replace("        proxy_pass http://app;\n", ""))
        );
        assert_eq!(carried_over(OWN, &filled(), &filled()).as_deref(), Some(OWN));
    }

    #[test]
    fn a_line_with_a_placeholder_is_left_alone() {
        assert_eq!(carried_over(OWN, &filled(), &filled().replace("8080", "8081")), None);
        let beside = filled().replace("8080;\n", "8080;\n    server_tokens off;\n");
        let wanted = OWN.replace("${PORT};\n", "${PORT};\n    server_tokens off;\n");
        assert_eq!(carried_over(OWN, &filled(), &beside), Some(wanted));
    }

    #[test]
    fn a_file_in_a_config_map_keeps_its_indentation() {
        let own = "data:\n  nginx.conf: |\n    events { }\n    http {\n    }\n  other: x\n";
        let made = "\n\nevents { }\nhttp {\n}\n";
        let after = made.replace("http {\n", "http {\n    server_tokens off;\n");
        let wanted = own.replace("http {\n", "http {\n        server_tokens off;\n");
        assert_eq!(carried_over(own, made, &after), Some(wanted));
    }
}
