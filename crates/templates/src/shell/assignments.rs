//! The variables that a script sets.

use super::lexer::{Token, tokens};
use crate::interpolation::name_length;

/// A variable that a script sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) name: String,
    /// As written, without quotes.
    pub(crate) value: String,
    pub(crate) when: When,
    /// The line in the script, counted from 1.
    pub(crate) line: usize,
}

/// When an assignment is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Always,
    /// `: ${NAME:=value}`: where it is not set yet.
    Unset,
    /// In an `if`, a `case` or a loop, whose condition is not looked at.
    Maybe,
}

/// The variables that a script sets, in order.
pub(crate) fn assignments(script: &str) -> Vec<Assignment> {
    let tokens = tokens(script);
    let mut found = Vec::new();
    let mut depth = 0_usize;
    for command in tokens.split(|token| matches!(token, Token::End | Token::Pipe)) {
        let words = command.iter().filter_map(|token| match token {
            Token::Word { text, line } => Some((text.as_str(), *line)),
            _ => None,
        });
        let mut words = words.peekable();
        let is_keyword = |(word, _): &(&str, usize)| {
            ["if", "then", "else", "elif", "fi", "case", "esac", "do", "done", "while", "until", "for"]
                .contains(word)
        };
        while let Some((keyword, _)) = words.next_if(is_keyword) {
            match keyword {
                "if" | "case" | "while" | "until" | "for" => depth += 1,
                "fi" | "esac" | "done" => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        let is_default = words.next_if(|(word, _)| *word == ":").is_some();
        words.next_if(|(word, _)| *word == "export");
        for (word, line) in words {
            let braced = || word.strip_prefix("${").and_then(|word| word.strip_suffix('}'));
            let Some(inner) = (if is_default { braced() } else { Some(word) }) else { break };
            let (name, rest) = inner.split_at(name_length(inner));
            let sign = if is_default { rest.strip_prefix(':').unwrap_or(rest) } else { rest };
            // What follows is the command.
            let Some(value) = sign.strip_prefix('=').filter(|_| !name.is_empty()) else { break };
            let when = match (is_default, depth) {
                (true, _) => When::Unset,
                (false, 0) => When::Always,
                (false, _) => When::Maybe,
            };
            found.push(Assignment { name: name.to_owned(), value: value.to_owned(), when, line });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_a_script_sets_are_found() {
        let script = "#!/bin/sh\nexport DOLLAR='$'\n: \"${API:=http://api:80}\" ${B=b}\nexport C=${C:-c}\nD=1 E=2 nginx F=3\n\
                      if [ -z \"$G\" ]; then G=4; else H=\"\"; fi\nI=5\n";
        let found: Vec<_> = assignments(script)
            .into_iter()
            .map(|found| (found.name, found.value, found.when, found.line))
            .collect();
        let wanted = [
            ("DOLLAR", "$", When::Always, 2),
            ("API", "http://api:80", When::Unset, 3),
            ("B", "b", When::Unset, 3),
            ("C", "${C:-c}", When::Always, 4),
            ("D", "1", When::Always, 5),
            ("E", "2", When::Always, 5),
            ("G", "4", When::Maybe, 6),
            ("H", "", When::Maybe, 6),
            ("I", "5", When::Always, 7),
        ];
        let wanted = wanted.map(|(name, value, when, line)| (name.to_owned(), value.to_owned(), when, line));
        assert_eq!(found, wanted);
    }
}
