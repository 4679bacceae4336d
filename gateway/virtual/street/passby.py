"""A source that drives past the microphone: distance, Doppler and, with two microphones, direction.

What is heard at time t left the source when it was r / c earlier; its pressure falls as 1 / r. The road reflects a
second, later and weaker copy. All that follows from the path; what the houses answer is added by `between_houses`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street.engine import RATE

SPEED_OF_SOUND: Final = 343.0
_ROAD_REFLECTS: Final = 0.6
# Between rows of houses sound dies away by 60 dB within about a second, and the answer of the houses is weaker than
# the direct sound; high tones are lost in air and at rough fronts.
_DIES_S: Final = 0.9
_ANSWER_DB: Final = -9.0
_FIRST_ANSWER_S: Final = 0.03


@dataclass(frozen=True, slots=True)
class Path:
    """A straight road at `distance_m` from the microphone, which hangs `height_m` above the source.

    The source is nearest at `at_s` and drives at `speed_m_s`; negative is from right to left.
    """

    at_s: float
    speed_m_s: float = 14.0
    distance_m: float = 7.5
    height_m: float = 3.0

    def along_m(self, t_s: Samples) -> Samples:
        """Return where the source is along the road, 0 where it is nearest."""
        return self.speed_m_s * (t_s - self.at_s)


def passing(source: Samples, path: Path, *, spacing_m: float | None = None) -> Samples:
    """Return what microphones hear of `source` (n,) at 48 kHz, (1, n), or (2, n) `spacing_m` apart, left first.

    The scale is that of the source at one metre.
    """
    offsets = [0.0] if spacing_m is None else [-spacing_m / 2, spacing_m / 2]
    t = np.arange(source.size) / RATE
    return np.stack([_heard(source, t, path, offset) for offset in offsets])


def between_houses(heard: Samples, *, seed: int) -> Samples:
    """Return `heard` (channels, n) with the reverberation of a street, coming from everywhere: each channel its own."""
    rng = np.random.default_rng([seed, 0xE4])
    t = np.arange(round(_DIES_S * RATE)) / RATE
    size = 1 << (heard.shape[1] + t.size - 1).bit_length()
    hz = np.fft.rfftfreq(size, 1 / RATE)
    answered = np.zeros_like(heard)
    for channel, direct in enumerate(heard):
        tail = rng.standard_normal(t.size) * np.exp(-6.9 * t / _DIES_S) * (t > _FIRST_ANSWER_S)
        tail *= 10 ** (_ANSWER_DB / 20) / np.sqrt(np.sum(tail**2))
        spectrum = np.fft.rfft(direct, size) * np.fft.rfft(tail, size) / (1.0 + hz / 4000.0)
        answered[channel] = direct + np.fft.irfft(spectrum, size)[: direct.size]
    return answered


def _heard(source: Samples, t: Samples, path: Path, offset_m: float) -> Samples:
    along = path.along_m(t) - offset_m
    direct = np.sqrt(along**2 + path.distance_m**2 + path.height_m**2)
    # The mirror image of a source half a metre above the road lies a metre further down.
    mirrored = np.sqrt(along**2 + path.distance_m**2 + (path.height_m + 1.0) ** 2)
    return _arriving(source, t, direct) + _ROAD_REFLECTS * _arriving(source, t, mirrored)


def _arriving(source: Samples, t: Samples, r: Samples) -> Samples:
    """Return at the times `t` what left at such a time that it arrives then; `r` is the distance when it left."""
    left = np.interp(t, t + r / SPEED_OF_SOUND, t)
    distance = np.interp(left, t, r)
    return np.interp(left, t, source) / distance
