//! The configurations in `cases/`: what is refused, with every word of the error, and what is accepted.
//!
//! A case is a title (`== …`), the text of `nginx.conf`, and sections:
//!
//! - `-- file NAME`: another file;
//! - `-- global`: the argument of `-g`;
//! - `-- root`: as if started by root;
//! - `-- refused`: the error; without it, the file is accepted;
//! - `-- as VERSION`: for that version of nginx, which is compared with if `HOPCHECK_NGINX_VERSIONS` names a directory where
//!   it is called `nginx-VERSION`;
//! - `-- warned`: the warnings;
//! - `-- nginx`: what nginx says, where that is not the first line of the error, or there is none;
//! - `-- nginx accepts it`: the same where it says nothing;
//! - `-- certificate NAME`: a certificate, `NAME.crt`, and its key, `NAME.key`;
//!
//! `PREFIX/` is the directory of the file, `{{4200 x}}` a very long word, `{{bom}}` a byte order mark.

use std::path::Path;

use nginx_conf::model::Config;
use nginx_conf::{ConfigError, LoadOptions, load};
use tempfile::TempDir;

use crate::nginx;

const FILES: &[(&str, &str)] = &[
    ("syntax", include_str!("cases/syntax.txt")),
    ("syslog", include_str!("cases/syslog.txt")),
    ("include", include_str!("cases/include.txt")),
    ("command-line", include_str!("cases/command-line.txt")),
    ("context", include_str!("cases/context.txt")),
    ("value", include_str!("cases/value.txt")),
    ("server", include_str!("cases/server.txt")),
    ("location", include_str!("cases/location.txt")),
    ("rewrite", include_str!("cases/rewrite.txt")),
    ("variable", include_str!("cases/variable.txt")),
    ("upstream", include_str!("cases/upstream.txt")),
    ("tls", include_str!("cases/tls.txt")),
    ("http2", include_str!("cases/http2.txt")),
    ("certificate", include_str!("cases/certificate.txt")),
    ("resolver", include_str!("cases/resolver.txt")),
    ("proxy-ssl", include_str!("cases/proxy-ssl.txt")),
    ("unsupported", include_str!("cases/unsupported.txt")),
    ("answer", include_str!("cases/answer.txt")),
    ("gzip", include_str!("cases/gzip.txt")),
    ("cookie", include_str!("cases/cookie.txt")),
    ("autoindex", include_str!("cases/autoindex.txt")),
    ("sub", include_str!("cases/sub.txt")),
    ("limit", include_str!("cases/limit.txt")),
    ("cache", include_str!("cases/cache.txt")),
    ("real-ip", include_str!("cases/real-ip.txt")),
    ("tuning", include_str!("cases/tuning.txt")),
    ("version", include_str!("cases/version.txt")),
    ("accepted", include_str!("cases/accepted.txt")),
];

/// A configuration and what becomes of it.
#[derive(Debug, Default)]
pub(crate) struct Case {
    /// File and title, for messages.
    pub(crate) title: String,
    files: Vec<(String, String)>,
    /// The argument of `-g`.
    pub(crate) global: Option<String>,
    /// As if started by root.
    pub(crate) root: bool,
    /// The version of nginx.
    pub(crate) version: Option<String>,
    /// The error, if it is refused.
    pub(crate) refused: Option<String>,
    /// The warnings.
    pub(crate) warned: String,
    /// What nginx does instead of what we do.
    pub(crate) nginx: Nginx,
}

/// What nginx does.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Nginx {
    /// The same.
    #[default]
    Agrees,
    /// It accepts what we refuse.
    Accepts,
    /// It refuses in other words.
    Says(String),
}

/// Every case.
pub(crate) fn all() -> Vec<Case> {
    let cases = |(file, text): &(&str, &str)| -> Vec<Case> {
        format!("\n{text}").split("\n== ").skip(1).map(|text| Case::parse(file, text)).collect()
    };
    FILES.iter().flat_map(cases).collect()
}

impl Case {
    fn parse(file: &str, text: &str) -> Case {
        let text = text.replace("{{4200 x}}", &"x".repeat(4200)).replace("{{bom}}", "\u{feff}");
        let (title, body) = text.split_once('\n').expect("a title");
        let mut case = Case { title: format!("{file}: {title}"), ..Case::default() };
        for section in format!("-- file nginx.conf\n{body}").trim_end().split("\n-- ") {
            let (name, body) = section.split_once('\n').unwrap_or((section, ""));
            let body = format!("{body}\n");
            match name.trim_start_matches("-- ").split_once(' ').unwrap_or((name, "")) {
                ("file", name) => case.files.push((name.to_owned(), body)),
                ("certificate", name) => {
                    let pair = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
                    case.files.push((format!("{name}.crt"), pair.cert.pem()));
                    case.files.push((format!("{name}.key"), pair.signing_key.serialize_pem()));
                }
                ("global", _) => case.global = Some(body.trim().to_owned()),
                ("root", _) => case.root = true,
                ("as", version) => case.version = Some(version.to_owned()),
                ("refused", _) => case.refused = Some(body.trim_end().to_owned()),
                ("warned", _) => case.warned = body.trim_end().to_owned(),
                ("nginx", "accepts it") => case.nginx = Nginx::Accepts,
                ("nginx", _) => case.nginx = Nginx::Says(body.trim_end().to_owned()),
                _ => panic!("{}: no section is called {name}", case.title),
            }
        }
        case
    }

    /// The files, in a directory of their own.
    pub(crate) fn write(&self) -> TempDir {
        let prefix = nginx::prefix();
        for (name, text) in &self.files {
            let path = prefix.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a directory")).expect("the directory is made");
            std::fs::write(path, text).expect("the file is written");
        }
        prefix
    }

    /// Whether a word stands in one of the files.
    pub(crate) fn mentions(&self, word: &str) -> bool {
        self.files.iter().any(|(_, text)| text.contains(word))
    }

    /// Reads it.
    pub(crate) fn load(&self, prefix: &Path, as_root: bool) -> Result<Config, ConfigError> {
        load(&LoadOptions {
            prefix: prefix.to_owned(),
            file: "nginx.conf".into(),
            globals: self.global.iter().cloned().collect(),
            as_root,
            version: self.version.as_ref().map(|version| version.parse().expect("a version")),
        })
    }
}

/// Text in which the directory of the files is called `PREFIX`.
pub(crate) fn without_prefix(text: &str, prefix: &Path) -> String {
    text.replace(&format!("{}/", prefix.display()), "PREFIX/")
}
