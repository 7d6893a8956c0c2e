//! As much of the shell as it takes to find the calls of `envsubst` in a script.

use crate::interpolation::name_length;

/// More words than any script that starts nginx has.
const MAX_WORDS: usize = 20_000;

/// A word or an operator of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A word, without quotes. What the shell would replace in it stands as it is written.
    Word { text: String, line: usize },
    /// `<` with what is read.
    Input,
    /// `>` or `>>`.
    Output,
    /// `|`.
    Pipe,
    /// `;`, `&&`, `||`, `&`, a line end, a bracket.
    End,
}

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

fn tokens(script: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut word: Option<(String, usize)> = None;
    let mut line = 1;
    let mut chars = script.chars().peekable();
    let end_word = |word: &mut Option<(String, usize)>, tokens: &mut Vec<Token>| {
        tokens.extend(word.take().map(|(text, line)| Token::Word { text, line }));
    };
    while let Some(char) = chars.next() {
        if tokens.len() > MAX_WORDS {
            break;
        }
        match char {
            '\\' => match chars.next() {
                Some('\n') => line += 1,
                Some(next) => word.get_or_insert_with(|| (String::new(), line)).0.push(next),
                None => {}
            },
            '\'' | '"' => {
                let text = &mut word.get_or_insert_with(|| (String::new(), line)).0;
                while let Some(inner) = chars.next() {
                    line += usize::from(inner == '\n');
                    match inner {
                        inner if inner == char => break,
                        '\\' if char == '"' => text.extend(chars.next()),
                        // `"$(…)"` may have quotes of its own.
                        '$' if char == '"' && chars.peek() == Some(&'(') => {
                            text.push('$');
                            substitution(&mut chars, text);
                        }
                        inner => text.push(inner),
                    }
                }
            }
            '$' if chars.peek() == Some(&'(') => {
                let text = &mut word.get_or_insert_with(|| (String::new(), line)).0;
                text.push('$');
                substitution(&mut chars, text);
            }
            '#' if word.is_none() => while chars.next_if(|next| *next != '\n').is_some() {},
            ' ' | '\t' | '\r' => end_word(&mut word, &mut tokens),
            '<' | '>' => {
                // `2>&1` and `1>` name a descriptor, not a word.
                word.take_if(|(text, _)| text.chars().all(|c| c.is_ascii_digit()));
                end_word(&mut word, &mut tokens);
                let doubled = chars.next_if_eq(&char).is_some();
                let is_descriptor = chars.next_if_eq(&'&').is_some();
                if is_descriptor {
                    while chars.next_if(char::is_ascii_digit).is_some() {}
                } else if !(doubled && char == '<') {
                    tokens.push(if char == '<' { Token::Input } else { Token::Output });
                }
            }
            '|' if chars.peek() != Some(&'|') => {
                end_word(&mut word, &mut tokens);
                tokens.push(Token::Pipe);
            }
            '|' | '&' | ';' | '\n' | '(' | ')' => {
                line += usize::from(char == '\n');
                chars.next_if_eq(&char).filter(|next| *next == '\n').into_iter().for_each(|_| line += 1);
                end_word(&mut word, &mut tokens);
                tokens.push(Token::End);
            }
            char => word.get_or_insert_with(|| (String::new(), line)).0.push(char),
        }
    }
    end_word(&mut word, &mut tokens);
    tokens
}

/// What stands in the brackets of `$(…)`, to `text`.
fn substitution(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, text: &mut String) {
    let mut depth = 0;
    for inner in chars.by_ref() {
        depth += i32::from(inner == '(') - i32::from(inner == ')');
        text.push(inner);
        if depth == 0 {
            break;
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

    #[test]
    fn what_only_speaks_of_it_is_no_call() {
        for script in ["# envsubst < a > b", "echo 'envsubst < a > b'", "apt-get install gettext-base", ""] {
            let calls = envsubst_calls(script);
            assert!(calls.iter().all(|call| call.input.is_none()), "{script}: {calls:?}");
        }
    }
}
