//! Serves a small configuration and sends it one request: `cargo run -p reference-proxy --example one_request`.

use std::error::Error;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use reference_proxy::server;

/// How long the proxy may take to listen.
const START_TIMEOUT: Duration = Duration::from_secs(10);

fn main() -> Result<(), Box<dyn Error>> {
    let prefix = tempfile::tempdir()?;
    // A port that was free a moment ago.
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let config = format!(
        r#"
        pid nginx.pid;
        error_log stderr;
        events {{}}
        http {{
            access_log off;
            server {{
                listen 127.0.0.1:{port};
                location = /hello {{
                    default_type text/plain;
                    return 200 "$request_method $uri from $remote_addr\n";
                }}
            }}
        }}
        "#
    );
    std::fs::write(prefix.path().join("nginx.conf"), config)?;

    let arguments = arguments(prefix.path(), &[]);
    let proxy = thread::spawn(move || server::main(arguments));
    println!("{}", get(port, "/hello")?);

    // As nginx: the same program, run again, sends the running one a signal.
    server::main(self::arguments(prefix.path(), &["-s", "quit"]));
    match proxy.join() {
        Ok(code) if code == ExitCode::SUCCESS => Ok(()),
        _ => Err("the proxy failed".into()),
    }
}

/// The command line: `-p prefix`, and more.
fn arguments(prefix: &Path, more: &[&str]) -> Vec<OsString> {
    let prefix = [OsString::from("-p"), prefix.into()];
    prefix.into_iter().chain(more.iter().map(OsString::from)).collect()
}

/// The response to a GET, as soon as the proxy listens.
fn get(port: u16, path: &str) -> std::io::Result<String> {
    let deadline = Instant::now() + START_TIMEOUT;
    let mut stream = loop {
        match TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
            Err(_) if Instant::now() < deadline => thread::sleep(Duration::from_millis(10)),
            result => break result?,
        }
    };
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    Ok(response)
}
