//! What can be asked of the program without serving anything.

use std::process::Command;

use crate::server::Site;

const GOOD: &str = "pid nginx.pid; error_log logs/error.log; events {} http { access_log off; }";

#[test]
fn a_good_configuration_is_said_to_be_good() {
    let said = Site::new(GOOD).said(&["-t"]);
    let wanted = "reference-proxy: the configuration file DIR/nginx.conf syntax is ok\n\
        reference-proxy: configuration file DIR/nginx.conf test is successful\n";
    assert_eq!(said, (Some(0), wanted.to_owned()));
}

#[test]
fn a_good_configuration_needs_no_words_when_quiet() {
    assert_eq!(Site::new(GOOD).said(&["-tq"]), (Some(0), String::new()));
}

#[test]
fn a_good_configuration_is_printed_with_what_it_includes() {
    let site = Site::new("pid nginx.pid; error_log logs/error.log; include events; http { access_log off; }");
    site.write("events", "events {}\n");
    let wanted = "# configuration file DIR/nginx.conf:\n\
        pid nginx.pid; error_log logs/error.log; include events; http { access_log off; }\n\
        # configuration file DIR/events:\nevents {}\n\n";
    assert_eq!(site.said(&["-Tq"]), (Some(0), wanted.to_owned()));
}

#[test]
fn a_bad_configuration_is_shown_where_it_is_bad() {
    let said = Site::new("events {}\nhttp { server { listten 80; } }\n").said(&["-t", "-q"]);
    let wanted = "reference-proxy: [emerg] unknown directive \"listten\" in DIR/nginx.conf:2\n \
        2 | http { server { listten 80; } }\n   |                 ^^^^^^^\n   = help: did you mean \"listen\"?\n\
        reference-proxy: configuration file DIR/nginx.conf test failed\n";
    assert_eq!(said, (Some(1), wanted.to_owned()));
}

#[test]
fn a_bad_configuration_does_not_start() {
    let (code, said) = Site::new("events {}\nhtttp {}\n").said(&[]);
    assert_eq!(
        (code, said.lines().next()),
        (Some(1), Some("reference-proxy: [emerg] unknown directive \"htttp\" in DIR/nginx.conf:2"))
    );
}

#[test]
fn a_configuration_that_is_not_there_is_named() {
    let said = Site::new(GOOD).said(&["-t", "-c", "other.conf"]);
    let wanted = "reference-proxy: [emerg] open() \"DIR/other.conf\" failed (2: No such file or directory)\n\
        reference-proxy: configuration file DIR/other.conf test failed\n";
    assert_eq!(said, (Some(1), wanted.to_owned()));
}

#[test]
fn logs_and_the_pid_file_are_tried() {
    for (good, bad) in [("nginx.pid", "nowhere/nginx.pid"), ("logs/error.log", "nowhere/error.log")] {
        let (code, said) = Site::new(&GOOD.replace(good, bad)).said(&["-t"]);
        let wanted = format!("[emerg] open() \"DIR/{bad}\" failed (2: No such file or directory)");
        assert!(code == Some(1) && said.contains(&wanted), "{said}");
    }
}

#[test]
fn there_must_be_a_connection_to_spare() {
    let tested = |connections: usize| {
        let conf = GOOD.replace("events {}", &format!("events {{ worker_connections {connections}; }}"));
        let listening = "off; server { listen 127.0.0.1:@PORT@; listen 127.0.0.1:@PORT2@; } }";
        let (_, said) = Site::new(&conf.replace("off; }", listening)).said(&["-tq"]);
        said.lines().next().unwrap_or_default().to_owned()
    };
    let refused = |connections: usize| {
        format!(
            "reference-proxy: [emerg] {connections} worker_connections are not enough for 2 listening sockets"
        )
    };
    assert_eq!([1, 2, 3].map(tested), [refused(1), refused(2), String::new()]);
}

#[test]
fn addresses_are_tried_and_one_in_use_is_fine() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = |address: &str| GOOD.replace("off; }", &format!("off; server {{ listen {address}; }} }}"));
    let site = Site::new(&listen(&taken.local_addr().unwrap().to_string()));
    assert_eq!(site.said(&["-tq"]), (Some(0), String::new()));
    site.configure(&listen("192.0.2.1:9"));
    let (code, said) = site.said(&["-tq"]);
    let wanted = "reference-proxy: [emerg] bind() to 192.0.2.1:9 failed (99: Cannot assign requested address)\n\
        reference-proxy: configuration file DIR/nginx.conf test failed\n";
    assert_eq!((code, &said[..]), (Some(1), wanted));
}

#[test]
fn early_errors_go_to_the_log_that_the_command_line_names() {
    let site = Site::new("events {}\nhtttp {}\n");
    site.run(&["-e", "early.log"]);
    let line = site.read("early.log");
    let (time, message) = line.split_at("2026/01/31 12:00:00".len());
    assert!(time.bytes().all(|byte| byte.is_ascii_digit() || b"/: ".contains(&byte)), "{line}");
    assert!(message.starts_with(" [emerg] ") && message.ends_with("nginx.conf:2\n"), "{line}");
    assert_eq!(line.lines().count(), 1);
}

#[test]
fn a_signal_needs_a_running_master() {
    let said = Site::new(GOOD).said(&["-s", "reload"]);
    let wanted = "reference-proxy: [error] open() \"DIR/nginx.pid\" failed (2: No such file or directory)\n"
        .to_owned();
    assert_eq!(said, (Some(1), wanted));
    let site = Site::new(GOOD);
    site.write("nginx.pid", "\n");
    let wanted = "reference-proxy: [error] invalid PID number \"\" in \"DIR/nginx.pid\"\n".to_owned();
    assert_eq!(site.said(&["-s", "stop"]), (Some(1), wanted));
}

#[test]
fn options_are_nginx_s() {
    let said = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_reference-proxy")).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let version = format!("reference-proxy version: reference-proxy/{}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(said(&["-v"]), (Some(0), version.clone()));
    assert_eq!(said(&["-x"]), (Some(1), "reference-proxy: invalid option: \"x\"\n".to_owned()));
    let (code, help) = said(&["-h"]);
    assert!(
        code == Some(0) && help.starts_with(&format!("{version}Usage: reference-proxy [-?hvVtTq]")),
        "{help}"
    );
}

#[test]
fn what_ends_a_start_is_said_once_wherever_the_log_is() {
    let refused = "bind() to 192.0.2.1:9 failed (99: Cannot assign requested address)";
    let conf = GOOD.replace("off; }", "off; server { listen 192.0.2.1:9; } }");
    for (error_log, arguments, log) in [
        ("error_log logs/other.log;", &[][..], Some("logs/other.log")),
        ("", &["-e", "logs/other.log"], Some("logs/other.log")),
        ("error_log stderr;", &[], None),
    ] {
        let site = Site::new(&conf.replace("error_log logs/error.log;", error_log));
        let (code, said) = site.said(arguments);
        assert_eq!((code, said.lines().count()), (Some(1), 1), "{said}");
        assert!(said.contains(refused), "{said}");
        if let Some(log) = log {
            assert!(site.read(log).contains(refused), "{error_log}: {}", site.read(log));
        }
        assert!(!site.path("logs/error.log").exists());
    }
}
