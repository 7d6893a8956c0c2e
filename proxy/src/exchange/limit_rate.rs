//! `limit_rate`, and what takes its place.

use super::Exchange;
use crate::log::Escaped;
use nginx_conf::model::Level;
use nginx_conf::parse_size;
use nginx_conf::template::Template;

impl Exchange<'_> {
    /// How many bytes of the response may be sent in a second, and how many before that counts; `None` for no limit.
    /// The rate stays.
    pub(crate) fn limit_rate(&mut self) -> Option<(u64, u64)> {
        let rate = self.limit_rate.unwrap_or_else(|| self.size(self.settings.limit_rate.as_ref()));
        self.limit_rate = Some(rate);
        (rate > 0).then(|| (rate, self.size(self.settings.limit_rate_after.as_ref())))
    }

    /// `set $limit_rate`.
    pub(crate) fn set_limit_rate(&mut self, value: &[u8]) {
        match size(value) {
            Some(rate) => self.limit_rate = Some(rate),
            None => self.log(Level::Error, format_args!("invalid $limit_rate \"{}\"", Escaped(value))),
        }
    }

    /// A size that may have variables: `ngx_http_complex_value_size`.
    fn size(&self, template: Option<&Template>) -> u64 {
        let Some(template) = template else { return 0 };
        let value = self.value(template);
        size(&value).unwrap_or_else(|| {
            self.log(Level::Error, format_args!("invalid size \"{}\"", Escaped(&value)));
            0
        })
    }
}

fn size(text: &[u8]) -> Option<u64> {
    parse_size(std::str::from_utf8(text).ok()?).and_then(|size| u64::try_from(size).ok())
}
