//! Signals to the master.

use std::io;

use tokio::signal::unix::{self, SignalKind};

/// What a signal asks the master to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MasterSignal {
    /// TERM, INT: stop at once.
    Stop(&'static str),
    /// QUIT: stop once active requests are finished.
    Quit,
    /// HUP: reload the configuration.
    Reload,
    /// USR1: reopen the logs.
    Reopen,
    /// USR2: replaces the binary in nginx; only logged here.
    Upgrade,
}

impl MasterSignal {
    /// nginx's message for the log.
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

/// Receives signals from its creation on.
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
    /// Installs the handlers. Must be called in a runtime.
    ///
    /// # Errors
    ///
    /// If a handler cannot be installed.
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
