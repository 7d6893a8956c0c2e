//! Takes the time of day out of a text.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use regex::{Captures, Regex};

/// Times closer than this to the present are the present.
const AROUND_NOW: Duration = Duration::from_secs(3_600);

static HTTP_DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d[ -][A-Z][a-z]{2}[ -]\d{2,4} \d\d:\d\d:\d\d GMT").ok()
});

static OTHER_TIME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"\b1[789]\d{8}(?:\.\d{3})?\b|\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[+-]\d\d:\d\d|Z)?|\b\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}",
    )
    .ok()
});

/// `text` without the time of day. A time far from now is told by how far it is.
pub(crate) fn timeless(text: &str) -> String {
    let now = SystemTime::now();
    let dates = |found: &Captures<'_>| match httpdate::parse_http_date(&found[0]) {
        Ok(time) => relative(time, now).unwrap_or_else(|| found[0].to_owned()),
        Err(_) => found[0].to_owned(),
    };
    let text = HTTP_DATE.as_ref().map_or_else(|| text.into(), |date| date.replace_all(text, dates));
    OTHER_TIME
        .as_ref()
        .map_or_else(|| text.to_string(), |time| time.replace_all(&text, "<time>").into_owned())
}

fn relative(time: SystemTime, now: SystemTime) -> Option<String> {
    const A_YEAR: Duration = Duration::from_secs(400 * 24 * 3_600);
    match time.duration_since(now) {
        Ok(ahead) if ahead < AROUND_NOW => Some(rounded(ahead)),
        // To the minute: answers of both sides are seconds apart.
        Ok(ahead) => Some(rounded(ahead)),
        Err(behind) if behind.duration() < AROUND_NOW => Some("<now>".to_owned()),
        Err(behind) if behind.duration() < A_YEAR => Some("<the past>".to_owned()),
        Err(_) => None,
    }
}

fn rounded(ahead: Duration) -> String {
    match (ahead.as_secs() + 30) / 60 {
        0 => "<now>".to_owned(),
        minutes => format!("<in {minutes} min>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_day_is_taken_out() {
        let now = SystemTime::now();
        let date = |time| httpdate::fmt_http_date(time);
        assert_eq!(timeless(&date(now)), "<now>");
        assert_eq!(timeless(&date(now + Duration::from_secs(86_400))), "<in 1440 min>");
        assert_eq!(timeless("Wed, 01 Jan 2020 00:00:00 GMT"), "Wed, 01 Jan 2020 00:00:00 GMT");
        assert_eq!(timeless("t=1790000000.123 2026-11-30T01:02:03+00:00"), "t=<time> <time>");
    }
}
