#!/usr/bin/env bash
# nginx: one upload that the app servers refuse takes them all away from everybody. An app server that answers 413 as soon as it has
# read the head, and closes the connection, as waitress does, is to nginx one that has failed: writing the rest of the body does.
# It does not read the answer, passes the same body to the next app server, though it is a POST, and when all have refused it
# says 502 and sends nobody anything for `fail_timeout`. `client_max_body_size` below the app servers' own limit, or `max_fails=0`, avoid it.
#
# Seen with nginx 1.22.1 (Debian 12) and waitress 3.0.2 on 2026-11-30. Needs apt (for the package, unpacked in a temporary folder), curl
# and python3 with venv.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "$(cat "$dir/nginx.pid" 2>/dev/null)" ${apps[@]+"${apps[@]}"} 2>/dev/null || true; rm -rf "$dir"' EXIT
chmod 755 "$dir"
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download nginx
dpkg -x nginx_*.deb .
mkdir logs
python3 -m venv venv
venv/bin/pip -q install --disable-pip-version-check waitress==3.0.2
cat >app.py <<'PYTHON'
import sys, waitress
def app(environ, start_response):
    environ['wsgi.input'].read()
    start_response('200 OK', [])
    return [b'fine\n']
waitress.serve(app, listen=f'127.0.0.1:{sys.argv[1]}', max_request_body_size=1024 * 1024)
PYTHON
apps=()
for port in 18112 18113; do
  venv/bin/python app.py $port 2>/dev/null &
  apps+=($!)
done
cat >nginx.conf <<CONF
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/logs/error.log;
events { }
http {
  access_log off;
  client_body_temp_path $dir/b; proxy_temp_path $dir/p; fastcgi_temp_path $dir/f; uwsgi_temp_path $dir/u; scgi_temp_path $dir/s;
  client_max_body_size 0;
  upstream app { server 127.0.0.1:18112; server 127.0.0.1:18113; }
  server {
    listen 127.0.0.1:18111;
    location / { proxy_pass http://app; }
  }
}
CONF
version=$(./usr/sbin/nginx -v 2>&1)
echo "$version"
[ "$version" = 'nginx version: nginx/1.22.1' ] || { echo "another version than the one that was looked at" >&2; exit 1; }
for port in 18112 18113; do
  for _ in $(seq 100); do curl -so /dev/null "http://127.0.0.1:$port/" && break; sleep 0.1; done
done
./usr/sbin/nginx -p "$dir" -c "$dir/nginx.conf" -e "$dir/logs/error.log"
ask() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
for _ in $(seq 50); do [ "$(ask http://127.0.0.1:18111/)" = 200 ] && break; sleep 0.1; done
truncate -s 64M upload
direct=$(ask --data-binary @upload http://127.0.0.1:18112/ || true)
echo "the upload, without nginx: $direct"
before=$(ask http://127.0.0.1:18111/)
# Whether the answer or the failure is seen first is chance; mostly it is the failure.
for _ in $(seq 10); do
  upload=$(ask --data-binary @upload http://127.0.0.1:18111/)
  after=$(ask http://127.0.0.1:18111/)
  [ "$after" = 200 ] || break
done
echo "somebody else, before: $before; the upload: $upload; somebody else, after: $after"
grep -o 'no live upstreams' logs/error.log | head -1
[ "$before" = 200 ] && [ "$upload" = 502 ] && [ "$after" = 502 ]
