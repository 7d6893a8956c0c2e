//! Requests within a request.

use super::{Exchange, RequestMemory};
use crate::message::request::BodyLength;
use crate::trace::Trace;

impl<'a> Exchange<'a> {
    /// A request for another URI within this one: `ngx_http_subrequest`. It has no body unless it is given one.
    pub(crate) fn subrequest(&self, uri: &[u8]) -> Option<Exchange<'a>> {
        let memory = &mut RequestMemory::default();
        let mut sub = Exchange::new(self.cycle, self.http, self.server, self.client, memory)?;
        sub.connected = self.connected;
        sub.real_ip_found = self.real_ip_found;
        sub.tls = self.tls;
        sub.proxy_header = self.proxy_header;
        sub.request = self.request.clone();
        sub.request.body = BodyLength::None;
        sub.request.expects_continue = false;
        sub.request_body.clone_from(&self.request_body);
        sub.uri = uri.to_vec();
        sub.args.clone_from(&self.args);
        sub.is_subrequest = true;
        sub.valid_unparsed_uri = false;
        sub.quoted_uri = true;
        sub.variables.slots.clone_from(&self.variables.slots);
        sub.variables.maps.clone_from(&self.variables.maps);
        sub.limit_req_status = self.limit_req_status;
        sub.limit_conn_status = self.limit_conn_status;
        sub.trace = self.trace.as_ref().map(Trace::within);
        Some(sub)
    }

    /// The same request once more, within this one: to fetch a new answer for a cache.
    pub(crate) fn update(&self) -> Option<Exchange<'a>> {
        let mut update = self.subrequest(&self.uri)?;
        update.settings = self.settings;
        (update.level, update.location) = (self.level, self.location);
        update.valid_unparsed_uri = self.valid_unparsed_uri;
        update.valid_location = self.valid_location;
        update.quoted_uri = self.quoted_uri;
        update.evaluated_pass.clone_from(&self.evaluated_pass);
        update.variables.captures.clone_from(&self.variables.captures);
        Some(update)
    }
}
