//! The certificate of a client, for `$ssl_client_…`.

use nginx_conf::tls::{CertificateFault, Verification};
use rustls::pki_types::CertificateDer;
use sha1::{Digest, Sha1};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::time::ASN1Time;

use super::distinguished_name::{one_line, rfc2253};
use crate::text;

const SECONDS_OF_A_DAY: i64 = 86_400;

/// The certificate that a client has shown in its handshake, and had the key of.
#[derive(Debug)]
pub(crate) struct ClientCertificate {
    der: CertificateDer<'static>,
    /// Why it is not believed.
    pub(crate) fault: Option<CertificateFault>,
}

/// A point in its time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Validity {
    Start,
    End,
}

/// Whose name it is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Party {
    Subject,
    Issuer,
}

impl ClientCertificate {
    /// The first of the certificates that a client has shown; `None` if it has none.
    pub(crate) fn new(
        chain: &[CertificateDer<'_>],
        verification: &Verification,
    ) -> Option<ClientCertificate> {
        let der = chain.first()?.clone().into_owned();
        Some(ClientCertificate { der, fault: verification.verify_client(chain).err() })
    }

    /// `$ssl_client_verify`.
    pub(crate) fn verdict(&self) -> String {
        self.fault.map_or("SUCCESS".to_owned(), |fault| format!("FAILED:{}", fault.words()))
    }

    /// `$ssl_client_raw_cert`: as PEM (RFC 7468).
    pub(crate) fn pem(&self) -> String {
        let line_end = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        pem::encode_config(&pem::Pem::new("CERTIFICATE", self.der.to_vec()), line_end)
    }

    /// `$ssl_client_fingerprint`: its SHA-1.
    pub(crate) fn fingerprint(&self) -> String {
        Sha1::digest(&self.der).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// `$ssl_client_s_dn` and `$ssl_client_i_dn`; on one line, those that end with `_legacy`.
    pub(crate) fn name(&self, of: Party, on_one_line: bool) -> Option<Vec<u8>> {
        let parsed = self.parsed()?;
        let name = match of {
            Party::Subject => parsed.subject(),
            Party::Issuer => parsed.issuer(),
        };
        Some(if on_one_line { one_line(name) } else { rfc2253(name) })
    }

    /// `$ssl_client_serial`, in hexadecimal.
    pub(crate) fn serial(&self) -> Option<Vec<u8>> {
        let parsed = self.parsed()?;
        let bytes = parsed.raw_serial();
        let start = bytes.iter().position(|&byte| byte != 0).unwrap_or(bytes.len().saturating_sub(1));
        let mut out = Vec::new();
        bytes.iter().skip(start).for_each(|&byte| text::hex_pair(&mut out, byte));
        Some(out)
    }

    /// `$ssl_client_v_start` and `$ssl_client_v_end`.
    pub(crate) fn validity(&self, which: Validity) -> Option<String> {
        let time = self.time(which)?.to_datetime();
        let month = time.month().to_string();
        let (hour, minute, second) = time.to_hms();
        let (month, day, year) = (month.get(..3)?, time.day(), time.year());
        Some(format!("{month} {day:2} {hour:02}:{minute:02}:{second:02} {year} GMT"))
    }

    /// `$ssl_client_v_remain`: how many days it is still valid, at this second.
    pub(crate) fn days_left(&self, now: u64) -> Option<u64> {
        let left = self.time(Validity::End)?.timestamp() - i64::try_from(now).ok()?;
        Some(u64::try_from(left / SECONDS_OF_A_DAY).unwrap_or_default())
    }

    fn time(&self, which: Validity) -> Option<ASN1Time> {
        let parsed = self.parsed()?;
        let validity = parsed.validity();
        Some(match which {
            Validity::Start => validity.not_before,
            Validity::End => validity.not_after,
        })
    }

    fn parsed(&self) -> Option<X509Certificate<'_>> {
        X509Certificate::from_der(&self.der).ok().map(|(_, certificate)| certificate)
    }
}
