//! A page of the browser: what it is told to do, and what is seen of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::BrowserError;
use crate::connection::{Connection, Event};
use crate::gate::{Gate, text};
use crate::observed::Observed;

/// An open page, closed when it is dropped.
#[derive(Debug)]
pub(crate) struct Page {
    connection: Connection,
    target: String,
    session: String,
    shared: Arc<Shared>,
    watch: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    observed: Mutex<Observed>,
    changed: Notify,
}

impl Page {
    /// Opens an empty page whose requests go through `gate`, and which says that it is `user_agent`.
    pub(crate) async fn open(
        connection: &Connection,
        gate: Gate,
        user_agent: &str,
    ) -> Result<Page, BrowserError> {
        let target = connection.call(None, "Target.createTarget", json!({"url": "about:blank"})).await?;
        let target = text(&target["targetId"]).to_owned();
        let attach = json!({"targetId": target, "flatten": true});
        let session = connection.call(None, "Target.attachToTarget", attach).await?;
        let session = text(&session["sessionId"]).to_owned();
        let events = connection.events_of(&session);
        let shared = Arc::new(Shared {
            observed: Mutex::new(Observed::of(&session, &target)),
            changed: Notify::new(),
        });
        let watch = tokio::spawn(watch(connection.clone(), gate, events, Arc::clone(&shared)));
        let page = Page { connection: connection.clone(), target, session, shared, watch };
        for (method, params) in [
            ("Inspector.enable", json!({})),
            ("Network.enable", json!({"maxPostDataSize": 0})),
            ("Page.enable", json!({})),
            ("Runtime.enable", json!({})),
            ("Log.enable", json!({})),
            ("Audits.enable", json!({})),
            ("Fetch.enable", all_requests()),
            ("Network.setUserAgentOverride", json!({"userAgent": user_agent})),
            ("Target.setAutoAttach", attach_to_children()),
        ] {
            page.call(method, params).await?;
        }
        Ok(page)
    }

    /// Sends it a command.
    pub(crate) async fn call(&self, method: &'static str, params: Value) -> Result<Value, BrowserError> {
        self.connection.call(Some(&self.session), method, params).await
    }

    /// Goes to `url`, and waits for at most `limit` until something comes of it; why nothing came, if so.
    pub(crate) async fn go(&self, url: &str, limit: Duration) -> Result<Option<String>, BrowserError> {
        let params = json!({"url": url});
        let went = self.connection.call_within(Some(&self.session), "Page.navigate", params, limit).await?;
        Ok(went["errorText"].as_str().map(str::to_owned))
    }

    /// What a script comes to, once its promise is kept.
    pub(crate) async fn evaluate(&self, script: &str, limit: Duration) -> Result<Value, BrowserError> {
        let params = json!({"expression": script, "awaitPromise": true, "returnByValue": true});
        self.evaluated("Runtime.evaluate", params, limit).await
    }

    /// The same in a world of its own, whose names the page's scripts do not see.
    pub(crate) async fn evaluate_apart(&self, world: &Value, script: &str) -> Result<Value, BrowserError> {
        let params = json!({"expression": script, "contextId": world, "returnByValue": true});
        self.evaluated("Runtime.evaluate", params, Duration::from_secs(15)).await
    }

    /// A world for [`Page::evaluate_apart`].
    pub(crate) async fn world(&self) -> Result<Value, BrowserError> {
        let params = json!({"frameId": self.target, "worldName": "hopcheck"});
        let mut world = self.call("Page.createIsolatedWorld", params).await?;
        Ok(world["executionContextId"].take())
    }

    async fn evaluated(
        &self,
        method: &'static str,
        params: Value,
        limit: Duration,
    ) -> Result<Value, BrowserError> {
        let mut came = self.connection.call_within(Some(&self.session), method, params, limit).await?;
        match text(&came["exceptionDetails"]["text"]) {
            "" => Ok(came["result"]["value"].take()),
            why => Err(BrowserError::Refused { method, why: why.to_owned() }),
        }
    }

    /// What has been seen so far.
    pub(crate) fn observed(&self) -> MutexGuard<'_, Observed> {
        observed(&self.shared)
    }

    /// Why nothing more comes of it; `None` where something may.
    pub(crate) fn failure(&self) -> Option<BrowserError> {
        self.connection.failure(Some(&self.session))
    }

    /// Waits until `wanted` holds of what is seen, nothing more comes, or the time has come; says whether it holds.
    pub(crate) async fn wait(&self, until: Instant, wanted: impl Fn(&Observed) -> bool) -> bool {
        loop {
            let changed = self.shared.changed.notified();
            if wanted(&self.observed()) {
                return true;
            }
            if self.failure().is_some() {
                return false;
            }
            if timeout_at(until, changed).await.is_err() {
                return wanted(&self.observed());
            }
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.watch.abort();
        // It ends with the browser at the latest.
        let (connection, target) = (self.connection.clone(), std::mem::take(&mut self.target));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let close =
                async move { connection.call(None, "Target.closeTarget", json!({"targetId": target})).await };
            runtime.spawn(close);
        }
    }
}

fn observed(shared: &Shared) -> MutexGuard<'_, Observed> {
    shared.observed.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Workers and frames of a page wait until they are watched, too.
fn attach_to_children() -> Value {
    json!({"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true})
}

/// Every request waits at the gate.
fn all_requests() -> Value {
    json!({"patterns": [{"urlPattern": "*"}]})
}

/// Takes note of what happens, and lets requests through, each in its own time.
async fn watch(connection: Connection, gate: Gate, mut events: mpsc::Receiver<Event>, shared: Arc<Shared>) {
    while let Some(event) = events.recv().await {
        match event.method.as_str() {
            "Fetch.requestPaused" => {
                let (connection, gate, shared) = (connection.clone(), gate.clone(), Arc::clone(&shared));
                tokio::spawn(async move { let_through(&connection, &gate, &event, &shared).await });
                continue;
            }
            "Target.attachedToTarget" => {
                let child = text(&event.params["sessionId"]).to_owned();
                tokio::spawn(watch_child(connection.clone(), child));
            }
            "Page.javascriptDialogOpening" => {
                let connection = connection.clone();
                tokio::spawn(async move {
                    // Only whether to leave the page is answered with yes.
                    let answer = json!({"accept": event.params["type"] == "beforeunload"});
                    connection.call(Some(&event.session), "Page.handleJavaScriptDialog", answer).await
                });
                continue;
            }
            _ => observed(&shared).note(&event),
        }
        shared.changed.notify_waiters();
    }
    // Nothing more comes.
    shared.changed.notify_waiters();
}

async fn let_through(connection: &Connection, gate: &Gate, event: &Event, shared: &Shared) {
    let decision = gate.decide(&event.params).await;
    if decision.is_held_back {
        let request = &event.params["request"];
        observed(shared).hold_back(format!("{} {}", text(&request["method"]), text(&request["url"])));
        shared.changed.notify_waiters();
    }
    // A page that is gone has no use for it.
    let _ = connection.call(Some(&event.session), decision.method, decision.params).await;
}

/// Has a worker or a frame watched as its page is, as far as that can be done, and lets it begin. A worker answers only once it has
/// begun, so nothing is waited for in between.
async fn watch_child(connection: Connection, session: String) {
    let call = |method, params| connection.call(Some(&session), method, params);
    let _ = tokio::join!(
        call("Network.enable", json!({"maxPostDataSize": 0})),
        call("Fetch.enable", all_requests()),
        call("Target.setAutoAttach", attach_to_children()),
        call("Runtime.runIfWaitingForDebugger", json!({})),
    );
}
