"""`stalenstraat record`: a supervised session on a virtual board, as it is typed, in fast time."""

import asyncio
import csv
import json
import signal
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.cli import app
from gateway.config import load
from gateway.errors import GatewayError
from gateway.link.session import Session
from gateway.link.transfer import Piece
from gateway.service import host_time
from gateway.service.gateway import Gateway
from gateway.signature.manifest import read_manifest
from gateway.signature.record import Fetching
from gateway.store.audit import Audit
from gateway.store.recordings import Recording, Recordings, remember
from gateway.store.store import Store
from gateway.testing.clips import sensor_parts
from gateway.virtual.board import random_serial
from gateway.virtual.boards import virtual_sensor
from gateway.virtual.world import Pace, World
from tests.chain.cabinet import play, street, write_site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]


@pytest.fixture(autouse=True)
def _own_ports(tmp_path, monkeypatch):
    """Ports of this test alone."""
    monkeypatch.setenv("STALENSTRAAT_PORTS", str(tmp_path / "ports"))


@pytest.fixture
def sensor():
    """A board that keeps clips, on which no sound here has the signature that it wants."""
    with virtual_sensor("virtual-1", serial=random_serial(), signature_threshold=1.0) as board:
        yield board


@contextmanager
def heard(board, sound):
    """Let `board` hear `sound`, then quiet, in fast time."""
    world = World(sensor=board, sound=sound, pace=Pace.FAST)
    world.start()
    try:
        yield world
    finally:
        world.stop()


def typed(site: Path, **changes: str) -> int:
    """Type the command, with other options where `changes` says so; return its exit code."""
    options = {
        "config": str(site),
        "sensor": "virtual-1",
        "label": "positive",
        "class": "quad",
        "minutes": "0.4",
        "out": str(site.parent / "recordings"),
        "who": "J. Peeters, city of Genk",
        "reason": "the quads of the autumn",
    }
    words = [word for name, value in {**options, **changes}.items() for word in (f"--{name}", value)]
    return app(["record", *words], result_action="return_value")


def test_a_session_makes_labelled_recordings_ends_by_itself_and_leaves_no_evidence(sensor, tmp_path, capsys):
    """One loud noise in 24 s: a recording that `signature learn` can read, a begin and an end in the audit log.

    Nothing else is in the store; a gateway that runs afterwards finds nothing to seal, and the board watches again.
    """
    site = write_site(tmp_path, sensor.port, None, camera_wait_s=1.0)
    with heard(sensor, street(40.0, 8.0)):
        code = typed(site)
    said = capsys.readouterr().out
    in_store = sorted(path.name for path in (tmp_path / "store").rglob("*"))
    rows = list(csv.DictReader((tmp_path / "recordings" / "manifest.csv").read_text().splitlines()))
    (clip,) = read_manifest(tmp_path / "recordings" / "manifest.csv")
    begun, ended = Audit(tmp_path / "store").entries()
    packages = play(tmp_path, sensor, None, street(4.0), camera_wait_s=1.0)

    assert code == 0
    assert "LABELLED SESSION at A street in a test: microphone virtual-1, at most 0.4 minutes" in said
    assert "time is up; 1 recordings" in said
    assert (rows[0]["label"], rows[0]["class"], rows[0]["source"]) == ("positive", "quad", "test")
    assert float(rows[0]["lafmax_db"]) == pytest.approx(95.0, abs=4.0)
    assert rows[0]["expires"] > rows[0]["time"]
    assert (clip.positive, clip.kind, clip.group) == (True, "quad", rows[0]["group"])
    assert clip.load().shape[-1] == 480_000
    assert in_store == ["audit.jsonl", "recordings.txt"]
    assert (begun["what"], begun["minutes"]) == ("labelled session: begun", 0.4)
    assert (ended["what"], ended["clips"], ended["why"]) == ("labelled session: ended", 1, "time is up")
    assert 24 <= ended["seconds"] <= 27
    for entry in (begun, ended):
        assert (entry["who"], entry["reason"]) == ("J. Peeters, city of Genk", "the quads of the autumn")
    assert packages == []
    assert sorted(path.suffix for path in (tmp_path / "recordings").iterdir()) == [".csv", ".flac"]


def test_ctrl_c_ends_the_session_in_good_order(sensor, tmp_path, capsys):
    """The board is told, the audit log says how it ended, and what was recorded stays."""
    site = write_site(tmp_path, sensor.port, None)
    with heard(sensor, street(600.0, 5.0)) as world:

        def press():
            while world.blocks < 40 * 25:
                threading.Event().wait(0.05)
            signal.raise_signal(signal.SIGINT)

        pressing = threading.Thread(target=press, daemon=True)
        pressing.start()
        code = typed(site, minutes="60")
        pressing.join()

    assert code == 0
    assert "stopped by hand; 1 recordings" in capsys.readouterr().out
    assert Audit(tmp_path / "store").entries()[-1]["why"] == "stopped by hand"


def test_a_gateway_that_finds_a_session_left_behind_ends_it_and_keeps_nothing(sensor, tmp_path, monkeypatch):
    """The command dies in the middle of a clip, without a word; the gateway starts at once: no clip, no package."""
    site = write_site(tmp_path, sensor.port, None, camera_wait_s=1.0)

    def die(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch, heard(sensor, street(600.0, 5.0)):
        label = Session.label
        patch.setattr(Session, "label", lambda self, seconds: label(self, seconds) if seconds else None)
        patch.setattr(Session, "bye", lambda _: None)
        patch.setattr(Fetching, "_chunk", die)
        with pytest.raises(MemoryError):
            typed(site)
    packages = play(tmp_path, sensor, None, street(8.0), camera_wait_s=1.0)
    store = Store(tmp_path / "store")
    clips = store.clips()
    store.close()

    assert (packages, clips) == ([], [])
    ended = [
        entry for entry in Audit(tmp_path / "store").entries() if entry["what"] == "labelled session: ended"
    ]
    assert [entry["why"] for entry in ended] == ["MemoryError"]


def run_until(gateway: Gateway, done: Callable[[], object]) -> None:
    """Run `gateway` until `done` says something that is true."""

    async def run() -> None:
        running = asyncio.create_task(gateway.run())
        while not done() and not running.done():
            await asyncio.wait([running], timeout=0.02)
        gateway.stop()
        await running

    asyncio.run(run())


def test_a_clip_of_a_session_that_reached_the_store_all_the_same_is_deleted_and_never_sealed(tmp_path):
    """The second lock: what says that it was recorded in a session becomes no package."""
    event, *others = sensor_parts()
    labelled = json.dumps({**json.loads(event), "labelled": True}).encode()
    site = write_site(tmp_path, "id:nothing", None, camera_wait_s=1.0)
    store = Store(tmp_path / "store")
    hello = json.dumps({"v": 1, "kind": "sensor", "id": "virtual-1", "boot": 1, "clock_hz": 48000})
    store.board_seen("virtual-1", 1, "sensor", hello, 0)
    pieces = [Piece(1, 1, part, 0, data, len(data)) for part, data in enumerate([labelled, *others])]
    store.keep("virtual-1", "sensor", pieces, time.time_ns())
    store.close()
    gateway = Gateway(load(site))

    run_until(gateway, lambda: gateway.status()["accepted"] and not gateway.busy)
    (clip,) = gateway.status()["clips"]

    assert (clip["state"], clip["package"]) == ("lost", None)
    assert "never evidence" in clip["reason"]
    assert not list((tmp_path / "store" / "packages").iterdir())


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"sensor": "genk-9"}, "no sensor of .*there are: virtual-1"),
        ({"label": "loud"}, "positive or negative"),
        ({"minutes": "61"}, "at most 60 minutes"),
        ({"minutes": "0"}, "at most 60 minutes"),
        ({"class": ""}, "1 to 40 characters"),
    ],
    ids=str,
)
def test_a_session_that_cannot_be_is_refused_before_anything_is_asked(tmp_path, changes, why):
    """One sentence; nothing is announced and no folder is made."""
    site = write_site(tmp_path, "id:nothing", None)

    with pytest.raises(GatewayError, match=why):
        typed(site, **changes)
    assert Audit(tmp_path / "store").entries() == []
    assert not (tmp_path / "recordings").exists()


@pytest.mark.parametrize(
    ("settings", "changes", "why"),
    [
        ({"mode": "observe"}, {}, "mode observe: no clip can come into being"),
        ({}, {"who": " "}, "who: write 1 to 200 characters"),
        ({}, {"reason": "x" * 201}, "reason: write 1 to 200 characters"),
    ],
    ids=str,
)
def test_a_board_or_a_log_that_does_not_allow_it_begins_no_session(tmp_path, settings, changes, why):
    """The board is not asked: afterwards it watches as before."""
    with virtual_sensor("virtual-1", serial=random_serial(), **settings) as board:
        site = write_site(tmp_path, board.port, None)
        with heard(board, street(600.0)), pytest.raises(GatewayError, match=why):
            typed(site, **changes)
    assert Audit(tmp_path / "store").entries() == []


def recording(name: str, expires: str) -> Recording:
    """Return a line of a manifest."""
    return Recording(name, "positive", "quad", "test", "a_b", "2026-11-01T00:00:00.000Z", "91.0", expires)


def test_what_has_expired_is_deleted_with_its_line_and_what_a_power_cut_left_goes_too(tmp_path, capsys):
    """By the command, wherever the folder is; what has not expired stays."""
    folder = Recordings(tmp_path / "there")
    folder.add(b"old", recording("genk-1_20261001T000000Z_0001.flac", "2026-10-31T00:00:00.000Z"))
    folder.add(b"new", recording("genk-1_20261001T000000Z_0002.flac", "2999-10-31T00:00:00.000Z"))
    (folder.folder / "genk-1_20261001T000000Z_0003.flac.new").write_bytes(b"half")

    assert app(["record", "forget", str(folder.folder)], result_action="return_value") == 0
    assert "1 recordings have expired" in capsys.readouterr().out
    assert sorted(path.name for path in folder.folder.iterdir()) == [
        "genk-1_20261001T000000Z_0002.flac",
        "manifest.csv",
    ]
    assert [clip.name for clip in read_manifest(folder.folder / "manifest.csv")] == [
        "genk-1_20261001T000000Z_0002.flac"
    ]


def test_a_folder_with_another_manifest_is_not_touched(tmp_path):
    """Somebody's own recordings: nothing is added to them or deleted from them."""
    (tmp_path / "manifest.csv").write_text("file,label,class\na_20261001T000000Z_1.flac,positive,quad\n")
    (tmp_path / "a_20261001T000000Z_1.flac").write_bytes(b"mine")

    with pytest.raises(GatewayError, match="a folder of its own"):
        app(["record", "forget", str(tmp_path)], result_action="return_value")
    assert (tmp_path / "a_20261001T000000Z_1.flac").exists()


def test_the_running_gateway_deletes_what_has_expired_and_says_so_in_the_audit_log(tmp_path, monkeypatch):
    """In the folder of a session, wherever it is; a folder that is not there now stops nothing."""
    monkeypatch.setattr(host_time, "system_clock_state", lambda: host_time.SYNCHRONISED)
    site = write_site(tmp_path, "id:nothing", None)
    remember(tmp_path / "store", tmp_path / "taken away")
    remember(tmp_path / "store", tmp_path / "there")
    folder = Recordings(tmp_path / "there")
    folder.add(b"old", recording("genk-1_20261001T000000Z_0001.flac", "2026-10-31T00:00:00.000Z"))
    gateway = Gateway(load(site))

    run_until(gateway, lambda: len(list(folder.folder.iterdir())) == 1)
    (entry,) = (each for each in Audit(tmp_path / "store").entries() if each["what"] == "recordings deleted")

    assert [path.name for path in folder.folder.iterdir()] == ["manifest.csv"]
    assert entry["files"] == ["genk-1_20261001T000000Z_0001.flac"]
