#!/usr/bin/env bash
# nginx: an app server's `Upgrade` header reaches clients over HTTP/2, too, where it makes the answer malformed (RFC 9113, 8.2.2).
# Servers that offer HTTP/2 in the clear, such as Apache httpd with mod_http2, send `Upgrade: h2,h2c` with ordinary answers. nginx
# leaves out `Connection` and passes `Upgrade` on; over HTTP/1.1 nobody notices, over HTTP/2 a strict client (nghttp2 in curl)
# resets the stream, and the answer is lost. `proxy_hide_header Upgrade`, where no WebSocket is, mends it.
#
# Seen with nginx 1.22.1 (Debian 12) and curl 7.88.1 with nghttp2 1.52.0 on 2026-11-30. Needs apt (for the package, unpacked in a
# temporary folder) and curl of these versions.
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
    listen 127.0.0.1:18121;
    listen 127.0.0.1:18122 http2;
    location / { proxy_pass http://127.0.0.1:18123; }
    location /hidden { proxy_pass http://127.0.0.1:18123; proxy_hide_header Upgrade; }
  }
  server {
    listen 127.0.0.1:18123;
    add_header Upgrade h2,h2c;
    return 200 "an answer\n";
  }
}
CONF
version=$(./usr/sbin/nginx -v 2>&1)
echo "$version"
curl --version | head -1 | grep -o 'curl [0-9.]*\|nghttp2/[0-9.]*' | paste -sd' '
[ "$version" = 'nginx version: nginx/1.22.1' ] || { echo "another version than the one that was looked at" >&2; exit 1; }
./usr/sbin/nginx -p "$dir" -c "$dir/nginx.conf" -e "$dir/logs/error.log"
for _ in $(seq 50); do curl -so /dev/null http://127.0.0.1:18121/ && break; sleep 0.1; done
ask() { code=0; curl -s --max-time 10 "$@" || code=$?; echo "exit $code"; }
over_http1=$(ask http://127.0.0.1:18121/)
over_http2=$(ask --http2-prior-knowledge http://127.0.0.1:18122/)
hidden=$(ask --http2-prior-knowledge http://127.0.0.1:18122/hidden)
printf 'over HTTP/1.1: %s\nover HTTP/2: %s\nover HTTP/2, hidden: %s\n' "$over_http1" "$over_http2" "$hidden"
[ "$over_http1" = $'an answer\nexit 0' ]
[ "$over_http2" = 'exit 92' ] # CURLE_HTTP2_STREAM
[ "$hidden" = $'an answer\nexit 0' ]
