//! More clients than there is room for.

use futures::stream::{self, StreamExt as _};
use mock_upstreams::AppServer;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::net::TcpStream;

use crate::processes::MIB;
use crate::site::{Site, bounded, on_each};

/// Clients that connect and say nothing.
const SILENT: usize = 5000;

/// As many as find no room.
const CROWD: usize = 2000;

/// Room for the connections of both engines' clients.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, rustix::process::Rlimit { current: limit.maximum, ..limit })
        .expect("leave to open as many files as this account may");
}

/// So many connections on which nothing is said. They end by RST, without a port left to wait for a minute.
async fn silent(site: &Site, count: usize) -> Vec<TcpStream> {
    let connecting = (0..count).map(async |_| {
        let stream = TcpStream::connect(site.address).await?;
        stream.set_zero_linger()?;
        Ok(stream)
    });
    // No more at once than the queue of a listening socket holds, behind which they would wait for a second.
    let connected: Vec<std::io::Result<TcpStream>> =
        stream::iter(connecting).buffer_unordered(64).collect().await;
    connected.into_iter().collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{}: {error}", site.engine))
}

/// How many of them the proxy has closed.
fn closed(streams: &[TcpStream]) -> usize {
    let ended = |stream: &&TcpStream| match stream.try_read(&mut [0]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
    };
    streams.iter().filter(ended).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_that_say_nothing_cost_little() {
    raise_descriptor_limit();
    let changes = [("events", "worker_connections 8192;"), ("http", "client_header_timeout 300s;")];
    on_each(&changes, async |site| {
        let before = site.processes.start_peak();
        let streams = silent(site, SILENT).await;
        site.eventually("all are accepted", || site.processes.connections() >= SILENT).await;
        site.serves_others().await;
        bounded(site, "5000 silent connections", before, 32 * MIB);
        assert_eq!(closed(&streams), 0, "{}", site.engine);
        drop(streams);
        // One may be kept to each app server.
        site.eventually("none is left", || site.processes.connections() <= 2).await;
        site.serves_others().await;
        // All others ask from another address.
        assert!(!site.access().contains("127.0.0.1 - "), "{}: nothing was asked", site.engine);
        assert!(!site.errors().contains("worker_connections"), "{}", site.engine);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_say_nothing_give_way_where_there_is_no_room() {
    raise_descriptor_limit();
    on_each(&[("events", "worker_connections 256;")], async |site| {
        let before = site.processes.start_peak();
        let streams = silent(site, CROWD).await;
        site.serves_others().await;
        bounded(site, "2000 silent connections on 256", before, 10 * MIB);
        // Some more than there are too many, since room is made for several at a time.
        site.eventually("they give way", || closed(&streams) >= CROWD - 256).await;
        let errors = site.errors();
        let said = "256 worker_connections are not enough, reusing connections";
        let seconds: Vec<&str> =
            errors.lines().filter(|line| line.ends_with(said)).map(|line| &line[..19]).collect();
        site.note("warnings", seconds.len());
        let once = seconds.windows(2).all(|two| two[0] != two[1]);
        assert!(!seconds.is_empty() && once, "{}: a line a second will do: {seconds:?}", site.engine);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_are_served_stay_when_worker_connections_are_reached() {
    on_each(&[("events", "worker_connections 16;")], async |site| {
        let [blue, green] = ["blue", "green"].map(|name| site.scene.app_server(name).unwrap());
        let count = |server: &AppServer| server.read(|journal| journal.to("/api/slow").count());
        let seen = || count(blue) + count(green);
        // Not a GET, which would use the connection to an app server that is kept: that one has to go.
        const POST: &str = "POST /api/slow HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 0\r\n\r\n";
        let mut served = Vec::new();
        for number in 1..=16 {
            let mut connection = site.saying(POST).await;
            site.eventually("it is served or turned away", || seen() == number || connection.looks_closed())
                .await;
            if seen() < number {
                break;
            }
            served.push(connection);
        }
        site.note("served at once on 16 worker_connections", served.len());
        // Two each, and one or two that are the worker's own.
        assert_eq!(served.len(), 7, "{}", site.engine);
        site.logs("[alert] ").await;
        site.logs("16 worker_connections are not enough").await;
        for server in [blue, green] {
            server.release_many(served.len());
        }
        for connection in &mut served {
            assert_eq!(connection.response("POST").await.expect("an answer").status, 200, "{}", site.engine);
        }
        drop(served);
        site.serves_others_again().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_without_descriptors_recovers_and_blames_no_app_server() {
    // nginx has its limit from the file; the reference proxy has one for all its workers, and raises it.
    on_each(&[("main", "worker_rlimit_nofile 32;")], async |site| {
        if site.engine == "reference" {
            site.processes.limit_descriptors(32);
        }
        let mut early = Vec::new();
        // Not a GET, which might find a connection to an app server that is open already.
        for request in ["POST /api/echo HTTP/1.1\r\nContent-Length: 0", "GET /index.html HTTP/1.1"] {
            early.push(site.saying(&format!("{request}\r\nHost: shop.test\r\n")).await);
        }
        // All before this has been accepted.
        site.serves_others().await;
        let late = silent(site, 64).await;
        site.logs("[crit] ").await;
        site.logs("accept4() failed (24: Too many open files)").await;
        let (none, mut statuses) = (site.processes.descriptors(), Vec::new());
        for mut connection in early {
            connection.send(b"\r\n").await.expect("a proxy that reads");
            statuses.push(connection.response("GET").await.expect("an answer").status);
            let port = connection.local().expect("a port").port();
            drop(connection);
            // A late one takes the place of one that has left.
            site.eventually("it has left", || !site.processes.holds(port)).await;
            site.eventually("there is no room", || site.processes.descriptors() == none).await;
        }
        assert_eq!(statuses, [500, 500], "{}", site.engine);
        site.logs("[alert] ").await;
        site.logs(
            "socket() failed (24: Too many open files) while connecting to upstream, client: 127.0.0.2",
        )
        .await;
        drop(late);
        site.serves_others_again().await;
        assert!(!site.errors().contains("temporarily disabled"), "{}: {}", site.engine, site.errors());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_server_cannot_be_asked_without_a_connection_to_ask_by() {
    // Two are the worker's own and ten for five that are served: for the sixth there is one, where it needs two.
    on_each(&[("events", "worker_connections 13;")], async |site| {
        let [blue, green] = ["blue", "green"].map(|name| site.scene.app_server(name).unwrap());
        let count = |server: &AppServer| server.read(|journal| journal.to("/api/slow").count());
        let mut served = Vec::new();
        for number in 1..=5 {
            served.push(site.saying("GET /api/slow HTTP/1.1\r\nHost: shop.test\r\n\r\n").await);
            site.eventually("it is served", || count(blue) + count(green) == number).await;
        }
        assert_eq!(site.get("/api/items").await.status, 500, "{}", site.engine);
        site.logs("13 worker_connections are not enough while connecting to upstream, client: 127.0.0.2")
            .await;
        site.logs("\"GET /api/items HTTP/1.1\" 500 ").await;
        drop(served);
        site.serves_others_again().await;
    })
    .await;
}
