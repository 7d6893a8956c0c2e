#!/usr/bin/env bash
# nginx: `expires` in front of an app does not add to the app's Cache-Control, it takes its place: an answer that the app marks
# `private, no-store` leaves nginx as `max-age=3600`, which any shared cache may keep. Of several Cache-Control fields the first is
# overwritten and the others are dropped. The documentation says "adding or modifying"; one would expect the stricter word to stay.
#
# Seen with nginx 1.22.1 (Debian 12) on 2026-11-29. Needs apt (for the package, unpacked in a temporary folder) and curl.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "$(cat "$dir/nginx.pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$dir"' EXIT
chmod 755 "$dir"
cd "$dir"
# Any patch release of Debian's 1.22.1 will do: the version itself is held below.
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
    listen 127.0.0.1:18101;
    location / { expires 1h; proxy_pass http://127.0.0.1:18102; }
  }
  server {
    listen 127.0.0.1:18102;
    add_header Cache-Control "private, no-store";
    add_header Cache-Control "must-revalidate";
    return 200 "for one user alone";
  }
}
CONF
version=$(./usr/sbin/nginx -v 2>&1)
echo "$version"
[ "$version" = 'nginx version: nginx/1.22.1' ] || { echo "another version than the one that was looked at" >&2; exit 1; }
./usr/sbin/nginx -p "$dir" -c "$dir/nginx.conf" -e "$dir/logs/error.log"
for _ in $(seq 50); do curl -so /dev/null http://127.0.0.1:18101/ && break; sleep 0.1; done
of() { curl -si "http://127.0.0.1:$1/" | tr -d '\r' | grep -i '^cache-control:'; }
app=$(of 18102)
proxied=$(of 18101)
printf 'the app says\n%s\nnginx with expires 1h says\n%s\n' "$app" "$proxied"
[ "$app" = $'Cache-Control: private, no-store\nCache-Control: must-revalidate' ]
[ "$proxied" = 'Cache-Control: max-age=3600' ]
