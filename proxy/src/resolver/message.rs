//! Questions to name servers and what they answer (RFC 1035), as messages of `simple_dns`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};

use super::error::ResolveError;

/// Which addresses are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
}

/// What a name server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The addresses of the name, and how long they hold.
    Addresses(Vec<IpAddr>, Duration),
    /// The name stands for this one.
    Alias(String),
    /// There are no such addresses.
    None,
    /// Too much for a datagram: to be asked by TCP.
    Truncated,
}

/// A question; `None` if this can be no name.
pub(super) fn question(id: u16, name: &str, family: Family) -> Option<Vec<u8>> {
    // An escape would be one of a text file.
    let is_name = !name.is_empty() && !name.contains('\\') && name.split('.').all(|label| !label.is_empty());
    let name = is_name.then(|| Name::new(name).ok()).flatten()?;
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let kind = QTYPE::TYPE(kind(family));
    packet.questions.push(Question::new(name, kind, QCLASS::CLASS(CLASS::IN), false));
    packet.build_bytes_vec().ok()
}

/// The answer in these bytes; `None` if they answer something else, or nothing.
pub(super) fn answer(
    bytes: &[u8],
    id: u16,
    name: &str,
    family: Family,
) -> Option<Result<Answer, ResolveError>> {
    let packet = Packet::parse(bytes).ok()?;
    let is_asked = |question: &Question<'_>| {
        question.qtype == QTYPE::TYPE(kind(family)) && Some(&question.qname) == Name::new(name).ok().as_ref()
    };
    let is_ours = packet.has_flags(PacketFlag::RESPONSE) && packet.id() == id;
    if !is_ours || !packet.questions.iter().all(is_asked) || packet.questions.len() != 1 {
        return None;
    }
    if packet.has_flags(PacketFlag::TRUNCATION) {
        return Some(Ok(Answer::Truncated));
    }
    Some(match packet.rcode() {
        RCODE::NoError => Ok(records(&packet, name, family)),
        RCODE::FormatError => Err(ResolveError::Format),
        RCODE::NameError => Err(ResolveError::NotFound),
        RCODE::NotImplemented => Err(ResolveError::Unimplemented),
        RCODE::Refused => Err(ResolveError::Refused),
        _ => Err(ResolveError::ServerFailure),
    })
}

/// What the records say of a name, along the aliases among them.
fn records(packet: &Packet<'_>, name: &str, family: Family) -> Answer {
    let mut now = name.to_ascii_lowercase();
    let mut ttl = u32::MAX;
    // As many steps as there are records lead to the end of any chain.
    for _ in 0..=packet.answers.len() {
        let of_name =
            || packet.answers.iter().filter(|record| record.name.to_string().eq_ignore_ascii_case(&now));
        let addresses: Vec<(IpAddr, u32)> = of_name()
            .filter_map(|record| match (&record.rdata, family) {
                (RData::A(a), Family::V4) => Some((Ipv4Addr::from(a.address).into(), record.ttl)),
                (RData::AAAA(a), Family::V6) => Some((Ipv6Addr::from(a.address).into(), record.ttl)),
                _ => None,
            })
            .collect();
        if !addresses.is_empty() {
            let ttl = addresses.iter().fold(ttl, |ttl, (_, own)| ttl.min(*own));
            let addresses = addresses.into_iter().map(|(address, _)| address).collect();
            return Answer::Addresses(addresses, Duration::from_secs(ttl.into()));
        }
        let alias = of_name().find_map(|record| match &record.rdata {
            RData::CNAME(alias) => Some((alias.0.to_string().to_ascii_lowercase(), record.ttl)),
            _ => None,
        });
        let Some((alias, own)) = alias else { break };
        (now, ttl) = (alias, ttl.min(own));
    }
    if now.eq_ignore_ascii_case(name) { Answer::None } else { Answer::Alias(now) }
}

fn kind(family: Family) -> TYPE {
    match family {
        Family::V4 => TYPE::A,
        Family::V6 => TYPE::AAAA,
    }
}

/// Asserts that what an answer to the first question of `bytes` tells can be used.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn check_answer(bytes: &[u8]) {
    let Ok(packet) = Packet::parse(bytes) else { return };
    let (id, Some(name)) = (packet.id(), packet.questions.first().map(|first| first.qname.to_string()))
    else {
        return;
    };
    for family in [Family::V4, Family::V6] {
        match answer(bytes, id, &name, family) {
            Some(Ok(Answer::Addresses(addresses, _))) => assert!(!addresses.is_empty()),
            Some(Ok(Answer::Alias(alias))) => assert!(!alias.eq_ignore_ascii_case(&name), "{alias}"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use simple_dns::ResourceRecord;
    use simple_dns::rdata::{A, CNAME};

    use super::*;

    const ADDRESS: [u8; 4] = [10, 0, 0, 1];

    /// The answer to a question for `a.test`, with these records: a name, and an address or an alias.
    fn said(
        records: &[(&'static str, Option<&'static str>)],
        change: fn(&mut Packet<'_>),
    ) -> Option<Result<Answer, ResolveError>> {
        let question = question(7, "a.test", Family::V4).unwrap();
        let mut packet = Packet::parse(&question).unwrap().into_reply();
        for (name, alias) in records {
            let rdata = match alias {
                Some(alias) => RData::CNAME(CNAME(Name::new_unchecked(alias))),
                None => RData::A(A { address: Ipv4Addr::from(ADDRESS).into() }),
            };
            packet.answers.push(ResourceRecord::new(Name::new_unchecked(name), CLASS::IN, 60, rdata));
        }
        change(&mut packet);
        answer(&packet.build_bytes_vec().unwrap(), 7, "a.test", Family::V4)
    }

    #[test]
    fn aliases_are_followed_as_far_as_they_are_told() {
        let addresses = Some(Ok(Answer::Addresses(vec![ADDRESS.into()], Duration::from_secs(60))));
        assert_eq!(said(&[("a.test", None)], |_| {}), addresses);
        assert_eq!(said(&[("b.test", None), ("A.test", Some("B.test"))], |_| {}), addresses);
        assert_eq!(said(&[("a.test", Some("b.test"))], |_| {}), Some(Ok(Answer::Alias("b.test".into()))));
        // In a circle.
        let circle = [("a.test", Some("b.test")), ("b.test", Some("a.test"))];
        assert!(said(&circle, |_| {}).is_some());
        assert_eq!(said(&[("other.test", None)], |_| {}), Some(Ok(Answer::None)));
    }

    #[test]
    fn only_the_answer_to_the_question_counts() {
        assert_eq!(said(&[], |packet| packet.set_id(8)), None);
        assert_eq!(said(&[], |packet| packet.questions.clear()), None);
        assert_eq!(said(&[], |packet| packet.remove_flags(PacketFlag::RESPONSE)), None);
        assert_eq!(answer(b"nonsense", 7, "a.test", Family::V4), None);
        assert_eq!(said(&[], |packet| packet.set_flags(PacketFlag::TRUNCATION)), Some(Ok(Answer::Truncated)));
        let refused = said(&[], |packet| *packet.rcode_mut() = RCODE::Refused);
        assert_eq!(refused, Some(Err(ResolveError::Refused)));
    }

    #[test]
    fn what_can_be_no_name_is_not_asked_for() {
        for wrong in ["", "a..b", ".a", "a\\.b", &"x".repeat(64), &"x.".repeat(130)] {
            assert_eq!(question(1, wrong, Family::V4), None, "{wrong}");
        }
    }
}
