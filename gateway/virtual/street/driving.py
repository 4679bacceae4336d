"""How an engine is driven: its speed and load over time. What annoys is here, not in the engine.

Every function returns (rpm, load), both (n,) at 48 kHz; load is 0 (shut) to 1 (full throttle).
"""

from typing import Final, TypeAlias

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street.engine import RATE, Engine

Driving: TypeAlias = tuple[Samples, Samples]

_SHIFT_S: Final = 0.18
_GEAR_RATIO: Final = 0.68
"""Engine speed after a shift up, in parts of the speed before it."""


def idling(engine: Engine, seconds: float, *, seed: int) -> Driving:
    """The engine idles, a little unevenly."""
    size = round(seconds * RATE)
    rng = np.random.default_rng([seed, 1])
    return engine.idle_rpm * (1.0 + 0.02 * _slow_noise(size, rng)), np.full(size, 0.1)


def revving(engine: Engine, seconds: float, *, seed: int, every_s: float = 1.6) -> Driving:
    """Throttle stabs at a standstill: up within some tenths of a second, down within one."""
    rng = np.random.default_rng([seed, 2])
    knots: list[tuple[float, float, float]] = [(0.0, engine.idle_rpm, 0.1)]
    at = 0.2
    while at < seconds - 0.8:
        top = engine.idle_rpm + (engine.top_rpm - engine.idle_rpm) * rng.uniform(0.55, 0.9)
        rise, fall = rng.uniform(0.25, 0.45), rng.uniform(0.6, 0.9)
        knots += [
            (at, engine.idle_rpm, 0.1),
            (at + 0.03, engine.idle_rpm * 1.05, 1.0),
            (at + rise, top, 1.0),
            (at + rise + 0.03, top, 0.0),
            (at + rise + fall, engine.idle_rpm * 1.1, 0.0),
        ]
        at += max(every_s * rng.uniform(0.8, 1.2), rise + fall + 0.1)
    return _through(knots, seconds)


def accelerating(engine: Engine, seconds: float, *, seed: int) -> Driving:
    """Full throttle through the gears."""
    rng = np.random.default_rng([seed, 3])
    at, speed = 0.0, engine.top_rpm * rng.uniform(0.35, 0.45)
    knots: list[tuple[float, float, float]] = []
    gear_s = rng.uniform(1.1, 1.6)
    while at < seconds:
        top = engine.top_rpm * rng.uniform(0.85, 0.97)
        knots += [(at, speed, 1.0), (at + gear_s, top, 1.0), (at + gear_s + 0.02, top, 0.0)]
        at += gear_s + _SHIFT_S
        speed = top * _GEAR_RATIO
        knots.append((at - 0.02, speed, 0.0))
        gear_s *= 1.5
    return _through(knots, seconds)


def steady(engine: Engine, seconds: float, *, seed: int, part: float = 0.6, load: float = 0.5) -> Driving:
    """Constant speed at `part` of the highest, under `load`."""
    size = round(seconds * RATE)
    rng = np.random.default_rng([seed, 4])
    return engine.top_rpm * part * (1.0 + 0.01 * _slow_noise(size, rng)), np.full(size, load)


def _through(knots: list[tuple[float, float, float]], seconds: float) -> Driving:
    t = np.arange(round(seconds * RATE)) / RATE
    times, speeds, loads = (np.array(values) for values in zip(*knots, strict=True))
    return np.interp(t, times, speeds), np.interp(t, times, loads)


def _slow_noise(size: int, rng: np.random.Generator) -> Samples:
    """Noise of standard deviation about 1 that changes within some tenths of a second."""
    knots = np.arange(0, size + RATE, RATE // 5)
    return np.interp(np.arange(size), knots, rng.standard_normal(knots.size))
