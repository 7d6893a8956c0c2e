//! The bridge to `stomp-parser`, which implements 1.2 strictly; this module adds what real clients do beyond that.
//!
//! The crate checks that required headers are there and understands versions, intervals and ack modes; it also writes the
//! frames that the broker sends. Frames are cut out of the stream and unescaped before, by [`super::frame`], because the crate
//!
//! - reads exactly one frame, without the ends of line after it, and knows no heart-beats;
//! - escapes nothing on writing, and refuses a colon in a value, which 1.0 writes as it is and every server takes;
//! - refuses an empty value (`login:`), and lets the last of repeated headers count instead of the first;
//! - refuses `CONNECT` without `host` or `accept-version`, `DISCONNECT` without `receipt`, `ACK` and `NACK` without `transaction`, and
//!   whatever header it does not expect in most frames: `receipt` in `ABORT`, for one;
//! - knows nothing of 1.0 and 1.1, where a subscription needs no `id` (1.0), and `ACK` names a `message-id`;
//! - has no place for headers of one's own in `CONNECTED`.
//!
//! So [`read`] passes it each frame in canonical form: only the headers it knows, each once, with missing ones filled in.

use stomp_parser::client::ClientFrame;
use stomp_parser::headers::{AckType, DecodableValue, HeartBeatIntervals, StompVersion};
use stomp_parser::server::{
    ConnectedFrameBuilder, ErrorFrameBuilder, MessageFrameBuilder, ReceiptFrameBuilder,
};

use super::command::{AckMode, Acknowledge, Command, Connect};
use super::escape::escape;
use super::frame::{Frame, Version};

/// Parses a client's frame.
///
/// # Errors
/// The detail of the `ERROR` to answer with.
pub(crate) fn read(frame: &Frame, version: Version) -> Result<Command, String> {
    let canonical = canonical(frame, version).encode(Version::V1_2);
    let transaction = frame.get("transaction").map(str::to_owned);
    let parsed = ClientFrame::try_from(canonical).map_err(|_| parse_error(frame))?;
    Ok(match parsed {
        ClientFrame::Connect(connect) => Command::Connect(Connect {
            versions: connect.accept_version().value().iter().filter_map(known).collect(),
            heart_beat: (connect.heartbeat().value().supplied, connect.heartbeat().value().expected),
            login: frame.get("login").map(str::to_owned),
            passcode: frame.get("passcode").map(str::to_owned),
        }),
        ClientFrame::Send(send) => Command::Send { destination: text(send.destination())?, transaction },
        ClientFrame::Subscribe(subscribe) => Command::Subscribe {
            id: text(subscribe.id())?,
            destination: text(subscribe.destination())?,
            ack: match subscribe.ack_type().value() {
                AckType::Auto => AckMode::Auto,
                AckType::Client => AckMode::Client,
                AckType::ClientIndividual => AckMode::ClientIndividual,
            },
        },
        ClientFrame::Unsubscribe(unsubscribe) => Command::Unsubscribe { id: text(unsubscribe.id())? },
        ClientFrame::Ack(ack) => {
            Command::Acknowledge(Acknowledge { id: text(ack.id())?, accepted: true, transaction })
        }
        ClientFrame::Nack(nack) => {
            Command::Acknowledge(Acknowledge { id: text(nack.id())?, accepted: false, transaction })
        }
        ClientFrame::Begin(begin) => Command::Begin { transaction: text(begin.transaction())? },
        ClientFrame::Commit(commit) => Command::Commit { transaction: text(commit.transaction())? },
        ClientFrame::Abort(abort) => Command::Abort { transaction: text(abort.transaction())? },
        ClientFrame::Disconnect(_) => Command::Disconnect,
    })
}

/// The frame in canonical form. The body of `SEND` is left out; any other is kept, so that it is refused.
fn canonical(frame: &Frame, version: Version) -> Frame {
    let first = |names: &[&str]| names.iter().find_map(|name| frame.get(name)).unwrap_or_default().to_owned();
    let before_1_2 = version < Version::V1_2;
    let headers = match frame.command.as_str() {
        "CONNECT" | "STOMP" => vec![
            ("host", "any".to_owned()),
            ("accept-version", frame.get("accept-version").unwrap_or("1.0").replace(' ', "")),
            ("heart-beat", first(&["heart-beat"]).replace(' ', "")),
        ],
        "SEND" => vec![("destination", first(&["destination"]))],
        "SUBSCRIBE" => {
            let id = if version == Version::V1_0 { first(&["id", "destination"]) } else { first(&["id"]) };
            vec![("destination", first(&["destination"])), ("id", id), ("ack", first(&["ack"]))]
        }
        "UNSUBSCRIBE" if version == Version::V1_0 => vec![("id", first(&["id", "destination"]))],
        "UNSUBSCRIBE" => vec![("id", first(&["id"]))],
        "ACK" | "NACK" => {
            let id = if before_1_2 { first(&["message-id"]) } else { first(&["id"]) };
            vec![("id", id), ("transaction", "any".to_owned())]
        }
        "BEGIN" | "COMMIT" | "ABORT" => vec![("transaction", first(&["transaction"]))],
        "DISCONNECT" => vec![("receipt", "any".to_owned())],
        _ => Vec::new(),
    };
    let headers = headers.into_iter().filter(|(_, value)| !value.is_empty());
    // STOMP is CONNECT under another name, and unlike it would be escaped.
    let command = if frame.command == "STOMP" { "CONNECT" } else { &frame.command };
    let body = if frame.command == "SEND" { bytes::Bytes::new() } else { frame.body.clone() };
    Frame {
        command: command.to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value)).collect(),
        body,
    }
}

/// What is probably wrong: the crate only says that it cannot parse the frame.
fn parse_error(frame: &Frame) -> String {
    let needed: &[&str] = match frame.command.as_str() {
        "CONNECT" | "STOMP" => return "accept-version or heart-beat is malformed".to_owned(),
        "SEND" => &["destination"],
        "SUBSCRIBE" => &["destination", "id"],
        "UNSUBSCRIBE" | "ACK" | "NACK" => &["id"],
        "BEGIN" | "COMMIT" | "ABORT" => &["transaction"],
        "DISCONNECT" => &[],
        unknown => return format!("unknown command {unknown:?}"),
    };
    match needed.iter().find(|name| frame.get(name).is_none_or(str::is_empty)) {
        Some(name) => format!("{} needs the header {name}", frame.command),
        None if !frame.body.is_empty() && frame.command != "SEND" => format!("{} has no body", frame.command),
        None => format!("{} has a malformed header", frame.command),
    }
}

fn known(version: &StompVersion) -> Option<Version> {
    match version {
        StompVersion::V1_0 => Some(Version::V1_0),
        StompVersion::V1_1 => Some(Version::V1_1),
        StompVersion::V1_2 => Some(Version::V1_2),
        StompVersion::Unknown(_) => None,
    }
}

fn text(value: &impl DecodableValue) -> Result<String, String> {
    let decoded = value.decoded_value().map_err(|error| error.message().to_owned())?;
    Ok(decoded.either(str::to_owned, |text| text))
}

/// `CONNECTED`, with the instance's name.
pub(crate) fn connected(version: Version, session: &str, heart_beat: (u32, u32), instance: &str) -> Vec<u8> {
    let stomp_version = match version {
        Version::V1_0 => StompVersion::V1_0,
        Version::V1_1 => StompVersion::V1_1,
        Version::V1_2 => StompVersion::V1_2,
    };
    let frame = ConnectedFrameBuilder::new(stomp_version)
        .heartbeat(HeartBeatIntervals::new(heart_beat.0, heart_beat.1))
        .session(session.to_owned())
        .server(concat!("mock-upstreams/", env!("CARGO_PKG_VERSION")).to_owned())
        .build();
    let mut wire: Vec<u8> = frame.into();
    // Before the empty line and the NUL.
    let end = wire.len().saturating_sub(2);
    wire.splice(end..end, format!("instance:{instance}\n").into_bytes());
    wire
}

pub(crate) fn receipt(id: &str, version: Version) -> Vec<u8> {
    ReceiptFrameBuilder::new(escape(id, version).into_owned()).build().into()
}

/// `ERROR`, in answer to the frame with that receipt if one was asked for.
pub(crate) fn error(what: &str, detail: &str, receipt: Option<&str>, version: Version) -> Vec<u8> {
    let mut frame = ErrorFrameBuilder::new().message(escape(what, version).into_owned());
    let headers =
        [("receipt-id", receipt), ("version", Some("1.0,1.1,1.2")), ("content-type", Some("text/plain"))];
    for (name, value) in headers {
        if let Some(value) = value {
            frame = frame.add_custom_header(name.to_owned(), escape(value, version).into_owned());
        }
    }
    frame.body(format!("{detail}\n").into_bytes()).build().into()
}

/// The headers that the broker adds to a `MESSAGE`.
pub(crate) struct MessageHeaders<'a> {
    pub(crate) id: &'a str,
    pub(crate) subscription: &'a str,
    pub(crate) destination: &'a str,
    pub(crate) acknowledged: bool,
    pub(crate) redelivered: bool,
}

/// `MESSAGE`: the sender's frame with its own headers, for one subscription.
pub(crate) fn message(sent: &Frame, headers: &MessageHeaders<'_>, version: Version) -> Vec<u8> {
    /// Headers of `SEND` that the broker sets or drops.
    const BROKER_HEADERS: [&str; 9] = [
        "destination",
        "receipt",
        "transaction",
        "content-length",
        "content-type",
        "message-id",
        "subscription",
        "ack",
        "redelivered",
    ];
    let escaped = |text: &str| escape(text, version).into_owned();
    let mut frame = MessageFrameBuilder::new(
        escaped(headers.id),
        escaped(headers.destination),
        escaped(headers.subscription),
    );
    if let Some(kind) = sent.get("content-type") {
        frame = frame.content_type(escaped(kind));
    }
    // Frames are limited to 16 MiB.
    frame = frame.content_length(u32::try_from(sent.body.len()).unwrap_or(u32::MAX));
    if headers.acknowledged && version == Version::V1_2 {
        frame = frame.add_custom_header("ack".to_owned(), escaped(headers.id));
    }
    if headers.redelivered {
        frame = frame.add_custom_header("redelivered".to_owned(), "true".to_owned());
    }
    for (name, value) in sent.headers.iter().filter(|(name, _)| !BROKER_HEADERS.contains(&name.as_str())) {
        frame = frame.add_custom_header(escaped(name), escaped(value));
    }
    frame.body(sent.body.to_vec()).build().into()
}
