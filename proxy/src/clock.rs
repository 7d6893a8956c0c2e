//! The time of day, formatted for headers and logs once a second.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::turn::since_epoch;

/// How `$date_gmt` and `$date_local` begin.
const DAY_AND_TIME: &str = "%A, %d-%b-%Y %H:%M:%S";

/// A worker's clock. The time is formatted anew only when the second has changed, as in nginx's `ngx_time_update`.
#[derive(Debug)]
pub(crate) struct Clock {
    zone: TimeZone,
    formatted: RefCell<Rc<FormattedTime>>,
}

/// A second, in every format: nginx's `ngx_cached_http_time` and the like.
#[derive(Debug)]
pub(crate) struct FormattedTime {
    /// Seconds since the epoch.
    pub(crate) second: u64,
    /// `Date:` and `Last-Modified:` (RFC 9110 §5.6.7): `Sat, 31 Jan 2026 12:00:00 GMT`.
    pub(crate) http: Box<str>,
    /// `$time_local`: `31/Jan/2026:12:00:00 +0000`.
    pub(crate) local: Box<str>,
    /// `$time_iso8601`: `2026-01-31T12:00:00+00:00`.
    pub(crate) iso8601: Box<str>,
    /// In the error log: `2026/01/31 12:00:00`.
    pub(crate) error_log: Box<str>,
    /// For syslog (RFC 3164 §4.1.2): `Jan 31 12:00:00`.
    pub(crate) syslog: Box<str>,
}

impl Clock {
    /// A clock in the system's time zone.
    pub(crate) fn new() -> Clock {
        let zone = system_zone();
        let formatted = RefCell::new(Rc::new(FormattedTime::at(since_epoch().as_secs(), &zone)));
        Clock { zone, formatted }
    }

    /// The current second.
    pub(crate) fn now(&self) -> Rc<FormattedTime> {
        let second = since_epoch().as_secs();
        let mut formatted = self.formatted.borrow_mut();
        if formatted.second != second {
            *formatted = Rc::new(FormattedTime::at(second, &self.zone));
        }
        Rc::clone(&formatted)
    }

    /// `$date_local`: `Saturday, 31-Jan-2026 13:00:00 CET`, as SSI has it unless `config` says otherwise.
    pub(crate) fn day_and_time(&self) -> String {
        let now = i64::try_from(self.now().second).unwrap_or_default();
        let timestamp = Timestamp::from_second(now).unwrap_or_default();
        timestamp.to_zoned(self.zone.clone()).strftime(&format!("{DAY_AND_TIME} %Z")).to_string()
    }

    /// `$date_gmt`: the same in UTC, which is called GMT there.
    pub(crate) fn day_and_time_in_utc(&self) -> String {
        format_utc(i64::try_from(self.now().second).unwrap_or_default(), &format!("{DAY_AND_TIME} GMT"))
    }

    /// How many seconds the local time zone is ahead of UTC now.
    pub(crate) fn utc_offset(&self) -> i64 {
        let now = i64::try_from(since_epoch().as_secs()).unwrap_or_default();
        let now = Timestamp::from_second(now).unwrap_or_default();
        i64::from(self.zone.to_offset(now).seconds())
    }

    /// When this second of the day comes next in the local time zone, in seconds since the epoch: `ngx_next_time`.
    pub(crate) fn next_time_of_day(&self, second: u32) -> i64 {
        let now = i64::try_from(since_epoch().as_secs()).unwrap_or_default();
        let zoned = Timestamp::from_second(now).unwrap_or_default().to_zoned(self.zone.clone());
        let midnight = zoned.start_of_day().map_or(now, |day| day.timestamp().as_second());
        let at = midnight + i64::from(second);
        if at > now { at } else { at + 86_400 }
    }
}

/// The system's time zone: `TZ`, or what `/etc/localtime` says, as libc reads it. jiff would look for the zone's name as well, and go
/// through all zones that the system knows at each start.
fn system_zone() -> TimeZone {
    const LOCAL_TIME: &str = "/etc/localtime";
    const MAX_BYTES: u64 = 1 << 20;
    let local = || {
        let bytes = nginx_conf::read_regular_file(Path::new(LOCAL_TIME), MAX_BYTES).ok()?;
        TimeZone::tzif(LOCAL_TIME, &bytes).ok()
    };
    std::env::var_os("TZ").is_none().then(local).flatten().unwrap_or_else(TimeZone::system)
}

/// A second of UTC, as `format` says, which is that of `strftime`.
pub(crate) fn format_utc(second: i64, format: &str) -> String {
    let timestamp = Timestamp::from_second(second).unwrap_or_default();
    timestamp.to_zoned(TimeZone::UTC).strftime(format).to_string()
}

impl FormattedTime {
    fn at(second: u64, zone: &TimeZone) -> FormattedTime {
        let zoned = i64::try_from(second)
            .ok()
            .and_then(|second| Timestamp::from_second(second).ok())
            .map(|timestamp| timestamp.to_zoned(zone.clone()))
            .unwrap_or_default();
        let text = |format: &str, zoned: &Zoned| zoned.strftime(format).to_string().into_boxed_str();
        FormattedTime {
            second,
            http: http_date(second).into_boxed_str(),
            local: text("%d/%b/%Y:%H:%M:%S %z", &zoned),
            iso8601: text("%Y-%m-%dT%H:%M:%S%:z", &zoned),
            error_log: text("%Y/%m/%d %H:%M:%S", &zoned),
            syslog: text("%b %e %H:%M:%S", &zoned),
        }
    }
}

/// Seconds since the epoch as an HTTP date. The format ends with the year 9999, and so do later dates.
pub(crate) fn http_date(second: u64) -> String {
    const LAST: u64 = 253_402_300_799;
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(second.min(LAST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_spelt_as_nginx_spells_it() {
        let seoul = TimeZone::fixed(jiff::tz::offset(9));
        let formatted = FormattedTime::at(1_769_860_805, &seoul);
        assert_eq!(&*formatted.http, "Sat, 31 Jan 2026 12:00:05 GMT");
        assert_eq!(&*formatted.local, "31/Jan/2026:21:00:05 +0900");
        assert_eq!(&*formatted.iso8601, "2026-01-31T21:00:05+09:00");
        assert_eq!(&*formatted.error_log, "2026/01/31 21:00:05");
        assert_eq!(&*formatted.syslog, "Jan 31 21:00:05");
        assert_eq!(&*FormattedTime::at(1_767_312_000, &seoul).syslog, "Jan  2 09:00:00");
    }

    #[test]
    fn the_time_zone_is_the_systems() {
        let (ours, its) = (system_zone(), TimeZone::system());
        for second in [0, 1_769_860_805, 1_786_000_000] {
            let at = Timestamp::from_second(second).unwrap();
            assert_eq!(ours.to_offset_info(at).abbreviation(), its.to_offset_info(at).abbreviation());
            assert_eq!(ours.to_offset(at), its.to_offset(at));
        }
    }

    #[test]
    fn the_text_is_kept_for_as_long_as_the_second_lasts() {
        let clock = Clock::new();
        let (first, second) = loop {
            let (first, second) = (clock.now(), clock.now());
            if first.second == second.second {
                break (first, second);
            }
        };
        assert!(Rc::ptr_eq(&first, &second));
    }

    #[test]
    fn a_date_that_the_format_cannot_say_is_held_at_its_end() {
        assert_eq!(http_date(u64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
    }
}
