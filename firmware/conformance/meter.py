"""The board as a meter under test: a test signal goes through the firmware's own chain, its levels come back.

`stalenstraat conformance` calls these functions, in an interpreter or at a board's prompt. Requests and answers are
JSON, and a call is short: one interpreter collects its garbage only between calls.
"""

import gc
import json
import sys

from ulab import numpy as np

from firmware.common.blocks import block_samples
from firmware.common.settings import Settings
from firmware.conformance.signals import Tone
from firmware.sensor.analysis import Analysis
from firmware.sensor.levels import Levels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import Json

FULL_SCALE_DB = 120.0  # the level of a sine that just fits


class Chain(Analysis):
    """The sensor's own chain at `rate`, whose levels can begin anew: making all of it takes a board seconds."""

    def __init__(self, rate: int) -> None:
        super().__init__(
            Settings({"rate": rate, "channels": 1, "full_scale_db": FULL_SCALE_DB, "microphone": "flat"})
        )
        self.rate = rate

    def forget(self) -> None:
        """Let the levels have heard nothing. Bands, which have no long memory, and the self-check go on."""
        self.levels = Levels(self.rate, self._offset_db)
        self._mean = 0.0


class Run:
    """A signal on its way through `chain`; `values` describes it, see `start`."""

    def __init__(self, chain: Chain, values: "Json") -> None:
        self._tone = Tone(
            block_samples(chain.rate),
            values["step"],
            values["phase"],
            values["first"],
            values["stop"],
            values["amplitude"],
        )
        self._analysis = chain
        self._with_bands: bool = values["bands"]
        chain.forget()

    def frame(self) -> "list[object]":
        """Return the figures of the next 125 ms, as `frames` lists them."""
        tone = self._tone
        analysis = self._analysis
        tone.advance()
        while not analysis.process(tone.raw):
            tone.advance()
        figures: list[object] = [
            analysis.laf_db,
            analysis.lafmax_db,
            analysis.las_db,
            analysis.lasmax_db,
            analysis.laeq_db,
            analysis.lceq_db,
            analysis.lzeq_db,
            analysis.lcpeak_db,
            analysis.flags,
        ]
        figures.append([level / 100 for level in analysis.bands] if self._with_bands else [])
        return figures


_chain: "Chain | None" = None
_run: "Run | None" = None


def about(_request: bytes) -> str:
    """Return what computes: bits of a number in an array, version of MicroPython."""
    version = ".".join([str(part) for part in sys.implementation.version[:3]])
    return json.dumps({"bits": 8 * np.zeros(1).itemsize, "micropython": version})


def start(request: bytes) -> str:
    """Begin a run with rate, step, phase, first, stop, amplitude (see `Tone`) and bands (whether they are wanted)."""
    global _chain, _run  # noqa: PLW0603  one board, one chain, one run
    values = json.loads(request)
    _run = None
    if _chain is None or _chain.rate != values["rate"]:
        _chain = None
        gc.collect()
        _chain = Chain(values["rate"])
    gc.collect()
    _run = Run(_chain, values)
    return ""


def frames(request: bytes) -> str:
    """Go on for the number of frames in `request`; return a list for each.

    LAF, LAFmax, LAS, LASmax, LAeq, LCeq, LZeq, LCpeak in dB, flags, and the bands in dB when they are wanted.
    """
    if _run is None:
        raise ValueError("start first")
    return json.dumps([_run.frame() for _ in range(json.loads(request))])
