//! Dropping root privileges.
//!
//! nginx's master stays root, to bind ports, open logs and reload the configuration; its workers switch to `user`. Here
//! a worker is a thread. On Linux, credentials belong to threads (the C library's `setuid` only applies them to all),
//! so each worker drops its own before anything else. From then on the kernel checks every file it opens against
//! `user`, and threads that it starts inherit its credentials. Unlike nginx's processes, threads do not protect the
//! master from a worker whose memory an attacker controls.

use std::ffi::CString;
use std::io;

use rustix::process::{Gid, Uid, geteuid};
use rustix::thread::{set_no_new_privs, set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use nginx_conf::model::User;

/// Whether the process runs as root.
pub(crate) fn is_root() -> bool {
    geteuid().is_root()
}

/// Switches the calling thread, and only it, to `user`: groups first, since that needs root. Real, effective and saved
/// ids all change, which drops all capabilities, and `no_new_privs` keeps programs it might run from regaining them.
///
/// # Errors
///
/// The name and error of the call that failed.
pub(crate) fn switch_user(user: &User) -> Result<(), (&'static str, io::Error)> {
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    let groups = groups(user).map_err(|error| ("getgrouplist", error))?;
    set_thread_res_gid(gid, gid, gid).map_err(|error| ("setgid", error.into()))?;
    set_thread_groups(&groups).map_err(|error| ("setgroups", error.into()))?;
    set_thread_res_uid(uid, uid, uid).map_err(|error| ("setuid", error.into()))?;
    set_no_new_privs(true).map_err(|error| ("prctl", error.into()))
}

/// All groups of the user, as `initgroups` would set them, for all threads at once.
fn groups(user: &User) -> io::Result<Vec<Gid>> {
    let name = CString::new(user.name.as_bytes())?;
    let groups = nix::unistd::getgrouplist(&name, nix::unistd::Gid::from_raw(user.gid))?;
    Ok(groups.into_iter().map(|group| Gid::from_raw(group.as_raw())).collect())
}
