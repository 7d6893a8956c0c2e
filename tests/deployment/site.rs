//! A deployment of our own on loopback: the document's configuration with TLS, run by either engine before two app
//! servers, with certificates made for the test.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use hopcheck_container::{Nginx, NginxOptions};
use hopcheck_targets::conf::Source;
use hopcheck_targets::target::{InstalledNginx, Reference, Target};
use hopcheck_targets::{scene::Scene, stage::Stage};
use mock_upstreams::Exchange;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use tempfile::TempDir;

use crate::certificate;

/// The name that the deployment goes by.
pub(crate) const NAME: &str = "shop.example.com";

/// What runs the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Reference,
    Nginx,
    /// An nginx that is installed here.
    Installed,
}

/// Every engine to be had here. nginx may be missing, unless it is required.
pub(crate) fn engines() -> Vec<Engine> {
    let required = std::env::var_os("HOPCHECK_REQUIRE_NGINX").is_some_and(|value| value == "1");
    let docker = Command::new("docker").arg("version").output().is_ok_and(|output| output.status.success());
    if required || docker {
        return vec![Engine::Reference, Engine::Nginx];
    }
    println!("nginx did not run, so only half of this was tested");
    vec![Engine::Reference]
}

/// How a deployment is made.
pub(crate) struct Plan {
    pub(crate) engine: Engine,
    /// What is changed in the configuration: each text with another in its place.
    pub(crate) edits: Vec<(&'static str, &'static str)>,
    /// What is changed in the certificate.
    pub(crate) certificate: fn(&mut CertificateParams),
    /// Whether the certificate is its own authority.
    self_signed: bool,
    /// Whether it speaks TLS at all.
    pub(crate) tls: bool,
}

impl Plan {
    pub(crate) fn of(engine: Engine) -> Plan {
        Plan { engine, edits: Vec::new(), certificate: |_| (), self_signed: false, tls: true }
    }

    pub(crate) fn edit(mut self, from: &'static str, to: &'static str) -> Plan {
        self.edits.push((from, to));
        self
    }

    pub(crate) fn certificate(self, change: fn(&mut CertificateParams)) -> Plan {
        Plan { certificate: change, ..self }
    }

    pub(crate) fn self_signed(self) -> Plan {
        Plan { self_signed: true, ..self }
    }

    pub(crate) fn plain(self) -> Plan {
        Plan { tls: false, ..self }
    }

    /// Sets it up, and waits until it answers.
    pub(crate) async fn deploy(self) -> Site {
        let directory = tempfile::tempdir().unwrap();
        let here = directory.path();
        let nginx = Path::new("../../nginx");
        std::fs::copy(nginx.join("mime.types"), here.join("mime.types")).unwrap();
        let www = nginx.join("www").canonicalize().unwrap();
        let settings = format!(
            "as-documented = true\n\n[front-end]\nbuild = {www:?}\ndeployed-to = \"/home/dambae200/dambae200-front/www\"\n"
        );
        std::fs::write(here.join("hopcheck.toml"), settings).unwrap();
        certificate::issue(here, NAME, self.certificate).unwrap();
        if self.self_signed {
            sign_by_itself(here);
        }
        let mut conf = std::fs::read_to_string(nginx.join("nginx.conf")).unwrap();
        if self.tls {
            let tls = "listen 443 ssl; ssl_certificate site.pem; ssl_certificate_key site.key;";
            conf = replaced(&conf, "listen 80;", tls);
        }
        for (from, to) in self.edits {
            conf = replaced(&conf, from, to);
        }
        std::fs::write(here.join("nginx.conf"), conf).unwrap();
        let target: Box<dyn Target> = match self.engine {
            Engine::Reference => Box::new(Reference::new(env!("CARGO_BIN_EXE_hopcheck").into()).unwrap()),
            Engine::Nginx => Box::new(Nginx::start(&NginxOptions::from_env()).await.unwrap()),
            Engine::Installed => {
                let program = InstalledNginx::locate().expect("an installed nginx");
                let hopcheck = env!("CARGO_BIN_EXE_hopcheck").into();
                Box::new(InstalledNginx::find(&program).await.unwrap().launched_by(hopcheck))
            }
        };
        let source = Source::read(&here.join("nginx.conf")).unwrap();
        let mut scene = Scene::set(Arc::new(Stage { target, source })).await.unwrap();
        let port = scene.proxy().await.unwrap().port();
        let scheme = if self.tls { "https" } else { "http" };
        let site = Site { url: format!("{scheme}://{NAME}:{port}"), port, directory, scene };
        site.profile("");
        site
    }
}

/// A deployment that runs.
pub(crate) struct Site {
    pub(crate) url: String,
    pub(crate) port: u16,
    pub(crate) directory: TempDir,
    pub(crate) scene: Scene,
}

/// What the profile says of the site, besides how to get there.
pub(crate) const PROFILE: &str = r#"
[api]
path = "/api/items"

[preflight]
allow-origin = "*"
allow-methods = "GET, POST, DELETE, PATCH, OPTIONS"
allow-headers = "Content-Type, Authorization, StorelId"
max-age = 86400

[stomp]
endpoint = "/stomp/ws"
subscribe = "/topic/stock"
send = "/topic/stock"
heart-beat = "200,200"

[front-end]
deep-link = "/stores/7"
text = "담배200"
asset = "/assets/app-5814969b.js"

[instances]
header = "X-Instance"
"#;

impl Site {
    /// Writes a profile that says how to get there and what `more` says, and returns its path.
    pub(crate) fn profile(&self, more: &str) -> String {
        let path = self.directory.path().join("profile.toml");
        let text = format!(
            "{}\n[connect]\naddress = \"127.0.0.1:{}\"\nca-file = \"ca.pem\"\n\n[limits]\nrequests-per-second = 200\n{more}",
            format_args!("url = \"{}\"", self.url),
            self.port
        );
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Runs `hopcheck run` against it, with `more` in the profile. The exit code, and all it said.
    pub(crate) fn run(&self, more: &str, arguments: &[&str]) -> (Option<i32>, String) {
        let profile = self.profile(more);
        said(&hopcheck(&[&["run", "--target", &self.url, "--profile", &profile], arguments].concat()))
    }

    /// Every request that reached an app server.
    pub(crate) fn arrived(&self) -> Vec<Exchange> {
        self.scene.app_servers().iter().flat_map(|server| server.journal().exchanges.clone()).collect()
    }

    pub(crate) async fn end(mut self) {
        self.scene.tear_down().await;
    }
}

pub(crate) fn hopcheck(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hopcheck")).args(arguments).output().unwrap()
}

pub(crate) fn said(output: &Output) -> (Option<i32>, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "nginx.conf does not contain {from:?}");
    text.replace(from, to)
}

/// A certificate that is its own authority, as `openssl req -x509` makes it, in files: `site.pem`, `site.key`.
fn sign_by_itself(directory: &Path) {
    let mut certificate = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
    certificate.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    std::fs::write(directory.join("site.pem"), certificate.self_signed(&key).unwrap().pem()).unwrap();
    std::fs::write(directory.join("site.key"), key.serialize_pem()).unwrap();
}
