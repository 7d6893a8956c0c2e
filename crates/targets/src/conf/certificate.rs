//! Certificates for this run, in place of those that are on the production machine alone.

use std::sync::OnceLock;

use super::TlsFile;

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
struct Pair {
    certificate: String,
    key: String,
}

/// Puts something usable in place of every file that is not on this machine; says what, a line each. A certificate and
/// its key go together: if one is missing, both are replaced.
pub(super) fn stand_in(files: &mut [TlsFile]) -> Vec<String> {
    let Some(pair) = pair() else { return Vec::new() };
    let mut notes = Vec::new();
    let of = |files: &[TlsFile], directive: &str| -> Vec<usize> {
        (0..files.len()).filter(|nth| files[*nth].directive == directive).collect()
    };
    let (certificates, keys) = (of(files, "ssl_certificate"), of(files, "ssl_certificate_key"));
    for (certificate, key) in certificates.into_iter().zip(keys) {
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
    for file in files.iter_mut().filter(|file| file.text.is_none()) {
        let (text, what) = match file.directive.as_str() {
            "ssl_dhparam" => (DH_PARAMETERS, "the group ffdhe2048 of RFC 7919"),
            "ssl_password_file" => ("none\n", "a passphrase for nothing"),
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

/// One for the whole run: making it takes a moment, and nobody looks at what it says.
fn pair() -> Option<&'static Pair> {
    static PAIR: OnceLock<Option<Pair>> = OnceLock::new();
    let made = PAIR.get_or_init(|| {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).ok()?;
        Some(Pair { certificate: made.cert.pem(), key: made.signing_key.serialize_pem() })
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
    fn a_certificate_whose_key_is_elsewhere_is_replaced_with_it() {
        let mut files = [
            file("ssl_certificate", Some("theirs")),
            file("ssl_certificate_key", None),
            file("ssl_dhparam", None),
        ];
        let notes = stand_in(&mut files);
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
    fn what_is_here_is_left_alone() {
        let mut files = [file("ssl_certificate", Some("a")), file("ssl_certificate_key", Some("b"))];
        assert!(stand_in(&mut files).is_empty());
    }
}
