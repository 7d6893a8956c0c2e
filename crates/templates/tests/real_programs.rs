//! What is filled in and what is quoted, beside gettext's `envsubst` and an installed nginx.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use hopcheck_templates::{ConfFiles, Overrides, open};

/// Everything that looks like a placeholder, and what only does so at first sight. Names in capitals are set.
const TEXTS: [&str; 16] = [
    "$A ${A} $B ${B} $EMPTY ${EMPTY}x",
    "$uri ${uri} $a ${b}",
    "${A:-x} ${A-x} ${B:?} ${uri:-/}",
    "$$A $${A} $$ $",
    "${A ${ A} ${A}} ${} ${$A}",
    "$9 ${9} $A9 $_ ${_}",
    "\\$A \\${A} '$A' \"$A\"",
    "$A-b $A.b $A/b $A$B${A}$uri",
    "$Aé é$A",
    "A $ A {A} %A% @A@",
    "${A\n} $A\n$B\r\n${B}",
    "$a_B ${A_} $A_",
    "$A{B}",
    "${A}{B}${",
    "#$A # ${uri}",
    "",
];

fn environment() -> BTreeMap<&'static str, &'static str> {
    // `$A_` and `$A9` are names of their own.
    BTreeMap::from([
        ("A", "a value"),
        ("B", "$A"),
        ("EMPTY", ""),
        ("A9", "nine"),
        ("A_", "under"),
        ("_", "_"),
    ])
}

/// What the real one makes of `text`; `None` where it is not installed.
fn real_envsubst(arguments: &[&str], text: &str) -> Option<String> {
    let mut command = Command::new("envsubst");
    command.args(arguments).env_clear().envs(environment()).env("PATH", "/usr/local/bin:/usr/bin:/bin");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    child.stdin.take()?.write_all(text.as_bytes()).ok()?;
    Some(String::from_utf8(child.wait_with_output().ok()?.stdout).unwrap())
}

/// What comes of a template with this text, which is copied into an image that runs `script`.
fn filled_in(text: &str, script: &str) -> ConfFiles {
    let directory = tempfile::tempdir().unwrap();
    let conf = directory.path().join("a.conf.template");
    std::fs::create_dir(directory.path().join(".git")).unwrap();
    std::fs::write(&conf, text).unwrap();
    let dockerfile = format!("FROM nginx\nCOPY a.conf.template /etc/nginx/templates/\n{script}\n");
    std::fs::write(directory.path().join("Dockerfile"), dockerfile).unwrap();
    let mut overrides = Overrides::default();
    environment().iter().for_each(|(name, value)| overrides.add(name, value, "the test"));
    let files = open(&conf, &overrides).unwrap_or_else(|error| panic!("{text}: {error}"));
    files.unwrap()
}

#[test]
fn placeholders_are_filled_in_as_envsubst_does() {
    const READ: &str = "< /etc/nginx/templates/a.conf.template > /etc/nginx/conf.d/a.conf";
    let all: Vec<String> = environment().keys().map(|name| format!("${{{name}}}")).collect();
    for (script, arguments) in [
        (format!("CMD envsubst {READ}"), vec![]),
        (format!("CMD envsubst '$A,${{B}}x' {READ}"), vec!["$A,${B}x".to_owned()]),
        // As nginx's image calls it.
        (String::new(), vec![all.join(" ")]),
    ] {
        for text in TEXTS {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let Some(real) = real_envsubst(&arguments, text) else {
                eprintln!("no envsubst is installed here, so this was not tested");
                return;
            };
            assert_eq!(filled_in(text, &script).files[0].text, real, "{script}: {text:?}");
        }
    }
}

#[test]
fn nginx_is_quoted_letter_by_letter() {
    let nginx = std::env::var("HOPCHECK_NGINX").unwrap_or_else(|_| "/usr/sbin/nginx".to_owned());
    if !Path::new(&nginx).exists() {
        assert!(std::env::var_os("HOPCHECK_REQUIRE_NGINX").is_none(), "no nginx at {nginx}");
        eprintln!("no nginx is installed here, so this was not tested");
        return;
    }
    // None of these makes it look a name up.
    for text in [
        "server { listen 127.0.0.1:${PORT:-8080}; }",
        "server { listen 127.0.0.1:80; location / { proxy_pass ${API_URL:-http://127.0.0.1:1}; } }",
        "server { listen 127.0.0.1:80; set $api ${API_URL:-x}; }",
        "server { listen 127.0.0.1:80; location / { proxy_pass ${API_URL}; } }",
        "server { listen 127.0.0.1:80; location / { proxy_pass http://${API_HOST}:${API_PORT}; } }",
        "server { listen 127.0.0.1:80; set $api http://${API_HOST}; }",
        "map $host $api { default ${API_HOST}; }",
        "upstream a { server 127.0.0.1:${API_PORT}; }",
        "upstream a { server 127.0.0.1:${API_PORT:-80}; }",
        "server { listen 127.0.0.1:80; server_name ${NAME}; location ${PREFIX} { return 204; } }",
    ] {
        let directory = tempfile::tempdir().unwrap();
        let conf = directory.path().join("nginx.conf");
        let text = format!("events {{ }}\nerror_log stderr;\npid nginx.pid;\nhttp {{\n{text}\n}}\n");
        std::fs::write(&conf, &text).unwrap();
        let output =
            Command::new(&nginx).arg("-t").arg("-p").arg(directory.path()).arg("-c").arg(&conf).output();
        let said = String::from_utf8_lossy(&output.unwrap().stderr).replace(&conf.display().to_string(), "F");
        let is_said = |message: &str| said.lines().any(|line| line.ends_with(message));
        // Names that are not listed stay.
        let ours = filled_in(
            &text,
            "CMD envsubst '$A' < /etc/nginx/templates/a.conf.template > /etc/nginx/nginx.conf",
        );
        match ours.refused {
            Some(refused) => {
                let (message, place) = refused.rsplit_once(" in ").unwrap();
                let line = place.rsplit(':').next().unwrap();
                // Of an unknown variable nginx names no place.
                let with_place = format!("{message} in F:{line}");
                assert!(is_said(message) || is_said(&with_place), "{text}: {message} is not in {said}");
            }
            None => assert!(said.contains("test is successful"), "{text}: {said}"),
        }
    }
}
