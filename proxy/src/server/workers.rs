//! The master's side of its workers: starting them, sending them commands, noticing their exit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc as handshake;
use std::thread;

use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::sync::mpsc;

use super::panic;
use super::sockets::Sockets;
use super::worker::{self, Command, WorkerOptions};
use crate::cache::Caches;
use crate::cycle::counts::Counts;
use crate::limits::Zones;
use crate::log::{LogFiles, describe};
use crate::trace::TraceLog;
use crate::turn;
use crate::upstream::SessionZones;
use nginx_conf::model::Config;

/// All running workers, of this generation and of older ones that are still finishing their requests.
#[derive(Debug)]
pub(super) struct Workers {
    handles: Vec<WorkerHandle>,
    /// The generation that accepts connections.
    generation: u64,
    /// How many generations there have been.
    generations: u64,
    connection_numbers: Arc<AtomicU64>,
    trace: Option<Arc<TraceLog>>,
    zones: Zones,
    sessions: SessionZones,
    caches: Caches,
    counts: Arc<Counts>,
    exits: mpsc::UnboundedSender<WorkerExit>,
    exits_receiver: mpsc::UnboundedReceiver<WorkerExit>,
}

#[derive(Debug)]
struct WorkerHandle {
    generation: u64,
    tid: u32,
    commands: mpsc::UnboundedSender<Command>,
}

/// The workers that were started with one configuration.
#[derive(Debug)]
pub(super) struct Generation(u64);

/// The exit of a worker.
#[derive(Debug)]
pub(super) struct WorkerExit {
    /// The id of its thread.
    pub(super) tid: u32,
    /// Its index among the workers.
    pub(super) index: usize,
    /// The message, if it panicked.
    pub(super) panic: Option<String>,
    generation: u64,
}

impl Workers {
    /// No workers yet; what they do is told to `trace`.
    pub(super) fn new(trace: Option<Arc<TraceLog>>) -> Workers {
        let (exits, exits_receiver) = mpsc::unbounded_channel();
        Workers {
            handles: Vec::new(),
            generation: 0,
            generations: 0,
            connection_numbers: Arc::new(AtomicU64::new(1)),
            trace,
            zones: Zones::default(),
            sessions: SessionZones::default(),
            caches: Caches::default(),
            counts: Arc::default(),
            exits,
            exits_receiver,
        }
    }

    /// Whether all workers have exited.
    pub(super) fn is_empty(&self) -> bool {
        self.handles.is_empty()
    }

    /// Begins a new generation for workers that are started from now on. Returns the one before.
    pub(super) fn next_generation(&mut self) -> Generation {
        self.generations += 1;
        Generation(std::mem::replace(&mut self.generation, self.generations))
    }

    /// Stops the workers of the new generation and returns to an older one.
    pub(super) fn return_to(&mut self, Generation(generation): Generation) {
        self.send_where(|handle| handle.generation == self.generation, || Command::Stop);
        self.generation = generation;
    }

    /// Starts a worker on its own thread and waits until it has dropped its privileges and runs. Returns the thread's
    /// id.
    ///
    /// # Errors
    ///
    /// In nginx's words, if the thread cannot be started or cannot switch to `user`.
    pub(super) fn start(
        &mut self,
        index: usize,
        config: &Config,
        files: &LogFiles,
        sockets: &Sockets,
    ) -> Result<u32, String> {
        let (commands, receiver) = mpsc::unbounded_channel();
        self.zones = self.zones.of(config.http.as_ref());
        self.sessions = self.sessions.of(config.http.as_ref());
        self.caches = self.caches.of(config.http.as_ref());
        let options = WorkerOptions {
            config: config.clone(),
            files: files.clone(),
            sockets: sockets.of_worker(index, config.worker_processes),
            connection_numbers: Arc::clone(&self.connection_numbers),
            trace: self.trace.clone(),
            zones: self.zones.clone(),
            sessions: self.sessions.clone(),
            caches: self.caches.clone(),
            counts: Arc::clone(&self.counts),
            commands: receiver,
        };
        let (ready, readiness) = handshake::channel();
        let (exits, generation) = (self.exits.clone(), self.generation);
        let body = move || {
            let tid = thread_id();
            let panic = match prepare(&options.config) {
                Ok(runtime) => {
                    let _ = ready.send(Ok(tid));
                    let ended = catch_unwind(AssertUnwindSafe(|| {
                        runtime.block_on(worker::run(options));
                        // Do not wait for blocking tasks in the background.
                        runtime.shutdown_background();
                    }));
                    ended.err().map(|panic| panic::message(&*panic).to_owned())
                }
                Err(error) => return drop(ready.send(Err(error))),
            };
            // The master may have exited first.
            let _ = exits.send(WorkerExit { tid, index, panic, generation });
        };
        thread::Builder::new()
            .name(format!("worker {index}"))
            .spawn(body)
            .map_err(|error| format!("clone() failed ({})", describe(&error)))?;
        let tid = readiness.recv().map_err(|_| "worker ended before it began".to_owned())??;
        self.handles.push(WorkerHandle { generation, tid, commands });
        Ok(tid)
    }

    /// The next worker to exit, and whether it belongs to the current generation.
    pub(super) async fn next_exit(&mut self) -> (WorkerExit, bool) {
        loop {
            // Cannot be `None`, since `self` holds a sender.
            let Some(exit) = self.exits_receiver.recv().await else { continue };
            self.handles.retain(|handle| handle.tid != exit.tid);
            let current = exit.generation == self.generation;
            return (exit, current);
        }
    }

    /// Sends a command to all workers.
    pub(super) fn send(&self, command: impl Fn() -> Command) {
        self.send_where(|_| true, command);
    }

    /// Sends a command to the workers of older generations.
    pub(super) fn send_to_old(&self, command: impl Fn() -> Command) {
        self.send_where(|handle| handle.generation != self.generation, command);
    }

    fn send_where(&self, filter: impl Fn(&WorkerHandle) -> bool, command: impl Fn() -> Command) {
        for handle in self.handles.iter().filter(|handle| filter(handle)) {
            // A worker that has just exited needs no command.
            let _ = handle.commands.send(command());
        }
    }
}

fn prepare(config: &Config) -> Result<LocalRuntime, String> {
    if let Some(user) = config.user.as_ref().filter(|_| worker::is_root()) {
        worker::switch_user(user).map_err(|(call, error)| {
            let argument = match call {
                "setuid" => user.uid.to_string(),
                "setgid" => user.gid.to_string(),
                "prctl" => "PR_SET_NO_NEW_PRIVS".to_owned(),
                _ => format!("{}, {}", user.name, user.gid),
            };
            format!("{call}({argument}) failed ({})", describe(&error))
        })?;
    }
    turn::observe(&mut Builder::new_current_thread())
        .enable_all()
        .build_local(LocalOptions::default())
        .map_err(|error| format!("epoll_create() failed ({})", describe(&error)))
}

fn thread_id() -> u32 {
    rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_of_a_generation_that_failed_are_told_to_stop() {
        let mut workers = Workers::new(None);
        let join = |workers: &mut Workers| {
            let (commands, told) = mpsc::unbounded_channel();
            workers.handles.push(WorkerHandle { generation: workers.generation, tid: 0, commands });
            told
        };
        let mut old = join(&mut workers);
        let before = workers.next_generation();
        let mut new = join(&mut workers);
        workers.return_to(before);
        assert!(old.try_recv().is_err() && matches!(new.try_recv(), Ok(Command::Stop)));
        assert_eq!(workers.generation, 0);
    }
}
