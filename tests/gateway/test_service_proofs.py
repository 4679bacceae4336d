"""The whole gateway with boards that have keys, over pseudo terminals, and with another device on their cable."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from firmware.common import wire
from firmware.common.proof import Prover
from gateway import board_key
from gateway.clips.contents import Parts
from gateway.config import Config, check
from gateway.evidence import container
from gateway.evidence.statements import Verdict
from gateway.evidence.verify import verify
from gateway.service import Gateway, connection
from gateway.service.notices import Notice, What
from gateway.store.audit import Audit
from gateway.testing.board import FakeBoard, PtyConsole
from gateway.testing.clips import FakeClip, camera_parts, sensor_parts
from gateway.testing.clock import FakeClock

STEP_S = 0.025  # a block
CLAIM = "it comes from the boards that it names"
OTHER_KEY = "5a" * 32

pytestmark = pytest.mark.slow


class Cable:
    """A sensor and its camera with a key each, a gateway that knows both, and whoever else is on the sensor's line."""

    def __init__(self, folder: Path, *, sensor_key: str | None = None, camera_key: str | None = None) -> None:
        self.folder = folder
        self.clock = FakeClock()
        (folder / "city").mkdir()
        self.keys = {name: board_key.make(folder / f"{name}.key").hex() for name in ("genk-1", "genk-1-cam")}
        self.start_ns = self.clock.monotonic_ns() - 50_000_000_000
        self.sensor = self.plug_in(
            "sensor", "genk-1", self.keys["genk-1"] if sensor_key is None else sensor_key
        )
        self.camera = self.plug_in(
            "camera", "genk-1-cam", self.keys["genk-1-cam"] if camera_key is None else camera_key
        )
        self.notices: list[Notice] = []
        self.with_keys = True

    def plug_in(self, kind: str, board_id: str, key: str, *, boot: int = 1) -> FakeBoard:
        """Return a board on the port of its own name."""
        console = PtyConsole(self.folder / board_id)
        return FakeBoard(kind, board_id, console, boot=boot, start_ns=self.start_ns, key=key)

    @property
    def config(self) -> Config:
        """Return the configuration of the cabinet."""

        def board(name: str) -> dict[str, str]:
            key = {"key": str(self.folder / f"{name}.key")} if self.with_keys else {}
            return {"id": name, "port": str(self.folder / name), **key}

        return check(
            {
                "site": {"id": "genk", "name": "Genk"},
                "store": {"path": str(self.folder / "store")},
                "sensors": [board("genk-1")],
                "cameras": [board("genk-1-cam")],
                "deliver": {"directory": str(self.folder / "city")},
                "limits": {"camera_wait_s": 5.0},
            }
        )

    def sound(self) -> Parts:
        """Return a sensor clip with its KEEP edge just now."""
        edge = self.sensor.ticks_at(self.clock.monotonic_ns())
        return sensor_parts(first=edge - round(4.01 * 48000))

    def pictures(self) -> Parts:
        """Return a camera clip with its KEEP edge just now."""
        return camera_parts(keep=self.camera.ticks_at(self.clock.monotonic_ns()))

    def inject(self, *frames: tuple[int, bytes]) -> None:
        """Put frames (kind, payload) on the sensor's line as a good device would: with the numbers that are due."""
        writer = wire.FrameWriter()
        writer.seq = self.sensor.link._writer.seq
        for kind, payload in frames:
            self.sensor.say(bytes(writer.frame(kind, payload)))
        self.sensor.link._writer.seq = writer.seq

    @asynccontextmanager
    async def gateway(self) -> AsyncIterator[Gateway]:
        """Run a gateway on this cable."""
        gateway = Gateway(self.config, self.clock)
        gateway.watch(self.notices.append)
        task = asyncio.create_task(gateway.run())
        try:
            yield gateway
        finally:
            gateway.stop()
            await task

    async def until(self, condition: Callable[[], object], *, seconds: float = 120.0) -> None:
        """Let at most `seconds` of simulated time pass until `condition`."""
        for _ in range(round(seconds / STEP_S)):
            if condition():
                return
            self.clock.advance(STEP_S)
            for board in (self.sensor, self.camera):
                board.step(self.clock.monotonic_ns())
            await asyncio.sleep(0.001)
        raise AssertionError(f"not so after {seconds} s; the gateway said {self.notices}")

    async def until_connected(self) -> None:
        """Let time pass until both boards have said who they are, and both clocks are known."""
        await self.until(lambda: len(self.said(What.BOARD_CONNECTED)) == 2)
        end = self.clock.monotonic_ns() + 4_000_000_000
        await self.until(lambda: self.clock.monotonic_ns() > end)

    def said(self, what: What) -> list[Notice]:
        """Return the notices of one kind."""
        return [notice for notice in self.notices if notice.what is what]

    def packages(self) -> list[Path]:
        """Return what the city has."""
        return sorted((self.folder / "city").glob("*.zip"))

    def refusals(self) -> list[str]:
        """Return what the audit log says was refused."""
        entries = Audit(self.folder / "store").entries()
        return [str(entry.get("board") or entry["event"]) for entry in entries if "refused" in entry["what"]]


def measured(package: Path) -> dict[str, Any]:
    """Return measurement.json of a package."""
    return json.loads(container.unpack(package.read_bytes())["measurement.json"])


def origin(package: Path) -> Verdict:
    """Return what verify says of where a package comes from."""
    return next(each.verdict for each in verify(package).statements if each.claim == CLAIM)


def chunks(clip: int, parts: Parts | list[bytes]) -> list[tuple[int, bytes]]:
    """Return a clip as the frames that carry it."""
    frames: list[tuple[int, bytes]] = []
    for part, data in enumerate(parts):
        for offset in range(0, len(data), wire.CHUNK_BYTES):
            head = struct.pack(wire.CHUNK_HEAD, clip, part, len(data), offset)
            frames.append((wire.CHUNK, head + data[offset : offset + wire.CHUNK_BYTES]))
    return frames


def short_sound(cable: Cable) -> Parts:
    """Return a clip that fits a few frames: what a small device would invent."""
    return sensor_parts(
        first=cable.sensor.ticks_at(cable.clock.monotonic_ns()), seconds=0.25, rate=8000, bits=16
    )


async def test_boards_without_a_key_are_accepted_and_the_clip_says_so(tmp_path: Path) -> None:
    """No key in the configuration: as ever, but nobody can say where the clip comes from."""
    cable = Cable(tmp_path, sensor_key="")  # the camera has one that the gateway does not know
    cable.with_keys = False
    async with cable.gateway():
        await cable.until_connected()
        cable.sensor.hold(1, cable.sound())
        cable.camera.hold(1, cable.pictures())
        await cable.until(lambda: cable.said(What.CLIP_DELIVERED))

    (package,) = cable.packages()
    values = measured(package)
    (flag,) = [flag for flag in values["validity"] if flag["flag"] == "board_unproved"]
    assert values["board_proved"] is False
    assert values["missing"] == []
    assert flag["text"].startswith("genk-1 and genk-1-cam did not prove")
    assert verify(package).exit_code == 0
    assert origin(package) is Verdict.UNKNOWN


async def test_a_board_that_does_not_prove_itself_is_refused_and_that_is_in_the_audit_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, however often it is tried; no clip of it is taken. The board itself, put back, is believed again."""
    monkeypatch.setattr(connection, "MAX_WAIT_S", 0.02)  # of real time, before it is tried again
    cable = Cable(tmp_path, sensor_key=OTHER_KEY)
    async with cable.gateway() as gateway:
        cable.sensor.hold(1, cable.sound())
        await cable.until(lambda: len(cable.said(What.BOARD_REFUSED)) > 2)
        await cable.until(cable.refusals)
        status = gateway.status()
        assert "flash.py --key" in next(
            board["message"] for board in status["boards"] if board["id"] == "genk-1"
        )
        assert cable.refusals() == ["genk-1"]
        assert status["clips"] == []

    async with cable.gateway():
        cable.sensor.console.close()
        cable.sensor = cable.plug_in("sensor", "genk-1", cable.keys["genk-1"], boot=2)
        cable.notices.clear()
        await cable.until_connected()
        cable.sensor.hold(1, cable.sound())
        await cable.until(lambda: cable.said(What.CLIP_DELIVERED))
    assert measured(cable.packages()[0])["firmware"]["sensor"]["boot"] == 2
    assert cable.refusals() == ["genk-1"]


async def test_an_invented_clip_is_refused_while_the_board_itself_is_heard(tmp_path: Path) -> None:
    """Without a proof, and with one by another key: no package, an entry in the audit log. The board's is sealed."""
    cable = Cable(tmp_path)
    async with cable.gateway() as gateway:
        await cable.until_connected()
        cable.inject(*chunks(77, short_sound(cable)))
        await cable.until(lambda: cable.said(What.CLIP_LOST))
        proved = Prover(OTHER_KEY, "genk-1", 1).proved(FakeClip(78, short_sound(cable)))
        cable.inject(*chunks(78, sent_parts(proved)))
        await cable.until(lambda: len(cable.said(What.CLIP_LOST)) == 2)
        cable.sensor.hold(1, cable.sound())
        cable.camera.hold(1, cable.pictures())
        await cable.until(lambda: cable.said(What.CLIP_DELIVERED))
        clips = {clip["id"]: clip for clip in gateway.status()["clips"]}

    assert [package.name for package in cable.packages()] == ["genk-1-1-1.zip"]
    values = measured(cable.packages()[0])
    assert values["board_proved"] is True
    assert "board_unproved" not in {flag["flag"] for flag in values["validity"]}
    assert origin(cable.packages()[0]) is Verdict.HOLDS
    assert clips["genk-1-1-77"]["state"] == "lost"
    assert "did not prove" in clips["genk-1-1-77"]["reason"]
    assert cable.refusals() == ["genk-1-1-77", "genk-1-1-78"]


async def test_the_clip_of_an_earlier_event_under_another_number_is_refused(tmp_path: Path) -> None:
    """A device replays, byte for byte, what the board itself once sent and proved: as a new event, it is not one."""
    cable = Cable(tmp_path)
    async with cable.gateway():
        await cable.until_connected()
        recorded = Prover(cable.keys["genk-1"], "genk-1", 1).proved(FakeClip(1, short_sound(cable)))
        parts = sent_parts(recorded)
        cable.inject(*chunks(1, parts))
        await cable.until(lambda: cable.said(What.CLIP_DELIVERED))
        cable.inject(*chunks(2, parts))
        await cable.until(lambda: cable.said(What.CLIP_LOST))

    assert [package.name for package in cable.packages()] == ["genk-1-1-1.zip"]
    assert cable.refusals() == ["genk-1-1-2"]


async def test_a_byte_that_somebody_changed_on_the_way_is_seen(tmp_path: Path) -> None:
    """Another device sends one chunk of the board's clip before the board does: the clip is refused as a whole."""
    cable = Cable(tmp_path)
    async with cable.gateway():
        await cable.until_connected()
        parts = cable.sound()
        head = struct.pack(wire.CHUNK_HEAD, 1, wire.PART_MEDIA, len(parts[wire.PART_MEDIA]), 0)
        cable.inject((wire.CHUNK, head + b"\x11" * wire.CHUNK_BYTES))
        cable.sensor.hold(1, parts)
        await cable.until(lambda: cable.said(What.CLIP_LOST))

    assert cable.packages() == []
    assert cable.refusals() == ["genk-1-1-1"]


async def test_pictures_that_are_not_proved_are_left_out_and_the_clip_is_no_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sound is proved, the pictures come from another device: refused, and missing in the package."""
    cable = Cable(tmp_path)
    async with cable.gateway():
        await cable.until_connected()
        cable.sensor.hold(1, cable.sound())
        # A device lets the board prove who it is, and sends pictures of its own in between.
        monkeypatch.setattr(cable.camera.link._prover, "proved", lambda clip: clip)
        cable.camera.hold(1, cable.pictures())
        await cable.until(lambda: cable.said(What.CLIP_DELIVERED))

    (package,) = cable.packages()
    values = measured(package)
    assert values["missing"] == ['picture.mkv: camera "genk-1-cam" has no pictures of this event']
    assert values["picture"] is None
    assert values["board_proved"] is True  # of what is in it
    assert verify(package).exit_code == 1
    assert cable.refusals() == ["genk-1-cam-1-1"]


async def test_a_forged_loss_and_a_forged_clock_change_nothing(tmp_path: Path) -> None:
    """A device says that the clip was given up, and answers the clock: the clip is sealed all the same."""
    cable = Cable(tmp_path)
    async with cable.gateway() as gateway:
        await cable.until_connected()
        before = next(board for board in gateway.status()["boards"] if board["id"] == "genk-1")
        cable.inject(
            (wire.LOST, struct.pack("<I", 1) + b"gone"), (wire.CLOCK, struct.pack(wire.CLOCK_BODY, 9, 5))
        )
        cable.sensor.hold(1, cable.sound())
        cable.camera.hold(1, cable.pictures())
        await cable.until(lambda: cable.said(What.CLIP_DELIVERED))
        after = next(board for board in gateway.status()["boards"] if board["id"] == "genk-1")

    assert cable.said(What.CLIP_LOST) == []
    assert abs(after["clock_drift_ppm"] or 0.0) < 10.0
    assert before["connected"]
    assert measured(cable.packages()[0])["board_proved"] is True


def sent_parts(clip: Any) -> list[bytes]:
    """Return the parts of a proved clip as they are sent."""
    parts = [bytearray(clip.total(part)) for part in range(wire.PARTS)]
    for part, data in enumerate(parts):
        clip.read(part, 0, memoryview(data))
    return [bytes(data) for data in parts]
