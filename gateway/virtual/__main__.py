"""`python -m gateway.virtual`: a virtual sensor and camera in the built-in street, for trying flash.py and the gateway.

Runs in real time until it is interrupted. `--empty`: new boards, with MicroPython and nothing else on them.
"""

import argparse
import signal
import threading
from contextlib import ExitStack
from itertools import chain, count
from pathlib import Path

from gateway.virtual.board import VirtualBoard, random_serial
from gateway.virtual.boards import virtual_camera, virtual_sensor
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
        sound = chain.from_iterable(Scenario(seed, STRETCH_S) for seed in count(1))
        world = World(
            sensor=boards["virtual-1"],
            sound=sound,
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


if __name__ == "__main__":
    main()
