"""The pulses that leave the cylinders: when, how strong, how steep; and the flow they make together.

Rules of this file
- A cylinder empties in a blow-down: a front that is steep under load, then a fall that lasts some degrees of crank,
  and a slower rest that the piston pushes out. Each pulse has its own strength, moment, front and length.
- No two firings are alike: combustion scatters from cycle to cycle, more at low load; cylinders differ for good.
- A cut (limiter, quick-shifter) leaves the pulse out; what gathers unburnt may go off in the pipe: pops.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gateway.virtual.level import Samples
from gateway.virtual.street.engines.engine import Engine
from gateway.virtual.street.shaping import RATE

_LONGEST_S: Final = 0.03
# A pulse is followed until it has fallen to e^-5 of its height.
_FALLS: Final = 5.0
_CHUNK: Final = 128
_LEAST_FALL_S: Final = 0.0006


@dataclass(frozen=True, slots=True)
class Firings:
    """Each firing, (m,): its time in samples at the valve, strength, cylinder, and rise and fall times in s."""

    at: Samples
    strength: Samples
    cylinder: npt.NDArray[np.int64]
    rise_s: Samples
    fall_s: Samples

    def of(self, chosen: npt.NDArray[np.bool_]) -> "Firings":
        """Return those that are `chosen`."""
        return Firings(
            self.at[chosen],
            self.strength[chosen],
            self.cylinder[chosen],
            self.rise_s[chosen],
            self.fall_s[chosen],
        )


def firings(
    engine: Engine, turns: Samples, load: Samples, cut: Samples, spacing: int, rng: np.random.Generator
) -> Firings:
    """Return the firings of `engine`; `turns`, `load` (0..1) and `cut` (0 or 1) are (m,), `spacing` samples apart."""
    cycles = turns / engine.layout.turns
    moments: list[Samples] = []
    cylinders: list[npt.NDArray[np.int64]] = []
    for cylinder, angle in enumerate(engine.layout.angles):
        place = angle / engine.layout.cycle
        first, last = int(np.ceil(cycles[0] - place)), int(np.floor(cycles[-1] - place))
        wanted = np.arange(first, last + 1) + place
        moments.append(np.interp(wanted, cycles, np.arange(cycles.size) * float(spacing)))
        cylinders.append(np.full(wanted.size, cylinder))
    at, cylinder = np.concatenate(moments), np.concatenate(cylinders)
    order = np.argsort(at, kind="stable")
    at, cylinder = at[order], cylinder[order]
    knots = np.arange(cycles.size) * float(spacing)
    effort = np.interp(at, knots, load)
    per_s = np.maximum(np.interp(at, knots, np.gradient(turns, spacing / RATE)), 5.0)
    strength = np.array(engine.strengths)[cylinder] * (engine.closed + (1.0 - engine.closed) * effort)
    strength *= np.exp(engine.scatter * (1.6 - effort) * rng.standard_normal(at.size))
    strength[np.interp(at, knots, cut) > 0.5] *= 0.08
    strength[rng.random(at.size) < engine.misfires * (1.4 - effort)] *= 0.1
    if engine.four_strokes:
        # At part load exhaust gas is left in the cylinder: it skips turns, at random.
        strength[rng.random(at.size) < 0.6 * np.clip(0.7 - effort, 0.0, 1.0)] *= 0.15
    late = engine.jitter_deg * (2.0 - effort) * rng.standard_normal(at.size) / 360.0 / per_s * RATE
    fall = np.maximum(engine.blowdown_deg / 360.0 / per_s, _LEAST_FALL_S)
    # A fuller cylinder opens with a steeper front; a slow engine's valve opens slowly.
    rise = engine.front_s * (2.2 - 1.5 * effort) * np.clip(60.0 / per_s, 0.5, 2.0) ** 0.5
    rise *= np.exp(0.15 * rng.standard_normal(at.size))
    return Firings(at + late, strength, cylinder, rise, fall)


def pops(
    engine: Engine, fired: Firings, load: Samples, spacing: int, rng: np.random.Generator, *, fast: Samples
) -> Firings:
    """Return the unburnt charges that go off in the pipe: clusters on the overrun while `fast` (m,) says so.

    Some are cracks, some thuds, by lot; they come shortly after a firing that found nothing to burn.
    """
    knots = np.arange(load.size) * float(spacing)
    overrun = (np.interp(fired.at, knots, load) < 0.12) & (np.interp(fired.at, knots, fast) > 0.5)
    if not overrun.any() or engine.pops_per_s == 0.0:
        return fired.of(np.zeros(fired.at.size, np.bool_))
    per_s = fired.at.size / max(0.1, float(fired.at[-1] - fired.at[0]) / RATE)
    # A cluster lets its neighbours follow: its own chance is higher for a while.
    seeds = rng.random(fired.at.size) < engine.pops_per_s / 3.0 / per_s
    follow = np.convolve(seeds, np.full(max(1, int(0.25 * per_s)), 1.0))[: fired.at.size] > 0
    chosen = overrun & (seeds | (follow & (rng.random(fired.at.size) < min(0.8, 9.0 / per_s))))
    some = fired.of(chosen)
    count = some.at.size
    return Firings(
        some.at + rng.uniform(0.0, 0.006, count) * RATE,
        rng.lognormal(0.2, 0.6, count),
        some.cylinder,
        rng.uniform(0.0001, 0.0006, count),
        rng.uniform(0.0006, 0.004, count),
    )


def flow(fired: Firings, n: int) -> Samples:
    """Return (n,) of flow: every firing's pulse at its moment, between two samples."""
    total = np.zeros(n)
    for start in range(0, fired.at.size, _CHUNK):
        at = fired.at[start : start + _CHUNK]
        strength = fired.strength[start : start + _CHUNK]
        rise = fired.rise_s[start : start + _CHUNK, None] * RATE
        fall = fired.fall_s[start : start + _CHUNK, None] * RATE
        length = int(min(_FALLS * float(fall.max()), _LONGEST_S * RATE)) + 2
        whole = np.floor(at).astype(np.int64)
        since = np.arange(1, length + 1) - (at - whole)[:, None]
        pulse = strength[:, None] * np.exp(-since / fall)
        pulse *= 1.0 - np.exp(-since / rise)
        first = int(whole.min())
        stretch = np.bincount(
            (whole[:, None] - first + np.arange(1, length + 1)).ravel(), weights=pulse.ravel()
        )
        low, high = max(0, first), min(n, first + stretch.size)
        if high > low:
            total[low:high] += stretch[low - first : high - first]
    return total
