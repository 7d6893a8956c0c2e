//! Numbers and addresses as text. Every request has some, and `core::fmt` costs several times as much: it took a sixth
//! of all instructions of a proxied request.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// Appends a number in decimal.
pub(crate) fn decimal(out: &mut Vec<u8>, mut number: u64) {
    // `u64::MAX` has 20 digits.
    let mut digits = [0; 20];
    let mut start = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        start -= 1;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(start..).unwrap_or_default());
}

/// Appends a number in hexadecimal, in lower case.
pub(crate) fn hexadecimal(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(Hexadecimal::new(number).digits());
}

/// A number in hexadecimal, in lower case and without zeros in front.
pub(crate) struct Hexadecimal {
    text: [u8; 16],
    leading: usize,
}

impl Hexadecimal {
    pub(crate) fn new(number: u64) -> Hexadecimal {
        let mut text = [0; 16];
        let (mut rest, mut leading) = (number, text.len());
        for place in text.iter_mut().rev() {
            let nibble = (rest & 15) as u8;
            *place = if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
            rest >>= 4;
            leading -= 1;
            if rest == 0 {
                break;
            }
        }
        Hexadecimal { text, leading }
    }

    pub(crate) fn digits(&self) -> &[u8] {
        self.text.get(self.leading..).unwrap_or_default()
    }
}

/// Appends a byte as two digits in upper case, as in percent-encodings (RFC 3986 §2.1) and logs.
pub(crate) fn hex_pair(out: &mut Vec<u8>, byte: u8) {
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'A' + nibble - 10 };
    out.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
}

/// Appends a status code, with at least three digits.
pub(crate) fn status(out: &mut Vec<u8>, status: u16) {
    padded(out, u64::from(status), 3);
}

/// Appends seconds with three decimals.
pub(crate) fn seconds(out: &mut Vec<u8>, time: Duration) {
    decimal(out, time.as_secs());
    out.push(b'.');
    padded(out, u64::from(time.subsec_millis()), 3);
}

/// Appends an address without brackets or port.
pub(crate) fn ip(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => ipv4(out, address),
        // Rare, and its short form is not trivial (RFC 5952).
        IpAddr::V6(address) => out.extend_from_slice(address.to_string().as_bytes()),
    }
}

/// An address as in a URL, with brackets around IPv6.
pub(crate) fn ip_literal(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

fn ipv4(out: &mut Vec<u8>, address: Ipv4Addr) {
    for (index, octet) in address.octets().into_iter().enumerate() {
        if index > 0 {
            out.push(b'.');
        }
        if octet >= 100 {
            out.push(b'0' + octet / 100);
        }
        if octet >= 10 {
            out.push(b'0' + octet / 10 % 10);
        }
        out.push(b'0' + octet % 10);
    }
}

/// Whether `first` is followed anywhere by a byte that satisfies `then`. Looking at all pairs lets the compiler
/// vectorise, which is faster than stopping at the first.
pub(crate) fn has_pair(bytes: &[u8], first: u8, then: impl Fn(u8) -> bool) -> bool {
    let pairs = bytes.iter().zip(bytes.get(1..).unwrap_or_default());
    pairs.fold(false, |found, (&one, &next)| found | ((one == first) & then(next)))
}

fn padded(out: &mut Vec<u8>, number: u64, width: usize) {
    let start = out.len();
    decimal(out, number);
    for _ in out.len() - start..width {
        out.insert(start, b'0');
    }
}

/// Appends text to a page: `ngx_escape_html`.
pub(crate) fn html(out: &mut Vec<u8>, text: &[u8]) {
    for &byte in text {
        match byte {
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            _ => out.push(byte),
        }
    }
}

/// Appends text to a JSON string: `ngx_escape_json`.
pub(crate) fn json(out: &mut Vec<u8>, text: &[u8]) {
    for &byte in text {
        match byte {
            b'"' | b'\\' | ..0x20 => json_escape(out, byte),
            _ => out.push(byte),
        }
    }
}

/// Appends a byte as it is escaped in a JSON string (RFC 8259 §7), with the short forms.
pub(crate) fn json_escape(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'\n' => out.extend_from_slice(br"\n"),
        b'\r' => out.extend_from_slice(br"\r"),
        b'\t' => out.extend_from_slice(br"\t"),
        0x08 => out.extend_from_slice(br"\b"),
        0x0c => out.extend_from_slice(br"\f"),
        ..0x20 => {
            out.extend_from_slice(br"\u00");
            hex_pair(out, byte);
        }
        _ => out.extend_from_slice(&[b'\\', byte]),
    }
}

/// Decodes base64; nothing if it is none.
pub(crate) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let (mut bits, mut count, mut out) = (0_u32, 0, Vec::with_capacity(text.len()));
    for &byte in text.iter().take_while(|&&byte| byte != b'=') {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = b"> ".to_vec();
        write(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn numbers_are_written_as_fmt_would() {
        for number in [0, 9, 10, 99, 100, 1234567890, u64::MAX - 1, u64::MAX] {
            assert_eq!(text(|out| decimal(out, number)), format!("> {number}"));
            assert_eq!(text(|out| hexadecimal(out, number)), format!("> {number:x}"));
        }
    }

    #[test]
    fn bytes_are_written_as_fmt_would() {
        for byte in 0..=u8::MAX {
            assert_eq!(text(|out| hex_pair(out, byte)), format!("> {byte:02X}"));
        }
    }

    #[test]
    fn what_a_page_or_a_string_would_take_for_its_own_is_escaped() {
        assert_eq!(text(|out| html(out, b"a<b>&\"'")), "> a&lt;b&gt;&amp;&quot;'");
        assert_eq!(text(|out| json(out, "a\"\\\n\u{1}é/".as_bytes())), "> a\\\"\\\\\\n\\u0001é/");
    }

    #[test]
    fn short_statuses_and_fractions_are_padded() {
        assert_eq!(text(|out| status(out, 9)), "> 009");
        assert_eq!(text(|out| status(out, 404)), "> 404");
        assert_eq!(text(|out| seconds(out, Duration::from_micros(3_012_999))), "> 3.012");
    }

    #[test]
    fn a_pair_is_found_wherever_it_stands() {
        let found = |text: &str| has_pair(text.as_bytes(), b'/', |next| next == b'.');
        assert_eq!(["/.", "a/.b", "./", "/a.", "/", ""].map(found), [true, true, false, false, false, false]);
    }

    #[test]
    fn addresses_are_written_as_fmt_would() {
        for address in ["0.0.0.0", "127.0.0.1", "9.10.99.100", "255.255.255.255", "::1", "2001:db8::1"] {
            let parsed: IpAddr = address.parse().unwrap_or(Ipv4Addr::UNSPECIFIED.into());
            assert_eq!(text(|out| ip(out, parsed)), format!("> {address}"));
        }
    }
}
