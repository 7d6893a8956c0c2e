//! Certificates made for this run, in place of those that only exist in production.

use std::sync::OnceLock;

use super::TlsFile;
use super::app_server_tls::issuer_certificate;

/// The group ffdhe2048 of RFC 7919, as certbot's `ssl-dhparams.pem` has it.
const DH_PARAMETERS: &str = "-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
";

/// A certificate and its key, in PEM.
struct KeyPair {
    certificate: String,
    key: String,
}

/// Replaces every TLS file that is not on this machine, and returns a note for each. A certificate and its key go together:
/// if one is missing, both are replaced.
pub(super) fn substitute_missing(files: &mut [TlsFile]) -> Vec<String> {
    let Some(pair) = pair() else { return Vec::new() };
    let mut notes = Vec::new();
    let of = |files: &[TlsFile], directive: &str| -> Vec<usize> {
        (0..files.len()).filter(|nth| files[*nth].directive == directive).collect()
    };
    for (certificate, key) in
        [("ssl_certificate", "ssl_certificate_key"), ("proxy_ssl_certificate", "proxy_ssl_certificate_key")]
    {
        for (certificate, key) in of(files, certificate).into_iter().zip(of(files, key)) {
            if files[certificate].text.is_some() && files[key].text.is_some() {
                continue;
            }
            notes.push(format!(
                "{} is not on this machine -> a certificate made for this run",
                files[certificate].written
            ));
            files[certificate].text = Some(pair.certificate.clone());
            files[key].text = Some(pair.key.clone());
        }
    }
    for file in files.iter_mut().filter(|file| file.directive == "proxy_ssl_trusted_certificate") {
        // A file that holds no certificate is a mistake, which an engine reports.
        if file.text.as_ref().is_none_or(|text| text.contains("-----BEGIN "))
            && let Some(issuer) = issuer_certificate()
        {
            notes.push(format!("{} -> with the issuer of this run's app servers", file.written));
            let text = file.text.take().map(|text| text + "\n").unwrap_or_default();
            file.text = Some(text + &issuer);
        }
    }
    for file in files.iter_mut().filter(|file| file.text.is_none()) {
        let (text, what) = match file.directive.as_str() {
            "ssl_dhparam" => (DH_PARAMETERS, "the group ffdhe2048 of RFC 7919"),
            "ssl_password_file" | "proxy_ssl_password_file" => ("none\n", "a passphrase for nothing"),
            "ssl_client_certificate" | "ssl_trusted_certificate" => {
                (pair.certificate.as_str(), "a certificate made for this run")
            }
            _ => continue,
        };
        notes.push(format!("{} is not on this machine -> {what}", file.written));
        file.text = Some(text.to_owned());
    }
    notes
}

/// One key pair for the whole run, as it takes a moment to make.
fn pair() -> Option<&'static KeyPair> {
    static PAIR: OnceLock<Option<KeyPair>> = OnceLock::new();
    let made = PAIR.get_or_init(|| {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).ok()?;
        Some(KeyPair { certificate: made.cert.pem(), key: made.signing_key.serialize_pem() })
    });
    made.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(directive: &str, text: Option<&str>) -> TlsFile {
        TlsFile {
            directive: directive.to_owned(),
            written: format!("/etc/letsencrypt/{directive}.pem"),
            placed: Default::default(),
            text: text.map(str::to_owned),
        }
    }

    #[test]
    fn a_certificate_is_replaced_if_its_key_is_missing() {
        let mut files = [
            file("ssl_certificate", Some("theirs")),
            file("ssl_certificate_key", None),
            file("ssl_dhparam", None),
        ];
        let notes = substitute_missing(&mut files);
        assert!(
            files.iter().all(|file| file.text.as_deref().is_some_and(|text| text.starts_with("-----BEGIN")))
        );
        assert_eq!(
            notes,
            [
                "/etc/letsencrypt/ssl_certificate.pem is not on this machine -> a certificate made for this run",
                "/etc/letsencrypt/ssl_dhparam.pem is not on this machine -> the group ffdhe2048 of RFC 7919",
            ]
        );
    }

    #[test]
    fn existing_files_are_kept() {
        let mut files = [file("ssl_certificate", Some("a")), file("ssl_certificate_key", Some("b"))];
        assert!(substitute_missing(&mut files).is_empty());
    }
}
