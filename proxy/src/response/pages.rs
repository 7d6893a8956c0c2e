//! nginx's built-in pages and reason phrases.

use bytes::Bytes;

use crate::exchange::Exchange;
use crate::message::status::{HTTP_TO_HTTPS, HTTPS_CERT_ERROR, HTTPS_NO_CERT, REQUEST_HEADER_TOO_LARGE};
use crate::message::{Body, Headers, Response};
use crate::version::{PRODUCT, PRODUCT_WITH_VERSION};

const PADDING: &str = "<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n";

/// The reason phrase in a status line.
pub(crate) fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        302 => "Moved Temporarily",
        304 => "Not Modified",
        401 => "Unauthorized",
        status => title(status),
    }
}

/// The title of a page, which sometimes differs from the reason phrase. Empty if there is no page.
fn title(status: u16) -> &'static str {
    match status {
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Authorization Required",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Time-out",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Large",
        415 => "Unsupported Media Type",
        416 => "Requested Range Not Satisfiable",
        421 => "Misdirected Request",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Time-out",
        505 => "HTTP Version Not Supported",
        507 => "Insufficient Storage",
        _ => "",
    }
}

/// The page of a status, if it has one. It is padded for browsers that replace short error pages by their own.
fn page_text(status: u16, server_tokens: bool, request: &Headers) -> Option<String> {
    let product = if server_tokens { PRODUCT_WITH_VERSION } else { PRODUCT };
    let special = match status {
        REQUEST_HEADER_TOO_LARGE => Some("Request Header Or Cookie Too Large"),
        HTTPS_CERT_ERROR => Some("The SSL certificate error"),
        HTTPS_NO_CERT => Some("No required SSL certificate was sent"),
        HTTP_TO_HTTPS => Some("The plain HTTP request was sent to HTTPS port"),
        _ => None,
    };
    let (head, heading, more) = match special {
        Some(reason) => {
            (format!("400 {reason}"), "400 Bad Request".to_owned(), format!("<center>{reason}</center>\r\n"))
        }
        None if title(status).is_empty() => return None,
        None => (format!("{status} {}", title(status)), format!("{status} {}", title(status)), String::new()),
    };
    let mut page = format!(
        "<html>\r\n<head><title>{head}</title></head>\r\n<body>\r\n<center><h1>{heading}</h1></center>\r\n{more}\
         <hr><center>{product}</center>\r\n</body>\r\n</html>\r\n"
    );
    let pads = |agent: &[u8]| [&b"MSIE "[..], b"Chrome/"].iter().any(|name| contains(agent, name));
    if status >= 400 && request.get("User-Agent").is_some_and(pads) {
        page.push_str(&PADDING.repeat(6));
    }
    Some(page)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

/// A response with nginx's page for an error.
pub(crate) fn error_page(x: &mut Exchange<'_>, status: u16) -> Response {
    close_after_error(x, status);
    page_response(x, status)
}

/// Closes the connection after errors that leave its state unclear, as nginx does.
pub(crate) fn close_after_error(x: &mut Exchange<'_>, status: u16) {
    if matches!(status, 400 | 413 | 414 | REQUEST_HEADER_TOO_LARGE..=HTTP_TO_HTTPS | 500 | 501) {
        x.keep_alive = false;
    }
}

/// A response with nginx's page for a status, if it has one.
pub(crate) fn page_response(x: &Exchange<'_>, status: u16) -> Response {
    let mut response = Response::new(status);
    (response.content_type, response.body) = page(x, status);
    response
}

pub(super) fn page(x: &Exchange<'_>, status: u16) -> (Option<String>, Body) {
    match page_text(status, x.settings.server_tokens, &x.request.headers) {
        Some(page) => (Some("text/html".to_owned()), Body::Bytes(Bytes::from(page))),
        None => (None, Body::Empty),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_nginx_s() {
        let none = Headers::new();
        assert_eq!(
            page_text(502, false, &none).as_deref(),
            Some(
                "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
                 <center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>reference-proxy</center>\r\n</body>\r\n</html>\r\n"
            )
        );
        assert_eq!((page_text(418, true, &none), reason(418), reason(302)), (None, "", "Moved Temporarily"));
        let mut chrome = Headers::new();
        chrome.push("User-Agent", "Mozilla/5.0 Chrome/140.0");
        let long =
            |status| page_text(status, true, &chrome).map_or(0, |page| page.matches("padding").count());
        assert_eq!((long(404), long(301)), (6, 0));
    }
}
