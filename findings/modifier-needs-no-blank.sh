#!/usr/bin/env bash
# nginx: a `location` may have its modifier and its name in one word: `location ^~/api/`, `location =/ping`, `location ~^/v1/`. Its documentation
# shows them apart only, and `nginx -t` says nothing. Configurations in public are full of it. Who reads the arguments by number takes such a
# location for a prefix that no path begins with: crossplane gives one argument, `^~/api/`, where it gives two for the same with a blank.
#
# Seen with nginx 1.22.1 (Debian 12) and crossplane 0.5.8 on 2026-11-30. Needs apt (for the package, unpacked in a temporary folder), python3
# with venv, and curl.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "$(cat "$dir/nginx.pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$dir"' EXIT
chmod 755 "$dir"
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download nginx
dpkg -x nginx_*.deb .
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check crossplane==0.5.8
mkdir logs
version=$(./usr/sbin/nginx -v 2>&1)
echo "$version"
[ "$version" = 'nginx version: nginx/1.22.1' ] || { echo "another version than the one that was looked at" >&2; exit 1; }
cat >nginx.conf <<CONF
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/logs/error.log;
events { }
http {
  access_log off;
  client_body_temp_path $dir/b; proxy_temp_path $dir/p; fastcgi_temp_path $dir/f; uwsgi_temp_path $dir/u; scgi_temp_path $dir/s;
  server {
    listen 127.0.0.1:18123;
    location =/ping { return 200 exact; }
    location ^~/api/ { return 200 first; }
    location ~*^/V1/ { return 200 pattern; }
    location ~ \.js$ { return 200 script; }
    location / { return 200 other; }
  }
}
CONF
./usr/sbin/nginx -p "$dir" -c "$dir/nginx.conf" -e "$dir/logs/error.log"
for _ in $(seq 50); do curl -so /dev/null http://127.0.0.1:18123/ && break; sleep 0.1; done
answers=$(for path in /ping /ping/ /api/a.js /v1/a /a.js; do curl -s "http://127.0.0.1:18123$path"; echo; done | tr '\n' ' ')
read_by=$(venv/bin/crossplane parse nginx.conf | python3 -c '
import json, sys
http = json.load(sys.stdin)["config"][0]["parsed"][-1]
print(*[found["args"] for found in http["block"][-1]["block"] if found["directive"] == "location"])')
echo "nginx answers: $answers"
echo "crossplane reads: $read_by"
[ "$answers" = 'exact other first pattern script ' ] || { echo "not what was seen" >&2; exit 1; }
[ "$read_by" = "['=/ping'] ['^~/api/'] ['~*^/V1/'] ['~', '\\\\.js\$'] ['/']" ] || { echo "not what was seen" >&2; exit 1; }
