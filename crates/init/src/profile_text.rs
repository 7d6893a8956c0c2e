//! The text of the profile. The comment of each field comes from the profile's schema, so that the file documents itself
//! and new fields are included.

use serde_json::Value;
use url::Url;

use crate::findings::{Finding, Findings};
use crate::text::{ProfileText, description, key};
use hopcheck_site::profile::schema;

/// The sections in order, each field with an example.
const EXAMPLES: [(&str, &[(&str, &str)]); 9] = [
    ("api", &[("path", "\"/api/items\""), ("status", "200")]),
    (
        "preflight",
        &[
            ("path", "\"/api/items\""),
            ("allow-origin", "\"https://shop.example.com\""),
            ("allow-methods", "\"GET, POST\""),
            ("allow-headers", "\"Content-Type\""),
            ("max-age", "600"),
            ("credentials", "true"),
        ],
    ),
    (
        "stomp",
        &[
            ("endpoint", "\"/stomp/ws\""),
            ("transport", "\"sockjs\""),
            ("login", "\"env:STOMP_LOGIN\""),
            ("passcode", "\"env:STOMP_PASSCODE\""),
            ("host", "\"shop\""),
            ("subscribe", "\"/topic/stock\""),
            ("send", "\"/topic/hopcheck\""),
            ("heart-beat", "\"10000,10000\""),
        ],
    ),
    (
        "socket",
        &[
            ("endpoint", "\"/ws\""),
            ("transport", "\"sockjs\""),
            ("protocol", "\"graphql-transport-ws\""),
            ("may-post", "true"),
        ],
    ),
    (
        "front-end",
        &[
            ("page", "\"/app/\""),
            ("text", "\"Shop\""),
            ("asset", "\"/assets/index-4f3c2a10.js\""),
            ("deep-link", "\"/stores/7\""),
        ],
    ),
    ("instances", &[("header", "\"X-Instance\"")]),
    ("headers", &[("Authorization", "\"env:SHOP_AUTHORIZATION\"")]),
    (
        "connect",
        &[
            ("address", "\"192.0.2.7:8443\""),
            ("host", "\"shop.example.com\""),
            ("server-name", "\"shop.example.com\""),
            ("ca-file", "\"ca.pem\""),
            ("client-certificate", "\"client.pem\""),
            ("client-key", "\"client-key.pem\""),
        ],
    ),
    (
        "limits",
        &[
            ("requests-per-second", "20.0"),
            ("in-flight", "4"),
            ("timeout", "15"),
            ("largest-answer", "\"16m\""),
            ("longest-answer", "\"60s\""),
            ("longest-page", "\"30s\""),
        ],
    ),
];

/// Descriptions with this prefix belong to fields and sections that do not apply to deployments.
const CONFIGURATION_ONLY: &str = "For runs of a configuration:";

/// A field set on the command line: its section, name and value.
pub type PresetField = (&'static str, String, String);

/// The text of the profile for the site at `url`.
pub fn profile_text(url: &Url, given: &[PresetField], findings: &Findings<'_>) -> String {
    let schema: Value = serde_json::from_str(&schema()).unwrap_or_default();
    let site = url.as_str().trim_end_matches('/');
    let mut text = ProfileText::default();
    text.comment(&format!("The profile of {site}, written by `hopcheck init` from the site's responses."));
    text.comment(
        "A line such as `#path = …` is a field that was not found or not looked for, with an example: fill it in and remove the \
         `#`. Scenarios that need a missing field are reported as not checked.",
    );
    text.gap();
    findings.facts().iter().for_each(|fact| text.comment(&format!("Found: {fact}.")));
    text.gap();
    text.comment(description(&schema["properties"]["url"]));
    text.line(&format!("url = {}", toml::Value::from(site)));
    for (section, examples) in EXAMPLES {
        let declared = &schema["properties"][section];
        let name = declared["$ref"].as_str().and_then(|name| name.rsplit('/').next()).unwrap_or_default();
        text.gap();
        text.comment(description(declared));
        text.line(&format!("[{section}]"));
        let given = || given.iter().filter(|(of, ..)| *of == section);
        for (_, name, value) in given() {
            text.line(&format!("{} = {}", key(name), toml::Value::from(value.as_str())));
        }
        let fields = &schema["$defs"][name]["properties"];
        let of_schema = fields.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        let listed = |name: &str| examples.iter().any(|(listed, _)| *listed == name);
        let rest: Vec<&str> = of_schema.filter(|name| !listed(name)).collect();
        let examples = examples.iter().map(|(name, example)| (*name, (*example).to_owned()));
        for (name, example) in examples.chain(rest.into_iter().map(|name| (name, "\"…\"".to_owned()))) {
            let about = description(&fields[name]);
            if !about.starts_with(CONFIGURATION_ONLY) && !given().any(|(_, given, _)| given == name) {
                write_field(&mut text, name, about, &example, findings.of(section, name));
            }
        }
    }
    text.gap();
    text.comment(description(&schema["properties"]["target"]));
    text.line("#[target.staging]");
    text.line("#url = \"https://staging.example.com\"");
    text.finish()
}

/// Writes a field: its value if it was found, or else an example.
fn write_field(text: &mut ProfileText, name: &str, about: &str, example: &str, finding: Option<&Finding>) {
    text.comment(about);
    match finding {
        Some(Finding { value: Some(value), note, .. }) => {
            if !note.is_empty() {
                text.comment(&format!("Found: {note}."));
            }
            text.line(&format!("{name} = {value}"));
        }
        Some(Finding { note, suggestion, .. }) => {
            let (what, shown) = match suggestion {
                Some(value) => ("Suggested", value.to_string()),
                None => ("Not found", example.to_owned()),
            };
            text.comment(&format!("{what}: {note}."));
            text.line(&format!("#{name} = {shown}"));
        }
        None => text.line(&format!("#{name} = {example}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hopcheck_site::Mask;
    use hopcheck_site::profile::{Profile, Transport};

    fn file(given: &[PresetField], find: impl FnOnce(&mut Findings<'_>)) -> String {
        let mut say = |_: &str| ();
        let mask = Mask::default();
        let mut findings = Findings::new(&mask, &mut say);
        find(&mut findings);
        profile_text(&Url::parse("https://shop.example.com/").unwrap(), given, &findings)
    }

    #[test]
    fn found_values_are_read_back() {
        let given = [
            ("headers", "Authorization".to_owned(), "env:TOKEN".to_owned()),
            ("connect", "ca-file".to_owned(), "a.pem".to_owned()),
        ];
        let text = file(&given, |findings| {
            findings.fact("TLS 1.3".to_owned());
            findings.found(("front-end", "text"), "a \"title\" \\ 담배\n# [x]", "a title\nof two lines");
            findings.found(("stomp", "transport"), "sockjs", "");
            findings.missing(("api", "path"), "for a reason\nin two lines");
            findings.suggested(("stomp", "subscribe"), "/topic/a", "perhaps");
        });
        let profile = Profile::parse(&text, "p.toml").unwrap();
        assert_eq!(profile.url.as_deref(), Some("https://shop.example.com"));
        assert_eq!(profile.front_end.text.as_deref(), Some("a \"title\" \\ 담배\n# [x]"));
        assert_eq!(profile.stomp.transport, Transport::SockJs);
        assert_eq!((profile.api.path, profile.stomp.subscribe), (None, None));
        assert!(profile.headers.contains_key("Authorization"));
        assert_eq!(profile.connect.ca_file, Some("a.pem".into()));
        assert!(
            text.contains("\n# Not found: for a reason in two lines.\n#path = \"/api/items\"\n"),
            "{text}"
        );
        assert!(text.contains("\n#subscribe = \"/topic/a\"\n"), "{text}");
    }

    /// Removes every `#` before a name: each example must be valid.
    #[test]
    fn every_commented_example_is_valid() {
        let text = file(&[], |_| ());
        let code = |line: &str| line.starts_with('#') && !line.starts_with("# ");
        let lines: Vec<&str> = text.lines().map(|line| if code(line) { &line[1..] } else { line }).collect();
        let profile = Profile::parse(&lines.join("\n"), "p.toml").unwrap();
        assert_eq!(profile.stomp.send.as_deref(), Some("/topic/hopcheck"));
        assert_eq!(profile.of("staging").unwrap().url.as_deref(), Some("https://staging.example.com"));
    }

    #[test]
    fn every_field_for_deployments_is_in_the_file() {
        let text = file(&[], |_| ());
        let schema: Value = serde_json::from_str(&schema()).unwrap();
        for (section, declared) in schema["properties"].as_object().unwrap() {
            let (about, name) = (description(declared), declared["$ref"].as_str().unwrap_or_default());
            if about.starts_with(CONFIGURATION_ONLY) || matches!(section.as_str(), "url" | "target") {
                continue;
            }
            assert!(text.contains(&format!("\n[{section}]\n")), "{section} is missing\n{text}");
            let fields = &schema["$defs"][name.rsplit('/').next().unwrap()]["properties"];
            for (field, declared) in fields.as_object().into_iter().flatten() {
                let there = text.contains(&format!("\n#{field} = "));
                let wanted = !description(declared).starts_with(CONFIGURATION_ONLY);
                assert_eq!(there, wanted, "{section}.{field}\n{text}");
            }
        }
    }
}
