//! A worker's logs.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::log_format::{LineMemory, is_wanted, render};
use super::{LogFiles, describe, error, files};
use crate::clock::Clock;
use crate::variables::Variables;
use nginx_conf::model::{AccessLog, ErrorLog, Http, Level, LogTarget};

/// Lines of a log without `buffer=` are written at once when they come to this many bytes.
const MAX_PENDING_BYTES: usize = 64 * 1024;

/// How long nginx keeps quiet after it has last_write_error that an access log cannot be written.
const WRITE_ERROR_INTERVAL: Duration = Duration::from_secs(60);

/// The logs of one worker (or of the master). Not shared between threads.
#[derive(Debug)]
pub(crate) struct Logs {
    files: RefCell<LogFiles>,
    /// The main context's `error_log`, for what concerns no request.
    main: Vec<ErrorLog>,
    buffers: RefCell<Vec<Buffer>>,
    memory: RefCell<LineMemory>,
    wake: Notify,
    last_write_error: Cell<Option<Instant>>,
    clock: Rc<Clock>,
    pid: u32,
    tid: u32,
}

/// Lines of one access log that are not written yet.
#[derive(Debug)]
struct Buffer {
    target: LogTarget,
    lines: Vec<u8>,
    /// `buffer=`; without it, lines live until the end of the event loop's turn.
    size: Option<usize>,
    /// When `flush=` is over for the oldest line.
    due: Option<Instant>,
}

impl Logs {
    /// Logs of the calling thread, whose ids stand in error log lines, into files that are open.
    pub(crate) fn new(files: LogFiles, main: &[ErrorLog], clock: Rc<Clock>) -> Logs {
        Logs {
            files: RefCell::new(files),
            main: main.to_vec(),
            buffers: RefCell::default(),
            memory: RefCell::default(),
            wake: Notify::new(),
            last_write_error: Cell::new(None),
            clock,
            pid: std::process::id(),
            tid: rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs(),
        }
    }

    /// Logs a finished request, unless `if=` says otherwise. Never waits for the disk, except when 64 KiB have
    /// gathered or a `buffer=` is full; [`Logs::run`] writes the rest.
    pub(crate) fn access(&self, log: &AccessLog, http: &Http, variables: &dyn Variables) {
        let Some(format) = http.log_formats.get(log.format) else { return };
        let mut memory = self.memory.take();
        if is_wanted(log, variables, &mut memory.value) {
            render(format, variables, &mut memory);
            self.append(log, &memory.line);
        }
        self.memory.replace(memory);
    }

    /// Writes a line to every one of `logs` that wants its level. The message begins with the connection's number
    /// (`*3 `) where there is a connection, as nginx's does.
    pub(crate) fn error(&self, logs: &[ErrorLog], level: Level, message: fmt::Arguments<'_>) {
        let mut line = None;
        for log in logs.iter().filter(|log| level <= log.level) {
            let line = line.get_or_insert_with(|| {
                error::error_line(&self.clock.now().error_log, level, self.pid, self.tid, message)
            });
            if let Some(mut file) = self.files.borrow().get(&log.target) {
                // There is nowhere left to report_write_error to.
                let _ = file.write_all(line);
            }
        }
    }

    /// As [`Logs::error`], into the main context's `error_log`.
    pub(crate) fn main_error(&self, level: Level, message: fmt::Arguments<'_>) {
        self.error(&self.main, level, message);
    }

    /// Whether the main context's `error_log` shows messages of this level on standard error.
    pub(crate) fn main_is_on_stderr(&self, level: Level) -> bool {
        self.main.iter().any(|log| log.target == LogTarget::Stderr && level <= log.level)
    }

    /// Writes what gathers, at the end of each turn of the event loop or when `flush=` says so. Runs for as long as
    /// the worker does.
    pub(crate) async fn run(&self) {
        loop {
            let due = self.buffers.borrow().iter().filter_map(|buffer| buffer.due).min();
            let timer = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.wake.notified() => tokio::task::yield_now().await,
                () = timer => {}
            }
            let now = Instant::now();
            self.write_where(|buffer| buffer.size.is_none() || buffer.due.is_some_and(|due| due <= now));
        }
    }

    /// Writes all that has gathered.
    fn flush(&self) {
        self.write_where(|_| true);
    }

    /// Goes on with other files, after writing to the old ones what was meant for them.
    pub(crate) fn reopen(&self, files: LogFiles) {
        self.flush();
        self.files.replace(files);
    }

    fn append(&self, log: &AccessLog, line: &[u8]) {
        let mut buffers = self.buffers.borrow_mut();
        let at = buffers
            .iter()
            .position(|buffer| files::is_same_target(&buffer.target, &log.target))
            .unwrap_or_else(|| {
                buffers.push(Buffer {
                    target: log.target.clone(),
                    lines: Vec::new(),
                    size: log.buffer,
                    due: None,
                });
                buffers.len() - 1
            });
        let Some(buffer) = buffers.get_mut(at) else { return };
        let full = buffer.size.unwrap_or(MAX_PENDING_BYTES);
        if buffer.lines.len() + line.len() > full {
            self.write(buffer);
        }
        if buffer.lines.is_empty() {
            buffer.due = log.flush.filter(|_| buffer.size.is_some()).map(|flush| Instant::now() + flush);
            if buffer.size.is_none() || buffer.due.is_some() {
                self.wake.notify_one();
            }
        }
        buffer.lines.extend_from_slice(line);
        if buffer.lines.len() > full {
            self.write(buffer);
        }
    }

    fn write_where(&self, wanted: impl Fn(&Buffer) -> bool) {
        for buffer in self.buffers.borrow_mut().iter_mut().filter(|buffer| wanted(buffer)) {
            self.write(buffer);
        }
    }

    fn write(&self, buffer: &mut Buffer) {
        buffer.due = None;
        if buffer.lines.is_empty() {
            return;
        }
        let written = match self.files.borrow().get(&buffer.target) {
            Some(mut file) => file.write_all(&buffer.lines),
            None => Ok(()),
        };
        buffer.lines.clear();
        buffer.lines.shrink_to(MAX_PENDING_BYTES);
        if let Err(error) = written {
            self.report_write_error(&buffer.target, &error);
        }
    }

    /// A full disk must not fill the error log as well.
    fn report_write_error(&self, target: &LogTarget, error: &io::Error) {
        let now = Instant::now();
        if self.last_write_error.get().is_some_and(|then| now < then + WRITE_ERROR_INTERVAL) {
            return;
        }
        self.last_write_error.set(Some(now));
        let name = match target {
            LogTarget::File(path) => path.display().to_string(),
            LogTarget::Stderr => "stderr".to_owned(),
        };
        self.main_error(Level::Alert, format_args!("write() to \"{name}\" failed ({})", describe(error)));
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        self.flush();
    }
}
