//! `${NAME:-default}` as compose, `.env` files and Dockerfiles have it. Templates of nginx's image have none of this.

/// Deeper than any real default inside a default.
const MAX_DEPTH: usize = 16;

/// `text` with its placeholders replaced; `None` if it needs a value that `value_of` does not know.
pub(crate) fn interpolate(text: &str, value_of: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    at_depth(text, value_of, 0)
}

fn at_depth(text: &str, value_of: &dyn Fn(&str) -> Option<String>, depth: usize) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        out.push_str(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(braced) = rest.strip_prefix('{') {
            let ends = closing_brace(braced)?;
            out.push_str(&braced_value(&braced[..ends], value_of, depth)?);
            rest = &braced[ends + 1..];
        } else {
            let name = &rest[..name_length(rest)];
            match name {
                "" => out.push('$'),
                name => out.push_str(&value_of(name)?),
            }
            rest = &rest[name.len()..];
        }
    }
    out.push_str(rest);
    Some(out)
}

/// The value of what stands between the braces.
fn braced_value(inner: &str, value_of: &dyn Fn(&str) -> Option<String>, depth: usize) -> Option<String> {
    let (name, operation) = inner.split_at(name_length(inner));
    if name.is_empty() || depth == MAX_DEPTH {
        return None;
    }
    let known = value_of(name);
    let (operation, counts_empty) = match operation.strip_prefix(':') {
        Some(operation) => (operation, false),
        None => (operation, true),
    };
    let set = known.filter(|value| counts_empty || !value.is_empty());
    let other = |text: &str| at_depth(text, value_of, depth + 1);
    match (operation.chars().next(), set) {
        (None, set) => set,
        (Some('-'), Some(value)) | (Some('?'), Some(value)) => Some(value),
        (Some('-'), None) => other(&operation[1..]),
        (Some('+'), Some(_)) => other(&operation[1..]),
        (Some('+'), None) => Some(String::new()),
        _ => None,
    }
}

/// Where the brace closes that was opened before `text`.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// How long the name is that `text` begins with; 0 if it begins with none.
pub(crate) fn name_length(text: &str) -> usize {
    let is_name = |(nth, byte): &(usize, u8)| {
        byte.is_ascii_alphabetic() || *byte == b'_' || *nth > 0 && byte.is_ascii_digit()
    };
    text.bytes().enumerate().take_while(is_name).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_read_as_compose_reads_them() {
        let value_of = |name: &str| match name {
            "A" => Some("a".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        for (text, wanted) in [
            ("x", Some("x")),
            ("$A-${A}$$A", Some("a-a$A")),
            ("${B:-b}${B-b}", Some("bb")),
            ("${EMPTY:-b}${EMPTY-b}", Some("b")),
            ("${B:-${A}:80}", Some("a:80")),
            ("${A:+yes}${B:+yes}${A:?}", Some("yesa")),
            ("http://${B:-api:8080}/$", Some("http://api:8080/$")),
            ("${B}", None),
            ("${B:?needed}", None),
            ("${A", None),
            ("${}", None),
        ] {
            assert_eq!(interpolate(text, &value_of).as_deref(), wanted, "{text}");
        }
        assert_eq!(interpolate(&"${B:-".repeat(100_000), &value_of), None);
        assert_eq!(interpolate(&("${B:-".repeat(40) + &"}".repeat(40)), &value_of), None);
    }
}
