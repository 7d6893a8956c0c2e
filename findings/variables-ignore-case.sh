#!/usr/bin/env bash
# nginx: names of variables are the same whatever their case, unlike those of locations, upstream paths and almost all else in the file:
# `set $API_HOST …` in one block gives `$api_host` in another its value, and `map … $Backend` and `map … $backend` are refused as
# nothing: the second one silently takes the place of the first. The documentation of the variables does not say so.
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
  map \$uri \$backend { default first; }
  map \$uri \$Backend { default second; }
  server {
    listen 127.0.0.1:18103;
    set \$api_host lower;
    set \$API_HOST UPPER;
    location /set { return 200 "\$api_host"; }
    location /map { return 200 "\$backend"; }
  }
}
CONF
version=$(./usr/sbin/nginx -v 2>&1)
echo "$version"
[ "$version" = 'nginx version: nginx/1.22.1' ] || { echo "another version than the one that was looked at" >&2; exit 1; }
./usr/sbin/nginx -p "$dir" -c "$dir/nginx.conf" -e "$dir/logs/error.log"
for _ in $(seq 50); do curl -so /dev/null http://127.0.0.1:18103/set && break; sleep 0.1; done
set_=$(curl -s http://127.0.0.1:18103/set)
map=$(curl -s http://127.0.0.1:18103/map)
echo "\$api_host, after \$API_HOST was set: $set_"
echo "\$backend, after a map for \$Backend: $map"
warned=$(grep -ci 'backend\|api_host' logs/error.log || true)
echo "lines about it in the error log: $warned"
[ "$set_" = UPPER ] && [ "$map" = second ] && [ "$warned" = 0 ]
