//! The master: owns the sockets, the logs and the pid file, starts workers and handles signals.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::pid;
use super::signals::{MasterSignal, Signals};
use super::sockets::Sockets;
use super::startup::{ConfigLoader, StartupLog};
use super::worker::Command;
use super::workers::Workers;
use crate::clock::Clock;
use crate::log::{LogFiles, Logs, describe};
use crate::trace::{self, TraceLog};
use nginx_conf::model::{Config, Level};

/// How long tunnels (WebSockets) may go on after QUIT. nginx waits for ever by default, but a container is killed ten
/// seconds after it was asked to stop, and clients should see a proper close before that.
const TUNNEL_GRACE_PERIOD: Duration = Duration::from_secs(5);

/// How long workers may take to stop after TERM.
const STOP_GRACE_PERIOD: Duration = Duration::from_secs(1);

/// How often nginx tries to bind an address that is in use.
const MAX_BIND_TRIES: usize = 5;
/// The delay between these tries.
const BIND_RETRY_DELAY: Duration = Duration::from_millis(500);

/// The master, with its configuration and its workers.
#[derive(Debug)]
pub(super) struct Master<'a> {
    loader: &'a ConfigLoader,
    config: Config,
    files: LogFiles,
    logs: Rc<Logs>,
    sockets: Sockets,
    workers: Workers,
}

/// Whether the master serves or shuts down.
#[derive(Debug, Clone, Copy)]
enum Phase {
    Serving,
    /// After QUIT; tunnels are closed at this time.
    Quitting(Option<Instant>),
    /// After TERM; workers that are still running at this time are abandoned.
    Stopping(Instant),
}

impl<'a> Master<'a> {
    /// Starts to serve a configuration.
    ///
    /// # Errors
    ///
    /// What nginx would log as `[emerg]`.
    pub(super) async fn start(
        loader: &'a ConfigLoader,
        config: Config,
        log: &mut StartupLog,
    ) -> Result<Master<'a>, String> {
        let files = LogFiles::open(&config).map_err(|error| error.to_string())?;
        let logs = Rc::new(Logs::new(files.clone(), &config.error_log, Rc::new(Clock::new())));
        log.also_log_to(Rc::clone(&logs));
        let sockets = open_sockets(&Sockets::default(), &config, log).await?;
        raise_descriptor_limit(log);
        let trace = TraceLog::from_environment().map_err(|error| {
            format!("the file of {} cannot be opened ({})", trace::VARIABLE, describe(&error))
        })?;
        pid::write(&config.pid)?;
        let mut master = Master { loader, config, files, logs, sockets, workers: Workers::new(trace) };
        let started = master.start_workers();
        if started.is_err() {
            // The error of the workers matters more than one about the file.
            let _ = pid::remove(&master.config.pid);
        }
        started.map(|()| master)
    }

    /// Serves until a signal stops it, then removes the pid file.
    pub(super) async fn run(mut self, mut signals: Signals) {
        let mut phase = Phase::Serving;
        loop {
            let deadline = match phase {
                Phase::Serving | Phase::Quitting(None) => None,
                Phase::Quitting(deadline) => deadline,
                Phase::Stopping(deadline) => Some(deadline),
            };
            let timer = async {
                match deadline {
                    Some(deadline) => sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                request = signals.next() => {
                    self.notice(format_args!("{}", request.describe()));
                    match (request, phase) {
                        (MasterSignal::Stop(_), Phase::Stopping(_)) => break,
                        (MasterSignal::Stop(_), _) => {
                            self.workers.send(|| Command::Stop);
                            phase = Phase::Stopping(Instant::now() + STOP_GRACE_PERIOD);
                        }
                        (MasterSignal::Quit, Phase::Serving) => {
                            self.workers.send(|| Command::Drain { taken_over: Vec::new() });
                            self.sockets = Sockets::default();
                            // With a timeout of their own, workers need not be told.
                            let has_timeout = self.config.worker_shutdown_timeout.is_some();
                            let deadline = Instant::now() + TUNNEL_GRACE_PERIOD;
                            phase = Phase::Quitting((!has_timeout).then_some(deadline));
                        }
                        (MasterSignal::Reload, Phase::Serving) => self.reload().await,
                        (MasterSignal::Reopen, _) => self.reopen(),
                        (MasterSignal::Quit | MasterSignal::Reload | MasterSignal::Upgrade, _) => {}
                    }
                }
                (exit, is_current) = self.workers.next_exit() => {
                    match &exit.panic {
                        None => self.notice(format_args!("worker process {} exited with code 0", exit.tid)),
                        Some(message) => self.logs.main_error(
                            Level::Alert,
                            format_args!("worker process {} exited by a panic: {message}", exit.tid),
                        ),
                    }
                    if matches!(phase, Phase::Serving) && is_current {
                        self.start_worker(exit.index).unwrap_or_else(|error| self.emerg(&error));
                    }
                }
                () = timer => match phase {
                    Phase::Stopping(_) => {
                        self.logs.main_error(Level::Alert, format_args!("workers did not exit in time"));
                        break;
                    }
                    _ => {
                        self.workers.send(|| Command::Close);
                        phase = Phase::Quitting(None);
                    }
                },
            }
            if !matches!(phase, Phase::Serving) && self.workers.is_empty() {
                break;
            }
        }
        pid::remove(&self.config.pid)
            .unwrap_or_else(|error| self.logs.main_error(Level::Alert, format_args!("{error}")));
        self.notice(format_args!("exit"));
    }

    fn start_workers(&mut self) -> Result<(), String> {
        self.notice(format_args!("start worker processes"));
        (0..self.config.worker_processes).try_for_each(|index| self.start_worker(index))
    }

    fn start_worker(&mut self, index: usize) -> Result<(), String> {
        let tid = self.workers.start(index, &self.config, &self.files, &self.sockets)?;
        self.notice(format_args!("start worker process {tid}"));
        Ok(())
    }

    /// Starts a new generation of workers with a new configuration, and lets the old one finish its requests. If
    /// anything is wrong with the new configuration, the old one goes on.
    async fn reload(&mut self) {
        self.notice(format_args!("reconfiguring"));
        let config = match self.loader.load() {
            Ok(config) => config,
            Err(error) => return self.emerg(&error.headline()),
        };
        let files = match LogFiles::open(&config) {
            Ok(files) => files,
            Err(error) => return self.emerg(&error.to_string()),
        };
        let mut log = StartupLog::to_log(Rc::clone(&self.logs));
        let sockets = match open_sockets(&self.sockets, &config, &mut log).await {
            Ok(sockets) => sockets,
            Err(error) => return self.emerg(&error),
        };
        let pid_moves = config.pid != self.config.pid;
        if pid_moves && let Err(error) = pid::write(&config.pid) {
            return self.emerg(&error);
        }
        for warning in &config.warnings {
            log.log(Level::Warn, warning);
        }
        let logs = Rc::new(Logs::new(files.clone(), &config.error_log, Rc::new(Clock::new())));
        let generation = self.workers.next_generation();
        let old = (
            std::mem::replace(&mut self.config, config),
            std::mem::replace(&mut self.files, files),
            std::mem::replace(&mut self.logs, logs),
            std::mem::replace(&mut self.sockets, sockets),
        );
        let started = self.start_workers();
        if started.is_err() {
            self.workers.return_to(generation);
        }
        let obsolete = if started.is_ok() { &old.0.pid } else { &self.config.pid };
        if pid_moves {
            pid::remove(obsolete).unwrap_or_else(|error| self.emerg(&error));
        }
        if let Err(error) = started {
            (self.config, self.files, self.logs, self.sockets) = old;
            return self.emerg(&error);
        }
        let taken_over = self.addresses();
        self.workers.send_to_old(|| Command::Drain { taken_over: taken_over.clone() });
    }

    fn reopen(&mut self) {
        self.notice(format_args!("reopening logs"));
        let (files, errors) = self.files.reopen(self.config.user.as_ref());
        for error in errors {
            self.emerg(&error.to_string());
        }
        self.files = files;
        self.logs.reopen(self.files.clone());
        self.workers.send(|| Command::Reopen(self.files.clone()));
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        self.config.http.iter().flat_map(|http| &http.listen).map(|listen| listen.address).collect()
    }

    fn notice(&self, message: std::fmt::Arguments<'_>) {
        self.logs.main_error(Level::Notice, message);
    }

    fn emerg(&self, message: &str) {
        self.logs.main_error(Level::Emerg, format_args!("{message}"));
    }
}

/// Opens the listening sockets, trying again for a while if an address is in use.
async fn open_sockets(existing: &Sockets, config: &Config, log: &mut StartupLog) -> Result<Sockets, String> {
    let Some(http) = &config.http else { return Ok(Sockets::default()) };
    for _ in 0..MAX_BIND_TRIES {
        match existing.for_configuration(http, config.worker_processes) {
            Err(error) if error.in_use() => {
                log.log(Level::Emerg, &error.to_string());
                log.log(
                    Level::Notice,
                    &format!("try again to bind() after {}ms", BIND_RETRY_DELAY.as_millis()),
                );
                sleep(BIND_RETRY_DELAY).await;
            }
            result => return result.map_err(|error| error.to_string()),
        }
    }
    Err("still could not bind()".to_owned())
}

/// nginx's workers are processes, each with its own limit of open files. Ours share one, so it is raised to the
/// maximum.
fn raise_descriptor_limit(log: &mut StartupLog) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        log.log(Level::Warn, &format!("setrlimit(RLIMIT_NOFILE) failed ({})", describe(&error.into())));
    }
}
