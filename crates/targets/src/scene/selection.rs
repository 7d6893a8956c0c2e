//! What a scenario speaks of: the app servers of the upstreams that its route may lead to, and clients that are let in there.

use std::io;

use mock_upstreams::AppServer;

use super::Scene;
use super::admission::write_users;
use super::error::SceneError;

impl Scene {
    /// All app servers: `blue` and `green` of the document's site, or one for each that the configuration names.
    pub fn app_servers(&self) -> Vec<&AppServer> {
        self.app_servers.all().collect()
    }

    /// Selects the upstreams that the route of the scenario may lead to, its own first: their servers are the scenario's from now
    /// on.
    pub fn select_upstreams(&mut self, upstreams: Vec<String>) {
        self.app_servers.select(upstreams);
    }

    /// The app servers of the selected upstreams; all where none is selected.
    pub fn selected_app_servers(&self) -> Vec<&AppServer> {
        self.app_servers.selected(&self.rewritten)
    }

    /// The app servers of these upstreams.
    pub fn app_servers_of(&self, upstreams: &[String]) -> Vec<&AppServer> {
        self.app_servers.of(upstreams, &self.rewritten)
    }

    /// The selected upstream as a failure names it: `upstream api`, or the app server's address. `None` where none is selected.
    pub fn selected_upstream(&self) -> Option<String> {
        self.app_servers.selected_name(&self.rewritten)
    }

    /// Has the selected app servers serve the build of the front end, and returns its page.
    ///
    /// # Errors
    /// When the build cannot be copied.
    pub fn serve_front_end(&self) -> io::Result<Vec<u8>> {
        let build = self.scratch.path().join("front-end");
        self.stage.source.deploy(&build)?;
        self.selected_app_servers().into_iter().for_each(|server| server.serve_front_end(build.clone()));
        std::fs::read(build.join("index.html"))
    }

    /// Gives clients a password, which the proxy knows.
    ///
    /// # Errors
    /// When the file of users cannot be written.
    pub fn have_password(&mut self) -> io::Result<()> {
        self.admission.has_password = true;
        write_users(&self.rewritten.password_files)
    }

    /// Takes it away; the proxy still knows it.
    pub fn have_no_password(&mut self) {
        self.admission.has_password = false;
    }

    /// Has clients send a header with each request that has none of that name.
    pub fn send_with_each_request(&mut self, name: &str, value: &str) {
        self.sent.push((name.to_owned(), value.to_owned()));
    }

    /// Has the configuration allow the addresses of clients wherever it allows some; takes effect when the proxy starts.
    pub fn allow_clients(&mut self) {
        self.admission.is_allowed = true;
        self.is_outdated = true;
    }

    /// The app servers of the configuration that `server` stands in for, as written.
    pub(super) fn stood_in_for(&self, server: &AppServer) -> Vec<&str> {
        let replaced = self.rewritten.app_servers.iter();
        replaced.filter(|(_, by)| **by == server.address()).map(|(written, _)| written.as_str()).collect()
    }

    /// The app server of that name: `blue` is the first server of the selected upstream, `green` the second; any may be called as
    /// the configuration calls it.
    ///
    /// # Errors
    /// When there is none.
    pub fn app_server(&self, name: &str) -> Result<&AppServer, SceneError> {
        self.app_servers.named(name, &self.rewritten).ok_or_else(|| SceneError::NoSuchAppServer {
            name: name.to_owned(),
            known: self.app_servers.all().map(|server| server.name().to_owned()).collect(),
        })
    }
}
