//! The preaccess phase: `limit_req`, then `limit_conn`.

use std::time::Duration;

use crate::exchange::{Exchange, LimitStatus};
use crate::limits::{ConnectionRefusal, Pass, RequestLimit, Zone, account};
use crate::log::Escaped;
use crate::trace::Step;
use crate::variables::Variables;
use nginx_conf::model::{Level, LimitZone};

/// What a limit does to a request.
pub(super) enum Limited {
    /// It is refused with this status.
    Refused(u16),
    /// It has to wait.
    Delayed(Duration),
}

/// The longest key of `limit_req`.
const MAX_REQUEST_KEY: usize = 65535;
/// The longest key of `limit_conn`.
const MAX_CONNECTION_KEY: usize = 255;

/// The key of a zone for this request; `None` if it does not count.
fn key(x: &Exchange<'_>, zone: &LimitZone, max: usize) -> Option<Vec<u8>> {
    let key = x.evaluate(&zone.key);
    if key.len() > max {
        let (name, key) = (&zone.key_text, Escaped(&key));
        let message = format_args!("the value of the \"{name}\" key is more than {max} bytes: \"{key}\"");
        x.log(Level::Error, message);
        return None;
    }
    (!key.is_empty()).then_some(key)
}

/// `limit_req`: `ngx_http_limit_req_handler`.
pub(super) fn requests(x: &mut Exchange<'_>) -> Option<Limited> {
    let before = x.limit_req_status;
    let limited = limit_requests(x);
    if let (None, Some(status)) = (before, x.limit_req_status) {
        x.trace(|here| Step::Limit {
            directives: here.in_force(&["limit_req"]),
            status: status.name().to_owned(),
        });
    }
    limited
}

fn limit_requests(x: &mut Exchange<'_>) -> Option<Limited> {
    let settings = &x.settings.limit_req;
    if x.limit_req_status.is_some() || settings.limits.is_empty() {
        return None;
    }
    let dry_run = if settings.dry_run { ", dry run" } else { "" };
    let zone_name = |index: usize| x.cycle.zones.get(index).map_or("", |(zone, _)| zone.name.as_str());
    let mut passed: Vec<(usize, RequestLimit, Vec<u8>)> = Vec::new();
    let mut last = None;
    let mut counts = false;
    for (position, limit) in settings.limits.iter().enumerate() {
        let Some((zone, Zone::Requests(shared))) = x.cycle.zones.get(limit.zone) else { continue };
        let nginx_conf::model::LimitKind::Requests { rate } = zone.kind else { continue };
        let Some(key) = key(x, zone, MAX_REQUEST_KEY) else { continue };
        let (burst, delay) = (limit.burst, limit.delay);
        let request_limit = RequestLimit { zone: shared.clone(), rate, burst, delay };
        let is_last = position + 1 == settings.limits.len();
        counts = true;
        match request_limit.ask(&key, is_last) {
            Pass::Yes(excess) if is_last => last = Some((limit.zone, request_limit, excess)),
            Pass::Yes(_) => passed.push((limit.zone, request_limit, key)),
            refused => {
                if let Pass::Refused(excess) = refused {
                    let (whole, rest, name) = (excess / 1000, excess % 1000, &zone.name);
                    let excess = format_args!("excess: {whole}.{rest:03}");
                    x.log(
                        settings.log_level,
                        format_args!("limiting requests{dry_run}, {excess} by zone \"{name}\""),
                    );
                }
                passed.iter().for_each(|(_, limit, key)| limit.withdraw(key));
                let status =
                    if settings.dry_run { LimitStatus::RejectedDryRun } else { LimitStatus::Rejected };
                x.limit_req_status = Some(status);
                return (!settings.dry_run).then_some(Limited::Refused(settings.status));
            }
        }
    }
    if !counts {
        return None;
    }
    let last = last.as_ref().map(|(index, limit, excess)| (*index, limit, *excess));
    let Some((wait, zone, excess)) = account(last, &passed) else {
        x.limit_req_status = Some(LimitStatus::Passed);
        return None;
    };
    let (whole, rest, name) = (excess / 1000, excess % 1000, zone_name(zone));
    let excess = format_args!("excess: {whole}.{rest:03}");
    let level = less_severe(settings.log_level);
    x.log(level, format_args!("delaying request{dry_run}, {excess}, by zone \"{name}\""));
    let status = if settings.dry_run { LimitStatus::DelayedDryRun } else { LimitStatus::Delayed };
    x.limit_req_status = Some(status);
    (!settings.dry_run).then_some(Limited::Delayed(wait))
}

fn less_severe(level: Level) -> Level {
    match level {
        Level::Error => Level::Warn,
        Level::Warn => Level::Notice,
        _ => Level::Info,
    }
}

/// `limit_conn`: `ngx_http_limit_conn_handler`.
pub(super) fn connections(x: &mut Exchange<'_>) -> Option<Limited> {
    let before = x.limit_conn_status;
    let limited = limit_connections(x);
    if let (None, Some(status)) = (before, x.limit_conn_status) {
        x.trace(|here| Step::Limit {
            directives: here.in_force(&["limit_conn"]),
            status: status.name().to_owned(),
        });
    }
    limited
}

fn limit_connections(x: &mut Exchange<'_>) -> Option<Limited> {
    let settings = &x.settings.limit_conn;
    if x.limit_conn_status.is_some() {
        return None;
    }
    for limit in &settings.limits {
        let Some((zone, Zone::Connections(shared))) = x.cycle.zones.get(limit.zone) else { continue };
        let Some(key) = key(x, zone, MAX_CONNECTION_KEY) else { continue };
        x.limit_conn_status = Some(LimitStatus::Passed);
        match shared.enter(&key, limit.connections) {
            Ok(slot) => x.connection_slots.push(slot),
            Err(refusal) => {
                if refusal == ConnectionRefusal::TooMany {
                    let dry_run = if settings.dry_run { ", dry run," } else { "" };
                    let name = &zone.name;
                    x.log(
                        settings.log_level,
                        format_args!("limiting connections{dry_run} by zone \"{name}\""),
                    );
                }
                x.connection_slots.clear();
                let status =
                    if settings.dry_run { LimitStatus::RejectedDryRun } else { LimitStatus::Rejected };
                x.limit_conn_status = Some(status);
                return (!settings.dry_run).then_some(Limited::Refused(settings.status));
            }
        }
    }
    None
}
