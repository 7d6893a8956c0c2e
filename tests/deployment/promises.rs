//! What a live site is held to, whatever its proxy, over each version of HTTP that it offers.

use crate::gateway::{self, Sockets};
use crate::site::{Engine, PROFILE, Plan};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_offered_over_http2_is_held_to_the_same_promises() {
    let site = Plan::of(Engine::Reference).edit("listen 443 ssl;", "listen 443 ssl http2;").deploy().await;
    let (code, said) = site.run(PROFILE, &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("tested over HTTP/1.1, HTTP/2") && said.contains("API requests over HTTP/2"),
        "{said}"
    );
    assert!(said.contains(" 30 kept in ") && !said.contains("WebSocket over HTTP/2"), "{said}");
    site.end().await;
    let only_http1 = "location /api { if ($server_protocol = HTTP/2.0) { return 404; }";
    let site = Plan::of(Engine::Reference)
        .edit("listen 443 ssl;", "listen 443 ssl http2;")
        .edit("location /api {", only_http1)
        .deploy()
        .await;
    let (code, said) =
        site.run(PROFILE, &["--tags", "@D5 and not @D4 and not @D13", "--name", "API answers"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("✗ The API answers under /api/items over HTTP/2"), "{said}");
    assert!(said.contains("1 kept, 1 broken"), "{said}");
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_are_opened_each_way_that_browsers_may() {
    let mut site = Plan::of(Engine::Reference).plain().deploy().await;
    gateway::place_before(&mut site, Sockets::Open).await;
    let (code, said) = site.run(PROFILE, &["--tags", "@socket"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("tested over HTTP/1.1, HTTP/2, WebSocket over HTTP/2"), "{said}");
    assert!(said.contains("STOMP over HTTP/2") && said.contains(" 10 kept in "), "{said}");
    let sessions = site.arrived().iter().filter(|exchange| exchange.session.is_some()).count();
    assert!(sessions >= 10, "{sessions}");
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_offers_sockets_over_http2_and_then_refuses_them_is_broken_for_browsers() {
    let mut site = Plan::of(Engine::Reference).plain().deploy().await;
    gateway::place_before(&mut site, Sockets::Refuse).await;
    let (code, said) = site.run(PROFILE, &["--tags", "@socket", "--name", "handshake"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("✗ The handshake of a WebSocket is answered as it must be over HTTP/2"), "{said}");
    assert!(said.contains("1 kept, 1 broken") && said.contains("answered with 400"), "{said}");
    site.end().await;
}

/// HAProxy, Caddy, Apache and Varnish, or the app, answer preflights in their own ways, and so may nginx.
#[tokio::test(flavor = "multi_thread")]
async fn only_what_browsers_need_of_a_preflight_is_asked() {
    let site = Plan::of(Engine::Reference)
        .edit("return 204;", "return 200 \"welcome\";")
        .edit("'GET, POST, DELETE, PATCH, OPTIONS'", "'PATCH,PUT,DELETE,OPTIONS,POST,GET'")
        .edit("'Content-Type, Authorization, StorelId'", "'*, authorization'")
        .edit(
            "try_files $uri $uri/ /index.html;",
            "try_files $uri $uri/ /index.html; if ($request_method = 'OPTIONS') { return 200; }",
        )
        .deploy()
        .await;
    let (code, said) = site.run(PROFILE, &["--tags", "@D4 or @D5 or @D14"]);
    assert_eq!(code, Some(0), "{said}");
    let fewer = PROFILE.replace("StorelId", "StorelId, X-Other").replace("GET, POST", "GET, PURGE");
    let named = fewer.replace("allow-origin = \"*\"", "allow-origin = \"https://a.example\"");
    let (code, said) = site.run(&named, &["--tags", "@D4"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("Access-Control-Allow-Methods lacks PURGE"), "{said}");
    assert!(said.contains("the response allows *"), "{said}");
    site.end().await;
}
