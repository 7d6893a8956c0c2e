//! `stub_status`: how many connections and requests there are and have been.

use bytes::Bytes;

use super::answer::Answer;
use crate::exchange::Exchange;
use crate::message::{Body, Response};

/// The page: `ngx_http_stub_status_handler`.
pub(super) fn stub_status(x: &Exchange<'_>) -> Answer {
    if !matches!(x.method(), b"GET" | b"HEAD") {
        return Answer::Error(405);
    }
    let counts = x.cycle.connections.counts();
    let [accepted, handled, requests] =
        [&counts.accepted, &counts.handled, &counts.requests].map(|it| it.get());
    let (active, reading) = (counts.active.get(), counts.reading.get());
    let (writing, waiting) = (counts.writing.get(), counts.waiting.get());
    let page = format!(
        "Active connections: {active} \nserver accepts handled requests\n {accepted} {handled} {requests} \n\
         Reading: {reading} Writing: {writing} Waiting: {waiting} \n"
    );
    let mut response = Response::new(200);
    response.content_type = Some("text/plain".to_owned());
    response.body = Body::Bytes(Bytes::from(page));
    Answer::Response(response)
}
