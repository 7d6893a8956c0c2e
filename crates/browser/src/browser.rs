//! Chromium, started for one site.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::json;
use tokio::sync::{Mutex, OnceCell};

use crate::connection::Connection;
use crate::gate::{Gate, text};
use crate::origin::Origin;
use crate::page::Page;
use crate::process::{Mapping, Process};
use crate::reach::{self, Read, SocketEnd};
use crate::site::BrowserSite;
use crate::visit::{Visit, VisitEnd};
use crate::{BrowserError, visiting};

/// How long it may take to start, where others are at work, too.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A running Chromium. It ends when it is closed or dropped, or when this program ends, however it does.
#[derive(Debug)]
pub struct Browser {
    connection: Connection,
    process: Mutex<Process>,
    version: String,
    user_agent: String,
    site: BrowserSite,
    origin: Origin,
    visited: OnceCell<Result<(Arc<Visit>, Page), BrowserError>>,
    /// Why no page could be opened.
    unusable: OnceLock<BrowserError>,
}

impl Browser {
    /// Starts `program`, with all that it writes below `directory`.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(program: &Path, directory: &Path, site: BrowserSite) -> Result<Browser, BrowserError> {
        let failed = |why: String| BrowserError::Start { program: program.to_owned(), why };
        let origin = Origin::of(&site.url).ok_or_else(|| failed(format!("{:?} is no URL", site.url)))?;
        let host = url::Url::parse(&site.url).ok().and_then(|url| url.host_str().map(str::to_owned));
        let mapping = Mapping { host: host.zip(site.address), verified_key: site.verified_key.clone() };
        let (mut process, to, from) = Process::start(program, directory, &mapping)?;
        let connection = Connection::over(to, from);
        let version = match connection.call_within(None, "Browser.getVersion", json!({}), START_TIMEOUT).await
        {
            Ok(version) => version,
            Err(BrowserError::Ended) => {
                process.end().await;
                return Err(failed(process.last_words()));
            }
            Err(error) => return Err(failed(error.to_string())),
        };
        let no_files = json!({"behavior": "deny"});
        connection.call(None, "Browser.setDownloadBehavior", no_files).await?;
        let plain = text(&version["userAgent"]).replace("HeadlessChrome", "Chrome");
        Ok(Browser {
            connection,
            process: Mutex::new(process),
            version: text(&version["product"])
                .replace("HeadlessChrome/", "Chromium ")
                .replace("Chrome/", "Chromium "),
            user_agent: format!("{plain} {}", site.user_agent),
            site,
            origin,
            visited: OnceCell::new(),
            unusable: OnceLock::new(),
        })
    }

    /// What it is: `Chromium 130.0.6723.91`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What is seen of the site's page: it is visited once, whoever asks.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn visit(&self) -> Result<Arc<Visit>, BrowserError> {
        Ok(Arc::clone(&self.visited().await?.0))
    }

    /// What has been seen of the site's page, if it was visited.
    pub fn seen(&self) -> Option<Arc<Visit>> {
        self.visited.get()?.as_ref().ok().map(|(visit, _)| Arc::clone(visit))
    }

    /// Why it cannot be used any more; `None` where it can.
    pub fn failure(&self) -> Option<BrowserError> {
        self.connection.any_failure().or_else(|| self.unusable.get().cloned())
    }

    /// The same for a person, with what to do.
    pub async fn obituary(&self) -> Option<String> {
        let failure = self.failure()?;
        let advice = match failure {
            BrowserError::Ended => {
                match self.process.lock().await.status().await.map(|status| status.signal()) {
                    Some(Some(signal)) => format!(
                        "it was ended by signal {signal}, by somebody or for want of memory; give it more, and run this again"
                    ),
                    _ => {
                        format!("its last words: {}; run this again", self.process.lock().await.last_words())
                    }
                }
            }
            BrowserError::Crashed => "often for want of memory; give it more, and run this again".to_owned(),
            BrowserError::Flooded(_) => "run this without --browser".to_owned(),
            _ => "run this again when less is going on here".to_owned(),
        };
        Some(format!("{failure}: {advice}"))
    }

    async fn visited(&self) -> Result<&(Arc<Visit>, Page), BrowserError> {
        let visiting = async {
            let page = self.page(None).await?;
            let visit = visiting::visit(&page, &self.site, &self.origin).await?;
            Ok((Arc::new(visit), page))
        };
        self.visited.get_or_init(|| visiting).await.as_ref().map_err(Clone::clone)
    }

    /// Opens a WebSocket at `path` from the site's page, or from an empty one of its origin where there is none, and closes it.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn open_socket(&self, path: &str, protocols: &[&str]) -> Result<SocketEnd, BrowserError> {
        let url = self.origin.websocket_at(path);
        let (visit, page) = self.visited().await?;
        if visit.end == VisitEnd::AtRest {
            return reach::open_socket(page, &url, protocols, self.site.limit).await;
        }
        let page = self.page(Some(self.origin.clone())).await?;
        page.go(&self.origin.at("/"), self.site.limit).await?;
        reach::open_socket(&page, &url, protocols, self.site.limit).await
    }

    /// Reads `path` of the site from an empty page of another `origin`; nothing of that origin is asked for anything.
    ///
    /// # Errors
    /// When the browser fails, or `origin` is none.
    pub async fn read_from(
        &self,
        origin: &str,
        path: &str,
        with_credentials: bool,
        headers: &[(&str, &str)],
    ) -> Result<Read, BrowserError> {
        let not_one =
            || BrowserError::Refused { method: "Page.navigate", why: format!("{origin} is no origin") };
        let origin = Origin::of(origin).ok_or_else(not_one)?;
        let page = self.page(Some(origin.clone())).await?;
        page.go(&origin.at("/"), self.site.limit).await?;
        reach::read(&page, &self.origin.at(path), with_credentials, headers, self.site.limit).await
    }

    /// Ends it, and waits for that.
    pub async fn close(&self) {
        let _ = self.connection.call(None, "Browser.close", json!({})).await;
        self.process.lock().await.end().await;
    }

    async fn page(&self, made_up: Option<Origin>) -> Result<Page, BrowserError> {
        let gate = Gate { site: self.origin.clone(), route: self.site.route.clone(), made_up };
        let opened = Page::open(&self.connection, gate, &self.user_agent).await;
        if let Err(error) = &opened {
            let _ = self.unusable.set(error.clone()); // the first is told
        }
        opened
    }
}
