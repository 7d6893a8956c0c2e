//! A wall around an engine, whatever its configuration says: it writes in the scratch directory alone, and listens at and
//! connects to the ports of the run alone. The kernel holds it (Landlock), where it has that; where it has not, what has been
//! checked of the configuration must do.

use std::path::Path;

/// The variable that tells a child which scratch directory it is to stay in.
pub(super) const WALL: &str = "HOPCHECK_WALL";

/// The file in a scratch directory with the ports that an engine may use, one a line. Without it any may be.
pub(crate) const PORTS: &str = "ports";

/// Puts this process behind the wall that `HOPCHECK_WALL` asks for, with all that it will start. Nothing takes it down again.
pub fn raise() {
    if let Some(scratch) = std::env::var_os(WALL) {
        let ports = std::fs::read_to_string(Path::new(&scratch).join(PORTS)).ok();
        let ports =
            ports.map(|ports| ports.lines().filter_map(|port| port.parse().ok()).collect::<Vec<u16>>());
        // Where it cannot be had, nothing else is lost.
        let _ = build(Path::new(&scratch), ports.as_deref());
    }
}

#[cfg(target_os = "linux")]
fn build(scratch: &Path, ports: Option<&[u16]>) -> Result<(), landlock::RulesetError> {
    use landlock::{
        ABI, AccessFs, AccessNet, NetPort, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
        path_beneath_rules,
    };
    // Whatever the kernel at hand does not know of this is left out.
    let write = AccessFs::from_write(ABI::V4);
    let mut ruleset = Ruleset::default().handle_access(write)?;
    if ports.is_some() {
        ruleset = ruleset.handle_access(AccessNet::BindTcp | AccessNet::ConnectTcp)?;
    }
    let mut created = ruleset
        .create()?
        .add_rules(path_beneath_rules([scratch], write))?
        .add_rules(path_beneath_rules(["/dev/null"], AccessFs::WriteFile))?;
    for port in ports.into_iter().flatten() {
        created = created.add_rule(NetPort::new(*port, AccessNet::BindTcp | AccessNet::ConnectTcp))?;
    }
    created.restrict_self().map(drop)
}

#[cfg(not(target_os = "linux"))]
fn build(_: &Path, _: Option<&[u16]>) -> Result<(), std::convert::Infallible> {
    Ok(())
}
