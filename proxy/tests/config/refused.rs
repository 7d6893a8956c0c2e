//! Every case, by the reader alone and by nginx.

use crate::cases::{Nginx, all, without_prefix};
use crate::nginx;

#[test]
fn each_case_is_refused_or_accepted_as_written() {
    for case in all() {
        let prefix = case.write();
        let (error, warnings) = match case.load(prefix.path(), case.root) {
            Ok(config) => (None, config.warnings.join("\n")),
            Err(error) => (Some(without_prefix(&error.to_string(), prefix.path())), String::new()),
        };
        // Lines are compared without the space at their ends, which editors take away.
        let trimmed = |text: &String| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        assert_eq!(error.as_ref().map(trimmed), case.refused.as_ref().map(trimmed), "{}", case.title);
        assert_eq!(without_prefix(&warnings, prefix.path()), case.warned, "{}", case.title);
    }
}

#[test]
fn nginx_agrees_but_where_the_case_says_otherwise() {
    let Some(program) = nginx::find("configurations") else { return };
    for case in all() {
        let prefix = case.write();
        // The pid file of a system's nginx is none of ours.
        let pid = (!case.mentions("pid ")).then(|| "pid nginx.pid;".to_owned());
        let program = match &case.version {
            Some(version) => match nginx::of_version(version) {
                Some(program) => program,
                None => continue,
            },
            None => program.clone(),
        };
        let said = nginx::test(&program, prefix.path(), case.global.clone().or(pid).as_deref());
        let said = said.map_err(|error| without_prefix(&error, prefix.path()));
        let ours = case.load(prefix.path(), rustix::process::geteuid().is_root());
        let headline = ours.as_ref().err().map(|error| without_prefix(&error.headline(), prefix.path()));
        // What OpenSSL says is its own affair.
        let of_nginx =
            |text: String| text.split_once(" (SSL: ").map_or(text.clone(), |(ours, _)| ours.to_owned());
        let (said, headline) = (said.map_err(of_nginx), headline.map(of_nginx));
        match (&case.nginx, said, headline) {
            // Where nginx names no place, ours may.
            (Nginx::Agrees, Err(said), Some(ours)) => {
                let ours = if ours.starts_with(&format!("{said} in ")) { said.clone() } else { ours };
                assert_eq!(ours, said, "{}", case.title);
            }
            (Nginx::Agrees, Ok(warnings), None) => {
                let ours = ours.map(|config| config.warnings).unwrap_or_default().join("\n");
                assert_eq!(ours, warnings, "{}", case.title);
            }
            (Nginx::Accepts, Ok(_), Some(_)) => {}
            (Nginx::Says(expected), Ok(warnings), None) => {
                assert_eq!(without_prefix(&warnings, prefix.path()), *expected, "{}", case.title);
            }
            (Nginx::Says(expected), Err(said), _) => assert_eq!(said, *expected, "{}", case.title),
            (_, said, ours) => panic!("{}: nginx {said:?}, ours {ours:?}", case.title),
        }
    }
}
