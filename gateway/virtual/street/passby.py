"""A source that drives past the microphone: distance, Doppler and, with two microphones, direction.

What is heard at time t left the source when it was r / c earlier; its pressure falls as 1 / r. The road reflects a
second, later and weaker copy. Everything follows from the path, nothing is set by hand.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street.engine import RATE

SPEED_OF_SOUND: Final = 343.0
_ROAD_REFLECTS: Final = 0.6


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
