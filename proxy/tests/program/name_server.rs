//! A name server that answers by what a name begins with.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;

use simple_dns::rdata::{A, AAAA, CNAME, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, QTYPE, RCODE, ResourceRecord, TYPE};

/// A name server on loopback.
pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl NameServer {
    /// Starts it. `nx`, `fail`, `refused`, `silent` and `none` are errors; `multi` has two addresses, `v6` one of IPv6, `moves`
    /// another from the third time on,
    /// `cname` stands for another name, of which `alias` does not tell the address, `trunc` answers by TCP alone, and `long`
    /// holds for an hour where others do for a second.
    pub(crate) fn start() -> NameServer {
        let (socket, listener) = loop {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            if let Ok(socket) = UdpSocket::bind(listener.local_addr().unwrap()) {
                break (socket, listener);
            }
        };
        let (address, asked) = (socket.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let by_datagram = Arc::clone(&asked);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
                if let Some(answer) = answer(&buffer[..length], false, &by_datagram) {
                    socket.send_to(&answer, peer).unwrap();
                }
            }
        });
        let by_stream = Arc::clone(&asked);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut length = [0; 2];
                stream.read_exact(&mut length).unwrap();
                let mut question = vec![0; u16::from_be_bytes(length).into()];
                stream.read_exact(&mut question).unwrap();
                let answer = answer(&question, true, &by_stream).unwrap();
                let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
                stream.write_all(&[&length, &answer[..]].concat()).unwrap();
            }
        });
        NameServer { address, asked }
    }

    /// What was asked, as `a.test A`, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(question: &[u8], is_stream: bool, asked: &Mutex<Vec<String>>) -> Option<Vec<u8>> {
    let packet = Packet::parse(question).unwrap();
    let (name, kind) = (packet.questions[0].qname.clone(), packet.questions[0].qtype);
    let is_v4 = kind == QTYPE::TYPE(TYPE::A);
    let text = name.to_string();
    let how = if is_stream { "by TCP" } else { "" };
    asked
        .lock()
        .unwrap()
        .push(format!("{text} {} {how}", if is_v4 { "A" } else { "AAAA" }).trim_end().to_owned());
    let mut reply = packet.into_reply();
    let kind = text.split('.').next().unwrap_or_default();
    let mut say = |name: Name<'static>, data: RData<'static>| {
        let ttl = if kind == "long" { 3600 } else { 1 };
        reply.answers.push(ResourceRecord::new(name, CLASS::IN, ttl, data));
    };
    let v4 = |last: u8| RData::A(A { address: Ipv4Addr::new(127, 0, 0, last).into() });
    let other = || Name::new_unchecked("target.test");
    let name = name.into_owned();
    match (kind, is_v4) {
        ("silent", _) => return None,
        ("nx", _) => *reply.rcode_mut() = RCODE::NameError,
        ("fail", _) => *reply.rcode_mut() = RCODE::ServerFailure,
        ("refused", _) => *reply.rcode_mut() = RCODE::Refused,
        ("trunc", _) if !is_stream => reply.set_flags(PacketFlag::TRUNCATION),
        ("multi", true) => {
            say(name.clone(), v4(1));
            say(name, v4(2));
        }
        ("cname", true) => {
            say(name, RData::CNAME(CNAME(other())));
            say(other(), v4(1));
        }
        ("moves", true) => {
            let times = asked.lock().unwrap().iter().filter(|asked| asked.starts_with("moves.")).count();
            say(name, v4(if times > 2 { 2 } else { 1 }));
        }
        ("alias", true) => say(name, RData::CNAME(CNAME(other()))),
        ("v6", false) => say(name, RData::AAAA(AAAA { address: Ipv6Addr::LOCALHOST.into() })),
        ("none" | "v6", _) | (_, false) => {}
        (_, true) => say(name, v4(1)),
    }
    Some(reply.build_bytes_vec().unwrap())
}
