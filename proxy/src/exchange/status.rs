//! What limits, caches and app servers have said of a request, as logs tell it.

use std::rc::Rc;
use std::time::Duration;

use crate::upstream::Traffic;

/// What a limit has said of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LimitStatus {
    Passed,
    Delayed,
    Rejected,
    DelayedDryRun,
    RejectedDryRun,
}

impl LimitStatus {
    /// As `$limit_req_status` has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            LimitStatus::Passed => "PASSED",
            LimitStatus::Delayed => "DELAYED",
            LimitStatus::Rejected => "REJECTED",
            LimitStatus::DelayedDryRun => "DELAYED_DRY_RUN",
            LimitStatus::RejectedDryRun => "REJECTED_DRY_RUN",
        }
    }
}

/// What came of looking for an answer in a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CacheStatus {
    /// It is not there.
    Miss,
    /// It was not looked for: `proxy_cache_bypass`.
    Bypass,
    /// It is there, but too old.
    Expired,
    /// It is too old, and given nevertheless.
    Stale,
    /// The same, while another request fetches a new one.
    Updating,
    /// It was too old, and the app server says that it has not changed.
    Revalidated,
    /// It is there.
    Hit,
}

impl CacheStatus {
    /// As `$upstream_cache_status` has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            CacheStatus::Miss => "MISS",
            CacheStatus::Bypass => "BYPASS",
            CacheStatus::Expired => "EXPIRED",
            CacheStatus::Stale => "STALE",
            CacheStatus::Updating => "UPDATING",
            CacheStatus::Revalidated => "REVALIDATED",
            CacheStatus::Hit => "HIT",
        }
    }
}

/// An app server that was asked (`$upstream_addr`, `$upstream_status`, `$upstream_response_time` and the like).
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// The server's address, or the upstream's name if no server was left.
    pub(crate) address: Rc<str>,
    /// The status of its response, or of its failure.
    pub(crate) status: Option<u16>,
    /// Whether it is the first one of a `proxy_pass`: there are several after an `error_page`.
    pub(crate) is_first: bool,
    /// The time from selecting the server to a connection to it.
    pub(crate) connect_time: Option<Duration>,
    /// The time from selecting the server to the head of its response.
    pub(crate) header_time: Option<Duration>,
    /// The time from selecting the server to its last byte.
    pub(crate) time: Option<Duration>,
    /// The bytes of its body.
    pub(crate) length: u64,
    /// The bytes that were sent to the server and have come from it; `None` if there was no connection.
    pub(crate) traffic: Option<Rc<Traffic>>,
}

impl Attempt {
    /// A server that is about to be asked.
    pub(crate) fn new(address: Rc<str>, is_first: bool) -> Attempt {
        Attempt {
            address,
            status: None,
            is_first,
            connect_time: None,
            header_time: None,
            time: None,
            length: 0,
            traffic: None,
        }
    }
}
