//! What is written: by `git apply`, and by `--apply`.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use crate::{Site, feature, said};

/// Two faults of one file, with line ends as Windows has them.
const CONF: &str = "# the shop\r\nserver {\r\n    listen 80;\r\n    location /v1 {\r\n\t\tproxy_pass http://app:8080/; # all of it\r\n    }\r\n    \
                    location /ws {\r\n        proxy_pass http://app:8080;\r\n        proxy_http_version 1.1;\r\n        \
                    proxy_set_header Upgrade $http_upgrad;\r\n        proxy_set_header Connection upgrade;\r\n    }\r\n}";

fn mended() -> String {
    CONF.replace("location /v1 {", "location /v1/ {").replace("$http_upgrad;", "$http_upgrade;")
}

/// A directory of features: those of the two faults.
fn features(site: &Site) -> [String; 2] {
    let directory = site.path("features");
    std::fs::create_dir(&directory).unwrap();
    for name in ["any-api", "any-socket"] {
        std::fs::copy(feature(name), directory.join(format!("{name}.feature"))).unwrap();
    }
    ["--features".to_owned(), directory.display().to_string()]
}

#[test]
fn what_is_printed_is_a_patch_that_git_applies() {
    let site = Site::of(&[("nginx.conf", CONF)]);
    let [option, features] = features(&site);
    let output = site.hopcheck(&["fix", "nginx.conf", &option, &features]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(site.text("nginx.conf"), CONF, "nothing is written");
    std::fs::write(site.path("mends.patch"), &output.stdout).unwrap();
    let git = Command::new("git").args(["apply", "mends.patch"]).current_dir(site.0.path()).output().unwrap();
    assert!(git.status.success(), "{}\n{}", said(&git), said(&output));
    assert_eq!(site.text("nginx.conf"), mended());
}

#[test]
fn a_mend_is_written_whole_where_the_directive_stands() {
    let main = "server {\n    listen 80;\n    include parts/socket.inc;\n}\n";
    let socket = "# sockets\nlocation /ws {\n    proxy_pass http://app:8080;\n    proxy_http_version 1.1;\n    \
                  proxy_set_header Upgrade $http_upgrad;\n    proxy_set_header Connection upgrade;\n}\n";
    let site = Site::of(&[("nginx.conf", main)]);
    std::fs::create_dir(site.path("parts")).unwrap();
    std::fs::write(site.path("parts/socket.inc"), socket).unwrap();
    std::fs::set_permissions(site.path("parts/socket.inc"), PermissionsExt::from_mode(0o640)).unwrap();
    let mut command = Command::new(crate::PROGRAM);
    command.args(["fix", "nginx.conf", "--apply", "--features", &feature("any-socket")]);
    let output = command.current_dir(site.0.path()).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("+++ b/parts/socket.inc\n"), "{}", said(&output));
    assert_eq!(site.text("parts/socket.inc"), socket.replace("$http_upgrad;", "$http_upgrade;"));
    assert_eq!(site.text("nginx.conf"), main);
    let mode = std::fs::metadata(site.path("parts/socket.inc")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    let left = std::fs::read_dir(site.path("parts")).unwrap().count();
    assert_eq!(left, 1, "no draft is left");
}
