//! Mends of what is filled in before nginx reads it: made in the user's own text, or not at all.

use serde_json::Value;

use crate::{Site, changed_lines, feature, said};

/// What `hopcheck fix --apply` finds in `name`, and its exit code.
fn fix(site: &Site, name: &str, options: &[&str]) -> (Option<i32>, Value) {
    let feature = feature("any-socket");
    let named = ["fix", name, "--features", &feature, "--report", "json", "--apply"];
    let output = site.hopcheck(&[&named, options].concat());
    let told =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
    (output.status.code(), told)
}

const TEMPLATE: &str = "server {
    listen ${PORT};
    location /live/ws {
        proxy_pass http://${CHAT};
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgarde;
        proxy_set_header Connection upgrade;
    }
}
";

#[test]
fn a_template_is_mended_where_it_is_not_filled_in() {
    let site = Site::of(&[("default.conf.template", TEMPLATE)]);
    let values = ["--env", "CHAT=chat:9000", "--env", "PORT=8080"];
    let (code, told) = fix(&site, "default.conf.template", &values);
    assert_eq!(code, Some(0), "{told:#}");
    assert_eq!(
        changed_lines(&told),
        ["-proxy_set_header Upgrade $http_upgarde;", "+proxy_set_header Upgrade $http_upgrade;"]
    );
    let patch = told["mends"][0]["patch"].as_str().unwrap();
    assert!(patch.contains("+++ b/default.conf.template") && patch.contains("${CHAT}"), "{patch}");
    assert_eq!(site.text("default.conf.template"), TEMPLATE.replace("upgarde", "upgrade"));
}

#[test]
fn a_line_that_is_filled_in_is_left_to_its_author() {
    let template = TEMPLATE
        .replace(";\n        proxy_http", "; proxy_http")
        .replace(";\n        proxy_set_header Up", "; proxy_set_header Up");
    let site = Site::of(&[("default.conf.template", &template)]);
    let values = ["--env", "CHAT=chat:9000", "--env", "PORT=8080"];
    let (code, told) = fix(&site, "default.conf.template", &values);
    assert_eq!(code, Some(1), "{told:#}");
    let objection = "not tried: the line is filled in from a template";
    assert!(told["unmended"].to_string().contains(objection), "{told:#}");
    assert_eq!(site.text("default.conf.template"), template);
}

#[test]
fn a_config_map_keeps_its_indentation() {
    let conf = "      events { }\n      http {\n        server {\n          listen 80;\n          location /cable {\n            proxy_pass http://chat:9000;\n            proxy_read_timeout 1h;\n          }\n        }\n      }\n";
    let map = |conf: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop\ndata:\n  nginx.conf: |\n{conf}")
    };
    let site = Site::of(&[("shop.yaml", &map(conf))]);
    let (code, told) = fix(&site, "shop.yaml", &[]);
    assert_eq!(code, Some(0), "{told:#}");
    let text = site.text("shop.yaml");
    assert!(text.contains("\n            proxy_set_header Upgrade $http_upgrade;\n"), "{text}");
    let kept = |line: &str| !line.contains("proxy_http_version") && !line.contains("proxy_set_header");
    let before: Vec<&str> = text.lines().filter(|line| kept(line)).collect();
    assert_eq!(before, map(conf).lines().collect::<Vec<_>>(), "{text}");
}
