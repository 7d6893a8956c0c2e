//! What reached which app server.

use std::time::{Duration, Instant};

use mock_upstreams::{AppServer, Exchange};

use super::World;
use crate::failure::Failure;
use hopcheck_clients::DEFAULT_TIMEOUT;

impl World {
    /// Everything that reached an app server of the scenario's route, in the order it arrived.
    pub fn arrived(&self) -> Vec<Exchange> {
        self.scene.as_ref().map_or_else(Vec::new, |scene| exchanges_of(&scene.selected_app_servers()))
    }

    /// The same of every app server of the site.
    pub fn arrived_anywhere(&self) -> Vec<Exchange> {
        self.scene.as_ref().map_or_else(Vec::new, |scene| exchanges_of(&scene.app_servers()))
    }

    /// The last request that reached an app server.
    ///
    /// # Errors
    /// When none did.
    pub fn last_arrived(&self) -> Result<Exchange, Failure> {
        self.arrived().pop().ok_or_else(|| self.nothing_arrived())
    }

    /// The failure if no request reached an app server of the scenario's route.
    pub fn nothing_arrived(&self) -> Failure {
        self.astray().unwrap_or_else(|| Failure::new("no request reached an app server"))
    }

    /// The failure if the latest response comes from an app server that is none of the scenario's route.
    pub fn astray(&self) -> Option<Failure> {
        let (scene, name) = (self.scene.as_ref()?, self.responses.last()?.value("x-instance")?);
        let wanted = scene.selected_upstream()?;
        let is_it = |server: &&AppServer| server.name() == name;
        if scene.selected_app_servers().iter().any(is_it) || !scene.app_servers().iter().any(is_it) {
            return None;
        }
        let target = self.request.as_ref().map_or("the request", |request| request.target.as_str());
        let site = &scene.stage().source.site;
        let asked = scene.selected_server()?;
        let route =
            site.server_at(&asked.listen, &asked.name).and_then(|server| server.route_of(path_of(target)));
        let place = route.and_then(|route| Some((route, route.lines.first()?)));
        let see = place.map_or_else(String::new, |(route, line)| {
            let (file, line) = (&line.file, line.line);
            format!(
                "\n  it falls into `{}` in {file}:{line}: see `proxy_pass` there, and any `rewrite`",
                route.location
            )
        });
        Some(Failure::new(format!("{target} reached server {name}, not {wanted}{see}")))
    }

    /// Waits until `holds` of what arrived, or until a deadline has passed. Returns what arrived.
    pub async fn arrival(&self, holds: impl Fn(&[Exchange]) -> bool) -> Vec<Exchange> {
        let deadline = Instant::now() + DEFAULT_TIMEOUT;
        loop {
            let arrived = self.arrived();
            if holds(&arrived) || Instant::now() > deadline {
                return arrived;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// The path of a request's target.
fn path_of(target: &str) -> &str {
    target.split('?').next().unwrap_or(target)
}

/// What reached these app servers, in the order it arrived.
fn exchanges_of(servers: &[&AppServer]) -> Vec<Exchange> {
    let mut arrived: Vec<Exchange> =
        servers.iter().flat_map(|server| server.journal().exchanges.clone()).collect();
    arrived.sort_by_key(|exchange| exchange.at);
    arrived
}
