"""The meter under test: the firmware's chain, in an interpreter or on a board, behind two questions.

Rules of this file
- What measures is firmware/conformance/meter.py and the firmware below it; here is only the way there.
- On a board it runs from memory, beside the firmware that is flashed; afterwards the board starts again.
- A question is short, a second of sound at most, so that long work shows how far it is.
"""

import json
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.boards import flashed_files
from gateway.conformance.signal import Signal
from gateway.conformance.tables import ConformanceError
from gateway.link.prompt import BoardPrompt
from gateway.virtual.interpreter import FirmwareError, Interpreter, firmware_files

FRAMES_PER_SECOND: Final = 8
RATES: Final = (48000, 32000)
MODULES: Final = ("signals", "meter")  # in the order in which they import each other

# Runs on a board: makes modules of source that is not on its file system.
LOADER: Final = """
import sys
class Module:
    pass
def load(name, source):
    module = sys.modules[name] = Module()
    names = {"__name__": name}
    exec(source, names)
    for key in names:
        setattr(module, key, names[key])
    return module
load("firmware.conformance", "")
"""


@dataclass(frozen=True, slots=True)
class Frame:
    """The firmware's figures of 125 ms, levels in dB; `bands` is empty unless they were asked for."""

    laf: float
    lafmax: float
    las: float
    lasmax: float
    laeq: float
    lceq: float
    lzeq: float
    lcpeak: float
    flags: int
    bands: list[float]


@dataclass(frozen=True, slots=True)
class About:
    """What measured: its precision ("float32" or "float64"), its versions, and how to call it in a sentence."""

    name: str
    precision: str
    micropython: str
    firmware: str


class Meter:
    """A chain at `rate`; `ask` (function, request) calls a function of firmware/conformance/meter.py."""

    def __init__(self, ask: Callable[[str, str], str], rate: int, about: About) -> None:
        self._ask = ask
        self.rate = rate
        self.about = about
        self._heard: dict[tuple[Signal, float, bool], list[Frame]] = {}

    def hear(self, signal: Signal, seconds: float, *, bands: bool = False) -> list[Frame]:
        """Return the frames of the first `seconds` of `signal`; its levels have heard nothing before.

        The same signal is measured once. The frames have third-octaves when `bands`.
        """
        known = (signal, seconds, bands)
        if known not in self._heard:
            self._heard[known] = self._measured(*known)
        return self._heard[known]

    def _measured(self, signal: Signal, seconds: float, bands: bool) -> list[Frame]:  # noqa: FBT001  of `hear`
        self._ask("start", json.dumps({"rate": self.rate, "bands": bands, **signal.request(self.rate)}))
        left = round(seconds * FRAMES_PER_SECOND)
        found: list[Frame] = []
        while left:
            count = min(left, FRAMES_PER_SECOND)
            found += self._frames(count)
            left -= count
        return found

    def _frames(self, count: int) -> list[Frame]:
        try:
            return [Frame(*figures) for figures in json.loads(self._ask("frames", str(count)))]
        except ValueError:  # MicroPython writes nan and inf, which are no JSON
            raise ConformanceError("the firmware's levels are no numbers: a filter is unstable") from None


@contextmanager
def interpreted(
    rate: int, program: Path | None, *, single: bool = False, firmware: Mapping[str, bytes] | None = None
) -> Generator[Meter]:
    """Give the firmware of this checkout, or `firmware`, in an interpreter; `single` rounds to single precision."""
    files = firmware or firmware_files()
    with Interpreter(files, program=program) as interpreter:
        if single and not interpreter.has_prompt:
            raise ConformanceError(
                "--single: only the WebAssembly interpreter imitates it; this one computes as it was built"
            )

        def ask(function: str, request: str) -> str:
            try:
                return interpreter.call(f"firmware.conformance.meter.{function}", request.encode()).decode()
            except FirmwareError as error:
                raise ConformanceError(f"the firmware failed: {str(error).splitlines()[-1]}") from error

        about = json.loads(ask("about", ""))
        if single:
            interpreter.exec("import _single; _single.install()")
        name = "MicroPython in WebAssembly" if interpreter.has_prompt else "a MicroPython of the unix port"
        code = flashed_files("sensor", {})["code.txt"].decode()
        yield Meter(ask, rate, _about(name, about, code, single=single))


@contextmanager
def on_board(port: str, rate: int | None) -> Generator[Meter]:
    """Give the firmware on the board at `port`, at `rate` or its own; it runs again afterwards. Raises `LinkError`."""
    prompt = BoardPrompt(port)
    try:
        try:
            settings = prompt.found.settings or {}
            if settings.get("kind") != "sensor":
                raise ConformanceError(f"{port}: no sensor is on this board; flash it first (flash.py)")

            def ask(function: str, request: str) -> str:
                return prompt.run(f"print(meter.{function}({request!r}))").strip()

            prompt.run(LOADER)
            for module in MODULES:
                source = firmware_files()[f"firmware/conformance/{module}.py"].decode()
                prompt.run(f"{module} = load('firmware.conformance.{module}', {source!r})")
            about = json.loads(ask("about", ""))
            code = prompt.run("print(open('code.txt').read())").strip()
            yield Meter(ask, rate or settings["rate"], _about(f"{settings['id']} at {port}", about, code))
        finally:
            prompt.reset()
    finally:
        prompt.close()


def _about(name: str, about: dict[str, Any], code: str, *, single: bool = False) -> About:
    bits = 32 if single else about["bits"]
    return About(name, f"float{bits}", about["micropython"], code)
