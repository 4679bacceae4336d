"""`stalenstraat bench`: what the firmware and the gateway cost, each as a ratio to a named peer in the same run.

Rules of this file
- A figure in seconds says something of this machine only; the ratios are what is compared between versions.
- Both sides of a ratio run in turns, and the least of each counts: other programs can only make a run slower.
- Firmware: the whole analysis of the sensor (levels, bands, signature) beside the plainest ulab program that does
  A-weighted Fast alone, both in the same interpreter.
- Levels: A, C, Z, peak and bands beside a sound level meter of others, see gateway/bench_level.py.
- Memory: what the whole sensor keeps, see gateway/virtual/memory.py; with single precision it is what a board needs.
- Gateway: frames through a pty, port and session beside the bare pty read by `os.read`.
"""

import asyncio
import json
import os
import pty
import threading
import time
import tty
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from firmware.common import wire
from firmware.common.blocks import BLOCKS_PER_SECOND
from gateway.bench_level import SECONDS_PER_ROUND, least, level_cost
from gateway.link.port import SerialPort
from gateway.link.session import Session
from gateway.virtual.board import random_serial
from gateway.virtual.boards import sensor_settings, virtual_sensor
from gateway.virtual.interpreter import Interpreter, firmware_files
from gateway.virtual.memory import sensor_memory
from gateway.virtual.world import Pace, World

FRAMES = 4000  # of 2 KiB: 8 MB, long against the start of a thread
RATE = 48000
TRIGGERS = 5
DELAY_LIMIT_MS = 50.0
WORK_LIMIT_BYTES = 120 << 10

# The plainest program: convert, filter, square, one pole, level. What anybody would write first.
PLAIN = """
import math
from ulab import numpy as np
from ulab import scipy, utils
from firmware.sensor.weighting import weightings
class Plain:
    def __init__(self, rate):
        self.sos = np.concatenate(weightings(rate))
        self.zi = np.zeros((self.sos.shape[0], 2))
        k = 1 - math.exp(-1 / (0.125 * rate))
        self.fast = np.array([[k, 0.0, 0.0, 1.0, k - 1, 0.0]])
        self.fi = np.zeros((1, 2))
        self.x = np.zeros(rate // 40)
    def process(self, raw):
        utils.from_int32_buffer(raw, out=self.x)
        self.x *= 1 / 2147483648.0
        y, self.zi = scipy.signal.sosfilt(self.sos, self.x, zi=self.zi)
        z, self.fi = scipy.signal.sosfilt(self.fast, y * y, zi=self.fi)
        return 10 * math.log10(z[-1] + 1e-12)
"""
MEASURED = """
import gc, json
from firmware.common.settings import check
from firmware.sensor.analysis import Analysis
from plain import Plain
settings = check(json.load(open("settings.json")))
raw = bytearray(4 * 1200)
seed = 1
for i in range(0, len(raw), 4):
    seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
    raw[i + 1] = seed >> 16 & 255
    raw[i + 2] = seed >> 8 & 255
plain = Plain(settings.rate)
analysis = None
def make(data):
    global analysis
    analysis = Analysis(settings)
    analysis.process(raw)
def run_analysis(data):
    for _ in range(40):
        analysis.process(raw)
def run_plain(data):
    for _ in range(40):
        plain.process(raw)
"""


@dataclass(frozen=True, slots=True)
class FirmwareCost:
    """Milliseconds per second of sound."""

    analysis_ms: float
    plain_ms: float
    ratio: float


@dataclass(frozen=True, slots=True)
class ReceiveRate:
    """Through a pty: bytes per second bare and through port and session, and frames per second."""

    bare_bytes_per_s: float
    gateway_bytes_per_s: float
    ratio: float
    frames_per_s: float


def firmware_cost(program: Path | None) -> FirmwareCost:
    """Measure the sensor's analysis beside the plain program."""
    files = {
        **firmware_files(),
        "settings.json": json.dumps(sensor_settings()).encode(),
        "plain.py": PLAIN.encode(),
        "measured.py": MEASURED.encode(),
    }
    with Interpreter(files, program=program) as interpreter:
        interpreter.exec("import measured")
        interpreter.call("measured.make")

        def seconds(function: str) -> float:
            start = time.perf_counter()
            for _ in range(SECONDS_PER_ROUND):
                interpreter.call(f"measured.{function}")
            return (time.perf_counter() - start) / SECONDS_PER_ROUND

        analysis, plain = least(lambda: seconds("run_analysis"), lambda: seconds("run_plain"))
    return FirmwareCost(analysis * 1e3, plain * 1e3, analysis / plain)


def trigger_delays_ms(program: Path | None) -> list[float]:
    """Return how long after its last sample each of some triggers reached the KEEP line of a virtual board.

    It is the time of this computer for one step of the whole firmware; the limit is the product's.
    """

    def sound() -> Iterator[npt.NDArray[np.float64]]:
        source = np.random.default_rng(1)
        for block in range(TRIGGERS * 15 * BLOCKS_PER_SECOND):
            loud = block % (15 * BLOCKS_PER_SECOND) >= 14 * BLOCKS_PER_SECOND
            yield source.normal(0.0, 0.05 if loud else 0.0003, (1, RATE // BLOCKS_PER_SECOND))

    with virtual_sensor("bench-1", serial=random_serial(), program=program, signature_threshold=0.0) as board:
        world = World(sensor=board, sound=sound(), pace=Pace.FAST, patience_s=0.0)
        world.start()
        world.wait()
        world.stop()
        return world.keep_delays_ms


def receive_rate() -> ReceiveRate:
    """Measure the gateway's receiving beside the bare pty."""
    writer = wire.FrameWriter()
    payload = bytes(range(1, 256)) * 8
    frames = b"".join(bytes(writer.frame(wire.FIGURES + 100, payload)) for _ in range(FRAMES))
    bare, gateway = least(lambda: _bare(frames), lambda: asyncio.run(_through_session(frames)))
    return ReceiveRate(len(frames) / bare, len(frames) / gateway, bare / gateway, FRAMES / gateway)


def _bare(frames: bytes) -> float:
    master, slave = pty.openpty()
    tty.setraw(slave)
    try:
        start = time.perf_counter()
        thread = _writing(master, frames)
        left = len(frames)
        while left:
            left -= len(os.read(slave, 65536))
        thread.join()
        return time.perf_counter() - start
    finally:
        os.close(slave)
        os.close(master)


async def _through_session(frames: bytes) -> float:
    master, slave = pty.openpty()
    port = SerialPort(os.ttyname(slave))
    try:
        session = Session()
        start = time.perf_counter()
        thread = _writing(master, frames)
        while session.counters.frames < FRAMES:
            session.receive(await port.read())
        elapsed = time.perf_counter() - start
        thread.join()
        return elapsed
    finally:
        port.close()
        os.close(slave)
        os.close(master)


def _writing(master: int, frames: bytes) -> threading.Thread:
    def write() -> None:
        view = memoryview(frames)
        while view:
            view = view[os.write(master, view) :]

    thread = threading.Thread(target=write)
    thread.start()
    return thread


def run_bench(*, as_json: bool, program: Path | None) -> int:
    """Measure and print."""
    firmware = firmware_cost(program)
    memory = sensor_memory(sensor_settings(), program)
    levels = level_cost(program)
    delays = trigger_delays_ms(program)
    receiving = receive_rate()
    if as_json:
        figures = {
            "firmware": asdict(firmware),
            "levels": asdict(levels),
            "memory": asdict(memory),
            "trigger_delay_ms": max(delays),
            "gateway": asdict(receiving),
        }
        print(json.dumps(figures))  # noqa: T201  the command's output
        return 0
    table = Table(
        "what", "measured", "peer", "ratio", title="ratios compare; milliseconds are this machine's"
    )
    table.add_row(
        "firmware: levels, bands, signature",
        f"{firmware.analysis_ms:.1f} ms per second of sound",
        f"A-weighted Fast alone, plainly: {firmware.plain_ms:.1f} ms",
        f"{firmware.ratio:.2f}",
    )
    peer = (
        f"A-weighted Fast at 16 kHz{', native loop' if levels.peer_native else ''}: {levels.peer_ms:.1f} ms"
    )
    table.add_row(
        "firmware: A, C, Z, Fast, Slow, C peak at 48 kHz",
        f"{levels.levels_ms:.1f} ms per second of sound",
        peer,
        f"{levels.levels_ratio:.2f}",
    )
    table.add_row(
        "firmware: the same with third-octaves",
        f"{levels.with_bands_ms:.1f} ms per second of sound",
        peer,
        f"{levels.ratio:.2f}",
    )
    table.add_row(
        "firmware: memory of the sensor, rings apart",
        f"{memory.work / 1024:.0f} KiB, and {memory.code / 1024:.0f} KiB of code",
        f"the limit in single precision, code apart: {WORK_LIMIT_BYTES // 1024} KiB",
        f"{memory.work / WORK_LIMIT_BYTES:.2f}",
    )
    table.add_row(
        "firmware: trigger to KEEP",
        f"{max(delays):.1f} ms, the worst of {len(delays)}",
        f"the limit: {DELAY_LIMIT_MS:.0f} ms",
        f"{max(delays) / DELAY_LIMIT_MS:.2f}",
    )
    table.add_row(
        "gateway: receiving",
        f"{receiving.gateway_bytes_per_s / 1e6:.0f} MB/s, {receiving.frames_per_s:.0f} frames/s",
        f"the bare pty: {receiving.bare_bytes_per_s / 1e6:.0f} MB/s",
        f"{receiving.ratio:.2f}",
    )
    Console().print(table)
    return 0
