"""The third-octaves against IEC 61260-1:2014, table 1: how much each band takes off steady tones beside its middle.

Rules of this file
- This is information: it says what steady tones read, not that the bands are filters of a class. Time behaviour,
  linearity and real-time operation of IEC 61260-1 are not measured.
- One tone is one measurement, for all bands; the row of a band is the tone at which it has the least margin.
"""

import math
from collections.abc import Iterator
from typing import Final, TypeAlias

import numpy as np

from gateway.conformance.measurements import FRAME_S, LEVEL_DB, worst
from gateway.conformance.meter import Meter
from gateway.conformance.rows import Row
from gateway.conformance.signal import Signal
from gateway.conformance.tables import Attenuation, Limits, Tables, exact_hz, hertz

TEST: Final = "third-octave bands"
LOWEST: Final = -16  # the band of 25 Hz: n of 10^(n/10) kHz
OUTER: Final = 8  # bands of tones below it: Table 1 ends there
PER_BAND: Final = 4  # tones: the middle, both edges, and between them
# Below so many Hz, so many frames until what a tone sets off as it begins is 80 dB lower.
SETTLED: Final = ((100.0, 14), (1000.0, 8), (math.inf, 4))
WINDOW: Final = 4  # frames
NEAR: Final = 1e-6  # beside an edge, as a logarithm

Tones: TypeAlias = dict[float, list[float]]


def tones(rate: int) -> Iterator[float]:
    """Return the frequencies of the sweep."""
    number = (LOWEST - OUTER) * PER_BAND
    while (hz := exact_hz(number / PER_BAND)) < rate / 2:
        yield hz
        number += 1


def hear_tone(hz: float, meter: Meter) -> list[float]:
    """Return the levels of all bands of a steady tone."""
    settle = next(frames for below, frames in SETTLED if hz < below)
    frames = meter.hear(Signal(hz, LEVEL_DB), (settle + WINDOW) * FRAME_S, bands=True)[settle:]
    return [
        10 * math.log10(sum(10 ** (level / 10) for level in levels) / WINDOW)
        for levels in zip(*(frame.bands for frame in frames), strict=True)
    ]


def band_rows(heard: Tones, tables: Tables) -> list[Row]:
    """Return the worst row of each band of a sweep, tone -> levels."""
    found: list[Row] = []
    for index in range(min(map(len, heard.values()), default=0)):
        middle = exact_hz(LOWEST + index)
        found.append(
            worst(
                Row(
                    TEST,
                    hertz(middle),
                    0.0,
                    LEVEL_DB - levels[index],
                    limits_at(hz / middle, tables.third_octave),
                    frequency_hz=hz,
                    claimed=False,
                )
                for hz, levels in heard.items()
            )
        )
    return found


def limits_at(omega: float, points: tuple[Attenuation, ...]) -> Limits:
    """Return the limits at `omega` times a band's middle, between breakpoints in proportion to the logarithm.

    At the edge of the band those of both sides hold.
    """
    x = abs(math.log(omega))

    def limit(side: str, beside: float) -> float | None:
        given = [(math.log(p.omega), value) for p in points if (value := getattr(p.limits, side)) is not None]
        places, values = [place for place, _ in given], [value for _, value in given]
        if "upper" in side and x + beside > places[-1]:
            return None
        return float(np.interp(x + beside, places, values))

    return Limits(
        limit("class1_lower", NEAR),
        limit("class1_upper", -NEAR),
        limit("class2_lower", NEAR),
        limit("class2_upper", -NEAR),
    )
