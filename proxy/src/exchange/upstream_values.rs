//! The values of `$upstream_…`: a list where several app servers were asked.

use std::time::Duration;

use super::{Attempt, Exchange};
use crate::text;
use nginx_conf::template::UpstreamVariable;

impl Exchange<'_> {
    /// Appends the value of a variable; false if no app server was asked.
    pub(super) fn upstream_value(&self, which: UpstreamVariable, out: &mut Vec<u8>) -> bool {
        let show: fn(&Attempt, &mut Vec<u8>) = match which {
            UpstreamVariable::CacheStatus => {
                out.extend_from_slice(self.cache_status.map(|it| it.name().as_bytes()).unwrap_or_default());
                return self.cache_status.is_some();
            }
            UpstreamVariable::Addr => |attempt, out| out.extend_from_slice(attempt.address.as_bytes()),
            UpstreamVariable::BytesReceived => |attempt, out| {
                text::decimal(out, attempt.traffic.as_ref().map_or(0, |traffic| traffic.received()))
            },
            UpstreamVariable::BytesSent => |attempt, out| {
                text::decimal(out, attempt.traffic.as_ref().map_or(0, |traffic| traffic.sent()))
            },
            UpstreamVariable::ConnectTime => |attempt, out| time(attempt.connect_time, out),
            UpstreamVariable::HeaderTime => |attempt, out| time(attempt.header_time, out),
            UpstreamVariable::ResponseLength => |attempt, out| text::decimal(out, attempt.length),
            UpstreamVariable::ResponseTime => |attempt, out| time(attempt.time, out),
            UpstreamVariable::Status => |attempt, out| match attempt.status {
                Some(status) => text::decimal(out, u64::from(status)),
                None => out.push(b'-'),
            },
        };
        for (index, attempt) in self.attempts.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(if attempt.is_first { b" : " } else { b", " });
            }
            show(attempt, out);
        }
        !self.attempts.is_empty()
    }
}

/// A time, or a dash where there is none.
fn time(time: Option<Duration>, out: &mut Vec<u8>) {
    match time {
        Some(time) => text::seconds(out, time),
        None => out.push(b'-'),
    }
}
