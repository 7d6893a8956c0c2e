//! The values of `$ssl_…`.

use std::borrow::Cow;

use super::Exchange;
use crate::text::hex_pair;
use crate::tls::{ClientCertificate, Party, TlsInfo, Validity};
use nginx_conf::template::SslVariable;
use nginx_conf::tls::{cipher_name, group_name};

impl Exchange<'_> {
    /// Appends the value of a variable; false if it has none, as without TLS.
    pub(super) fn tls_value(&self, which: SslVariable, out: &mut Vec<u8>) -> bool {
        let value = self.tls.and_then(|tls| match which {
            SslVariable::ClientVRemain => {
                let days = tls.client.as_ref()?.days_left(self.cycle.clock.now().second)?;
                Some(days.to_string().into_bytes().into())
            }
            which => value(tls, which),
        });
        out.extend_from_slice(value.as_deref().unwrap_or_default());
        value.is_some()
    }
}

fn value(tls: &TlsInfo, which: SslVariable) -> Option<Cow<'_, [u8]>> {
    let text = |text: &'static str| Some(Cow::Borrowed(text.as_bytes()));
    match which {
        SslVariable::AlpnProtocol => tls.alpn.as_deref().map(Cow::Borrowed),
        SslVariable::Cipher => text(tls.cipher),
        SslVariable::Ciphers => Some(names(&tls.offered.ciphers, cipher_name)),
        SslVariable::ClientVerify => match &tls.client {
            None => text("NONE"),
            Some(client) => Some(client.verdict().into_bytes().into()),
        },
        SslVariable::Curve => text(tls.curve),
        SslVariable::Curves => Some(names(&tls.offered.groups, group_name)),
        // None is taken.
        SslVariable::EarlyData | SslVariable::Ech => None,
        SslVariable::Protocol => text(tls.protocol),
        SslVariable::ServerName => tls.server_name.as_deref().map(|name| name.as_bytes().into()),
        SslVariable::SessionId => {
            let id = tls.session_id?;
            let mut hex = Vec::with_capacity(2 * id.len());
            id.into_iter().for_each(|byte| hex_pair(&mut hex, byte));
            Some(hex.into())
        }
        SslVariable::SessionReused => text(if tls.reused { "r" } else { "." }),
        which => of_client(tls.client.as_ref()?, which).map(Cow::Owned),
    }
}

/// What a client offered, by name or as a number where there is none.
fn names(offered: &[u16], name: fn(u16) -> Option<&'static str>) -> Cow<'static, [u8]> {
    let word = |&number: &u16| name(number).map_or_else(|| format!("0x{number:04x}").into(), Cow::Borrowed);
    let words: Vec<Cow<'_, str>> = offered.iter().map(word).collect();
    words.join(":").into_bytes().into()
}

/// What is said of a client's certificate.
fn of_client(client: &ClientCertificate, which: SslVariable) -> Option<Vec<u8>> {
    match which {
        // Written as a field of several lines.
        SslVariable::ClientCert => Some(client.pem().trim_end().replace('\n', "\n\t").into_bytes()),
        SslVariable::ClientEscapedCert => Some(escaped(&client.pem())),
        SslVariable::ClientFingerprint => Some(client.fingerprint().into_bytes()),
        SslVariable::ClientIDn => client.name(Party::Issuer, false),
        SslVariable::ClientIDnLegacy => client.name(Party::Issuer, true),
        SslVariable::ClientRawCert => Some(client.pem().into_bytes()),
        SslVariable::ClientSDn => client.name(Party::Subject, false),
        SslVariable::ClientSDnLegacy => client.name(Party::Subject, true),
        SslVariable::ClientSerial => client.serial(),
        SslVariable::ClientVEnd => client.validity(Validity::End).map(String::into_bytes),
        SslVariable::ClientVStart => client.validity(Validity::Start).map(String::into_bytes),
        _ => None,
    }
}

/// All but unreserved characters (RFC 3986 §2.3) percent-encoded.
fn escaped(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 * text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte);
        } else {
            out.push(b'%');
            hex_pair(&mut out, byte);
        }
    }
    out
}
