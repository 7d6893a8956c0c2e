//! Compresses the body of a response.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

/// A body on its way through the compressor.
#[derive(Debug)]
pub(crate) struct GzipBody {
    /// `None` once the last byte was compressed.
    encoder: Option<GzEncoder<Vec<u8>>>,
    /// What is compressed and not sent yet.
    output: Vec<u8>,
    sent: usize,
    /// Bytes before compression, and after it.
    totals: (u64, u64),
}

impl GzipBody {
    /// An empty body, to be compressed at a `gzip_comp_level`.
    pub(crate) fn new(level: u32) -> GzipBody {
        GzipBody {
            encoder: Some(GzEncoder::new(Vec::new(), Compression::new(level))),
            output: Vec::new(),
            sent: 0,
            totals: (0, 0),
        }
    }

    /// Compresses more of the body. `flush`: everything so far is to reach the client.
    pub(crate) fn push(&mut self, data: &[u8], flush: bool) {
        let Some(encoder) = &mut self.encoder else { return };
        self.totals.0 += data.len() as u64;
        // A `Vec` takes everything.
        let _ = encoder.write_all(data);
        if flush {
            let _ = encoder.flush();
        }
        self.totals.1 += encoder.get_ref().len() as u64;
        self.output.append(encoder.get_mut());
    }

    /// Compresses the rest: the body has come to its end.
    pub(crate) fn finish(&mut self) {
        let Some(encoder) = self.encoder.take() else { return };
        let mut last = encoder.finish().unwrap_or_default();
        self.totals.1 += last.len() as u64;
        self.output.append(&mut last);
    }

    /// Whether [`GzipBody::finish`] was called.
    pub(crate) fn is_finished(&self) -> bool {
        self.encoder.is_none()
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

    /// How many bytes became how many.
    pub(crate) fn totals(&self) -> (u64, u64) {
        self.totals
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn what_is_compressed_can_be_unpacked() {
        let (mut body, mut sent) = (GzipBody::new(1), Vec::new());
        for piece in ["ab", "", "cd"] {
            body.push(piece.as_bytes(), piece == "ab");
            let count = body.output().len().min(3);
            sent.extend_from_slice(&body.output()[..count]);
            body.consume(count);
        }
        body.finish();
        sent.extend_from_slice(body.output());
        let mut text = String::new();
        flate2::read::GzDecoder::new(&sent[..]).read_to_string(&mut text).unwrap();
        assert_eq!((&text[..], body.totals()), ("abcd", (4, sent.len() as u64)));
    }
}
