#!/usr/bin/env bash
# nginx: `$upstream_response_length` is not the length of what the app server answered, but of how it was sent. Of an answer in chunks the
# lines with the sizes count, too, and the last chunk, so that the same five bytes are 5 with `Content-Length` and 15 in one chunk. An app
# server that streams in small pieces seems to send several times as much as clients get. `proxy_buffering off` makes no difference.
#
# Seen with nginx 1.22.1 (Debian 12) on 2026-11-30. Needs apt (for the package, unpacked in a temporary folder), curl and python3.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "$(cat "$dir/nginx.pid" 2>/dev/null)" ${app:-} 2>/dev/null || true; rm -rf "$dir"' EXIT
chmod 755 "$dir"
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download nginx
dpkg -x nginx_*.deb .
mkdir logs
version=$(./usr/sbin/nginx -v 2>&1)
echo "$version"
[ "$version" = 'nginx version: nginx/1.22.1' ] || { echo "another version than the one that was looked at" >&2; exit 1; }
cat >app.py <<'PYTHON'
import http.server
class App(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        chunked = 'chunked' in self.path
        self.send_response(200)
        self.send_header('Transfer-Encoding', 'chunked') if chunked else self.send_header('Content-Length', '5')
        self.end_headers()
        self.wfile.write(b'5\r\nhello\r\n0\r\n\r\n' if chunked else b'hello')
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(('127.0.0.1', 18132), App).serve_forever()
PYTHON
python3 app.py &
app=$!
cat >nginx.conf <<CONF
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/logs/error.log;
events { }
http {
  client_body_temp_path $dir/b; proxy_temp_path $dir/p; fastcgi_temp_path $dir/f; uwsgi_temp_path $dir/u; scgi_temp_path $dir/s;
  log_format lengths '\$uri \$upstream_response_length of \$body_bytes_sent';
  access_log off;
  proxy_http_version 1.1;
  server {
    listen 127.0.0.1:18131;
    location / { return 200; }
    location /app/ { proxy_pass http://127.0.0.1:18132; access_log $dir/logs/access.log lengths; }
    location /app/unbuffered/ { proxy_pass http://127.0.0.1:18132; proxy_buffering off; access_log $dir/logs/access.log lengths; }
  }
}
CONF
for _ in $(seq 100); do curl -so /dev/null http://127.0.0.1:18132/ && break; sleep 0.1; done
./usr/sbin/nginx -p "$dir" -c "$dir/nginx.conf" -e "$dir/logs/error.log"
for _ in $(seq 50); do curl -so /dev/null http://127.0.0.1:18131/ && break; sleep 0.1; done
# By HTTP/1.0, so that what clients get has no chunks either.
for path in whole chunked unbuffered/chunked; do curl -s0 -o /dev/null "http://127.0.0.1:18131/app/$path"; done
for _ in $(seq 50); do [ "$(wc -l <logs/access.log)" = 3 ] && break; sleep 0.1; done
cat logs/access.log
[ "$(tr '\n' ';' <logs/access.log)" = '/app/whole 5 of 5;/app/chunked 15 of 5;/app/unbuffered/chunked 15 of 5;' ] || { echo "not what was seen" >&2; exit 1; }
