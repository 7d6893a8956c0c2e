"""stomp.py over WebSocket, with the document's configuration in front of two brokers."""

import os
import queue

import stomp

from checks import DEADLINE, HOST, KOREAN, PORT, ask, check, equal


class Inbox(stomp.ConnectionListener):
    """What comes to a connection: the name of each event, with its frame."""

    def __init__(self):
        self.events = queue.Queue()

    def on_connected(self, frame):
        self.events.put(("connected", frame))

    def on_message(self, frame):
        self.events.put(("message", frame))

    def on_receipt(self, frame):
        self.events.put(("receipt", frame))

    def on_error(self, frame):
        self.events.put(("error", frame))

    def on_disconnected(self):
        self.events.put(("disconnected", None))

    def find(self, wanted):
        while True:
            event, frame = self.events.get(timeout=DEADLINE)
            if event == wanted:
                return frame


def connect(**options):
    inbox = Inbox()
    connection = stomp.WSStompConnection([(HOST, int(PORT))], ws_path="/stomp/ws", **options)
    connection.set_listener("inbox", inbox)
    connection.connect(wait=True)
    return connection, inbox, inbox.find("connected")


@check("connects")
def _():
    connection, _, connected = connect()
    connection.disconnect()
    return f"STOMP {connected.headers['version']}"


@check("a message in Korean comes back as it was sent")
def _():
    connection, inbox, _ = connect()
    connection.subscribe("/topic/stock", id="1")
    connection.send("/topic/stock", KOREAN, shelf="a:b\\c\nd")
    frame = inbox.find("message")
    equal((frame.body, frame.headers["shelf"]), (KOREAN, "a:b\\c\nd"))
    connection.disconnect()


@check("500 messages come back in their order")
def _():
    connection, inbox, _ = connect()
    connection.subscribe("/topic/stock", id="1")
    for number in range(500):
        connection.send("/topic/stock", str(number))
    equal([inbox.find("message").body for _ in range(500)], [str(number) for number in range(500)])
    connection.disconnect()


@check("an ACK is taken")
def _():
    connection, inbox, _ = connect()
    connection.subscribe("/queue/py", id="1", ack="client-individual")
    connection.send("/queue/py", "1")
    connection.ack(inbox.find("message").headers["ack"], receipt="a-1")
    receipt = inbox.find("receipt").headers["receipt-id"]
    connection.disconnect()
    return f"receipt {receipt}"


@check("a transaction comes with its COMMIT, and one that is aborted never")
def _():
    connection, inbox, _ = connect()
    connection.subscribe("/topic/stock", id="1")
    for body, finish in [("kept", connection.commit), ("dropped", connection.abort)]:
        transaction = connection.begin()
        connection.send("/topic/stock", body, transaction=transaction)
        finish(transaction)
    connection.send("/topic/stock", "last")
    bodies = [inbox.find("message").body for _ in range(2)]
    connection.disconnect()
    return ", ".join(bodies)


@check("heart-beats are agreed upon")
def _():
    connection, inbox, connected = connect(heartbeats=(5000, 5000), heart_beat_receive_scale=10)
    connection.disconnect()
    return connected.headers["heart-beat"]


@check("when its app server is killed it connects again, to the other one")
def _():
    connection, inbox, connected = connect()
    before = connected.headers["instance"]
    ask("stop", before)
    inbox.find("disconnected")
    connection.connect(wait=True)
    after = inbox.find("connected").headers["instance"]
    equal(sorted([before, after]), ["blue", "green"])
    connection.disconnect()
    ask("start", before)


# Its threads wait for what will not come.
os._exit(0)
