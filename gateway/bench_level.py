"""What the levels cost a board, as a ratio to a straightforward sound level meter in the same interpreter.

Rules of this file
- Ours: A, C and Z with Fast, Slow, their maxima and Leq, the true C peak, and third-octaves every 125 ms, at 48 kHz.
- The peer: A-weighted Fast alone at 16 kHz, as the sound level meter of emlearn-micropython computes it
  (examples/soundlevel_iir, read in revision 15d072c): a cascade of sections in C over 125 ms, then a loop over the
  16-bit samples that squares and averages exponentially, compiled by the native emitter where the interpreter has one.
  Written anew here after that algorithm; `sosfilt` stands for its own filter module.
- Both take a second of the same sound in turns, and the least time of each counts.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.virtual.interpreter import Interpreter, firmware_files

ROUNDS = 7
SECONDS_PER_ROUND = 2  # of sound

PEER = """
import math
from array import array
from ulab import numpy as np
from ulab import scipy, utils
from firmware.sensor.weighting import weightings
INTEGRATE = '''
def integrate(samples, acc, part):
    for i in range(len(samples)):
        v = samples[i]
        acc = acc + part * (v * v - acc)
    return acc
'''
try:
    exec("import micropython\\n@micropython.native" + INTEGRATE)
    native = True
except SyntaxError:
    exec(INTEGRATE)
    native = False
class Peer:
    def __init__(self, rate=16000):
        c, a = weightings(rate)
        self.sections = np.concatenate((c, a))
        self.state = np.zeros((len(self.sections), 2))
        self.samples = array("h", [0] * (rate // 8))
        self.view = np.frombuffer(self.samples, dtype=np.int16)
        dt = 1.0 / rate
        self.part = dt / (0.125 + dt)
        self.power = 0.0
        self.level = -200.0
    def process(self, raw):
        x = utils.from_int16_buffer(raw)
        x *= 1.0 / 32768.0
        y, self.state = scipy.signal.sosfilt(self.sections, x, zi=self.state)
        y *= 32768.0
        self.view[:] = np.array(y, dtype=np.int16)
        self.power = integrate(self.samples, self.power, self.part)
        self.level = 10.0 * math.log10(self.power / 536870912.0 + 1e-20) + 120.0
"""
MEASURED = """
import json, struct
from array import array
from ulab import numpy as np
from firmware.common.blocks import BLOCKS_PER_FRAME, block_samples
from firmware.sensor.bands import ThirdOctaves
from firmware.sensor.levels import Levels
from firmware.sensor.microphone import unpack
import peer
RATE = 48000
def noise(bytes_per_sample, count):
    words = bytearray(bytes_per_sample * count)
    seed = 1
    for i in range(0, len(words), bytes_per_sample):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        words[i + bytes_per_sample - 2] = seed >> 16 & 255
        words[i + bytes_per_sample - 1] = seed >> 24 & 15
    return words
raw = noise(4, block_samples(RATE))
raw16 = noise(2, 2000)
x = np.zeros(block_samples(RATE))
levels = Levels(RATE, 123.0)
thirds = ThirdOctaves(RATE)
into = array("h", [0] * thirds.count)
meter = peer.Peer()
def run_levels(data):
    bands = len(data)
    for _ in range(8):
        for _ in range(BLOCKS_PER_FRAME):
            unpack(raw, x)
            mean = np.mean(x)
            if bands:
                thirds.add(x)
            levels.add(x, mean)
        levels.end()
        if bands:
            thirds.end(into, 123.0)
def run_peer(data):
    for _ in range(8):
        meter.process(raw16)
def about(data):
    return json.dumps({"native": peer.native, "bits": 8 * np.zeros(1).itemsize})
"""


@dataclass(frozen=True, slots=True)
class LevelCost:
    """Milliseconds per second of sound of levels alone, levels with bands, the peer; the ratios of both to the peer.

    `peer_native`: the peer's loop is machine code. `bits` of a number in an array.
    """

    levels_ms: float
    with_bands_ms: float
    peer_ms: float
    levels_ratio: float
    ratio: float
    peer_native: bool
    bits: int


def level_cost(program: Path | None) -> LevelCost:
    """Measure levels and bands beside the peer in the interpreter `program`; None: the usual one."""
    files = {**firmware_files(), "peer.py": PEER.encode(), "measured.py": MEASURED.encode()}
    with Interpreter(files, program=program) as interpreter:
        interpreter.exec("import measured")

        def seconds(function: str, data: bytes = b"") -> float:
            start = time.perf_counter()
            for _ in range(SECONDS_PER_ROUND):
                interpreter.call(f"measured.{function}", data)
            return (time.perf_counter() - start) / SECONDS_PER_ROUND

        levels, bands, peer = least(
            lambda: seconds("run_levels"),
            lambda: seconds("run_levels", b"bands"),
            lambda: seconds("run_peer"),
        )
        about = json.loads(interpreter.call("measured.about"))
    return LevelCost(
        levels * 1e3, bands * 1e3, peer * 1e3, levels / peer, bands / peer, about["native"], about["bits"]
    )


def least(*measured: Callable[[], float]) -> list[float]:
    """Run each of `measured` in turns; return the least that each gave."""
    rounds = [[one() for one in measured] for _ in range(ROUNDS)]
    return [min(times) for times in zip(*rounds, strict=True)]
