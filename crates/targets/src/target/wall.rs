//! A wall around an engine, whatever its configuration says: it writes in the scratch directory alone, and listens at and
//! connects to the ports of the run alone. The kernel holds it (Landlock), where it has that; where it has not, what has been
//! checked of the configuration must do.

use std::path::Path;

/// The variable that tells a child which scratch directory it is to stay in.
pub(super) const WALL: &str = "HOPCHECK_WALL";

/// The file in a scratch directory with the ports that an engine may use, one a line; it comes with a configuration that was
/// rewritten. One that was not may lie and write elsewhere: for that there is no wall.
pub const PORTS: &str = "ports";

/// Puts this process behind the wall that `HOPCHECK_WALL` asks for, with all that it will start. Nothing takes it down again.
pub fn raise() {
    let Some(scratch) = std::env::var_os(WALL) else { return };
    let Ok(ports) = std::fs::read_to_string(Path::new(&scratch).join(PORTS)) else { return };
    let ports: Vec<u16> = ports.lines().filter_map(|port| port.parse().ok()).collect();
    // Where it cannot be had, nothing else is lost.
    let _ = build(Path::new(&scratch), &ports);
}

#[cfg(target_os = "linux")]
fn build(scratch: &Path, ports: &[u16]) -> Result<(), landlock::RulesetError> {
    use landlock::{
        ABI, AccessFs, AccessNet, NetPort, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
        path_beneath_rules,
    };
    // Whatever the kernel at hand does not know of this is left out.
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
fn build(_: &Path, _: &[u16]) -> Result<(), std::convert::Infallible> {
    Ok(())
}
