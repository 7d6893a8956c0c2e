//! Text in columns, as a terminal shows it: a Korean character takes two.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How many columns `text` takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text`, filled up with blanks to so many columns.
pub fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

/// As much of `text` as goes into so many columns, with `…` for the rest.
pub(crate) fn shortened(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut taken = 0;
    let fits = |char: &char| {
        taken += char.width().unwrap_or(0);
        taken < columns
    };
    text.chars().take_while(fits).chain(std::iter::once('…')).collect()
}

/// `text` in lines of so many columns at most, if its words are no longer, each after `indent`.
pub(crate) fn wrapped(text: &str, columns: usize, indent: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut().filter(|line| line.width() + 1 + word.width() <= columns) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(format!("{indent}{word}")),
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(padded("가", 4), "가  ");
        assert_eq!(shortened("가나다", 6), "가나다");
        assert_eq!(shortened("가나다", 5), "가나…");
        assert_eq!(shortened("abcdef", 5), "abcd…");
    }

    #[test]
    fn lines_end_between_words() {
        assert_eq!(wrapped("one two three", 9, "  "), "  one two\n  three\n");
        assert_eq!(wrapped("a longerthanthat b", 5, ""), "a\nlongerthanthat\nb\n");
    }
}
