#!/bin/sh
set -eu
# shellcheck disable=SC2016
envsubst '${PORT} ${API_HOST} ${API_PORT}' < /etc/nginx/nginx.conf.in > /etc/nginx/nginx.conf
exec nginx -g 'daemon off;'
