//! `ssl_verify_client`: whether a request is answered, by the certificate that its client has shown.

use crate::exchange::Exchange;
use crate::message::status::{HTTPS_CERT_ERROR, HTTPS_NO_CERT, MISDIRECTED_REQUEST};
use nginx_conf::model::{Level, VerifyClient};

const READING: &str = "while reading client request headers";

/// The status that a request is refused with, if it is.
pub(super) fn refusal(x: &Exchange<'_>) -> Option<u16> {
    let (tls, mode) = (x.tls?, x.server.verify_client);
    if mode == VerifyClient::Off {
        return None;
    }
    let is_negotiated = |name: &str| x.request.host().is_none_or(|host| host == name.as_bytes());
    if tls.names_server && !tls.server_name.as_deref().is_none_or(is_negotiated) {
        let other = "client attempted to request the server name different from the one that was negotiated";
        x.log(Level::Info, format_args!("{other} {READING}"));
        return Some(MISDIRECTED_REQUEST);
    }
    let Some(client) = &tls.client else {
        let is_required = mode == VerifyClient::On;
        if is_required {
            x.log(Level::Info, format_args!("client sent no required SSL certificate {READING}"));
        }
        return is_required.then_some(HTTPS_NO_CERT);
    };
    let fault =
        client.fault.filter(|fault| !(mode == VerifyClient::OptionalNoCa && fault.is_about_issuer()))?;
    x.log(Level::Info, format_args!("client SSL certificate verify error: {fault} {READING}"));
    Some(HTTPS_CERT_ERROR)
}
