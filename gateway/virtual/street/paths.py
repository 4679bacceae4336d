"""Where a source is while it sounds, and what of it reaches a microphone when: delay, Doppler, 1/r, bearing.

Rules of this file
- The microphones hang at the origin, `spacing_m` apart along x, left first; x is along the road to the right, y across
  it, away from the microphones. Everything is in metres and on the control grid of *emission*.
- What is heard at time t left when it left: arrival = emission + r / c, solved on the control grid.
- The bearing is what two microphones can tell: asin(x / r), in degrees, positive to the right.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street.shaping import CONTROL, RATE, at_places, control_times, drawn_out

SPEED_OF_SOUND: Final = 343.0
_NEAREST_M: Final = 1.0


@dataclass(frozen=True, slots=True)
class Path:
    """Places of a source, (m,) on the control grid: along the road, across it, and how far below the microphones.

    `clear` (m,) is how open the view to it is: 1 free, 0 behind a house.
    """

    x: Samples
    y: Samples
    below_m: float
    clear: Samples

    def distance_m(self, offset_m: float = 0.0) -> Samples:
        """Return how far the source is from a microphone `offset_m` to the right of the origin."""
        r = np.sqrt((self.x - offset_m) ** 2 + self.y**2 + self.below_m**2)
        return np.maximum(r, _NEAREST_M)

    def mirrored(self, wall_y_m: float) -> "Path":
        """Return the mirror image in a wall along the road."""
        return replace(self, y=2.0 * wall_y_m - self.y)

    def mirrored_in_road(self, height_m: float) -> "Path":
        """Return the mirror image in the road, of a source `height_m` above it."""
        return replace(self, below_m=self.below_m + 2.0 * height_m)


def straight(way_m: Samples, *, nearest_m: float, distance_m: float, below_m: float, to_right: bool) -> Path:
    """Return the path along a road at `distance_m`; the source is nearest after `nearest_m` of its way."""
    along = way_m - nearest_m
    return Path(along if to_right else -along, np.full(way_m.size, distance_m), below_m, np.ones(way_m.size))


def standing(size: int, *, x_m: float, distance_m: float, below_m: float) -> Path:
    """Return the path of a source that stands."""
    return Path(np.full(size, x_m), np.full(size, distance_m), below_m, np.ones(size))


def round_a_corner(
    way_m: Samples, *, corner_m: float, corner_x_m: float, distance_m: float, below_m: float
) -> Path:
    """Return the path out of a side street opposite, right at `corner_x_m`, then along the road past the microphones.

    The turn, a quarter circle of 6 m radius, begins after `corner_m` of way; until then houses hide it.
    """
    radius = 6.0
    turn = 0.5 * np.pi * radius
    side = -np.sign(corner_x_m)
    after = way_m - corner_m
    angle = np.clip(after / radius, 0.0, 0.5 * np.pi)
    straight_on = np.maximum(0.0, after - turn)
    x = corner_x_m + side * (radius * (1.0 - np.cos(angle)) + straight_on)
    y = distance_m + radius * (1.0 - np.sin(angle)) + np.maximum(0.0, -after)
    return Path(x, y, below_m, np.clip(1.0 + after / 6.0, 0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Arrival:
    """When what is heard left, and how far from: (k,) on the control grid of *reception*; distances in metres."""

    left_s: Samples
    distance_m: Samples

    def doppler(self) -> Samples:
        """Return the factor of all frequencies."""
        return np.gradient(self.left_s) * RATE / CONTROL


def arrival(path: Path, n: int, lead_s: float, offset_m: float = 0.0) -> Arrival:
    """Return how `path` arrives over `n` samples of reception, the first of which hears what left before `lead_s`."""
    r = path.distance_m(offset_m)
    emitted = np.arange(r.size) * (CONTROL / RATE)
    heard = emitted + r / SPEED_OF_SOUND
    left = np.interp(control_times(n) + lead_s, heard, emitted)
    return Arrival(left, np.interp(left, emitted, r))


def received(source: Samples, coming: Arrival, n: int, gain: Samples | float = 1.0) -> Samples:
    """Return (n,) of `source` (at one metre) as it arrives; `gain` is on the control grid of reception."""
    heard = at_places(source, drawn_out(coming.left_s, n) * RATE)
    heard *= drawn_out(np.broadcast_to(gain / coming.distance_m, coming.distance_m.shape), n)
    return heard


def bearing_deg(path: Path, left_s: Samples) -> Samples:
    """Return the bearing of what left at `left_s`."""
    emitted = np.arange(path.x.size) * (CONTROL / RATE)
    return np.degrees(np.arcsin(np.interp(left_s, emitted, path.x / path.distance_m())))
