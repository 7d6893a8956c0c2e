//! The certificate of a site, and its authority's.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// Writes `ca.pem`, `site.pem` and `site.key` for a site of this name.
pub(crate) fn issue(directory: &Path, name: &str) -> Result<(), String> {
    let made = || -> Result<[(&str, String); 3], rcgen::Error> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let site = CertificateParams::new(vec![name.to_owned()])?.signed_by(&key, &authority)?;
        Ok([("ca.pem", authority.pem()), ("site.pem", site.pem()), ("site.key", key.serialize_pem())])
    };
    for (file, text) in made().map_err(|error| error.to_string())? {
        std::fs::write(directory.join(file), text).map_err(|error| error.to_string())?;
    }
    Ok(())
}
