//! `geo`, `split_clients` and `map`, as with nginx.

use crate::files::{compare, request};
use crate::server::Site;

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        access_log off;
        geo $here { default elsewhere; 127.0.0.0/8 loop; 127.0.0.1 self; 10.0.0.0/8 \"ten net\"; }
        geo $arg_a $net { default none; include nets; 10.0.0.0/8 ten; 10.1.0.0/16 ten-one; 10.1.2.3 host; 255.255.255.255 all; 0.0.0.0/1 half; 2001:db8::/32 doc; 2001:db8::1 one; delete 10.9.0.0/16; }
        geo $arg_a $empty { 10.0.0.0/8 \"\"; }
        geo $arg_a $range { ranges; default none; 10.0.0.0-10.0.0.255 low; 10.0.0.5-10.0.0.7 inner; 10.0.0.7-10.0.0.7 last; 10.0.1.0-10.0.1.9 later; 10.0.0.0-10.0.0.0 first; 0.0.0.0-0.0.0.0 zero; }
        geo $proxied { default none; proxy 127.0.0.1; 10.0.0.0/8 ten; 127.0.0.1 self; 192.168.0.0/16 private; }
        geo $through { default none; proxy 127.0.0.1; proxy 192.168.0.0/16; proxy_recursive; 10.0.0.0/8 ten; 127.0.0.1 self; 192.168.0.0/16 private; }
        split_clients \"$arg_k\" $third { 33.33% a; 33.33% b; * c; }
        split_clients $arg_k$arg_l $some { 0.5% few; 20% some; }
        split_clients $uri $all { 100% all; * never; }
        map $third $mapped { a 1; default 0; }
        map $set $once { default once-$set; }
        map $set $each { volatile; default each-$set; }
        server {
            listen 127.0.0.1:@PORT@;
            location / { return 200 \"$here|$net|$empty|$range|$proxied|$through|$third|$some|$all|$mapped\"; }
            location /set { set $set a; set $before \"$once $each\"; set $set b; return 200 \"$before $once $each\"; }
            location /if { if ($third = a) { return 200 first; } return 200 others; }
        }
    }";

fn site() -> Site {
    let site = Site::new(CONF);
    site.write("nets", "172.16.0.0/12 included;\n10.9.0.0/16 deleted;\n");
    site
}

#[test]
fn addresses_have_values() {
    let mut requests = Vec::new();
    for address in "10.0.0.1 10.1.0.1 10.1.2.3 10.9.0.1 172.16.5.6 127.0.0.1 128.0.0.1 0.0.0.0 255.255.255.255 2001:db8::1 2001:db8::2 ::1 x \
        10.0.0.5 10.0.0.7 10.0.0.8 10.0.1.9 10.0.1.10"
        .split_whitespace()
        .chain([""])
    {
        requests.push(request("GET", &format!("/?a={address}"), &[]));
    }
    for forwarded in [
        "10.0.0.1",
        "10.0.0.1, 192.168.0.1",
        "192.168.0.1, 10.0.0.1",
        "x",
        "192.168.0.1, x",
        "8.8.8.8, 192.168.1.1",
        "",
    ] {
        requests.push(request("GET", "/", &[&format!("X-Forwarded-For: {forwarded}")]));
    }
    requests.push(request("GET", "/", &["X-Forwarded-For: 10.0.0.1", "X-Forwarded-For: 192.168.0.1"]));
    compare(site, &requests);
}

#[test]
fn clients_are_split() {
    let keys = (0..60).map(|number| format!("{number}{}", "x".repeat(number % 7)));
    let mut requests: Vec<String> = keys.map(|key| request("GET", &format!("/?k={key}"), &[])).collect();
    requests.extend((0..8).map(|number| request("GET", &format!("/if?k={number}&l=%e9"), &[])));
    requests.push(request("GET", "/long?k=%D8%A7%D9%84&l=x", &[]));
    compare(site, &requests);
}

#[test]
fn a_volatile_map_is_looked_up_each_time() {
    compare(site, &[request("GET", "/set", &[])]);
}
