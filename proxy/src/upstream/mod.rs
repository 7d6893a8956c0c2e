//! App servers and whose turn it is: nginx's smooth weighted round robin, with its count of failures.
//!
//! Each worker has its own; nothing is shared, as in nginx without a `zone`.

pub(crate) mod keepalive;

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use keepalive::KeepalivePool;
use nginx_conf::model::{Balance, Http, Upstream, UpstreamServer};

/// Every `upstream` of a configuration, as one worker sees it.
#[derive(Debug)]
pub(crate) struct Upstreams {
    groups: Vec<UpstreamGroup>,
    /// Groups of one server each, for addresses that variables have come to.
    addresses: RefCell<HashMap<SocketAddr, Rc<UpstreamGroup>>>,
    began: Instant,
}

/// How many of these a worker keeps.
const MAX_ADDRESSES: usize = 1024;

/// One `upstream`.
#[derive(Debug)]
pub(crate) struct UpstreamGroup {
    /// Its name.
    pub(crate) name: Rc<str>,
    /// Idle connections to its servers.
    pub(crate) pool: KeepalivePool,
    /// Primary servers and, behind them, the backups.
    tiers: [RefCell<Vec<Peer>>; 2],
    /// A server that is alone is never marked as failed.
    single: bool,
    declared: bool,
    balance: Balance,
}

/// A server of an upstream.
#[derive(Debug)]
struct Peer {
    address: SocketAddr,
    /// The address in logs.
    name: Rc<str>,
    weight: i64,
    effective_weight: i64,
    current_weight: i64,
    max_fails: u32,
    fail_timeout: u64,
    down: bool,
    fails: u32,
    /// When it failed last, in seconds.
    accessed: u64,
    /// When it was last found failing, or chosen again after that, in seconds.
    checked: u64,
    /// Requests under way with it.
    conns: i64,
}

/// How a request fared with a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PeerOutcome {
    /// It answered.
    Success,
    /// It failed in a way that counts.
    Failed,
    /// It failed, but is not to blame: 403 and 404 as reasons to ask another.
    Next,
}

/// One request's way through the servers of an upstream.
#[derive(Debug)]
pub(crate) struct PeerSelection<'g> {
    group: &'g UpstreamGroup,
    tier: usize,
    tried: [Vec<usize>; 2],
    current: Option<usize>,
    /// The one that has answered.
    held: Option<usize>,
    /// What `ip_hash` makes of the client's address, and how often it has been made anew.
    hash: (u64, u32),
    client: IpAddr,
    /// How many servers may still be asked, the current one included.
    pub(crate) tries: usize,
}

impl Upstreams {
    /// Every server unspent and unblamed.
    pub(crate) fn new(http: Option<&Http>) -> Upstreams {
        let groups = http.into_iter().flat_map(|http| &http.upstreams).map(UpstreamGroup::new).collect();
        Upstreams { groups, addresses: RefCell::default(), began: Instant::now() }
    }

    /// The `upstream` of that name.
    pub(crate) fn named(&self, name: &str) -> Option<usize> {
        self.groups.iter().position(|group| group.declared && &*group.name == name)
    }

    /// A group of its own for an address that variables have come to. It is kept, with its connections.
    pub(crate) fn at(&self, address: SocketAddr) -> Rc<UpstreamGroup> {
        let mut known = self.addresses.borrow_mut();
        // Whoever makes addresses of requests makes any number of them.
        if known.len() >= MAX_ADDRESSES && !known.contains_key(&address) {
            known.clear();
        }
        Rc::clone(known.entry(address).or_insert_with(|| Rc::new(UpstreamGroup::alone(address))))
    }

    pub(crate) fn group(&self, index: usize) -> Option<&UpstreamGroup> {
        self.groups.get(index)
    }

    /// Whole seconds on a clock that does not jump; far from 0, where nothing has been checked yet.
    pub(crate) fn seconds(&self, now: Instant) -> u64 {
        const START: Duration = Duration::from_secs(1 << 32);
        (START + now.saturating_duration_since(self.began)).as_secs()
    }
}

impl UpstreamGroup {
    fn new(upstream: &Upstream) -> UpstreamGroup {
        let tier = |backup| {
            let servers = upstream.servers.iter().filter(|server| server.backup == backup);
            RefCell::new(servers.map(Peer::new).collect())
        };
        UpstreamGroup {
            name: upstream.name.as_str().into(),
            pool: KeepalivePool::new(upstream),
            tiers: [tier(false), tier(true)],
            single: upstream.servers.len() == 1,
            declared: upstream.declared,
            balance: upstream.balance,
        }
    }

    /// One server, and nothing said of it.
    fn alone(address: SocketAddr) -> UpstreamGroup {
        let server = UpstreamServer {
            name: address.to_string(),
            address,
            weight: 1,
            max_fails: 1,
            fail_timeout: Duration::from_secs(10),
            backup: false,
            down: false,
        };
        UpstreamGroup::new(&Upstream {
            name: address.to_string(),
            servers: vec![server],
            declared: false,
            balance: Balance::RoundRobin,
            keepalive: None,
            keepalive_requests: 1000,
            keepalive_timeout: Duration::from_secs(60),
        })
    }

    /// Begins the way of a request from `client`. `max_tries`: `proxy_next_upstream_tries`, 0 for no limit.
    pub(crate) fn turn(&self, client: IpAddr, max_tries: usize) -> PeerSelection<'_> {
        let count = |tier: &RefCell<Vec<Peer>>| tier.borrow().iter().filter(|peer| !peer.down).count();
        let tries: usize = self.tiers.iter().map(count).sum();
        let tries = if max_tries > 0 { tries.min(max_tries) } else { tries };
        PeerSelection {
            group: self,
            tier: 0,
            tried: Default::default(),
            current: None,
            held: None,
            hash: (IP_HASH_SEED, 0),
            client,
            tries,
        }
    }
}

impl Peer {
    fn new(server: &UpstreamServer) -> Peer {
        Peer {
            address: server.address,
            name: server.address.to_string().into(),
            weight: i64::from(server.weight),
            effective_weight: i64::from(server.weight),
            current_weight: 0,
            max_fails: server.max_fails,
            fail_timeout: server.fail_timeout.as_secs(),
            down: server.down,
            fails: 0,
            accessed: 0,
            checked: 0,
            conns: 0,
        }
    }

    fn is_out(&self, now: u64) -> bool {
        let failed = self.max_fails > 0 && self.fails >= self.max_fails;
        self.down || (failed && now - self.checked <= self.fail_timeout)
    }
}

impl PeerSelection<'_> {
    /// The server to ask now; `None` when no live one is left.
    pub(crate) fn next(&mut self, now: u64) -> Option<(SocketAddr, Rc<str>)> {
        (self.tier..self.group.tiers.len()).find_map(|tier| {
            self.tier = tier;
            self.choose(now)
        })
    }

    fn choose(&mut self, now: u64) -> Option<(SocketAddr, Rc<str>)> {
        let mut peers = self.group.tiers.get(self.tier)?.borrow_mut();
        let tried = self.tried.get_mut(self.tier)?;
        if self.group.single {
            let peer = peers.first().filter(|peer| !peer.down)?;
            self.current = Some(0);
            return Some((peer.address, Rc::clone(&peer.name)));
        }
        let is_free = |index: usize, peer: &Peer| !(tried.contains(&index) || peer.is_out(now));
        let hashed = match self.group.balance {
            // Of the backups there are none.
            Balance::IpHash => ip_hash(&peers, self.client, &mut self.hash, is_free),
            Balance::RoundRobin | Balance::LeastConn => None,
        };
        let index = match (hashed, self.group.balance) {
            (Some(index), _) => index,
            (None, Balance::LeastConn) => {
                let free = || peers.iter().enumerate().filter(|(index, peer)| is_free(*index, peer));
                // Fewer for its weight; of equal ones the first.
                let (first, least) =
                    free().min_by(|(_, a), (_, b)| (a.conns * b.weight).cmp(&(b.conns * a.weight)))?;
                let (conns, weight) = (least.conns, least.weight);
                let alike = |peer: &Peer| peer.conns * weight == conns * peer.weight;
                match free().filter(|(_, peer)| alike(peer)).count() {
                    1 => first,
                    _ => round_robin(&mut peers, |index, peer| is_free(index, peer) && alike(peer))?,
                }
            }
            (None, _) => round_robin(&mut peers, is_free)?,
        };
        let peer = peers.get_mut(index)?;
        if now - peer.checked > peer.fail_timeout {
            peer.checked = now;
        }
        peer.conns += 1;
        tried.push(index);
        self.current = Some(index);
        Some((peer.address, Rc::clone(&peer.name)))
    }

    /// Says how the server chosen last has done; true when it is now left out for a while.
    pub(crate) fn report(&mut self, fared: PeerOutcome, now: u64) -> bool {
        let Some(index) = self.current.take() else { return false };
        if self.group.single {
            self.tries = 0;
            return false;
        }
        self.tries = self.tries.saturating_sub(1);
        let Some(tier) = self.group.tiers.get(self.tier) else { return false };
        let mut peers = tier.borrow_mut();
        let Some(peer) = peers.get_mut(index) else { return false };
        match fared {
            // It goes on with this server until it ends, be it a WebSocket.
            PeerOutcome::Success => self.held = Some(index),
            PeerOutcome::Failed | PeerOutcome::Next => peer.conns -= 1,
        }
        match fared {
            PeerOutcome::Failed => {
                peer.fails += 1;
                peer.accessed = now;
                peer.checked = now;
                if peer.max_fails > 0 {
                    peer.effective_weight -= peer.weight / i64::from(peer.max_fails);
                }
                peer.effective_weight = peer.effective_weight.max(0);
                peer.max_fails > 0 && peer.fails >= peer.max_fails
            }
            PeerOutcome::Success | PeerOutcome::Next => {
                // The server was chosen again after its last failure, and now the check has passed.
                if peer.accessed < peer.checked {
                    peer.fails = 0;
                }
                false
            }
        }
    }
}

impl Drop for PeerSelection<'_> {
    /// A request that was cut short is under way no more.
    fn drop(&mut self) {
        if let (Some(index), false) = (self.current.or(self.held), self.group.single)
            && let Some(tier) = self.group.tiers.get(self.tier)
            && let Some(peer) = tier.borrow_mut().get_mut(index)
        {
            peer.conns -= 1;
        }
    }
}

/// Where `ip_hash` begins, and how often it is made anew before servers are taken in turn.
const IP_HASH_SEED: u64 = 89;
const MAX_IP_HASH_TRIES: u32 = 20;

/// The server that the client's address leads to, `ngx_http_upstream_get_ip_hash_peer`; `None` where that leads to too many that are
/// not to be asked.
fn ip_hash(
    peers: &[Peer],
    client: IpAddr,
    (hash, times): &mut (u64, u32),
    is_free: impl Fn(usize, &Peer) -> bool,
) -> Option<usize> {
    let total: i64 = peers.iter().map(|peer| peer.weight).sum();
    let total = u64::try_from(total).ok().filter(|total| *total > 0)?;
    let (v4, v6);
    let network: &[u8] = match client {
        IpAddr::V4(address) => {
            v4 = address.octets();
            &v4[..3]
        }
        IpAddr::V6(address) => {
            v6 = address.octets();
            &v6
        }
    };
    while *times <= MAX_IP_HASH_TRIES {
        *hash = network.iter().fold(*hash, |hash, byte| (hash * 113 + u64::from(*byte)) % 6271);
        let mut rest = i64::try_from(*hash % total).unwrap_or_default();
        for (index, peer) in peers.iter().enumerate() {
            if rest >= peer.weight {
                rest -= peer.weight;
                continue;
            }
            if is_free(index, peer) {
                return Some(index);
            }
            break;
        }
        *times += 1;
    }
    None
}

/// The one of these servers whose turn it is: smooth weighted round robin.
fn round_robin(peers: &mut [Peer], is_one: impl Fn(usize, &Peer) -> bool) -> Option<usize> {
    let (mut best, mut total): (Option<(usize, i64)>, i64) = (None, 0);
    for (index, peer) in peers.iter_mut().enumerate() {
        if !is_one(index, peer) {
            continue;
        }
        peer.current_weight += peer.effective_weight;
        total += peer.effective_weight;
        if peer.effective_weight < peer.weight {
            peer.effective_weight += 1;
        }
        if best.is_none_or(|(_, weight)| peer.current_weight > weight) {
            best = Some((index, peer.current_weight));
        }
    }
    let (index, _) = best?;
    peers.get_mut(index)?.current_weight -= total;
    Some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_network_keeps_its_server_and_the_least_busy_one_is_asked() {
        let balanced = |balance| UpstreamGroup { balance, ..group(&[("a", 2), ("b", 1), ("c", 1)]) };
        let hashed = balanced(Balance::IpHash);
        let of = |client: &str| ask(&mut hashed.turn(client.parse().unwrap(), 0), 0);
        let clients = "127.0.0.1 127.0.1.1 127.0.2.1 127.1.0.1 127.9.8.7 127.200.3.4 127.77.66.55 127.12.13.14 127.255.1.1 127.3.3.3";
        // As nginx 1.22.1 has it.
        assert_eq!(clients.split(' ').map(of).collect::<String>(), "aabaacaaab");
        assert_eq!(of("127.0.2.200"), of("127.0.2.1"));
        let least = balanced(Balance::LeastConn);
        let mut busy: Vec<PeerSelection<'_>> = (0..5).map(|_| least.turn(CLIENT, 0)).collect();
        assert_eq!(busy.iter_mut().map(|turn| ask(turn, 0)).collect::<String>(), "abcac");
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
            address: SocketAddr::from(([127, 0, 0, 1], u16::from(name.as_bytes()[0]))),
            weight,
            max_fails,
            fail_timeout: Duration::from_secs(10),
            backup: name.ends_with("backup"),
            down: name.ends_with("down"),
        });
        UpstreamGroup::new(&Upstream {
            name: "app".to_owned(),
            servers: servers.collect(),
            declared: true,
            balance: Balance::RoundRobin,
            keepalive: None,
            keepalive_requests: 1000,
            keepalive_timeout: Duration::from_secs(60),
        })
    }

    fn ask(turn: &mut PeerSelection<'_>, now: u64) -> char {
        turn.next(now).map_or('-', |(address, _)| char::from(address.port() as u8))
    }

    /// Asks the first server at each of these times, in seconds, and says how it has done; true where it is left out.
    fn fares(group: &UpstreamGroup, history: &[(u64, PeerOutcome)]) -> Vec<bool> {
        let fare = |&(now, fared): &(u64, PeerOutcome)| {
            // Whoever is asked first by round robin, `a` is the one to report on.
            let mut turn = group.turn(CLIENT, 0);
            while ask(&mut turn, now) != 'a' {
                assert!(turn.current.take().is_some(), "a is not asked at {now}");
            }
            turn.report(fared, now)
        };
        history.iter().map(fare).collect()
    }

    fn asked(group: &UpstreamGroup, requests: usize, now: u64) -> String {
        let mut all = String::new();
        for _ in 0..requests {
            let mut turn = group.turn(CLIENT, 0);
            all.push(ask(&mut turn, now));
            turn.report(PeerOutcome::Success, now);
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
        let mut turn = group.turn(CLIENT, 0);
        assert_eq!(ask(&mut turn, 1000), 'a');
        assert!(turn.report(PeerOutcome::Failed, 1000));
        assert_eq!((ask(&mut turn, 1000), turn.tries), ('b', 1));
        turn.report(PeerOutcome::Success, 1000);
        assert_eq!(asked(&group, 3, 1010), "bbb");
        // Its weight has to grow again first.
        assert_eq!(asked(&group, 4, 1011), "bbab");
    }

    #[test]
    fn all_down_stays_down_until_fail_timeout_is_over() {
        let group = group(&[("a", 1), ("b", 1)]);
        let mut turn = group.turn(CLIENT, 0);
        for server in ['a', 'b'] {
            assert_eq!(ask(&mut turn, 1000), server);
            turn.report(PeerOutcome::Failed, 1000);
        }
        assert_eq!((ask(&mut turn, 1000), turn.tries), ('-', 0));
        assert_eq!((asked(&group, 1, 1010), asked(&group, 3, 1011)), ("-".to_owned(), "bba".to_owned()));
    }

    #[test]
    fn without_max_fails_a_server_is_never_left_out() {
        let group = group_with(0, &[("a", 1), ("b", 1)]);
        assert_eq!(
            fares(&group, &[(1000, PeerOutcome::Failed), (1000, PeerOutcome::Failed)]),
            [false, false]
        );
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
            assert_eq!(fares(&group, &history), [false, false, out], "{history:?}");
        }
    }

    #[test]
    fn one_request_at_a_time_tries_a_server_again() {
        let group = group(&[("a", 1), ("b", 1)]);
        assert_eq!(fares(&group, &[(1000, PeerOutcome::Failed)]), [true]);
        assert_eq!(asked(&group, 1, 1011), "b");
        let mut first = group.turn(CLIENT, 0);
        assert_eq!((ask(&mut first, 1011), asked(&group, 2, 1011)), ('b', "ab".to_owned()));
    }

    #[test]
    fn each_failure_costs_a_server_its_share_of_its_weight() {
        let group = group_with(2, &[("a", 4), ("b", 4)]);
        assert_eq!(fares(&group, &[(1000, PeerOutcome::Failed)]), [false]);
        assert_eq!(asked(&group, 8, 1000), "bbababab");
    }

    #[test]
    fn a_backup_is_asked_only_when_no_other_is_left() {
        let group = group(&[("a", 1), ("z backup", 1)]);
        assert_eq!(asked(&group, 2, 1000), "aa");
        let mut turn = group.turn(CLIENT, 0);
        assert_eq!(ask(&mut turn, 1000), 'a');
        turn.report(PeerOutcome::Failed, 1000);
        assert_eq!(ask(&mut turn, 1000), 'z');
        assert_eq!(asked(&group, 2, 1005), "zz");
    }

    #[test]
    fn a_server_that_is_alone_is_never_left_out() {
        let group = group(&[("a", 1)]);
        let mut turn = group.turn(CLIENT, 0);
        assert_eq!(ask(&mut turn, 1000), 'a');
        assert!(!turn.report(PeerOutcome::Failed, 1000));
        assert_eq!((turn.tries, asked(&group, 2, 1000)), (0, "aa".to_owned()));
    }
}
