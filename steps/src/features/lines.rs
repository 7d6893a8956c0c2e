//! What is put right in a feature's text before the parser reads it.
//!
//! The parser takes a backslash in a table's cell for the beginning of `\n`, `\|` or `\\` alone. Gherkin lets any other
//! stand for itself, and regular expressions are full of them: those are doubled here. A step with both a table and a doc
//! string is no Gherkin, which the parser says of a line far from it.

/// A mistake, with its line counted from 1.
pub(super) type Mistake = (usize, &'static str);

/// What is wrong with a step that has both.
const TABLE_AND_DOC_STRING: &str = "a step has a table or a doc string, not both";

/// What the lines above the one at hand belong to.
#[derive(PartialEq)]
enum Argument {
    None,
    Table,
    DocString,
}

/// The text as the parser takes it, with all lines where they were.
pub(super) fn prepared(text: &str) -> Result<String, Mistake> {
    let mut out = String::with_capacity(text.len());
    let mut open: Option<&str> = None;
    let mut argument = Argument::None;
    for (nth, line) in text.split_inclusive('\n').enumerate() {
        let trimmed = line.trim();
        let delimiter = ["\"\"\"", "```"].into_iter().find(|delimiter| trimmed.starts_with(delimiter));
        match (open, delimiter) {
            (Some(opened), found) => {
                if found == Some(opened) {
                    open = None;
                }
                out.push_str(line);
            }
            (None, Some(_)) if argument == Argument::Table => return Err((nth + 1, TABLE_AND_DOC_STRING)),
            (None, Some(opening)) => {
                (open, argument) = (Some(opening), Argument::DocString);
                out.push_str(line);
            }
            (None, None) if trimmed.starts_with('|') => {
                if argument == Argument::DocString {
                    return Err((nth + 1, TABLE_AND_DOC_STRING));
                }
                argument = Argument::Table;
                push_row(&mut out, line);
            }
            (None, None) => {
                if !trimmed.is_empty() && !trimmed.starts_with('#') {
                    argument = Argument::None;
                }
                out.push_str(line);
            }
        }
    }
    Ok(out)
}

/// A row of a table, with each backslash doubled that stands for itself.
fn push_row(out: &mut String, row: &str) {
    let mut chars = row.chars().peekable();
    while let Some(char) = chars.next() {
        out.push(char);
        if char == '\\' {
            match chars.peek() {
                Some(escaped @ ('n' | '|' | '\\')) => {
                    out.push(*escaped);
                    chars.next();
                }
                _ => out.push('\\'),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backslash_that_escapes_nothing_stands_for_itself() {
        let text = "    | ^\\d+\\.js$ | a\\|b | c\\\\d | e\\n |\n";
        assert_eq!(prepared(text).unwrap(), "    | ^\\\\d+\\\\.js$ | a\\|b | c\\\\d | e\\n |\n");
        let doc = "  \"\"\"\n  | \\d |\n  \"\"\"\n";
        assert_eq!(prepared(doc).unwrap(), doc);
    }

    #[test]
    fn a_step_has_a_table_or_a_doc_string() {
        let both = "When a\n| a |\n\n# why\n\"\"\"\nb\n\"\"\"\n";
        assert_eq!(prepared(both).unwrap_err(), (5, TABLE_AND_DOC_STRING));
        let both = "When a\n\"\"\"\nb\n\"\"\"\n| a |\n";
        assert_eq!(prepared(both).unwrap_err().0, 5);
        let each = "When a\n| a |\nThen b\n\"\"\"\n| c |\n\"\"\"\nAnd d\n| e |\n";
        assert_eq!(prepared(each).unwrap(), each);
    }
}
