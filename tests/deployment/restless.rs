//! Pages that never settle, and browsers that break down while they look at one.

use crate::browser::{has_browser, look};
use crate::page_site::{Answer, PageSite, STREAM, page, script};

/// An answer whose body comes again and again.
fn stream(headers: &'static str, body: &str) -> Answer {
    Answer(STREAM, headers, body.to_owned())
}

#[test]
fn a_page_that_asks_for_ever_or_holds_streams_open_is_at_rest() {
    if !has_browser() {
        return;
    }
    let asks = "setInterval(() => fetch('/api/items'), 100); new EventSource('/events'); fetch('/stream');
                new WebSocket(location.origin.replace('http', 'ws') + '/ws', 'v12.stomp');";
    let site = PageSite::with(&[
        ("/app-2.js", script(asks)),
        ("/events", stream("Content-Type: text/event-stream", "data: 1\n\n")),
        ("/stream", stream("Content-Type: text/plain", "more\n")),
    ]);
    let (code, said) = look(&site, "", &[]);
    assert!(code == Some(0) && said.contains("8 kept"), "{said}");
    // A camera: each picture takes the place of the one before.
    let part = "--b\r\nContent-Type: image/svg+xml\r\n\r\n<svg xmlns='http://www.w3.org/2000/svg'/>\r\n";
    let site = PageSite::with(&[
        ("/", page("<h1>Shop</h1><img src=\"/camera\">")),
        ("/camera", stream("Content-Type: multipart/x-mixed-replace; boundary=b", part)),
    ]);
    let (code, said) = look(&site, "longest-page = 10\n", &[]);
    assert!(code == Some(0) && said.contains("8 kept"), "{said}");
}

#[test]
fn an_answer_that_goes_on_and_on_is_told_as_such_and_all_else_is_asked() {
    if !has_browser() {
        return;
    }
    // A picture of 100 by 32512 points, of which some come at a time; as far as it goes they are those that begin it.
    let header = "BM\0\0\0\0\0\0\0\0\u{36}\0\0\0\u{28}\0\0\0\u{64}\0\0\0\0\u{7f}\0\0\u{1}\0\u{18}\0";
    let long = stream("Content-Type: image/bmp", &format!("{header}{}{}", "\0".repeat(24), "x".repeat(300)));
    let picture = PageSite::with(&[("/", page("<h1>Shop</h1><img src=\"/long\">")), ("/long", long)]);
    let document = PageSite::with(&[("/", stream("Content-Type: text/html", "<p>more</p>\n"))]);
    for (site, path) in [(picture, "/long"), (document, "/")] {
        let (code, said) = look(&site, "longest-page = 5\n", &[]);
        assert!(code == Some(0) && said.contains("7 kept"), "{said}");
        let is_told =
            |line: &str| line.contains("after 5 s") && line.contains(&format!("{path} still goes on"));
        assert!(said.lines().any(is_told), "{said}");
    }
}

#[test]
fn a_script_that_never_ends_is_told_as_such_and_all_else_is_asked() {
    if !has_browser() {
        return;
    }
    let site = PageSite::with(&[("/app-2.js", script("while (true);"))]);
    let (code, said) = look(&site, "longest-page = 5\n", &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("✗ The page comes to rest in a browser") && said.contains(" 1 broken"), "{said}");
    assert!(said.contains("a script of the page never ends"), "{said}");
}

/// Whoever ends it, and whether all of it or the process that has the page.
#[cfg(target_os = "linux")] // which says what processes there are
#[test]
fn a_browser_that_breaks_down_is_no_fault_of_the_site() {
    if !has_browser() {
        return;
    }
    for (of_page, told) in [
        (false, "Chromium has ended unexpectedly: it was ended by signal 9"),
        (true, "Chromium's process for the page has crashed: often for want of memory"),
    ] {
        let site = PageSite::with(&[("/app-2.js", Answer(0, "", String::new()))]);
        let temporary = site.directory.path().to_owned();
        let running = std::thread::scope(|scope| {
            let kills = scope.spawn(|| {
                let is_asked = || site.asked().iter().any(|line| line.contains("/app-2.js"));
                crate::browser::wait_until("the page is asked for", is_asked);
                kill(&temporary, of_page);
            });
            let profile = site.profile("longest-page = 60\n");
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hopcheck"));
            command.args(["run", "--browser", "--target", &site.url, "--profile", &profile]);
            let output = command.args(["--tags", "@browser"]).env("TMPDIR", &temporary).output().unwrap();
            kills.join().unwrap();
            output
        });
        let (code, said) = crate::site::said(&running);
        assert_eq!(code, Some(2), "{said}");
        let last = said.lines().rfind(|line| line.contains("not finished:")).unwrap_or_default();
        assert!(last.contains(told) && last.contains("scenarios were not run"), "{told}: {said}");
        assert!(!said.contains('✗'), "{said}");
    }
}

/// Kills the Chromium whose files are below `directory`, or only the processes of its pages.
#[cfg(target_os = "linux")]
fn kill(directory: &std::path::Path, of_page: bool) {
    let processes = || {
        let all = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        all.filter_map(|process| {
            let command = std::fs::read(process.path().join("cmdline")).ok()?;
            let stat = std::fs::read_to_string(process.path().join("stat")).ok()?;
            // `1234 (chromium) S 1 1200 …`: the number of its group is the third behind the name.
            let group = stat.rsplit_once(") ")?.1.split(' ').nth(2)?.to_owned();
            let number = process.file_name().into_string().ok()?;
            Some((number, group, String::from_utf8_lossy(&command).into_owned()))
        })
    };
    let below = format!("{}/", directory.display());
    let is_main = |(number, group, command): &(String, String, String)| {
        number == group && command.contains(&below) && command.contains("--user-data-dir")
    };
    let (main, ..) = processes().find(is_main).unwrap();
    let is_of_page = |(_, group, command): &(String, String, String)| {
        *group == main && command.contains("--type=renderer")
    };
    let killed: Vec<String> = match of_page {
        true => processes().filter(is_of_page).map(|(number, ..)| number).collect(),
        false => vec![main.clone()],
    };
    assert!(!killed.is_empty());
    std::process::Command::new("kill").arg("-9").args(killed).status().unwrap();
}
