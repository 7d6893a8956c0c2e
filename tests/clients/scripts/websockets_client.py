"""websockets, Python's plain WebSocket client: against the echo of the mock app servers."""

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from checks import EVERY_BYTE, KOREAN, SITE, ask, check, equal

URL = f"ws://{SITE['host']}/stomp/echo"


@check("the subprotocol is chosen by the app server")
async def _():
    async with connect(URL + "?protocol=v11.stomp", subprotocols=["v12.stomp", "v11.stomp"]) as socket:
        return socket.subprotocol


@check("text and binary messages come back")
async def _():
    async with connect(URL) as socket:
        await socket.send(KOREAN)
        await socket.send(EVERY_BYTE * 4096)
        equal(await socket.recv(), KOREAN)
        equal(await socket.recv() == EVERY_BYTE * 4096, True)


@check("a message in fragments comes back whole")
async def _():
    async with connect(URL) as socket:
        await socket.send(f"{number} " for number in range(1000))
        equal(len((await socket.recv()).split()), 1000)


@check("a ping is answered")
async def _():
    async with connect(URL) as socket:
        await (await socket.ping())


@check("the app server's code and reason arrive")
async def _():
    async with connect(URL + "?close=4001,bye") as socket:
        try:
            await socket.recv()
        except ConnectionClosed as closed:
            return f"{closed.rcvd.code} {closed.rcvd.reason}"


@check("the client's code and reason arrive")
async def _():
    async with connect(URL) as socket:
        await socket.close(4002, "장바구니")
    return ask("closed", "/stomp/echo")


@check("a refusal arrives with its status")
async def _():
    try:
        async with connect(URL + "?refuse=403"):
            return "it is open"
    except InvalidStatus as refusal:
        return refusal.response.status_code


@check("it comes back by itself when the app servers do")
async def _():
    names = []
    async for socket in connect(URL):
        names.append(socket.response.headers["X-Instance"])
        if len(names) == 3:
            await socket.close()
            break
        ask("stop", names[-1])
        ask("start", names[-1])
        try:
            await socket.recv()
        except ConnectionClosed:
            continue
    return f"{len(names)} times"
