#!/usr/bin/env bash
# nginx: `mirror` does not keep the answer waiting, but what comes next on the connection: a browser's second request is not answered before
# the copy of the first has been, or its time is up. The answers to copies are ignored, as its documentation says, and yet a server for
# copies that hangs makes every client that keeps its connection wait for `proxy_read_timeout`.
#
# Seen with nginx 1.22.1 (Debian 12) on 2026-11-30. Needs apt (for the package, unpacked in a temporary folder), curl and python3.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "$(cat "$dir/nginx.pid" 2>/dev/null)" "${silent:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
chmod 755 "$dir"
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download nginx
dpkg -x nginx_*.deb .
mkdir logs
# Takes connections, and never answers.
python3 -c 'import socket, time; s = socket.create_server(("127.0.0.1", 18110)); open("listening", "w"); time.sleep(60)' &
silent=$!
for _ in $(seq 100); do [ -e listening ] && break; sleep 0.1; done
cat >nginx.conf <<CONF
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/logs/error.log;
events { }
http {
  access_log off;
  client_body_temp_path $dir/b; proxy_temp_path $dir/p; fastcgi_temp_path $dir/f; uwsgi_temp_path $dir/u; scgi_temp_path $dir/s;
  server {
    listen 127.0.0.1:18109;
    location / { proxy_pass http://127.0.0.1:18109/app/; }
    location /copied/ { mirror /copy; proxy_pass http://127.0.0.1:18109/app/; }
    location /app/ { return 200 ok; }
    location = /copy { internal; proxy_pass http://127.0.0.1:18110; proxy_read_timeout 3s; }
  }
}
CONF
version=$(./usr/sbin/nginx -v 2>&1)
echo "$version"
[ "$version" = 'nginx version: nginx/1.22.1' ] || { echo "another version than the one that was looked at" >&2; exit 1; }
./usr/sbin/nginx -p "$dir" -c "$dir/nginx.conf" -e "$dir/logs/error.log"
for _ in $(seq 50); do curl -so /dev/null http://127.0.0.1:18109/ && break; sleep 0.1; done
# Milliseconds for the first and for the second request of one connection.
twice() {
  curl -s -o /dev/null -o /dev/null -w '%{num_connects} %{time_total}\n' "http://127.0.0.1:18109/$1" "http://127.0.0.1:18109/app/" |
    awk '{printf "%s%d", (NR > 1 ? " " : ""), 1000 * $2} END {print ""}'
}
read -r first second <<<"$(twice '')"
echo "no mirror: $first ms, then $second ms"
read -r copied next <<<"$(twice copied/)"
echo "a mirror that hangs: $copied ms, then $next ms"
[ "$copied" -lt 1000 ] && [ "$next" -gt 2000 ] && [ "$second" -lt 1000 ]
