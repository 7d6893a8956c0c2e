//! What cannot be asked, or has no answer, is said in a line.

use crate::run;

fn said(arguments: &[&str]) -> (Option<i32>, String) {
    let output = run(arguments);
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

const CONF: &str = "tests/sites/right/tls.conf";

#[test]
fn what_is_no_request_is_refused() {
    for (arguments, expected) in [
        ([CONF, "GET", "/path"], "hopcheck: \"/path\" is no URL"),
        (
            [CONF, "GET", "ftp://a.test/"],
            "hopcheck: \"ftp://a.test/\" is no URL: its scheme is neither http nor https",
        ),
        ([CONF, "G T", "http://a.test/"], "hopcheck: \"G T\" is no method"),
        (["tests/no.conf", "GET", "http://a.test/"], "hopcheck: cannot read tests/no.conf"),
    ] {
        let (code, said) = said(&arguments);
        assert_eq!(code, Some(2), "{said}");
        let lines = said.lines().filter(|line| !line.starts_with("  help: "));
        assert!(said.starts_with(expected) && lines.count() == 1, "{said}");
    }
}

#[test]
fn a_file_without_servers_has_no_answer() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nginx.conf");
    std::fs::write(&path, "events { }\nhttp { }\n").unwrap();
    let (code, said) = said(&[path.to_str().unwrap(), "GET", "http://a.test/"]);
    assert_eq!((code, said), (Some(2), format!("hopcheck: {} has no server\n", path.display())));
}

#[test]
fn a_port_that_nobody_listens_on_is_said() {
    let (code, said) = said(&["nginx/nginx.conf", "GET", "https://a.test/"]);
    assert_eq!(code, Some(0));
    assert_eq!(said, "GET https://a.test/\nnobody listens on port 443: the configuration listens on 80\n");
}

#[test]
fn an_app_server_that_is_not_there_cannot_be_down() {
    let arguments = ["tests/sites/right/canary.conf", "GET", "http://a.test/", "--down", "app-9:8080"];
    let (code, said) = said(&arguments);
    assert_eq!(code, Some(2));
    assert!(
        said.starts_with("hopcheck: there is no app server \"app-9:8080\"; there are ")
            && said.lines().count() == 1,
        "{said}"
    );
}

#[test]
fn what_an_engine_refuses_is_refused_in_its_words() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nginx.conf");
    std::fs::write(&path, "server {\n    listen 80;\n    proxy_pas http://app;\n}\n").unwrap();
    let (code, said) = said(&[path.to_str().unwrap(), "GET", "http://a.test/"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("unknown directive \"proxy_pas\"") && said.contains("nginx.conf:3"), "{said}");
}
