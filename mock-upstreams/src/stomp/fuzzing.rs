//! Properties of any frame that a client sends: see [`crate::fuzzing`].

use super::command::Command;
use super::dialect::{self, MessageHeaders};
use super::frame::{Decoder, Frame, Input, Version};

/// A frame is parsed as it is meant, or refused with a detail that fits into an `ERROR`; and what is passed on to others can
/// be decoded.
pub(crate) fn check_frame(frame: &Frame, version: Version) {
    let receipt = frame.get("receipt");
    match dialect::read(frame, version) {
        Ok(command) => check_command(&command, frame),
        Err(reason) => {
            let error = only(&dialect::error("refused", &reason, receipt, version), version);
            assert_eq!((error.command.as_str(), error.get("receipt-id")), ("ERROR", receipt));
        }
    }
    if let Some(id) = receipt {
        let expected = Frame::new("RECEIPT").with("receipt-id", id);
        assert_eq!(only(&dialect::receipt(id, version), version), expected);
    }
    let headers = MessageHeaders {
        id: "m:1",
        subscription: "s\\1",
        destination: "/topic/a",
        acknowledged: true,
        redelivered: true,
    };
    // A header of 1.0 cannot hold a colon in its name, nor any header the sender's own colon: the others can.
    let message = only(&dialect::message(frame, &headers, version), version);
    assert_eq!((message.command.as_str(), message.get("message-id")), ("MESSAGE", Some("m:1")));
    assert_eq!((message.get("subscription"), &message.body), (Some("s\\1"), &frame.body));
    assert_eq!(message.get("content-type"), frame.get("content-type"));
}

fn check_command(command: &Command, frame: &Frame) {
    let given = |name: &str, value: &str| assert_eq!(frame.get(name), Some(value), "{name} of {frame}");
    match command {
        Command::Send { destination, .. } => given("destination", destination),
        Command::Subscribe { destination, .. } => given("destination", destination),
        Command::Begin { transaction } | Command::Commit { transaction } | Command::Abort { transaction } => {
            given("transaction", transaction);
        }
        Command::Connect(_) | Command::Unsubscribe { .. } | Command::Acknowledge(_) | Command::Disconnect => {
        }
    }
}

/// The one frame that these bytes are.
fn only(wire: &[u8], version: Version) -> Frame {
    let mut decoder = Decoder::new(version);
    decoder.push(wire);
    let first = decoder.next();
    let (Ok(Some(Input::Frame(frame))), Ok(None)) = (&first, decoder.next()) else {
        panic!("{first:?} is not one frame: {}", wire.escape_ascii());
    };
    frame.clone()
}
