"""A sound calibrator on the microphone of a virtual board: its tone, and what can be wrong with it.

Rules of this file
- Full scale of the microphone is 120 dB for a sine, as everywhere here; `sensitivity_db` is what this microphone gives
  more than its data sheet says: what a calibration should find.
- Endless: the calibrator stays on until the world stops. Before `on_s` there is only the quiet of the room.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gateway.virtual.level import FULL_SCALE_DB, Samples

RATE = 48_000
BLOCK = RATE // 40
QUIET_DB = 35.0  # of the room behind the coupler, unweighted
SYLLABLE_HZ = 4.0  # people speak four syllables a second
UNSTEADY_HZ = 0.7  # a hand on the calibrator
WIND_HZ = 60.0  # wind has its energy below


@dataclass(frozen=True, slots=True)
class Calibrator:
    """A tone of `level_db` at `frequency_hz`.

    `unsteady_db`: how far a bad fit lets the level swing; `talk_db` and `wind_db`: the level at the microphone of
    somebody who talks beside it, and of wind; None: nobody, none.
    """

    level_db: float = 94.0
    frequency_hz: float = 1000.0
    sensitivity_db: float = 0.0
    unsteady_db: float = 0.0
    talk_db: float | None = None
    wind_db: float | None = None
    on_s: float = 0.0
    seed: int = 1

    def __iter__(self) -> Iterator[Samples]:
        """Yield arrays (1, 1200) at 48 kHz, for ever."""
        dice = np.random.default_rng(self.seed)
        start = 0
        low = 0.0
        while True:
            time_s = (start + np.arange(BLOCK)) / RATE
            swing_db = self.unsteady_db / 2 * np.sin(2 * math.pi * UNSTEADY_HZ * time_s)
            tone = math.sqrt(2) * 10 ** (swing_db / 20) * np.sin(2 * math.pi * self.frequency_hz * time_s)
            x = _pressure(QUIET_DB) * dice.standard_normal(BLOCK)
            x += np.where(time_s >= self.on_s, _pressure(self.level_db), 0.0) * tone
            if self.talk_db is not None:
                x += _pressure(self.talk_db) * _syllables(time_s)
            if self.wind_db is not None:
                wind, low = _rumble(dice, low)
                x += _pressure(self.wind_db) * wind
            yield (10 ** (self.sensitivity_db / 20) * x)[np.newaxis]
            start += BLOCK


def _pressure(level_db: float) -> float:
    """Return the root mean square of a sound of `level_db`, in parts of full scale."""
    return 10 ** ((level_db - FULL_SCALE_DB) / 20) / math.sqrt(2)


def _syllables(time_s: Samples) -> Samples:
    """Return a voice of about root mean square 1: harmonics of 140 Hz that come and go four times a second."""
    voice = sum(
        (np.sin(2 * math.pi * 140.0 * order * time_s + order) / math.sqrt(order) for order in range(1, 20)),
        start=np.zeros(time_s.size),
    )
    return voice * np.maximum(np.sin(2 * math.pi * SYLLABLE_HZ * time_s), 0.0) / 0.666


def _rumble(dice: np.random.Generator, before: float) -> tuple[Samples, float]:
    """Return noise below `WIND_HZ` of root mean square 1 that goes on from `before`, and its end."""
    keep = math.exp(-2 * math.pi * WIND_HZ / RATE)
    decay = keep ** np.arange(1, BLOCK + 1)
    # A first-order low-pass, a block at a time: the running sum stays small over 25 ms.
    driven = np.cumsum(dice.standard_normal(BLOCK) * math.sqrt(1 - keep * keep) / decay) * decay
    rumble = driven + before * decay
    return rumble, float(rumble[-1])
