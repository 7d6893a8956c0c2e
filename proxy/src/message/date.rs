//! HTTP dates in the three forms of RFC 9110 §5.6.7, parsed as leniently as in nginx: the day of the week and the zone
//! may be anything.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Seconds since the epoch; `None` if it is no date, or one before 1970.
pub(crate) fn parse(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    // `Sun, 06 Nov 1994 …` and `Sunday, 06-Nov-94 …`, or `Sun Nov  6 …`.
    let mark = text.find([',', ' '])?;
    let (comma, rest) = (text.get(mark..=mark)? == ",", text.get(mark + 1..)?.trim_start_matches(' '));
    let ((day, month, year), time) = if comma { with_comma(rest)? } else { asctime(rest)? };
    let hour = number(time, 0..2)?;
    let minute = number(time, 3..5)?;
    let second = number(time, 6..8)?;
    if time.get(2..3) != Some(":") || time.get(5..6) != Some(":") {
        return None;
    }
    let short = |number: u32| i8::try_from(number).ok();
    let date = DateTime::new(
        i16::try_from(year).ok()?,
        short(month)?,
        short(day)?,
        short(hour)?,
        short(minute)?,
        short(second)?,
        0,
    );
    let timestamp = TimeZone::UTC.to_timestamp(date.ok()?).ok()?;
    u64::try_from(timestamp.as_second()).ok()
}

type Day = (u32, u32, u32);

/// `06 Nov 1994 08:49:37` or `06-Nov-94 08:49:37`.
fn with_comma(text: &str) -> Option<(Day, &str)> {
    let (day, month) = (number(text, 0..2)?, month(text.get(3..6)?)?);
    match (text.get(2..3)?, text.get(6..7)?) {
        (" ", " ") => Some(((day, month, number(text, 7..11)?), after_space(text, 11)?)),
        ("-", "-") => {
            let year = number(text, 7..9)?;
            let year = if year < 70 { 2000 + year } else { 1900 + year };
            Some(((day, month, year), after_space(text, 9)?))
        }
        _ => None,
    }
}

/// `Nov  6 08:49:37 1994`.
fn asctime(text: &str) -> Option<(Day, &str)> {
    let month = month(text.get(..3)?)?;
    let rest = text.get(4..)?.trim_start_matches(' ');
    let (day, time) = rest.split_once(' ')?;
    let day = number(day, 0..day.len())?;
    let year = after_space(time, 8)?;
    Some(((day, month, number(year, 0..4)?), time))
}

fn after_space(text: &str, at: usize) -> Option<&str> {
    text.get(at..)?.strip_prefix(' ')
}

fn month(name: &str) -> Option<u32> {
    const NAMES: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    (1..).zip(NAMES).find(|(_, known)| *known == name).map(|(number, _)| number)
}

/// A number of digits only: no sign, no space.
fn number(text: &str, digits: std::ops::Range<usize>) -> Option<u32> {
    let digits = text.get(digits)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn the_three_forms_are_one_date() {
        for text in [
            "Tue, 14 Nov 2023 22:13:20 GMT",
            "Tuesday, 14-Nov-23 22:13:20 GMT",
            "Tue Nov 14 22:13:20 2023",
            "Mon, 14 Nov 2023 22:13:20",
            "Tue, 14 Nov 2023 22:13:20 GMT; length=36",
        ] {
            assert_eq!(parse(text.as_bytes()), Some(1_700_000_000), "{text}");
        }
        assert_eq!(parse(b"Sun Nov  6 08:49:37 1994"), Some(784_111_777));
        assert_eq!(parse(b"Sunday, 06-Nov-94 08:49:37 GMT"), Some(784_111_777));
        // Two digits begin with 70.
        assert_eq!(parse(b"Thursday, 01-Jan-70 00:00:00 GMT"), Some(0));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "garbage",
            "0",
            " 14 Nov 2023 22:13:20 GMT",
            "Tue, 14 Nov 2023",
            "Tue, 14 Nov 2023 24:00:00 GMT",
            "Tue, 29 Feb 2023 22:13:20 GMT",
            "Tue, +4 Nov 2023 22:13:20 GMT",
            "Tue, 14-Nov 2023 22:13:20 GMT",
            "Wed, 31 Dec 1969 23:59:59 GMT",
            "Tue, 14 Nov 2023 22-13:20 GMT",
            "Tue, 14 Nov 2023 22:13-20 GMT",
            "Tue, 14 N\u{f6}v 2023 22:13:20 GMT",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
