//! Compresses the body of a response.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

/// A body on its way through the compressor.
#[derive(Debug)]
pub(super) struct GzipBody {
    /// `None` once the last byte was compressed.
    encoder: Option<GzEncoder<Vec<u8>>>,
    /// Bytes before compression, and after it.
    totals: (u64, u64),
}

impl GzipBody {
    /// An empty body, to be compressed at a `gzip_comp_level`.
    pub(super) fn new(level: u32) -> GzipBody {
        let encoder = GzEncoder::new(Vec::new(), Compression::new(level));
        GzipBody { encoder: Some(encoder), totals: (0, 0) }
    }

    /// Compresses more of the body. `flush`: everything so far is to reach the client.
    pub(super) fn push(&mut self, data: &[u8], flush: bool, out: &mut Vec<u8>) {
        let Some(encoder) = &mut self.encoder else { return };
        self.totals.0 += data.len() as u64;
        // A `Vec` takes everything.
        let _ = encoder.write_all(data);
        if flush {
            let _ = encoder.flush();
        }
        self.totals.1 += encoder.get_ref().len() as u64;
        out.append(encoder.get_mut());
    }

    /// Compresses the rest: the body has come to its end.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        let Some(encoder) = self.encoder.take() else { return };
        let mut last = encoder.finish().unwrap_or_default();
        self.totals.1 += last.len() as u64;
        out.append(&mut last);
    }

    /// How many bytes became how many.
    pub(super) fn totals(&self) -> (u64, u64) {
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
            body.push(piece.as_bytes(), piece == "ab", &mut sent);
        }
        body.finish(&mut sent);
        let mut text = String::new();
        flate2::read::GzDecoder::new(&sent[..]).read_to_string(&mut text).unwrap();
        assert_eq!((&text[..], body.totals()), ("abcd", (4, sent.len() as u64)));
    }
}
