//! Fields behind the body of a response: `add_trailer`.

use super::client::ClientConnection;
use super::fields::write_field;
use super::head::ADD_HEADER_STATUSES;
use crate::exchange::Exchange;
use crate::wire::Stream;
use nginx_conf::model::AddHeader;

impl Exchange<'_> {
    /// Whether fields are to follow the body of a response: `ngx_http_headers_filter`. It need not come to any.
    pub(super) fn has_trailers(&self, status: u16) -> bool {
        let sends_body = !self.request.is_head() && !matches!(status, 100..200 | 204 | 304);
        let can_follow = self.request.is_http2() || self.has_chunks();
        self.trailers(status).next().is_some() && sends_body && can_follow && !self.is_subrequest
    }

    fn trailers(&self, status: u16) -> impl Iterator<Item = &AddHeader> {
        let applies = move |field: &&AddHeader| field.always || ADD_HEADER_STATUSES.contains(&status);
        self.settings.add_trailer.iter().filter(applies)
    }

    /// These fields, each on a line of its own: `ngx_http_trailers_filter`.
    fn evaluate_trailers(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for field in self.trailers(self.status) {
            let value = self.value(&field.value);
            if !value.is_empty() {
                write_field(&mut text, field.name.as_bytes(), &value);
            }
        }
        text
    }
}

impl<S: Stream> ClientConnection<S> {
    /// Evaluates the fields that follow the body, if there are to be any. The end of the body is known by now.
    pub(crate) fn add_trailers(&mut self, x: &mut Exchange<'_>) {
        if !std::mem::take(&mut self.awaits_trailers) {
            return;
        }
        x.sent_trailers = x.evaluate_trailers();
        if !self.stream.take_trailers(&x.sent_trailers) {
            self.output.set_trailers(&x.sent_trailers);
        }
    }
}
