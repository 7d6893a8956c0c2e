use crate::fault::Fault;
use crate::transport::StopMode;

/// How many bytes `Content-Length` promises beyond those sent, for a truncated body.
pub(super) const UNSENT_LENGTH: usize = 64 * 1024;

/// The bytes to write past hyper, and how to end the connection after them.
pub(super) fn raw(fault: &Fault, instance: &str) -> Option<(Vec<u8>, StopMode)> {
    let head = |framing: &str| {
        format!("HTTP/1.1 200 OK\r\nX-Instance: {instance}\r\nContent-Type: text/plain\r\n{framing}\r\n\r\n")
            .into_bytes()
    };
    let with_length = |length: usize, sent: usize| {
        let mut response = head(&format!("Content-Length: {length}"));
        response.resize(response.len() + sent, b'x');
        response
    };
    Some(match fault {
        Fault::ResetBeforeResponse => (Vec::new(), StopMode::Reset),
        Fault::CloseBeforeResponse | Fault::RefuseRequests => (Vec::new(), StopMode::Close),
        Fault::ResetMidHead => (b"HTTP/1.1 200 OK\r\nX-Inst".to_vec(), StopMode::Reset),
        Fault::ResetMidBody { after } => (with_length(after + UNSENT_LENGTH, *after), StopMode::Reset),
        Fault::CloseMidBody { after } => (with_length(after + UNSENT_LENGTH, *after), StopMode::Close),
        Fault::CloseMidChunks { after } => {
            let mut response = head("Transfer-Encoding: chunked");
            // An empty chunk would be the last one, and the body complete.
            if *after > 0 {
                response.extend_from_slice(format!("{after:x}\r\n{}\r\n", "x".repeat(*after)).as_bytes());
            }
            (response, StopMode::Close)
        }
        Fault::TooLongBody { extra } => (with_length(5, 5 + extra), StopMode::Close),
        Fault::GarbageResponse(bytes) => (bytes.to_vec(), StopMode::Close),
        _ => return None,
    })
}
