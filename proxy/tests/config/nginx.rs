//! Real nginx, where there is one: `HOPCHECK_NGINX`, or the usual place.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::reserved::{Reserved, reserve};

/// The program, or one line that says that it is missing.
pub(crate) fn find(test: &str) -> Option<PathBuf> {
    let named = std::env::var_os("HOPCHECK_NGINX").map(PathBuf::from);
    let program = named.unwrap_or_else(|| PathBuf::from("/usr/sbin/nginx"));
    if program.is_file() {
        return Some(program);
    }
    let required = std::env::var_os("HOPCHECK_REQUIRE_NGINX").is_some_and(|value| value == "1");
    assert!(!required, "{test}: nginx is required, and {} is not there", program.display());
    println!(
        "{test}: not compared with nginx, since {} is not there (HOPCHECK_NGINX names another)",
        program.display()
    );
    None
}

/// nginx of a version: `nginx-VERSION` in the directory that `HOPCHECK_NGINX_VERSIONS` names.
pub(crate) fn of_version(version: &str) -> Option<PathBuf> {
    let directory = PathBuf::from(std::env::var_os("HOPCHECK_NGINX_VERSIONS")?);
    Some(directory.join(format!("nginx-{version}"))).filter(|program| program.is_file())
}

/// A prefix that nginx accepts as its own: it writes its logs there.
pub(crate) fn prefix() -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::create_dir(directory.path().join("logs")).expect("a directory for logs");
    directory
}

/// `nginx -t`: its warnings, or the error.
pub(crate) fn test(program: &Path, prefix: &Path, global: Option<&str>) -> Result<String, String> {
    let mut command = Command::new(program);
    command
        .args(["-t", "-e", "stderr", "-p"])
        .arg(format!("{}/", prefix.display()))
        .args(["-c", "nginx.conf"]);
    command.args(global.iter().flat_map(|global| ["-g", global]));
    let output = command.stdin(Stdio::null()).output().expect("nginx starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // `nginx: [warn] …`, or with a log's time and process id in the place of the name.
    let of_level = |levels: &[&str]| {
        let message = |line: &str| {
            let (_, rest) = line.split_once('[')?;
            let (level, rest) = rest.split_once("] ")?;
            let logged = rest.split_once(": ").filter(|(id, _)| id.contains('#')).map(|(_, message)| message);
            levels.contains(&level).then(|| logged.unwrap_or(rest).to_owned())
        };
        said.lines().filter_map(message).collect::<Vec<_>>()
    };
    match output.status.success() {
        true => Ok(of_level(&["warn"]).join("\n")),
        false => Err(of_level(&["emerg", "crit"]).into_iter().next().unwrap_or(said.clone())),
    }
}

/// A running nginx, stopped when dropped.
pub(crate) struct Running {
    child: Child,
    reserved: Reserved,
    _prefix: TempDir,
}

impl Running {
    /// Starts it with one server on a port of its own.
    pub(crate) fn start(program: &Path, server: &str) -> Running {
        let prefix = prefix();
        let reserved = reserve();
        let address = reserved.address;
        let conf = format!(
            "daemon off; master_process off; pid nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\n\
             server {{ listen {address};\n{server}\n}}\n}}\n"
        );
        std::fs::write(prefix.path().join("nginx.conf"), conf).expect("the file is written");
        let child = Command::new(program)
            .arg("-p")
            .arg(format!("{}/", prefix.path().display()))
            .args(["-c", "nginx.conf", "-e", "stderr"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx starts");
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "nginx does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Running { child, reserved, _prefix: prefix }
    }

    /// What it answers to a request for `target`: the status and the body.
    pub(crate) fn get(&self, target: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(self.reserved.address).expect("nginx is there");
        let request = [b"GET ", target, b" HTTP/1.1\r\nHost: name\r\nConnection: close\r\n\r\n"].concat();
        stream.write_all(&request).expect("it reads");
        stream.shutdown(Shutdown::Write).ok();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok();
        let head_end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a response head");
        let status = String::from_utf8_lossy(&answer[9..12]).parse().expect("a status");
        (status, answer[head_end + 4..].to_vec())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
