//! A configuration that runs: its proxy, with an app server for each that it names, and files to serve.

mod apps;
mod ask;
mod scrub;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hopcheck_site::Node;
use hopcheck_targets::conf::{Rewriter, RewrittenConf, Scratch};
use hopcheck_targets::machine;
use hopcheck_targets::scene::worker_account;
use hopcheck_targets::stage::Stage;
use hopcheck_targets::target::{Proxy, ProxyState, START_TIMEOUT, TargetError};
use mock_upstreams::ReservedPort;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::configuration::Configuration;
use crate::files::Files;
use crate::observation::Observation;
use crate::probe::{Probe, Way};
use crate::values;
use apps::Apps;
use scrub::Scrubber;

/// The address that is allowed wherever some are. Others come from elsewhere.
const ADMITTED_CLIENT: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// More app servers than any real configuration names.
const MAX_APPS: usize = 256;

/// How long an answer may take. App servers answer at once, or close.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// More of an error log than the probes bring about.
const MAX_LOG_BYTES: u64 = 64 << 20;

/// After so many answers that did not come, the comparison is given up: what was not asked cannot be told to be the same.
const MAX_TIMEOUTS: usize = 8;

/// Why a configuration does not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SideError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Target(#[from] TargetError),
    #[error("{0}")]
    Refused(String),
    #[error(
        "{MAX_TIMEOUTS} requests, the last of them `{last}`, had no answer within {} s each\n  help: if this machine is busy, try \
         again when it is not",
        ANSWER_TIMEOUT.as_secs()
    )]
    NoAnswers { last: String },
    #[error("{0}\n  help: try again when this machine has less to do")]
    Machine(&'static str),
}

/// A running configuration.
#[derive(Debug)]
pub(crate) struct Side {
    stage: Arc<Stage>,
    conf: Arc<Configuration>,
    /// The first server of each upstream, which some probes make fail.
    first_servers: BTreeSet<String>,
    proxy: Box<dyn Proxy>,
    /// Where clients come to, by the port that the configuration has.
    doors: BTreeMap<String, Door>,
    apps: Apps,
    scrubber: Scrubber,
    timeouts: usize,
    /// What this machine lacked for an answer.
    lack: Option<&'static str>,
    /// Where the proxy logs its errors.
    error_log: Option<PathBuf>,
    /// Whether copies of requests are sent while they are answered.
    mirrors: bool,
    is_used: bool,
    /// How many probes it was asked.
    asked: usize,
    _ports: BTreeMap<String, ReservedPort>,
    // Dropped last: the proxy runs in it.
    scratch: Scratch,
}

/// An address to come in by.
#[derive(Debug, Clone, Copy)]
struct Door {
    address: SocketAddr,
    is_tls: bool,
}

impl Side {
    /// Starts it by the engine of `stage`.
    pub(crate) async fn start(
        stage: &Arc<Stage>,
        conf: &Arc<Configuration>,
        files: &Files,
    ) -> Result<Side, SideError> {
        let scratch = Scratch::new(stage.target.scratch_parent())?;
        let text: String = runnable(&conf.nodes).iter().map(Node::to_string).collect();
        let mut ports: BTreeMap<String, ReservedPort> = BTreeMap::new();
        // Each app server gets a stand-in of its own, so that one sees which was asked.
        let rewriter = Rewriter {
            source: &conf.source,
            scratch: &scratch,
            app_servers: &[],
            user: worker_account(),
            allowed_clients: Some(ADMITTED_CLIENT.to_string()),
        };
        let rewritten = rewriter.rewrite(&text, |written| {
            let key = same_address(written);
            if let Some(port) = ports.get(&key) {
                return Ok(port.address());
            }
            let port = ReservedPort::any()?;
            let address = port.address();
            ports.insert(key, port);
            Ok(address)
        })?;
        if let Some(why) = &rewritten.unreadable {
            return Err(SideError::Refused(why.clone()));
        }
        if rewritten.app_servers.len() > MAX_APPS {
            return Err(SideError::Refused(format!("more than {MAX_APPS} app servers")));
        }
        rewritten.write(&scratch)?;
        files.write(&scratch)?;
        let apps = Apps::start(&rewritten.app_servers).await?;
        let scrubber = Scrubber::of(&rewritten, scratch.path(), &stage.target.describe());
        let doors = doors(&rewritten);
        let proxy = start(stage, &scratch, &doors).await?;
        Ok(Side {
            stage: Arc::clone(stage),
            conf: Arc::clone(conf),
            first_servers: conf.first_servers(),
            proxy,
            doors,
            apps,
            scrubber,
            timeouts: 0,
            lack: None,
            error_log: rewritten.logs.get("error_log").cloned(),
            mirrors: conf.mentions("mirror"),
            is_used: false,
            asked: 0,
            _ports: ports,
            scratch,
        })
    }

    /// Asks each in turn, and stops.
    pub(crate) async fn ask_all(mut self, probes: &[Probe]) -> Result<Vec<Observation>, SideError> {
        let mut seen = Vec::with_capacity(probes.len());
        for probe in probes {
            seen.push(self.ask(probe).await?);
        }
        self.stop().await;
        self.logged_lack().map_or(Ok(seen), |lack| Err(SideError::Machine(lack)))
    }

    /// What this machine lacked for the proxy, by its error log.
    fn logged_lack(&self) -> Option<&'static str> {
        let log = nginx_conf::read_regular_file(self.error_log.as_ref()?, MAX_LOG_BYTES).ok()?;
        machine::exhausted_resource(&String::from_utf8_lossy(&log))
    }

    /// What holds for a probe in a configuration, which need not run for that.
    pub(crate) fn read(conf: &Configuration, probe: &Probe) -> Observation {
        let host = probe.host.as_deref().unwrap_or_default();
        let mut seen = values::of_place(conf, &probe.port, host, probe.path());
        seen.0.extend(values::of_whole(conf).0);
        seen
    }

    async fn ask(&mut self, probe: &Probe) -> Result<Observation, SideError> {
        if probe.way == Way::Read {
            return Ok(Side::read(&self.conf, probe));
        }
        let is_fresh = matches!(probe.way, Way::Fresh | Way::Turns(_));
        if is_fresh && self.is_used {
            self.proxy.stop().await;
            self.proxy = start(&self.stage, &self.scratch, &self.doors).await?;
        }
        self.is_used = true;
        let seen = self.observe(probe).await;
        if self.timeouts >= MAX_TIMEOUTS {
            return Err(SideError::NoAnswers { last: format!("{} {}", probe.method, probe.path()) });
        }
        if let Some(lack) = self.lack {
            return Err(SideError::Machine(lack));
        }
        if is_fresh {
            // What comes after it must not find an app server marked as failed either.
            self.proxy.stop().await;
            self.proxy = start(&self.stage, &self.scratch, &self.doors).await?;
            self.is_used = false;
        }
        Ok(seen)
    }

    /// Stops the proxy and the app servers.
    async fn stop(&mut self) {
        self.proxy.stop().await;
        self.apps.stop().await;
    }
}

/// Starts the proxy, and waits until it listens.
async fn start(
    stage: &Arc<Stage>,
    scratch: &Scratch,
    doors: &BTreeMap<String, Door>,
) -> Result<Box<dyn Proxy>, SideError> {
    let proxy = stage.target.start(scratch).await?;
    let deadline = Instant::now() + START_TIMEOUT;
    for door in doors.values() {
        while TcpStream::connect(door.address).await.is_err() {
            if let ProxyState::Ended(said) = proxy.state().await {
                return Err(SideError::Refused(said.trim().to_owned()));
            }
            if Instant::now() > deadline {
                return Err(TargetError::Deadline { what: format!("listening on {}", door.address) }.into());
            }
            sleep(Duration::from_millis(2)).await;
        }
    }
    Ok(proxy)
}

/// What one `listen` address and another have in common if they are the same.
fn same_address(written: &str) -> String {
    let any = written.strip_prefix("*:").or_else(|| written.strip_prefix("0.0.0.0:")).unwrap_or(written);
    let is_port = !any.is_empty() && any.bytes().all(|byte| byte.is_ascii_digit());
    if is_port { format!("*:{any}") } else { written.to_owned() }
}

/// The addresses that clients use: of those with one port the first, over IPv4 if it has one.
fn doors(rewritten: &RewrittenConf) -> BTreeMap<String, Door> {
    let mut doors = BTreeMap::new();
    let (later, first): (Vec<_>, Vec<_>) =
        rewritten.listen.iter().partition(|(written, _)| written.starts_with('['));
    for (written, address) in first.into_iter().chain(later) {
        let listen = hopcheck_site::Listen::at(written);
        let is_tls = rewritten.tls.contains(address);
        doors.entry(listen.port().to_owned()).or_insert(Door { address: *address, is_tls });
    }
    doors
}

/// The directives as they are run: by one worker, so that turns are in order; without limits of rate, which would refuse most of
/// what is asked here; with app servers that are asked again after they failed; and with hashes that go by the order of servers and not
/// by their addresses, which are others in each run. All that is compared as values.
fn runnable(nodes: &[Node]) -> Vec<Node> {
    const LEFT_OUT: [&str; 7] = [
        "worker_processes",
        "limit_req",
        "limit_rate",
        "limit_rate_after",
        "proxy_limit_rate",
        "auth_delay",
        "worker_cpu_affinity",
    ];
    fn kept(nodes: &[Node]) -> Vec<Node> {
        let is_kept = |node: &&Node| node.is_block || !LEFT_OUT.contains(&node.name.as_str());
        let run = |node: &Node| match node.is("upstream") {
            true => Node { inner: node.inner.iter().map(of_upstream).collect(), ..node.clone() },
            false => Node { inner: kept(&node.inner), ..node.clone() },
        };
        nodes.iter().filter(is_kept).map(run).collect()
    }
    fn of_upstream(node: &Node) -> Node {
        let head = match node.name.as_str() {
            "server" => {
                let words = node.head.split_whitespace().filter(|word| !word.starts_with("max_fails="));
                words.chain(["max_fails=0"]).collect::<Vec<_>>().join(" ")
            }
            "hash" => node.head.trim_end().trim_end_matches(" consistent").to_owned(),
            _ => return node.clone(),
        };
        Node { head, ..node.clone() }
    }
    let one_worker = Node {
        name: "worker_processes".to_owned(),
        args: vec!["1".to_owned()],
        file: Arc::from(""),
        line: 0,
        is_block: false,
        inner: Vec::new(),
        head: "worker_processes 1".to_owned(),
    };
    std::iter::once(one_worker).chain(kept(nodes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hopcheck_targets::conf::Source;

    #[test]
    fn what_depends_on_the_run_is_left_out_of_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = "events {} http { upstream app { hash \"$uri  consistent\"   consistent; server a:1 max_fails=2; server b:1; }
            server { listen 80; location / { limit_rate 1k; proxy_pass http://app; } } }";
        std::fs::write(file.path(), text).unwrap();
        let conf = Configuration::of(Source::read(file.path()).unwrap()).unwrap();
        let run: String = runnable(&conf.nodes).iter().map(Node::to_string).collect();
        for wanted in ["hash \"$uri  consistent\";", "server a:1 max_fails=0;", "server b:1 max_fails=0;"] {
            assert!(run.contains(wanted), "{run}");
        }
        assert!(!run.contains("limit_rate"), "{run}");
    }
}
