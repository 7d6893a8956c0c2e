//! The mock app servers of a scene: `blue` and `green` of the document's site; of any other site one for each app server that its
//! configuration names, called as there.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use mock_upstreams::app::Items;
use mock_upstreams::{AppServer, ReservedPort};
use rustls::ServerConfig;

use crate::conf::{RewrittenConf, Source, app_server_tls};

/// By these names scenarios speak of the first and the second server of an upstream.
const PAIR: [&str; 2] = ["blue", "green"];

/// The mock app servers of a scene.
#[derive(Debug, Default)]
pub(super) struct AppServers {
    /// All of them, `blue` and `green` first if there are such.
    running: Vec<AppServer>,
    /// Whether `blue` and `green` stand in for all.
    is_pair: bool,
    /// The upstreams that the route of the scenario leads to, its own first. Empty: not known, or of no route.
    selected: Vec<String>,
    /// What they share.
    items: Items,
    /// How they speak TLS, if they do, and the names that they go by.
    tls: Option<(BTreeSet<String>, Arc<ServerConfig>)>,
}

impl AppServers {
    /// Starts `blue` and `green` for the document's site, and none yet for any other.
    pub(super) async fn start(source: &Source) -> io::Result<AppServers> {
        if !source.as_documented {
            return Ok(AppServers::default());
        }
        let (blue, green) = AppServer::start_pair().await?;
        Ok(AppServers { running: vec![blue, green], is_pair: true, ..AppServers::default() })
    }

    /// The addresses that stand in for all others. None where each app server has its own.
    pub(super) fn pair(&self) -> Vec<SocketAddr> {
        self.all().take(if self.is_pair { PAIR.len() } else { 0 }).map(AppServer::address).collect()
    }

    /// Starts those that a configuration needs and that are not there yet.
    pub(super) fn start_for(&mut self, conf: &RewrittenConf) -> io::Result<()> {
        if self.is_pair {
            return Ok(());
        }
        for (written, address) in &conf.app_servers {
            if self.all().any(|server| server.address() == *address) {
                continue;
            }
            let name = conf.app_server_name(*address).unwrap_or_else(|| written.clone());
            // It goes into a header.
            let name: String =
                name.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect();
            let port = ReservedPort::bind(*address)?;
            self.running.push(AppServer::builder(&name).items(&self.items).start_on(port)?);
        }
        Ok(())
    }

    /// Has them speak TLS, if the configuration speaks it to any.
    pub(super) fn speak_tls(&mut self, conf: &RewrittenConf) -> io::Result<()> {
        let Some(names) = &conf.app_server_names else { return Ok(()) };
        let tls = match &self.tls {
            Some((known, tls)) if known == names => Arc::clone(tls),
            _ => app_server_tls(names)?,
        };
        self.all().for_each(|server| server.speak_tls(Arc::clone(&tls)));
        self.tls = Some((names.clone(), tls));
        Ok(())
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &AppServer> {
        self.running.iter()
    }

    /// Selects the upstreams that the route of the scenario leads to.
    pub(super) fn select(&mut self, upstreams: Vec<String>) {
        self.selected = upstreams;
    }

    /// Those of the selected upstreams; all where none is selected.
    pub(super) fn selected(&self, conf: &RewrittenConf) -> Vec<&AppServer> {
        let selected = self.of(&self.selected, conf);
        if selected.is_empty() { self.all().collect() } else { selected }
    }

    /// Those of these upstreams.
    pub(super) fn of(&self, upstreams: &[String], conf: &RewrittenConf) -> Vec<&AppServer> {
        let addresses: Vec<SocketAddr> = upstreams.iter().flat_map(|one| conf.servers_of(one)).collect();
        self.all().filter(|server| addresses.contains(&server.address())).collect()
    }

    /// The one of that name: `blue` is the first server of the selected upstream, `green` the second; any may be called as the
    /// configuration does.
    pub(super) fn named(&self, name: &str, conf: &RewrittenConf) -> Option<&AppServer> {
        let of_address = |address: SocketAddr| self.all().find(|server| server.address() == address);
        if let Some(server) = self.all().find(|server| server.name() == name) {
            return Some(server);
        }
        let place = PAIR.iter().position(|one| *one == name);
        let in_upstream = || {
            let servers = conf.servers_of(self.selected.first()?);
            of_address(*servers.get(place?)?)
        };
        in_upstream().or_else(|| of_address(*conf.app_servers.get(name)?))
    }

    /// How a failure names what the selected upstreams are: `upstream api`, or the app server's address.
    pub(super) fn selected_name(&self, conf: &RewrittenConf) -> Option<String> {
        let is_upstream =
            |name: &&String| conf.upstreams.keys().any(|known| known.eq_ignore_ascii_case(name));
        let name = self.selected.first()?;
        Some(if is_upstream(&name) { format!("upstream {name}") } else { name.clone() })
    }
}
