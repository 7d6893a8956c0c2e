//! `hopcheck init` on local sites: what it sends, what it finds, and what it writes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hopcheck_site::profile::{Profile, Transport};
use hopcheck_targets::conf::Source;
use hopcheck_targets::target::Reference;
use hopcheck_targets::{scene::Scene, stage::Stage};
use mock_upstreams::{AppServer, Exchange, Fault};
use tempfile::TempDir;
use tokio::process::Command;

/// The reference proxy with a variant of the document's configuration, in front of the mock app servers.
struct Site {
    scene: Scene,
    url: String,
    directory: TempDir,
}

/// The exit code and the output of the program.
struct Ran {
    code: Option<i32>,
    said: String,
}

impl Site {
    async fn new(changes: &[(&str, &str)]) -> Site {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_hopcheck"));
        let mut source = Source::read(Path::new("../../nginx/nginx.conf")).unwrap();
        for (from, to) in changes {
            assert!(source.text.contains(from), "nginx.conf does not contain {from:?}");
            source.text = source.text.replace(from, to);
        }
        source.port = None; // any port will do
        let target = Box::new(Reference::new(program).unwrap());
        let mut scene = Scene::set(Arc::new(Stage { target, source })).await.unwrap();
        let url = format!("http://{}", scene.proxy().await.unwrap());
        Site { scene, url, directory: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("site.toml")
    }

    async fn init(&self, arguments: &[&str]) -> Ran {
        let file = self.file();
        let own = ["init", "--target", &self.url, "--profile", file.to_str().unwrap()];
        hopcheck(&[&own, arguments].concat(), &[]).await
    }

    /// The profile that was written, as `run` reads it.
    fn profile(&self) -> Profile {
        Profile::read(&self.file()).unwrap()
    }

    /// Every request that reached an app server.
    fn asked(&self) -> Vec<Exchange> {
        self.scene.app_servers().into_iter().flat_map(|server| server.journal().exchanges).collect()
    }

    /// The STOMP command of every message that reached an app server.
    fn commands(&self) -> Vec<String> {
        let texts = |server: &AppServer| -> Vec<String> {
            server.journal().sessions().flat_map(|session| session.texts()).map(str::to_owned).collect()
        };
        let command = |text: String| {
            let frame = text.trim_start_matches("[\"").to_owned();
            frame.chars().take_while(char::is_ascii_uppercase).collect()
        };
        self.scene.app_servers().into_iter().flat_map(texts).map(command).collect()
    }
}

async fn hopcheck(arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hopcheck"));
    command.args(arguments).envs(environment.iter().copied()).env("NO_COLOR", "1");
    let output = command.stdin(std::process::Stdio::null()).output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    Ran { code: output.status.code(), said: String::from_utf8(said).unwrap() }
}

#[tokio::test]
async fn the_documents_site_is_explored_with_safe_requests() {
    let site = Site::new(&[]).await;
    let ran = site.init(&[]).await;
    let expected = format!(
        "exploring {url}/ with at most 20 requests per second
  found: plain HTTP, without TLS
  found: the server calls itself reference-proxy/{version}
  found: HTTP/1.1 only
  found: [front-end] text = \"담배200 · 편의점 재고\" (the title of the page)
  found: [front-end] asset = \"/assets/app-5814969b.js\" (linked by the page)
  found: [front-end] deep-link = \"/hopcheck/deep/link\" (serves the same page as /)
  found: [api] path = \"/api/items\" (mentioned by the page's scripts; answers with 200 application/json)
  found: [preflight] allow-origin = \"*\"
  found: [preflight] allow-methods = \"GET, POST, DELETE, PATCH, OPTIONS\"
  found: [preflight] allow-headers = \"Content-Type, Authorization, StorelId\"
  found: [preflight] max-age = 86400
  found: [stomp] endpoint = \"/stomp/ws\" (a WebSocket; also a SockJS endpoint)
  found: STOMP 1.2, 1.1, 1.0; CONNECT is accepted without login
  suggested: [stomp] subscribe = \"/topic/stock\": mentioned by the page's scripts; decide whether anyone may \
   subscribe; left commented
  found: [instances] header = \"x-instance\" (8 responses of /api/items had the values blue, green)
sent 20 requests, only GET, HEAD and OPTIONS; over STOMP only CONNECT and DISCONNECT
wrote {file}: review it, fill in what was not found, and run
  hopcheck run --target {url} --profile {file}
",
        url = site.url,
        version = env!("CARGO_PKG_VERSION"),
        file = site.file().display()
    );
    assert_eq!((ran.code, ran.said), (Some(0), expected));

    let profile = site.profile();
    assert_eq!(profile.url.as_deref(), Some(&*site.url));
    assert_eq!((profile.api.path.as_deref(), profile.api.status), (Some("/api/items"), None));
    assert_eq!(profile.preflight.path, None);
    assert_eq!(profile.stomp.endpoint.as_deref(), Some("/stomp/ws"));
    assert_eq!((profile.stomp.transport, profile.stomp.subscribe), (Transport::WebSocket, None));

    let unsafe_ones: Vec<String> =
        site.asked().iter().filter(|asked| asked.method != "GET").map(ToString::to_string).collect();
    assert_eq!(unsafe_ones, Vec::<String>::new(), "HEAD and OPTIONS are the proxy's to answer");
    let agent =
        |asked: &Exchange| asked.headers.get("user-agent").is_some_and(|by| by.starts_with("hopcheck/"));
    assert!(site.asked().iter().all(agent));
    assert_eq!(site.commands(), ["CONNECT", "DISCONNECT"].repeat(3));
}

#[tokio::test]
async fn the_suite_runs_with_the_written_profile() {
    let site = Site::new(&[]).await;
    site.init(&[]).await;
    let hasty = std::fs::read_to_string(site.file()).unwrap();
    std::fs::write(site.file(), hasty.replace("#requests-per-second = 20.0", "requests-per-second = 1000.0"))
        .unwrap();
    let file = site.file();
    let ran = hopcheck(&["run", "--target", &site.url, "--profile", file.to_str().unwrap()], &[]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.said);
}

#[tokio::test]
async fn differences_from_the_document_are_in_the_profile() {
    let changes = [
        ("'Content-Type, Authorization, StorelId'", "'Content-Type'"),
        ("'Access-Control-Max-Age' 86400", "'Access-Control-Max-Age' 600"),
        // The path itself is the front end's: only SockJS remains below it.
        ("^/stomp/", "^/stomp/ws/"),
    ];
    let site = Site::new(&changes).await;
    let ran = site.init(&[]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    let profile = site.profile();
    let preflight = &profile.preflight;
    assert_eq!((preflight.allow_headers.as_deref(), preflight.max_age), (Some("Content-Type"), Some(600)));
    assert_eq!(preflight.allow_origin.as_deref(), Some("*"));
    let stomp = &profile.stomp;
    assert_eq!((stomp.endpoint.as_deref(), stomp.transport), (Some("/stomp/ws"), Transport::SockJs));
    assert_eq!(site.commands(), ["CONNECT", "DISCONNECT"].repeat(3));
}

#[tokio::test]
async fn fields_that_were_not_found_are_commented() {
    let site = Site::new(&[("location /api", "location /no-api"), ("^/stomp/", "^/no-stomp/")]).await;
    let ran = site.init(&[]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    let expected = [
        "[api] path: none of the paths in the page's scripts can be read: /api/items (the front end's page); name one \
         that answers GET and has no side effects; left commented",
        "[preflight] path: OPTIONS /api/ is not answered as a preflight: 405 text/html, without CORS headers; left commented",
        "[stomp] endpoint: no STOMP over WebSocket at /stomp/ws (200 text/html), /stomp (200 text/html), /ws (200 text/html), \
         /sockjs (200 text/html), /socket.io/?EIO=4&transport=websocket (200 text/html); \
         left commented",
        "[instances] header: no path is known for which the app servers answer GET; left commented",
    ];
    assert_eq!(not_found(&ran.said), expected);
    let profile = site.profile();
    assert_eq!(profile.front_end.text.as_deref(), Some("담배200 · 편의점 재고"));
    assert_eq!((profile.api.path, profile.stomp.endpoint, profile.instances.header), (None, None, None));
    assert!(site.asked().is_empty());
}

/// The lines about fields that were not found.
fn not_found(said: &str) -> Vec<&str> {
    said.lines().filter_map(|line| line.trim_start().strip_prefix("not found: ")).collect()
}

#[tokio::test]
async fn a_protected_api_and_a_single_instance_are_reported() {
    let site = Site::new(&[]).await;
    site.scene.app_server("green").unwrap().stop().await;
    site.scene.app_server("blue").unwrap().inject(Fault::status(401).on("/api/items"));
    let ran = site.init(&[]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    let profile = site.profile();
    assert_eq!((profile.api.path.as_deref(), profile.api.status), (Some("/api/items"), Some(401)));
    assert_eq!(profile.instances.header, None);
    let alone = "suggested: [instances] header = \"x-instance\": it was \"blue\" in all of 8 responses, as if there were only \
                 one instance; left commented\n";
    assert!(ran.said.contains(alone), "{}", ran.said);
}

#[tokio::test]
async fn an_app_server_that_requires_a_stomp_login_is_explored() {
    let any = "127.0.0.1:0".parse().unwrap();
    let server = AppServer::builder("blue").login("shop", "secret").start(any).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("site.toml");
    let url = format!("http://{}", server.address());
    let ran = hopcheck(&["init", "--target", &url, "--profile", file.to_str().unwrap()], &[]).await;
    let expected = [
        "[front-end] text: GET / is not a page: 404 application/json; left commented",
        "[front-end] asset: GET / is not a page: 404 application/json; left commented",
        "[front-end] deep-link: GET / is not a page: 404 application/json; left commented",
        "[api] path: the page's scripts mention no path of an API; name one that answers GET and has no side effects; \
         left commented",
        "[preflight] allow-headers: the response to OPTIONS /api/ has no Access-Control-Allow-Headers; left commented",
        "[preflight] max-age: the response to OPTIONS /api/ has no Access-Control-Max-Age; left commented",
        "[stomp] login: CONNECT without login, passcode and host is refused: access refused; left commented",
    ];
    assert_eq!((ran.code, not_found(&ran.said)), (Some(0), expected.to_vec()), "{}", ran.said);
    let profile = Profile::read(&file).unwrap();
    assert_eq!(profile.stomp.endpoint.as_deref(), Some("/stomp/ws"));
    assert_eq!(profile.preflight.allow_methods.as_deref(), Some("GET, HEAD"));
}

#[tokio::test]
async fn an_existing_file_is_not_overwritten() {
    let site = Site::new(&[]).await;
    std::fs::write(site.file(), "mine").unwrap();
    let ran = site.init(&[]).await;
    let expected = format!(
        "hopcheck: {} already exists\n  help: choose another file with --profile FILE, or overwrite it with --force\n",
        site.file().display()
    );
    assert_eq!((ran.code, ran.said), (Some(2), expected));
    assert_eq!(std::fs::read_to_string(site.file()).unwrap(), "mine");
    assert!(site.asked().is_empty());
}

#[tokio::test]
async fn no_file_is_written_if_the_target_does_not_answer() {
    let mut site = Site::new(&[]).await;
    site.scene.tear_down().await;
    let ran = site.init(&[]).await;
    assert_eq!(ran.code, Some(2), "{}", ran.said);
    assert!(
        ran.said.starts_with(&format!("hopcheck: the site: {}/ does not answer: ", site.url)),
        "{}",
        ran.said
    );
    assert!(!site.file().exists());
}

#[tokio::test]
async fn a_missing_target_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("site.toml");
    let ran = hopcheck(&["init", "--profile", file.to_str().unwrap()], &[]).await;
    let expected = "hopcheck: which site?\n  help: name it with --target https://shop.example.com\n";
    assert_eq!((ran.code, ran.said.as_str()), (Some(2), expected));
}

#[tokio::test]
async fn secrets_are_sent_and_never_shown() {
    // As if the site leaked the secret: the name of its script contains it.
    const SECRET: &str = "5814969b";
    let site = Site::new(&[]).await;
    let file = site.file();
    let arguments = [
        "init",
        "--target",
        &site.url,
        "--profile",
        file.to_str().unwrap(),
        "--header",
        "X-Token=env:SITE_TOKEN",
    ];
    let ran = hopcheck(&arguments, &[("SITE_TOKEN", SECRET)]).await;
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    assert!(site.asked().iter().all(|asked| asked.headers.get("x-token") == Some(SECRET)));
    assert!(!ran.said.contains(SECRET) && !text.contains(SECRET), "{}\n{text}", ran.said);
    assert!(text.contains("\nX-Token = \"env:SITE_TOKEN\"\n"), "{text}");

    for arguments in [["--header", "X-Token=hunter2"], ["--target", "https://me:hunter2@shop.example.com"]] {
        let ran =
            hopcheck(&[&["init", "--profile", "/nonexistent/x.toml"][..], &arguments].concat(), &[]).await;
        assert!(ran.code == Some(2) && !ran.said.contains("hunter2"), "{}", ran.said);
    }
}

#[tokio::test]
async fn a_site_with_tls_is_explored_once_its_certificate_is_trusted() {
    let authority = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let files = tempfile::tempdir().unwrap();
    let (certificate, key) = (files.path().join("site.crt"), files.path().join("site.key"));
    std::fs::write(&certificate, authority.cert.pem()).unwrap();
    std::fs::write(&key, authority.signing_key.serialize_pem()).unwrap();
    let listen = format!(
        "listen 443 ssl; ssl_certificate {}; ssl_certificate_key {};",
        certificate.display(),
        key.display()
    );
    let mut site = Site::new(&[("listen 80;", &listen)]).await;
    site.url = site.url.replace("http:", "https:");
    let ran = site.init(&[]).await;
    assert_eq!(ran.code, Some(2), "{}", ran.said);
    assert!(ran.said.contains("name its certificate with `ca-file`"), "{}", ran.said);

    let ran = site.init(&["--ca-file", certificate.to_str().unwrap()]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    assert!(ran.said.contains("found: TLS 1.3, with a certificate that is trusted\n"), "{}", ran.said);
    let profile = site.profile();
    assert_eq!(profile.connect.ca_file, Some(certificate));
    assert_eq!(profile.stomp.endpoint.as_deref(), Some("/stomp/ws"));
}

#[tokio::test]
async fn the_schema_in_docs_is_up_to_date() {
    let printed = hopcheck(&["schema"], &[]).await.said;
    let kept = std::fs::read_to_string("../../docs/hopcheck.schema.json").unwrap();
    assert_eq!(printed, kept, "run `cargo run -- schema > docs/hopcheck.schema.json`");
}
