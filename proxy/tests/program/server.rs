//! A program under test: the reference proxy, or nginx to compare it with.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::reserved::{Reserved, reserve};

/// How long anything may take before it counts as never.
const DEADLINE: Duration = Duration::from_secs(20);

/// A directory with `nginx.conf`, `logs/` and `www/`, and ports reserved for what will listen on them.
pub(crate) struct Site {
    directory: TempDir,
    ports: [Reserved; 2],
}

impl Site {
    /// A site whose configuration is `conf`, with `@PORT@` and `@PORT2@` replaced by the two ports, and `@USER@` by the account of
    /// workers.
    pub(crate) fn new(conf: &str) -> Site {
        let site = Site { directory: TempDir::new().unwrap(), ports: [reserve(), reserve()] };
        // A worker that gave up root must be able to come in.
        fs::set_permissions(site.path(""), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(site.path("logs")).unwrap();
        fs::create_dir(site.path("www")).unwrap();
        site.configure(conf);
        site
    }

    /// Writes another configuration.
    pub(crate) fn configure(&self, conf: &str) {
        let port = |index: usize| self.address(index).port().to_string();
        // Without it, each program would choose its own user.
        let user = if rustix::process::geteuid().is_root() { "user nobody nogroup;" } else { "" };
        let conf = conf.replace("@PORT@", &port(0)).replace("@PORT2@", &port(1)).replace("@USER@", user);
        fs::write(self.path("nginx.conf"), conf).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Writes a file that is of the same time in each site, so that validators are the same.
    pub(crate) fn write_dated(&self, name: &str, text: &str) {
        self.write(name, text);
        let file = fs::File::open(self.path(name)).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000)).unwrap();
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn address(&self, index: usize) -> SocketAddr {
        self.ports[index].address
    }

    fn command(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.arg("-p").arg(self.path("")).args(["-c", "nginx.conf"]).args(arguments);
        command
    }

    /// Runs the reference proxy to its end: for `-t`, `-s` and what fails to start.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_reference-proxy"), arguments).output().unwrap()
    }

    /// What [`Site::run`] says on standard error and prints, with the site's directory written as `DIR`.
    pub(crate) fn said(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.run(arguments);
        let said = String::from_utf8([output.stderr, output.stdout].concat()).unwrap();
        (output.status.code(), said.replace(self.path("").to_str().unwrap().trim_end_matches('/'), "DIR"))
    }

    /// Starts the reference proxy and waits until it accepts on the first port.
    pub(crate) fn start(&self) -> Server<'_> {
        self.start_program(env!("CARGO_BIN_EXE_reference-proxy"), &[])
    }

    /// The same, standing for a version of nginx.
    pub(crate) fn start_as(&self, version: &str) -> Server<'_> {
        self.start_program(env!("CARGO_BIN_EXE_reference-proxy"), &["--as", version])
    }

    /// Starts nginx.
    pub(crate) fn start_nginx(&self, program: &Path) -> Server<'_> {
        self.start_program(program, &["-g", "daemon off;"])
    }

    fn start_program(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> Server<'_> {
        let mut command = self.command(program, arguments);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut server = Server { site: self, child };
        eventually("the program accepts connections", || {
            assert!(server.child.try_wait().unwrap().is_none(), "it ended: {}", self.read("logs/error.log"));
            // The pid file is written once all addresses are bound.
            TcpStream::connect(self.address(0)).is_ok() && !self.read("nginx.pid").is_empty()
        });
        server
    }
}

/// A running program; stopped when dropped.
pub(crate) struct Server<'a> {
    pub(crate) site: &'a Site,
    child: Child,
}

impl Server<'_> {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the program to end by itself.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("the program ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// Waits until the error log has this text `count` times.
    pub(crate) fn logged(&self, text: &str, count: usize) {
        eventually(&format!("{text:?} is logged {count} times"), || {
            self.site.read("logs/error.log").matches(text).count() >= count
        });
    }

    /// The response to a request that asks for the connection to be closed.
    pub(crate) fn get(&self, target: &str) -> Response {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes())
    }

    /// What comes back for these bytes before the connection is closed.
    pub(crate) fn send(&self, request: &[u8]) -> Response {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        read_response(&mut stream)
    }

    pub(crate) fn connect(&self) -> TcpStream {
        connect(self.site.address(0))
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        // Killed, a master of nginx would leave its workers behind; told to stop, it takes them along.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let deadline = Instant::now() + DEADLINE;
        while self.child.try_wait().is_ok_and(|status| status.is_none()) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// A response: its head's lines and its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) head: Vec<String>,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn status(&self) -> u16 {
        let word = self.head.first().and_then(|line| line.split(' ').nth(1));
        word.and_then(|word| word.parse().ok()).unwrap_or_default()
    }
}

/// Reads until the connection is closed.
pub(crate) fn read_response(stream: &mut TcpStream) -> Response {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    Response { head: head.split("\r\n").map(str::to_owned).collect(), body: body.to_owned() }
}

/// Waits for a condition.
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
