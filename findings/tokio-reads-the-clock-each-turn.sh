#!/usr/bin/env bash
# tokio's event loop reads the clock twice for each turn, though nobody uses a timer or asks for metrics: the runtime measures how
# long it is busy (`worker_total_busy_duration`), always. Once timers are enabled it is three times, without a single one pending. No
# option turns the first off. Where a turn is a few microseconds of work, as in a proxy, and the clock is slow, as in many virtual machines,
# that is a part of each request which no profile of one's own code shows.
#
# Seen with tokio 1.54.1 (crates.io) on 2026-11-30. Needs cargo and a C compiler, on Linux with glibc.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "turns"
version = "0.0.0"
edition = "2021"

[dependencies]
tokio = { version = "=1.54.1", features = ["io-util", "net", "rt", "time"] }
TOML
cat >src/main.rs <<'RUST'
use std::io::{Read, Write};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Builder;

/// Waits for an echo so many times: each is a turn of the event loop, as the other end is a thread.
fn main() {
    let mut args = std::env::args().skip(1);
    let (timers, turns) = (args.next().unwrap() == "timers", args.next().unwrap().parse::<u32>().unwrap());
    let mut builder = Builder::new_current_thread();
    if timers {
        builder.enable_all();
    } else {
        builder.enable_io();
    }
    let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    std::thread::spawn(move || {
        let mut byte = [0];
        while theirs.read_exact(&mut byte).is_ok() {
            theirs.write_all(&byte).unwrap();
        }
    });
    builder.build().unwrap().block_on(async {
        ours.set_nonblocking(true).unwrap();
        let mut ours = tokio::net::UnixStream::from_std(ours).unwrap();
        for _ in 0..turns {
            ours.write_all(b"x").await.unwrap();
            ours.read_exact(&mut [0]).await.unwrap();
        }
    });
}
RUST
# Counts what goes to the C library, in which the kernel's clock is read without a system call that strace could show.
cat >count.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <time.h>
static _Atomic long calls;
int clock_gettime(clockid_t clock, struct timespec *time) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  calls++;
  return real(clock, time);
}
__attribute__((destructor)) static void end(void) { fprintf(stderr, "%ld\n", calls); }
C
cc -shared -fPIC -O1 count.c -o count.so -ldl
cargo build --quiet --release
calls() { LD_PRELOAD=$PWD/count.so target/release/turns "$1" "$2" 2>&1; }
a_turn() { echo $((($(calls "$1" 3000) - $(calls "$1" 1000) + 1000) / 2000)); }
seen=$(printf 'io alone: %s a turn\nwith timers, of which none is used: %s a turn\n' "$(a_turn io)" "$(a_turn timers)")
echo "$seen"
[[ $seen == 'io alone: 2 a turn
with timers, of which none is used: 3 a turn' ]] || { echo 'this is no longer so' >&2; exit 1; }
