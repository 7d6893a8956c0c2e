//! A service worker may go on showing the page of a build that is gone.

use std::time::Duration;

use hopcheck_clients::{ClientError, Connection, Request};
use serde_json::json;
use tokio::time::Instant;

use crate::BrowserError;
use crate::gate::text;
use crate::origin::path_of;
use crate::page::Page;
use crate::rest::{come_to_rest, document};
use crate::site::BrowserSite;
use crate::visit::Worker;

/// How long a worker may take to be there for the page.
const ACTIVATION: Duration = Duration::from_secs(5);

/// Waits until the page's worker is active; whether there is one.
const ACTIVE: &str = "(async () => {
  const workers = navigator.serviceWorker;
  const registration = workers && await workers.getRegistration();
  if (!registration) return false;
  const worker = registration.active || registration.waiting || registration.installing;
  await new Promise(done => {
    const look = () => { if (!worker || ['activated', 'redundant'].includes(worker.state)) done(); };
    if (worker) worker.addEventListener('statechange', look);
    setTimeout(done, 4000);
    look();
  });
  return !!registration.active;
})()";

/// Loads the page once more, through its worker if it has one, and compares it with what the network has.
pub(crate) async fn compare(page: &Page, site: &BrowserSite, url: &str) -> Result<Worker, BrowserError> {
    let is_there = match page.evaluate(ACTIVE, ACTIVATION + ACTIVATION).await {
        Ok(is_there) => is_there.as_bool().unwrap_or_default(),
        // The page has gone on to another one.
        Err(BrowserError::Refused { .. }) => return Ok(Worker::Unknown("the page has gone".to_owned())),
        Err(error) => return Err(error),
    };
    if !is_there {
        return Ok(Worker::None);
    }
    let before = match from_network(site, url).await {
        Ok(before) => before,
        Err(why) => return Ok(Worker::Unknown(why)),
    };
    let (documents, loads) = {
        let observed = page.observed();
        (observed.documents.len(), observed.loads)
    };
    let until = Instant::now() + site.limit;
    page.call("Page.reload", json!({})).await?;
    page.wait(until, |observed| observed.documents.len() > documents).await;
    come_to_rest(page, loads, until).await;
    let number = {
        let observed = page.observed();
        let is_from_worker = document(&observed).is_some_and(|document| document.is_from_worker);
        observed.documents.last().filter(|_| is_from_worker).cloned()
    };
    // A worker that lets the network answer shows what that has.
    let Some(number) = number else { return Ok(Worker::Current) };
    let body = match page.call("Network.getResponseBody", json!({"requestId": number})).await {
        Ok(body) => body,
        Err(BrowserError::Refused { why, .. }) => return Ok(Worker::Unknown(why)),
        Err(error) => return Err(error),
    };
    let shown = text(&body["body"]).to_owned();
    let after = from_network(site, url).await;
    Ok(judge(&shown, &before, after.as_deref().unwrap_or(&before)))
}

/// Whether the page that a worker shows is one of those that the network had before and after.
fn judge(shown: &str, before: &str, after: &str) -> Worker {
    let is_current = |page: &str| shown == page || files_of(shown) == files_of(page);
    if is_current(before) || is_current(after) {
        return Worker::Current;
    }
    if files_of(before) != files_of(after) {
        return Worker::Unknown("the site itself shows now one build and now another".to_owned());
    }
    let only = |of: &str, other: &str| {
        let other = files_of(other);
        let files = files_of(of).into_iter().filter(|file| !other.contains(file));
        files.collect::<Vec<_>>().join(", ")
    };
    Worker::Old(only(shown, after), only(after, shown))
}

/// The page as the network has it, asked for past any worker.
async fn from_network(site: &BrowserSite, url: &str) -> Result<String, String> {
    let request = Request::new("GET", &path_of(url)).header("Accept", "text/html");
    let answer = async { Connection::open(&site.route).await?.ask(&request).await };
    let answer = answer.await.map_err(|error: ClientError| error.to_string())?;
    match answer.status {
        200 => Ok(answer.text().into_owned()),
        status => Err(format!("without the worker {} is answered with {status}", path_of(url))),
    }
}

/// The scripts and style sheets that a page names: those of a build have names of their own.
fn files_of(page: &str) -> Vec<&str> {
    let is_file = |value: &&str| {
        let path = value.split(['?', '#']).next().unwrap_or_default();
        !value.contains(char::is_whitespace) && [".js", ".mjs", ".css"].iter().any(|end| path.ends_with(end))
    };
    let mut files: Vec<&str> = page.split(['"', '\'']).skip(1).filter(is_file).collect();
    files.sort_unstable();
    files.dedup();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_told_by_the_files_it_names() {
        let page = |build: &str, token: &str| {
            format!("<link href='/a-{build}.css'><script src=\"/app-{build}.js\" nonce=\"{token}\"></script>")
        };
        let (old, new, now) = (page("1", "x"), page("2", "y"), page("2", "z"));
        assert_eq!(judge(&new, &now, &now), Worker::Current);
        assert_eq!(
            judge(&old, &new, &now),
            Worker::Old("/a-1.css, /app-1.js".to_owned(), "/a-2.css, /app-2.js".to_owned())
        );
        assert!(matches!(judge(&page("3", "x"), &old, &new), Worker::Unknown(_)));
        assert_eq!(judge("<p>a</p>", "<p>b</p>", "<p>c</p>"), Worker::Current);
    }
}
