//! Unpacks the body of a response.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;

/// A body on its way through the decompressor.
#[derive(Debug)]
pub(super) struct GunzipBody(MultiGzDecoder<Vec<u8>>);

impl GunzipBody {
    /// An empty body.
    pub(super) fn new() -> GunzipBody {
        GunzipBody(MultiGzDecoder::new(Vec::new()))
    }

    /// Unpacks some of the body, until there is `room` no more, and returns how much of it.
    pub(super) fn push(&mut self, data: &[u8], room: usize, out: &mut Vec<u8>) -> io::Result<usize> {
        let mut rest = data;
        while !rest.is_empty() && out.len() < room {
            let count = self.0.write(rest).map_err(invalid)?;
            rest = rest.get(count..).unwrap_or_default();
            out.append(self.0.get_mut());
        }
        Ok(data.len() - rest.len())
    }

    /// Unpacks the rest: the body has come to its end.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) -> io::Result<()> {
        self.0.try_finish().map_err(|_| io::Error::new(io::ErrorKind::InvalidData, UNEXPECTED_END))?;
        out.append(self.0.get_mut());
        Ok(())
    }
}

/// zlib's `Z_BUF_ERROR`.
const UNEXPECTED_END: &str = "inflate() returned -5 on response end";

/// zlib's `Z_DATA_ERROR`.
fn invalid(_: io::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "inflate() failed: 0, -3")
}
