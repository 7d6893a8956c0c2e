//! The sandbox of an engine, whatever its configuration says: it can only write to the scratch directory, and only listen on
//! and connect to the ports of the run. The kernel enforces it (Landlock), if supported; otherwise only the check of the
//! configuration does.

use std::path::Path;

/// The environment variable with the scratch directory of a child.
pub(super) const SANDBOX_VARIABLE: &str = "HOPCHECK_SANDBOX";

/// The file in a scratch directory with the ports that an engine may use, one per line. It exists for rewritten
/// configurations only: others may use other paths, so there is no sandbox for them.
pub const PORTS_FILE: &str = "ports";

/// Restricts this process and its children to the sandbox in `HOPCHECK_SANDBOX`, irrevocably.
pub fn enter() {
    let Some(scratch) = std::env::var_os(SANDBOX_VARIABLE) else { return };
    let Ok(ports) = std::fs::read_to_string(Path::new(&scratch).join(PORTS_FILE)) else { return };
    let ports: Vec<u16> = ports.lines().filter_map(|port| port.parse().ok()).collect();
    // Best effort.
    let _ = restrict(Path::new(&scratch), &ports);
}

#[cfg(target_os = "linux")]
fn restrict(scratch: &Path, ports: &[u16]) -> Result<(), landlock::RulesetError> {
    use landlock::{
        ABI, AccessFs, AccessNet, NetPort, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
        path_beneath_rules,
    };
    // Features that the kernel does not support are ignored.
    let write = AccessFs::from_write(ABI::V4);
    let net = AccessNet::BindTcp | AccessNet::ConnectTcp;
    let mut created = Ruleset::default()
        .handle_access(write)?
        .handle_access(net)?
        .create()?
        .add_rules(path_beneath_rules([scratch], write))?
        .add_rules(path_beneath_rules(["/dev/null"], AccessFs::WriteFile))?;
    for port in ports {
        created = created.add_rule(NetPort::new(*port, net))?;
    }
    created.restrict_self().map(drop)
}

#[cfg(not(target_os = "linux"))]
fn restrict(_: &Path, _: &[u16]) -> Result<(), std::convert::Infallible> {
    Ok(())
}
