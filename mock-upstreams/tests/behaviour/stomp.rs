use futures::SinkExt;
use mock_upstreams::AppServer;
use mock_upstreams::stomp::frame::{Decoder, Frame, Input, Version};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::support::{DEADLINE, Outcome, WebSocket, blue, next, open};

/// A STOMP client; it takes no notice of heart-beats.
struct Stomp {
    socket: WebSocket,
    decoder: Decoder,
    version: Version,
}

impl Stomp {
    async fn raw(server: &AppServer) -> Result<Self, Error> {
        let (socket, _) = open(server, "/stomp/ws", "").await?;
        Ok(Self { socket, decoder: Decoder::default(), version: Version::V1_2 })
    }

    async fn connect(server: &AppServer, version: Version) -> Result<Self, Error> {
        let mut stomp = Self::raw(server).await?;
        stomp.send(Frame::new("CONNECT").with("accept-version", version.as_str())).await?;
        assert_eq!(stomp.frame().await?.get("version"), Some(version.as_str()));
        stomp.decoder.set_version(version);
        stomp.version = version;
        Ok(stomp)
    }

    async fn send(&mut self, frame: Frame) -> Result<(), Error> {
        let wire = frame.encode(self.version);
        self.socket.send(Message::binary(wire)).await
    }

    async fn frame(&mut self) -> Result<Frame, Error> {
        loop {
            match self.decoder.next() {
                Ok(Some(Input::Frame(frame))) => return Ok(frame),
                Ok(Some(Input::HeartBeat)) => {}
                Ok(None) => match next(&mut self.socket).await? {
                    Message::Close(frame) => panic!("closed: {frame:?}"),
                    message => self.decoder.push(&message.into_data()),
                },
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Sends a frame and waits for its receipt: by then the broker is done with it.
    async fn done(&mut self, frame: Frame) -> Result<(), Error> {
        self.send(frame.with("receipt", "r:1")).await?;
        assert_eq!(self.frame().await?, Frame::new("RECEIPT").with("receipt-id", "r:1"));
        Ok(())
    }

    async fn subscribe(&mut self, id: &str, destination: &str, ack: &str) -> Result<(), Error> {
        let frame = Frame::new("SUBSCRIBE").with("id", id).with("destination", destination).with("ack", ack);
        self.done(frame).await
    }

    async fn publish(&mut self, destination: &str, body: &str) -> Result<(), Error> {
        self.done(Frame::new("SEND").with("destination", destination).body(body.to_owned())).await
    }

    /// The next message, which must have that body; its id.
    async fn message(&mut self, body: &str) -> Result<String, Error> {
        let frame = self.frame().await?;
        assert_eq!((frame.command.as_str(), frame.text().as_str()), ("MESSAGE", body), "{frame}");
        Ok(frame.get("message-id").unwrap_or_default().to_owned())
    }

    async fn error(&mut self) -> Result<Frame, Error> {
        let frame = self.frame().await?;
        assert_eq!(frame.command, "ERROR", "{frame}");
        let Message::Close(Some(close)) = next(&mut self.socket).await? else { panic!("not closed") };
        assert_eq!(u16::from(close.code), 1002);
        Ok(frame)
    }
}

#[tokio::test]
async fn agrees_on_the_highest_version_and_asks_for_no_host() -> Outcome {
    let blue = blue().await;
    for (command, accept, expected) in [
        ("CONNECT", Some("1.0,1.1,1.2"), "1.2"),
        ("STOMP", Some("1.0, 1.1"), "1.1"),
        ("CONNECT", Some("1.1,9.9"), "1.1"),
        ("CONNECT", None, "1.0"),
    ] {
        let mut stomp = Stomp::raw(&blue).await?;
        let frame = Frame::new(command).with("login", "").with("x-more", "headers: any");
        stomp.send(accept.iter().fold(frame, |frame, accept| frame.with("accept-version", *accept))).await?;
        let connected = stomp.frame().await?;
        assert_eq!(connected.get("version"), Some(expected));
        assert_eq!((connected.get("instance"), connected.get("heart-beat")), (Some("blue"), Some("100,100")));
    }
    Ok(())
}

#[tokio::test]
async fn refuses_to_connect_with_reason() -> Outcome {
    let blue = blue().await;
    let connect = || Frame::new("CONNECT");
    for (frame, message) in [
        (connect().with("accept-version", "2.0"), "unsupported version"),
        (connect().with("passcode", "wrong"), "access refused"),
        (connect().with("heart-beat", "often"), "malformed frame"),
        (Frame::new("SEND").with("destination", "/topic/a"), "unexpected frame"),
        (Frame::new("HELLO"), "malformed frame"),
    ] {
        let mut stomp = Stomp::raw(&blue).await?;
        stomp.send(frame).await?;
        assert_eq!(stomp.error().await?.get("message"), Some(message));
    }
    Ok(())
}

#[tokio::test]
async fn lets_only_those_in_who_know_the_passcode() -> Outcome {
    let server = AppServer::builder("blue").login("shop", "secret").start("127.0.0.1:0".parse()?).await?;
    for (passcode, command) in [(None, "ERROR"), (Some("other"), "ERROR"), (Some("secret"), "CONNECTED")] {
        let mut stomp = Stomp::raw(&server).await?;
        let connect = Frame::new("CONNECT").with("accept-version", "1.2").with("login", "shop");
        stomp
            .send(passcode.iter().fold(connect, |frame, passcode| frame.with("passcode", *passcode)))
            .await?;
        assert_eq!(stomp.frame().await?.command, command, "{passcode:?}");
    }
    Ok(())
}

#[tokio::test]
async fn passes_messages_on_in_each_version() -> Outcome {
    let blue = blue().await;
    for version in Version::ALL {
        let mut stomp = Stomp::connect(&blue, version).await?;
        stomp.subscribe("s", "/topic/tea", "auto").await?;
        let sent = Frame::new("SEND")
            .with("destination", "/topic/tea")
            .with("content-type", "text/plain")
            .with("x-note", "a\\b");
        stomp.send(sent.with("x-note", "second").body("차 한 잔")).await?;
        let message = stomp.frame().await?;
        let id = message.get("message-id").unwrap_or_default().to_owned();
        let expected = Frame::new("MESSAGE")
            .with("message-id", id)
            .with("destination", "/topic/tea")
            .with("subscription", "s")
            .with("content-type", "text/plain")
            .with("content-length", "11")
            .with("x-note", "a\\b")
            .with("x-note", "second");
        assert_eq!(message, expected.body("차 한 잔"), "in {version}");
    }
    Ok(())
}

#[tokio::test]
async fn carries_bodies_of_any_bytes() -> Outcome {
    let blue = blue().await;
    let mut stomp = Stomp::connect(&blue, Version::V1_2).await?;
    stomp.subscribe("s", "/topic/a", "auto").await?;
    for body in [vec![0, 1, 0, 255], Vec::new(), vec![b'x'; 200_000]] {
        stomp
            .send(Frame::new("SEND").with("destination", "/topic/a").body(body.clone()).with_length())
            .await?;
        assert_eq!(stomp.frame().await?.body, body);
    }
    Ok(())
}

#[tokio::test]
async fn fans_topics_out_on_one_instance_only() -> Outcome {
    let (blue, green) = AppServer::start_pair().await?;
    let mut here = [Stomp::connect(&blue, Version::V1_1).await?, Stomp::connect(&blue, Version::V1_2).await?];
    let mut there = Stomp::connect(&green, Version::V1_2).await?;
    for stomp in here.iter_mut().chain([&mut there]) {
        stomp.subscribe("s", "/topic/a", "auto").await?;
    }
    Stomp::connect(&blue, Version::V1_2).await?.publish("/topic/a", "from blue").await?;
    there.publish("/topic/b", "nobody listens").await?;
    for stomp in &mut here {
        stomp.message("from blue").await?;
    }
    there.done(Frame::new("UNSUBSCRIBE").with("id", "s")).await?;
    Ok(())
}

#[tokio::test]
async fn gives_each_message_of_a_queue_to_one() -> Outcome {
    let blue = blue().await;
    let mut sender = Stomp::connect(&blue, Version::V1_2).await?;
    sender.publish("/queue/a", "1").await?;
    let mut one = Stomp::connect(&blue, Version::V1_2).await?;
    one.subscribe_for("/queue/a", "1").await?;
    let mut two = Stomp::connect(&blue, Version::V1_2).await?;
    two.subscribe("s", "/queue/a", "auto").await?;
    for body in ["2", "3"] {
        sender.publish("/queue/a", body).await?;
    }
    one.message("2").await?;
    two.message("3").await?;
    Ok(())
}

impl Stomp {
    /// Subscribes to a queue in which a message waits: it comes before the receipt.
    async fn subscribe_for(&mut self, queue: &str, body: &str) -> Result<(), Error> {
        let frame =
            Frame::new("SUBSCRIBE").with("id", "s").with("destination", queue).with("receipt", "late");
        self.send(frame).await?;
        let (first, second) = (self.frame().await?, self.frame().await?);
        let (message, receipt) = if first.command == "MESSAGE" { (first, second) } else { (second, first) };
        assert_eq!((message.text().as_str(), receipt.command.as_str()), (body, "RECEIPT"));
        Ok(())
    }
}

#[tokio::test]
async fn keeps_what_is_not_acknowledged() -> Outcome {
    // What goes back to the queue once the second of three messages was acknowledged and the client is gone.
    for (mode, left) in [("client", &["3"][..]), ("client-individual", &["1", "3"]), ("auto", &[])] {
        let blue = blue().await;
        let mut sender = Stomp::connect(&blue, Version::V1_2).await?;
        let mut stomp = Stomp::connect(&blue, Version::V1_2).await?;
        stomp.subscribe("s", "/queue/a", mode).await?;
        let mut ids = Vec::new();
        for body in ["1", "2", "3"] {
            sender.publish("/queue/a", body).await?;
            ids.push(stomp.message(body).await?);
        }
        if mode != "auto" {
            stomp.done(Frame::new("ACK").with("id", &ids[1])).await?;
        }
        stomp.done(Frame::new("DISCONNECT")).await?;
        drop(stomp);
        blue.wait_for(DEADLINE, |journal| journal.open_sessions() == 1).await?;
        sender.publish("/queue/a", "end").await?;
        let mut next = Stomp::connect(&blue, Version::V1_2).await?;
        next.send(Frame::new("SUBSCRIBE").with("id", "s").with("destination", "/queue/a")).await?;
        for body in left {
            let message = next.frame().await?;
            assert_eq!(
                (message.text().as_str(), message.get("redelivered")),
                (*body, Some("true")),
                "{mode}"
            );
        }
        next.message("end").await?;
    }
    Ok(())
}

#[tokio::test]
async fn knows_messages_by_the_header_of_the_version() -> Outcome {
    let blue = blue().await;
    for (version, header) in
        [(Version::V1_0, "message-id"), (Version::V1_1, "message-id"), (Version::V1_2, "id")]
    {
        let mut stomp = Stomp::connect(&blue, version).await?;
        stomp.subscribe("s", "/topic/a", "client").await?;
        stomp.send(Frame::new("SEND").with("destination", "/topic/a")).await?;
        let message = stomp.frame().await?;
        let id = message.get("message-id").unwrap_or_default();
        assert_eq!(message.get("ack"), (version == Version::V1_2).then_some(id));
        stomp.done(Frame::new("ACK").with("subscription", "s").with(header, id)).await?;
        stomp.send(Frame::new("ACK").with(header, id).with("receipt", "again")).await?;
        let error = stomp.error().await?;
        assert_eq!(
            (error.get("message"), error.get("receipt-id")),
            (Some("nothing to acknowledge"), Some("again"))
        );
    }
    Ok(())
}

#[tokio::test]
async fn gives_a_refused_message_to_the_next() -> Outcome {
    let blue = blue().await;
    let mut one = Stomp::connect(&blue, Version::V1_2).await?;
    one.subscribe("s", "/queue/a", "client-individual").await?;
    let mut two = Stomp::connect(&blue, Version::V1_2).await?;
    two.subscribe("s", "/queue/a", "client-individual").await?;
    two.publish("/queue/a", "hot").await?;
    let id = one.message("hot").await?;
    one.done(Frame::new("NACK").with("id", id)).await?;
    two.message("hot").await?;
    Ok(())
}

#[tokio::test]
async fn holds_a_transaction_back() -> Outcome {
    let blue = blue().await;
    let mut stomp = Stomp::connect(&blue, Version::V1_2).await?;
    stomp.subscribe("s", "/topic/a", "auto").await?;
    let of = |command: &str| Frame::new(command).with("transaction", "t");
    for (end, expected) in [("ABORT", &["after"][..]), ("COMMIT", &["in", "after"])] {
        stomp.done(of("BEGIN")).await?;
        stomp.done(of("SEND").with("destination", "/topic/a").body("in")).await?;
        stomp.send(of(end)).await?;
        stomp.send(Frame::new("SEND").with("destination", "/topic/a").body("after")).await?;
        for body in expected {
            stomp.message(body).await?;
        }
    }
    stomp.send(of("COMMIT")).await?;
    assert_eq!(stomp.error().await?.get("message"), Some("unknown transaction"));
    Ok(())
}

#[tokio::test]
async fn says_what_a_frame_lacks() -> Outcome {
    let blue = blue().await;
    for (frame, body) in [
        (Frame::new("SEND"), "SEND needs the header destination\n"),
        (Frame::new("SUBSCRIBE").with("destination", "/topic/a"), "SUBSCRIBE needs the header id\n"),
        (Frame::new("BEGIN").with("transaction", "t").body("x"), "BEGIN has no body\n"),
        (Frame::new("UNSUBSCRIBE").with("id", "none"), "none\n"),
        (Frame::new("CONNECT").with("accept-version", "1.2"), "connected already\n"),
    ] {
        let mut stomp = Stomp::connect(&blue, Version::V1_2).await?;
        stomp.send(frame).await?;
        assert_eq!(stomp.error().await?.text(), body);
    }
    Ok(())
}

#[tokio::test]
async fn closes_after_disconnect() -> Outcome {
    let blue = blue().await;
    for receipt in [true, false] {
        let mut stomp = Stomp::connect(&blue, Version::V1_2).await?;
        match receipt {
            true => stomp.done(Frame::new("DISCONNECT")).await?,
            false => stomp.send(Frame::new("DISCONNECT")).await?,
        }
        let Message::Close(Some(close)) = next(&mut stomp.socket).await? else {
            return Err("not closed".into());
        };
        assert_eq!(u16::from(close.code), 1000);
    }
    Ok(())
}

#[tokio::test]
async fn beats_and_wants_to_hear_beats() -> Outcome {
    let blue = blue().await;
    let mut stomp = Stomp::raw(&blue).await?;
    stomp.send(Frame::new("CONNECT").with("accept-version", "1.2").with("heart-beat", "100,100")).await?;
    stomp.frame().await?;
    assert_eq!(next(&mut stomp.socket).await?, Message::text("\n"));
    let close = loop {
        match next(&mut stomp.socket).await? {
            Message::Close(close) => break close,
            beat => assert_eq!(beat, Message::text("\n")),
        }
    };
    let close = close.map(|close| (u16::from(close.code), close.reason.to_string()));
    assert_eq!(close, Some((1002, "no heart-beat".to_owned())));
    Ok(())
}

#[tokio::test]
async fn understands_frames_cut_and_joined_by_the_websocket() -> Outcome {
    let blue = blue().await;
    let mut stomp = Stomp::raw(&blue).await?;
    for piece in [
        "CONNECT\naccept-version:1.2\r",
        "\n\n\0\nSUBSCRIBE\nid:s\ndestination:/topic/a\n\n\0SEND\ndest",
        "ination:/topic/a\n\nhi\0",
    ] {
        stomp.socket.send(Message::text(piece)).await?;
    }
    assert_eq!(stomp.frame().await?.command, "CONNECTED");
    stomp.message("hi").await?;
    Ok(())
}

#[tokio::test]
async fn closes_sessions_when_the_server_quits() -> Outcome {
    let blue = blue().await;
    let mut session = Stomp::connect(&blue, Version::V1_2).await?;
    let quitting = tokio::spawn({
        let blue = blue.clone();
        async move { blue.quit().await }
    });
    let Message::Close(Some(frame)) = next(&mut session.socket).await? else { panic!("no Close frame") };
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (1001, "going away"));
    // To answer it takes further reading.
    assert!(next(&mut session.socket).await.is_err());
    quitting.await?;
    Ok(())
}
