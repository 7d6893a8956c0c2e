//! The main context and `events`.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::model::{ErrorLog, Http, User};

/// What the main context and `events` have said so far.
#[derive(Debug, Default)]
pub(crate) struct MainDraft {
    pub(crate) events: bool,
    pub(crate) http: Option<Http>,
    pub(crate) daemon: Option<bool>,
    pub(crate) master_process: Option<bool>,
    pub(crate) open_files: Option<u64>,
    pub(crate) multi_accept: Option<bool>,
    pub(crate) accept_mutex: Option<bool>,
    pub(crate) accept_mutex_delay: Option<Duration>,
    pub(crate) error_log: Vec<ErrorLog>,
    pub(crate) user: Option<Option<User>>,
    pub(crate) worker_processes: Option<usize>,
    pub(crate) worker_connections: Option<usize>,
    pub(crate) shutdown_timeout: Option<Duration>,
    pub(crate) event_method: Option<String>,
    pub(crate) pid: Option<PathBuf>,
    /// What was said that changes nothing.
    pub(crate) tuning: HashSet<String>,
}
