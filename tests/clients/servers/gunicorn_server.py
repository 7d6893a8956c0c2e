"""gunicorn with threads: WSGI, streams in chunks to HTTP/1.1, up to the end of the connection to HTTP/1.0."""

import hashlib
import queue

from gunicorn.app.base import BaseApplication

from server import NAME, listen

events = queue.Queue()


def stream():
    yield b": open\n\n"
    while (event := events.get()) is not None:
        yield f"data: {event}\n\n".encode()


def breaking_off():
    yield b"half"
    raise RuntimeError("in the middle of an answer")


def app(environ, start_response):
    def respond(body, *headers):
        start_response("200 OK", [("Content-Type", "text/plain"), *headers])
        return body

    path = environ["PATH_INFO"]
    if path == "/events":
        return respond(stream())
    if path.startswith("/send/"):
        event = path.removeprefix("/send/")
        events.put(None if event == "end" else event)
        return respond([b"sent"], ("Content-Length", "4"))
    if path == "/broken":
        return respond(breaking_off())
    if path == "/address":
        return respond([environ.get("HTTP_X_FORWARDED_FOR", "nobody").encode()])
    if path == "/name":
        return respond([NAME.encode()])
    digest = hashlib.sha256(environ["wsgi.input"].read()).hexdigest()
    return respond([digest.encode()])


class Gunicorn(BaseApplication):
    def load_config(self):
        options = {"bind": f"fd://{listener.fileno()}", "worker_class": "gthread", "threads": 8, "loglevel": "critical"}
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self):
        return app


listener = listen()
Gunicorn().run()
