"""What the meter under test is given: a tone, or a piece of one. Pure numbers; the board makes the samples."""

import math
from dataclasses import dataclass
from typing import Final

PERIOD: Final = 1 << 32  # parts that a period has, see firmware/conformance/signals.py
FULL_SCALE_DB: Final = 120.0  # the level of a sine that just fits
_NEXT_SAMPLE: Final = (
    1e-6  # of a sample: a tone that begins on a sample begins there, whatever rounding made of it
)


@dataclass(frozen=True, slots=True)
class Signal:
    """A sine of `hz` that would have `level_db` if it never ended; it begins at `start_s` with phase 0.

    `duration_s` None: it does not end. Start and end may lie between samples. `negative`: it begins with its
    negative half.
    """

    hz: float
    level_db: float
    start_s: float = 0.0
    duration_s: float | None = None
    negative: bool = False

    def request(self, rate: int) -> dict[str, int | float]:
        """Return what the board needs to make it at `rate`, see `Tone` in firmware/conformance/signals.py."""
        start = self.start_s * rate
        step = round(self.hz / rate * PERIOD)
        phase = -start * step + (PERIOD / 2 if self.negative else 0)
        stop = PERIOD if self.duration_s is None else _first(start + self.duration_s * rate)
        return {
            "step": step,
            "phase": round(phase) % PERIOD,
            "first": _first(start),
            "stop": stop,
            "amplitude": 10 ** ((self.level_db - FULL_SCALE_DB) / 20),
        }


def _first(sample: float) -> int:
    """Return the first sample that is not before `sample`."""
    return math.ceil(sample - _NEXT_SAMPLE)
