"""`stalenstraat demo`: a virtual sensor and camera running the real firmware, and the real gateway, end to end.

Rules of this file
- It only joins what the product is made of: nothing here measures, decides, records or seals.
- Simulated time is the gateway's clock too, so that `--fast` changes nothing but the waiting.
- The report is what the gateway and the packages say, not what the simulator knows.
"""

import asyncio
import json
import logging
import math
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gateway import board_key
from gateway.config import Config, check
from gateway.demo_view import LiveView, print_clips
from gateway.errors import GatewayError
from gateway.service.gateway import Gateway
from gateway.service.run import configure_logging
from gateway.virtual.board import VirtualBoard, random_serial
from gateway.virtual.boards import virtual_camera, virtual_sensor
from gateway.virtual.clock import WorldClock
from gateway.virtual.scene import Scene, Vehicle
from gateway.virtual.sound import Playlist, pipe
from gateway.virtual.street.scenario import Scenario
from gateway.virtual.world import Pace, World
from gateway.web.server import WebPage

Samples = npt.NDArray[np.float64]

STREET_SECONDS = 40.0
AFTER_S = 7.0  # quiet after the last sound: a clip needs six seconds after its trigger
SENSOR = "demo-1"
CAMERA = "demo-1-cam"
SEED = 1
CAMERA_OFFSET_US = 3_217_411  # another zero and another rate than the sensor's, as with real boards
CAMERA_PPM = 35.0
DELIVERY_S = 120.0  # of this computer's time: what is not delivered by then is reported as it is
LOOK_S = 0.05
LAST_LOOK_S = 1.0  # an open browser asks once more and shows the end
PICTURE_QUALITY = 60  # frames of about 35 KB, as an OV2640 makes them: eleven seconds fit the camera's ring


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; see `gateway.cli.demo`."""

    sounds: tuple[Path, ...] = ()
    level_dba: float = 92.0
    out: Path = Path("out")
    seconds: float | None = None
    fast: bool = False
    web: bool = True
    json: bool = False
    interpreter: Path | None = None


@dataclass(slots=True)
class _Cut:
    """`blocks`, `seconds` of them at most."""

    blocks: Iterator[Samples]
    seconds: float
    samples: int = 0

    def __iter__(self) -> Iterator[Samples]:
        for block in self.blocks:
            yield block
            self.samples += block.shape[-1]
            if self.samples >= self.seconds * 48000:
                return


def run_demo(options: Options) -> int:
    """Run the demo and print its report; return the exit code."""
    configure_logging(logging.WARNING)  # the view and the report say the rest
    if options.seconds is not None and not options.seconds > 0:
        raise GatewayError(f"--seconds {options.seconds}: must be more than 0")
    out = options.out.absolute()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GatewayError(
            f"--out {options.out}: cannot be made ({error.strerror}); name another place"
        ) from None
    sound, seconds, passes = _sound(options)
    store = Path(tempfile.mkdtemp(prefix="stalenstraat-demo-"))
    try:
        report = _play(options, sound, seconds, passes, store, out)
    finally:
        shutil.rmtree(store, ignore_errors=True)
    if options.json:
        print(json.dumps(report, indent=1))  # noqa: T201  the command's output
    return 0


def _sound(options: Options) -> tuple[Iterator[Samples], float, list[Vehicle]]:
    """Return the sound, its length and the vehicles that the camera sees with it."""
    if len(options.sounds) == 1 and options.sounds[0].is_fifo():
        return _from_pipe(options.sounds[0]), options.seconds or math.inf, []
    if options.sounds:
        playlist = Playlist(options.sounds, options.level_dba, seed=SEED)
        middles = [start + 7.5 for start in playlist.starts_s]
        return iter(playlist), options.seconds or playlist.seconds, [Vehicle(at) for at in middles]
    seconds = options.seconds or STREET_SECONDS
    scenario = Scenario(SEED, seconds)
    passing = [
        Vehicle(event.start_s + event.duration_s / 2)
        for event in scenario.events
        if event.label == "positive"
    ]
    return iter(scenario), seconds, passing


def _from_pipe(path: Path) -> Iterator[Samples]:
    with path.open("rb") as stream:
        yield from pipe(stream)


def _play(
    options: Options, sound: Iterator[Samples], seconds: float, passes: list[Vehicle], store: Path, out: Path
) -> dict[str, object]:
    boot = _next_boot(out)
    keys = {name: board_key.make(store / f"{name}.key").hex() for name in (SENSOR, CAMERA)}
    program = options.interpreter
    with (
        virtual_sensor(
            SENSOR, serial=random_serial(), program=program, boot=boot, key=keys[SENSOR]
        ) as sensor,
        virtual_camera(
            CAMERA, serial=random_serial(), program=program, boot=boot, key=keys[CAMERA]
        ) as camera,
    ):
        world = World(
            sensor=sensor,
            sound=_Cut(sound, seconds),
            camera=camera,
            scene=Scene(passes, quality=PICTURE_QUALITY),
            pace=Pace.FAST if options.fast else Pace.REAL,
            camera_offset_us=CAMERA_OFFSET_US,
            camera_ppm=CAMERA_PPM,
        )
        gateway = Gateway(_config(sensor, camera, store, out), WorldClock(world))
        asyncio.run(_watch(options, world, gateway, seconds))
        return _report(world, gateway)


def _next_boot(out: Path) -> int:
    """Count on from the clips that earlier demos left in `out`: an event id never comes twice."""
    names = [path.stem.removeprefix(f"{SENSOR}-").split("-")[0] for path in out.glob(f"{SENSOR}-*-*.zip")]
    return 1 + max((int(name) for name in names if name.isdigit()), default=0)


def _config(sensor: VirtualBoard, camera: VirtualBoard, store: Path, out: Path) -> Config:
    return check(
        {
            "site": {"id": "demo", "name": "The virtual street of the demo"},
            "store": {"path": str(store)},
            "sensors": [
                {"id": SENSOR, "port": sensor.port, "camera": CAMERA, "key": str(store / f"{SENSOR}.key")}
            ],
            "cameras": [{"id": CAMERA, "port": camera.port, "key": str(store / f"{CAMERA}.key")}],
            "deliver": {"directory": str(out)},
        }
    )


async def _watch(options: Options, world: World, gateway: Gateway, seconds: float) -> None:
    """Run world and gateway until the sound is over and every clip is delivered."""
    running = asyncio.create_task(gateway.run())
    world.start()
    page = await WebPage.start(gateway) if options.web and not options.json else None
    view = LiveView(gateway, world, seconds, page.url if page else None, quiet=options.json)
    try:
        with view:
            await _until_delivered(world, gateway, running, view)
    finally:
        await asyncio.to_thread(world.stop)
        gateway.stop()
        await running
        if page:
            await asyncio.sleep(LAST_LOOK_S)
            await page.stop()
    if not options.json:
        print_clips(gateway.status()["clips"])


async def _until_delivered(
    world: World, gateway: Gateway, running: "asyncio.Task[None]", view: LiveView
) -> None:
    """Return when the sound is over, the quiet after it too, and no clip is on its way; or the world has ended."""
    over_ns: int | None = None
    give_up = 0.0
    while world.running:
        view.update()
        await _nap(running)
        if world.finished and over_ns is None:
            over_ns = world.now_ns()
            give_up = time.monotonic() + DELIVERY_S
        quiet = over_ns is not None and world.now_ns() - over_ns > AFTER_S * 1e9
        if quiet and (not gateway.busy or time.monotonic() > give_up):
            return


async def _nap(running: "asyncio.Task[None]") -> None:
    """Wait a moment; an error of the gateway ends the demo with it."""
    await asyncio.wait([running], timeout=LOOK_S)
    if running.done():
        running.result()


def _report(world: World, gateway: Gateway) -> dict[str, object]:
    """Return what `--json` prints."""
    status = gateway.status()
    sensor = next(board for board in status["boards"] if board["id"] == SENSOR)
    events = [
        {
            "id": clip["id"],
            "package": clip["package"],
            "trigger_time": clip["trigger_time"],
            "level_lafmax_db": clip["lafmax_db"],
            "behaviour": clip["behaviour"],
            "signature_score": clip["score"],
            "state": clip["state"],
            "missing": clip["missing"],
        }
        for clip in status["clips"]
    ]
    return {
        "events": events,
        "blocks": world.blocks,
        "overruns": sensor["overruns"],
        "trigger_delay_ms": max(world.keep_delays_ms, default=None),
    }
