"""`--board id:SERIAL` (tests/conftest.py) names a real board; without it the same tests run on a virtual one.

A real board must have been flashed with flash.py; it hears whatever the bench is like.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import serial

from firmware.common import wire
from gateway.link.discovery import find_port
from gateway.link.proof import untagged
from gateway.virtual.board import random_serial
from gateway.virtual.boards import virtual_sensor
from gateway.virtual.world import Pace, World
from tests.chain.cabinet import street

HELLO_S = 10.0


@dataclass
class Bench:
    """A board on a port, and everything it has said since the test began."""

    port: serial.Serial
    reader: wire.FrameReader = field(default_factory=wire.FrameReader)
    frames: list[tuple[float, wire.Frame]] = field(default_factory=list)
    garbage: list[bytes] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Write a line."""
        self.port.write(wire.line(text))

    def listen(self, seconds: float) -> None:
        """Collect what comes for so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            data = self.port.read(4096)
            for piece in self.reader.feed(data):
                if isinstance(piece, wire.Frame):
                    self.frames.append((time.monotonic(), untagged(piece)))
                else:
                    self.garbage.append(piece.data)

    def of(self, kind: int) -> list[tuple[float, wire.Frame]]:
        """Return the frames of a kind, each with when it came."""
        return [(at, frame) for at, frame in self.frames if frame.kind == kind]


@pytest.fixture(scope="module")
def port_of_board(request: pytest.FixtureRequest) -> Iterator[str]:
    """The path of the board's port."""
    named = request.config.getoption("--board")
    if named:
        yield find_port(named)
        return
    with virtual_sensor("bench-1", serial=random_serial(), signature_threshold=1.0) as board:
        world = World(sensor=board, sound=street(60.0), pace=Pace.REAL)
        world.start()
        try:
            yield board.port
        finally:
            world.stop()


@pytest.fixture(scope="module")
def bench(port_of_board: str) -> Iterator[Bench]:
    """The board, greeted; what it said before is gone."""
    with serial.Serial(port_of_board, 115200, timeout=0.02, exclusive=True) as port:
        time.sleep(0.2)
        port.reset_input_buffer()
        port.write(b"\n" + wire.line("hello 1"))
        bench = Bench(port)
        deadline = time.monotonic() + HELLO_S
        while not bench.of(wire.HELLO) and time.monotonic() < deadline:
            bench.listen(0.2)
        yield bench
        port.write(wire.line("bye"))
