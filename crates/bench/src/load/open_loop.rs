//! Open loop: requests are due at a fixed rate whether or not earlier ones were answered, and latency counts from when one was
//! due. A proxy that stalls for a moment is seen to stall for every request that was due then.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use super::{Latency, Seen};
use crate::Error;

/// Connections that share the rate, each a thread of its own: one request at a time on each.
const CONNECTIONS: u32 = 16;

/// Asks for `path` at `rate` requests per second.
///
/// # Errors
/// When no thread could be started.
pub(crate) fn run(port: u16, path: &'static str, rate: u32, time: Duration) -> Result<Seen, Error> {
    let begun = Instant::now() + Duration::from_millis(20);
    let between = Duration::from_secs(1) * CONNECTIONS / rate;
    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|nth| {
            let first = begun + between * nth / CONNECTIONS;
            std::thread::Builder::new().spawn(move || ask(port, path, first, between, begun + time))
        })
        .collect::<Result<_, _>>()?;
    let mut latencies = Vec::new();
    let mut failures = 0;
    for thread in threads {
        let (seen, failed) = thread.join().map_err(|_| "a thread of the open loop panicked")?;
        latencies.extend(seen);
        failures += failed;
    }
    let elapsed = begun.elapsed();
    latencies.sort_unstable();
    let percentile = |percent: usize| latencies.get(latencies.len().saturating_sub(1) * percent / 100);
    let latency = percentile(50).zip(percentile(99)).map(|(p50, p99)| Latency { p50: *p50, p99: *p99 });
    Ok(Seen { done: latencies.len() as u64, bytes: 0, elapsed, failures, latency })
}

/// One connection's part: the latency of each request that was answered, and how many were not.
fn ask(port: u16, path: &str, first: Instant, between: Duration, end: Instant) -> (Vec<Duration>, u64) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n");
    let mut latencies = Vec::new();
    let mut failures = 0;
    let mut connection = None;
    let mut due = first;
    while due < end {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        match exchange(port, &mut connection, request.as_bytes()) {
            Ok(true) => latencies.push(due.elapsed()),
            Ok(false) | Err(_) => {
                failures += 1;
                connection = None;
            }
        }
        due += between;
    }
    (latencies, failures)
}

/// Whether the answer was a 200. A connection that the server ends is left for a new one.
fn exchange(port: u16, connection: &mut Option<TcpStream>, request: &[u8]) -> std::io::Result<bool> {
    let mut stream = match connection.take() {
        Some(stream) => stream,
        None => {
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(Duration::from_secs(20)))?;
            stream
        }
    };
    stream.write_all(request)?;
    let mut read = Vec::with_capacity(4096);
    loop {
        let mut some = [0; 4096];
        let count = stream.read(&mut some)?;
        if count == 0 {
            return Ok(false);
        }
        read.extend_from_slice(&some[..count]);
        let mut fields = [httparse::EMPTY_HEADER; 32];
        let mut answer = httparse::Response::new(&mut fields);
        let Ok(httparse::Status::Complete(head)) = answer.parse(&read) else { continue };
        let field = |name: &str| answer.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name));
        let length = field("content-length")
            .and_then(|field| std::str::from_utf8(field.value).ok()?.parse::<usize>().ok());
        let closes = field("connection").is_some_and(|field| field.value.eq_ignore_ascii_case(b"close"));
        // Answers of HTTP/1.0 app servers come in chunks, small ones in one: the last chunk ends it.
        let ends = match length {
            Some(length) => read.len() - head >= length,
            None => read.ends_with(b"0\r\n\r\n"),
        };
        if ends {
            let good = answer.code == Some(200);
            if !closes {
                *connection = Some(stream);
            }
            return Ok(good);
        }
    }
}
