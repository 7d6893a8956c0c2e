//! What goes wrong when people edit a configuration.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A change to the text, at one of its lines or words.
#[derive(Debug, Clone)]
pub(crate) struct Mistake {
    at: Index,
    change: Change,
}

#[derive(Debug, Clone)]
enum Change {
    /// The line is not there.
    WithoutLine,
    /// The line is there twice.
    LineTwice,
    /// The line stands somewhere else.
    LineMoved(Index),
    /// A line is put in.
    Line(&'static str),
    /// A word is left out.
    WithoutWord,
    /// A word is there twice.
    WordTwice,
    /// Something else stands in place of a word.
    Word(&'static str),
    /// A character is left out.
    WithoutCharacter,
    /// A character is put in.
    Character(char),
}

const LINES: &[&str] = &[
    "server { listen @LISTEN@; }",
    "location / { }",
    "location /x { location /y { } }",
    "location = /x { location /x { } }",
    "upstream app { server 127.0.0.1:1; }",
    "upstream empty { }",
    "upstream u { server 127.0.0.1:1 weight=0; }",
    "upstream u { server 127.0.0.1:1 backup; }",
    "upstream u { server 127.0.0.1; server 127.0.0.1:99999; }",
    "events { }",
    "http { }",
    "worker_processes 2;",
    "listen 127.0.0.1:1x;",
    "listen 127.0.0.1:0;",
    "server_name;",
    "server_name ~(;",
    "root a b;",
    "root;",
    "alias /x;",
    "index a; index b;",
    "etag maybe;",
    "if $uri { }",
    "if ($uri = ) { }",
    "if ($uri ~ \"(\") { }",
    "if () { }",
    "if (x) { return 200; }",
    "if ($uri = a b) { }",
    "if ($uri == a) { }",
    "return;",
    "return x;",
    "return 1000;",
    "return 200 a b;",
    "return 301 $nope;",
    "add_header X;",
    "add_header X y never;",
    "add_header X y always z;",
    "proxy_set_header X;",
    "proxy_pass app;",
    "proxy_pass http://;",
    "proxy_pass http://app:1;",
    "proxy_pass ftp://app;",
    "proxy_pass http://127.0.0.1:99999;",
    "proxy_http_version 2;",
    "proxy_next_upstream sometimes;",
    "proxy_read_timeout x;",
    "proxy_read_timeout 1y2;",
    "proxy_buffer_size 4z;",
    "try_files $uri;",
    "try_files;",
    "try_files $uri =abc;",
    "try_files $uri =1000;",
    "set v 1;",
    "set $ 1;",
    "set $uri x;",
    "set $v;",
    "map $uri { }",
    "map $uri $m { a; }",
    "map $uri $m { default 1; default 2; }",
    "map uri $m { a b; }",
    "types { text/x; }",
    "default_type;",
    "client_max_body_size -1;",
    "client_max_body_size 1t;",
    "keepalive_timeout 1 2 3;",
    "log_format x;",
    "log_format main '$nope'; access_log /dev/null main;",
    "access_log /dev/null nope;",
    "error_log;",
    "error_log /dev/null loud;",
    "include /nowhere/at/all;",
    "include;",
    "nonsense on;",
    "Root /x;",
    "keepalive 0;",
    "weight=2;",
    "server 127.0.0.1:1;",
    "location { }",
    "location ~ { }",
    "location ~ ( { }",
    "location @a { location /b { } }",
    "location @a { alias /x; }",
    "location ~ x { proxy_pass http://app/; }",
    "location !~ x { }",
    "location ~x { }",
    "location =/x { }",
    "location / /x { }",
    "location a { }",
    "if ($v) { proxy_pass http://app/x; }",
    "if ($uri ~ (a)) { }",
    "root $document_root;",
    "alias $realpath_root;",
    "large_client_header_buffers 4;",
    "}",
    "{",
    ";",
    "\"",
    "#",
    "\\",
];

const WORDS: &[&str] = &[
    "",
    "\"\"",
    "''",
    "-1",
    "0",
    "1",
    "99999999999999999999",
    "on",
    "off",
    "ON",
    "x",
    "é",
    "$nope",
    "$",
    "${",
    "${uri",
    "${uri}x",
    "$uri",
    "$1",
    "\"a",
    "'a",
    "\"a\"b",
    "a\"b\"",
    "'a';",
    "{",
    "}",
    ";",
    ";;",
    "a;b",
    "a{b",
    "a}b",
    "#",
    "a#b",
    "\\",
    "\\;",
    "\\\"",
    "http://",
    "http://app/x",
    "https:",
    "/",
    "~",
    "~*",
    "=",
    "^~",
    "@there",
    "@",
    "1s",
    "1k",
    "(",
    ")",
    "($uri",
    "\t",
    "\r",
    "\n",
    "text/html",
    "return",
    "location",
    "server",
    "if",
];

/// Any of them.
pub(crate) fn mistake() -> impl Strategy<Value = Mistake> {
    let change = prop_oneof![
        2 => Just(Change::WithoutLine),
        2 => Just(Change::LineTwice),
        2 => any::<Index>().prop_map(Change::LineMoved),
        8 => select(LINES).prop_map(Change::Line),
        2 => Just(Change::WithoutWord),
        2 => Just(Change::WordTwice),
        4 => select(WORDS).prop_map(Change::Word),
        3 => Just(Change::WithoutCharacter),
        2 => select(&[' ', ';', '{', '}', '"', '\'', '\\', '$', '#', '/', 'x', '=', '\n'][..]).prop_map(Change::Character),
    ];
    (any::<Index>(), change).prop_map(|(at, change)| Mistake { at, change })
}

impl Mistake {
    /// Makes it.
    pub(crate) fn make(&self, text: &mut String) {
        match &self.change {
            Change::WithoutWord => self.in_words(text, |_| String::new()),
            Change::WordTwice => self.in_words(text, |word| format!("{word} {word}")),
            Change::Word(other) => self.in_words(text, |word| {
                let end = word.trim_end_matches([';', '{']).len();
                format!("{other}{}", &word[end..])
            }),
            Change::WithoutCharacter => self.in_characters(text, |_| None),
            Change::Character(new) => self.in_characters(text, |_| Some(*new)),
            _ => self.in_lines(text),
        }
    }

    fn in_lines(&self, text: &mut String) {
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        if lines.is_empty() {
            return;
        }
        let at = self.at.index(lines.len());
        match &self.change {
            Change::LineTwice => lines.insert(at, lines[at].clone()),
            Change::LineMoved(to) => {
                let line = lines.remove(at);
                lines.insert(to.index(lines.len() + 1), line);
            }
            Change::Line(new) => lines.insert(at, format!("{new}\n")),
            _ => drop(lines.remove(at)),
        }
        *text = lines.concat();
    }

    fn in_words(&self, text: &mut String, change: impl Fn(&str) -> String) {
        let count = text.split_ascii_whitespace().count();
        if count == 0 {
            return;
        }
        let wanted = text.split_ascii_whitespace().nth(self.at.index(count)).unwrap_or_default();
        if is_filled_in(wanted) {
            return;
        }
        // A word borrows from the text, so where it stands is known.
        let start = wanted.as_ptr() as usize - text.as_ptr() as usize;
        let changed = change(wanted);
        text.replace_range(start..start + wanted.len(), &changed);
    }

    fn in_characters(&self, text: &mut String, change: impl Fn(char) -> Option<char>) {
        let places: Vec<(usize, char)> =
            text.char_indices().filter(|(_, character)| *character != ' ').collect();
        if places.is_empty() {
            return;
        }
        let (start, old) = places[self.at.index(places.len())];
        let space = |character: char| character.is_ascii_whitespace();
        let from = text[..start].rfind(space).unwrap_or(0);
        let to = text[start..].find(space).map_or(text.len(), |end| start + end);
        if is_filled_in(&text[from..to]) {
            return;
        }
        let new = change(old).map(String::from).unwrap_or_default();
        text.replace_range(start..start + old.len_utf8(), &new);
    }
}

/// Whether addresses or paths are put in here, which no mistake may spoil: another name would be looked up.
fn is_filled_in(word: &str) -> bool {
    word.matches('@').count() > 1
}
