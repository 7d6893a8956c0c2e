//! The logs of a worker.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::files::Sink;
use super::log_format::{LineMemory, is_wanted, render};
use super::{LogFiles, describe, error, files};
use crate::clock::Clock;
use crate::turn;
use crate::variables::Variables;
use nginx_conf::model::{AccessLog, ErrorLog, Http, Level, LogTarget};

/// The most bytes that are buffered for a log without `buffer=` before they are written.
const MAX_PENDING_BYTES: usize = 64 * 1024;

/// How long nginx waits before it reports again that an access log cannot be written.
const WRITE_ERROR_INTERVAL: Duration = Duration::from_secs(60);

/// The logs of one worker (or of the master). Not shared between threads.
#[derive(Debug)]
pub(crate) struct Logs {
    files: RefCell<LogFiles>,
    /// `error_log` of the main context, for messages that concern no request.
    main: Vec<ErrorLog>,
    buffers: RefCell<Vec<Buffer>>,
    memory: RefCell<LineMemory>,
    /// Whether there are lines to be written at the end of the turn.
    has_lines: Cell<bool>,
    /// Wakes [`Logs::run`] when a line has to be written later.
    has_due: Notify,
    last_write_error: Cell<Option<Instant>>,
    clock: Rc<Clock>,
    pid: u32,
    tid: u32,
}

/// Lines of an access log that have not been written.
#[derive(Debug)]
struct Buffer {
    target: LogTarget,
    lines: Vec<u8>,
    /// `buffer=`; without it, lines are written at the end of the event loop's turn.
    size: Option<usize>,
    /// When the oldest line has to be written: `flush=`.
    due: Option<Instant>,
    /// `gzip`: the level by which they are compressed when they are written.
    gzip: Option<u32>,
}

impl Logs {
    /// Logs of the calling thread, whose id is in the lines of error logs.
    pub(crate) fn new(files: LogFiles, main: &[ErrorLog], clock: Rc<Clock>) -> Logs {
        Logs {
            files: RefCell::new(files),
            main: main.to_vec(),
            buffers: RefCell::default(),
            memory: RefCell::default(),
            has_lines: Cell::new(false),
            has_due: Notify::new(),
            last_write_error: Cell::new(None),
            clock,
            pid: std::process::id(),
            tid: rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs(),
        }
    }

    /// Logs a request, unless `if=` says otherwise. Only waits for the disk when 64 KiB are buffered or a `buffer=` is
    /// full; [`Logs::end_turn`] and [`Logs::run`] write the rest.
    pub(crate) fn access(&self, log: &AccessLog, http: &Http, variables: &dyn Variables) {
        let Some(format) = http.log_formats.get(log.format) else { return };
        let mut memory = self.memory.take();
        if is_wanted(log, variables, &mut memory.value) {
            render(format, variables, &mut memory);
            match &log.target {
                LogTarget::Syslog(_) => self.send(&log.target, &memory.line),
                LogTarget::File(_) | LogTarget::Stderr => self.append(log, &memory.line),
            }
        }
        self.memory.replace(memory);
    }

    /// Writes a line to every log that includes its level. The message begins with the number of the connection (`*3
    /// `), if there is one.
    pub(crate) fn error(&self, logs: &[ErrorLog], level: Level, message: fmt::Arguments<'_>) {
        let mut line = None;
        for log in logs.iter().filter(|log| level <= log.level) {
            let line = line.get_or_insert_with(|| {
                error::error_line(&self.clock.now().error_log, level, self.pid, self.tid, message)
            });
            // There is nowhere to report a failure to.
            let _ = match self.files.borrow().get(&log.target) {
                Some(Sink::File(file)) => (&**file).write_all(line),
                Some(Sink::Syslog(sender)) => sender.error(&self.clock.now().syslog, level as u8, line),
                None => Ok(()),
            };
        }
    }

    /// As [`Logs::error`], to the `error_log` of the main context.
    pub(crate) fn main_error(&self, level: Level, message: fmt::Arguments<'_>) {
        self.error(&self.main, level, message);
    }

    /// Whether the `error_log` of the main context writes messages of this level to standard error.
    pub(crate) fn main_is_on_stderr(&self, level: Level) -> bool {
        self.main.iter().any(|log| log.target == LogTarget::Stderr && level <= log.level)
    }

    /// Writes the lines of logs without `buffer=`. To be called at the end of each turn of the event loop.
    pub(crate) fn end_turn(&self) {
        if self.has_lines.take() {
            self.write_where(|buffer| buffer.size.is_none());
        }
    }

    /// Writes buffered lines when `flush=` is over. Runs as long as the worker does.
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
                () = self.has_due.notified() => {}
                () = timer => {
                    let now = Instant::now();
                    self.write_where(|buffer| buffer.due.is_some_and(|due| due <= now));
                }
            }
        }
    }

    /// Writes all buffered lines.
    fn flush(&self) {
        self.write_where(|_| true);
    }

    /// Writes buffered lines to the old files, then switches to the new ones.
    pub(crate) fn reopen(&self, files: LogFiles) {
        self.flush();
        self.files.replace(files);
    }

    /// Sends a line to syslog.
    fn send(&self, target: &LogTarget, line: &[u8]) {
        let sent = match self.files.borrow().get(target) {
            Some(Sink::Syslog(sender)) => sender.access(&self.clock.now().syslog, line),
            Some(Sink::File(_)) | None => Ok(()),
        };
        if let Err(error) = sent {
            self.report_write_error(target, &error);
        }
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
                    gzip: log.gzip,
                });
                buffers.len() - 1
            });
        let Some(buffer) = buffers.get_mut(at) else { return };
        let full = buffer.size.unwrap_or(MAX_PENDING_BYTES);
        if buffer.lines.len() + line.len() > full {
            self.write(buffer);
        }
        if buffer.lines.is_empty() {
            buffer.due = log.flush.filter(|_| buffer.size.is_some()).map(|flush| turn::now() + flush);
            if buffer.due.is_some() {
                self.has_due.notify_one();
            }
        }
        buffer.lines.extend_from_slice(line);
        if buffer.size.is_none() {
            self.has_lines.set(true);
        }
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
            Some(Sink::File(file)) => match buffer.gzip {
                Some(level) => compressed(&buffer.lines, level).and_then(|lines| (&**file).write_all(&lines)),
                None => (&**file).write_all(&buffer.lines),
            },
            Some(Sink::Syslog(_)) | None => Ok(()),
        };
        buffer.lines.clear();
        buffer.lines.shrink_to(MAX_PENDING_BYTES);
        if let Err(error) = written {
            self.report_write_error(&buffer.target, &error);
        }
    }

    /// Reports a failed write once a minute, since a full disk must not fill the error log as well.
    fn report_write_error(&self, target: &LogTarget, error: &io::Error) {
        let now = Instant::now();
        if self.last_write_error.get().is_some_and(|then| now < then + WRITE_ERROR_INTERVAL) {
            return;
        }
        self.last_write_error.set(Some(now));
        let name = match target {
            LogTarget::File(path) => path.display().to_string(),
            LogTarget::Stderr => "stderr".to_owned(),
            LogTarget::Syslog(syslog) => {
                let to = &syslog.server;
                let message =
                    format_args!("send() failed ({}) while logging to syslog, server: {to}", describe(error));
                return self.main_error(Level::Alert, message);
            }
        };
        self.main_error(Level::Alert, format_args!("write() to \"{name}\" failed ({})", describe(error)));
    }
}

/// A file of `gzip` holds one of these after another: `ngx_http_log_gzip`.
fn compressed(lines: &[u8], level: u32) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(lines)?;
    encoder.finish()
}

impl Drop for Logs {
    fn drop(&mut self) {
        self.flush();
    }
}
