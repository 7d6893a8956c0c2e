//! Replaces texts in the body of a response.

use crate::exchange::Exchange;
use crate::variables::Variables;

/// A body in which texts are replaced. Where several begin at the same place, the first of them counts.
#[derive(Debug)]
pub(super) struct SubBody {
    rules: Vec<Rule>,
    /// `sub_filter_once`.
    once: bool,
    /// The bytes that one of the texts may begin with.
    starts: Box<[bool; 256]>,
    /// The end of what was taken, which may be the beginning of a text.
    held: Vec<u8>,
}

#[derive(Debug)]
struct Rule {
    /// In lower case.
    text: Vec<u8>,
    replacement: Vec<u8>,
}

/// Whether a text stands somewhere.
enum Match {
    Yes(usize),
    No,
    /// Perhaps, by what has arrived so far.
    Unknown,
}

impl SubBody {
    /// For the `sub_filter`s of a request.
    pub(super) fn new(x: &Exchange<'_>) -> SubBody {
        let sub = &x.settings.sub;
        let rules = sub.rules.iter().map(|rule| (x.evaluate(&rule.text), x.evaluate(&rule.replacement)));
        SubBody::of(rules.collect(), sub.once)
    }

    /// For these texts and their replacements.
    pub(super) fn of(rules: Vec<(Vec<u8>, Vec<u8>)>, once: bool) -> SubBody {
        let rules = rules.into_iter().filter(|(text, _)| !text.is_empty());
        let rules = rules.map(|(text, replacement)| Rule { text: text.to_ascii_lowercase(), replacement });
        let mut body =
            SubBody { rules: rules.collect(), once, starts: Box::new([false; 256]), held: Vec::new() };
        body.note_starts();
        body
    }

    fn note_starts(&mut self) {
        self.starts.fill(false);
        for first in self.rules.iter().filter_map(|rule| rule.text.first()) {
            for byte in [first.to_ascii_lowercase(), first.to_ascii_uppercase()] {
                if let Some(starts) = self.starts.get_mut(usize::from(byte)) {
                    *starts = true;
                }
            }
        }
    }

    /// Takes some of the body, until there is `room` no more, and returns how much of it.
    pub(super) fn push(&mut self, data: &[u8], room: usize, out: &mut Vec<u8>) -> usize {
        let before = self.held.len();
        let mut held = std::mem::take(&mut self.held);
        held.extend_from_slice(data);
        let done = self.scan(&held, Some(room), out);
        let rest = held.split_off(done);
        if out.len() < room {
            self.held = rest;
            return data.len();
        }
        // What has not been looked at is taken next time, apart from what is not the caller's any more.
        let kept = before.saturating_sub(done);
        self.held = rest.get(..kept).unwrap_or_default().to_vec();
        done.saturating_sub(before)
    }

    /// The rest: the body has come to its end.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let (held, mut out) = (std::mem::take(&mut self.held), Vec::new());
        self.scan(&held, None, &mut out);
        out
    }

    /// Copies `data` with its texts replaced, up to where there is no more room, or more data is needed to go on. Without a
    /// `room`, nothing follows. Returns how far that is.
    fn scan(&mut self, data: &[u8], room: Option<usize>, out: &mut Vec<u8>) -> usize {
        let mut at = 0;
        while let Some(rest) = data.get(at..).filter(|rest| !rest.is_empty())
            && room.is_none_or(|room| out.len() < room)
        {
            let may_start = |byte: &u8| self.starts.get(usize::from(*byte)).copied().unwrap_or_default();
            let plain = rest.iter().position(may_start).unwrap_or(rest.len());
            out.extend_from_slice(rest.get(..plain).unwrap_or_default());
            at += plain;
            let Some(rest) = rest.get(plain..).filter(|rest| !rest.is_empty()) else { break };
            match self.find(rest, room.is_none()) {
                Match::Yes(index) => at += self.apply(index, out),
                Match::No => {
                    out.extend_from_slice(rest.get(..1).unwrap_or_default());
                    at += 1;
                }
                Match::Unknown => break,
            }
        }
        at
    }

    /// Which of the texts `data` begins with.
    fn find(&self, data: &[u8], is_last: bool) -> Match {
        for (index, rule) in self.rules.iter().enumerate() {
            let length = rule.text.len().min(data.len());
            let is_same = data.get(..length).zip(rule.text.get(..length));
            if !is_same.is_some_and(|(data, text)| data.eq_ignore_ascii_case(text)) {
                continue;
            }
            if length == rule.text.len() {
                return Match::Yes(index);
            }
            if !is_last {
                return Match::Unknown;
            }
        }
        Match::No
    }

    /// Writes a replacement, and returns the length of its text.
    fn apply(&mut self, index: usize, out: &mut Vec<u8>) -> usize {
        let Some(rule) = self.rules.get(index) else { return 0 };
        out.extend_from_slice(&rule.replacement);
        let length = rule.text.len();
        if self.once {
            self.rules.remove(index);
            self.note_starts();
        }
        length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a body that arrives in pieces of so many bytes.
    fn replaced(rules: &[(&str, &str)], once: bool, body: &str, step: usize) -> String {
        let rules = rules.iter().map(|(text, by)| (text.as_bytes().to_vec(), by.as_bytes().to_vec()));
        let (mut sub, mut out) = (SubBody::of(rules.collect(), once), Vec::new());
        for piece in body.as_bytes().chunks(step) {
            assert_eq!(sub.push(piece, usize::MAX, &mut out), piece.len());
        }
        out.extend(sub.finish());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn texts_are_replaced_however_the_body_arrives() {
        for (rules, once, body, expected) in [
            (&[("ab", "X")][..], false, "abcABCaab", "XcXCaX"),
            (&[("ab", "X")], true, "abcabc", "Xcabc"),
            (&[("ab", "X"), ("c", "Y")], true, "abcabc", "XYabc"),
            (&[("abc", "X"), ("ab", "Y")], false, "abcab", "XY"),
            (&[("ab", "Y"), ("abc", "X")], false, "abcab", "YcY"),
            (&[("abcd", "X"), ("bc", "Y")], false, "abcabcdabc", "aYXaY"),
            (&[("aab", "X")], false, "aaab aaa", "aX aaa"),
            (&[("a", "")], false, "banana", "bnn"),
            (&[("", "X")], false, "abc", "abc"),
            (&[("a", "aa")], false, "aaa", "aaaaaa"),
        ] {
            for step in 1..12 {
                assert_eq!(replaced(rules, once, body, step), expected, "{rules:?} in {body:?} by {step}");
            }
        }
    }
}
