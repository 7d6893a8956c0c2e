//! What becomes of URIs by `rewrite` and `break`, as nginx has it.

use crate::files::{compare, request};
use crate::server::Site;

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log notice; events {}
    http {
        access_log off;
        proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host x;
        server {
            listen 127.0.0.1:@PORT@;
            server_name x;
            root www;
            rewrite_log on;
            rewrite ^/server/(.*)$ /echo/$1 last;
            rewrite ^/server2/(.*)$ /server3/$1;
            rewrite ^/server3/(.*)$ /echo/$1?from=server;
            rewrite ^/gone$ /else permanent;
            if ($arg_go) { rewrite ^/if$ /echo/$arg_go? break; rewrite ^ /echo/never; }
            rewrite ^/if$ /echo/after;
            rewrite ^/stop/ /proxy/stop/ break;
            location /echo { return 200 \"$uri|$args|$request_uri|$is_args\"; }
            location /last/ { rewrite ^/last/(.*)$ /echo/$1 last; return 200 never; }
            location /plain/ { rewrite ^/plain/(.*)$ /echo/$1; rewrite ^/echo/(x+)$ /echo/twice/$1; set $a $uri; return 200 \"here $uri $a\"; }
            location /plain2/ { rewrite ^/plain2/(.*)$ /echo/$1; }
            location /file/ { rewrite ^/file/(.*)$ /$1.txt break; rewrite ^ /echo last; }
            location /break/ { break; rewrite ^ /echo last; try_files /a.txt =404; }
            location /break2/ { rewrite ^ /a.txt; break; }
            location /args/ { rewrite ^/args/(.*)$ /echo?arg=$1&y=1 last; }
            location /noargs/ { rewrite ^/noargs/(.*)$ /echo/$1? last; }
            location /newargs/ { rewrite ^/newargs/(.*)$ /echo?only=$1? last; }
            location /many/ { rewrite ^/many/(.*)$ /echo?a?b=$1 last; }
            location /http { rewrite ^/http(.*)$ http://else.test$1; return 200 never; }
            location /scheme { rewrite ^/scheme(.*)$ $scheme://else.test$1?x=1; }
            location /redirect/ { rewrite ^/redirect/(.*)$ /new/$1 redirect; }
            location /redirect2/ { rewrite ^/redirect2/(.*)$ /new/$1?q=$1? redirect; }
            location /permanent/ { rewrite (?i)^/PERMANENT/(?<rest>.*)$ /new/$rest permanent; }
            location /quoted/ { rewrite ^ /a%20b%3fc%25%41/$arg_x redirect; }
            location /cycle/ { rewrite ^ /cycle/x; }
            location /cycle2/ { rewrite \"^/cycle2/(.{0,9})$\" /cycle2/$1x; return 200 \"$uri\"; }
            location /cycle3/ { rewrite \"^/cycle3/(.{0,9})$\" /cycle3/$1x; rewrite \"^/cycle3/(.{10})$\" /echo; }
            location /nothing/ { rewrite ^/nothing/(.*)$ $arg_none last; }
            location /relative/ { rewrite ^/relative/(.*)$ echo/$1 last; }
            location /in { if ($arg_a) { rewrite ^/in(.*)$ /echo/a$1 last; } if ($arg_b) { rewrite ^/in(.*)$ /echo/b$1; } if ($uri ~ ^/in/(c)) { rewrite ^ /echo/$1; break; } rewrite ^/in(.*)$ /echo/in$1; }
            location /inside/ { internal; return 200 inside; }
            location /to/inside { rewrite ^ /inside/ last; }
            location /proxy/ { proxy_pass http://127.0.0.1:@PORT@/echo/; rewrite ^/proxy/break/(.*)$ /echo/broken/$1 break; }
            location /proxy/on { rewrite ^/proxy/on/(.*)$ /echo/on/$1 break; proxy_pass http://127.0.0.1:@PORT@; }
            location /proxy/stop/ { proxy_pass http://127.0.0.1:@PORT@/echo/; }
            location /aliased/ { alias www/; rewrite ^/aliased/(.*)$ /aliased/$1 break; }
            location ~ ^/aliased2/(.*)$ { alias www/$1; rewrite ^ /x break; index /a.txt; }
            location /aliased3/ { alias www/; break; }
            location /aliased4/ { alias www/; rewrite ^ /x break; try_files a.txt =204; }
            location /left/ { if ($arg_a) { rewrite ^ /none last; } proxy_pass http://127.0.0.1:@PORT@/echo/; }
            location /unchanged/ { break; proxy_pass http://127.0.0.1:@PORT@/echo/; }
            location /changed/ { rewrite ^/changed/(.*)$ /unchanged/$1; break; proxy_pass http://127.0.0.1:@PORT@/echo/; }
            location /error/ { error_page 404 /again/; return 404; }
            location /again/ { rewrite ^ /echo/error last; }
            location /missing/ { rewrite ^/missing/(.*)$ /no/$1 last; }
        }
    }";

fn site() -> Site {
    let site = Site::new(CONF);
    site.write_dated("www/a.txt", "a");
    site
}

#[test]
fn where_requests_end_up() {
    let targets = "/server/a /server/a?b=c /server2/a?b=c /gone /gone?x=y /if?go=z /if /stop/x /last/a /last/a?b /plain/x \
        /plain/y?q /plain2/z /file/a /file/b /break/x /break2/x /args/a /args/a?z /noargs/a?z /newargs/a?z /many/x?z /http /http/a?b \
        /http?b /scheme/x /scheme/x?y /redirect/a /redirect/a?b /redirect2/a?b /permanent/a?b /quoted/?x=%20 /cycle/ /cycle2/x \
        /cycle3/ /nothing/x /nothing/x?none=/echo /relative/x /in?a=1 /in/x?b=1 /in/c /in/d /inside/ /to/inside /proxy/x?y /proxy/break/x?y \
        /proxy/on/a%20b?y /proxy/break/a%20b /error/ /missing/x /args/a%20b%26c%3fd%2bé /args/a+b&c /redirect/a%20b%26c%3fd /redirect2/a%20b%26%3d%3c%3e%5c%5e%60%7b%7c%7d%7e%5b%5d%3a%3b%40%21%24%27%28%29%2a%2c \
        /unchanged/x?y /changed/x?y /aliased/a.txt /aliased/ /aliased2/a.txt /aliased2/ /aliased3/a.txt /aliased3/none/ /aliased4/x /left/x?a=1 /left/x /redirect2/a+b&c;d /http/a%2520b /last/a%20b%3fc /noargs/?a";
    let targets = targets.split_whitespace();
    let mut requests: Vec<String> =
        targets.flat_map(|target| ["GET", "HEAD"].map(|method| request(method, target, &[]))).collect();
    requests.extend(["/left/x?a=1", "/aliased4/x"].map(|target| request("OPTIONS", target, &[])));
    compare(site, &requests);
}
