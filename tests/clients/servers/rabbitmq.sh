#!/usr/bin/env bash
# RabbitMQ with Web-STOMP at /ws, as server.mjs has it: NAME PORT, two ports more for Erlang's own, and a folder. It runs in a
# namespace of its own, so that whatever it starts ends with it.
set -euo pipefail
name=$1 port=$2 epmd=$3 dist=$4 dir=$5
program=/usr/lib/rabbitmq/bin/rabbitmq-server

if [[ ${6-} != inside ]]; then
  options=(--fork --pid --mount-proc --kill-child)
  ((EUID == 0)) || options+=(--user --map-current-user)
  exec unshare "${options[@]}" "${BASH_SOURCE[0]}" "$@" inside
fi

printf '[rabbitmq_web_stomp].\n' >"$dir/plugins"
cat >"$dir/rabbitmq.conf" <<CONF
listeners.tcp = none
stomp.listeners.tcp = none
web_stomp.tcp.ip = 127.0.0.1
web_stomp.tcp.port = $port
log.console = false
log.file = broker.log
CONF
export HOME=$dir ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT=$epmd
export RABBITMQ_NODENAME=$name@localhost RABBITMQ_DIST_PORT=$dist RABBITMQ_CONFIG_FILE=$dir/rabbitmq.conf
export RABBITMQ_MNESIA_BASE=$dir/data RABBITMQ_LOG_BASE=$dir RABBITMQ_ENABLED_PLUGINS_FILE=$dir/plugins RABBITMQ_PID_FILE=$dir/pid
export RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_GENERATED_CONFIG_DIR=$dir/config
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'
(
  until grep -qs 'Server startup complete' "$dir/broker.log"; do sleep 0.1; done
  printf '{"listening":%d}\n' "$port"
) &
# It ends with the test, whose end of standard input this holds.
exec 3<&0
cat <&3 >/dev/null &
input=$!
"$program" >/dev/null 2>&1 </dev/null &
wait -n "$input" $!
