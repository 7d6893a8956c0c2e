//! The servers that are compared: how each is configured and started for a site.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::Error;
use crate::process;
use crate::site::{Site, pinned};

/// A server that can stand in front of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Contender {
    Nginx,
    Reference,
    /// Another build of the reference proxy: what `--before` names.
    Before,
    Haproxy,
    Caddy,
    Httpd,
    /// No proxy, but what any proxy costs at the least.
    Relay,
}

/// The `reference-proxy` of another build, set once from the command line.
pub(crate) static BEFORE: OnceLock<PathBuf> = OnceLock::new();

/// What a contender is configured to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setup {
    /// As the document's configuration says it.
    Document,
    /// With `keepalive 64`, HTTP/1.1 and no `Connection` in `location /api`.
    KeptAlive,
    /// The same, and JSON is compressed by `gzip`.
    Gzip,
    /// The same as `KeptAlive`, with a `proxy_cache` for the API.
    Cache,
}

impl Contender {
    /// Those that are always compared; the others stand beside them where they are installed.
    pub(crate) const PAIR: [Contender; 2] = [Contender::Nginx, Contender::Reference];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Contender::Nginx => "nginx",
            Contender::Reference => "reference",
            Contender::Before => "before",
            Contender::Haproxy => "HAProxy",
            Contender::Caddy => "Caddy",
            Contender::Httpd => "Apache httpd",
            Contender::Relay => "bare relay",
        }
    }

    /// Whether it serves files: HAProxy does not.
    pub(crate) fn serves_files(self) -> bool {
        self != Contender::Haproxy
    }

    /// Whether it is configured to do so here.
    pub(crate) fn terminates_tls(self) -> bool {
        Contender::PAIR.contains(&self) || matches!(self, Contender::Before | Contender::Haproxy)
    }

    /// Whether it is configured to speak HTTP/2 here.
    pub(crate) fn speaks_http2(self) -> bool {
        Contender::PAIR.contains(&self)
    }

    /// Whether it can be configured like that here.
    pub(crate) fn takes(self, setup: Setup) -> bool {
        matches!(setup, Setup::Document | Setup::KeptAlive) || Contender::PAIR.contains(&self)
    }

    /// Whether SIGHUP makes it read its configuration again while it goes on serving, as nginx does.
    pub(crate) fn reloads(self) -> bool {
        Contender::PAIR.contains(&self) || self == Contender::Before
    }

    fn program(self) -> Result<PathBuf, Error> {
        let candidates: &[&str] = match self {
            Contender::Reference | Contender::Relay => return Ok(std::env::current_exe()?),
            Contender::Before => {
                let before = BEFORE.get().ok_or("`before` is the build that --before names: give both")?;
                return Ok(before.clone());
            }
            Contender::Nginx => &["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"],
            Contender::Haproxy => &["/usr/sbin/haproxy", "/usr/local/sbin/haproxy"],
            Contender::Caddy => &["/usr/bin/caddy", "/usr/local/bin/caddy"],
            Contender::Httpd => &["/usr/sbin/apache2"],
        };
        candidates.iter().map(PathBuf::from).find(|path| path.exists()).ok_or_else(|| {
            format!("{} is not installed: looked for {}", self.name(), candidates.join(", ")).into()
        })
    }

    /// What the program says of its version.
    ///
    /// # Errors
    /// When it is not installed.
    pub(crate) fn version(self) -> Result<String, Error> {
        if matches!(self, Contender::Reference | Contender::Relay) {
            return Ok(env!("CARGO_PKG_VERSION").into());
        }
        let flag = if self == Contender::Caddy { "version" } else { "-v" };
        let output = Command::new(self.program()?).arg(flag).output()?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        let version = said.split(|c: char| c.is_whitespace() || c == '/').find(|word| word.contains('.'));
        Ok(version.unwrap_or("of unknown version").into())
    }

    /// Starts it in front of the site and waits for its first answer.
    ///
    /// # Errors
    /// When it is not installed, does not start, or does not answer in time.
    pub(crate) fn start(self, site: &Site, setup: Setup) -> Result<Running, Error> {
        let conf = site.path().join(format!("{}.conf", self.name().replace(' ', "-")));
        fs::write(&conf, self.configuration(site, setup)?)?;
        let said = site.path().join(format!("{}.said", self.name()));
        let mut command = pinned(site.cores.proxy, &self.program()?);
        match self {
            Contender::Reference => command.arg("reference-proxy").arg("-c").arg(&conf),
            Contender::Before => command.arg("-c").arg(&conf),
            Contender::Relay => {
                command.arg("relay").args([site.port, site.backends[0]].map(|port| port.to_string()))
            }
            Contender::Nginx => command.args(["-g", "daemon off;", "-c"]).arg(&conf),
            Contender::Haproxy => command.arg("-f").arg(&conf),
            Contender::Caddy => command.args(["run", "--adapter", "caddyfile", "--config"]).arg(&conf),
            Contender::Httpd => command.args(["-D", "FOREGROUND", "-f"]).arg(&conf),
        };
        if self == Contender::Caddy {
            // As many threads that run Go as workers elsewhere, and its state below the scratch directory.
            command.env("GOMAXPROCS", "1").env("HOME", site.path());
        }
        // HAProxy's log is its standard output, as a file like the others'.
        let out = File::create(site.path().join("access.log"))?;
        command.stdout(out).stderr(File::create(&said)?);
        let begun = Instant::now();
        let mut running = Running { child: command.spawn()?, port: site.port, started_in: Duration::ZERO };
        while !running.answers() {
            if let Some(status) = running.child.try_wait()? {
                return Err(did_not_start(self, &format!("ended with {status}"), &said));
            }
            if begun.elapsed() > Duration::from_secs(20) {
                return Err(did_not_start(self, "gave no answer in 20 s", &said));
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        running.started_in = begun.elapsed();
        Ok(running)
    }

    fn configuration(self, site: &Site, setup: Setup) -> Result<String, Error> {
        let kept = setup != Setup::Document;
        let choose = |kept_alive: &'static str, closed: &'static str| if kept { kept_alive } else { closed };
        match self {
            Contender::Nginx | Contender::Reference | Contender::Before => {
                nginx_conf(site, setup, self.speaks_http2())
            }
            Contender::Relay => Ok(String::new()),
            Contender::Haproxy => {
                let reuse = choose("http-reuse always", "option httpclose");
                Ok(filled(include_str!("../conf/haproxy.cfg"), site, &[("{http-reuse}", reuse)]))
            }
            Contender::Caddy => {
                let transport = choose("", "transport http {\n\t\t\t\tkeepalive off\n\t\t\t}");
                Ok(filled(include_str!("../conf/Caddyfile"), site, &[("{transport}", transport)]))
            }
            Contender::Httpd => {
                fs::write(
                    site.path().join("mime.types.httpd"),
                    "text/html html\ntext/javascript js\napplication/octet-stream bin\n",
                )?;
                let member = choose("", "disablereuse=on");
                let (user, group) = worker_account();
                Ok(filled(
                    include_str!("../conf/httpd.conf"),
                    site,
                    &[
                        ("{member}", member),
                        ("{user}", user),
                        ("{group}", group),
                        ("{modules}", "/usr/lib/apache2/modules"),
                    ],
                ))
            }
        }
    }
}

fn did_not_start(contender: Contender, what: &str, said: &Path) -> Error {
    let said = fs::read_to_string(said).unwrap_or_default();
    format!("{} {what}\n{}", contender.name(), said.trim_end()).into()
}

/// The account that workers change to when started as root, and its group.
fn worker_account() -> (&'static str, &'static str) {
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    let group = if groups.lines().any(|line| line.starts_with("nogroup:")) { "nogroup" } else { "nobody" };
    ("nobody", group)
}

fn filled(template: &str, site: &Site, more: &[(&str, &str)]) -> String {
    let [blue, green] = site.backends;
    let mut text = template
        .replace("{port}", &site.port.to_string())
        .replace("{tls-port}", &site.tls_port.to_string())
        .replace("{certificate}", &site.certificate().display().to_string())
        .replace("{blue}", &blue.to_string())
        .replace("{green}", &green.to_string())
        .replace("{scratch}", &site.path().display().to_string());
    for (name, value) in more {
        text = text.replace(name, value);
    }
    text
}

/// The document's configuration with other places and limits, and nothing else: what is missing there is an error here.
fn nginx_conf(site: &Site, setup: Setup, http2: bool) -> Result<String, Error> {
    let scratch = site.path().display();
    let [blue, green] = site.backends;
    let (user, group) = worker_account();
    fs::write(site.path().join("mime.types"), include_str!("../../../nginx/mime.types"))?;
    let tls = format!(
        "listen 127.0.0.1:{} ssl; ssl_certificate {1}; ssl_certificate_key {1}; ssl_protocols TLSv1.2 TLSv1.3;",
        site.tls_port,
        site.certificate().display()
    );
    let http2 = if http2 { format!("listen 127.0.0.1:{} http2;\n", site.http2_port) } else { String::new() };
    let mut edits = vec![
        ("user nginx;", format!("user {user} {group};")),
        ("worker_processes auto;", "worker_processes 1;".into()),
        ("worker_connections 1024;", "worker_connections 32768;".into()),
        ("/var/log/nginx/error.log", format!("{scratch}/error.log")),
        ("/var/run/nginx.pid", format!("{scratch}/nginx.pid")),
        ("/etc/nginx/mime.types", format!("{scratch}/mime.types")),
        ("/var/log/nginx/access.log", format!("{scratch}/access.log")),
        ("include /etc/nginx/conf.d/*.conf;", String::new()),
        ("server 49.50.164.244:1025;", format!("server 127.0.0.1:{blue};")),
        ("server 49.50.164.244:1026;", format!("server 127.0.0.1:{green};")),
        ("listen 80;", format!("listen 127.0.0.1:{};\n{http2}{tls}", site.port)),
        ("root /home/dambae200/dambae200-front/www;", format!("root {};", site.www().display())),
    ];
    let api = match setup {
        Setup::Document | Setup::KeptAlive => "",
        Setup::Gzip => "gzip on; gzip_types application/json;",
        Setup::Cache => "proxy_cache bench; proxy_cache_valid 200 10m;",
    };
    if setup == Setup::Cache {
        edits.push(("http {", format!("http {{ proxy_cache_path {scratch}/cache keys_zone=bench:1m;")));
    }
    if setup != Setup::Document {
        edits.push(("upstream dambae200 {", "upstream dambae200 { keepalive 64;".into()));
        let kept_alive = "proxy_http_version 1.1; proxy_set_header Connection \"\";";
        edits.push(("location /api {", format!("location /api {{ {kept_alive} {api}")));
    }
    let mut conf = include_str!("../../../nginx/nginx.conf").to_owned();
    for (from, to) in edits {
        if !conf.contains(from) {
            return Err(format!(
                "nginx/nginx.conf has no `{from}` any more: mend crates/bench/src/contender.rs"
            )
            .into());
        }
        conf = conf.replacen(from, &to, 1);
    }
    Ok(conf)
}

/// A contender in front of the site, until dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    port: u16,
    /// From the start of the process to the first answer.
    pub(crate) started_in: Duration,
}

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal to the master process.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        if let Some(pid) = i32::try_from(self.pid()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, signal);
        }
    }

    fn answers(&self) -> bool {
        let ask = || -> std::io::Result<bool> {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            stream.write_all(b"GET /api/items HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer)?;
            Ok(answer.starts_with(b"HTTP/1.1 200 "))
        };
        ask().unwrap_or(false)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        process::kill(self.pid());
        let _ = self.child.wait();
    }
}
