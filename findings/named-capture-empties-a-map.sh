#!/usr/bin/env bash
# nginx: a named group in any regular expression takes the variable of a `map` away, everywhere. `location ~ ^/(?<lang>..)/` makes `$lang`
# its own when the file is read; the `map` before it is never looked at again, in other servers neither, and nothing is said of it. Where the
# location does not match, `$lang` is empty. Behind it, the `map` wins instead, and the group is never seen. `set $lang …` is another
# matter: it takes the map's place for the requests that run it, and for no other.
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
version=$(./usr/sbin/nginx -v 2>&1)
echo "$version"
[ "$version" = 'nginx version: nginx/1.22.1' ] || { echo "another version than the one that was looked at" >&2; exit 1; }
# shellcheck disable=SC2016 # nginx's variables
map='map $http_accept_language $lang { default en; ~de de; }'
# shellcheck disable=SC2016
group='server { listen 127.0.0.1:18122; location ~ ^/(?<lang>[a-z][a-z])/ { return 200 "$lang"; } }'
# shellcheck disable=SC2016
set='server { listen 127.0.0.1:18122; location /fr/ { set $lang fr; return 200 "$lang"; } }'
# What a server that names no group answers, with these directives before and behind it.
ask() {
  cat >nginx.conf <<CONF
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/logs/error.log;
events { }
http {
  access_log off;
  client_body_temp_path $dir/b; proxy_temp_path $dir/p; fastcgi_temp_path $dir/f; uwsgi_temp_path $dir/u; scgi_temp_path $dir/s;
  $1
  server { listen 127.0.0.1:18121; location / { return 200 "(\$lang)"; } }
  $2
}
CONF
  ./usr/sbin/nginx -p "$dir" -c "$dir/nginx.conf" -e "$dir/logs/error.log"
  for _ in $(seq 50); do curl -so /dev/null http://127.0.0.1:18121/ && break; sleep 0.1; done
  curl -s -H 'Accept-Language: de' http://127.0.0.1:18121/
  kill "$(cat nginx.pid)"
  while [ -e nginx.pid ]; do sleep 0.1; done
}
alone=$(ask "$map" '')
behind=$(ask "$map" "$group")
before=$(ask "$group" "$map")
with_set=$(ask "$map" "$set")
echo "the map alone: $alone; a named group elsewhere, behind it: $behind, before it: $before; set elsewhere: $with_set"
[ "$alone $behind $before $with_set" = '(de) () (de) (de)' ] || { echo "not what was seen" >&2; exit 1; }
