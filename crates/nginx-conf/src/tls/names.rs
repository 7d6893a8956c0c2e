//! OpenSSL's, and so nginx's, names for what rustls supports.

use rustls::crypto::SupportedKxGroup;
use rustls::crypto::ring::{cipher_suite as suite, kx_group};
use rustls::{
    CipherSuite, NamedGroup, ProtocolVersion, SupportedCipherSuite, SupportedProtocolVersion, version,
};

/// A cipher suite by its name in `ssl_ciphers` and `$ssl_cipher`.
pub struct Cipher {
    /// The name that OpenSSL has for it.
    pub name: &'static str,
    /// What rustls calls it.
    pub suite: SupportedCipherSuite,
    /// A suite of TLS 1.3, which `ssl_ciphers` has no effect on.
    pub is_tls13: bool,
}

/// A key exchange by its names in `ssl_ecdh_curve`, the one of `$ssl_curve` first.
pub struct Curve {
    /// The names that OpenSSL knows it by.
    pub names: &'static [&'static str],
    /// What rustls calls it.
    pub group: &'static dyn SupportedKxGroup,
}

/// A version by its name in `ssl_protocols` and `$ssl_protocol`.
pub struct Version {
    /// The name, as `ssl_protocols` has it.
    pub name: &'static str,
    /// `None` for those that rustls does not support, as nobody should use them any more.
    pub version: Option<&'static SupportedProtocolVersion>,
}

const fn tls13(name: &'static str, suite: SupportedCipherSuite) -> Cipher {
    Cipher { name, suite, is_tls13: true }
}

const fn tls12(name: &'static str, suite: SupportedCipherSuite) -> Cipher {
    Cipher { name, suite, is_tls13: false }
}

impl Cipher {
    /// All there are, the best first.
    pub const ALL: &[Cipher] = &[
        tls13("TLS_AES_256_GCM_SHA384", suite::TLS13_AES_256_GCM_SHA384),
        tls13("TLS_AES_128_GCM_SHA256", suite::TLS13_AES_128_GCM_SHA256),
        tls13("TLS_CHACHA20_POLY1305_SHA256", suite::TLS13_CHACHA20_POLY1305_SHA256),
        tls12("ECDHE-ECDSA-AES256-GCM-SHA384", suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
        tls12("ECDHE-ECDSA-AES128-GCM-SHA256", suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
        tls12("ECDHE-ECDSA-CHACHA20-POLY1305", suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
        tls12("ECDHE-RSA-AES256-GCM-SHA384", suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
        tls12("ECDHE-RSA-AES128-GCM-SHA256", suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
        tls12("ECDHE-RSA-CHACHA20-POLY1305", suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
    ];

    /// `$ssl_cipher`.
    pub fn name_of(suite: CipherSuite) -> &'static str {
        let known = Cipher::ALL.iter().find(|cipher| cipher.suite.suite() == suite);
        known.map_or("", |cipher| cipher.name)
    }
}

impl Curve {
    /// All there are, the one that is preferred first.
    pub const ALL: &[Curve] = &[
        Curve { names: &["X25519", "x25519"], group: kx_group::X25519 },
        Curve { names: &["prime256v1", "P-256", "secp256r1"], group: kx_group::SECP256R1 },
        Curve { names: &["secp384r1", "P-384"], group: kx_group::SECP384R1 },
    ];

    /// `$ssl_curve`.
    pub fn name_of(group: NamedGroup) -> &'static str {
        let known = Curve::ALL.iter().find(|curve| curve.group.name() == group);
        known.and_then(|curve| curve.names.first()).copied().unwrap_or_default()
    }
}

impl Version {
    /// All that `ssl_protocols` may name.
    pub const ALL: &[Version] = &[
        Version { name: "SSLv2", version: None },
        Version { name: "SSLv3", version: None },
        Version { name: "TLSv1", version: None },
        Version { name: "TLSv1.1", version: None },
        Version { name: "TLSv1.2", version: Some(&version::TLS12) },
        Version { name: "TLSv1.3", version: Some(&version::TLS13) },
    ];

    /// `$ssl_protocol`.
    pub fn name_of(version: ProtocolVersion) -> &'static str {
        match version {
            ProtocolVersion::TLSv1_3 => "TLSv1.3",
            ProtocolVersion::TLSv1_2 => "TLSv1.2",
            _ => "",
        }
    }
}

/// Whether a word of `ssl_ciphers` stands for many suites (`HIGH`, `EECDH+AESGCM`, `!aNULL`), some of which are ours.
pub(crate) fn is_class(word: &str) -> bool {
    const CLASSES: [&str; 17] = [
        "AES", "AES128", "AES256", "AESGCM", "ALL", "aECDSA", "aRSA", "CHACHA20", "DEFAULT", "ECDHE",
        "ECDSA", "EECDH", "HIGH", "kECDHE", "kEECDH", "RSA", "TLSv1.2",
    ];
    word.split('+').all(|part| CLASSES.contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_openssl() {
        assert_eq!(
            (
                Cipher::name_of(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
                Curve::name_of(NamedGroup::secp256r1),
                Version::name_of(ProtocolVersion::TLSv1_3)
            ),
            ("ECDHE-RSA-AES128-GCM-SHA256", "prime256v1", "TLSv1.3")
        );
    }

    #[test]
    fn classes_are_told_from_names() {
        let classes = ["HIGH", "EECDH+AESGCM", "ALL"];
        let others = ["ECDHE-RSA-AES128-GCM-SHA256", "!aNULL", "-HIGH", "@STRENGTH", "foo", "", "kRSA+AES"];
        assert!(classes.into_iter().all(is_class) && !others.into_iter().any(is_class));
    }
}
