//! A path for a location that is given by a regular expression.

/// A text that `pattern` should match: each choice takes its first way, what may be left out is. The caller asks whether it
/// does; `None` where the pattern is beyond this.
pub(crate) fn of(pattern: &str) -> Option<String> {
    let text = text_of(pattern)?;
    let is_anchored = pattern.trim_start_matches("(?i)").starts_with('^');
    Some(if is_anchored || text.starts_with('/') { text } else { format!("/x{text}") })
}

/// The same for each of the ways that the first group of `pattern` has, if they are words: `/en/` and `/de/` of `^/(en|de)/`.
pub(crate) fn of_each_way(pattern: &str) -> Vec<String> {
    let Some((before, (head, ways), after)) = first_group(pattern) else {
        return of(pattern).into_iter().collect();
    };
    ways.split('|').filter_map(|way| of(&format!("{before}({head}{way}){after}"))).collect()
}

/// What stands before the first group of a pattern, the group as its head (`?:`, `?<name>`) and its ways, and what stands behind it.
/// `None` where its ways are no words.
fn first_group(pattern: &str) -> Option<(&str, (&str, &str), &str)> {
    let (before, rest) = pattern.split_once('(')?;
    let (inside, after) = rest.split_once(')')?;
    let begins = match inside.strip_prefix('?') {
        Some(head) => head.find([':', '>'])? + 2,
        None => 0,
    };
    let (head, ways) = inside.split_at(begins);
    let is_word =
        |way: &str| !way.is_empty() && way.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    ways.split('|').all(is_word).then_some((before, (head, ways), after))
}

/// The same for a text that is no path.
pub(crate) fn text_of(pattern: &str) -> Option<String> {
    let mut chars = pattern.chars().peekable();
    chars.next_if_eq(&'^');
    let text = sequence(&mut chars, 0)?;
    chars.next().is_none().then_some(text)
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn sequence(chars: &mut Chars<'_>, depth: usize) -> Option<String> {
    const MAX_DEPTH: usize = 20;
    let mut text = String::new();
    let mut is_first_way = true;
    while let Some(&next) = chars.peek() {
        if next == ')' {
            break;
        }
        chars.next();
        let atom = match next {
            '|' => {
                is_first_way = false;
                continue;
            }
            '$' | '^' => continue,
            '.' => "x".to_owned(),
            '(' if depth < MAX_DEPTH => group(chars, depth)?,
            '[' => class(chars)?,
            '\\' => escape(chars.next()?)?,
            '(' | '*' | '+' | '?' | '{' => return None,
            plain => plain.to_string(),
        };
        let atom = match chars.peek() {
            Some('*' | '?') => {
                chars.next();
                String::new()
            }
            Some('+') => {
                chars.next();
                atom
            }
            Some('{') => {
                chars.next();
                atom.repeat(least(chars)?)
            }
            _ => atom,
        };
        // `*?` and `+?` want as little as we give.
        chars.next_if_eq(&'?');
        if is_first_way {
            text.push_str(&atom);
        }
    }
    Some(text)
}

/// How often something repeats at least: `2` of `{2}` and `{2,4}`.
fn least(chars: &mut Chars<'_>) -> Option<usize> {
    const MAX_REPEAT: usize = 64;
    let mut inner = String::new();
    loop {
        match chars.next()? {
            '}' => break,
            letter if letter.is_ascii_digit() || letter == ',' => inner.push(letter),
            // Such a brace is one to PCRE, too.
            _ => return None,
        }
    }
    let least = inner.split(',').next()?.parse().ok()?;
    (least <= MAX_REPEAT).then_some(least)
}

fn group(chars: &mut Chars<'_>, depth: usize) -> Option<String> {
    let mut rejects = false;
    if chars.next_if_eq(&'?').is_some() {
        match chars.next()? {
            ':' => {}
            '!' => rejects = true,
            'P' | '<' | '\'' => while !matches!(chars.next()?, '>' | '\'') {},
            // `(?i)` and `(?i:…)`: a text as it is written matches with and without.
            'i' => match chars.next()? {
                ')' => return Some(String::new()),
                ':' => {}
                _ => return None,
            },
            _ => return None,
        }
    }
    let text = sequence(chars, depth + 1)?;
    chars.next_if_eq(&')')?;
    Some(if rejects { String::new() } else { text })
}

/// The first character of a class.
fn class(chars: &mut Chars<'_>) -> Option<String> {
    let negated = chars.next_if_eq(&'^').is_some();
    let first = match chars.next()? {
        '\\' => escape(chars.next()?)?,
        plain => plain.to_string(),
    };
    while chars.next()? != ']' {}
    Some(if negated { "x".to_owned() } else { first })
}

fn escape(letter: char) -> Option<String> {
    match letter {
        'd' => Some("1".to_owned()),
        'w' => Some("x".to_owned()),
        's' => Some(" ".to_owned()),
        'b' | 'B' => Some(String::new()),
        letter if letter.is_ascii_alphanumeric() => None,
        plain => Some(plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_the_first_group_gives_a_path() {
        for (pattern, paths) in [
            ("^/(en|de)(/|$)", "/en/ /de/"),
            (r"^/(?<lang>en|de-AT)/(.*)$", "/en/ /de-AT/"),
            ("^/(?:a|b)/", "/a/ /b/"),
            ("^/([a-z]+|x)/", "/a/"),
            ("^/api/", "/api/"),
        ] {
            assert_eq!(of_each_way(pattern).join(" "), paths, "{pattern}");
        }
    }

    #[test]
    fn a_pattern_gives_a_path() {
        for (pattern, path) in [
            ("^/stomp/", "/stomp/"),
            (r"\.php$", "/x.php"),
            ("^/(api|auth)/v[0-9]+/", "/api/v0/"),
            (r"^/(?<lang>en|de)/(.*)$", "/en/"),
            (r"\.(?:js|css)(\?.*)?$", "/x.js"),
            (r"/\.(?!well-known).*", "/."),
            (r"^/[^/]+/edit", "/x/edit"),
            (r"^/[0-9a-f]{8,}\.js$", "/00000000.js"),
            (r"^/v\d{1,2}/(ab){2}$", "/v1/abab"),
            ("(?i)^/Upload/", "/Upload/"),
            (r"\.(?i:PNG|jpg)$", "/x.PNG"),
        ] {
            assert_eq!(of(pattern).as_deref(), Some(path), "{pattern}");
        }
        for beyond in [r"^/a{b}", r"^/a{2", r"^/a{999}", r"\p{L}", "(", "^/a)", "[a", "(?x)a"] {
            assert_eq!(of(beyond), None, "{beyond}");
        }
    }
}
