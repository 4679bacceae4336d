"""What is measured of a frame (125 ms) to tell a loud exhaust from everything else: feature set 3, 13 numbers.

All are bounded, so that nothing odd can decide alone, and none depends on how loud the sound is. In this order:
- how much it is one harmonic series, at steady and at gliding pitch; how far it sinks between orders; how much is low
  (glide.py);
- the series that is followed (harmonics.py): strength of the best quick one, how many orders stand out, share of the
  loudest, how the level follows the track, ln of the frequency over 60 Hz;
- where the energy lies: two groups of third-octaves, in dB over the A-weighted level;
- how the spectrum changes, and how far partials stand out from what is between them.
More features tell recordings of development apart better, and others worse: docs/decisions.md. A model names the set it
was learnt from; change it with the set.
"""

import math

from ulab import numpy as np

from firmware.sensor.levels import A

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array

    from firmware.sensor.glide import Glide
    from firmware.sensor.harmonics import Harmonics
    from firmware.sensor.levels import Levels
    from firmware.sensor.spectrum import LowSpectrum

FEATURE_SET = 3
NAMES = (
    "straight",
    "clearest",
    "between",
    "low_share",
    "fast_peak",
    "orders",
    "loudest_order",
    "level_follows",
    "ln_fast_hz",
    "100-160Hz",
    "400-630Hz",
    "flux",
    "partials",
)
FEATURES = len(NAMES)
# Third-octaves, counted from 25 Hz, of each group: first and after the last.
GROUPS = ((6, 9), (12, 15))
SHAPE = (6, 24)  # 100 Hz to 5 kHz: what the change of the spectrum is taken from
FAINT = 1e-4
DECIBEL = 0.23026  # ln(10) / 10


def bounded(value: float, lowest: float, highest: float) -> float:
    """Return `value`, not under `lowest` nor over `highest`."""
    return lowest if value < lowest else min(value, highest)


class Features:
    """`measure` once a frame, after `frame` of glide and harmonics; `values` (float, FEATURES) are then new."""

    def __init__(self, low: "LowSpectrum", bands: int) -> None:
        # 20 - 700 Hz: where the partials of an engine can be told apart
        first = low.long.first
        self._partials = low.long.power[int(20.0 / low.bin_hz) - first : int(700.0 / low.bin_hz) - first]
        groups = np.zeros((len(GROUPS), bands))
        for row, (start, end) in enumerate(GROUPS):
            groups[row, start:end] = 1.0
        self._groups = groups
        self._shape = np.zeros(SHAPE[1] - SHAPE[0])
        self.values = np.zeros(FEATURES)

    def measure(self, glide: "Glide", harmonics: "Harmonics", bands: "array[int]", levels: "Levels") -> None:
        """Take the third-octaves (0.01 dB, from 25 Hz) and levels of the frame."""
        relative = np.array(bands) * 0.01
        relative -= levels.leq_db[A]
        shape = relative[SHAPE[0] : SHAPE[1]].copy()
        flux = float(np.mean(abs(shape - self._shape)))
        self._shape[:] = shape
        relative *= DECIBEL
        grouped = np.dot(self._groups, np.exp(relative))
        grouped += FAINT
        partials = self._partials + 1e-16
        flatness = math.log10(float(np.mean(partials))) - float(np.mean(np.log10(partials)))
        fast = harmonics.fast
        orders = harmonics.orders
        values = [
            glide.straight,
            glide.clearest,
            glide.between,
            glide.low_share,
            fast.peak,
            orders.count * 0.1,
            orders.loudest,
            harmonics.level_follows,
            math.log(fast.hz / 60.0),
        ]
        values += [bounded(10.0 * math.log10(each), -25.0, 20.0) for each in grouped]
        values += [min(flux, 6.0), bounded(10.0 * flatness, 2.0, 16.0)]
        self.values[:] = np.array(values)
