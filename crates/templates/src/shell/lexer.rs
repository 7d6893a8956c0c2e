//! Words and operators of a script.

/// More words than any script that starts nginx has.
const MAX_WORDS: usize = 20_000;

/// A word or an operator of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
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

/// The tokens of `script`.
pub(super) fn tokens(script: &str) -> Vec<Token> {
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
