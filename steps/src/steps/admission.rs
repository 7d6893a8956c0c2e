//! Who is let in where strangers are kept out.

use cucumber::given;

use crate::failure::{Checked, Failure};
use crate::world::World;

/// From now on the app servers of these upstreams, named with blanks between them, say at this path that a client may come, as a
/// service for `auth_request` does: to everybody but a preflight, with which browsers send no credentials. Scenarios that speak of
/// a kind of route have this step before their own where such a service lets its clients in.
#[given(expr = "clients are let in by {string}, which is asked for {string}")]
async fn let_in(world: &mut World, upstreams: String, path: String) -> Checked {
    let upstreams: Vec<String> = upstreams.split(' ').map(str::to_owned).collect();
    let scene = world.scene().await?;
    scene.app_servers_of(&upstreams).into_iter().for_each(|server| server.authorize_at(&path));
    Ok(())
}

/// From now on clients have the name and password of a user whom the proxy knows, by a file of users that the run has in place of the
/// site's, and send them as browsers do: with every request but a preflight. Scenarios that speak of a kind of route have this step
/// before their own where `auth_basic` asks for a password.
#[given(expr = "clients have a stand-in's password")]
async fn have_password(world: &mut World) -> Checked {
    world.scene().await?.have_password()?;
    Ok(())
}

/// From now on clients have no password, whatever was said before.
#[given(expr = "clients have no password")]
async fn have_no_password(world: &mut World) -> Checked {
    world.scene().await?.have_no_password();
    Ok(())
}

/// Wherever the configuration allows some addresses, it allows those of the run's clients, too; takes effect when the proxy starts.
/// Scenarios that speak of a kind of route have this step before their own where only such addresses are let in.
#[given(expr = "clients come from an address that is let in")]
async fn come_from_inside(world: &mut World) -> Checked {
    world.scene().await?.allow_clients();
    Ok(())
}

/// From now on clients send this header, as `Cookie: pool=green`, with each request that has none of that name. Scenarios about the
/// servers of one upstream have this step before their own where a `map` chooses among several.
#[given(expr = "clients send {string} with each request")]
async fn send_with_each(world: &mut World, header: String) -> Checked {
    let (name, value) =
        header.split_once(": ").ok_or_else(|| Failure::new(format!("\"{header}\" is no header")))?;
    world.scene().await?.send_with_each_request(name, value);
    Ok(())
}
