//! Files that do not fit into a socket's buffers, by `sendfile` and without.

use std::io::{Read, Write};

use crate::support::{Proxy, until};

const LENGTH: usize = 20_000_000;

/// Bytes that tell where in the file they stand.
fn content() -> Vec<u8> {
    (0..LENGTH as u32 / 4).flat_map(u32::to_be_bytes).collect()
}

#[test]
fn a_file_or_a_part_of_it_arrives_as_it_is() {
    let (root, content) = (tempfile::tempdir().expect("a directory"), content());
    std::fs::write(root.path().join("file"), &content).expect("a written file");
    for sendfile in ["on", "off"] {
        let proxy = Proxy::start("", &format!("sendfile {sendfile}; root {};", root.path().display()));
        let mut client = proxy.connect();
        for (range, expected) in [
            ("0-", &content[..]),
            ("1000-5000999", &content[1000..5_001_000]),
            ("7-40006", &content[7..40_007]),
            ("0-0", &content[..1]),
        ] {
            let head = format!("GET /file HTTP/1.1\r\nHost: a\r\nRange: bytes={range}\r\n\r\n");
            client.write_all(head.as_bytes()).expect("a request");
            let head = until(&mut client, "\r\n\r\n");
            assert!(
                head.starts_with("HTTP/1.1 206 ")
                    && head.contains(&format!("\r\nContent-Length: {}\r\n", expected.len())),
                "{head}"
            );
            let mut seen = vec![0; expected.len()];
            client.read_exact(&mut seen).expect("the file");
            assert!(seen == expected, "sendfile {sendfile}, {range}");
        }
    }
}

#[test]
fn a_client_that_leaves_in_the_middle_of_a_file_is_let_go() {
    let root = tempfile::tempdir().expect("a directory");
    std::fs::write(root.path().join("file"), content()).expect("a written file");
    for sendfile in ["on", "off"] {
        let proxy = Proxy::start("", &format!("sendfile {sendfile}; root {};", root.path().display()));
        let mut client = proxy.connect();
        client.write_all(b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n").expect("a request");
        until(&mut client, "\r\n\r\n");
        drop(client);
        assert!(proxy.access_line("/file").starts_with("GET /file HTTP/1.1|200|"));
    }
}
