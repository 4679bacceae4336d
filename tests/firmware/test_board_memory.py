"""How much memory the firmware takes beside its rings: what gateway/boards.py says, and flash.py refuses by."""

import json
import struct

import pytest

from gateway.boards import (
    PROOF_BYTES,
    SECOND_MICROPHONE_BYTES,
    WORK_BYTES,
    board_settings,
    flashed_files,
    needed_bytes,
    read_board,
)
from gateway.virtual.boards import sensor_settings
from gateway.virtual.interpreter import Interpreter
from gateway.virtual.memory import BEFORE, sensor_memory

BLOCK = struct.pack("<QHB", 25_000, 0, 1) + b"\x03i2s" + struct.pack("<I", 4800) + bytes(4800)


def times_a_board(interpreter: Interpreter) -> float:
    """Return how many times as much as a board with 32 bits and single precision the interpreter may take."""
    facts = interpreter.exec(
        "import sys\nfrom ulab import numpy as np\nprint(np.zeros(1).itemsize, sys.maxsize)"
    )
    itemsize, largest = map(int, facts.split())
    if itemsize > 4:
        return 1.6
    return 1.0 if largest < 1 << 32 else 1.3


def used(interpreter: Interpreter) -> int:
    """Return the bytes in use after a collection, which may come between two requests."""
    interpreter.exec("import gc\ngc.collect()")
    return int(interpreter.exec("print(gc.mem_alloc())"))


@pytest.mark.parametrize(
    ("name", "changes"),
    [("pico-2", {"mode": "evidence"}), ("pico-2", {}), ("xiao-esp32s3-sense", {})],
    ids=["sensor-evidence", "sensor-observe", "camera"],
)
def test_the_firmware_needs_what_flash_py_asks_for(name, changes):
    """Rings to the byte; code and work arrays within what is said, on a board that computes in single precision."""
    board = read_board(name)
    settings = board_settings(board, "one", changes)
    known = {"uid": "01", "heap_bytes": 16 << 20, "now_us": 0}
    with Interpreter(flashed_files(board.kind, settings)) as interpreter:
        more = times_a_board(interpreter)
        interpreter.call("_board.configure", json.dumps(known).encode())
        if board.kind == "sensor":
            interpreter.exec(BEFORE)
        before = used(interpreter)
        assert interpreter.call("_board.start") == b"\0"
        for _ in range(10):
            interpreter.call("_board.step", BLOCK)
        taken = used(interpreter) - before
    rings = needed_bytes(settings) - WORK_BYTES[board.kind] - settings.get("ibuf_bytes", 0)
    print(f"{name} {changes}: {taken - rings} bytes of code and work, {rings} of rings")
    assert taken - rings <= WORK_BYTES[board.kind] * more
    assert taken - rings >= WORK_BYTES[board.kind] * 0.5


@pytest.mark.parametrize("changes", [{"mode": "observe"}, {"slots": 1}, {"slots": 3}], ids=str)
def test_the_sensor_works_in_120_kib_beside_its_rings_and_its_code(changes):
    """Arrays, buffers and objects of all of it, the link too, in single precision and with pointers of 32 bits.

    What is counted as rings is rings: three of them do not change the rest.
    """
    memory = sensor_memory(sensor_settings(**changes))
    with Interpreter({}) as interpreter:
        more = times_a_board(interpreter)
    print(f"{changes}: {memory}")
    assert 60 << 10 < memory.work < (120 << 10) * more
    assert memory.code < (110 << 10) * max(more, 1.5)  # a board's are half as large as those of 64 bits


def test_a_second_microphone_takes_what_is_said_and_without_it_nothing_of_it_is_there():
    """Its samples, and the bearing with its code, beside rings of twice the size."""
    one, two = (sensor_memory(sensor_settings(channels=channels)) for channels in (1, 2))
    with Interpreter({}) as interpreter:
        more = times_a_board(interpreter)
    print(f"{two.work - one.work} bytes")

    assert one.code == two.code
    assert 0.5 * SECOND_MICROPHONE_BYTES < two.work - one.work
    assert two.work - one.work < SECOND_MICROPHONE_BYTES * more


HOLDING = """
import gc, json
from firmware.sensor import app
class Clip:
    number = 1
    def __init__(self, *parts):
        self.parts = parts
    def total(self, part):
        return len(self.parts[part])
    available = total
    def read(self, part, offset, view):
        view[:] = self.parts[part][offset : offset + len(view)]
sensor = app.build()
summary = json.dumps({"number%d" % number: number for number in range(20)}).encode()
clip = Clip(bytes(300), bytes(8000), bytes(1600), summary)
sensor._link.hold(clip)
sent = sensor._link._transfers[0].as_sent
for part in range(4):
    sent.read(part, 0, memoryview(bytearray(sent.total(part))))
"""


def test_a_key_takes_what_is_said_with_a_clip_on_its_way_and_without_a_key_nothing_of_it_is_there():
    """The code of the proofs, the key, a hash, a summary with its proof; the rest of the firmware is the same."""
    taken: dict[str, int] = {}
    with Interpreter({}) as interpreter:
        more = times_a_board(interpreter)
    for key in ("", "5a" * 32):
        with Interpreter(flashed_files("sensor", sensor_settings(key=key))) as interpreter:
            interpreter.call(
                "_board.configure", json.dumps({"uid": "01", "heap_bytes": 16 << 20, "now_us": 0}).encode()
            )
            interpreter.exec(f"import hashlib\n{BEFORE}")
            before = used(interpreter)
            interpreter.exec(HOLDING)
            taken[key] = used(interpreter) - before
            loaded = interpreter.exec("print('firmware.common.proof' in sys.modules)").strip()
            assert loaded == str(bool(key))
    added = taken["5a" * 32] - taken[""]
    print(f"{added} bytes")

    assert 0.4 * PROOF_BYTES < added < PROOF_BYTES * more
