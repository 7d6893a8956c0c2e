//! Names that variables come to, looked up as nginx does it.

use std::fmt::Debug;
use std::net::SocketAddr;

use crate::files::nginx;
use crate::name_server::NameServer;
use crate::server::{Server, Site, eventually};

/// A site that passes everything to a name in the query, at the second port, where the site itself says who was asked.
fn site(names: SocketAddr) -> Site {
    Site::new(&format!(
        "worker_processes 1; pid nginx.pid; error_log logs/error.log; events {{}}
         http {{ log_format t '$arg_n $status $upstream_addr $upstream_status'; access_log logs/access.log t;
         resolver_timeout 1s;
         server {{ listen 127.0.0.1:@PORT@; resolver {names} ipv6=off;
             location / {{ proxy_pass http://$arg_n:@PORT2@; }}
             location /both {{ resolver {names}; proxy_pass http://$arg_n:@PORT2@; }}
             location /hour {{ resolver {names} valid=1h ipv6=off; proxy_pass http://$arg_n:@PORT2@; }}
             location /known {{ proxy_pass http://localhost:@PORT2@; }}
         }}
         server {{ listen 127.0.0.1:@PORT@; server_name none; location / {{ proxy_pass http://$arg_n:@PORT2@; }} }}
         server {{ listen 127.0.0.1:@PORT2@; listen 127.0.0.2:@PORT2@; listen [::1]:@PORT2@;
             access_log off; return 200 '$server_addr $host'; }} }}"
    ))
}

/// What `ask` finds out about the reference proxy; it must find the same out about nginx, where there is one.
fn both<T: PartialEq + Debug>(ask: impl Fn(&Server<'_>, &NameServer) -> T) -> T {
    let names = NameServer::start();
    let ours = ask(&site(names.address).start(), &names);
    if let Some(nginx) = nginx() {
        let names = NameServer::start();
        let theirs = ask(&site(names.address).start_nginx(&nginx), &names);
        assert_eq!(ours, theirs, "nginx is on the right");
    }
    ours
}

/// Status and body.
fn get(server: &Server<'_>, target: &str) -> (u16, String) {
    let response = server.get(target);
    let body = if response.status() == 200 { response.body.clone() } else { String::new() };
    (response.status(), body)
}

#[test]
fn a_name_is_looked_up_and_remembered() {
    let (answers, asked) = both(|server, names| {
        let targets = ["a.test", "A.test", "a.test.", "cname.test", "alias.test", "trunc.test", "long.test"];
        let answers = targets.map(|name| get(server, &format!("/?n={name}")));
        (answers, names.asked())
    });
    let said = |host: &str| (200, format!("127.0.0.1 {host}"));
    let hosts = ["a.test", "a.test", "a.test", "cname.test", "alias.test", "trunc.test", "long.test"];
    assert_eq!(answers, hosts.map(said));
    let expected = [
        "a.test A",
        "cname.test A",
        "alias.test A",
        "target.test A",
        "trunc.test A",
        "trunc.test A by TCP",
        "long.test A",
    ];
    assert_eq!(asked, expected);
}

#[test]
fn a_name_without_an_address_is_told_in_the_words_of_nginx() {
    let (statuses, log) = both(|server, _| {
        let names =
            ["nx.test", "fail.test", "refused.test", "silent.test", "none.test", "v6.test", "a..b", ".a"];
        let statuses = names.map(|name| get(server, &format!("/?n={name}")).0);
        eventually("all is logged", || server.site.read("logs/access.log").lines().count() >= names.len());
        let log = server.site.read("logs/error.log");
        let said = |line: &str| {
            Some(line.split_once(" *")?.1.split_once(' ')?.1.split_once(", client: ")?.0.to_owned())
        };
        let errors: Vec<String> = log.lines().filter_map(said).collect();
        (statuses, (errors, server.site.read("logs/access.log")))
    });
    assert_eq!(statuses, [502; 8]);
    let expected = [
        "nx.test could not be resolved (3: Host not found)",
        "fail.test could not be resolved (2: Server failure)",
        "refused.test could not be resolved (5: Operation refused)",
        "silent.test could not be resolved (110: Operation timed out)",
        "none.test could not be resolved (3: Host not found)",
        "v6.test could not be resolved (3: Host not found)",
        "a..b could not be resolved (3: Host not found)",
        ".a could not be resolved (3: Host not found)",
    ];
    assert_eq!(log.0, expected);
    assert!(log.1.starts_with("nx.test 502 - -\n"), "{}", log.1);
}

#[test]
fn both_kinds_of_addresses_are_looked_up_unless_told_otherwise() {
    let (answers, asked) = both(|server, names| {
        let answers = ["v6.test", "b.test"].map(|name| get(server, &format!("/both?n={name}")));
        // They are asked for at the same time.
        let mut asked = names.asked();
        asked.sort();
        (answers, asked)
    });
    assert_eq!(answers, [(200, "::1 v6.test".to_owned()), (200, "127.0.0.1 b.test".to_owned())]);
    assert_eq!(asked, ["b.test A", "b.test AAAA", "v6.test A", "v6.test AAAA"]);
}

#[test]
fn each_address_has_its_turn() {
    both(|server, _| {
        let mut seen = [false; 2];
        eventually("both are asked", || {
            match get(server, "/hour?n=multi.test").1.as_str() {
                "127.0.0.1 multi.test" => seen[0] = true,
                "127.0.0.2 multi.test" => seen[1] = true,
                other => panic!("{other}"),
            }
            seen == [true; 2]
        });
    });
}

#[test]
fn an_answer_holds_as_long_as_it_says_or_as_the_file_says() {
    let asked = both(|server, names| {
        for target in ["/?n=a.test", "/hour?n=b.test", "/?n=long.test"] {
            assert_eq!(get(server, target).0, 200);
        }
        // A second later the first has to be asked for again, and neither of the others.
        eventually("a name is asked for again", || {
            assert_eq!(get(server, "/hour?n=b.test").0, 200);
            assert_eq!(get(server, "/?n=long.test").0, 200);
            assert_eq!(get(server, "/?n=a.test").0, 200);
            names.asked().iter().filter(|asked| *asked == "a.test A").count() > 1
        });
        let mut asked = names.asked();
        asked.dedup();
        asked
    });
    assert_eq!(asked, ["a.test A", "b.test A", "long.test A", "a.test A"]);
}

#[test]
fn without_a_resolver_only_what_is_known_is_found() {
    let (statuses, errors) = both(|server, names| {
        let ask = |name: &str| {
            let request = format!("GET /?n={name} HTTP/1.1\r\nHost: none\r\nConnection: close\r\n\r\n");
            server.send(request.as_bytes()).status()
        };
        // The address of another `proxy_pass`, in whatever case, has been looked up already.
        let statuses = ["a.test", "localhost", "LocalHost", "127.0.0.1"].map(ask);
        assert_eq!(names.asked(), [""; 0]);
        let log = server.site.read("logs/error.log");
        (statuses, log.contains("no resolver defined to resolve a.test, client: "))
    });
    assert_eq!((statuses, errors), ([502, 200, 200, 200], true));
}

/// A site whose upstreams have names, at the second port.
fn upstreams(names: SocketAddr) -> Site {
    Site::new(&format!(
        "worker_processes 1; pid nginx.pid; error_log logs/error.log; events {{}}
         http {{ access_log off; resolver {names} ipv6=off; resolver_timeout 2s;
         upstream multi {{ zone multi 64k; server multi.test:@PORT2@ resolve; }}
         upstream own {{ zone own 64k; resolver {names} ipv6=off valid=1s; server a.test:@PORT2@ resolve weight=2; }}
         upstream address {{ zone address 64k; server 127.0.0.1:@PORT2@ resolve; }}
         upstream spare {{ zone spare 64k; server nx.test:@PORT2@ resolve; server a.test:@PORT2@ resolve backup; }}
         upstream nobody {{ zone nobody 64k; server nx.test:@PORT2@ resolve; }}
         upstream moves {{ zone moves 64k; server moves.test:@PORT2@ resolve; }}
         server {{ listen 127.0.0.1:@PORT@;
             location / {{ proxy_pass http://$arg_u; }}
         }}
         server {{ listen 127.0.0.1:@PORT2@; listen 127.0.0.2:@PORT2@; listen [::1]:@PORT2@;
             return 200 '$server_addr $host'; }} }}"
    ))
}

#[test]
fn servers_are_at_the_addresses_of_their_names() {
    let ask = |server: &Server<'_>| {
        // nginx answers 502 until it knows them.
        eventually("the names are known", || {
            ["multi", "own", "spare"].iter().all(|name| get(server, &format!("/?u={name}")).0 == 200)
        });
        let mut multi = ["multi"; 4].map(|name| get(server, &format!("/?u={name}")));
        multi.sort();
        let others = ["own", "address", "spare", "nobody"].map(|name| get(server, &format!("/?u={name}")));
        eventually("moves has moved", || get(server, "/?u=moves").1 == "127.0.0.2 moves");
        server.logged("nx.test could not be resolved (3: Host not found)", 2);
        server.logged("no live upstreams while connecting to upstream", 1);
        (multi, others)
    };
    let names = NameServer::start();
    let outcome = ask(&upstreams(names.address).start());
    if let Some(nginx) = crate::versions::nginx("1.30") {
        let names = NameServer::start();
        assert_eq!(outcome, ask(&upstreams(names.address).start_nginx(&nginx)), "nginx is on the right");
    }
    let said = |address: &str, name: &str| (200, format!("{address} {name}"));
    let (one, two) = (said("127.0.0.1", "multi"), said("127.0.0.2", "multi"));
    assert_eq!(outcome.0, [one.clone(), one, two.clone(), two]);
    let others = [
        said("127.0.0.1", "own"),
        said("127.0.0.1", "address"),
        said("127.0.0.1", "spare"),
        (502, String::new()),
    ];
    assert_eq!(outcome.1, others);
}
