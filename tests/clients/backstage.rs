//! The scene of one client: the proxy, what is behind it, and what the client's script asks for.

use std::path::Path;
use std::sync::Arc;

use hopcheck_targets::conf::Overlay;
use hopcheck_targets::scene::Scene;
use hopcheck_targets::stage::Stage;
use hopcheck_targets::target::Signal;
use mock_upstreams::AppServer;
use mock_upstreams::journal::{Session, SessionEnd};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Run;
use crate::app_server::RealAppServer;
use crate::certificate;
use crate::engine::Engine;
use crate::list::{AppServers, Client, Conf, Program};
use crate::packages::{HERE, Packages};
use crate::script;

/// What of a log is shown, in lines.
const MAX_LOG: usize = 30;

/// Only expires when something is wrong.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(30);

/// How often a log is looked at that is waited for.
const POLL_INTERVAL: std::time::Duration = std::time::Duration::from_millis(10);

/// The name in the certificate.
const NAME: &str = "shop.example.com";

/// What a script acts upon.
struct Backstage<'a> {
    packages: &'a Packages,
    stage: Arc<Stage>,
    conf: Conf,
    scene: Scene,
    real: Vec<RealAppServer>,
    /// A folder that goes with the script, with the certificates of the site.
    scratch: TempDir,
}

/// Has a client go through a proxy.
pub(crate) async fn run(packages: &Packages, client: &'static Client, engine: &Engine) -> Run {
    let mut run = Run { client, engine: engine.name, checks: Ok(Vec::new()), logs: String::new() };
    match Backstage::set(packages, client, engine).await {
        Ok(mut backstage) => {
            run.checks = backstage.perform(client).await;
            run.logs = backstage.logs();
            backstage.tear_down().await;
        }
        Err(why) => run.checks = Err(why),
    }
    run
}

impl Backstage<'_> {
    async fn set<'a>(
        packages: &'a Packages,
        client: &Client,
        engine: &Engine,
    ) -> Result<Backstage<'a>, String> {
        let stage = Arc::clone(&engine.stage);
        let scene = Scene::set(Arc::clone(&stage)).await.map_err(|error| error.to_string())?;
        let mut real = Vec::new();
        if let AppServers::Real(language, file) = client.app_servers {
            let start = |name| RealAppServer::start(packages, name, language, file);
            let (blue, green) = futures::try_join!(start("blue"), start("green"))?;
            real = vec![blue, green];
        }
        let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
        certificate::issue(scratch.path(), NAME, |_| ())?;
        let mut backstage = Backstage { packages, stage, conf: client.conf, scene, real, scratch };
        backstage.configure(&[])?;
        Ok(backstage)
    }

    /// Makes the configuration of the scene, with each of these texts replaced by the other besides.
    fn configure(&mut self, more: &[(&str, &str)]) -> Result<(), String> {
        if let [blue, green] = &self.real[..] {
            self.scene.stand_in([blue.address(), green.address()]);
        }
        match self.conf {
            Conf::Document(directives) => {
                let change = |context: &str, text: &str| {
                    let (context, text) = (context.to_owned(), text.to_owned());
                    Overlay::Directives { context, text }
                };
                // One worker takes one turn.
                self.scene.overlay(change("main", "worker_processes 1;"));
                self.scene.overlay(change("location ~ ^/stomp/", directives));
            }
            Conf::Site(edits) => {
                let path = Path::new(HERE).join("conf/site.conf");
                let mut text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
                for (from, to) in edits.iter().chain(more) {
                    if !text.contains(from) {
                        return Err(format!("site.conf has no {from:?}"));
                    }
                    text = text.replace(from, to);
                }
                text = text.replace("SCRATCH", &self.scratch.path().display().to_string());
                self.scene.overlay(Overlay::Whole(text));
            }
        }
        // An app server that was started again is asked again at once, whatever went wrong before.
        self.scene.overlay(Overlay::UpstreamParameter("max_fails=0".to_owned()));
        Ok(())
    }

    /// Puts another proxy in place of the one there is, with one text of its configuration replaced by the other.
    async fn exchange(&mut self, from: &str, to: &str) -> Result<String, String> {
        let scene = Scene::set(Arc::clone(&self.stage)).await.map_err(|error| error.to_string())?;
        std::mem::replace(&mut self.scene, scene).tear_down().await;
        self.configure(&[(from, to)])?;
        Ok(self.scene.proxy().await.map_err(|error| error.to_string())?.to_string())
    }

    async fn perform(&mut self, client: &Client) -> Result<Vec<script::Check>, String> {
        let address = self.scene.proxy().await.map_err(|error| error.to_string())?;
        let mut site: Value = serde_json::from_str(client.told).map_err(|error| error.to_string())?;
        site["host"] = address.to_string().into();
        site["scratch"] = self.scratch.path().display().to_string().into();
        site["name"] = NAME.into();
        site["hopcheck"] = env!("CARGO_BIN_EXE_hopcheck").into();
        if let Some(chromium) = self.packages.program(Program::Chromium) {
            site["chromium"] = chromium.display().to_string().into();
        }
        let mut command = self.packages.command(client.language, &format!("scripts/{}", client.script));
        command.arg(site.to_string());
        script::run(command, async |words| self.act(words).await).await
    }

    async fn tear_down(&mut self) {
        for server in &mut self.real {
            // One that is gone already is as good.
            let _ = server.kill().await;
        }
        self.scene.tear_down().await;
    }

    /// Does what a script asks for.
    async fn act(&mut self, words: &[String]) -> Result<Value, String> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["stop", name] => match self.real.iter_mut().find(|server| server.name == name) {
                Some(server) => server.kill().await?,
                None => self.mock(name)?.stop().await,
            },
            ["quit", name] => self.mock(name)?.quit().await,
            ["start", name] => match self.real.iter_mut().find(|server| server.name == name) {
                Some(server) => server.start_again(self.packages).await?,
                None => self.mock(name)?.restart().await.map_err(|error| error.to_string())?,
            },
            ["reload"] => {
                self.scene.write().map_err(|error| error.to_string())?;
                let proxy = self.scene.running().await.map_err(|error| error.to_string())?;
                proxy.signal(Signal::Hup).await.map_err(|error| error.to_string())?;
            }
            // Another proxy in place of this one, with a fault; where it listens.
            ["exchange", from, to] => return self.exchange(from, to).await.map(Value::from),
            // Puts another build of the front end in place of the one that is there.
            ["deploy"] => self.deploy().map_err(|error| error.to_string())?,
            // How many requests that begin so the proxy has logged, by the time that it logs one that begins like `last`.
            ["logged", requests, last] => return self.logged(requests, last).await,
            // How many messages the longest session at that path has brought.
            ["messages", path] => {
                let longest = self.sessions(path, |session| session.received.len()).into_iter().max();
                return Ok(json!(longest.unwrap_or_default()));
            }
            // How the last client at that path closed its session.
            ["closed", path] => return self.closed(path).await,
            _ => return Err("there is no such thing to ask for".to_owned()),
        }
        Ok(Value::Null)
    }

    fn mock(&self, name: &str) -> Result<&AppServer, String> {
        self.scene.app_server(name).map_err(|error| error.to_string())
    }

    /// What `look` finds in each session at that path.
    fn sessions<R>(&self, path: &str, look: impl Fn(&Session) -> R) -> Vec<R> {
        let of = |server: &AppServer| {
            server.read(|journal| {
                let exchanges = journal.exchanges.iter().filter(|exchange| exchange.target.starts_with(path));
                exchanges.filter_map(|exchange| exchange.session.as_ref().map(&look)).collect::<Vec<R>>()
            })
        };
        self.scene.app_servers().into_iter().flat_map(of).collect()
    }

    async fn closed(&self, path: &str) -> Result<Value, String> {
        let end = |session: &Session| match &session.end {
            Some(SessionEnd::ClosedByClient { code: Some(code), reason }) if *code >= 4000 => {
                Some(format!("{code} {reason}"))
            }
            _ => None,
        };
        let found = || self.sessions(path, end).into_iter().flatten().next();
        let came = tokio::time::timeout(DEADLINE, async {
            let mut changes: Vec<_> = self.scene.app_servers().into_iter().map(AppServer::changes).collect();
            loop {
                if let Some(end) = found() {
                    return end;
                }
                futures::future::select_all(changes.iter_mut().map(|one| Box::pin(one.changed())))
                    .await
                    .0
                    .ok();
            }
        });
        came.await.map(Value::from).map_err(|_| "no client has closed its session".to_owned())
    }

    /// A build whose script has another name. What the old one had is gone.
    fn deploy(&self) -> std::io::Result<()> {
        let www = self.scene.front_end().ok_or_else(|| std::io::Error::other("there is no front end"))?;
        let (page, assets) = (www.join("index.html"), www.join("assets"));
        let names: Vec<String> = std::fs::read_dir(&assets)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<std::io::Result<_>>()?;
        let is_script = |name: &&String| name.starts_with("app-") && name.ends_with(".js");
        let old = names.iter().find(is_script).ok_or_else(|| std::io::Error::other("there is no script"))?;
        std::fs::rename(assets.join(old), assets.join("app-00000000.js"))?;
        let text = std::fs::read_to_string(&page)?.replace(old, "app-00000000.js");
        std::fs::write(page, text)
    }

    async fn logged(&self, requests: &str, last: &str) -> Result<Value, String> {
        let count = |start: &str| {
            let log = self.scene.log("access_log");
            log.lines().filter(|line| line.contains(&format!("\"{start}"))).count()
        };
        let complete = tokio::time::timeout(DEADLINE, async {
            while count(last) == 0 {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        });
        complete.await.map_err(|_| format!("the proxy has not logged {last}"))?;
        Ok(json!(count(requests)))
    }

    /// The last that the proxy has logged.
    fn logs(&self) -> String {
        let last = |name: &str| {
            let log = self.scene.log(name);
            let lines: Vec<&str> = log.lines().rev().take(MAX_LOG).collect();
            lines.into_iter().rev().map(|line| format!("  {line}\n")).collect::<String>()
        };
        format!("access log:\n{}error log:\n{}", last("access_log"), last("error_log"))
    }
}
