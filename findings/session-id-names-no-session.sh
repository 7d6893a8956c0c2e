#!/usr/bin/env bash
# nginx: `$ssl_session_id` names a session only where clients speak TLS 1.2 and tickets are off. With tickets, which are on unless said
# otherwise, it is empty on the connection that begins a TLS 1.2 session and set on those that resume it; over TLS 1.3 it is another on
# each connection, those that resume a session among them. Who joins the lines of a log by it to see who came back finds nobody.
#
# Seen with nginx 1.22.1 (Debian 12), OpenSSL 3.0 at both ends on 2026-12-01. Needs apt (for the package, unpacked in a temporary folder),
# openssl and python3.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "$(cat "$dir/nginx.pid" 2>/dev/null)" 2>/dev/null || true; sleep 0.2; rm -rf "$dir"' EXIT
chmod 755 "$dir"
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download nginx
dpkg -x nginx_*.deb .
mkdir logs
version=$(./usr/sbin/nginx -v 2>&1)
echo "$version"
[ "$version" = 'nginx version: nginx/1.22.1' ] || { echo "another version than the one that was looked at" >&2; exit 1; }
openssl req -x509 -newkey rsa:2048 -nodes -keyout site.key -out site.pem -subj /CN=localhost -days 2 2>/dev/null
temp="client_body_temp_path $dir/b; proxy_temp_path $dir/p; fastcgi_temp_path $dir/f; uwsgi_temp_path $dir/u; scgi_temp_path $dir/s;"
# shellcheck disable=SC2016
answer='return 200 "$ssl_protocol $ssl_session_reused [$ssl_session_id]\n";'
cat >nginx.conf <<CONF
pid $dir/nginx.pid; error_log $dir/logs/error.log; events { }
http {
    access_log off; $temp
    ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:sessions:1m;
    ssl_certificate $dir/site.pem; ssl_certificate_key $dir/site.key;
    server { listen 127.0.0.1:18105 ssl; $answer }
    server { listen 127.0.0.1:18106 ssl; ssl_session_tickets off; $answer }
}
CONF
./usr/sbin/nginx -p "$dir" -c "$dir/nginx.conf" -e "$dir/logs/error.log"
# Three connections, one after the other: the second and the third resume the session of the first. Identifiers are numbered in the
# order that they come: 0 is none.
cat >ask.py <<'PYTHON'
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.maximum_version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[sys.argv[2]]
session, seen, told = None, [], []
for _ in range(3):
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as plain:
        with context.wrap_socket(plain, session=session) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            answer = b""
            while data := connection.recv(4096):
                answer += data
            session = session or connection.session
    protocol, reused, number = answer.decode().split("\r\n\r\n")[1].split()
    if number != "[]" and number not in seen:
        seen.append(number)
    told.append(f"{protocol} {reused} {seen.index(number) + 1 if number in seen else 0}")
print("|".join(told))
PYTHON
expect() {
  said=$(python3 ask.py "$1" "$2")
  echo "port $1, TLS up to $2 -> $said"
  [ "$said" = "$3" ] || { echo "expected: $3" >&2; exit 1; }
}
expect 18105 1.2 'TLSv1.2 . 0|TLSv1.2 r 1|TLSv1.2 r 1'
expect 18106 1.2 'TLSv1.2 . 1|TLSv1.2 r 1|TLSv1.2 r 1'
expect 18105 1.3 'TLSv1.3 . 1|TLSv1.3 r 2|TLSv1.3 r 3'
