#!/usr/bin/env bash
# nginx: `sticky cookie` sets its cookie when a server is chosen, not when one has answered. A 502 of nginx's own sends clients away with the
# cookie of the server that refused them (of the last one that was tried); where `error_page 502 = @fallback` asks another upstream, the
# answer has both cookies, of one name if both upstreams use the same, and browsers keep the one that comes last. Once no server is
# left to be tried, there is no cookie.
#
# Seen with nginx 1.30.6 (Debian forky) on 2026-12-01. Needs apt's own package source, mmdebstrap (for the packages, unpacked in a temporary
# folder) and curl.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "$(cat "$dir/nginx.pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$dir"' EXIT
chmod 755 "$dir"
cd "$dir"
# shellcheck disable=SC2016 # apt-get puts the address there.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -1)
mmdebstrap --quiet --variant=extract --include=nginx --aptopt='Acquire::Check-Valid-Until "false"' forky root "$mirror"
mkdir logs
cat >nginx.conf <<CONF
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/logs/error.log;
events { }
http {
  access_log off;
  client_body_temp_path $dir/b; proxy_temp_path $dir/p; fastcgi_temp_path $dir/f; uwsgi_temp_path $dir/u; scgi_temp_path $dir/s;
  upstream blue { server 127.0.0.1:1 route=first max_fails=0; server 127.0.0.1:2 route=second max_fails=0; sticky cookie srv; }
  upstream spare { server 127.0.0.1:18111 route=spare; sticky cookie srv; }
  upstream gone { server 127.0.0.1:1 route=first down; sticky cookie srv; }
  server {
    listen 127.0.0.1:18110;
    location /refused { proxy_pass http://blue; }
    location /gone { proxy_pass http://gone; }
    location /spared { error_page 502 = @spare; proxy_pass http://blue; }
    location @spare { proxy_pass http://spare; }
  }
  server { listen 127.0.0.1:18111; return 200 fine; }
}
CONF
nginx() {
  "$(echo root/usr/lib*/ld-linux-x86-64.so.2)" --library-path "root/usr/lib/x86_64-linux-gnu" root/usr/sbin/nginx "$@"
}
version=$(nginx -v 2>&1)
echo "$version"
[[ $version == 'nginx version: nginx/1.30.6'* ]] || { echo "another version than the one that was looked at" >&2; exit 1; }
nginx -p "$dir" -c "$dir/nginx.conf" -e "$dir/logs/error.log"
ask() {
  curl -s -i -H "Cookie: $2" "http://127.0.0.1:18110/$1" | tr -d '\r' | sed -n 's/^HTTP[^ ]* \([0-9]*\).*/\1/p; s/^Set-Cookie: //p' | paste -sd' '
}
for _ in $(seq 50); do curl -so /dev/null http://127.0.0.1:18111/ && break; sleep 0.1; done
first=$(ask refused srv=first) second=$(ask refused srv=second) spared=$(ask spared srv=first) gone=$(ask gone srv=first)
echo "sent with first, refused: $first"; echo "sent with second, refused: $second"
echo "sent with first, spared: $spared"; echo "sent with first, which is down: $gone"
[ "$first" = '502 srv=second' ] && [ "$second" = '502 srv=first' ] && [ "$spared" = '200 srv=second srv=spare' ] && [ "$gone" = 502 ]
