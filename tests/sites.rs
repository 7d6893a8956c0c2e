//! Configurations of other people's kind, by the reference proxy and by an nginx that is installed here: of right ones
//! nothing is called broken, and of each wrong one its own fault alone.

#[path = "sites/http2.rs"]
mod http2;
#[path = "sites/profile.rs"]
mod profile;
mod ran;
#[path = "sites/templates.rs"]
mod templates;

use std::path::{Path, PathBuf};

use hopcheck_report::{Record, Verdict};
use ran::{Ran, engines, run, run_features};

fn run_with(target: &str, conf: &Path, options: &[&str]) -> Ran {
    run_features("../../features", conf, &[&["--target", target], options].concat())
}

fn confs(directory: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let conf = |path: PathBuf| if path.is_dir() { path.join("nginx.conf") } else { path };
    let mut confs: Vec<PathBuf> = entries
        .map(conf)
        .filter(|path| path.extension().is_some_and(|extension| extension == "conf"))
        .collect();
    confs.sort();
    confs
}

#[test]
fn nothing_of_a_right_site_is_called_broken() {
    let confs = confs("../../tests/sites/right");
    assert!(confs.len() >= 13);
    for engine in engines() {
        for conf in &confs {
            let ran = run(&engine, conf);
            assert_eq!(ran.code, Some(0), "{engine}: {}", ran.said);
            let kept = ran.report.targets[0].records.len();
            assert!(kept > 10, "{engine} asked only {kept} scenarios of {}", conf.display());
        }
    }
}

#[test]
fn of_a_wrong_site_its_own_fault_is_named_and_nothing_else() {
    let faults = [
        ("api-alone", "/ answers 404, and so is the client told"),
        ("app-server-moved", "Upstreams have only app servers that the profile names"),
        ("assets-win", "/api/hopcheck/7.json is asked of the app, though it looks like a file"),
        ("assets-without-root", "Scripts, style sheets and pictures of the build are found below /"),
        ("backup-unused", "While the app server of /v1/ refuses connections, its backup answers"),
        ("backups-out-of-reach", "While the app servers of /api/ refuse connections, their backup answers"),
        ("cache-of-posts", "What is sent to /api/ reaches the app each time"),
        ("cache-shared", "No answer of /api/ that was meant for one user is given to another"),
        ("cache-without-query", "What /api/ answers to one query is not given for another"),
        (
            "chosen-pool-without-second-try",
            "While the first app server of /api/ refuses connections, the others answer by `Cookie: pool=green`",
        ),
        ("cookie-lost", "A cookie that /shop/ sets for the whole site comes back to it"),
        ("cors-credentials-for-all", "/v2/ does not say `*` to pages with credentials"),
        ("cors-silent-on-errors", "Where the proxy does CORS, an error of /v2/ says so, too"),
        ("cors-twice-on-post", "Where the app does CORS, POST of /api/ gets its header and no other"),
        ("errors-as-page", "/api/ answers 404, and so is the client told"),
        ("files-win", "/api/hopcheck/7.json is asked of the app, though it looks like a file"),
        ("header-too-big", "A head of 3 KiB from /api/ gets through"),
        ("headers-lost", "The page at / has the headers that the server sets for all"),
        ("host-of-upstream", "A redirect of /api/ leads to the host that was asked"),
        ("index-misspelt", "/ shows the page"),
        ("line-end", "A line end in a path at /shop/ ends no header"),
        ("no-second-try", "While the first app server of /v1/ refuses connections, the others answer"),
        ("office-slash-twice", "/reports/ leads to the app"),
        ("origins-in-one", "Each origin that may read is one"),
        ("page-kept", "The page at / is not kept by browsers"),
        ("polling-takes-turns", "Requests of one client to /socket.io/ go to one app server"),
        (
            "pool-without-second-try",
            "While the first app server of /api/ refuses connections, the others answer",
        ),
        ("port-moved", "Clients find the site at 80"),
        ("preflight-redirected", "No preflight of /api/ is redirected"),
        ("preflight-refused", "Where the proxy does CORS, a preflight of /v2/ is let through"),
        ("preflight-unauthorized", "Where the proxy does CORS, a preflight of /v2/ is let through"),
        ("preflight-without-password", "Where the proxy does CORS, a preflight of /v2/ is let through"),
        ("query-lost", "Path and query of a request to /backend/ reach the app as they were asked"),
        ("redirect-in-a-circle", "The redirect of /help comes to an end"),
        ("redirect-to-nobody", "No redirect takes its host from a server without a name"),
        ("reload-cuts-answers", "A reload ends no answer of /api/ that is on its way"),
        ("reload-drops-sockets", "A reload does not end the WebSocket at /ws"),
        ("rewritten-away", "/v2/ leads to the app"),
        ("slash-missing", "Path and query of a request to /api/ reach the app as they were asked"),
        ("slash-twice", "/api/ leads to the app"),
        ("slashes-taken", "A directory of the build below / comes to an end"),
        ("spare-never-tried", "While the app servers of /tickets/ refuse connections, their backup answers"),
        ("staging-page-kept", "The page at / is not kept by browsers"),
        ("subprotocol-lost", "A subprotocol is agreed on at /graphql/ws"),
        ("too-small", "The largest upload of /api/ reaches the app"),
        ("upgrade-lost", "A WebSocket opens at /ws"),
        ("upstreams-swapped", "A request to /orders/hopcheck reaches an upstream that the profile names"),
        ("users-missing", "/admin/ asks those for a password who have none"),
        ("way-out-beside", "No path that begins with /assets leaves its directory"),
        ("way-out", "No path that begins with /files leaves its directory"),
        ("writes-as-page", "What would change something at a path that / does not have is refused"),
    ];
    let confs = confs("../../tests/sites/wrong");
    assert_eq!(confs.len(), faults.len());
    for engine in engines() {
        for (conf, (name, fault)) in confs.iter().zip(faults) {
            assert!(conf.display().to_string().contains(name), "{}", conf.display());
            let ran = run(&engine, conf);
            assert_eq!(ran.code, Some(1), "{engine}: {}", ran.said);
            let broken = ran.broken();
            assert_eq!(broken.first(), Some(&fault), "{engine}: {}", ran.said);
            // What is broken besides is told as the same: a file that wins does so by each of its endings, a WebSocket that does not
            // open carries nothing.
            let told = ran.said.lines().filter(|line| line.starts_with('✗')).count();
            assert_eq!(told, 1, "{engine}: {}", ran.said);
        }
    }
}

#[test]
fn a_name_that_nginx_has_nobody_to_look_up_by_is_told_by_what_nginx_logs() {
    let directory = tempfile::tempdir().unwrap();
    let conf = directory.path().join("nginx.conf");
    let with = |resolver: &str| {
        let server = "listen 80; set $app http://app:8080; location /api/ { proxy_pass $app; proxy_set_header Host $host; }";
        std::fs::write(&conf, format!("events {{}}\nhttp {{ {resolver} server {{ {server} }} }}\n")).unwrap();
    };
    for engine in engines() {
        with("");
        let ran = run(&engine, &conf);
        assert_eq!(
            (ran.code, ran.broken().first()),
            (Some(1), Some(&"/api/ leads to the app")),
            "{}",
            ran.said
        );
        assert!(ran.said.contains("no resolver defined to resolve app"), "{engine}: {}", ran.said);
        with("resolver 10.0.0.2;");
        let ran = run(&engine, &conf);
        assert_eq!((ran.code, ran.broken()), (Some(0), vec![]), "{engine}: {}", ran.said);
    }
}

/// Runs one feature by the reference proxy or, if that refuses the configuration, an nginx that is installed here.
fn run_feature(feature: &str, conf: &Path) -> Ran {
    run_features(&format!("../../features/{feature}.feature"), conf, &[])
}

#[test]
fn a_warning_fails_a_strict_run_alone_and_a_careful_site_has_none() {
    for engine in engines() {
        let careful = run_with(&engine, Path::new("../../tests/sites/right/hardened.conf"), &["--strict"]);
        assert_eq!(careful.code, Some(0), "{engine}: {}", careful.said);
        let usual = Path::new("../../tests/sites/right/vite-api.conf");
        let warned = run(&engine, usual);
        assert_eq!(warned.code, Some(0), "{engine}: {}", warned.said);
        let warnings: Vec<&str> =
            warned.report.targets[0].records.iter().filter(|r| r.warns()).map(|r| r.name.as_str()).collect();
        let expected = [
            "The page at / says how long browsers may keep it",
            "A script that / no longer has is not answered with the page",
            "/.env is kept to itself",
            "/.git/config is kept to itself",
        ];
        assert_eq!(warnings, expected, "{engine}");
        let strict = run_with(&engine, usual, &["--strict"]);
        assert_eq!((strict.code, strict.broken()), (Some(1), expected.to_vec()), "{engine}: {}", strict.said);
    }
}

#[test]
fn files_that_come_as_what_they_are_not_are_warned_of() {
    for engine in engines() {
        let ran = run(&engine, Path::new("../../tests/sites/warned/assets-without-types.conf"));
        assert_eq!(ran.code, Some(0), "{engine}: {}", ran.said);
        let warned = ran.report.targets[0].records.iter().filter(|r| r.warns()).map(|r| r.name.as_str());
        let name = "Scripts, style sheets and pictures of the build below / come as what they are";
        assert!(warned.collect::<Vec<_>>().contains(&name), "{engine}: {}", ran.said);
    }
}

#[test]
fn what_may_be_meant_is_warned_of_and_breaks_nothing() {
    let sites = [
        ("answers-kept", "An answer of /api/ that must not be kept is not"),
        (
            "assets-take-pictures",
            "/api/hopcheck/avatar.png is asked of the app, though it looks like a file of the front end",
        ),
        ("cache-control-misspelt", "The page at / says how long browsers may keep it"),
        ("certificate-unused", "TLS is spoken on the port for it where there is a certificate"),
        ("cookie-hidden", "A cookie that /api/ sets reaches the client"),
        ("cookie-of-a-prefix", "A cookie that /shop/ sets for a path of its own comes back to it"),
        ("credentials-for-anybody", "/api/ may not be read with credentials by pages of any origin"),
        ("decoded-path", "No path that a pattern has captured is sent on decoded"),
        ("directories-listed", "No directory below / is listed"),
        ("done-twice", "What is sent to /orders/ and may have been done is not sent to another app server"),
        (
            "fallback-repeats",
            "What is sent to /orders/ and may have been done is not sent on to the fallback",
        ),
        ("forwards-lost", "The app servers of /ws/ are told what the server around it says"),
        ("hidden-location", "No location is hidden by others"),
        ("location-lost", "Each location that is gone on to is there"),
        ("old-version", "A WebSocket at /ws/ opens whatever the version of nginx"),
        ("other-module", "No directive belongs to a module that nginx comes without"),
        ("page-as-error", "A path of the app below / is no error"),
        ("page-of-another", "A path of the app below /admin/ shows the page of its own directory"),
        ("posts-sent-on", "What is sent to /api/ is not sent on to another path"),
        ("socket-in-name-alone", "A location with the name of a WebSocket passes Upgrade on"),
        ("preflight-for-nobody", "A preflight of /api/ that the proxy answers names who may ask"),
        ("private-kept", "No answer of /v2/ that is marked as private is given to another"),
        ("root-for-alias", "No directory has the path of its location in it already"),
        ("root-workers", "A worker has connections for more than one browser"),
        ("root-workers", "No worker is root"),
        ("tenant-misspelt", "Each name that a variable stands for is one that nginx finds"),
        ("short-lines", "A request to /api/ may have 5 KiB of cookies"),
        ("token-kept-from-app", "Authorization of a client reaches the app at /api/"),
        ("type-replaced", "The app is told of what type a body is that is sent to /api/"),
    ];
    for (site, warning) in sites {
        let ran = run("reference", &Path::new("../../tests/sites/warned").join(format!("{site}.conf")));
        assert_eq!(ran.code, Some(0), "{site}: {}", ran.said);
        let mut warned = ran.report.targets[0].records.iter().filter(|record| record.warns());
        assert!(warned.any(|record| record.name == warning), "{site}: {}", ran.said);
    }
}

#[test]
fn what_nginx_warns_of_is_shown_with_what_it_does() {
    let directory = tempfile::tempdir().unwrap();
    let conf = directory.path().join("nginx.conf");
    let server = "server { listen 80; server_name a.hopcheck.test; location / { proxy_pass http://app; } }\n";
    let upstream = "upstream app { least_conn; ip_hash; server 127.0.0.1:1; }\n";
    std::fs::write(&conf, format!("{upstream}{server}{server}")).unwrap();
    for engine in engines() {
        let ran = run(&engine, &conf);
        assert_eq!(ran.code, Some(0), "{engine}: {}", ran.said);
        let said = |line: &str| ran.said.lines().any(|said| said.trim_start().starts_with(line));
        assert!(said("conflicting server name \"a.hopcheck.test\" on 80, ignored"), "{engine}: {}", ran.said);
        assert!(said("requests for that name go to the server above"), "{engine}: {}", ran.said);
        assert!(said("load balancing method redefined"), "{engine}: {}", ran.said);
    }
}

#[test]
fn an_upstream_that_is_a_letter_away_is_told_where_nginx_finds_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let conf = directory.path().join("nginx.conf");
    let upstream = "upstream backend { server app-1:8080; }";
    let server =
        "server { listen 80; location /api/ { proxy_pass http://backnd; proxy_set_header Host $host; } }";
    std::fs::write(&conf, format!("{upstream}\n{server}\n")).unwrap();
    for engine in engines() {
        let ran = run(&engine, &conf);
        assert_eq!(ran.code, Some(1), "{engine}: {}", ran.said);
        let place = format!("host not found in upstream \"backnd\" in {}:2", conf.display());
        assert!(ran.said.contains(&place), "{engine}: {}", ran.said);
        assert!(ran.said.contains("did you mean `upstream backend` in line 1?"), "{engine}: {}", ran.said);
    }
    // A service of that name is somebody.
    let services = "services:\n  web:\n    image: nginx\n  backnd:\n    image: app\n";
    std::fs::write(directory.path().join("compose.yaml"), services).unwrap();
    let ran = run("reference", &conf);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
}

#[test]
fn only_what_strangers_may_is_asked_of_them() {
    let ran = run("reference", Path::new("../../tests/sites/right/read-only.conf"));
    let records = &ran.report.targets[0].records;
    let verdict =
        |name: &str| records.iter().find(|record| record.name == name).map(|record| &record.verdict);
    assert_eq!(verdict("/ leads to the app"), Some(&Verdict::Kept), "{}", ran.said);
    let reason = "PUT of / is not for everybody: `limit_except` in line 10".to_owned();
    assert_eq!(
        verdict("PUT is asked of any API as it is"),
        Some(&Verdict::NotChecked { reason }),
        "{}",
        ran.said
    );
}

#[test]
fn what_is_for_some_is_asked_by_somebody_who_is_let_in() {
    for engine in engines() {
        let ran = run(&engine, Path::new("../../tests/sites/right/behind-doors.conf"));
        let records = &ran.report.targets[0].records;
        for name in [
            "/ shows the page",
            "/ asks those for a password who have none",
            "/api/ leads to the app",
            "A WebSocket opens at /ws",
            "Where the proxy does CORS, a preflight of /shared/ is let through",
            "No answer of /shared/ that was meant for one user is given to another",
            "/office/ leads to the app",
            "/printers/ leads to the app",
            "/ledger/ shows the page",
            "PUT is asked of /notes/ as it is",
            "/people/ shows the page",
        ] {
            let kept = |record: &Record| record.name == name && record.verdict == Verdict::Kept;
            assert!(records.iter().any(kept), "{engine}: {name}: {}", ran.said);
        }
        assert!(
            ran.said.contains("closed, behind auth_basic, asked with a stand-in's password"),
            "{engine}: {}",
            ran.said
        );
    }
}

#[test]
fn a_right_site_fits_a_screen() {
    let ran = run("reference", Path::new("../../tests/sites/right/vite-api.conf"));
    assert!(ran.said.lines().count() <= 40, "{}", ran.said);
    assert!(ran.said.contains("! 4 routine warnings, mended by a line or two:"), "{}", ran.said);
    let all = run_with("reference", Path::new("../../tests/sites/right/vite-api.conf"), &["-v"]);
    let told = all.said.lines().filter(|line| line.starts_with("! warning:")).count();
    assert_eq!(told, 3, "{}", all.said);
}

#[test]
fn two_faults_of_a_site_are_told_one_after_the_other() {
    let sites = [
        (
            "booking",
            [
                "While the first app server of /v3/ refuses connections, the others answer",
                "Where the app does CORS, DELETE of /v3/ gets its header and no other",
            ],
        ),
        ("channels", ["No path that begins with /static leaves its directory", "A WebSocket opens at /ws/"]),
        (
            "gallery",
            [
                "A directory of the build below / comes to an end",
                "What is sent to /graphql/ reaches the app each time",
            ],
        ),
        (
            "library",
            ["What /catalogue/ answers to one query is not given for another", "/staff/ shows the page"],
        ),
        (
            "storefront",
            [
                "A line end in a path at /account/ ends no header",
                "/account/hopcheck/7.json is asked of the app, though it looks like a file",
            ],
        ),
        (
            "warehouse",
            [
                "While the first app server of / refuses connections, the others answer",
                "/ answers 404, and so is the client told",
            ],
        ),
    ];
    for engine in engines() {
        for (site, faults) in sites {
            let ran = run(&engine, &Path::new("../../tests/sites/two-faults").join(format!("{site}.conf")));
            assert_eq!(ran.code, Some(1), "{engine}: {}", ran.said);
            let told: Vec<&str> = ran.said.lines().filter(|line| line.starts_with('✗')).collect();
            let are_told =
                told.iter().zip(faults).all(|(line, fault)| line.starts_with(&format!("✗ {fault}  (")));
            assert!(told.len() == 2 && are_told, "{engine}: {}", ran.said);
        }
    }
}

#[test]
fn an_address_that_nginx_does_not_listen_on_is_told_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let conf = directory.path().join("nginx.conf");
    for (address, mistake) in [("99999", "invalid port"), (":80", "no host")] {
        std::fs::write(&conf, format!("server {{\n    listen {address};\n    return 204;\n}}\n")).unwrap();
        for engine in engines() {
            let ran = run(&engine, &conf);
            assert_eq!(ran.code, Some(1), "{engine}: {}", ran.said);
            let said =
                format!("{mistake} in \"{address}\" of the \"listen\" directive in {}:2", conf.display());
            assert!(ran.said.contains(&said), "{engine}: {}", ran.said);
        }
    }
}

#[test]
fn a_blank_in_the_name_of_a_location_is_asked_for_as_clients_write_it() {
    let directory = tempfile::tempdir().unwrap();
    let conf = directory.path().join("nginx.conf");
    std::fs::write(
        &conf,
        "server { listen 80; location '/a b/' { proxy_pass http://a; proxy_set_header Host $host; } }\n",
    )
    .unwrap();
    for engine in engines() {
        let ran = run(&engine, &conf);
        assert_eq!(ran.code, Some(0), "{engine}: {}", ran.said);
    }
}

#[test]
fn of_many_servers_that_read_the_same_some_are_asked_and_the_rest_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let conf = directory.path().join("nginx.conf");
    let shop = |nth| {
        format!(
            "server {{ listen 80; server_name s{nth}.kr; location / {{ proxy_pass http://app:8080; }} }}\n"
        )
    };
    let shops: String = (0..500).map(shop).collect();
    // This one is not like the others.
    let other =
        "server { listen 80; server_name other.kr; location / { proxy_pass http://app:8080/app/; } }\n";
    std::fs::write(&conf, format!("{shops}{other}")).unwrap();
    let ran = run("reference", &conf);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    let records = &ran.report.targets[0].records;
    let asked =
        |name: &str| records.iter().any(|record| record.name == format!("/ leads to the app on {name}, 80"));
    assert_eq!(["s0.kr", "s2.kr", "s3.kr", "other.kr"].map(asked), [true, true, false, true], "{}", ran.said);
    let reason = "497 servers read as that of s0.kr in line 1 does, but for names and addresses";
    assert!(ran.said.contains(reason), "{}", ran.said);
    assert!(
        ran.said.contains("497 more servers that read as others do, but for names and addresses\n"),
        "{}",
        ran.said
    );
}

#[test]
fn a_mistake_that_both_engines_refuse_is_told_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let conf = directory.path().join("nginx.conf");
    let server = |more: &str| format!("server {{\n    listen 80; {more}\n    return 302 /$requst_uri;\n}}\n");
    std::fs::write(&conf, server("")).unwrap();
    let ran = run_features("../../features", &conf, &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.said);
    assert!(ran.said.contains("nginx.conf:3\n"), "{}", ran.said);
    assert!(ran.said.contains("help: did you mean \"$request_uri\"?"), "{}", ran.said);
    // Where the reference proxy lacks something, nginx says what else is wrong.
    std::fs::write(&conf, server("slice 1m;")).unwrap();
    let ran = run_features("../../features", &conf, &[]);
    let said = if engines().len() > 1 { "unknown \"requst_uri\" variable" } else { "slice" };
    assert!(ran.said.contains(said), "{}", ran.said);
}
