//! The file that steps are written to.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::step::Step;

/// The environment variable that names the file.
pub const VARIABLE: &str = "REFERENCE_PROXY_TRACE";

/// A step of a request: a line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TracedStep {
    /// The number of the request, counted from 1 by all workers together.
    pub request: u64,
    /// The request that it is part of (`auth_request`, `mirror`, an update of a cache).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<u64>,
    /// What happens to it.
    #[serde(flatten)]
    pub step: Step,
}

/// The steps in the text of such a file.
///
/// # Errors
///
/// A line that is not of one.
pub fn read(text: &str) -> Result<Vec<TracedStep>, serde_json::Error> {
    text.lines().map(serde_json::from_str).collect()
}

/// The file, open for all workers.
#[derive(Debug)]
pub(crate) struct TraceLog {
    file: File,
    requests: AtomicU64,
}

impl TraceLog {
    /// The one that the environment asks for.
    ///
    /// # Errors
    ///
    /// The file cannot be opened.
    pub(crate) fn from_environment() -> io::Result<Option<Arc<TraceLog>>> {
        std::env::var_os(VARIABLE).map(|path| TraceLog::open(Path::new(&path)).map(Arc::new)).transpose()
    }

    fn open(path: &Path) -> io::Result<TraceLog> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(TraceLog { file, requests: AtomicU64::new(0) })
    }
}

/// A request that is traced.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    log: Arc<TraceLog>,
    request: u64,
    within: Option<u64>,
}

impl Trace {
    /// Of a new request.
    pub(crate) fn begin(log: &Arc<TraceLog>) -> Trace {
        let request = log.requests.fetch_add(1, Ordering::Relaxed) + 1;
        Trace { log: Arc::clone(log), request, within: None }
    }

    /// Of a request within this one.
    pub(crate) fn within(&self) -> Trace {
        Trace { within: Some(self.request), ..Trace::begin(&self.log) }
    }

    /// Writes a step down.
    pub(crate) fn tell(&self, step: Step) {
        let step = TracedStep { request: self.request, within: self.within, step };
        let Ok(mut line) = serde_json::to_vec(&step) else { return };
        line.push(b'\n');
        // As with other logs, a full disk keeps no request from being answered.
        let _ = (&self.log.file).write_all(&line);
    }
}
