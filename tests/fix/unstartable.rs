//! Configurations that no nginx starts with, for a slip of the pen.

use crate::{Site, changed_lines, feature};

fn is_mended(conf: &str, lines: &[&str]) {
    let site = Site::of(&[("nginx.conf", conf)]);
    let (code, told) = site.fix(&["--features", &feature("any-api"), "--apply"]);
    assert_eq!(code, Some(0), "{conf}\n{told:#}");
    assert_eq!(changed_lines(&told), lines, "{told:#}");
    assert_ne!(site.text("nginx.conf"), conf);
}

fn site(location: &str) -> String {
    format!("server {{\n    listen 80;\n    location /rest/ {{\n{location}    }}\n}}\n")
}

#[test]
fn a_condition_without_its_dollar() {
    let conf =
        site("        if (request_method = TRACE) { return 405; }\n        proxy_pass http://app:8080;\n");
    is_mended(
        &conf,
        &["-if (request_method = TRACE) { return 405; }", "+if ($request_method = TRACE) { return 405; }"],
    );
}

#[test]
fn a_directive_without_its_semicolon() {
    let ended = ["-proxy_pass http://app:8080", "+proxy_pass http://app:8080;"];
    is_mended(&site("        proxy_pass http://app:8080\n"), &ended);
    is_mended(&site("        proxy_pass http://app:8080\n        proxy_set_header Host $host;\n"), &ended);
    let commented = site(
        "        proxy_pass http://app:8080 # the app\n\n        # and who asked\n        proxy_set_header Host $host;\n",
    );
    is_mended(
        &commented,
        &["-proxy_pass http://app:8080 # the app", "+proxy_pass http://app:8080; # the app"],
    );
    let quoted = site(
        "        add_header X-Tag \"a #b\" always;\n        proxy_pass http://app:8080\n        proxy_set_header Host $host;\n",
    );
    is_mended(&quoted, &ended);
}

#[test]
fn what_goes_on_in_the_next_line_is_left_alone() {
    let conf = "log_format main '$status '\n    '$uri';\nserver {\n    listen 80;\n    location /rest/ {\n        proxy_pass http://app:8080 x;\n    }\n}\n";
    let site = Site::of(&[("nginx.conf", conf)]);
    let output = site.hopcheck(&["fix", "nginx.conf"]);
    assert_eq!(output.status.code(), Some(2), "{}", crate::said(&output));
    assert_eq!(site.text("nginx.conf"), conf);
}
