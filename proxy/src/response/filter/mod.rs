//! Filters of a response's body, in nginx's order: `gunzip`, `sub_filter`, `gzip`.

mod gunzip_body;
mod gzip;
mod gzip_body;
mod head;
mod sub_body;

use std::io;

use crate::exchange::Exchange;
use gunzip_body::GunzipBody;
pub(crate) use gzip::without_charset;
use gzip_body::GzipBody;
pub(crate) use head::{BodyChanges, FilteredHead};
use sub_body::SubBody;

/// How much a filter puts out before it waits for that to be sent, so that neither what was packed well nor a long
/// replacement fills the memory.
const MAX_OUTPUT: usize = 64 * 1024;

/// A body on its way through the filters.
#[derive(Debug)]
pub(crate) struct BodyFilters {
    gunzip: Option<GunzipBody>,
    /// What is unpacked and has not gone further.
    unpacked: Vec<u8>,
    sub: Option<SubBody>,
    gzip: Option<GzipBody>,
    /// What is ready to be sent.
    output: Vec<u8>,
    sent: usize,
    is_finished: bool,
}

impl BodyFilters {
    /// The filters of a response.
    pub(crate) fn new(x: &Exchange<'_>, changes: BodyChanges) -> BodyFilters {
        let sub = changes.substitute.then(|| SubBody::new(x));
        BodyFilters::of(changes.unpack, sub, changes.compress.then_some(x.settings.gzip.level))
    }

    /// These filters; `level` is that of compression.
    fn of(unpack: bool, sub: Option<SubBody>, level: Option<u32>) -> BodyFilters {
        BodyFilters {
            gunzip: unpack.then(GunzipBody::new),
            unpacked: Vec::new(),
            sub,
            gzip: level.map(GzipBody::new),
            output: Vec::new(),
            sent: 0,
            is_finished: false,
        }
    }

    /// Takes some of the body, and returns how much of it. `flush`: everything so far is to reach the client.
    ///
    /// # Errors
    ///
    /// What is to be unpacked was not packed right.
    pub(crate) fn push(&mut self, data: &[u8], flush: bool) -> io::Result<usize> {
        let Some(gunzip) = &mut self.gunzip else { return Ok(self.replace(data, flush)) };
        let taken =
            if self.unpacked.is_empty() { gunzip.push(data, MAX_OUTPUT, &mut self.unpacked)? } else { 0 };
        self.pass_unpacked(flush);
        Ok(taken)
    }

    /// Goes on to the end of the body, which is reached once [`BodyFilters::is_finished`] says so.
    ///
    /// # Errors
    ///
    /// As [`BodyFilters::push`].
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        if let Some(gunzip) = self.gunzip.take_if(|_| self.unpacked.is_empty()) {
            gunzip.finish(&mut self.unpacked)?;
        }
        self.pass_unpacked(false);
        if self.gunzip.is_some() || !self.unpacked.is_empty() || self.is_finished {
            return Ok(());
        }
        let rest = self.sub.take().map(SubBody::finish).unwrap_or_default();
        self.compress(&rest, false);
        if let Some(gzip) = &mut self.gzip {
            gzip.finish(&mut self.output);
        }
        self.is_finished = true;
        Ok(())
    }

    fn pass_unpacked(&mut self, flush: bool) {
        let unpacked = std::mem::take(&mut self.unpacked);
        let passed = self.replace(&unpacked, flush);
        self.unpacked = unpacked;
        self.unpacked.drain(..passed);
    }

    fn replace(&mut self, data: &[u8], flush: bool) -> usize {
        let Some(sub) = &mut self.sub else {
            self.compress(data, flush);
            return data.len();
        };
        let mut replaced = Vec::new();
        let taken = sub.push(data, MAX_OUTPUT, &mut replaced);
        self.compress(&replaced, flush);
        taken
    }

    fn compress(&mut self, data: &[u8], flush: bool) {
        match &mut self.gzip {
            Some(gzip) if !data.is_empty() => gzip.push(data, flush, &mut self.output),
            Some(_) => {}
            None => self.output.extend_from_slice(data),
        }
    }

    /// Whether [`BodyFilters::finish`] has come to the end.
    pub(crate) fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// What is to be sent.
    pub(crate) fn output(&self) -> &[u8] {
        self.output.get(self.sent..).unwrap_or_default()
    }

    /// Counts bytes of the output as sent.
    pub(crate) fn consume(&mut self, count: usize) {
        self.sent += count;
        if self.sent >= self.output.len() {
            self.output.clear();
            self.sent = 0;
        }
    }

    /// How many bytes `gzip` has compressed to how many.
    pub(crate) fn totals(&self) -> (u64, u64) {
        self.gzip.as_ref().map(GzipBody::totals).unwrap_or_default()
    }
}

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod checks;

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use flate2::Compression;

    use super::*;

    fn filters() -> BodyFilters {
        BodyFilters::of(false, None, None)
    }

    /// What comes out of a body, and the most that was ever ready to be sent.
    fn run(filters: BodyFilters, body: &[u8]) -> io::Result<(Vec<u8>, usize)> {
        checks::run(filters, body, usize::MAX)
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn what_was_packed_well_does_not_fill_the_memory() {
        let text = vec![b'a'; 10_000_000];
        let filters = BodyFilters { gunzip: Some(GunzipBody::new()), ..filters() };
        let (out, most) = run(filters, &packed(&text)).unwrap();
        assert!(out == text && most <= 3 * MAX_OUTPUT, "{} {most}", out.len());
    }

    #[test]
    fn nor_does_a_long_replacement() {
        let sub = SubBody::of(vec![(b"a".to_vec(), vec![b'b'; 1000])], false);
        let (out, most) = run(BodyFilters { sub: Some(sub), ..filters() }, &[b'a'; 10_000]).unwrap();
        assert!(out == [b'b'; 10_000_000] && most <= 2 * MAX_OUTPUT, "{} {most}", out.len());
    }

    #[test]
    fn a_body_goes_through_all_of_them() {
        let sub = SubBody::of(vec![(b"jack".to_vec(), b"Jill".to_vec())], false);
        let filters = BodyFilters {
            gunzip: Some(GunzipBody::new()),
            sub: Some(sub),
            gzip: Some(GzipBody::new(1)),
            ..filters()
        };
        let members = [packed(b"a dull boy is Ja"), packed(b"ck, Jack")].concat();
        let (out, _) = run(filters, &members).unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(&out[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, "a dull boy is Jill, Jill");
    }

    #[test]
    fn what_was_not_packed_right_is_an_error() {
        let whole = packed(b"some text, some text, some text");
        let mut wrong = whole.clone();
        wrong[whole.len() - 6] ^= 1;
        for bytes in [&b"some text"[..], &whole[..whole.len() - 5], &wrong, b""] {
            let filters = BodyFilters { gunzip: Some(GunzipBody::new()), ..filters() };
            assert!(run(filters, bytes).is_err(), "{bytes:?}");
        }
    }
}
