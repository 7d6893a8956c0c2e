"""waitress, which refuses a body of more than a megabyte as soon as it has read the head."""

import hashlib

import waitress

from server import listen


def app(environ, start_response):
    digest = hashlib.sha256(environ["wsgi.input"].read()).hexdigest()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [digest.encode()]


waitress.serve(app, sockets=[listen()], max_request_body_size=1024 * 1024)
