"""The real firmware with keys, a real gateway, and another device on the sensor's serial line."""

import json
import struct

import pytest

from firmware.common import wire
from firmware.common.proof import Prover
from gateway import board_key
from gateway.store.audit import Audit
from gateway.testing.clips import FakeClip, sensor_parts
from gateway.virtual.board import VirtualBoard, random_serial
from gateway.virtual.boards import virtual_camera, virtual_sensor
from tests.chain.cabinet import LEVEL_ALONE, measurement, play, street, verify

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

FORGED = 500


class Device:
    """Hangs on the line of `board`: it hears every frame, and says frames of its own with the numbers that are due.

    What it has to say waits in `frames` (kind, payload) until no frame of the board is under way.
    """

    def __init__(self, board: VirtualBoard) -> None:
        self.frames: list[tuple[int, bytes]] = []
        self.said = 0
        self.heard: list[wire.Frame] = []
        self._reader = wire.FrameReader()
        self._end = board._port
        self._send, self._end.send = self._end.send, self.send

    def send(self, data: bytes) -> None:
        """Let `data` of the board pass."""
        self._send(data)
        self.heard += [found for found in self._reader.feed(data) if isinstance(found, wire.Frame)]
        if not self.frames or not self.heard or self._reader._pending:
            return
        writer = wire.FrameWriter()
        writer.seq = (self.heard[-1].seq + 1) & 0xFFFF
        for kind, payload in self.frames:
            self._send(bytes(writer.frame(kind, payload)))
            self.said += 1
        self.frames = []


def chunks(clip: int, parts: list[bytes]) -> list[tuple[int, bytes]]:
    """Return a clip as the frames that carry it."""
    return [
        (
            wire.CHUNK,
            struct.pack(wire.CHUNK_HEAD, clip, part, len(data), at) + data[at : at + wire.CHUNK_BYTES],
        )
        for part, data in enumerate(parts)
        for at in range(0, len(data), wire.CHUNK_BYTES)
    ]


def invented(key: str) -> list[bytes]:
    """Return a clip of a quarter of a second as a device invents it, proved with a `key` of its own."""
    proved = Prover(key, "virtual-1", 2).proved(
        FakeClip(FORGED, sensor_parts(seconds=0.25, rate=8000, bits=16))
    )
    parts = [bytearray(proved.total(part)) for part in range(wire.PARTS)]
    for part, data in enumerate(parts):
        proved.read(part, 0, memoryview(data))
    return [bytes(data) for data in parts]


def test_only_what_the_boards_themselves_recorded_becomes_evidence(tmp_path):
    """The board starts again, a device invents a clip, a loss and the clock: one event, one package, proved by both."""
    keys = {name: board_key.make(tmp_path / f"{name}.key").hex() for name in ("virtual-1", "virtual-1-cam")}
    done: list[str] = []

    def during(world, _gateway):
        if "reset" not in done and world.now_ns() > 2e9:
            world.between_events(sensor.power_cycle)
            done.append("reset")
        if "clip" not in done and world.now_ns() > 5e9:
            device.frames = [
                *chunks(FORGED, invented("5a" * 32)),
                (wire.LOST, struct.pack("<I", 1) + b"given up"),
                (wire.CLOCK, struct.pack(wire.CLOCK_BODY, 4, 7)),
            ]
            done.append("clip")

    with (
        virtual_sensor(
            "virtual-1", serial=random_serial(), key=keys["virtual-1"], decimate=3, bits=16, **LEVEL_ALONE
        ) as sensor,
        virtual_camera("virtual-1-cam", serial=random_serial(), key=keys["virtual-1-cam"]) as camera,
    ):
        device = Device(sensor)
        packages = play(tmp_path, sensor, camera, street(15.0, 6.5), keys=True, during=during)
        hellos = [frame for frame in device.heard if frame.kind & ~wire.TAGGED == wire.HELLO]

    assert done == ["reset", "clip"]
    assert device.said > wire.PARTS
    assert {json.loads(frame.payload[: -wire.TAG_BYTES])["boot"] for frame in hellos} == {1, 2}
    (package,) = packages
    assert package.name == "virtual-1-2-1.zip"
    assert measurement(package)["board_proved"] is True
    code, said = verify(package)
    assert code == 0
    assert "holds  it comes from the boards that it names" in said
    (refused,) = [entry for entry in Audit(tmp_path / "store").entries() if entry["what"] == "clip refused"]
    assert refused["event"] == f"virtual-1-2-{FORGED}"
