"""`python -m gateway.virtual`: a virtual sensor and camera in the built-in street, for trying flash.py and the gateway.

Runs in real time until it is interrupted. `--empty`: new boards, with MicroPython and nothing else on them.
`--calibrator 94@1000`: instead of the street, a calibrator on the microphone, for trying `stalenstraat calibrate`.
"""

import argparse
import signal
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from itertools import chain, count
from pathlib import Path

from gateway.virtual.board import VirtualBoard, random_serial
from gateway.virtual.boards import virtual_camera, virtual_sensor
from gateway.virtual.calibrator import Calibrator
from gateway.virtual.i2s import Samples
from gateway.virtual.scene import Scene, Vehicle
from gateway.virtual.street.scenario import Scenario
from gateway.virtual.world import World

STRETCH_S = 60.0  # of street, computed ahead; each minute is another one
PICTURE_QUALITY = 60


def main() -> None:
    """Show the ports, then let time pass."""
    parser = argparse.ArgumentParser(prog="python -m gateway.virtual", description=__doc__)
    parser.add_argument("--empty", action="store_true", help="nothing on the boards but MicroPython")
    parser.add_argument(
        "--interpreter", type=Path, help="a unix-port MicroPython with ulab; without a prompt"
    )
    parser.add_argument(
        "--calibrator",
        metavar="LEVEL@HZ",
        type=_calibrator,
        help="a calibrator on the microphone, say 94@1000",
    )
    parser.add_argument(
        "--sensitivity", metavar="DB", type=float, default=0.0, help="what this microphone gives too much"
    )
    options = parser.parse_args()
    with ExitStack() as stack:
        boards: dict[str, VirtualBoard] = {}
        for name, make in (("virtual-1", virtual_sensor), ("virtual-1-cam", virtual_camera)):
            serial = random_serial()
            board = (
                VirtualBoard({}, serial=serial, program=options.interpreter)
                if options.empty
                else make(name, serial=serial, program=options.interpreter)
            )
            boards[name] = stack.enter_context(board)
            print(f"{name}: id:{serial} {board.port}", flush=True)  # noqa: T201  what the program is for
        world = World(
            sensor=boards["virtual-1"],
            sound=_sound(options.calibrator, options.sensitivity),
            camera=boards["virtual-1-cam"],
            scene=Scene([Vehicle(8.0)], quality=PICTURE_QUALITY),
        )
        ended = threading.Event()

        def end(_number: int, _frame: object) -> None:
            ended.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, end)
        world.start()
        while not ended.wait(0.2) and not world.finished:
            pass
        world.stop()


def _sound(calibrator: tuple[float, float] | None, sensitivity_db: float) -> Iterable[Samples]:
    if calibrator is None:
        return chain.from_iterable(Scenario(seed, STRETCH_S) for seed in count(1))
    return Calibrator(*calibrator, sensitivity_db)


def _calibrator(text: str) -> tuple[float, float]:
    level_db, _, frequency_hz = text.partition("@")
    return float(level_db), float(frequency_hz)


if __name__ == "__main__":
    main()
