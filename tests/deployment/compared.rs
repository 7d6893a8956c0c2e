//! Two deployments side by side, by `hopcheck diff`: the second by the name of the first, at an address of its own.

use hopcheck_targets::target::InstalledNginx;

use crate::site::{Engine, PROFILE, Plan, Site, hopcheck, said};

/// Compares two, with `options`.
fn compare(old: &Site, new: &Site, options: &[&str]) -> (Option<i32>, String) {
    let profile = old.profile(PROFILE);
    // Each has an authority of its own.
    let authorities =
        [old, new].map(|site| std::fs::read_to_string(site.directory.path().join("ca.pem")).unwrap());
    std::fs::write(old.directory.path().join("both.pem"), authorities.concat()).unwrap();
    let text = std::fs::read_to_string(&profile).unwrap().replace("ca.pem", "both.pem");
    std::fs::write(&profile, text).unwrap();
    let other = format!("https://127.0.0.1:{}", new.port);
    let named = ["diff", "--target", &old.url, "--target", &other, "--profile", &profile];
    said(&hopcheck(&[&named, options].concat()))
}

fn engines() -> Vec<Engine> {
    let installed = InstalledNginx::locate().map(|_| Engine::Installed);
    if installed.is_none() {
        eprintln!("no nginx is installed here, so only half of this was tested");
    }
    [Engine::Reference].into_iter().chain(installed).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_box_is_asked_by_the_name_of_the_old_one_and_only_safe_requests() {
    for engine in engines() {
        let old = Plan::of(engine).deploy().await;
        let new = Plan::of(engine)
            .edit("proxy_set_header Upgrade $http_upgrade;", "")
            .edit("try_files $uri $uri/ /index.html;", "try_files $uri $uri/ =404;")
            .deploy()
            .await;
        let (code, text) = compare(&old, &new, &["--conf", "../../nginx/nginx.conf"]);
        assert_eq!(code, Some(1), "{engine:?}: {text}");
        assert!(text.contains("GET /stores/7: status 404, was 200"), "{engine:?}: {text}");
        let handshake = "GET /stomp/ws with Connection: Upgrade, Upgrade: websocket: status 400, was 101";
        assert!(text.contains(handshake), "{engine:?}: {text}");
        assert!(text.contains("at most 200 times a second each"), "{engine:?}: {text}");
        for site in [&old, &new] {
            let arrived = site.arrived();
            assert!(arrived.len() > 10, "{arrived:?}");
            for exchange in &arrived {
                assert!(matches!(&*exchange.method, "GET" | "HEAD" | "OPTIONS"), "{exchange}");
                assert_eq!(exchange.body.length, 0, "{exchange}");
                let header = |name| exchange.headers.get(name).unwrap_or_default().to_owned();
                assert!(header("user-agent").starts_with("hopcheck/"), "{exchange}");
                let is_named = ["shop.example.com", "dambae200"].contains(&header("host").as_str());
                assert!(is_named, "{exchange}");
            }
        }
        old.end().await;
        new.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_of_two_that_do_the_same() {
    for engine in engines() {
        let (old, new) = (Plan::of(engine).deploy().await, Plan::of(engine).deploy().await);
        let (code, text) = compare(&old, &new, &["--ignore", "header:ETag,header:Last-Modified"]);
        assert_eq!(code, Some(0), "{engine:?}: {text}");
        old.end().await;
        new.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_site_is_compared_with_another_one_alone() {
    for (arguments, error) in [
        (&["--target", "https://shop.example.com"][..], "can only be compared with another one"),
        (
            &["--target", "reference", "--target", "https://a.example"],
            "can only be compared with another one",
        ),
        (
            &["a.conf", "--target", "https://a.example", "--target", "https://b.example"],
            "compared without files",
        ),
        (&["a.conf", "b.conf", "--conf", "c.conf"], "--conf is for live sites"),
        (&[], "nothing to compare"),
    ] {
        let (code, text) = said(&hopcheck(&[&["diff"], arguments].concat()));
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains(error), "{arguments:?}: {text}");
    }
}
