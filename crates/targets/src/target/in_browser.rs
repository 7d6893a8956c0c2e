//! A deployment as a browser reaches it.

use std::sync::OnceLock;

use super::{RunDirectory, TargetError, create_run_directory};
use hopcheck_browser::{Browser, BrowserSite, locate};
use hopcheck_site::profile::Connect;

/// The digest of the public key of a site's certificate, where it has one.
pub(super) type SiteKey = Option<String>;

/// The browser that looks at a deployment, if one was started; else why not.
#[derive(Debug, Default)]
pub(super) struct InBrowser(OnceLock<Result<RunningBrowser, String>>);

/// A browser, which ends before its directory is removed.
#[derive(Debug)]
struct RunningBrowser {
    browser: Browser,
    _directory: RunDirectory,
}

/// Makes sure that there is a browser to start.
///
/// # Errors
/// When there is none; says what to install.
pub fn find_browser() -> Result<(), TargetError> {
    locate().map(drop).map_err(|error| TargetError::Deployment(error.to_string()))
}

impl InBrowser {
    /// The browser.
    pub(super) fn get(&self) -> Result<&Browser, &str> {
        match self.0.get() {
            Some(Ok(running)) => Ok(&running.browser),
            Some(Err(why)) => Err(why),
            None => Err("no browser was asked for (`--browser`)"),
        }
    }

    /// Starts it for `site`, which is connected to as `connect` has it.
    pub(super) async fn start(&self, site: BrowserSite, connect: &Connect) -> Result<(), TargetError> {
        let running = match unreachable(&site, connect) {
            Some(why) => Err(why.to_owned()),
            None => Ok(run(site).await?),
        };
        let _ = self.0.set(running);
        Ok(())
    }
}

/// Why a browser cannot be led to a site as its profile has it.
fn unreachable(site: &BrowserSite, connect: &Connect) -> Option<&'static str> {
    if connect.client_certificate.is_some() {
        return Some("Chromium cannot be given a client certificate (`[connect] client-certificate`)");
    }
    let host = site.route.host();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let is_another = connect.server_name.as_deref().is_some_and(|name| name != host);
    is_another.then_some("Chromium cannot be told another name than that of `Host` (`[connect] server-name`)")
}

async fn run(site: BrowserSite) -> Result<RunningBrowser, TargetError> {
    let failed = |error: hopcheck_browser::BrowserError| TargetError::Deployment(error.to_string());
    let directory = create_run_directory(&std::env::temp_dir())?;
    let browser = Browser::start(&locate().map_err(failed)?, directory.path(), site).await.map_err(failed)?;
    Ok(RunningBrowser { browser, _directory: directory })
}
