//! The signals a master answers to.

use std::io;

use tokio::signal::unix::{self, SignalKind};

/// A signal, by what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MasterSignal {
    /// TERM, INT: end at once.
    Stop(&'static str),
    /// QUIT: end when open exchanges are finished.
    Quit,
    /// HUP: read the configuration again.
    Reload,
    /// USR1: open the logs again.
    Reopen,
    /// USR2, with which nginx replaces its own program: noted, nothing else.
    Upgrade,
}

impl MasterSignal {
    /// For the log, in nginx's words.
    pub(super) fn describe(self) -> &'static str {
        match self {
            MasterSignal::Stop(text) => text,
            MasterSignal::Quit => "signal 3 (SIGQUIT) received, shutting down",
            MasterSignal::Reload => "signal 1 (SIGHUP) received, reconfiguring",
            MasterSignal::Reopen => "signal 10 (SIGUSR1) received, reopening logs",
            MasterSignal::Upgrade => {
                "signal 12 (SIGUSR2) received, ignored: changing binary is not supported"
            }
        }
    }
}

/// Listens for signals from the moment it is made.
#[derive(Debug)]
pub(crate) struct Signals {
    term: unix::Signal,
    int: unix::Signal,
    quit: unix::Signal,
    hup: unix::Signal,
    usr1: unix::Signal,
    usr2: unix::Signal,
}

impl Signals {
    /// Takes the signals over, inside a runtime.
    ///
    /// # Errors
    ///
    /// When the operating system refuses a handler.
    pub(crate) fn new() -> io::Result<Signals> {
        Ok(Signals {
            term: unix::signal(SignalKind::terminate())?,
            int: unix::signal(SignalKind::interrupt())?,
            quit: unix::signal(SignalKind::quit())?,
            hup: unix::signal(SignalKind::hangup())?,
            usr1: unix::signal(SignalKind::user_defined1())?,
            usr2: unix::signal(SignalKind::user_defined2())?,
        })
    }

    /// The next signal.
    pub(super) async fn next(&mut self) -> MasterSignal {
        tokio::select! {
            biased;
            _ = self.term.recv() => MasterSignal::Stop("signal 15 (SIGTERM) received, exiting"),
            _ = self.int.recv() => MasterSignal::Stop("signal 2 (SIGINT) received, exiting"),
            _ = self.quit.recv() => MasterSignal::Quit,
            _ = self.hup.recv() => MasterSignal::Reload,
            _ = self.usr1.recv() => MasterSignal::Reopen,
            _ = self.usr2.recv() => MasterSignal::Upgrade,
        }
    }
}
