use super::version::Version;

/// The command of a client, with its required headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
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

/// A `CONNECT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Connect {
    /// The known ones of the versions it accepts.
    pub(crate) versions: Vec<Version>,
    /// How often it can send and wants to receive a heart-beat, in milliseconds; 0 for never.
    pub(crate) heart_beat: (u32, u32),
    pub(crate) login: Option<String>,
    pub(crate) passcode: Option<String>,
}

/// An `ACK` or a `NACK`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Acknowledge {
    /// Value of `id` in 1.2, of `message-id` before.
    pub(crate) id: String,
    pub(crate) accepted: bool,
    pub(crate) transaction: Option<String>,
}

/// Which messages wait to be acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AckMode {
    Auto,
    Client,
    ClientIndividual,
}
