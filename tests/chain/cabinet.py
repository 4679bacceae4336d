"""A cabinet in a test: boards in a street, a gateway as a program, packages taken apart.

The trigger of these boards is set to level alone: what is tested here is what comes after it.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from gateway.config import load
from gateway.service.gateway import Gateway
from gateway.virtual.board import VirtualBoard, random_serial
from gateway.virtual.boards import virtual_camera, virtual_sensor
from gateway.virtual.clock import WorldClock
from gateway.virtual.scene import Scene, Vehicle
from gateway.virtual.world import Pace, World

ROOT = Path(__file__).parents[2]
RATE = 48000
LEVEL_ALONE = {"signature_threshold": 0.0}
SCENE_QUALITY = 60


def street(
    seconds: float, loud_at: float | None = None, *, loud_s: float = 1.0
) -> Iterator[npt.NDArray[np.float64]]:
    """Yield blocks (1, 1200) of noise of about 50 dB(A), with `loud_s` of about 95 dB(A) from `loud_at`."""
    source = np.random.default_rng(7)
    for block in range(round(seconds * 40)):
        loud = loud_at is not None and loud_at <= block / 40 < loud_at + loud_s
        yield source.normal(0.0, 0.05 if loud else 0.0003, (1, 1200))


@contextmanager
def boards(*, camera: bool = True, **changes: object) -> Iterator[tuple[VirtualBoard, VirtualBoard | None]]:
    """A sensor "virtual-1" that triggers on level alone, and a camera "virtual-1-cam"."""
    with virtual_sensor("virtual-1", serial=random_serial(), **{**LEVEL_ALONE, **changes}) as sensor:
        if not camera:
            yield sensor, None
            return
        with virtual_camera("virtual-1-cam", serial=random_serial()) as camera_board:
            yield sensor, camera_board


def world_of(
    sensor: VirtualBoard,
    camera: VirtualBoard | None,
    sound: Iterator[npt.NDArray[np.float64]],
    *,
    pace: Pace = Pace.REAL,
) -> World:
    """A world in which the two are wired together; the camera's clock is off and drifts."""
    scene = Scene([Vehicle(6.0)], quality=SCENE_QUALITY) if camera else None
    return World(
        sensor=sensor,
        sound=sound,
        camera=camera,
        scene=scene,
        pace=pace,
        camera_offset_us=1_234_567,
        camera_ppm=40.0,
    )


def write_site(
    folder: Path,
    sensor: str,
    camera: str | None,
    *,
    camera_wait_s: float = 60.0,
    more: str = "",
    keys: bool = False,
) -> Path:
    """Write a site.toml for boards on these ports, delivering to `folder`/city, and `more`; return its path.

    `keys`: each board must prove itself with the key in `folder`/<id>.key.
    """
    sensor_key, camera_key = (
        f'\nkey = "{name}.key"' if keys else "" for name in ("virtual-1", "virtual-1-cam")
    )
    lines = [
        '[site]\nid = "test"\nname = "A street in a test"',
        '[store]\npath = "store"',
        f'[[sensors]]\nid = "virtual-1"\nport = "{sensor}"{sensor_key}',
        '[deliver]\ndirectory = "city"',
        f"[limits]\ncamera_wait_s = {camera_wait_s}",
    ]
    if camera:
        lines.append(f'[[cameras]]\nid = "virtual-1-cam"\nport = "{camera}"{camera_key}')
    (folder / "city").mkdir(exist_ok=True)
    path = folder / "site.toml"
    path.write_text("\n".join([*lines, more]) + "\n")
    return path


@contextmanager
def running_gateway(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`stalenstraat run` as a process of its own, logging to gateway.log beside its configuration."""
    with (config.parent / "gateway.log").open("ab") as log:
        process = subprocess.Popen([*stalenstraat(), "run", "--config", str(config)], stderr=log, stdout=log)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(10)


def stalenstraat() -> list[str]:
    """The command, from this environment."""
    return [sys.executable, "-c", "from gateway.cli import main; main()"]


def wait_for(what: str, found: "Any", seconds: float) -> Any:
    """Return what `found()` returns once it is true; fail with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = found()
        if result:
            return result
        time.sleep(0.05)
    pytest.fail(f"not within {seconds:.0f} s: {what}")


def unpack(package: Path, folder: Path) -> dict[str, Path]:
    """Unpack into `folder`; return name -> path of the parts."""
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)
        return {name: folder / name for name in archive.namelist()}


def measurement(package: Path) -> dict[str, Any]:
    """Return measurement.json of a package."""
    with zipfile.ZipFile(package) as archive:
        return json.loads(archive.read("measurement.json"))


def verify(package: Path) -> tuple[int, str]:
    """Run `stalenstraat verify`; return its exit code and what it said."""
    done = subprocess.run(
        [*stalenstraat(), "verify", str(package)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )
    return done.returncode, done.stdout + done.stderr


def play(  # noqa: PLR0913  each is a property of the cabinet, most have defaults
    folder: Path,
    sensor: VirtualBoard,
    camera: VirtualBoard | None,
    sound: Iterator[npt.NDArray[np.float64]],
    *,
    pace: Pace = Pace.FAST,
    camera_wait_s: float = 60.0,
    more: str = "",
    keys: bool = False,
    during: "Any" = None,
) -> list[Path]:
    """Run a gateway in simulated time until `sound` is over and nothing is on its way; return the packages.

    `during(world, gateway)` is called again and again meanwhile.
    """
    config = load(
        write_site(
            folder,
            sensor.port,
            camera.port if camera else None,
            camera_wait_s=camera_wait_s,
            more=more,
            keys=keys,
        )
    )
    world = world_of(sensor, camera, sound, pace=pace)
    gateway = Gateway(config, WorldClock(world))

    async def run() -> None:
        running = asyncio.create_task(gateway.run())
        world.start()
        deadline = time.monotonic() + 90
        try:
            while (not world.finished or gateway.busy) and time.monotonic() < deadline:
                if during:
                    during(world, gateway)
                await asyncio.wait([running], timeout=0.02)
                if running.done():
                    running.result()
        finally:
            await asyncio.to_thread(world.stop)
            gateway.stop()
            await running

    asyncio.run(run())
    return sorted((folder / "city").glob("*.zip"))
