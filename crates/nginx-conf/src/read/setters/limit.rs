//! `limit_req…` and `limit_conn…`: `ngx_http_limit_req_module` and `ngx_http_limit_conn_module`.

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::{Level, LimitConn, LimitKind, LimitReq, LimitZone};
use crate::read::draft::ZoneConflict;
use crate::read::reader::{Reader, Setter};
use crate::read::values::{bounded, duplicate, flag, once, one_of};
use crate::read::variables::template;
use crate::source::Word;
use crate::units::{parse_number, parse_size};

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("limit_req_zone", zone),
    ("limit_req", limit_req),
    ("limit_req_status", |r, d| once(&mut r.settings().limit_req.status, d, status)),
    ("limit_req_log_level", |r, d| once(&mut r.settings().limit_req.log_level, d, |d| one_of(d, LOG_LEVELS))),
    ("limit_req_dry_run", |r, d| once(&mut r.settings().limit_req.dry_run, d, flag)),
    ("limit_conn_zone", zone),
    ("limit_conn", limit_conn),
    ("limit_conn_status", |r, d| once(&mut r.settings().limit_conn.status, d, status)),
    ("limit_conn_log_level", |r, d| {
        once(&mut r.settings().limit_conn.log_level, d, |d| one_of(d, LOG_LEVELS))
    }),
    ("limit_conn_dry_run", |r, d| once(&mut r.settings().limit_conn.dry_run, d, flag)),
];

/// The smallest zone: eight pages.
const MIN_ZONE_SIZE: usize = 8 * 4096;

/// The most connections of a `limit_conn`.
const MAX_CONNECTIONS: u32 = 65535;

/// How many thousandths `nodelay` stands for: more than any burst.
const NO_DELAY: u64 = (i32::MAX as u64 / 1000) * 1000;

const LOG_LEVELS: &[(&str, Level)] =
    &[("info", Level::Info), ("notice", Level::Notice), ("warn", Level::Warn), ("error", Level::Error)];

fn status(directive: &Directive) -> Result<u16, ConfigError> {
    bounded(directive, 400, 599)
}

/// `limit_req_zone` and `limit_conn_zone`.
fn zone(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let command = directive.name();
    let key = template(&mut reader.http.variables, directive, directive.argument(0))?;
    let (mut name, mut size, mut rate) = (String::new(), 0, 1000);
    for word in directive.arguments().iter().skip(1) {
        if let Some(zone) = word.text.strip_prefix("zone=") {
            let invalid = || directive.error_at(word, format!("invalid zone size \"{}\"", word.text));
            let (zone, bytes) = zone.split_once(':').ok_or_else(invalid)?;
            size = parse_size(bytes).ok_or_else(invalid)?;
            if size < MIN_ZONE_SIZE {
                return Err(directive.error_at(word, format!("zone \"{}\" is too small", word.text)));
            }
            name = zone.to_owned();
        } else if let Some(text) = word.text.strip_prefix("rate=").filter(|_| command == "limit_req_zone") {
            let found = parse_rate(text);
            rate =
                found.ok_or_else(|| directive.error_at(word, format!("invalid rate \"{}\"", word.text)))?;
        } else {
            return Err(directive.error_at(word, format!("invalid parameter \"{}\"", word.text)));
        }
    }
    if name.is_empty() {
        return Err(directive.error(format!("\"{command}\" must have \"zone\" parameter")));
    }
    let kind = match command {
        "limit_req_zone" => LimitKind::Requests { rate },
        _ => LimitKind::Connections,
    };
    let key_text = directive.argument(0).text.clone();
    let declared =
        reader.http.limit_zones.declare(LimitZone { name: name.clone(), size, key, key_text, kind });
    declared.map_err(|conflict| {
        directive.error(match conflict {
            ZoneConflict::OtherUse => other_use(&name),
            ZoneConflict::Size(known) => {
                format!("the size {size} of shared memory zone \"{name}\" conflicts with already declared size {known}")
            }
            ZoneConflict::Bound(key) => format!("{command} \"{name}\" is already bound to key \"{key}\""),
        })
    })
}

/// `5r/s`, `90r/m`, `5`: thousandths of a request in a second.
fn parse_rate(text: &str) -> Option<u64> {
    let (digits, scale) = match (text.strip_suffix("r/s"), text.strip_suffix("r/m")) {
        (Some(digits), _) => (digits, 1),
        (_, Some(digits)) => (digits, 60),
        _ => (text, 1),
    };
    let rate = parse_number(digits).filter(|rate| *rate > 0)?;
    Some(rate.checked_mul(1000)? / scale)
}

fn other_use(zone: &str) -> String {
    format!("the shared memory zone \"{zone}\" is already declared for a different use")
}

/// The index of the zone that a limit names.
fn reference(
    reader: &mut Reader,
    directive: &Directive,
    word: &Word,
    zone: &str,
) -> Result<usize, ConfigError> {
    let found = reader.http.limit_zones.reference(zone, directive.name() == "limit_req");
    found.ok_or_else(|| directive.error_at(word, other_use(zone)))
}

/// `limit_req`.
fn limit_req(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let (mut zone, mut burst, mut delay) = (None, 0, 0);
    for word in directive.arguments() {
        let thousandths = |what: &str, text: &str| {
            let number =
                parse_number(text).filter(|number| *number > 0).and_then(|number| number.checked_mul(1000));
            number.ok_or_else(|| directive.error_at(word, format!("invalid {what} value \"{}\"", word.text)))
        };
        if let Some(name) = word.text.strip_prefix("zone=") {
            zone = Some(reference(reader, directive, word, name)?);
        } else if let Some(number) = word.text.strip_prefix("burst=") {
            burst = thousandths("burst", number)?;
        } else if let Some(number) = word.text.strip_prefix("delay=") {
            delay = thousandths("delay", number)?;
        } else if word.text == "nodelay" {
            delay = NO_DELAY;
        } else {
            return Err(directive.error_at(word, format!("invalid parameter \"{}\"", word.text)));
        }
    }
    let zone = zone.ok_or_else(|| directive.error("\"limit_req\" must have \"zone\" parameter"))?;
    let limits = &mut reader.settings().limit_req.limits;
    if limits.iter().any(|limit| limit.zone == zone) {
        return Err(duplicate(directive));
    }
    limits.push(LimitReq { zone, burst, delay });
    Ok(())
}

/// `limit_conn`.
fn limit_conn(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let [name, number] = directive.arguments() else { return Ok(()) };
    let zone = reference(reader, directive, name, &name.text)?;
    if reader.settings().limit_conn.limits.iter().any(|limit| limit.zone == zone) {
        return Err(duplicate(directive));
    }
    let connections = parse_number(&number.text).filter(|connections| *connections > 0).ok_or_else(|| {
        directive.error_at(number, format!("invalid number of connections \"{}\"", number.text))
    })?;
    let connections = u32::try_from(connections).ok().filter(|connections| *connections <= MAX_CONNECTIONS);
    let connections =
        connections.ok_or_else(|| directive.error_at(number, "connection limit must be less 65536"))?;
    reader.settings().limit_conn.limits.push(LimitConn { zone, connections });
    Ok(())
}
