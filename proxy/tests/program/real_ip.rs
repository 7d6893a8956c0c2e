//! Clients behind proxies, as nginx sees them.

use crate::files::{compare, request};
use crate::server::Site;

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        access_log off;
        proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host x;
        # That of the connection is another each time.
        map $remote_port $port { default $remote_port; ~^.....$ many; }
        add_header X-Client \"$remote_addr|$port|$realip_remote_addr\" always;
        server {
            listen 127.0.0.1:@PORT@;
            root www;
            set_real_ip_from 127.0.0.0/8;
            location / { return 200 $remote_addr; }
            location /file/ { alias www/; }
            location /denied/ { alias www/; deny 10.1.0.0/16; }
            location /sent/ { proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_pass http://127.0.0.1:@PORT2@/; }
        }
        server {
            listen 127.0.0.1:@PORT2@;
            root www;
            location / { return 200 \"$http_x_forwarded_for\"; }
        }
        server {
            listen 127.0.0.1:@PORT@;
            server_name forwarded;
            root www;
            set_real_ip_from 127.0.0.1; set_real_ip_from 10.0.0.0/8; set_real_ip_from 2001:db8::/32; set_real_ip_from unix:;
            real_ip_header X-Forwarded-For;
            location / { alias www/; }
        }
        server {
            listen 127.0.0.1:@PORT@;
            server_name recursive;
            root www;
            set_real_ip_from 127.0.0.1; set_real_ip_from 10.0.0.0/8; set_real_ip_from 2001:db8::/32;
            real_ip_header X-Forwarded-For;
            real_ip_recursive on;
            location / { alias www/; }
        }
        server {
            listen 127.0.0.1:@PORT@;
            server_name inside;
            root www;
            real_ip_header X-Client-Ip;
            set_real_ip_from 10.0.0.0/8;
            location / { alias www/; set_real_ip_from 127.0.0.1; if ($request_method = GET) { add_header X-In-If $remote_addr; } }
            location /no/ { alias www/; }
            location /pp/ { alias www/; set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol; }
        }
    }";

fn site() -> Site {
    let site = Site::new(CONF);
    site.write_dated("www/a.txt", "a");
    site
}

/// A request for a file to the server of that name.
fn to(server: &str, target: &str, fields: &[&str]) -> String {
    request("GET", target, fields).replace("Host: x", &format!("Host: {server}"))
}

#[test]
fn the_address_of_a_client_behind_proxies() {
    let mut requests = Vec::new();
    for address in [
        "10.1.2.3",
        "10.1.2.3:80",
        "[2001:db8::1]:5",
        "2001:db8::1",
        "[2001:db8::1]",
        "10.1.2.3:0",
        "x",
        "",
        "1.1.1.1, 10.1.2.3",
        " 10.1.2.3 , ",
    ] {
        for target in ["/x", "/file/a.txt", "/denied/a.txt", "/sent/x", "/file/missing"] {
            requests.push(to("x", target, &[&format!("X-Real-IP: {address}")]));
        }
        requests.push(to("inside", "/a.txt", &[&format!("X-Client-IP: {address}")]));
    }
    requests.push(to("x", "/file/a.txt", &["X-Real-IP: 10.1.1.1", "X-Real-IP: 10.1.1.2"]));
    requests.push(to("x", "/sent/x", &["X-Real-IP: 10.1.1.1", "X-Forwarded-For: 9.9.9.9"]));
    requests.push(to("inside", "/no/a.txt", &["X-Client-IP: 10.1.1.1"]));
    requests.push(to("inside", "/pp/a.txt", &["X-Client-IP: 10.1.1.1"]));
    for server in ["forwarded", "recursive"] {
        for list in [
            &["9.9.9.9"][..],
            &["9.9.9.9, 10.1.1.1"],
            &["9.9.9.9,8.8.8.8,10.1.1.1"],
            &["10.1.1.1, 10.1.1.2"],
            &["9.9.9.9", "10.1.1.1"],
            &["9.9.9.9, 10.1.1.1, 2001:db8::5"],
            &["x, 10.1.1.1"],
            &["10.1.1.1, x"],
            &["x", "10.1.1.1"],
            &["10.1.1.1", "x"],
            &[", 10.1.1.1"],
            &["9.9.9.9 ,, 10.1.1.1 ,"],
            &["[2001:db8::5]:80"],
            &["9.9.9.9", "8.8.8.8", "10.1.1.1"],
            &[""],
        ] {
            let fields: Vec<String> = list.iter().map(|value| format!("X-Forwarded-For: {value}")).collect();
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            requests.push(to(server, "/a.txt", &fields));
        }
    }
    compare(site, &requests);
}
