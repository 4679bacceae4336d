"""What the firmware of a sensor takes of the board's memory, measured in an interpreter.

Rules of this file
- Counted is what is in use after a collection: what lasts, not what comes and goes within a block.
- Code and the rest are counted apart, rings (the memory of clips) not at all. Stand-ins for the hardware are loaded
  before, so they are not counted either.
- An interpreter of this computer has pointers of 64 bits: objects and code take up to twice what they take on a
  board. Arrays of single precision take the same.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.boards import flashed_files, ring_bytes
from gateway.virtual.interpreter import Interpreter

# No part of the firmware, or there already: the hardware's stand-ins and what they import.
BEFORE = "import binascii, gc, json, machine, os, random, struct, sys\nfrom ulab import numpy"
COLLECTIONS = 3  # the first may find a stale pointer on the stack


@dataclass(frozen=True, slots=True)
class SensorMemory:
    """Bytes: `work` are arrays, buffers and objects, `code` is what the modules take."""

    work: int
    code: int


def sensor_memory(settings: Mapping[str, Any], program: Path | None = None) -> SensorMemory:
    """Measure a sensor with `settings` after its start."""
    with Interpreter(flashed_files("sensor", settings), program=program) as interpreter:
        known = {"uid": "00", "heap_bytes": 64 << 20, "now_us": 0}
        interpreter.call("_board.configure", json.dumps(known).encode())

        def used(code: str) -> int:
            interpreter.exec(code)
            for _ in range(COLLECTIONS):
                interpreter.exec("gc.collect()")
            return int(interpreter.exec("print(gc.mem_alloc())"))

        bare = used(BEFORE)
        loaded = used("from firmware.sensor import app")
        built = used("sensor = app.build()")
    return SensorMemory(work=built - loaded - ring_bytes(settings), code=loaded - bare)
