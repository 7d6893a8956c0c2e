use super::frame::Version;

/// What a client wants, its required headers all there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Connect(Connect),
    Send { destination: String, transaction: Option<String> },
    Subscribe { id: String, destination: String, ack: AckMode },
    Unsubscribe { id: String },
    Acknowledge(Acknowledge),
    Begin { transaction: String },
    Commit { transaction: String },
    Abort { transaction: String },
    Disconnect,
}

/// What a client says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Connect {
    /// The versions of those it speaks that exist.
    pub(super) versions: Vec<Version>,
    /// How often it can send and wants to receive a heart-beat, in milliseconds; 0 for not at all.
    pub(super) heart_beat: (u32, u32),
    pub(super) login: Option<String>,
    pub(super) passcode: Option<String>,
}

/// An `ACK` or a `NACK`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Acknowledge {
    /// Value of `id` in 1.2, of `message-id` before.
    pub(super) id: String,
    pub(super) accepted: bool,
    pub(super) transaction: Option<String>,
}

/// Which messages wait to be acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AckMode {
    Auto,
    Client,
    ClientIndividual,
}
