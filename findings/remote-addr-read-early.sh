#!/usr/bin/env bash
# nginx: `$remote_addr` is kept from the first time that it is read. Where a location's `set_real_ip_from` finds the client's address after
# an `if` of the server has read the variable, `allow` and `deny` go by the new address, while logs, headers and `return` go on to say the
# proxy's: one request with two client addresses. Neither module's documentation says so.
#
# Seen with nginx 1.22.1 (Debian 12) on 2026-11-29. Needs apt (for the package, unpacked in a temporary folder) and curl.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "$(cat "$dir/nginx.pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$dir"' EXIT
chmod 755 "$dir"
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download nginx
dpkg -x nginx_*.deb .
mkdir logs www
chmod 755 www
echo page >www/page
cat >nginx.conf <<CONF
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/logs/error.log;
events { }
http {
  access_log off;
  client_body_temp_path $dir/b; proxy_temp_path $dir/p; fastcgi_temp_path $dir/f; uwsgi_temp_path $dir/u; scgi_temp_path $dir/s;
  server {
    listen 127.0.0.1:18104;
    root $dir/www;
    location / { set_real_ip_from 127.0.0.1; real_ip_header X-Client; allow 192.0.2.7; deny all; add_header X-Saw \$remote_addr; }
  }
  server {
    listen 127.0.0.1:18105;
    root $dir/www;
    if (\$remote_addr = 198.51.100.1) { return 403; }
    location / { set_real_ip_from 127.0.0.1; real_ip_header X-Client; allow 192.0.2.7; deny all; add_header X-Saw \$remote_addr; }
  }
}
CONF
version=$(./usr/sbin/nginx -v 2>&1)
echo "$version"
[ "$version" = 'nginx version: nginx/1.22.1' ] || { echo "another version than the one that was looked at" >&2; exit 1; }
./usr/sbin/nginx -p "$dir" -c "$dir/nginx.conf" -e "$dir/logs/error.log"
for _ in $(seq 50); do curl -so /dev/null http://127.0.0.1:18104/ && break; sleep 0.1; done
ask() { curl -s -o /dev/null -D - -H 'X-Client: 192.0.2.7' "http://127.0.0.1:$1/page" | tr -d '\r' | awk '/^HTTP/ {s = $2} /^X-Saw/ {a = $2} END {print s, a}'; }
plain=$(ask 18104)
early=$(ask 18105)
echo "allow 192.0.2.7, not read before: $plain"
echo "allow 192.0.2.7, read by an if before: $early"
[ "$plain" = '200 192.0.2.7' ] && [ "$early" = '200 127.0.0.1' ]
