//! TLS by rustls: certificates, protocols, ciphers and session resumption.

mod certificate;
mod client_certificate;
mod context;
mod host_name;
mod names;
mod offered;
mod resumption;
mod upstream;
mod verify;

pub(crate) use certificate::{CertificateError, certified_key, check_dhparam};
pub(crate) use client_certificate::ClientCertificates;
pub(crate) use context::{SessionSettings, TlsSettings, server_config};
pub(crate) use names::is_class;
pub use names::{Cipher, Curve, Version};
pub use offered::{cipher_name, group_name};
pub(crate) use resumption::SessionCache;
pub use upstream::UpstreamTls;
pub(crate) use upstream::UpstreamTlsSettings;
pub use verify::{CertificateFault, Verification, VerificationError};
