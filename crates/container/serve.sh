#!/bin/sh
# Runs any number of nginx masters in one container, each in a directory of its own, at the word of the host.
#
#   sh serve.sh FIFO
#
# FIFO is in a directory that host and container share under the same path. One request a line; DIR is such a directory too, may be
# written to, and has the nginx.conf to run:
#
#   start DIR         nginx on DIR/nginx.conf, in the background, with DIR as its prefix
#   test DIR          nginx -T on it
#   version DIR       nginx -v
#   signal NAME DIR   NAME (TERM, QUIT, HUP, USR1, KILL) to the master process started there
#   end NUMBER        TERM to the master process of that number, whose DIR may be gone
#
# What nginx says goes to DIR/stderr, and what it prints to DIR/stdout. When it has ended, its exit status is in DIR/exit, which is never there half written. The
# number of its master process, as the container counts, is in DIR/master.
#
# It ends, and every nginx with it, on TERM, and when no process has FIFO open for writing any more: so the host opens it once and
# keeps it, and nothing outlives the host's process, however that ends. Plain POSIX sh, to be run by any image of nginx.

set -u
fifo=$1
started=''
newline='
'

# Runs nginx in the shared directory $1 with the arguments that follow, and sees to its three files.
nginx_in() {
  dir=$1
  shift
  # shellcheck disable=SC2016 # expanded by the inner shell, which becomes nginx: its number is nginx's
  sh -c 'dir=$1; shift; echo $$ >"$dir/master"; exec nginx -p "$dir" -c "$dir/nginx.conf" -e stderr "$@"' \
    nginx "$dir" "$@" >"$dir/stdout" 2>"$dir/stderr"
  status=$?
  [ -d "$dir" ] || return 0 # its scenario was cut short
  echo "$status" >"$dir/exit.new"
  mv "$dir/exit.new" "$dir/exit"
}

# Sends signal $1 to the master process of directory $2, unless it has ended.
signal() {
  [ -e "$2/exit" ] || kill -s "$1" "$(cat "$2/master")" 2>/dev/null
}

end() {
  trap '' TERM INT
  IFS=$newline
  for dir in $started; do
    signal TERM "$dir"
  done
  wait
  exit 0
}
trap end TERM INT

while read -r verb rest; do
  case $verb in
    start)
      rm -f "$rest/exit" "$rest/master"
      started=$started$newline$rest
      nginx_in "$rest" -g 'daemon off;' &
      ;;
    test)
      rm -f "$rest/exit" "$rest/master"
      nginx_in "$rest" -T &
      ;;
    version)
      rm -f "$rest/exit" "$rest/master"
      nginx_in "$rest" -v &
      ;;
    signal) signal "${rest%% *}" "${rest#* }" ;;
    end) kill -s TERM "$rest" 2>/dev/null ;;
    *) echo "serve.sh: no such request: $verb $rest" >&2 ;;
  esac
done <"$fifo"
end
