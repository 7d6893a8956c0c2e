//! The values of `$ssl_…`.

use super::Exchange;
use nginx_conf::template::SslVariable;

impl Exchange<'_> {
    /// Appends the value of a variable; false if it has none, as without TLS.
    pub(super) fn tls_value(&self, which: SslVariable, out: &mut Vec<u8>) -> bool {
        let Some(tls) = self.tls else { return false };
        let value = match which {
            SslVariable::AlpnProtocol => tls.alpn.as_deref(),
            SslVariable::Cipher => Some(tls.cipher.as_bytes()),
            // No client is asked for a certificate.
            SslVariable::ClientVerify => Some(&b"NONE"[..]),
            SslVariable::Curve => Some(tls.curve.as_bytes()),
            SslVariable::Protocol => Some(tls.protocol.as_bytes()),
            SslVariable::ServerName => tls.server_name.as_deref().map(str::as_bytes),
            SslVariable::SessionReused => Some(if tls.reused { &b"r"[..] } else { b"." }),
        };
        out.extend_from_slice(value.unwrap_or_default());
        value.is_some()
    }
}
