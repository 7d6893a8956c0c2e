//! The directives as they were written, with their places.

use nginx_conf::model::{DirectiveId, Outline};
use nginx_conf::read_text;

const TEXT: &str = "events {}
http {
    add_header A 1;
    add_header
        B \"2 3\";
    map $uri $x { default 0;
        ~^/a 1; }
    server { listen 80; add_header C 3;
        location / { proxy_set_header D 4; if ($x) { add_header E 5; } }
        location /a { add_header F 6; return 200; }
    }
}
";

fn find(outline: &Outline, block: Option<DirectiveId>, text: &str) -> DirectiveId {
    let found = outline.inside(block).find(|(_, directive)| directive.text() == text);
    found.unwrap_or_else(|| panic!("there is no {text}")).0
}

#[test]
fn every_directive_keeps_its_place() {
    let outline = read_text(TEXT.as_bytes()).unwrap().outline;
    let http = find(&outline, None, "http");
    let inside = |block| -> Vec<String> {
        let inside = outline.inside(Some(block));
        inside.map(|(_, one)| format!("{} {}", one.line, one.text())).collect()
    };
    assert_eq!(
        inside(http),
        ["3 add_header A 1", "4 add_header\n        B \"2 3\"", "6 map $uri $x", "8 server"]
    );
    let second = find(&outline, Some(http), "add_header\n        B \"2 3\"");
    assert_eq!(outline.get(second).unwrap().args, ["B", "2 3"]);
    let map = find(&outline, Some(http), "map $uri $x");
    assert_eq!(inside(map), ["6 default 0", "7 ~^/a 1"]);
}

#[test]
fn a_block_inherits_what_it_has_none_of() {
    let config = read_text(TEXT.as_bytes()).unwrap();
    let outline = &config.outline;
    let http = find(outline, None, "http");
    let server = find(outline, Some(http), "server");
    let location = find(outline, Some(server), "location /");
    let condition = find(outline, Some(location), "if ($x)");
    let texts = |ids: Vec<DirectiveId>| -> Vec<String> {
        ids.into_iter().map(|id| outline.get(id).unwrap().text().replace('\n', " ")).collect()
    };
    let names = &["add_header"];
    assert_eq!(texts(outline.in_force(location, names)), ["add_header C 3"]);
    assert_eq!(texts(outline.in_force(condition, names)), ["add_header E 5"]);
    assert_eq!(
        texts(outline.overridden(condition, names)),
        ["add_header C 3", "add_header A 1", "add_header         B \"2 3\""]
    );
    assert_eq!(texts(outline.in_force(condition, &["proxy_set_header"])), ["proxy_set_header D 4"]);
    assert!(outline.in_force(location, &["allow", "deny"]).is_empty());
    let locations = &config.http.as_ref().unwrap().locations;
    let of_model = locations.iter().filter_map(|location| location.directive).collect::<Vec<_>>();
    let second = find(outline, Some(server), "location /a");
    assert_eq!(of_model, [server, location, condition, second]);
}
