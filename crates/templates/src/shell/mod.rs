//! As much of the shell as it takes to find the calls of `envsubst` in a script.

mod assignments;
mod lexer;

use crate::interpolation::name_length;
use lexer::{Token, tokens};

pub(crate) use assignments::{Assignment, When, assignments};

/// Which names `envsubst` replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum List {
    /// All there are, and those that are not set by nothing.
    All,
    /// These.
    Names(Vec<String>),
    /// Those that are set, as nginx's image has it.
    Set,
}

/// A call of `envsubst`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) list: List,
    /// The file that it reads, as written.
    pub(crate) input: Option<String>,
    /// The file that it writes, as written.
    pub(crate) output: Option<String>,
    /// The line in the script, counted from 1.
    pub(crate) line: usize,
}

/// The calls of `envsubst` in a script.
pub(crate) fn envsubst_calls(script: &str) -> Vec<Call> {
    let tokens = tokens(script);
    let mut calls = Vec::new();
    for pipeline in tokens.split(|token| *token == Token::End) {
        let mut read_before = None;
        let mut of_pipeline: Option<Call> = None;
        for command in pipeline.split(|token| *token == Token::Pipe) {
            let Command { words, input, output, line } = command_of(command);
            let program = words.iter().position(|word| is_program(word, "envsubst"));
            if let Some(at) = program {
                let list = list_of(&words[at + 1..]);
                of_pipeline = Some(Call { list, input: input.or(read_before.take()), output, line });
            } else if let (Some(call), Some(last)) = (&mut of_pipeline, words.last()) {
                // `| tee FILE`
                let written = words.first().is_some_and(|word| is_program(word, "tee"));
                call.output = call.output.take().or(output).or_else(|| written.then(|| last.clone()));
            } else {
                let is_cat = words.first().is_some_and(|word| is_program(word, "cat"));
                read_before = input.or_else(|| words.last().cloned().filter(|_| is_cat && words.len() > 1));
            }
        }
        calls.extend(of_pipeline);
    }
    calls
}

/// The script in `sh -c "…"`, if that is what `command` is.
pub(crate) fn script_in(command: &str) -> Option<String> {
    let tokens = tokens(command);
    let words = tokens.iter().map_while(|token| match token {
        Token::Word { text, .. } => Some(text.as_str()),
        _ => None,
    });
    let words: Vec<&str> = words.collect();
    let at = words.iter().position(|word| word.starts_with('-') && word.ends_with('c'))?;
    let is_shell = words[..at].iter().any(|word| word.ends_with("sh"));
    words.get(at + 1).filter(|_| is_shell).map(|script| (*script).to_owned())
}

fn is_program(word: &str, name: &str) -> bool {
    word.rsplit('/').next() == Some(name)
}

struct Command {
    words: Vec<String>,
    input: Option<String>,
    output: Option<String>,
    line: usize,
}

fn command_of(tokens: &[Token]) -> Command {
    let mut command = Command { words: Vec::new(), input: None, output: None, line: 0 };
    let mut tokens = tokens.iter();
    while let Some(token) = tokens.next() {
        match token {
            Token::Word { text, line } => {
                command.words.push(text.clone());
                command.line = if command.line == 0 { *line } else { command.line };
            }
            Token::Input | Token::Output => {
                if let Some(Token::Word { text, .. }) = tokens.next() {
                    let place = if *token == Token::Input { &mut command.input } else { &mut command.output };
                    *place = Some(text.clone());
                }
            }
            Token::Pipe | Token::End => {}
        }
    }
    command
}

/// What the arguments of `envsubst` name.
fn list_of(words: &[String]) -> List {
    let shown = words.iter().find(|word| !word.starts_with('-') || word.contains('$'));
    match shown {
        None => List::All,
        // `"$(env | cut -d= -f1 | sed …)"` and the like.
        Some(list) if list.contains("$(") || list.contains('`') => List::Set,
        Some(list) => {
            let after = |piece: &str| {
                let piece = piece.strip_prefix('{').unwrap_or(piece);
                piece[..name_length(piece)].to_owned()
            };
            List::Names(list.split('$').skip(1).map(after).filter(|name| !name.is_empty()).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only_call(script: &str) -> (List, Option<String>, Option<String>, usize) {
        let calls = envsubst_calls(script);
        assert_eq!(calls.len(), 1, "{script}: {calls:?}");
        let Call { list, input, output, line } = calls[0].clone();
        (list, input, output, line)
    }

    #[test]
    fn calls_are_found_in_what_people_write() {
        let names = |names: &[&str]| List::Names(names.iter().map(|name| (*name).to_owned()).collect());
        for (script, list, line) in [
            ("envsubst < /t/a.template > /c/a.conf", List::All, 1),
            ("/usr/bin/envsubst </t/a.template >/c/a.conf && exec nginx -g 'daemon off;'", List::All, 1),
            (
                "#!/bin/sh\nset -e\nenvsubst '$A ${B}' < /t/a.template > /c/a.conf\nexec \"$@\"\n",
                names(&["A", "B"]),
                3,
            ),
            ("envsubst \"\\$A,\\$B\" < /t/a.template > /c/a.conf", names(&["A", "B"]), 1),
            ("cat /t/a.template | envsubst '${A}' | tee /c/a.conf > /dev/null", names(&["A"]), 1),
            (
                "envsubst \"$(printf '${%s} ' $(env | cut -d= -f1))\" < /t/a.template > /c/a.conf",
                List::Set,
                1,
            ),
            (
                "envsubst \"`env | awk -F = '{printf \\\" $$%s\\\", $1}'`\" < /t/a.template > /c/a.conf",
                List::Set,
                1,
            ),
            (
                "echo x 2>&1; envsubst \\\n  '$A' \\\n < /t/a.template \\\n > /c/a.conf; nginx",
                names(&["A"]),
                1,
            ),
        ] {
            let (found, input, output, found_line) = only_call(script);
            assert_eq!((found, found_line), (list, line), "{script}");
            assert_eq!(input.as_deref(), Some("/t/a.template"), "{script}");
            assert!(output.is_some_and(|output| output == "/c/a.conf" || output == "/dev/null"), "{script}");
        }
    }

    #[test]
    fn what_only_speaks_of_it_is_no_call() {
        for script in ["# envsubst < a > b", "echo 'envsubst < a > b'", "apt-get install gettext-base", ""] {
            let calls = envsubst_calls(script);
            assert!(calls.iter().all(|call| call.input.is_none()), "{script}: {calls:?}");
        }
    }
}
