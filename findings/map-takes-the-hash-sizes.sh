#!/usr/bin/env bash
# nginx: `map_hash_bucket_size` and `map_hash_max_size` behind the first `map` of `http` are refused as duplicates, though each is written
# once: the `map` has taken the defaults, which sets them. The sizes of other hashes (`server_names_hash_bucket_size`,
# `types_hash_max_size`, `variables_hash_bucket_size`) may stand behind what they are for. The documentation has no word on the order,
# and an included file with a `map` of its own breaks a configuration that sets a size further down.
#
# Seen with nginx 1.22.1 (Debian 12) on 2026-12-01. Needs apt (for the package, unpacked in a temporary folder).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download nginx
dpkg -x nginx_*.deb .
mkdir logs
version=$(./usr/sbin/nginx -v 2>&1)
echo "$version"
[ "$version" = 'nginx version: nginx/1.22.1' ] || { echo "another version than the one that was looked at" >&2; exit 1; }
temp="client_body_temp_path $dir/b; proxy_temp_path $dir/p; fastcgi_temp_path $dir/f; uwsgi_temp_path $dir/u; scgi_temp_path $dir/s;"
map="map \$host \$a { default 1; }"
server='server { listen 127.0.0.1:18104; server_name a.example.org; }'
says() {
  printf 'pid %s/nginx.pid; error_log %s/logs/error.log; events { } http { access_log off; %s %s }\n' "$dir" "$dir" "$temp" "$1" >nginx.conf
  { ./usr/sbin/nginx -t -p "$dir" -c "$dir/nginx.conf" -e "$dir/logs/error.log" 2>&1 || true; } | sed -n 's/.*\[emerg\] [0-9#]*[:]* *\(".*\) in .*/\1/p; s/.*test is successful/accepted/p'
}
expect() {
  said=$(says "$1")
  echo "$1 -> $said"
  [ "$said" = "$2" ] || { echo "expected: $2" >&2; exit 1; }
}
expect "map_hash_bucket_size 128; $map" accepted
expect "$map map_hash_bucket_size 128;" '"map_hash_bucket_size" directive is duplicate'
expect "$map map_hash_max_size 4096;" '"map_hash_max_size" directive is duplicate'
expect "$server server_names_hash_bucket_size 128;" accepted
expect "types { text/a a; } types_hash_max_size 4096;" accepted
expect "$map variables_hash_bucket_size 128;" accepted
