"""kill -9 of the real program while a clip is on its way: after the next start it arrives, complete, once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import gateway
from gateway.evidence.verify import verify
from gateway.store.states import ClipState
from gateway.store.store import Store
from gateway.testing.board import FakeBoard, PtyConsole
from gateway.testing.clips import camera_parts, sensor_parts

PROGRAM = """
import sys
from pathlib import Path
from gateway.service import run_service
run_service(Path(sys.argv[1]))
"""
SITE = """
[site]
id = "genk"
name = "Genk"
[store]
path = "store"
[[sensors]]
id = "genk-1"
port = "{folder}/genk-1"
[[cameras]]
id = "genk-1-cam"
port = "{folder}/genk-1-cam"
[deliver]
directory = "city"
[limits]
camera_wait_s = 10
"""


@contextmanager
def running(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the gateway as a process of its own; at the end it is killed, whatever it does."""
    root = Path(gateway.__file__).parent.parent
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder / "site.toml")], cwd=root, stderr=log
        )
        try:
            yield process
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()


def step_until(
    boards: list[FakeBoard], condition: Callable[[], object], folder: Path, seconds: float = 20.0
) -> None:
    """Let the boards run until `condition`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not so after {seconds} s: {(folder / 'log').read_text()[-2000:]}")
        for board in boards:
            board.step(time.monotonic_ns())
        time.sleep(0.002)


@pytest.mark.slow
@pytest.mark.timeout(90)
def test_kill_9_in_the_middle_of_a_transfer_costs_nothing(tmp_path: Path) -> None:
    """Killed three times at different bytes, and once more when it should be sealing: one package, evidence."""
    (tmp_path / "site.toml").write_text(SITE.format(folder=tmp_path), encoding="utf-8")
    city = tmp_path / "city"
    city.mkdir()
    began = time.monotonic_ns() - 50_000_000_000
    sensor = FakeBoard("sensor", "genk-1", PtyConsole(tmp_path / "genk-1"), start_ns=began)
    camera = FakeBoard("camera", "genk-1-cam", PtyConsole(tmp_path / "genk-1-cam"), start_ns=began)
    boards = [sensor, camera]
    edge = time.monotonic_ns()
    clip = sensor.hold(1, sensor_parts(first=sensor.ticks_at(edge) - round(4.01 * 48000)), media_limit=0)
    camera.hold(1, camera_parts(keep=camera.ticks_at(edge)))
    for reach in (200_000, 600_000, 1_000_000):
        clip.media_limit = reach
        with running(tmp_path):
            step_until(boards, lambda reach=reach: clip.acknowledged_bytes[1] > reach - 5000, tmp_path)
    clip.media_limit = None
    with running(tmp_path):
        step_until(boards, lambda: sensor.done, tmp_path)
    with running(tmp_path):
        step_until(boards, lambda: list(city.glob("*.zip")), tmp_path)
        stop = time.monotonic() + 0.5
        step_until(boards, lambda: time.monotonic() > stop, tmp_path)

    (package,) = city.iterdir()
    assert verify(package).exit_code == 0
    assert sensor.done == [1]
    assert camera.done == [1]
    store = Store(tmp_path / "store")
    assert store.balance().holds
    assert {clip.event_id: clip.state for clip in store.clips()} == {
        "genk-1-1-1": ClipState.DELIVERED,
        "genk-1-cam-1-1": ClipState.JOINED,
    }
    store.close()
