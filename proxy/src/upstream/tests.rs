//! Whose turn it is.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use nginx_conf::model::{Balance, Upstream, UpstreamServer};

use super::{PeerOutcome, PeerSelection, SessionZones, UpstreamGroup};

const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

#[test]
fn a_network_keeps_its_server_and_the_least_busy_one_is_asked() {
    let balanced = |balance| UpstreamGroup { balance, ..group(&[("a", 2), ("b", 1), ("c", 1)]) };
    let hashed = balanced(Balance::IpHash);
    let of = |client: &str| ask(&mut hashed.select(client.parse().unwrap(), Vec::new(), 0), 0);
    let clients = "127.0.0.1 127.0.1.1 127.0.2.1 127.1.0.1 127.9.8.7 127.200.3.4 127.77.66.55 127.12.13.14 127.255.1.1 127.3.3.3";
    // As nginx 1.22.1 has it.
    assert_eq!(clients.split(' ').map(of).collect::<String>(), "aabaacaaab");
    assert_eq!(of("127.0.2.200"), of("127.0.2.1"));
    let least = balanced(Balance::LeastConn);
    let mut busy: Vec<PeerSelection<'_>> = (0..5).map(|_| least.select(CLIENT, Vec::new(), 0)).collect();
    assert_eq!(busy.iter_mut().map(|selection| ask(selection, 0)).collect::<String>(), "abcac");
    drop(busy);
    assert!(least.tiers[0].borrow().iter().all(|peer| peer.conns == 0));
}

/// Servers by name, each `name weight`, with nginx's defaults.
fn group(servers: &[(&str, u32)]) -> UpstreamGroup {
    group_with(1, servers)
}

fn group_with(max_fails: u32, servers: &[(&str, u32)]) -> UpstreamGroup {
    let servers = servers.iter().map(|&(name, weight)| UpstreamServer {
        name: name.to_owned(),
        address: SocketAddr::from(([127, 0, 0, 1], u16::from(name.as_bytes()[0]))).into(),
        weight,
        max_fails,
        max_conns: 0,
        fail_timeout: Duration::from_secs(10),
        backup: name.ends_with("backup"),
        down: name.ends_with("down"),
        drain: false,
        route: None,
    });
    let upstream = Upstream {
        name: "app".to_owned(),
        servers: servers.collect(),
        resolved: None,
        declared: true,
        port: None,
        balance: Balance::RoundRobin,
        hash_key: None,
        sticky: None,
        keepalive: None,
        keepalive_requests: 1000,
        keepalive_timeout: Duration::from_secs(60),
    };
    UpstreamGroup::new(&upstream, &SessionZones::default())
}

fn ask(selection: &mut PeerSelection<'_>, now: u64) -> char {
    selection.next(now).map_or('-', |(address, _)| char::from(address.port() as u8))
}

/// Asks the first server at each of these times, in seconds, and says how it has done; true where it is left out.
fn outcomes(group: &UpstreamGroup, history: &[(u64, PeerOutcome)]) -> Vec<bool> {
    let report = |&(now, outcome): &(u64, PeerOutcome)| {
        // Whoever is asked first by round robin, `a` is the one to report on.
        let mut selection = group.select(CLIENT, Vec::new(), 0);
        while ask(&mut selection, now) != 'a' {
            assert!(selection.current.take().is_some(), "a is not asked at {now}");
        }
        selection.report(outcome, now)
    };
    history.iter().map(report).collect()
}

fn asked(group: &UpstreamGroup, requests: usize, now: u64) -> String {
    let mut all = String::new();
    for _ in 0..requests {
        let mut selection = group.select(CLIENT, Vec::new(), 0);
        all.push(ask(&mut selection, now));
        selection.report(PeerOutcome::Success, now);
    }
    all
}

#[test]
fn servers_alternate_and_weights_interleave() {
    assert_eq!(asked(&group(&[("a", 1), ("b", 1)]), 6, 1000), "ababab");
    assert_eq!(asked(&group(&[("a", 5), ("b", 1), ("c", 1)]), 7, 1000), "aabacaa");
    assert_eq!(asked(&group(&[("a down", 1), ("b", 1)]), 3, 1000), "bbb");
}

#[test]
fn a_server_that_failed_is_left_out_for_fail_timeout_and_then_tried_again() {
    let group = group(&[("a", 1), ("b", 1)]);
    let mut selection = group.select(CLIENT, Vec::new(), 0);
    assert_eq!(ask(&mut selection, 1000), 'a');
    assert!(selection.report(PeerOutcome::Failed, 1000));
    assert_eq!((ask(&mut selection, 1000), selection.tries), ('b', 1));
    selection.report(PeerOutcome::Success, 1000);
    assert_eq!(asked(&group, 3, 1010), "bbb");
    // Its weight has to grow again first.
    assert_eq!(asked(&group, 4, 1011), "bbab");
}

#[test]
fn all_down_stays_down_until_fail_timeout_is_over() {
    let group = group(&[("a", 1), ("b", 1)]);
    let mut selection = group.select(CLIENT, Vec::new(), 0);
    for server in ['a', 'b'] {
        assert_eq!(ask(&mut selection, 1000), server);
        selection.report(PeerOutcome::Failed, 1000);
    }
    assert_eq!((ask(&mut selection, 1000), selection.tries), ('-', 0));
    assert_eq!((asked(&group, 1, 1010), asked(&group, 3, 1011)), ("-".to_owned(), "bba".to_owned()));
}

#[test]
fn without_max_fails_a_server_is_never_left_out() {
    let group = group_with(0, &[("a", 1), ("b", 1)]);
    assert_eq!(outcomes(&group, &[(1000, PeerOutcome::Failed), (1000, PeerOutcome::Failed)]), [false, false]);
    assert!(asked(&group, 2, 1000).contains('a'));
}

#[test]
fn failures_are_forgotten_by_an_answer_more_than_fail_timeout_later() {
    use PeerOutcome::{Failed, Success};
    for (history, out) in [
        ([(1000, Failed), (1000, Success), (1001, Failed)], true),
        ([(1000, Failed), (1005, Success), (1006, Failed)], true),
        ([(1000, Failed), (1010, Success), (1010, Failed)], true),
        ([(1000, Failed), (1011, Success), (1012, Failed)], false),
    ] {
        let group = group_with(2, &[("a", 1), ("b", 1)]);
        assert_eq!(outcomes(&group, &history), [false, false, out], "{history:?}");
    }
}

#[test]
fn one_request_at_a_time_tries_a_server_again() {
    let group = group(&[("a", 1), ("b", 1)]);
    assert_eq!(outcomes(&group, &[(1000, PeerOutcome::Failed)]), [true]);
    assert_eq!(asked(&group, 1, 1011), "b");
    let mut first = group.select(CLIENT, Vec::new(), 0);
    assert_eq!((ask(&mut first, 1011), asked(&group, 2, 1011)), ('b', "ab".to_owned()));
}

#[test]
fn each_failure_costs_a_server_its_share_of_its_weight() {
    let group = group_with(2, &[("a", 4), ("b", 4)]);
    assert_eq!(outcomes(&group, &[(1000, PeerOutcome::Failed)]), [false]);
    assert_eq!(asked(&group, 8, 1000), "bbababab");
}

#[test]
fn a_backup_is_asked_only_when_no_other_is_left() {
    let group = group(&[("a", 1), ("z backup", 1)]);
    assert_eq!(asked(&group, 2, 1000), "aa");
    let mut selection = group.select(CLIENT, Vec::new(), 0);
    assert_eq!(ask(&mut selection, 1000), 'a');
    selection.report(PeerOutcome::Failed, 1000);
    assert_eq!(ask(&mut selection, 1000), 'z');
    assert_eq!(asked(&group, 2, 1005), "zz");
}

#[test]
fn a_server_that_is_alone_is_never_left_out() {
    let group = group(&[("a", 1)]);
    let mut selection = group.select(CLIENT, Vec::new(), 0);
    assert_eq!(ask(&mut selection, 1000), 'a');
    assert!(!selection.report(PeerOutcome::Failed, 1000));
    assert_eq!((selection.tries, asked(&group, 2, 1000)), (0, "aa".to_owned()));
}
