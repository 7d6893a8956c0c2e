//! Where a request's body ends: lengths, codings, both, chunks (RFC 9112 §6, §7).

use super::{HIDDEN, Named, get, post};

pub(super) fn lengths() -> Named<String> {
    let length = |value: &str| post(&format!("Content-Length: {value}"), &format!("abc{HIDDEN}"));
    vec![
        ("twice, different", post("Content-Length: 3\r\nContent-Length: 4", &format!("abc{HIDDEN}"))),
        ("twice, the same", post("Content-Length: 3\r\nContent-Length: 3", "abc")),
        ("as a list, different", length("3, 4")),
        ("as a list, the same", length("3, 3")),
        ("with a plus", length("+3")),
        ("with a minus", length("-3")),
        ("minus nothing", length("-0")),
        ("in hexadecimal", length("0x3")),
        ("in octal dress", post("Content-Length: 03", "abc")),
        ("with a fraction", length("3.0")),
        ("with an exponent", length("3e0")),
        ("with an underscore", length("0_3")),
        ("with words behind", length("3 abc")),
        ("with a semicolon", length("3;a=b")),
        ("with spaces within", length("1 0")),
        ("in quotes", length("\"3\"")),
        ("empty", length("")),
        ("only spaces", length("   ")),
        ("beyond 63 bits", length("9223372036854775808")),
        ("beyond 64 bits, 3 in 64", length("18446744073709551619")),
        ("of a hundred nines", length(&"9".repeat(100))),
        ("with a hundred zeros before", post(&format!("Content-Length: {}3", "0".repeat(100)), "abc")),
        ("with a tab before", post("Content-Length: \t3", "abc")),
        ("with a tab behind", post("Content-Length: 3\t", "abc")),
        ("with a vertical tab", length("\u{b}3")),
        ("with a NUL behind", length("3\0")),
        ("white space before the colon", post("Content-Length : 3", &format!("abc{HIDDEN}"))),
        ("an underscore in the name", post("Content_Length: 3", "")),
        ("folded", post("Content-Length:\r\n 3", &format!("abc{HIDDEN}"))),
        ("a GET with a body that looks like a request", {
            let length = HIDDEN.len();
            get(&format!("Content-Length: {length}")) + HIDDEN
        }),
        ("a HEAD with a body", {
            let length = HIDDEN.len();
            format!("HEAD /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{HIDDEN}")
        }),
        ("a preflight with a body that looks like a request", {
            let length = HIDDEN.len();
            format!("OPTIONS /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{HIDDEN}")
        }),
        ("a page with a body that looks like a request", {
            let length = HIDDEN.len();
            format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{HIDDEN}")
        }),
        ("of nothing, and bytes all the same", post("Content-Length: 0", "xx")),
    ]
}

/// A chunked body with another request hidden behind its end for a reader who does not know chunks.
const CHUNKED: &str = "3\r\nabc\r\n0\r\n\r\n";

pub(super) fn codings() -> Named<String> {
    let coding = |lines: &str| post(lines, CHUNKED);
    vec![
        ("chunked", coding("Transfer-Encoding: chunked")),
        ("in capitals", coding("Transfer-Encoding: CHUNKED")),
        ("white space before the colon", coding("Transfer-Encoding : chunked")),
        ("a tab before the colon", coding("Transfer-Encoding\t: chunked")),
        ("a tab before the value", coding("Transfer-Encoding:\tchunked")),
        ("no space before the value", coding("Transfer-Encoding:chunked")),
        ("a vertical tab before the value", coding("Transfer-Encoding:\u{b}chunked")),
        ("a form feed before the value", coding("Transfer-Encoding:\u{c}chunked")),
        ("a NUL behind the value", coding("Transfer-Encoding: chunked\0")),
        ("folded", coding("Transfer-Encoding:\r\n chunked")),
        ("a space before the name", coding("X: y\r\n Transfer-Encoding: chunked")),
        ("an underscore in the name", coding("Transfer_Encoding: chunked")),
        ("chunked within another word", coding("Transfer-Encoding: xchunked")),
        ("chunked with letters behind", coding("Transfer-Encoding: chunkedx")),
        ("in quotes", coding("Transfer-Encoding: \"chunked\"")),
        ("with a parameter", coding("Transfer-Encoding: chunked;q=1")),
        ("identity", coding("Transfer-Encoding: identity")),
        ("identity, chunked", coding("Transfer-Encoding: identity, chunked")),
        ("gzip, chunked", coding("Transfer-Encoding: gzip, chunked")),
        ("chunked, gzip", coding("Transfer-Encoding: chunked, gzip")),
        ("chunked, chunked", coding("Transfer-Encoding: chunked, chunked")),
        ("chunked and an empty item", coding("Transfer-Encoding: chunked,")),
        ("an empty item and chunked", coding("Transfer-Encoding: ,chunked")),
        ("twice", coding("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")),
        ("twice, the second unknown", coding("Transfer-Encoding: chunked\r\nTransfer-Encoding: x")),
        ("twice, the first unknown", coding("Transfer-Encoding: x\r\nTransfer-Encoding: chunked")),
        ("empty", coding("Transfer-Encoding:")),
        (
            "in a field that Connection names",
            coding("Connection: transfer-encoding\r\nTransfer-Encoding: chunked"),
        ),
        (
            "of HTTP/1.0",
            format!("POST /api/x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{CHUNKED}"),
        ),
        ("of a GET", get("Transfer-Encoding: chunked") + CHUNKED),
        (
            "of a preflight",
            format!("OPTIONS /api/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{CHUNKED}"),
        ),
    ]
}

pub(super) fn both() -> Named<String> {
    let both = |lines: &str| post(lines, &format!("0\r\n\r\n{HIDDEN}"));
    vec![
        ("CL.TE", both("Content-Length: 45\r\nTransfer-Encoding: chunked")),
        (
            "TE.CL",
            post("Transfer-Encoding: chunked\r\nContent-Length: 4", &format!("2d\r\n{HIDDEN}\r\n0\r\n\r\n")),
        ),
        ("CL.TE, the coding unknown", both("Content-Length: 5\r\nTransfer-Encoding: xchunked")),
        ("CL.TE, white space before the colon", both("Content-Length: 5\r\nTransfer-Encoding : chunked")),
        ("CL.TE, an underscore", {
            let length = HIDDEN.len() + 5;
            both(&format!("Content-Length: {length}\r\nTransfer_Encoding: chunked"))
        }),
        ("CL.TE, a tab before the value", both("Content-Length: 5\r\nTransfer-Encoding:\tchunked")),
        ("CL.TE, folded", both("Content-Length: 5\r\nTransfer-Encoding:\r\n\tchunked")),
        (
            "CL.TE, hidden in another field's line",
            both("Content-Length: 5\r\nX: y\rTransfer-Encoding: chunked"),
        ),
        ("CL.TE, behind a bare LF", both("Content-Length: 5\r\nX: y\nTransfer-Encoding: chunked")),
        ("CL.TE, in capitals", both("Content-Length: 5\r\nTRANSFER-ENCODING: CHUNKED")),
        ("CL.0 and chunked", both("Content-Length: 0\r\nTransfer-Encoding: chunked")),
        ("TE.TE, the second dressed up", both("Transfer-Encoding: chunked\r\nTransfer-encoding: x, chunked")),
        ("Connection names Content-Length", post("Connection: content-length\r\nContent-Length: 3", "abc")),
    ]
}

pub(super) fn chunks() -> Named<String> {
    let chunked = |body: &str| post("Transfer-Encoding: chunked", body);
    vec![
        ("a size with a plus", chunked("+3\r\nabc\r\n0\r\n\r\n")),
        ("a size with a minus", chunked("-3\r\nabc\r\n0\r\n\r\n")),
        ("a size with 0x", chunked("0x3\r\nabc\r\n0\r\n\r\n")),
        ("a size with an underscore", chunked("0_3\r\nabc\r\n0\r\n\r\n")),
        ("a size with a space before", chunked(" 3\r\nabc\r\n0\r\n\r\n")),
        ("a size with a space behind", chunked("3 \r\nabc\r\n0\r\n\r\n")),
        ("a size with zeros before", chunked("0003\r\nabc\r\n0\r\n\r\n")),
        ("a size of 16 zeros and a 3", chunked(&format!("{}3\r\nabc\r\n0\r\n\r\n", "0".repeat(16)))),
        ("no size", chunked("\r\nabc\r\n0\r\n\r\n")),
        ("a size that is no number", chunked("xyz\r\nabc\r\n0\r\n\r\n")),
        ("a size beyond 64 bits", chunked("10000000000000003\r\nabc\r\n0\r\n\r\n")),
        ("a size of 63 bits and more", chunked("ffffffffffffffff\r\nabc\r\n0\r\n\r\n")),
        ("an extension", chunked("3;a=b\r\nabc\r\n0\r\n\r\n")),
        ("an extension in quotes with a line end", chunked("3;a=\"\r\nabc\r\n0\r\n\r\n")),
        ("an extension without a name", chunked("3;\r\nabc\r\n0\r\n\r\n")),
        ("an extension with a bare LF", chunked(&format!("3;\nabc\r\n0\r\n\r\n{HIDDEN}"))),
        ("an extension with a bare CR", chunked("3;a\rb\r\nabc\r\n0\r\n\r\n")),
        ("an extension of 10 000 bytes", chunked(&format!("3;{}\r\nabc\r\n0\r\n\r\n", "a".repeat(10_000)))),
        ("a size ended by a bare LF", chunked("3\nabc\r\n0\r\n\r\n")),
        ("a size ended by a bare CR", chunked("3\rabc\r\n0\r\n\r\n")),
        ("data ended by a bare LF", chunked("3\r\nabc\n0\r\n\r\n")),
        ("data longer than its size", chunked("3\r\nabcd\r\n0\r\n\r\n")),
        ("data shorter than its size", chunked(&format!("40\r\nabc\r\n0\r\n\r\n{HIDDEN}"))),
        ("no line end behind the data", chunked("3\r\nabc0\r\n\r\n")),
        ("two bytes other than a line end behind the data", chunked(&format!("3\r\nabcXX0\r\n\r\n{HIDDEN}"))),
        ("the last chunk by a bare LF", chunked("3\r\nabc\r\n0\n\n")),
        ("the last chunk with zeros before", chunked("3\r\nabc\r\n000\r\n\r\n")),
        ("trailers", chunked("3\r\nabc\r\n0\r\nX-A: b\r\n\r\n")),
        ("a trailer that sets a length", chunked("3\r\nabc\r\n0\r\nContent-Length: 50\r\n\r\n")),
        ("a trailer that sets a coding", chunked("3\r\nabc\r\n0\r\nTransfer-Encoding: x\r\n\r\n")),
        ("a trailer that sets Host", chunked("3\r\nabc\r\n0\r\nHost: b\r\n\r\n")),
        ("a trailer without a colon", chunked("3\r\nabc\r\n0\r\nX\r\n\r\n")),
        ("trailers ended by a bare LF", chunked("3\r\nabc\r\n0\r\nX: y\n\n")),
        ("a body that looks like a request", {
            chunked(&format!("{:x}\r\n{HIDDEN}\r\n0\r\n\r\n", HIDDEN.len()))
        }),
    ]
}
