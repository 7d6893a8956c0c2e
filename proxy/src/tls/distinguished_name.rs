//! Names in certificates (X.501) as text: of RFC 2253, as OpenSSL writes it, and on one line, as it did before.

use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use crate::text;

/// OpenSSL's short names of attributes.
const SHORT_NAMES: [(&str, &str); 25] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.13", "description"),
    ("2.5.4.15", "businessCategory"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.41", "name"),
    ("2.5.4.42", "GN"),
    ("2.5.4.43", "initials"),
    ("2.5.4.44", "generationQualifier"),
    ("2.5.4.46", "dnQualifier"),
    ("2.5.4.65", "pseudonym"),
    ("2.5.4.97", "organizationIdentifier"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("1.2.840.113549.1.9.2", "unstructuredName"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC"),
];

/// `CN=name,O=organisation`: the last comes first (RFC 2253 §2).
pub(super) fn rfc2253(name: &X509Name<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let sets: Vec<_> = name.iter_rdn().collect();
    for set in sets.into_iter().rev() {
        let attributes: Vec<_> = set.iter().collect();
        for (nth, attribute) in attributes.into_iter().rev().enumerate() {
            let separator = if nth > 0 { "+" } else { "," };
            out.extend_from_slice(if out.is_empty() { b"" } else { separator.as_bytes() });
            write_attribute(&mut out, attribute);
        }
    }
    out
}

/// `/O=organisation/CN=name`.
pub(super) fn one_line(name: &X509Name<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    for attribute in name.iter_attributes() {
        let (kind, _) = kind(attribute);
        out.push(b'/');
        out.extend_from_slice(kind.as_bytes());
        out.push(b'=');
        for &byte in attribute.attr_value().data {
            match byte {
                b'/' | b'+' => out.extend_from_slice(&[b'\\', byte]),
                b' '..=b'~' => out.push(byte),
                byte => {
                    out.extend_from_slice(b"\\x");
                    text::hex_pair(&mut out, byte);
                }
            }
        }
    }
    out
}

fn write_attribute(out: &mut Vec<u8>, attribute: &AttributeTypeAndValue<'_>) {
    let (kind, is_known) = kind(attribute);
    out.extend_from_slice(kind.as_bytes());
    out.push(b'=');
    match characters(attribute.attr_value()).filter(|_| is_known) {
        Some(value) => write_value(out, &value),
        None => write_encoding(out, attribute.attr_value()),
    }
}

/// The name of an attribute's type, and whether it has one.
fn kind(attribute: &AttributeTypeAndValue<'_>) -> (String, bool) {
    let id = attribute.attr_type().to_id_string();
    match SHORT_NAMES.iter().find(|(known, _)| *known == id) {
        Some((_, name)) => ((*name).to_owned(), true),
        None => (id, false),
    }
}

/// The characters of a string, in whichever of ASN.1's types.
fn characters(value: &Any<'_>) -> Option<String> {
    let of_units = |units: Vec<u32>| units.into_iter().map(char::from_u32).collect::<Option<String>>();
    match value.tag() {
        Tag::Utf8String => String::from_utf8(value.data.to_vec()).ok(),
        Tag::PrintableString | Tag::T61String | Tag::Ia5String | Tag::NumericString | Tag::VisibleString => {
            Some(value.data.iter().map(|&byte| char::from(byte)).collect())
        }
        Tag::BmpString => {
            let pairs = value.data.chunks_exact(2);
            of_units(
                pairs.map(|pair| pair.iter().fold(0, |unit, &byte| unit << 8 | u32::from(byte))).collect(),
            )
        }
        Tag::UniversalString => {
            let fours = value.data.chunks_exact(4);
            of_units(
                fours.map(|four| four.iter().fold(0, |unit, &byte| unit << 8 | u32::from(byte))).collect(),
            )
        }
        _ => None,
    }
}

/// A value with its special characters escaped (RFC 2253 §2.4), and all bytes that are not of ASCII.
fn write_value(out: &mut Vec<u8>, value: &str) {
    let last = value.len().saturating_sub(1);
    for (at, byte) in value.bytes().enumerate() {
        match byte {
            b',' | b'+' | b'"' | b'\\' | b'<' | b'>' | b';' => out.extend_from_slice(&[b'\\', byte]),
            b'#' if at == 0 => out.extend_from_slice(b"\\#"),
            b' ' if at == 0 || at == last => out.extend_from_slice(b"\\ "),
            b' '..=b'~' => out.push(byte),
            byte => {
                out.push(b'\\');
                text::hex_pair(out, byte);
            }
        }
    }
}

/// `#` and the bytes of its encoding, for what is not known to be text.
fn write_encoding(out: &mut Vec<u8>, value: &Any<'_>) {
    out.push(b'#');
    let length = value.data.len();
    let tag = u8::try_from(value.tag().0).unwrap_or_default();
    let header = match u8::try_from(length) {
        Ok(short @ 0..128) => vec![tag, short],
        Ok(long) => vec![tag, 0x81, long],
        Err(_) => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    for &byte in header.iter().chain(value.data) {
        text::hex_pair(out, byte);
    }
}
