//! Generated configurations and requests: the location that is told is the one that answers, by a header of its own, and
//! everything else is as client and app servers see it.

use hopcheck_explain::{Explanation, Lost, Question};
use hopcheck_targets::conf::Source;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use reference_proxy::trace::{Omission, Step};

use crate::explain;
use crate::seen::contradictions;

/// So many pairs are tried.
const CASES: usize = 120;

const LOCATIONS: [&str; 14] = [
    "/",
    "/a",
    "/a/",
    "= /a",
    "= /a/b",
    "^~ /a/b",
    "/a/b/",
    "~ b$",
    "~* \\.PHP$",
    "~ ^/(a|c)/(.*)$",
    "/c/",
    "/d",
    "~ ^/d/.+",
    "/e/",
];

/// What stands in a location, in this order.
const DIRECTIVES: [&str; 26] = [
    "internal;",
    "set $word $arg_q;",
    "if ($arg_q) { return 302 /moved?$args; }",
    "if ($request_method = POST) { add_header X-If 1; }",
    "if ($word) { set $other \"<$word>\"; }",
    "rewrite ^/a/x(.*)$ /c/$1 last;",
    "rewrite ^/c/(.*)$ /d/$1?more=1 break;",
    "rewrite ^/d/go(.*)$ /gone$1 permanent;",
    "return 204;",
    "return 404;",
    "return 200 \"$uri $word $mapped\";",
    "deny 127.0.0.1;",
    "allow 127.0.0.1; deny all;",
    "auth_basic \"in\"; auth_basic_user_file users;",
    "add_header X-Seen $uri;",
    "add_header X-Empty \"\";",
    "expires 1h;",
    "error_page 404 403 /e/page;",
    "error_page 404 =200 @named;",
    "proxy_set_header X-Word $word;",
    "proxy_set_header Host $host;",
    "proxy_hide_header X-Instance;",
    "try_files $uri /c/fallback;",
    "root /srv/files;",
    "proxy_pass http://app;",
    "proxy_pass http://app/base/;",
];

const PATHS: [&str; 20] = [
    "/", "/a", "/a/", "/a/b", "/a/b/", "/a/b/c", "/a/x1", "/ab", "/c/x.php", "/c/d", "/d", "/d/", "/d/e",
    "/d/go/1", "/e/page", "/none", "/a//b", "/a/%62", "/c/../a", "/e/x?q=1",
];

/// A location: its words, and what stands in it.
fn location() -> impl Strategy<Value = (&'static str, Vec<&'static str>)> {
    let directives = subsequence(DIRECTIVES.to_vec(), 0..5).prop_map(|mut directives| {
        // These may be there once.
        let mut seen: Vec<&str> = Vec::new();
        directives.retain(|directive| {
            let name = directive.split(' ').next().unwrap_or_default();
            let is_first = !seen.contains(&name) || !["proxy_pass", "return"].contains(&name);
            seen.push(name);
            is_first
        });
        directives
    });
    (select(&LOCATIONS[..]), directives).prop_map(|(words, mut directives)| {
        // nginx refuses that.
        directives.retain(|directive| !(words.contains('~') && directive.ends_with("/base/;")));
        (words, directives)
    })
}

/// A configuration. Each location has a header of its own in every answer, with its line.
fn conf() -> impl Strategy<Value = String> {
    let server = vec(location(), 1..6);
    (vec(server, 1..3), any::<[bool; 3]>()).prop_map(|(servers, [outer, own_set, status])| {
        let mut lines = vec![
            "events { }".to_owned(),
            "http {".to_owned(),
            "upstream app { server app1:8080; server app2:8080; }".to_owned(),
            "map $arg_q $mapped { default none; ~^(.)x $1; 1 one; }".to_owned(),
        ];
        if outer {
            lines.push("add_header X-Outer 1 always; proxy_set_header X-Outer 1;".to_owned());
        }
        for (nth, locations) in servers.iter().enumerate() {
            let line = lines.len() + 1;
            lines.push(format!(
                "server {{ listen 80; server_name s{nth}.test *.s{nth}.test; set $word s{nth}; root /srv/www; \
                 add_header X-At {line} always;"
            ));
            if own_set {
                lines.push("rewrite ^/old/(.*)$ /a/$1;".to_owned());
            }
            let mut known = Vec::new();
            for (words, directives) in locations {
                if known.contains(words) {
                    continue;
                }
                known.push(*words);
                let line = lines.len() + 1;
                let inside = directives.join(" ");
                lines.push(format!("location {words} {{ add_header X-At {line} always; {inside} }}"));
            }
            let line = lines.len() + 1;
            lines.push(format!("location @named {{ add_header X-At {line} always; return 200 named; }}"));
            if status {
                lines.push("error_page 502 504 /e/page;".to_owned());
            }
            lines.push("}".to_owned());
        }
        lines.push("}".to_owned());
        lines.join("\n")
    })
}

fn question() -> impl Strategy<Value = Question> {
    let method = prop_oneof![4 => Just("GET"), 1 => select(&["POST", "HEAD", "OPTIONS"][..])];
    let host = select(&["s0.test", "s1.test", "x.s1.test", "other.test"][..]);
    (method, host, select(&PATHS[..]), select(&["", "q=1", "q=bx&r", "q="][..])).prop_map(
        |(method, host, path, query)| {
            let mark = if query.is_empty() || path.contains('?') { "" } else { "?" };
            let query = if path.contains('?') { "" } else { query };
            let question = Question::new(method, &format!("http://{host}{path}{mark}{query}")).unwrap();
            question.header("X-Mine: 1").unwrap()
        },
    )
}

/// The line of the location that was entered last, as it is told.
fn told_line(told: &Explanation) -> Option<usize> {
    let (mut server, mut line) = (None, None);
    for step in told.steps.iter().filter(|step| step.within.is_none()) {
        match &step.step {
            Step::Server { directive, .. } => {
                server = directive.as_ref().map(|directive| directive.line);
                line = server;
            }
            // Without one, the server itself answers.
            Step::Location { directive, .. } => {
                line = directive.as_ref().map(|directive| directive.line).or(server);
            }
            _ => {}
        }
    }
    line
}

/// Pairs of a configuration and a question, the same for the same seed.
pub(crate) struct Pairs(TestRunner);

impl Pairs {
    pub(crate) fn new(seed: u8) -> Pairs {
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
        Pairs(TestRunner::new_with_rng(Config::default(), rng))
    }

    pub(crate) fn next(&mut self) -> (String, Question) {
        (conf(), question()).new_tree(&mut self.0).unwrap().current()
    }
}

/// A pair, with what is wrong with it.
pub(crate) fn in_full(text: &str, question: &Question, wrong: &[String]) -> String {
    let url = &question.url;
    format!("{} http://{}{}\n{}\n{text}", question.method, url.authority(), url.target, wrong.join("\n"))
}

/// Whether the header of the location is told to be of its line, and the one that it takes away to be lost there.
fn wrong_origins(told: &Explanation, text: &str, line: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    let own = told.headers.iter().find(|field| field.name == "X-At");
    if own.and_then(|field| field.directive.as_ref()).map(|directive| directive.line) != Some(line) {
        wrong.push(format!("X-At comes from line {line}, not from {own:?}"));
    }
    let outer = text.lines().position(|line| line.contains("X-Outer")).map(|nth| nth + 1);
    let lost = told.lost.iter().find_map(|lost| match lost {
        Lost::Configured { directive, why: Omission::NotInherited, instead } => {
            let by = instead.as_ref().map(|instead| instead.line);
            (Some(directive.line) == outer).then_some(by)
        }
        _ => None,
    });
    if outer.is_some() && lost != Some(Some(line)) {
        wrong.push(format!("X-Outer is lost at line {line}, not at {lost:?}"));
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn of_generated_configurations_is_told_what_is_seen() {
    let mut pairs = Pairs::new(7);
    let (mut wrong, mut located) = (Vec::new(), 0);
    for _ in 0..CASES {
        let (text, question) = pairs.next();
        let source = Source::built_in().with_text(text.clone());
        let told = explain(source, &question).await.unwrap_or_else(|error| panic!("{error} of\n{text}"));
        let mut found = contradictions(&told);
        let seen = told.received.iter().find(|field| field.name == "X-At").map(|field| &field.value);
        if let (Some(seen), Some(line)) = (seen, told_line(&told)) {
            located += 1;
            found.extend(wrong_origins(&told, &text, line));
            if *seen != line.to_string() {
                found.push(format!("the location of line {seen} has answered, not that of line {line}"));
            }
        }
        if !found.is_empty() {
            wrong.push(in_full(&text, &question, &found));
        }
    }
    assert!(located > CASES / 2, "only {located} of {CASES} were answered by a location");
    assert!(wrong.is_empty(), "{} of {CASES}:\n{}", wrong.len(), wrong.join("\n\n"));
}
