//! Sessions of SockJS on live sites with one app server and with two.

use crate::site::{Engine, PROFILE, Plan};

/// The profile of a site that speaks SockJS, with this besides.
fn profile(more: &str) -> String {
    format!("{}\n{more}", PROFILE.replace("[stomp]", "[stomp]\ntransport = \"sockjs\""))
}

const MAY_POST: &str = "[socket]\nmay-post = true\n";

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_stay_with_an_app_server_are_kept() {
    for balancing in ["upstream dambae200 { ip_hash;", "upstream dambae200 { sticky cookie srv;"] {
        stays(balancing).await;
    }
}

async fn stays(balancing: &'static str) {
    let site = Plan::of(Engine::Reference).edit("upstream dambae200 {", balancing).deploy().await;
    let (code, said) = site.run(&profile(MAY_POST), &["--tags", "@sockjs"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 kept in "), "{said}");
    let arrived = site.arrived();
    assert_eq!(arrived.iter().filter(|exchange| exchange.method == "POST").count(), 12, "{arrived:?}");
    for exchange in arrived.iter().filter(|exchange| exchange.method == "POST") {
        let is_empty = exchange.target.ends_with("/xhr") && exchange.body.length == 0
            || exchange.target.ends_with("/xhr_send") && exchange.body.length == 2;
        assert!(is_empty, "{exchange}");
    }
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_change_app_servers_are_broken_with_what_to_change() {
    let site = Plan::of(Engine::Reference).deploy().await;
    let (code, said) = site.run(&profile(MAY_POST), &["--tags", "@sockjs"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("does not know the session, and says 404"), "{said}");
    assert!(said.contains("ip_hash") && said.contains("sticky cookie"), "{said}");
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_posted_unless_the_profile_allows_it() {
    let site = Plan::of(Engine::Reference).deploy().await;
    let (code, said) = site.run(&profile(""), &["--tags", "@sockjs"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("`[socket] may-post = true`"), "{said}");
    assert!(site.arrived().is_empty(), "{:?}", site.arrived());
    // A site without SockJS is not told of it at all.
    let (code, said) = site.run(&format!("{PROFILE}\n{MAY_POST}"), &["--verbose"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("SockJS"), "{said}");
    assert!(site.arrived().iter().all(|exchange| exchange.method != "POST"), "{:?}", site.arrived());
    site.end().await;
}
