"""hypercorn, which goes on in HTTP/2 with whoever asks for `Upgrade: h2c`."""

import asyncio

from hypercorn.asyncio import serve
from hypercorn.config import Config

from server import listen


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": f"HTTP/{scope['http_version']}".encode()})


listener = listen()
config = Config()
config.bind = [f"fd://{listener.fileno()}"]
config.loglevel = "CRITICAL"
asyncio.run(serve(app, config))
