//! Nothing real is ever touched, however a configuration is spelt: some hundred odd but valid spellings are run, with a
//! sink where the configuration's own addresses lead, and its own directory to write to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::StreamExt as _;
use hopcheck_clients::{Connection, Request};
use hopcheck_targets::conf::Source;
use hopcheck_targets::target::Reference;
use hopcheck_targets::{scene::Scene, stage::Stage};

/// Directives with something real at their other end: `@A` is an address, `@P` a directory.
const DIRECTIVES: [(&str, &[&str]); 12] = [
    ("pid", &["@P/real.pid"]),
    ("error_log", &["@P/real.log", "notice"]),
    ("access_log", &["@P/access.log"]),
    ("server", &["@A", "max_fails=0"]),
    ("listen", &["@A"]),
    ("root", &["@P/www"]),
    ("proxy_pass", &["http://@A/api"]),
    ("proxy_pass", &["http://@A$request_uri"]),
    ("set", &["$app", "@A"]),
    ("set", &["$url", "http://@A"]),
    ("include", &["@P/included.conf"]),
    ("resolver", &["@A", "valid=1s"]),
];

/// What may stand between words.
const BETWEEN: [&[u8]; 10] = [
    b" ",
    b"\t",
    b"\n",
    b"\r\n",
    b"  \t ",
    b" # } ; {\n",
    b"\n# '\n",
    b"\r\n#\"\r\n\r\n",
    b" # \xb0\xa1\xc7\xd1\n",
    b" \\\r",
];

/// What may stand in front.
const BEFORE: [&[u8]; 15] = [
    b"",
    b"# it's\n",
    b"#\xb0\xa1 \"\r\n",
    b"#;\r#{\n",
    b"set $odd a\"b; ",
    b"set $odd a'b; ",
    b"set $odd a}b; ",
    b"set $odd a\x0bb; ",
    b"set $odd 'a;b{c}d'; ",
    b"set $odd \"a\\\"b\"; ",
    b"set $odd a\\;b; ",
    b"set $odd a\\ b; ",
    b"set $odd ${uri}; ",
    b"set $odd 'a\nb'; ",
    b"if ($uri ~ ^/[^'\"]+$){ set $odd \"}\"; }",
];

/// A text in which the `nth` directive is spelt oddly.
struct Spelling {
    nth: usize,
    before: &'static [u8],
    between: &'static [u8],
    /// The quote around its name, and that around its arguments.
    quotes: [&'static str; 2],
}

impl Spelling {
    fn all() -> Vec<Spelling> {
        let plain = |nth| Spelling { nth, before: b"", between: b" ", quotes: ["", ""] };
        let mut all = Vec::new();
        for nth in 0..DIRECTIVES.len() {
            // A lone backslash is a word of its own, which these directives do not all take.
            all.extend(BETWEEN[..9].iter().map(|between| Spelling { between, ..plain(nth) }));
            // `set` stands in a server.
            let before = if nth < 4 { &BEFORE[..4] } else { &BEFORE[..] };
            all.extend(before.iter().map(|before| Spelling { before, ..plain(nth) }));
            for quotes in [["", "'"], ["", "\""], ["'", ""], ["\"", "'"]] {
                all.push(Spelling { quotes, ..plain(nth) });
                all.push(Spelling { quotes, between: b"\r\n\t", ..plain(nth) });
            }
        }
        all
    }

    /// Whether the reference proxy has no such directive: then it is enough that it was given the text and nothing happened.
    fn is_for_nginx_alone(&self) -> bool {
        [7, 8, 9, 11].contains(&self.nth)
    }

    fn text(&self, address: &str, directory: &Path) -> Vec<u8> {
        let spelt: Vec<Vec<u8>> = (0..DIRECTIVES.len()).map(|nth| self.directive(nth)).collect();
        let [pid, error, access, server, listen, root, pass, pass_all, set, set_url, include, resolver] =
            &spelt[..]
        else {
            unreachable!("as many as there are directives")
        };
        let variable: Vec<u8> = match self.is_for_nginx_alone() {
            true => [
                &[&set[..], set_url, resolver, b" location /b { ", pass_all, b" }"].concat()[..],
                b" location /c { proxy_pass http://$app; } location /d { proxy_pass $url; }",
            ]
            .concat(),
            false => Vec::new(),
        };
        let text = [
            &[pid, error, &b"events { } http { "[..], access, b" upstream app { ", server, b" } server { "]
                .concat()[..],
            &[&listen[..], root, include, b" location /a { ", pass, b" }"].concat(),
            &variable,
            b" location /e { proxy_pass http://app; } } }",
        ]
        .concat();
        let text = replace(&text, "@A", address);
        replace(&text, "@P", &directory.display().to_string())
    }

    fn directive(&self, nth: usize) -> Vec<u8> {
        let (name, args) = DIRECTIVES[nth];
        let odd = self.nth == nth;
        let [around_name, around_args] = if odd { self.quotes } else { ["", ""] };
        let mut text = if odd { self.before.to_vec() } else { Vec::new() };
        text.extend(format!("{around_name}{name}{around_name}").bytes());
        for arg in args {
            text.extend(if odd { self.between } else { b" " });
            text.extend(format!("{around_args}{arg}{around_args}").bytes());
        }
        text.push(b';');
        text
    }
}

fn replace(text: &[u8], from: &str, to: &str) -> Vec<u8> {
    let from = from.as_bytes();
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend(&rest[..at]);
        out.extend(to.bytes());
        rest = &rest[at + from.len()..];
    }
    out.extend(rest);
    out
}

/// Runs a configuration, and asks it for a path in each of its locations. Says why it did not run.
async fn run(bytes: Vec<u8>, directory: &Path) -> Result<(), String> {
    let own = tempfile::tempdir().unwrap();
    let file = own.path().join("nginx.conf");
    std::fs::write(&file, bytes).unwrap();
    let source = Source::read(&file).map_err(|error| error.to_string())?;
    let target = Box::new(Reference::new(PathBuf::from(env!("CARGO_BIN_EXE_hopcheck"))).unwrap());
    let mut scene =
        Scene::set(Arc::new(Stage { target, source })).await.map_err(|error| error.to_string())?;
    let route = scene.route().await.map_err(|error| error.to_string())?;
    for path in ["/a", "/e", "/none", "/api/echo"] {
        let mut connection = Connection::open(&route).await.unwrap();
        let _ = connection.ask(&Request::new("GET", path)).await;
    }
    scene.tear_down().await;
    let written: Vec<_> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    if written == ["included.conf"] {
        Ok(())
    } else {
        panic!("{written:?} in the configuration's own directory")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_reaches_anything_real() {
    let sink = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = sink.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("included.conf"), "proxy_set_header X-Included 1;").unwrap();
    let spellings = Spelling::all();
    assert!(spellings.len() > 300, "{} spellings", spellings.len());
    let runs = spellings.iter().map(|spelling| {
        let text = spelling.text(&address, directory.path());
        let directory = directory.path();
        async move {
            let shown = String::from_utf8_lossy(&text).into_owned();
            match run(text, directory).await {
                Err(why) if spelling.is_for_nginx_alone() && why.contains("not supported here") => Ok(()),
                ran => ran.map_err(|why| format!("{why}\n{shown}")),
            }
        }
    });
    let failed: Vec<String> =
        futures::stream::iter(runs).buffer_unordered(8).filter_map(async |ran| ran.err()).collect().await;
    assert!(failed.is_empty(), "{} were not run, the first: {}", failed.len(), failed[0]);
    let reached = tokio::select! {
        biased;
        accepted = sink.accept() => Some(accepted),
        () = std::future::ready(()) => None,
    };
    assert!(reached.is_none(), "somebody reached the sink: {reached:?}");
}

/// Whether this kernel can hold the wall.
#[cfg(target_os = "linux")]
fn has_landlock() -> bool {
    use landlock::{AccessFs, AccessNet, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _};
    let required = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    let handled = required.handle_access(AccessFs::WriteFile);
    handled
        .and_then(|ruleset| ruleset.handle_access(AccessNet::ConnectTcp))
        .is_ok_and(|ruleset| ruleset.create().is_ok())
}

#[cfg(target_os = "linux")]
#[test]
fn an_engine_is_behind_a_wall_that_no_configuration_takes_down() {
    if !has_landlock() {
        eprintln!("this kernel has no Landlock for files and TCP, so that nothing was tested");
        return;
    }
    let (scratch, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let sink = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = sink.local_addr().unwrap().port();
    let behind = |script: &str, ports: &str| {
        std::fs::write(scratch.path().join("ports"), ports).unwrap();
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_hopcheck"));
        child.args(["become-child", "/bin/bash", "-c", script]).env("HOPCHECK_SANDBOX", scratch.path());
        child.stderr(std::process::Stdio::null()).status().unwrap().success()
    };
    assert!(behind(&format!("echo x > {}/in", scratch.path().display()), ""));
    assert!(!behind(&format!("echo x > {}/out", outside.path().display()), ""));
    assert!(!outside.path().join("out").exists());
    let connect = format!("exec 3<>/dev/tcp/127.0.0.1/{port}");
    assert!(behind(&connect, &format!("{port}\n")));
    assert!(!behind(&connect, "1\n"));
}
