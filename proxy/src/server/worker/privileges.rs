//! Giving up root.
//!
//! nginx's master stays root, to bind ports, open logs and read the configuration again; its workers become `user`.
//! Here a worker is a thread. On Linux, credentials belong to a thread (the C library's `setuid` goes to some length to
//! pretend otherwise), so each worker drops its own before it does anything else: from then on the kernel checks every
//! file it opens against `user`, which is what decides whether the front end can be served. Threads that a worker
//! starts inherit what it has left. What threads of one process cannot offer is nginx's second wall, against a
//! worker whose memory an attacker controls.

use std::ffi::CString;
use std::io;

use rustix::process::{Gid, Uid, geteuid};
use rustix::thread::{set_no_new_privs, set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use nginx_conf::model::User;

/// Whether this process may change its user at all.
pub(crate) fn is_root() -> bool {
    geteuid().is_root()
}

/// Makes the calling thread, and only it, run as `user`: groups first, since afterwards it may not. Real, effective and saved ids all
/// change, which takes every capability along, and no program that it might run gives any of it back (`no_new_privs`).
///
/// # Errors
///
/// With the name of the call that failed.
pub(crate) fn switch_user(user: &User) -> Result<(), (&'static str, io::Error)> {
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    let groups = groups(user).map_err(|error| ("getgrouplist", error))?;
    set_thread_res_gid(gid, gid, gid).map_err(|error| ("setgid", error.into()))?;
    set_thread_groups(&groups).map_err(|error| ("setgroups", error.into()))?;
    set_thread_res_uid(uid, uid, uid).map_err(|error| ("setuid", error.into()))?;
    set_no_new_privs(true).map_err(|error| ("prctl", error.into()))
}

/// Every group the account belongs to, its own first: what `initgroups` would set, for all threads at once.
fn groups(user: &User) -> io::Result<Vec<Gid>> {
    let name = CString::new(user.name.as_bytes())?;
    let groups = nix::unistd::getgrouplist(&name, nix::unistd::Gid::from_raw(user.gid))?;
    Ok(groups.into_iter().map(|group| Gid::from_raw(group.as_raw())).collect())
}
