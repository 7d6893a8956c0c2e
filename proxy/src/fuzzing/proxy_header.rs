//! What another proxy says before the client's own bytes.

use crate::message::proxy_protocol::parse;

/// What a header tells is in the header alone, and is an address as text.
pub fn proxy_header(input: &[u8]) {
    let Ok((header, length)) = parse(input) else { return };
    let own = input.get(..length).unwrap_or_default();
    assert_eq!(parse(own), Ok((header.clone(), length)), "what follows is read, too");
    for address in header.iter().flat_map(|header| [&header.source, &header.destination]) {
        let is_address = address.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
        assert!(is_address, "{address:?}");
    }
}
