#!/bin/sh
# Runs in the nginx container, in the official image as in ours. Reads commands from a FIFO, a line each:
#
#   start DIR PREFIX    run nginx on PREFIX/nginx.conf
#   test DIR PREFIX     check PREFIX/nginx.conf
#   version DIR         print nginx's version
#   signal DIR NAME     send the nginx that was started for DIR a signal
#
# What nginx prints goes to DIR/stderr, its process id to DIR/pid, its exit status, when it has ended, to DIR/exit.
# When the FIFO's writer is gone, however it went, this script ends, and with it the container.

run() { # DIR ARGUMENT…
	dir=$1
	shift
	rm -f "$dir/exit"
	(
		nginx "$@" 2>"$dir/stderr" >/dev/null </dev/null &
		echo $! >"$dir/pid"
		wait $!
		echo $? >"$dir/exit"
	) &
}

while read -r command dir argument; do
	case $command in
	start) run "$dir" -p "$argument/" -c "$argument/nginx.conf" -e stderr -g 'daemon off;' ;;
	test) run "$dir" -p "$argument/" -c "$argument/nginx.conf" -e stderr -t ;;
	version) run "$dir" -v ;;
	signal) kill -s "$argument" "$(cat "$dir/pid")" ;;
	esac
done <"$1"
