#!/usr/bin/env bash
# nginx: in a location with `limit_except GET { … }`, all other methods skip the location's own `return`, `rewrite`, `set` and `if`, even
# where the block lets them in: GET gets what `return` says, POST is answered as if the line were not there. A `set` of the location is
# empty for POST. The documentation speaks of access alone.
#
# Seen with nginx 1.22.1 (Debian 12) on 2026-11-29. Needs apt (for the package, unpacked in a temporary folder) and curl.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "$(cat "$dir/nginx.pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$dir"' EXIT
chmod 755 "$dir"
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download nginx
dpkg -x nginx_*.deb .
mkdir logs
cat >nginx.conf <<CONF
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/logs/error.log;
events { }
http {
  access_log off;
  client_body_temp_path $dir/b; proxy_temp_path $dir/p; fastcgi_temp_path $dir/f; uwsgi_temp_path $dir/u; scgi_temp_path $dir/s;
  server {
    listen 127.0.0.1:18106;
    location /moved { limit_except GET { allow all; } return 302 /new; }
    location /told { limit_except GET { allow all; } set \$name shop; proxy_set_header X-Name \$name; proxy_pass http://127.0.0.1:18107; }
  }
  server { listen 127.0.0.1:18107; location / { return 200 "name=\$http_x_name"; } }
}
CONF
version=$(./usr/sbin/nginx -v 2>&1)
echo "$version"
[ "$version" = 'nginx version: nginx/1.22.1' ] || { echo "another version than the one that was looked at" >&2; exit 1; }
./usr/sbin/nginx -p "$dir" -c "$dir/nginx.conf" -e "$dir/logs/error.log"
for _ in $(seq 50); do curl -so /dev/null http://127.0.0.1:18106/told && break; sleep 0.1; done
status() { curl -s -o /dev/null -w '%{http_code}' -X "$1" http://127.0.0.1:18106/moved; }
name() { curl -s -X "$1" http://127.0.0.1:18106/told; }
get=$(status GET) post=$(status POST)
echo "GET /moved: $get, POST /moved: $post"
named=$(name GET) nameless=$(name POST)
echo "GET /told: $named, POST /told: $nameless"
[ "$get" = 302 ] && [ "$post" != 302 ] && [ "$named" = name=shop ] && [ "$nameless" = name= ]
