//! The words in braces that scenarios use for what each site calls its own: `{api.path}`, `{stomp.endpoint}`, …
//!
//! A scenario that needs a word which a deployment's profile does not give is not checked there, and reported so.

use std::collections::{BTreeMap, BTreeSet};

use super::{Api, Profile, STOMP_SUBPROTOCOLS, Size};

/// Every word, and what a profile does not say if it is missing.
pub const WORDS: [(&str, &str); 22] = [
    ("api.path", "does not name an API path (`[api] path`)"),
    ("api.status", "names no status (`[api] status`)"),
    ("api.largest-upload", "names no largest upload (`[api] largest-upload`)"),
    ("api.largest-head", "names no largest head of an answer (`[api] largest-head`)"),
    ("preflight.path", "names no path to ask a preflight for (`[preflight] path`)"),
    ("preflight.allow-origin", "names no `[preflight] allow-origin`"),
    ("preflight.allow-methods", "names no `[preflight] allow-methods`"),
    ("preflight.allow-headers", "names no `[preflight] allow-headers`"),
    ("preflight.max-age", "names no `[preflight] max-age`"),
    ("stomp.endpoint", "names no STOMP endpoint (`[stomp] endpoint`)"),
    ("stomp.subscribe", "names no STOMP destination to subscribe to (`[stomp] subscribe`)"),
    ("stomp.send", "names no STOMP destination to send to (`[stomp] send`)"),
    ("stomp.heart-beat", "names no heart-beats to ask for (`[stomp] heart-beat`)"),
    (
        "socket.websocket",
        "names no WebSocket (`[socket] endpoint`, or `[stomp] endpoint` where it speaks STOMP)",
    ),
    ("socket.offers", "names no subprotocol of the WebSocket (`[socket] protocol`)"),
    ("socket.protocol", "names no subprotocol of the WebSocket (`[socket] protocol`)"),
    (
        "socket.sockjs",
        "does not allow POST, which SockJS is asked by without WebSocket (`[socket] may-post = true`)",
    ),
    ("front-end.page", "names nothing that the front end's page contains (`[front-end] text`)"),
    ("front-end.deep-link", "names no deep link of the front end (`[front-end] deep-link`)"),
    ("front-end.text", "names no text of the front end's page (`[front-end] text`)"),
    ("front-end.asset", "names no built file of the front end (`[front-end] asset`)"),
    ("instances.header", "names no header that tells instances apart (`[instances] header`)"),
];

/// What a profile may say for a word, as a line of `hopcheck.toml`: an example to be corrected. Of what no other line says.
const EXAMPLES: [(&str, &str); 20] = [
    ("api.path", "path = \"/api/items\"  # a GET that is answered with 200"),
    ("api.status", "status = 200"),
    ("api.largest-upload", "largest-upload = \"10M\""),
    ("api.largest-head", "largest-head = \"12K\""),
    ("preflight.path", "path = \"/api/items\""),
    ("preflight.allow-origin", "allow-origin = \"https://app.example.com\"  # or \"*\""),
    ("preflight.allow-methods", "allow-methods = \"GET, POST, PUT, DELETE\"  # those that the page uses"),
    (
        "preflight.allow-headers",
        "allow-headers = \"Content-Type, Authorization\"  # those that the page sends",
    ),
    ("preflight.max-age", "max-age = 86400  # seconds"),
    ("stomp.endpoint", "endpoint = \"/stomp/ws\"  # a WebSocket; with SockJS also: transport = \"sockjs\""),
    ("stomp.subscribe", "subscribe = \"/topic/hopcheck\"  # harmless to subscribe to"),
    ("stomp.send", "send = \"/topic/hopcheck\"  # harmless to send to"),
    ("stomp.heart-beat", "heart-beat = \"10000,10000\"  # ms"),
    ("socket.websocket", "endpoint = \"/ws\"  # a WebSocket that does not speak STOMP"),
    ("socket.protocol", "protocol = \"graphql-transport-ws\"  # a subprotocol that it agrees to"),
    ("socket.sockjs", "may-post = true  # sessions of SockJS are opened, and sent nothing to"),
    ("front-end.deep-link", "deep-link = \"/orders/7\"  # a path that the app itself shows"),
    ("front-end.text", "text = \"<title>Shop</title>\"  # words of the page's HTML"),
    ("front-end.asset", "asset = \"/assets/app-1a2b3c4d.js\"  # a built file"),
    ("instances.header", "header = \"X-Instance\"  # which instance answered"),
];

/// The lines that a profile lacks for what could not be checked for one of these `reasons`, by section, as far as they are that
/// the profile does not say something: to be added and corrected. Empty where there are none.
pub fn lines_to_add<'a>(reasons: impl IntoIterator<Item = &'a str>) -> String {
    let reasons: BTreeSet<&str> = reasons.into_iter().collect();
    let is_lacking = |lacking: &str| reasons.contains(MissingWord::of(lacking).0.as_str());
    let lacking = WORDS.iter().filter(|(_, lacking)| is_lacking(lacking)).map(|(word, _)| *word);
    let mut sections: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for word in lacking {
        let (Some((section, _)), Some((_, line))) =
            (word.split_once('.'), EXAMPLES.iter().find(|(other, _)| *other == word))
        else {
            continue;
        };
        sections.entry(section).or_default().push(line);
    }
    let written = sections.iter().map(|(section, lines)| format!("[{section}]\n{}\n", lines.join("\n")));
    written.collect::<Vec<_>>().join("\n")
}

/// How the document has preflights answered.
const PREFLIGHT: [(&str, &str); 4] = [
    ("preflight.allow-origin", "*"),
    ("preflight.allow-methods", "GET, POST, DELETE, PATCH, OPTIONS"),
    ("preflight.allow-headers", "Content-Type, Authorization, StorelId"),
    ("preflight.max-age", "86400"),
];

/// Why a scenario cannot be checked on a site: what its profile does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingWord(pub String);

impl MissingWord {
    fn of(lacking: &str) -> MissingWord {
        MissingWord(format!("the profile {lacking}"))
    }
}

/// What the words stand for on one site.
#[derive(Debug, Clone, Default)]
pub struct Words(BTreeMap<&'static str, String>);

impl Words {
    /// Those of a configuration run here, before the mock app servers: the document's own, save for the values of
    /// preflights that the profile says are others.
    pub fn staged(profile: &Profile, page: Option<&str>) -> Words {
        let mut words = Words::default();
        words.preflight(profile, Some("/api/items"), true);
        words.set("api.path", Some("/api/items"));
        words.set("api.status", Some("200"));
        words.sizes(profile);
        words.set("stomp.endpoint", Some("/stomp/ws"));
        words.set("stomp.subscribe", Some("/topic/stock"));
        words.set("stomp.send", Some("/topic/stock"));
        words.set("stomp.heart-beat", Some("200,200"));
        words.set("socket.websocket", Some("/stomp/ws"));
        words.socket(Some(STOMP_SUBPROTOCOLS));
        words.set("socket.sockjs", Some("/stomp/ws"));
        words.set("front-end.page", Some("/"));
        words.set("front-end.deep-link", Some("/stores/1/items?q="));
        words.set("front-end.text", page.and_then(title_of));
        words.set("front-end.asset", page.and_then(asset_of));
        words.set("instances.header", Some("X-Instance"));
        words
    }

    /// Some value for each, to see what a scenario looks like.
    pub fn example() -> Words {
        let page = "<title>shop</title><script src=\"/assets/app-1a2b3c4d.js\">";
        let api = Api {
            largest_upload: Some(Size(10 << 20)),
            largest_head: Some(Size(12 << 10)),
            ..Api::default()
        };
        Words::staged(&Profile { api, ..Profile::default() }, Some(page))
    }

    /// Those of a deployment.
    pub fn live(profile: &Profile) -> Words {
        let mut words = Words::default();
        let api = profile.api.path.as_deref();
        words.preflight(profile, Some(api.unwrap_or("/api/")), profile.as_documented);
        words.set("api.path", api);
        words.set("api.status", api.map(|_| profile.api.status.unwrap_or(200).to_string()).as_deref());
        words.sizes(profile);
        words.set("stomp.endpoint", profile.stomp.endpoint.as_deref());
        words.set("stomp.subscribe", profile.stomp.subscribe.as_deref());
        words.set("stomp.send", profile.stomp.send.as_deref());
        words.set("stomp.heart-beat", profile.stomp.heart_beat.as_deref());
        let websocket = profile.websocket();
        words.set("socket.websocket", websocket.as_deref());
        words.socket(profile.subprotocol().filter(|_| websocket.is_some()));
        words.set("socket.sockjs", profile.sockjs().filter(|_| profile.socket.may_post));
        words.set("front-end.page", profile.front_page());
        words.set("front-end.deep-link", profile.front_end.deep_link.as_deref());
        words.set("front-end.text", profile.front_end.text.as_deref());
        words.set("front-end.asset", profile.front_end.asset.as_deref());
        words.set("instances.header", profile.instances.header.as_deref());
        words
    }

    /// What is offered as subprotocols, and what is agreed upon.
    fn socket(&mut self, subprotocols: Option<(&str, &str)>) {
        self.set("socket.offers", subprotocols.map(|(offers, _)| offers));
        self.set("socket.protocol", subprotocols.map(|(_, agreed)| agreed));
    }

    fn sizes(&mut self, profile: &Profile) {
        let bytes = |size: Option<Size>| size.map(|Size(bytes)| bytes.to_string());
        self.set("api.largest-upload", bytes(profile.api.largest_upload).as_deref());
        self.set("api.largest-head", bytes(profile.api.largest_head).as_deref());
    }

    /// What is promised of preflights: what the profile says or, of a site built as the document has it, the document.
    fn preflight(&mut self, profile: &Profile, path: Option<&str>, is_documented: bool) {
        let asked = &profile.preflight;
        self.set("preflight.path", asked.path.as_deref().or(path));
        let max_age = asked.max_age.map(|seconds| seconds.to_string());
        for ((word, documented), said) in PREFLIGHT.into_iter().zip([
            asked.allow_origin.as_deref(),
            asked.allow_methods.as_deref(),
            asked.allow_headers.as_deref(),
            max_age.as_deref(),
        ]) {
            self.set(word, said.or(is_documented.then_some(documented)));
        }
    }

    fn set(&mut self, word: &'static str, value: Option<&str>) {
        self.0.extend(value.map(|value| (word, value.to_owned())));
    }

    /// What a word stands for.
    pub fn get(&self, word: &str) -> Option<&str> {
        self.0.get(word).map(String::as_str)
    }

    /// `text` with every word in it replaced.
    ///
    /// # Errors
    /// When the profile does not give one of them.
    pub fn put_into(&self, text: &str) -> Result<String, MissingWord> {
        let mut out = text.to_owned();
        for (word, lacking) in WORDS {
            let braced = format!("{{{word}}}");
            if !out.contains(&braced) {
                continue;
            }
            let value = self.get(word).ok_or_else(|| MissingWord::of(lacking))?;
            out = out.replace(&braced, value);
        }
        Ok(out)
    }
}

/// The title of a page.
pub fn title_of(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("<title>")?;
    rest.split_once("</title>").map(|(title, _)| title.trim()).filter(|title| !title.is_empty())
}

/// A built file that a page links, whose name holds a hash.
pub fn asset_of(page: &str) -> Option<&str> {
    let attributes = || page.split(['"', '\'']).skip(1).step_by(2);
    let built =
        || attributes().filter(|value| value.starts_with('/') && !value.starts_with("//") && has_hash(value));
    built().find(|value| value.ends_with(".js")).or_else(|| built().next())
}

/// `index-4f3c2a10.js`, `main.4f3c2a10.css`: a part of at least eight letters and digits, some of each.
fn has_hash(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let mut parts = name.split(['-', '.', '_']).skip(1);
    parts.any(|part| {
        part.len() >= 8
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && part.bytes().any(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_replaced_and_others_left_alone() {
        let words = Words::staged(&Profile::default(), None);
        let text = words.put_into("GET {api.path} {blue} {a*3} {\"json\": 1}");
        assert_eq!(text.as_deref(), Ok("GET /api/items {blue} {a*3} {\"json\": 1}"));
    }

    #[test]
    fn every_word_has_an_example() {
        let words = Words::example();
        WORDS.iter().for_each(|(word, _)| assert!(words.get(word).is_some(), "{word}"));
    }

    #[test]
    fn what_a_profile_lacks_is_shown_as_lines_that_it_may_have() {
        let example = Words::live(&Profile::default());
        let reasons =
            WORDS.map(|(word, _)| example.put_into(&format!("{{{word}}}")).err().map(|missing| missing.0));
        let lines = lines_to_add(reasons.iter().flatten().map(String::as_str));
        // Sessions of SockJS are asked for where it is spoken.
        let lines = lines.replace("may-post", "transport = \"sockjs\"\nmay-post");
        let whole = Profile::parse(&lines, "p").unwrap_or_else(|error| panic!("{error}\n{lines}"));
        let words = Words::live(&whole);
        WORDS.iter().for_each(|(word, _)| assert!(words.get(word).is_some(), "{word}:\n{lines}"));
        let one = lines_to_add(["the profile names no `[preflight] max-age`", "another reason"]);
        assert_eq!(one, "[preflight]\nmax-age = 86400  # seconds\n");
        assert_eq!(lines_to_add(["another reason"]), "");
    }

    #[test]
    fn a_word_that_the_profile_does_not_give_is_told() {
        let missing = Words::live(&Profile::default()).put_into("{stomp.subscribe}").unwrap_err();
        assert_eq!(missing.0, "the profile names no STOMP destination to subscribe to (`[stomp] subscribe`)");
    }

    #[test]
    fn the_document_s_preflight_is_expected_where_a_site_is_built_so() {
        let words = |more: &str| {
            let text = format!("{more}\n[preflight]\nallow-origin = \"https://a\"\n");
            let words = Words::live(&Profile::parse(&text, "p").unwrap());
            ["preflight.allow-origin", "preflight.max-age"].map(|word| words.get(word).map(str::to_owned))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(words(""), [some("https://a"), None]);
        assert_eq!(words("as-documented = true"), [some("https://a"), some("86400")]);
    }

    #[test]
    fn title_and_asset_are_read_from_a_page() {
        let page =
            "<title> 담배 </title><link href=\"/favicon.ico\"><script src=\"/assets/index-4f3c2a10.js\">";
        assert_eq!((title_of(page), asset_of(page)), (Some("담배"), Some("/assets/index-4f3c2a10.js")));
    }
}
