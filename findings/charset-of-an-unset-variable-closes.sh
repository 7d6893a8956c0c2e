#!/usr/bin/env bash
# nginx: `charset $arg_c` (or any variable that may not be set) gives a request without it no answer at all: the connection is closed, and
# the error log stays empty. An empty value, `?c=`, is no charset and is answered.
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
  default_type text/html;
  server { listen 127.0.0.1:18109; charset \$arg_c; location / { return 200 page; } }
}
CONF
version=$(./usr/sbin/nginx -v 2>&1)
echo "$version"
[ "$version" = 'nginx version: nginx/1.22.1' ] || { echo "another version than the one that was looked at" >&2; exit 1; }
./usr/sbin/nginx -p "$dir" -c "$dir/nginx.conf" -e "$dir/logs/error.log"
ask() { curl -s -w ' (%{http_code}, curl %{exitcode}) %{content_type}' "http://127.0.0.1:18109/$1" || true; }
for _ in $(seq 50); do curl -so /dev/null 'http://127.0.0.1:18109/?c=x' && break; sleep 0.1; done
with=$(ask '?c=utf-8') empty=$(ask '?c=') without=$(ask '')
echo "with utf-8: $with"; echo "empty: $empty"; echo "without: $without"
echo "error log: $(wc -c <logs/error.log) bytes"
[ "$with" = 'page (200, curl 0) text/html; charset=utf-8' ] && [ "${without% }" = ' (000, curl 52)' ] && [ ! -s logs/error.log ]
