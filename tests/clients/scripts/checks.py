"""What the scripts of Python's clients share: see checks.mjs."""

import asyncio
import json
import sys
import threading
import traceback

SITE = json.loads(sys.argv[1])
HOST, PORT = SITE["host"].rsplit(":", 1)

# Seconds. Only expires when something is wrong.
DEADLINE = 30

KOREAN = "바나나맛 우유 재고: 3개 🍌"
EVERY_BYTE = bytes(range(256))


def say(line):
    print(json.dumps(line), flush=True)


def ask(*words):
    """Has the test do something, such as `ask('stop', 'blue')`."""
    say({"ask": words})
    answer = json.loads(sys.stdin.readline())
    if "error" in answer:
        raise RuntimeError(f"{' '.join(words)}: {answer['error']}")
    return answer["answer"]


def report(name, run):
    try:
        saw = run()
        say({"check": name, "saw": "" if saw is None else str(saw)})
    except BaseException:  # whatever it was, it is told
        say({"check": name, "failed": traceback.format_exc()[-2000:]})


def check(name):
    """Runs a function, or a coroutine, as a check. What it returns is what users see, and must be the same through each proxy."""

    def run(function):
        if asyncio.iscoroutinefunction(function):
            report(name, lambda: asyncio.run(asyncio.wait_for(function(), DEADLINE)))
            return
        done = threading.Event()

        def work():
            report(name, function)
            done.set()

        threading.Thread(target=work, daemon=True).start()
        if not done.wait(DEADLINE):
            say({"check": name, "failed": f"it did not come to pass within {DEADLINE} s"})

    return run


def equal(actual, expected):
    if actual != expected:
        raise AssertionError(f"expected {expected!r:.500}, got {actual!r:.500}")
