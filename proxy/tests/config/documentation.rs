//! `docs/trust/directives.md` is what the table prints.

use nginx_conf::directives_markdown;

#[test]
fn the_list_of_directives_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/trust/directives.md");
    let printed = directives_markdown();
    if std::env::var_os("HOPCHECK_WRITE_DOCS").is_some() {
        std::fs::write(path, &printed).expect("the page is written");
    }
    let page = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        page == printed,
        "docs/trust/directives.md is not what the table says; HOPCHECK_WRITE_DOCS=1 cargo test writes it anew"
    );
}
