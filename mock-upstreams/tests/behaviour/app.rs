use mock_upstreams::AppServer;
use mock_upstreams::app::Origins;
use serde_json::json;

use crate::support::{Outcome, blue, exchange, get};

#[tokio::test]
async fn echoes_the_request() -> Outcome {
    let blue = blue().await;
    let reply = exchange(
        &blue,
        "PATCH /apifoo?a=%2F HTTP/1.1\r\nhoST: x\r\nX-Y: 1\r\nX-y: 2\r\nContent-Length: 2\r\n\r\nhi",
    )
    .await?;
    let expected = json!({
        "instance": "blue",
        "sequence": 1,
        "connection": [1, 1],
        "method": "PATCH",
        "target": "/apifoo?a=%2F",
        "version": "HTTP/1.1",
        "headers": [["hoST", "x"], ["X-Y", "1"], ["X-y", "2"], ["Content-Length", "2"]],
        "body": { "length": 2, "sha256": mock_upstreams::hex_digest(b"hi"), "text": "hi" },
    });
    assert_eq!(reply.json(), expected);
    assert_eq!(reply.header("x-instance"), ["blue"]);
    Ok(())
}

#[tokio::test]
async fn says_404_to_what_is_none_of_its_business() -> Outcome {
    let blue = blue().await;
    for (target, status) in
        [("/api", 200), ("/api/x", 200), ("/stomp/x", 200), ("/API", 404), ("/", 404), ("/stomp", 404)]
    {
        assert_eq!(get(&blue, target).await?.status, status, "{target}");
    }
    Ok(())
}

#[tokio::test]
async fn keeps_items() -> Outcome {
    let blue = blue().await;
    for (method, target, body, status, answer) in [
        ("POST", "/api/items", r#"{"name":"tea"}"#, 201, r#"{"createdOn":"blue","id":1,"name":"tea"}"#),
        ("GET", "/api/items", "", 200, r#"[{"createdOn":"blue","id":1,"name":"tea"}]"#),
        (
            "PATCH",
            "/api/items/1",
            r#"{"sold":2}"#,
            200,
            r#"{"createdOn":"blue","id":1,"name":"tea","sold":2}"#,
        ),
        ("PUT", "/api/items/1", r#"{"name":"oil"}"#, 200, r#"{"id":1,"name":"oil"}"#),
        ("DELETE", "/api/items/1", "", 204, ""),
        ("GET", "/api/items/1", "", 404, r#"{"error":"no such item"}"#),
        ("POST", "/api/items", "[]", 400, ""),
        ("TRACE", "/api/items", "", 405, ""),
    ] {
        let request =
            format!("{method} {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let reply = exchange(&blue, &request).await?;
        assert_eq!(reply.status, status, "{method} {target}");
        assert!(reply.text().starts_with(answer), "{method} {target}: {}", reply.text());
    }
    Ok(())
}

#[tokio::test]
async fn judges_origins() -> Outcome {
    let any = "127.0.0.1:0".parse()?;
    let strict =
        AppServer::builder("strict").origins(Origins::only(["https://a.example"])).start(any).await?;
    let lax = blue().await;
    for (server, origin, allowed) in [
        (&lax, "https://a.example", true),
        (&lax, Origins::EVIL, false),
        (&lax, "null", false),
        (&strict, "https://a.example", true),
        (&strict, "https://b.example", false),
    ] {
        let reply =
            exchange(server, &format!("GET /api HTTP/1.1\r\nHost: x\r\nOrigin: {origin}\r\n\r\n")).await?;
        let expected: Vec<&str> = allowed.then_some(origin).into_iter().collect();
        assert_eq!(reply.header("access-control-allow-origin"), expected);
        assert_eq!(reply.header("vary").len(), expected.len());
    }
    Ok(())
}

#[tokio::test]
async fn answers_a_preflight_in_a_way_of_its_own() -> Outcome {
    let blue = blue().await;
    let reply =
        exchange(&blue, "OPTIONS /api/items HTTP/1.1\r\nHost: x\r\nOrigin: http://a.example\r\n\r\n").await?;
    assert_eq!((reply.status, reply.header("x-answered-by")), (200, vec!["app"]));
    assert_eq!(reply.header("access-control-allow-origin"), ["http://a.example"]);
    Ok(())
}

#[tokio::test]
async fn answers_with_any_status() -> Outcome {
    let blue = blue().await;
    for (code, status, body) in [
        (200, 200, 14),
        (204, 204, 0),
        (304, 304, 0),
        (404, 404, 14),
        (503, 503, 14),
        (999, 999, 14),
        (101, 400, 34),
    ] {
        let reply = get(&blue, &format!("/api/status/{code}")).await?;
        assert_eq!((reply.status, reply.body.len()), (status, body), "{code}: {}", reply.text());
    }
    Ok(())
}

#[tokio::test]
async fn makes_bytes_with_their_digest() -> Outcome {
    let blue = blue().await;
    let reply = get(&blue, "/api/bytes/100000").await?;
    assert_eq!(reply.body.len(), 100_000);
    assert_eq!(reply.header("x-digest"), [mock_upstreams::hex_digest(&reply.body)]);
    let chunked = get(&blue, "/api/bytes/100000?chunked=1").await?;
    assert_eq!(chunked.header("transfer-encoding"), ["chunked"]);
    assert_eq!(chunked.header("x-digest"), reply.header("x-digest"));
    Ok(())
}

#[tokio::test]
async fn has_headers_that_must_cross_and_headers_that_must_not() -> Outcome {
    let blue = blue().await;
    let reply = get(&blue, "/api/headers").await?;
    assert_eq!(reply.header("x-repeated"), ["one", "two, three", "one"]);
    for (name, value) in [("connection", "X-Internal"), ("x-internal", "secret"), ("keep-alive", "timeout=7")]
    {
        assert_eq!(reply.header(name), [value]);
    }
    assert_eq!(get(&blue, "/api/cookies").await?.header("set-cookie").len(), 3);
    assert_eq!(get(&blue, "/api/redirect?to=%2Fx%3Fy").await?.header("location"), ["/x?y"]);
    Ok(())
}

#[tokio::test]
async fn answers_a_client_of_http_1_0() -> Outcome {
    let blue = blue().await;
    let mut client = crate::support::Client::connect(&blue).await?;
    client
        .send("GET /api/bytes/3?chunked=1 HTTP/1.0\r\nHost: dambae200\r\nConnection: close\r\n\r\n")
        .await?;
    let response = client.rest().await?;
    assert!(response.starts_with("HTTP/1.0 200 OK\r\n") && !response.contains("chunked"), "{response}");
    Ok(())
}

#[tokio::test]
async fn serves_a_front_end_to_whoever_reads() -> Outcome {
    let blue = blue().await;
    let build = concat!(env!("CARGO_MANIFEST_DIR"), "/../nginx/www");
    blue.serve_front_end(build.into());
    let page = std::fs::read(format!("{build}/index.html"))?;
    for path in ["/", "/of/the/app", "/assets/gone.js", "/../nginx.conf", "/api/items"] {
        let reply = get(&blue, path).await?;
        assert_eq!((reply.status, reply.header("cache-control")), (200, vec!["no-cache"]), "{path}");
        assert!(reply.body == page, "{path}");
    }
    let script = get(&blue, "/assets/app-5814969b.js").await?;
    assert_eq!(script.header("content-type"), ["text/javascript"]);
    assert!(script.body == std::fs::read(format!("{build}/assets/app-5814969b.js"))?);
    let post = "POST /api/items HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
    assert_eq!(exchange(&blue, post).await?.status, 201);
    Ok(())
}
