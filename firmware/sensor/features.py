"""What is measured of a frame (125 ms) to tell a loud exhaust from everything else: feature set 2, 30 numbers.

All are bounded, so that nothing odd can decide alone, and none depends on how loud the sound is. In this order:
- the harmonic series and its track (harmonics.py): worth of the track and of this frame, of slow and of fast series;
  share of energy on the orders and on half orders, share of the loudest, how many stand out, roughness, how the level
  follows the track, for how long it has gone on, how fast it moves, ln of both frequencies over 60 Hz;
- where the energy lies: C-weighted level and nine groups of third-octaves, in dB over the A-weighted level;
- how it changes: spectrum, peak over mean, level over half a second ago, its spread in a second, jumps; and how far
  partials stand out from what is between them.
docs/signature.md says what each is for. A model names the set it was learnt from; change it with the set.
"""

import math

from ulab import numpy as np

from firmware.sensor.levels import A, C

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array

    from firmware.sensor.harmonics import Harmonics
    from firmware.sensor.levels import Levels
    from firmware.sensor.spectrum import LowSpectrum

FEATURE_SET = 2
NAMES = (
    "slow_track",
    "slow_peak",
    "fast_track",
    "fast_peak",
    "harmonicity",
    "half_orders",
    "loudest_order",
    "orders",
    "roughness",
    "level_follows",
    "track_length",
    "slope",
    "ln_slow_hz",
    "ln_fast_hz",
    "c_minus_a",
    "25-50Hz",
    "63-80Hz",
    "100-160Hz",
    "200-315Hz",
    "400-630Hz",
    "800-1250Hz",
    "1.6-2.5kHz",
    "3.15-5kHz",
    "6.3-10kHz",
    "flux",
    "crest",
    "rise",
    "spread",
    "jump",
    "partials",
)
FEATURES = len(NAMES)
# Third-octaves, counted from 25 Hz, of each group: first and after the last.
GROUPS = ((0, 4), (4, 6), (6, 9), (9, 12), (12, 15), (15, 18), (18, 21), (21, 24), (24, 27))
SHAPE = (6, 24)  # 100 Hz to 5 kHz: what the change of the spectrum is taken from
HISTORY = 8  # frames of level: a second
LENGTH = 24  # frames of a track, three seconds: longer is no better
FAINT = 1e-4
DECIBEL = 0.23026  # ln(10) / 10


def bounded(value: float, lowest: float, highest: float) -> float:
    """Return `value`, not under `lowest` nor over `highest`."""
    return lowest if value < lowest else min(value, highest)


class Features:
    """`measure` once a frame, after the harmonics' `frame`; `values` (float, FEATURES) are then new."""

    def __init__(self, low: "LowSpectrum", bands: int) -> None:
        # 20 - 700 Hz: where the partials of an engine can be told apart
        first = low.long.first
        self._partials = low.long.power[int(20.0 / low.bin_hz) - first : int(700.0 / low.bin_hz) - first]
        groups = np.zeros((len(GROUPS), bands))
        for row, (start, end) in enumerate(GROUPS):
            groups[row, start:end] = 1.0
        self._groups = groups
        self._shape = np.zeros(SHAPE[1] - SHAPE[0])
        self._lafmax_db = np.zeros(HISTORY)
        self._laeq_db = 0.0
        self.values = np.zeros(FEATURES)

    def measure(self, harmonics: "Harmonics", bands: "array[int]", levels: "Levels") -> None:
        """Take the third-octaves (0.01 dB, from 25 Hz) and levels of the frame."""
        laeq_db = levels.leq_db[A]
        relative = np.array(bands) * 0.01
        relative -= laeq_db
        shape = relative[SHAPE[0] : SHAPE[1]].copy()
        flux = float(np.mean(abs(shape - self._shape)))
        self._shape[:] = shape
        relative *= DECIBEL
        grouped = np.dot(self._groups, np.exp(relative))
        grouped += FAINT
        history = self._lafmax_db
        history[:-1] = history[1:]
        history[-1] = levels.lafmax_db
        partials = self._partials + 1e-16
        flatness = math.log10(float(np.mean(partials))) - float(np.mean(np.log10(partials)))
        slow = harmonics.slow
        fast = harmonics.fast
        orders = harmonics.orders
        values = [
            slow.track,
            slow.peak,
            fast.track,
            fast.peak,
            orders.harmonicity,
            orders.half_orders,
            orders.loudest,
            orders.count * 0.1,
            harmonics.roughness,
            harmonics.level_follows,
            min(harmonics.length, LENGTH) / LENGTH,
            min(abs(harmonics.slope), 2.0),
            math.log(slow.hz / 60.0),
            math.log(fast.hz / 60.0),
            bounded(levels.leq_db[C] - laeq_db, -2.0, 15.0),
        ]
        values += [bounded(10.0 * math.log10(each), -25.0, 20.0) for each in grouped]
        values += [
            min(flux, 6.0),
            bounded(levels.lcpeak_db - levels.leq_db[C], 3.0, 25.0),
            bounded(float(history[-1] - history[3]), -15.0, 15.0),
            min(float(np.std(history)), 8.0),
            bounded(abs(laeq_db - self._laeq_db) - 3.0, 0.0, 5.0),
            bounded(10.0 * flatness, 2.0, 16.0),
        ]
        self._laeq_db = laeq_db
        self.values[:] = np.array(values)
