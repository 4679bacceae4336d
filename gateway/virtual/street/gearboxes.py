"""What may stand between an engine of a family and the road, by lot: gears or a belt, how they shift, how they pull.

Speeds are those of first gear at the engine's highest speed: 50 km/h of a small car, over 100 km/h of a sport
motorcycle.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from gateway.virtual.street.drivetrain import Gearbox
from gateway.virtual.street.engines.engine import Engine
from gateway.virtual.street.engines.families import MOTORCYCLES, SPORTS_CARS
from gateway.virtual.street.engines.ranges import Span


@dataclass(frozen=True, slots=True)
class _Kind:
    """First gear in m/s, pull in m/s2, time to shift in s, part with a quick-shifter; part with a belt, and its."""

    first: Span
    pull: Span
    shift: Span
    quick: float = 0.0
    belts: float = 0.0
    belt: Span = (0.6, 0.9)
    belt_top: Span = (15.0, 30.0)
    ratio: Span = (1.12, 1.75)


_MOTORCYCLE: Final = _Kind((18, 32), (4.0, 8.0), (0.12, 0.3), quick=0.35)
_SPORTS_CAR: Final = _Kind((14, 20), (3.0, 6.0), (0.1, 0.5), quick=0.2)
_CAR: Final = _Kind((10, 15), (1.8, 3.2), (0.25, 0.7))
_QUAD: Final = _Kind((9, 14), (3.0, 5.5), (0.2, 0.4), belts=0.6, belt_top=(18, 30))
_KINDS: Final = {
    **dict.fromkeys(MOTORCYCLES, _MOTORCYCLE),
    **dict.fromkeys(SPORTS_CARS, _SPORTS_CAR),
    "cruiser": _Kind((15, 22), (3.5, 6.0), (0.15, 0.4)),
    "scooter": _Kind((0, 0), (1.5, 3.5), (0, 0), belts=1.0, belt=(0.68, 0.95), belt_top=(13, 32)),
    "moped_two_stroke": _Kind(
        (5, 9), (1.5, 3.2), (0.2, 0.45), belts=0.5, belt=(0.7, 0.97), belt_top=(12, 24)
    ),
    "quad": _QUAD,
    "quad_twin": _QUAD,
    "dirt_bike": _Kind((9, 14), (4.0, 8.0), (0.1, 0.2)),
    "truck": _Kind((2.0, 4.0), (1.0, 1.8), (0.4, 1.0), ratio=(1.25, 1.5)),
    "tractor": _Kind((5, 9), (0.4, 0.8), (0.4, 0.9)),
}


def gearbox(engine: Engine, rng: np.random.Generator) -> Gearbox:
    """Return what stands between `engine` and the road; families without an entry drive as an ordinary car."""
    kind = _KINDS.get(engine.family, _CAR)
    pull = rng.uniform(*kind.pull)
    if rng.random() < kind.belts:
        return Gearbox((rng.uniform(*kind.belt_top),), pull, belt=rng.uniform(*kind.belt))
    first = rng.uniform(*kind.first)
    ratios = np.cumprod([1.0, *np.sort(rng.uniform(*kind.ratio, 5))[::-1]])
    return Gearbox(
        tuple((first * ratios).tolist()),
        pull,
        rng.uniform(*kind.shift),
        quick=bool(rng.random() < kind.quick),
    )
