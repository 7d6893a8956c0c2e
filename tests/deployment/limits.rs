//! What is read of a live answer at most, of sites that send too much, too slowly, or both.

use std::io::Write as _;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::raw_site::serve;

/// No run may need more memory, whatever a site sends.
const MAX_MEMORY_KIB: u64 = 200 * 1024;

/// What the profile says of the site.
const PROFILE: &str = "[api]\npath = \"/api/items\"\n[stomp]\nendpoint = \"/ws\"\n\
    [front-end]\ndeep-link = \"/deep\"\nasset = \"/app-5814969b.js\"\n\
    [limits]\nrequests-per-second = 1000\n";

/// What a site does after the answer to the first request, a HEAD.
type Answer = fn(&str, &mut TcpStream) -> std::io::Result<()>;

const MIB: usize = 1 << 20;

/// Writes `bytes` until nobody reads them.
fn without_end(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    loop {
        stream.write_all(bytes)?;
    }
}

fn body_without_end(_: &str, stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>shop</title>")?;
    without_end(stream, &[b'x'; MIB])
}

fn chunk_without_end(_: &str, stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n")?;
    without_end(stream, &[b'x'; MIB])
}

fn head_without_end(_: &str, stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nX: ")?;
    without_end(stream, &[b'x'; MIB])
}

/// Answers that are just small enough.
fn large(head: &str, stream: &mut TcpStream) -> std::io::Result<()> {
    let length = 16 * MIB - 1;
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\r\n")?;
    if head.starts_with("HEAD") {
        return Ok(());
    }
    let block = [b'x'; MIB];
    (0..15).try_for_each(|_| stream.write_all(&block))?;
    stream.write_all(&block[1..])
}

/// A frame that announces 1 GiB, and goes on.
fn websocket_frame_without_end(head: &str, stream: &mut TcpStream) -> std::io::Result<()> {
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    let Some(key) = key else { return large(head, stream) };
    let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes());
    write!(
        stream,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: v12.stomp\r\n\r\n"
    )?;
    stream.write_all(&[0x81, 127, 0, 0, 0, 0, 0x40, 0, 0, 0])?;
    without_end(stream, &[b'x'; MIB])
}

/// A byte now and then.
fn a_byte_at_a_time(_: &str, stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")?;
    loop {
        stream.write_all(b"x")?;
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The site's URL. The first request, a HEAD of `/`, is answered as it should be, or there would be no run.
fn site(answer: Answer) -> String {
    serve(move |head, stream| {
        if head.starts_with("HEAD / ") {
            return stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n").is_ok();
        }
        answer(head, stream).is_ok()
    })
}

/// What a run says that ends, and the most memory that it had, in KiB.
fn measured(arguments: &[&str], url: &str, directory: &TempDir) -> (String, u64) {
    let output = std::fs::File::create(directory.path().join("output")).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_hopcheck"))
        .args(arguments)
        .args(["--target", url])
        .stdin(Stdio::null())
        .stderr(output.try_clone().unwrap())
        .stdout(output)
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        // The kernel keeps the peak; it is gone once the program has ended.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|kib| kib.parse().ok());
        peak = peak.max(kib.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(5));
    }
    (std::fs::read_to_string(directory.path().join("output")).unwrap(), peak)
}

#[test]
fn no_answer_is_read_without_end() {
    let size = "the answer is larger than 16 MiB, and is not read further";
    for (name, answer, said) in [
        ("body", body_without_end as Answer, size),
        ("chunk", chunk_without_end, size),
        ("head", head_without_end, size),
        ("large", large, "the handshake was answered with 200"),
        ("frame", websocket_frame_without_end, size),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let profile = directory.path().join("hopcheck.toml");
        std::fs::write(&profile, PROFILE).unwrap();
        let profile = profile.display().to_string();
        let url = site(answer);
        let found = directory.path().join("found.toml").display().to_string();
        for arguments in [
            &["run", "--profile", &profile][..],
            &["init", "--profile", &found],
            &["watch", "--profile", &profile, "--for", "1s"],
        ] {
            let (output, peak) = measured(arguments, &url, &directory);
            println!("{name} {}: at most {} MiB", arguments[0], peak / 1024);
            assert!(peak > 0 && peak < MAX_MEMORY_KIB, "{name} {arguments:?} had {peak} KiB");
            if arguments[0] == "run" {
                assert!(output.contains(said), "{name}: {}", &output[..output.len().min(4000)]);
            }
        }
    }
}

#[test]
fn an_answer_that_has_no_end_is_given_up() {
    let directory = tempfile::tempdir().unwrap();
    let profile = directory.path().join("hopcheck.toml");
    std::fs::write(&profile, format!("{PROFILE}longest-answer = \"1s\"\n")).unwrap();
    let url = site(a_byte_at_a_time);
    let arguments = ["run", "--profile", &profile.display().to_string(), "--tags", "@D5"];
    let (output, _) = measured(&arguments, &url, &directory);
    assert!(output.contains("the answer has no end after 1 s, and is not read further"), "{output}");
}

#[test]
fn a_profile_says_how_much_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let profile = directory.path().join("hopcheck.toml");
    std::fs::write(&profile, format!("{PROFILE}largest-answer = \"64k\"\n")).unwrap();
    let arguments = ["run", "--profile", &profile.display().to_string(), "--tags", "@D5"];
    let (output, _) = measured(&arguments, &site(large), &directory);
    assert!(output.contains("the answer is larger than 64 KiB"), "{output}");
}
