//! The program: command line, master, workers.
//!
//! One process. Its first thread is the master, which owns what outlives a configuration: listening sockets, log files
//! and the pid file. Each worker is a thread with an event loop of its own. A reload starts a new generation of workers
//! on the same sockets and lets the old one finish, so no connection is refused or lost.

pub mod clock;
pub mod command_line;
pub mod worker;
