//! Fields of a head, as text.

use crate::text;

/// The value of a field in a head.
pub(super) fn field<'h>(head: &'h [u8], name: &str) -> Option<&'h [u8]> {
    field_values(head, name).next()
}

/// The values of all fields of a name.
pub(super) fn field_values<'h>(head: &'h [u8], name: &str) -> impl Iterator<Item = &'h [u8]> {
    let lines = head.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.filter_map(move |line| {
        let (found, rest) = line.split_at_checked(name.len())?;
        found.eq_ignore_ascii_case(name.as_bytes()).then(|| rest.strip_prefix(b": "))?
    })
}

/// Replaces all fields of a name by one, or appends it.
pub(super) fn set_field(head: &mut Vec<u8>, name: &str, value: &[u8]) {
    let is_named = |line: &[u8]| {
        line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
            && line.get(name.len()) == Some(&b':')
    };
    if !head.split(|&byte| byte == b'\n').any(is_named) {
        return write_field(head, name.as_bytes(), value);
    }
    let mut out = Vec::with_capacity(head.len());
    let mut is_first = true;
    for line in head.split_inclusive(|&byte| byte == b'\n') {
        match (is_named(line), is_first) {
            (false, _) => out.extend_from_slice(line),
            (true, true) => {
                write_field(&mut out, name.as_bytes(), value);
                is_first = false;
            }
            (true, false) => {}
        }
    }
    *head = out;
}

/// Removes all fields of a name.
pub(super) fn remove_field(head: &mut Vec<u8>, name: &[u8]) {
    let is_other = |line: &&[u8]| {
        let found = line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        !found || line.get(name.len()) != Some(&b':')
    };
    *head = head.split_inclusive(|&byte| byte == b'\n').filter(is_other).collect::<Vec<_>>().concat();
}

/// Appends one field.
pub(crate) fn write_field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    write_value(out, value);
    out.extend_from_slice(b"\r\n");
}

/// Appends a value. A variable may bring in a line end (`$uri` with `%0d%0a`), which becomes a space (RFC 9110 §5.5),
/// so that no field and no second response can be injected. nginx writes it as it is.
pub(super) fn write_value(out: &mut Vec<u8>, value: &[u8]) {
    let start = out.len();
    out.extend_from_slice(value);
    for byte in out.get_mut(start..).unwrap_or_default() {
        *byte = if matches!(byte, b'\r' | b'\n' | 0) { b' ' } else { *byte };
    }
}

/// Appends a field whose value ends with a number.
pub(crate) fn write_number(out: &mut Vec<u8>, prefix: &[u8], number: u64) {
    out.extend_from_slice(prefix);
    text::decimal(out, number);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_value_cannot_end_its_line() {
        let mut out = Vec::new();
        super::write_field(&mut out, b"X", b"a\r\nSet-Cookie: b\0");
        assert_eq!(out, b"X: a  Set-Cookie: b \r\n");
    }
}
