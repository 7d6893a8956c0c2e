"""What app servers in Python share: see server.mjs."""

import json
import os
import socket
import sys
import threading

NAME, PORT = sys.argv[1], int(sys.argv[2])


def listen():
    """A socket that listens; it is announced once this returns."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", PORT))
    listener.listen(128)
    print(json.dumps({"listening": listener.getsockname()[1]}), flush=True)

    def end_with_the_test():
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=end_with_the_test, daemon=True).start()
    return listener
