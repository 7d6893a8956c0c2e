//! `mock-upstreams`: the app servers blue and green, to run by hand behind any proxy.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use futures::future::join_all;
use mock_upstreams::app::Items;
use mock_upstreams::{AppServer, Exchange};
use tokio::signal::unix::{SignalKind, signal};

/// Runs two instances of a small web app, blue and green, to put behind a reverse proxy.
///
/// Point the proxy's upstream at both and send it requests: what reaches which instance, and how, is printed here, one line per
/// request. Ctrl-C stops them at once; SIGTERM, as a service manager sends it, lets them finish requests in progress first.
#[derive(Parser)]
#[command(version, after_long_help = AFTER_HELP)]
struct Options {
    /// Where blue listens
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:1025")]
    blue: SocketAddr,

    /// Where green listens
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:1026")]
    green: SocketAddr,

    /// Runs only this one, so that each can be replaced while the other runs
    #[arg(long, value_name = "NAME", value_parser = ["blue", "green"])]
    only: Option<String>,

    /// Prints every request in full, as it was on the wire
    #[arg(short, long)]
    verbose: bool,
}

const AFTER_HELP: &str = "\
What the app answers:
  /api/echo                any path below /api: the request as it arrived, in JSON
  /api/items               a REST resource: GET POST, and GET PUT PATCH DELETE on /api/items/1
  /api/status/503          that status
  /api/bytes/1000000       that many bytes, their SHA-256 in X-Digest
  /api/stream?chunks=5&every=500
                           a line every 500 ms
  /api/slow?ms=3000        answers after 3 s
  /api/endless             bytes without end
  /api/headers, /api/cookies, /api/redirect?to=/x, /api/trailers, /api/early, /api/early-hints
  /stomp/ws                STOMP 1.0, 1.1, 1.2 over WebSocket, and a SockJS endpoint: websocket,
                           xhr-streaming, xhr-polling, eventsource, htmlfile; no iframes, no jsonp
  /stomp/echo              WebSocket echo; ?close=4001,bye ?refuse=403 ?flood=1000
  /stomp/ws/info           information for SockJS clients

Try:
  curl -i http://127.0.0.1:1025/api/echo -d hello";

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mock-upstreams: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> io::Result<()> {
    let items = Items::default();
    let mut servers = Vec::new();
    for (name, address) in [("blue", options.blue), ("green", options.green)] {
        if options.only.as_ref().is_none_or(|only| only == name) {
            servers.push(start(name, address, &items).await?);
        }
    }
    let mut told = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = join_all(servers.iter().map(|server| print(server, options.verbose))) => {}
        result = tokio::signal::ctrl_c() => {
            result?;
            join_all(servers.iter().map(AppServer::stop)).await;
        }
        _ = told.recv() => {
            join_all(servers.iter().map(AppServer::quit)).await;
        }
    }
    Ok(())
}

async fn start(name: &str, address: SocketAddr, items: &Items) -> io::Result<AppServer> {
    let server = AppServer::builder(name).items(items).start(address).await;
    let server =
        server.map_err(|error| io::Error::new(error.kind(), format!("{name} on {address}: {error}")))?;
    println!("{name} listens on http://{}", server.address());
    Ok(server)
}

/// Prints each exchange once it is answered, and removes it once it is over, so that the program can run for days.
async fn print(server: &AppServer, verbose: bool) {
    let mut changes = server.changes();
    let mut printed = BTreeSet::new();
    // The journal's sender lives as long as the server.
    while changes.changed().await.is_ok() {
        let answered: Vec<Exchange> = server.read(|journal| {
            printed
                .retain(|sequence| journal.exchanges.iter().any(|exchange| exchange.sequence == *sequence));
            let answered = journal.exchanges.iter().filter(|exchange| exchange.status.is_some());
            answered.filter(|exchange| printed.insert(exchange.sequence)).cloned().collect()
        });
        for exchange in &answered {
            match verbose {
                true => println!("{exchange}"),
                false => println!("{}", line(exchange)),
            }
        }
        if !answered.is_empty() {
            server.clear();
        }
    }
}

fn line(exchange: &Exchange) -> String {
    let Exchange { instance, connection, request, method, target, version, body, .. } = exchange;
    let status = exchange.status.unwrap_or_default();
    format!(
        "{instance:5} {connection}.{request} \"{method} {target} {version}\" {status}, body {}",
        body.length
    )
}
