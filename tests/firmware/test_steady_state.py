"""The sensor at work for 10,000 blocks: what it allocates does not grow."""

import json

import numpy as np
import pytest

from gateway.boards import flashed_files
from gateway.virtual.boards import sensor_settings
from gateway.virtual.interpreter import Interpreter

BLOCKS = 10_000
ROUND = 500
# A sampling difference: the collector looks for pointers on the stack too, and may find a stale one to the largest
# array that comes and goes, a spectrum of 16 KB. The smallest growth, one cell of 16 bytes a block, would be 160 KB.
SLACK_BYTES = 32768

LOOP = """
import gc, sys
class Console:
    def __init__(self, link):
        self.incoming = b"hello 1\\n"
    def read(self):
        data, self.incoming = self.incoming, b""
        return data
    def write(self, view):
        return len(view)
import firmware.common.console
firmware.common.console.Console = Console
from firmware.sensor import app
from firmware.sensor import microphone
class Microphone:
    def __init__(self, settings):
        self.count = 0
    def read(self, raw):
        # Every tenth second is loud: triggers, clips, hold-off and the wait for the gateway all happen.
        self.count += 1
        raw[:] = loud if self.count % 400 < 40 else quiet
        return len(raw)
app.Microphone = Microphone
sensor = None
def start(data):
    global sensor, loud, quiet
    half = len(data) // 2
    loud, quiet = bytes(data[:half]), bytes(data[half:])
    sensor = app.build()
def run(data):
    for _ in range(int(bytes(data))):
        sensor.step()
def collect(data):
    gc.collect()
def used(data):
    return str(gc.mem_alloc()).encode()
def clips(data):
    return str(sensor._clips).encode()
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_ten_thousand_blocks_leave_no_garbage_that_grows():
    """Four minutes of street with triggers: after each collection the same amount is in use."""
    source = np.random.default_rng(1)
    words = [(source.normal(0, scale, 1200) * 2**31).astype("<i4").tobytes() for scale in (0.03, 0.0003)]
    settings = sensor_settings(signature_threshold=0.0, slots=2)
    files = {**flashed_files("sensor", settings), "loop.py": LOOP.encode()}
    with Interpreter(files) as interpreter:
        interpreter.call(
            "_board.configure", json.dumps({"uid": "00", "heap_bytes": 8 << 20, "now_us": 0}).encode()
        )
        interpreter.exec("import loop")
        interpreter.call("loop.start", b"".join(words))
        used = []
        for _ in range(BLOCKS // ROUND):
            for _ in range(ROUND // 20):
                interpreter.call("loop.run", b"20")
            for _ in range(2):
                interpreter.call("loop.collect")
            used.append(int(interpreter.call("loop.used")))
        clips = int(interpreter.call("loop.clips"))

    assert clips >= 2, "no trigger came: the test did not see all states"
    settled = used[len(used) // 4 :]
    assert max(settled) - min(settled) <= SLACK_BYTES, used
