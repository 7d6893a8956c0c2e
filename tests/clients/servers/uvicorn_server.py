"""uvicorn: streams in chunks, and WebSockets by Python's websockets."""

import asyncio
import hashlib

import uvicorn

from server import NAME, listen

events = asyncio.Queue()


async def body_of(receive):
    digest, pieces = hashlib.sha256(), 0
    while True:
        message = await receive()
        digest.update(message.get("body", b""))
        pieces += 1
        if not message.get("more_body"):
            return digest.hexdigest(), pieces


async def app(scope, receive, send):
    async def respond(content_type, *pieces, more=False):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", content_type)]})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        if not more:
            await send({"type": "http.response.body"})

    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
    elif scope["path"] == "/events":
        await respond(b"text/event-stream", b": open\n\n", more=True)
        while (event := await events.get()) is not None:
            await send({"type": "http.response.body", "body": f"data: {event}\n\n".encode(), "more_body": True})
        await send({"type": "http.response.body"})
    elif scope["path"].startswith("/send/"):
        event = scope["path"].removeprefix("/send/")
        await events.put(None if event == "end" else event)
        await respond(b"text/plain", b"sent")
    elif scope["path"] == "/broken":
        await respond(b"text/plain", b"half", more=True)
        raise RuntimeError("in the middle of an answer")
    elif scope["path"] == "/name":
        await respond(b"text/plain", NAME.encode())
    else:
        digest, _ = await body_of(receive)
        await respond(b"text/plain", digest.encode())


config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="websockets-sansio")
listener = listen()
asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))
