//! One case, one contender, once.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::Error;
use crate::cases::{Case, Work};
use crate::contender::{Contender, Running};
use crate::load::wrk::Wrk;
use crate::load::{Seen, http2, open_loop, sessions, silent};
use crate::process;
use crate::site::Site;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Metric {
    /// Units (requests, messages, MiB) per second.
    PerSecond,
    /// CPU time of all processes of the contender for one unit, in µs.
    Cpu,
    /// How busy the contender kept its core: where this is far from 1, the load or the backend was the limit.
    Busy,
    /// Milliseconds.
    P50,
    /// Milliseconds.
    P99,
    /// Bytes of one idle session.
    PerSession,
    /// Bytes, before any session.
    Resident,
    /// Bytes, at their most under load.
    Peak,
    /// Milliseconds.
    StartUp,
    /// Of a thousand units, how many failed.
    Failed,
}

/// The figures of one round.
pub(crate) type Sample = BTreeMap<Metric, f64>;

/// Starts the contender, does the work, and ends it.
///
/// # Errors
/// When the contender does not start or the load cannot be made.
pub(crate) fn measure(
    case: &Case,
    contender: Contender,
    site: &Site,
    time: Duration,
) -> Result<Sample, Error> {
    // What earlier rounds logged would fill the disk.
    let _ = std::fs::remove_file(site.path().join("access.log"));
    let running = contender.start(site, case.setup)?;
    let on = |wrk: &Wrk| wrk.run(site, time);
    match &case.work {
        Work::Requests(wrk) | Work::Transfer(wrk) => {
            // Connections, files and branch predictors are warm for everybody.
            wrk.run(site, Duration::from_secs(1))?;
            let transfer = matches!(case.work, Work::Transfer(_));
            with_cpu(&running, transfer, || on(wrk))
        }
        Work::Http2 { path, streams } => {
            let load = |time| http2::run(site.http2_port, path, *streams, time);
            load(Duration::from_secs(1))?;
            with_cpu(&running, false, || load(time))
        }
        Work::Rate(path, rate) => with_cpu(&running, false, || open_loop::run(site.port, path, *rate, time)),
        Work::Echo { sessions, size } => {
            with_cpu(&running, false, || sessions::echo(site.port, *sessions, *size, time))
        }
        Work::Idle { sessions } => {
            idle(&running, *sessions, |count, look| sessions::idle(site.port, count, look))
        }
        Work::Silent { connections, since } => {
            idle(&running, *connections, |count, look| silent::hold(site, *since, count, look))
        }
        Work::StartUp => Ok(Sample::from([(Metric::StartUp, running.started_in.as_secs_f64() * 1e3)])),
        Work::Reload(wrk) => with_cpu(&running, false, || {
            let reload = || running.signal(rustix::process::Signal::HUP);
            meanwhile(Duration::from_millis(200), reload, || on(wrk))
        }),
    }
}

fn with_cpu(
    running: &Running,
    transfer: bool,
    load: impl FnOnce() -> Result<Seen, Error>,
) -> Result<Sample, Error> {
    let before = process::cpu(running.pid());
    let mut peak = 0;
    let look = || peak = process::memory(running.pid()).max(peak);
    let seen = meanwhile(Duration::from_millis(250), look, load)?;
    let spent = process::cpu(running.pid()).saturating_sub(before).as_secs_f64();
    let units = if transfer { seen.bytes as f64 / f64::from(1 << 20) } else { seen.done as f64 };
    if units == 0.0 {
        return Err("nothing was answered".into());
    }
    let seconds = seen.elapsed.as_secs_f64();
    let mut sample = Sample::from([
        (Metric::PerSecond, units / seconds),
        (Metric::Cpu, spent * 1e6 / units),
        (Metric::Busy, spent / seconds),
        (Metric::Failed, seen.failures as f64 * 1e3 / (seen.done + seen.failures) as f64),
    ]);
    match seen.latency {
        Some(latency) => {
            sample.insert(Metric::P50, latency.p50.as_secs_f64() * 1e3);
            sample.insert(Metric::P99, latency.p99.as_secs_f64() * 1e3);
        }
        // A fixed rate asks for little at once.
        None => {
            sample.insert(Metric::Peak, peak as f64);
        }
    }
    Ok(sample)
}

/// Does something time and again for as long as the work takes.
fn meanwhile<T>(between: Duration, mut act: impl FnMut() + Send, work: impl FnOnce() -> T) -> T {
    let (over, wait) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            while wait.recv_timeout(between) == Err(RecvTimeoutError::Timeout) {
                act();
            }
        });
        let done = work();
        drop(over);
        done
    })
}

/// What a session costs: `hold` opens as many as it is told, and calls what it is given while they are open.
fn idle(
    running: &Running,
    wanted: usize,
    hold: impl FnOnce(usize, &dyn Fn() -> f64) -> Result<f64, Error>,
) -> Result<Sample, Error> {
    // Two descriptors each in a proxy that is one process, and some for itself.
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX);
    let sessions = wanted.min(usize::try_from(limit.saturating_sub(200) / 2).unwrap_or(wanted));
    let before = process::memory(running.pid()) as f64;
    let after = hold(sessions, &|| process::memory(running.pid()) as f64)?;
    Ok(Sample::from([
        (Metric::Resident, before),
        (Metric::Peak, after),
        (Metric::PerSession, (after - before) / sessions as f64),
    ]))
}
