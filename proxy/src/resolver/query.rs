//! Asking name servers: one after another until one answers.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use rustls::crypto::ring;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::error::ResolveError;
use super::message::{Answer, Family, answer, question};
use nginx_conf::model::NameServers;

/// How long one server has to answer before the next is asked, as in nginx.
const RESEND_TIMEOUT: Duration = Duration::from_secs(5);

/// How many times name servers are asked; whoever asked will have given up by then.
const MAX_ATTEMPTS: usize = 12;

/// How long a chain of aliases may be that name servers tell one by one.
const MAX_ALIASES: usize = 50;

/// The longest answer in a datagram (RFC 6891 asks for no more, and we ask for less).
const MAX_DATAGRAM: usize = 4096;

/// The addresses of a name, and how long they hold.
pub(super) async fn addresses(
    servers: &NameServers,
    name: &str,
    first: usize,
) -> Result<(Vec<IpAddr>, Duration), ResolveError> {
    let of = |family, is_wanted: bool| async move {
        match is_wanted {
            true => of_family(servers, name, first, family).await,
            false => Ok((Vec::new(), Duration::MAX)),
        }
    };
    let (v4, v6) = tokio::join!(of(Family::V4, servers.ipv4), of(Family::V6, servers.ipv6));
    match (v4, v6) {
        (Ok((mut all, ttl)), Ok((more, other_ttl))) => {
            all.extend(more);
            if all.is_empty() { Err(ResolveError::NotFound) } else { Ok((all, ttl.min(other_ttl))) }
        }
        (Ok(found), Err(error)) | (Err(error), Ok(found)) => {
            if found.0.is_empty() {
                Err(error)
            } else {
                Ok(found)
            }
        }
        (Err(error), Err(_)) => Err(error),
    }
}

async fn of_family(
    servers: &NameServers,
    name: &str,
    first: usize,
    family: Family,
) -> Result<(Vec<IpAddr>, Duration), ResolveError> {
    let mut name = name.to_owned();
    for _ in 0..=MAX_ALIASES {
        match ask(servers, &name, first, family).await? {
            Answer::Addresses(addresses, ttl) => return Ok((addresses, ttl)),
            Answer::Alias(alias) => name = alias,
            Answer::None | Answer::Truncated => return Ok((Vec::new(), Duration::MAX)),
        }
    }
    Err(ResolveError::NotFound)
}

/// Asks one server after another.
async fn ask(
    servers: &NameServers,
    name: &str,
    first: usize,
    family: Family,
) -> Result<Answer, ResolveError> {
    let in_turn = servers.addresses.iter().cycle().skip(first % servers.addresses.len().max(1));
    for server in in_turn.take(MAX_ATTEMPTS) {
        let id = random_id();
        let Some(question) = question(id, name, family) else { return Err(ResolveError::NotFound) };
        match timeout(RESEND_TIMEOUT, ask_one(*server, &question, id, name, family)).await {
            Ok(Ok(answered)) => return answered,
            // Nobody listens there. The next is asked after a moment, and not after the whole wait.
            Ok(Err(_)) => tokio::time::sleep(RESEND_TIMEOUT / 5).await,
            Err(_) => {}
        }
    }
    Err(ResolveError::TimedOut)
}

async fn ask_one(
    server: SocketAddr,
    question: &[u8],
    id: u16,
    name: &str,
    family: Family,
) -> io::Result<Result<Answer, ResolveError>> {
    let any: IpAddr =
        if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    // A socket of its own, on a port that nobody can know before.
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    socket.send(question).await?;
    let mut buffer = [0; MAX_DATAGRAM];
    loop {
        let length = socket.recv(&mut buffer).await?;
        match answer(buffer.get(..length).unwrap_or_default(), id, name, family) {
            // Somebody else's, or nonsense: the real one may still come.
            None => {}
            Some(Ok(Answer::Truncated)) => break,
            Some(answered) => return Ok(answered),
        }
    }
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.len()).unwrap_or_default();
    stream.write_all(&[&length.to_be_bytes(), question].concat()).await?;
    let mut bytes = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut bytes).await?;
    answer(&bytes, id, name, family).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// A number that nobody can guess, so that nobody else can answer.
fn random_id() -> u16 {
    let mut bytes = [0; 2];
    // Without a source of random numbers there is no TLS either; the port is still unknown.
    let _ = ring::default_provider().secure_random.fill(&mut bytes);
    u16::from_be_bytes(bytes)
}
