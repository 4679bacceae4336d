"""The whole gateway with boards made of software, over pseudo terminals, in simulated time."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.clips.contents import Parts
from gateway.config import Config, check
from gateway.errors import DiskFull, DurabilityError
from gateway.evidence import container
from gateway.evidence.verify import Verdict, verify
from gateway.service import Gateway
from gateway.service.notices import Notice, What
from gateway.store.store import Store
from gateway.testing.board import FakeBoard, PtyConsole
from gateway.testing.clips import camera_parts, jpeg, sensor_parts
from gateway.testing.clock import FakeClock
from gateway.timing import SECOND_NS

STEP_S = 0.025  # a block
DAY_S = 24 * 3600.0

pytestmark = pytest.mark.slow


class Street:
    """A sensor, a camera, a gateway and a clock. `run` lets time pass until something is so."""

    def __init__(self, folder: Path, **limits: float) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.delivered = folder / "city"
        self.delivered.mkdir()
        self.sensor = self.plug_in("sensor", "genk-1", ppm=35.0)
        self.camera = self.plug_in("camera", "genk-1-cam", ppm=-20.0)
        self.limits = {"camera_wait_s": 20.0, **limits}
        self.evidence: dict[str, object] = {}
        self.store: dict[str, object] = {}
        self.notices: list[Notice] = []
        self.boards = [self.sensor, self.camera]

    def plug_in(
        self, kind: str, board_id: str, *, boot: int = 1, ppm: float = 0.0, port: str | None = None
    ) -> FakeBoard:
        """Return a board on the port named `port` (by default its id)."""
        console = PtyConsole(self.folder / (port or board_id))
        start = self.clock.monotonic_ns() - 50_000_000_000
        return FakeBoard(kind, board_id, console, boot=boot, ppm=ppm, start_ns=start)

    @property
    def config(self) -> Config:
        """Return the configuration of the cabinet."""
        return check(
            {
                "site": {"id": "genk", "name": "Genk"},
                "store": {"path": str(self.folder / "store"), **self.store},
                "sensors": [{"id": "genk-1", "port": str(self.folder / "genk-1")}],
                "cameras": [{"id": "genk-1-cam", "port": str(self.folder / "genk-1-cam")}],
                "deliver": {"directory": str(self.delivered)},
                "limits": self.limits,
                "evidence": self.evidence,
            }
        )

    def event(self, number: int, *, with_camera: bool = True, media_limit: int | None = None) -> None:
        """Let the boards hold clip `number` of a KEEP edge that was just now."""
        now = self.clock.monotonic_ns()
        self.sensor.hold(number, self.sound(now), media_limit=media_limit)
        if with_camera:
            self.camera.hold(number, camera_parts(keep=self.camera.ticks_at(now)))

    def sound(self, edge_ns: int) -> Parts:
        """Return a sensor clip with its KEEP edge at `edge_ns`."""
        return sensor_parts(first=self.sensor.ticks_at(edge_ns) - round(4.01 * 48000))

    @asynccontextmanager
    async def gateway(self) -> AsyncIterator[Gateway]:
        """Run a gateway on this street."""
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
            for board in self.boards:
                board.step(self.clock.monotonic_ns())
            await asyncio.sleep(0.001)
        raise AssertionError(f"not so after {seconds} s; the gateway said {self.notices}")

    def said(self, what: What) -> list[Notice]:
        """Return the notices of one kind."""
        return [notice for notice in self.notices if notice.what is what]

    def packages(self) -> list[Path]:
        """Return what the city has."""
        return sorted(self.delivered.iterdir())


def measured(package: Path) -> dict[str, Any]:
    """Return measurement.json of a package."""
    return json.loads(container.unpack(package.read_bytes())["measurement.json"])


async def test_an_event_arrives_at_the_city_as_evidence(tmp_path: Path) -> None:
    """Sound and pictures of one edge, joined, sealed, delivered; both boards may forget it."""
    street = Street(tmp_path)
    async with street.gateway() as gateway:
        await street.until(lambda: len(street.said(What.BOARD_CONNECTED)) == 2)
        await street.until(lambda: street.clock.monotonic_ns() > 4 * SECOND_NS)
        street.event(1)
        await street.until(lambda: street.said(What.CLIP_DELIVERED) and street.camera.done)
        status = gateway.status()

    (package,) = street.packages()
    assert package.name == "genk-1-1-1.zip"
    assert verify(package).exit_code == 0
    assert street.sensor.done == [1]
    assert street.camera.done == [1]
    assert status["clips"][0]["evidence"]
    assert status["balance_holds"]
    assert (status["by_state"]["delivered"], status["by_state"]["joined"]) == (1, 1)
    assert not any((tmp_path / "store").glob("*.new"))


class MaskedStreet(Street):
    """A street whose camera has a mask, and whose view has no speech."""

    @property
    def config(self) -> Config:
        """Return the configuration of the cabinet."""
        plain = super().config
        house = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5))
        camera = plain.cameras[0].model_copy(update={"mask": (house,)})
        view = plain.view.model_copy(update={"speech": "attenuated"})
        return plain.model_copy(update={"cameras": (camera,), "view": view})


async def test_a_mask_and_attenuated_speech_that_are_configured_are_in_the_package(tmp_path: Path) -> None:
    """No picture of the camera leaves the cabinet as it was; the clip says both, and is evidence all the same."""
    street = MaskedStreet(tmp_path)
    async with street.gateway():
        await street.until(lambda: len(street.said(What.BOARD_CONNECTED)) == 2)
        street.event(1)
        await street.until(lambda: street.said(What.CLIP_DELIVERED))

    (package,) = street.packages()
    values = measured(package)
    assert verify(package).exit_code == 0
    assert values["picture"]["masked"] == [[[0.0, 0.0], [0.5, 0.0], [0.5, 0.5], [0.0, 0.5]]]
    assert values["view"] == {"speech": "attenuated"}
    assert values["missing"] == []
    assert jpeg(0) not in container.unpack(package.read_bytes())["picture.mkv"]
    assert values["picture"]["frames"] == 100


async def test_a_clip_knows_the_street_before_it(tmp_path: Path) -> None:
    """The first comes too early and says so; after 70 s of 61.2 dB(A) that is the background, on the status too."""
    street = Street(tmp_path)
    async with street.gateway() as gateway:
        await street.until(lambda: len(street.said(What.BOARD_CONNECTED)) == 2)
        await street.until(lambda: street.clock.monotonic_ns() > 8 * SECOND_NS)
        street.event(1)
        await street.until(lambda: street.said(What.CLIP_DELIVERED))
        assert gateway.status()["boards"][0]["hour"] is None
        await street.until(lambda: street.clock.monotonic_ns() > 78 * SECOND_NS)
        street.event(2)
        await street.until(lambda: len(street.said(What.CLIP_DELIVERED)) == 2)
        status = gateway.status()["boards"][0]

    early, late = (measured(package)["background"] for package in street.packages())
    assert early["la95_db"] is None
    assert re.fullmatch(r"the gateway had heard the board for \d s; it takes 60 s", early["reason"])
    assert (late["la10_db"], late["la95_db"], late["emergence_db"]) == (61.2, 61.2, 31.2)
    assert 60.0 < late["over_s"] < 75.0
    assert status["hour"] is not None
    assert status["ten_minutes"] == status["hour"]
    assert status["hour"]["la50_db"] == 61.2


async def test_a_camera_that_never_answers_leaves_a_clip_that_is_not_evidence(tmp_path: Path) -> None:
    """After the waiting time the sound is sealed alone, and says what is missing."""
    street = Street(tmp_path)
    street.boards = [street.sensor]
    async with street.gateway() as gateway:
        await street.until(lambda: street.said(What.BOARD_CONNECTED))
        street.event(1, with_camera=False)
        await street.until(lambda: street.said(What.CLIP_DELIVERED))
        status = gateway.status()

    report = verify(street.packages()[0])
    (last,) = [said for said in report.statements if "evidence" in said.claim]
    assert report.intact
    assert last.verdict is Verdict.FAILS
    assert 'camera "genk-1-cam" does not answer' in last.why
    assert not status["clips"][0]["evidence"]
    assert "picture.mkv" in status["clips"][0]["missing"][0]


async def test_a_board_that_resets_in_the_middle_leaves_a_partial_clip_and_goes_on(tmp_path: Path) -> None:
    """The old boot's clip is sealed as far as it goes; the new boot's clip of the same number is another."""
    street = Street(tmp_path, camera_wait_s=5.0)
    async with street.gateway():
        await street.until(lambda: len(street.said(What.BOARD_CONNECTED)) == 2)
        street.event(1, media_limit=300_000)
        await street.until(lambda: street.camera.done)
        old = street.sensor
        street.sensor = FakeBoard(
            "sensor", "genk-1", old.console, boot=2, start_ns=street.clock.monotonic_ns() - 20 * SECOND_NS
        )
        street.boards[0] = street.sensor
        await street.until(lambda: street.said(What.CLIP_CUT))
        street.event(1, with_camera=False)
        await street.until(lambda: len(street.said(What.CLIP_DELIVERED)) == 2)

    old_package, new_package = street.packages()
    assert (old_package.name, new_package.name) == ("genk-1-1-1.zip", "genk-1-2-1.zip")
    assert "the board restarted before it was all sent" in measured(old_package)["missing"]
    assert verify(old_package).intact
    assert measured(new_package)["sound"]["duration_s"] == 10.0


async def test_a_clip_that_is_sent_again_is_acknowledged_and_changes_nothing(tmp_path: Path) -> None:
    """The board did not hear `done`: it hears it again, the city has one package, untouched."""
    street = Street(tmp_path)
    async with street.gateway() as gateway:
        await street.until(lambda: len(street.said(What.BOARD_CONNECTED)) == 2)
        now = street.clock.monotonic_ns()
        sound = street.sound(now)
        street.sensor.hold(1, sound)
        street.camera.hold(1, camera_parts(keep=street.camera.ticks_at(now)))
        await street.until(lambda: street.said(What.CLIP_DELIVERED))
        before = street.packages()[0].stat().st_mtime_ns
        street.sensor.hold(1, sound)
        await street.until(lambda: street.sensor.done == [1, 1])
        accepted = gateway.status()["accepted"]

    assert accepted == 2
    assert [path.stat().st_mtime_ns for path in street.packages()] == [before]


async def test_another_clip_under_a_used_number_is_not_believed_and_not_lost(tmp_path: Path) -> None:
    """A board whose boot count was wiped would overwrite history: it is told to a person, and keeps its clip."""
    street = Street(tmp_path)
    async with street.gateway() as gateway:
        await street.until(lambda: len(street.said(What.BOARD_CONNECTED)) == 2)
        street.event(1)
        await street.until(lambda: street.said(What.CLIP_DELIVERED))
        street.event(1, with_camera=False)
        await street.until(lambda: "boot count went back" in gateway.status()["boards"][0]["message"])

    assert street.sensor.done == [1]
    assert street.sensor.link.held() == [1]


async def test_two_boards_with_one_id_the_second_is_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    """The one on the wrong port is named; the right one goes on; the refused one keeps its clip."""
    street = Street(tmp_path)
    stranger = street.plug_in("sensor", "genk-1", port="genk-1-cam")
    street.boards = [street.sensor, stranger]
    held = stranger.hold(7, sensor_parts())
    async with street.gateway() as gateway:
        await street.until(lambda: street.said(What.BOARD_REFUSED) and street.said(What.BOARD_CONNECTED))
        street.event(1, with_camera=False)
        await street.until(lambda: street.said(What.CLIP_DELIVERED))
        message = gateway.status()["boards"][1]["message"]

    assert '"genk-1"' in message
    assert '"genk-1-cam"' in message
    assert "flash.py" in message
    assert stranger.link.held() == [held.number]
    assert len(street.packages()) == 1


async def test_a_pulled_plug_in_the_middle_costs_nothing(tmp_path: Path) -> None:
    """The board comes back under another device name and goes on from the last acknowledgement."""
    street = Street(tmp_path)
    async with street.gateway():
        await street.until(lambda: len(street.said(What.BOARD_CONNECTED)) == 2)
        now = street.clock.monotonic_ns()
        clip = street.sensor.hold(1, street.sound(now), media_limit=500_000)
        street.camera.hold(1, camera_parts(keep=street.camera.ticks_at(now)))
        await street.until(lambda: street.camera.done)
        street.sensor.console.close()
        await street.until(lambda: street.said(What.BOARD_LOST))
        console = PtyConsole(tmp_path / "genk-1")
        street.sensor.console = console
        street.sensor.link._console = console  # type: ignore[assignment]
        clip.media_limit = None
        await street.until(lambda: street.said(What.CLIP_DELIVERED))

    assert len(street.said(What.CLIP_STARTED)) == 2
    assert verify(street.packages()[0]).exit_code == 0


async def test_garbage_between_the_frames_of_a_clip_damages_nothing(tmp_path: Path) -> None:
    """Log text and noise in the middle of a transfer: the clip arrives whole."""
    street = Street(tmp_path)
    async with street.gateway() as gateway:
        await street.until(lambda: len(street.said(What.BOARD_CONNECTED)) == 2)
        street.event(1)
        noise = iter(range(10_000))

        def babble() -> bool:
            if next(noise) % 7 == 0:
                street.sensor.say(b"\x00overrun \xff\x01 at 3\r\n\x00")
            return bool(street.said(What.CLIP_DELIVERED))

        await street.until(babble)
        garbage = gateway.status()["boards"][0]["garbage"]

    assert garbage > 0
    assert verify(street.packages()[0]).exit_code == 0


async def test_a_clip_the_board_gave_up_is_noted_and_the_board_is_told(tmp_path: Path) -> None:
    """Nothing vanishes: a lost clip has a row with its reason."""
    street = Street(tmp_path)
    async with street.gateway() as gateway:
        await street.until(lambda: street.said(What.BOARD_CONNECTED))
        clip = street.sensor.hold(4, sensor_parts(), media_limit=0)
        street.sensor.link.give_up(clip, "not fetched in time; its memory was needed")
        await street.until(lambda: street.said(What.CLIP_LOST))
        await street.until(lambda: not street.sensor.link._lost)
        (status,) = gateway.status()["clips"]

    assert (status["id"], status["state"]) == ("genk-1-1-4", "lost")
    assert "memory was needed" in status["reason"]


async def test_what_is_older_than_the_city_promised_is_deleted(tmp_path: Path) -> None:
    """At the next start after thirty days the package is gone from the store, and its row says why."""
    street = Street(tmp_path)
    async with street.gateway():
        await street.until(lambda: len(street.said(What.BOARD_CONNECTED)) == 2)
        street.event(1)
        await street.until(lambda: street.said(What.CLIP_DELIVERED))
    kept = list((tmp_path / "store" / "packages").iterdir())
    street.clock.set_wall(30 * DAY_S + 1)
    async with street.gateway() as gateway:
        await street.until(lambda: street.said(What.CLIP_FORGOTTEN))
        status = gateway.status()

    assert len(kept) == 1
    assert list((tmp_path / "store" / "packages").iterdir()) == []
    assert status["clips"][0]["state"] == "expired"


async def test_a_target_that_is_away_is_tried_again_until_it_is_there(tmp_path: Path) -> None:
    """The package waits in the store, sealed; when the share is mounted it is delivered."""
    street = Street(tmp_path)
    street.delivered.rmdir()
    async with street.gateway() as gateway:
        await street.until(lambda: len(street.said(What.BOARD_CONNECTED)) == 2)
        street.event(1)
        await street.until(lambda: street.said(What.DELIVERY_FAILED))
        waiting = gateway.status()["clips"][0]["state"]
        street.delivered.mkdir()
        await street.until(lambda: street.said(What.CLIP_DELIVERED), seconds=400)

    assert waiting == "sealed"
    assert len(street.packages()) == 1


async def test_the_board_is_told_when_the_gateway_stops(tmp_path: Path) -> None:
    """After `bye` a board sends figures only."""
    street = Street(tmp_path)
    async with street.gateway():
        await street.until(lambda: street.said(What.BOARD_CONNECTED))
    with contextlib.suppress(AssertionError):
        await street.until(lambda: False, seconds=0.2)

    assert street.sensor.link._heard_ms is None


async def test_a_disk_in_doubt_ends_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not known what was written: the error comes out of `run`, and starting again is the cure."""

    def fail(*_: object) -> None:
        raise DurabilityError("the disk failed; check it, then start again")

    street = Street(tmp_path)
    gateway = Gateway(street.config, street.clock)
    gateway.watch(street.notices.append)
    task = asyncio.create_task(gateway.run())
    await street.until(lambda: street.said(What.BOARD_CONNECTED))
    monkeypatch.setattr(Store, "keep", fail)
    street.event(1)
    await street.until(task.done)

    with pytest.raises(DurabilityError, match="start again"):
        await task
    assert street.sensor.link.held() == [1]


async def test_a_full_disk_is_survived_and_the_clip_arrives_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is ended and made again; nothing was acknowledged, so nothing is lost."""

    def full(*_: object) -> None:
        raise DiskFull("no room on the disk; make room, nothing is lost")

    street = Street(tmp_path)
    async with street.gateway():
        await street.until(lambda: len(street.said(What.BOARD_CONNECTED)) == 2)
        with monkeypatch.context() as patch:
            patch.setattr(Store, "keep", full)
            street.event(1)
            await street.until(lambda: len(street.said(What.BOARD_LOST)) == 2)
        await street.until(lambda: street.said(What.CLIP_DELIVERED))

    assert any("make room" in notice.text for notice in street.said(What.BOARD_LOST))
    assert verify(street.packages()[0]).exit_code == 0
