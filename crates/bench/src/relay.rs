//! The least that any proxy can cost: bytes from one connection to another, looked at by nobody.
//!
//! One `epoll_wait` for as many connections as are ready, one `recv` and one `send` for what has come: whoever moves bytes by
//! these calls spends no less. What a proxy costs beyond it is its own.

use std::io::{ErrorKind, Read, Result, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};

use rustix::event::epoll::{self, EventFlags as Flags};

/// The listener's number among the ends, which are counted from here.
const LISTENER: u64 = 0;

/// One end of a pair.
struct End {
    stream: TcpStream,
    /// The number of the other one.
    peer: u64,
    /// What is to be sent to this one and could not be yet.
    unsent: Vec<u8>,
    /// The other side has said that it is done: behind what is still to be read there is the end.
    ending: bool,
    /// The end has been read.
    ended: bool,
}

/// Relays between clients of `port` and an app server, both on loopback, until it is killed. Each client has a connection to
/// the app server to itself.
///
/// # Errors
/// When the port cannot be bound.
pub(crate) fn run(port: u16, app_server: u16) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    let mut relay = Relay { poll: epoll::create(epoll::CreateFlags::CLOEXEC)?, ends: Vec::new() };
    epoll::add(&relay.poll, &listener, epoll::EventData::new_u64(LISTENER), Flags::IN)?;
    let (mut events, mut buffer) = (Vec::with_capacity(512), vec![0; 64 * 1024]);
    loop {
        rustix::io::retry_on_intr(|| {
            epoll::wait(&relay.poll, rustix::buffer::spare_capacity(&mut events), None)
        })?;
        for event in events.drain(..) {
            match event.data.u64() {
                LISTENER => relay.accept(&listener, app_server)?,
                number => relay.serve(number, event.flags, &mut buffer),
            }
        }
    }
}

struct Relay {
    poll: rustix::fd::OwnedFd,
    /// By number; of a pair the client is even. Numbers are not used again while events for them may be at hand.
    ends: Vec<Option<End>>,
}

impl Relay {
    fn accept(&mut self, listener: &TcpListener, app_server: u16) -> Result<()> {
        while let Ok((client, _)) = listener.accept() {
            let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, app_server)) else { continue };
            let first = self.ends.len() as u64 + 1;
            for (stream, number, peer) in [(client, first, first + 1), (server, first + 1, first)] {
                stream.set_nonblocking(true)?;
                stream.set_nodelay(true)?;
                let news = Flags::IN | Flags::OUT | Flags::RDHUP | Flags::ET;
                epoll::add(&self.poll, &stream, epoll::EventData::new_u64(number), news)?;
                self.ends.push(Some(End { stream, peer, unsent: Vec::new(), ending: false, ended: false }));
            }
        }
        Ok(())
    }

    /// Moves what can be moved, now that something is new about an end.
    fn serve(&mut self, number: u64, news: Flags, buffer: &mut [u8]) {
        let Some(end) = self.end(number) else { return };
        end.ending |= news.intersects(Flags::RDHUP | Flags::HUP | Flags::ERR);
        let peer = end.peer;
        let done = self.flush(number, buffer).and_then(|()| self.pump(number, peer, buffer));
        let both_ended =
            [number, peer].into_iter().all(|number| self.end(number).is_none_or(|end| end.ended));
        if done.is_err() || both_ended {
            for number in [number, peer] {
                if let Some(place) = place(number).and_then(|at| self.ends.get_mut(at)) {
                    *place = None;
                }
            }
        }
    }

    /// Sends what could not be sent before, and then reads on.
    fn flush(&mut self, number: u64, buffer: &mut [u8]) -> Result<()> {
        let Some(end) = self.end(number).filter(|end| !end.unsent.is_empty()) else { return Ok(()) };
        let unsent = std::mem::take(&mut end.unsent);
        let peer = end.peer;
        send(end, &unsent)?;
        self.pump(peer, number, buffer)
    }

    fn pump(&mut self, from: u64, to: u64, buffer: &mut [u8]) -> Result<()> {
        loop {
            if self.end(to).is_none_or(|end| !end.unsent.is_empty()) {
                return Ok(());
            }
            let Some(source) = self.end(from).filter(|end| !end.ended) else { return Ok(()) };
            let count = match source.stream.read(buffer) {
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            let more = source.ending || count == buffer.len();
            source.ended = count == 0;
            let Some(target) = self.end(to) else { return Ok(()) };
            if count == 0 {
                return target.stream.shutdown(Shutdown::Write);
            }
            send(target, buffer.get(..count).unwrap_or_default())?;
            // News of more would come as another event.
            if !more {
                return Ok(());
            }
        }
    }

    fn end(&mut self, number: u64) -> Option<&mut End> {
        self.ends.get_mut(place(number)?)?.as_mut()
    }
}

fn place(number: u64) -> Option<usize> {
    usize::try_from(number.checked_sub(1)?).ok()
}

fn send(end: &mut End, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        match end.stream.write(bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                end.unsent = bytes.to_vec();
                break;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
