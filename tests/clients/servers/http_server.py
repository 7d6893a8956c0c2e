"""Python's http.server, which speaks HTTP/1.0: no chunks, no length, the end of the connection is that of the answer."""

import hashlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from server import listen


class Handler(BaseHTTPRequestHandler):
    def respond(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        self.respond(bytes(range(256)) * int(self.path.rsplit("/", 1)[1]))

    do_HEAD = do_GET

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.respond(hashlib.sha256(body).hexdigest().encode())

    def log_message(self, *_):
        pass


listener = listen()
server = ThreadingHTTPServer(listener.getsockname(), Handler, bind_and_activate=False)
server.socket = listener
server.serve_forever()
