//! Where a run takes place: a scratch directory with a front end, ports, and the backend.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Error;
use crate::process::{self, Cores};

/// The site that every contender stands in front of, one at a time.
#[derive(Debug)]
pub(crate) struct Site {
    scratch: tempfile::TempDir,
    /// Of the two app servers.
    pub(crate) backends: [u16; 2],
    /// On which the contender listens.
    pub(crate) port: u16,
    /// The same, for TLS.
    pub(crate) tls_port: u16,
    /// The same, for HTTP/2 without TLS.
    pub(crate) http2_port: u16,
    pub(crate) cores: Cores,
    backend: Child,
}

impl Site {
    /// Lays out the front end and starts the backend.
    ///
    /// # Errors
    /// When the directory, a port or the backend cannot be had.
    pub(crate) fn new(cores: Cores) -> Result<Site, Error> {
        let scratch = tempfile::Builder::new().prefix("hopcheck-bench-").tempdir()?;
        readable(scratch.path())?;
        let www = scratch.path().join("www");
        fs::create_dir_all(www.join("assets"))?;
        fs::write(www.join("index.html"), "<!doctype html><title>bench</title>")?;
        fs::write(www.join("assets/1k.js"), vec![b'/'; 1024])?;
        fs::write(www.join("assets/1m.bin"), vec![b'x'; 1024 * 1024])?;
        let [port, tls_port, http2_port, blue, green] = free_ports()?;
        let backend = pinned(cores.backend, &std::env::current_exe()?)
            .arg("backend")
            .args([blue.to_string(), green.to_string()])
            .spawn()?;
        end_cleanly(scratch.path().to_owned())?;
        let site = Site { scratch, backends: [blue, green], port, tls_port, http2_port, cores, backend };
        fs::write(site.certificate(), certificate()?)?;
        wait_for(blue)?;
        wait_for(green)?;
        Ok(site)
    }

    /// The scratch directory.
    pub(crate) fn path(&self) -> &Path {
        self.scratch.path()
    }

    /// A certificate and its key, in one file.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.path().join("certificate.pem")
    }

    /// The directory of the front end.
    pub(crate) fn www(&self) -> PathBuf {
        self.path().join("www")
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.backend.kill();
        let _ = self.backend.wait();
    }
}

/// A certificate that nobody vouches for and its key, of the kind that most have today: ECDSA on P-256.
fn certificate() -> Result<String, Error> {
    let key = rcgen::KeyPair::generate()?;
    let certificate = rcgen::CertificateParams::new(vec!["localhost".into()])?.self_signed(&key)?;
    Ok(certificate.pem() + &key.serialize_pem())
}

/// Leaves nothing behind when the run is interrupted.
fn end_cleanly(scratch: PathBuf) -> Result<(), Error> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    std::thread::Builder::new().spawn(move || {
        let interrupted = runtime.block_on(async {
            let mut interrupt = signal(SignalKind::interrupt()).ok()?;
            let mut terminate = signal(SignalKind::terminate()).ok()?;
            tokio::select! {
                came = interrupt.recv() => came,
                came = terminate.recv() => came,
            }
        });
        if interrupted.is_some() {
            process::kill(std::process::id());
            let _ = fs::remove_dir_all(scratch);
            eprintln!("\nbench: interrupted");
            std::process::exit(2);
        }
    })?;
    Ok(())
}

/// A command that runs on one core.
pub(crate) fn pinned(core: usize, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.arg("-c").arg(core.to_string()).arg(program).stdin(Stdio::null());
    command
}

/// Lets workers that gave up root read what lies below.
fn readable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

/// Ports below those that the kernel gives to outgoing connections, of which a run makes very many.
fn free_ports() -> Result<[u16; 5], Error> {
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let ports: Vec<u16> = (18_000..28_000).filter(free).take(5).collect();
    ports.try_into().map_err(|_| "no five free ports between 18000 and 28000 on 127.0.0.1".into())
}

/// Waits until somebody listens.
fn wait_for(port: u16) -> Result<(), Error> {
    let deadline = Instant::now() + Duration::from_secs(10);
    while std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        if Instant::now() > deadline {
            return Err(format!("the backend does not listen on port {port}").into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
