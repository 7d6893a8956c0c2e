#!/usr/bin/env bash
# nginx: inside a location with a regular expression, no `location /x` and no `location = /y` is ever chosen, and `nginx -t` says nothing,
# not even where one is there twice; only regular expressions inside it are looked at.
#
# Seen with nginx 1.22.1 (Debian 12) on 2026-11-30. Needs apt (for the package, unpacked in a temporary folder) and curl.
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
    listen 127.0.0.1:18108;
    location ~ / {
      location /x { return 200 prefix; }
      location = /y { return 200 exact; }
      location = /y { return 200 again; }
      location ~ z { return 200 expression; }
      return 200 outer;
    }
  }
}
CONF
version=$(./usr/sbin/nginx -v 2>&1)
echo "$version"
[ "$version" = 'nginx version: nginx/1.22.1' ] || { echo "another version than the one that was looked at" >&2; exit 1; }
./usr/sbin/nginx -t -p "$dir" -c "$dir/nginx.conf" -e "$dir/logs/error.log" 2>&1 | tee said
./usr/sbin/nginx -p "$dir" -c "$dir/nginx.conf" -e "$dir/logs/error.log"
get() { curl -s "http://127.0.0.1:18108$1"; }
for _ in $(seq 50); do get / >/dev/null && break; sleep 0.1; done
for path in /x /y /z /other; do echo "GET $path: $(get $path)"; done
if grep -qE 'emerg|warn' said; then exit 1; fi
[ "$(get /x)" = outer ] && [ "$(get /y)" = outer ] && [ "$(get /z)" = expression ]
