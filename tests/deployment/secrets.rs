//! What must not be seen: the secrets of the profile, and the credentials of the site.

use std::path::Path;

use mock_upstreams::Fault;

use crate::raw_site::serve_always;
use crate::site::{Engine, PROFILE, Plan, hopcheck, said};

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_only_sent_to_the_deployment() {
    let site = Plan::of(Engine::Reference).deploy().await;
    // Every request gets an error, so that all that is known of it is printed.
    site.scene
        .app_servers()
        .iter()
        .for_each(|server| server.inject(Fault::GarbageResponse("nonsense".into())));
    let more = format!(
        "{PROFILE}\n[headers]\nAuthorization = \"env:SHOP_TOKEN\"\nCookie = \"session=opensesame\"\n"
    );
    let profile = site.profile(&more);
    let reports = site.directory.path();
    let report = |kind: &str| format!("{kind}={}", reports.join(kind).display());
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_hopcheck"))
        .args(["run", "-v", "--target", &site.url, "--profile", &profile, "--tags", "@D5 or @W3"])
        .args(["--report", &report("html"), "--report", &report("json"), "--report", &report("junit")])
        .env("SHOP_TOKEN", "Bearer abc-123-xyz")
        .output()
        .unwrap();
    let (code, said) = said(&output);
    assert_eq!(code, Some(1), "{said}");
    let mut texts = vec![said];
    texts.extend(["html", "json", "junit"].map(|kind| std::fs::read_to_string(reports.join(kind)).unwrap()));
    for text in &texts {
        assert!(!text.contains("abc-123-xyz") && !text.contains("opensesame"), "{text}");
    }
    assert!(texts[0].contains("> Authorization: "), "{}", texts[0]);
    let arrived = site.arrived();
    let sent =
        |name: &str, value: &str| arrived.iter().all(|exchange| exchange.headers.get(name) == Some(value));
    assert!(
        !arrived.is_empty()
            && sent("authorization", "Bearer abc-123-xyz")
            && sent("cookie", "session=opensesame")
    );
    site.end().await;
}

/// Every kind of credential that a site may send, each of which breaks a promise or stands in what is shown of one.
#[test]
fn the_credentials_of_a_site_are_masked_in_every_report() {
    const CREDENTIALS: [&str; 6] =
        ["c00kie-0f-ann", "t0ken-0f-ann", "n0nce", "passw0rd", "refresh-0f-ann", "d4rk"];
    let body = r#"{"access_token":"t0ken-0f-ann","refresh_token":"refresh-0f-ann"}"#;
    let url = serve_always(format!(
        "HTTP/1.1 302 Found\r\nSet-Cookie: sid=c00kie-0f-ann; Path=/; HttpOnly\r\nSet-Cookie: theme=d4rk\r\n\
         Location: https://ann:passw0rd@login.example/?access_token=t0ken-0f-ann&jwt=n0nce&page=2\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    let directory = tempfile::tempdir().unwrap();
    let profile = directory.path().join("hopcheck.toml");
    std::fs::write(&profile, "[limits]\nrequests-per-second = 1000\n[api]\npath = \"/api?token=n0nce\"\n")
        .unwrap();
    let kinds = ["html", "json", "junit", "results"];
    let masked = everything_said(&url, &profile, directory.path(), &kinds, &[]);
    for text in &masked {
        for credential in CREDENTIALS {
            assert!(!text.contains(credential), "{credential}: {text}");
        }
    }
    let terminal = &masked[0];
    for shown in [
        "< Set-Cookie: sid=•••; Path=/; HttpOnly",
        "?access_token=•••&jwt=•••&page=2",
        "https://•••@login.example",
    ] {
        assert!(terminal.contains(shown), "{shown}: {terminal}");
    }
    let shown = everything_said(&url, &profile, directory.path(), &kinds, &["--show-secrets"]);
    for text in shown {
        assert!(text.contains("c00kie-0f-ann") && !text.contains("•••"), "{text}");
    }
    let found = directory.path().join("found.toml");
    let (code, said) = said(&hopcheck(&["init", "--target", &url, "--profile", found.to_str().unwrap()]));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("a redirect to https://•••@login.example/?access_token=•••"), "{said}");
    let found = std::fs::read_to_string(found).unwrap();
    assert!(
        CREDENTIALS.iter().all(|credential| !said.contains(credential) && !found.contains(credential)),
        "{found}"
    );
}

/// What `hopcheck run` prints and writes.
fn everything_said(
    url: &str,
    profile: &Path,
    directory: &Path,
    kinds: &[&str],
    arguments: &[&str],
) -> Vec<String> {
    let mut all =
        vec!["run", "--target", url, "--profile", profile.to_str().unwrap(), "--tags", "@D5 or @D13 or @D7"];
    let files = kinds.iter().map(|kind| directory.join(kind));
    let reports: Vec<String> =
        kinds.iter().map(|kind| format!("{kind}={}", directory.join(kind).display())).collect();
    reports.iter().for_each(|report| all.extend(["--report", report]));
    all.extend(arguments);
    let (code, said) = said(&hopcheck(&all));
    assert_eq!(code, Some(1), "{said}");
    let mut texts = vec![said];
    texts.extend(files.map(|file| std::fs::read_to_string(file).unwrap()));
    texts
}

#[test]
fn a_password_in_a_url_is_refused_and_not_repeated() {
    for arguments in [&["run"][..], &["watch", "--for", "1s"], &["init"]] {
        let target = ["--target", "https://ann:passw0rd@shop.example/"];
        let (code, said) = said(&hopcheck(&[arguments, &target].concat()));
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("the URL contains a password") && !said.contains("passw0rd"), "{said}");
    }
}
