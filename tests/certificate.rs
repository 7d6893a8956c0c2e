//! The certificate of a site, and its authority's.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// Writes `ca.pem`, `site.pem` and `site.key` for a site of this name, with this change in its certificate.
pub(crate) fn issue(directory: &Path, name: &str, change: fn(&mut CertificateParams)) -> Result<(), String> {
    let made = || -> Result<[(&str, String); 3], rcgen::Error> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::CommonName, "an authority of the test");
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let mut site = CertificateParams::new(vec![name.to_owned()])?;
        change(&mut site);
        let key = KeyPair::generate()?;
        let site = site.signed_by(&key, &authority)?;
        Ok([("ca.pem", authority.pem()), ("site.pem", site.pem()), ("site.key", key.serialize_pem())])
    };
    for (file, text) in made().map_err(|error| error.to_string())? {
        std::fs::write(directory.join(file), text).map_err(|error| error.to_string())?;
    }
    Ok(())
}
