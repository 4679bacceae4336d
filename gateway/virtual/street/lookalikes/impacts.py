"""What bangs, rattles, rolls, hisses and squeals. `name(n, rng)` returns (n,), any scale."""

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street.shaping import (
    RATE,
    bell,
    control_times,
    cycles_of,
    deviation,
    drawn_out,
    noise,
    periodic,
    resonance,
    shaped,
    wandering,
)


def _bang(t: Samples, rng: np.random.Generator, fall_s: float) -> Samples:
    """Return an N-wave and the noise that follows it, at t = 0."""
    length = rng.uniform(0.001, 0.004)
    wave = np.where((t > 0) & (t < length), 1.0 - 2.0 * t / length, 0.0)
    body = np.where(t > 0, np.exp(-np.maximum(t, 0.0) / fall_s), 0.0) * rng.standard_normal(t.size)
    return wave * rng.uniform(1, 4) + shaped(body, bell(rng.uniform(250, 2000), 1.6))


def _bangs(n: int, rng: np.random.Generator, gaps: tuple[float, float], fall: tuple[float, float]) -> Samples:
    x = np.zeros(n)
    at = rng.uniform(0.0, 1.0)
    while at < n / RATE - 0.1:
        start = int(at * RATE)
        stop = min(n, start + RATE)
        bang = _bang(np.arange(stop - start) / RATE, rng, rng.uniform(*fall))
        x[start:stop] += rng.uniform(0.3, 1.0) * bang / (float(np.abs(bang).max()) or 1.0)
        at += rng.uniform(*gaps)
    return x


def fireworks(n: int, rng: np.random.Generator) -> Samples:
    """Rockets that whistle up, bangs, strings of crackers."""
    x = _bangs(n, rng, (0.03, 0.15) if rng.random() < 0.4 else (0.3, 2.0), (0.02, 0.15))
    if rng.random() < 0.5:
        hz = rng.uniform(1500, 5000) * (1.0 + 0.3 * np.linspace(0, 1, n))
        x += (
            0.2
            * np.sin(2 * np.pi * cycles_of(hz))
            * drawn_out(np.clip(wandering(control_times(n), rng, 0.5), 0, 1), n)
        )
    return x


def gunshots(n: int, rng: np.random.Generator) -> Samples:
    """Single shots or a burst."""
    return _bangs(n, rng, (0.07, 0.12) if rng.random() < 0.3 else (0.4, 2.5), (0.01, 0.08))


def hammering(n: int, rng: np.random.Generator) -> Samples:
    """Blows on wood, stone or steel, one to five a second."""
    blows = np.zeros(n)
    at = np.arange(int(0.2 * RATE), n, int(RATE / rng.uniform(1, 5)))
    blows[at] = rng.uniform(0.4, 1.0, at.size)
    modes, q = rng.uniform(200, 5000, 6), rng.uniform(5, 60)

    def ringing(hz: Samples) -> Samples:
        return sum((resonance(hz, mode, q) * hz / mode for mode in modes), np.zeros(hz.size))

    return shaped(blows, ringing, tail_s=0.3)


def shutter(n: int, rng: np.random.Generator) -> Samples:
    """A rattling shutter that is pulled: slats that knock at a rate that changes."""
    t = control_times(n)
    rate = drawn_out(np.clip(rng.uniform(10, 40) * (1 + 0.4 * wandering(t, rng, 0.5)), 3, 80), n)
    knocks = np.zeros(n)
    at = np.flatnonzero(np.diff(np.floor(cycles_of(rate))) > 0)
    knocks[at] = rng.exponential(1.0, at.size)
    x = shaped(knocks, bell(rng.uniform(800, 3500), 1.0))
    drawn = drawn_out(np.clip(3 * wandering(t, rng, 1.0) + 1.5, 0, 1), n)
    return (x / deviation(x) + 0.4 * noise(n, rng, bell(1500, 1.2))) * drawn


def _rolling(n: int, rng: np.random.Generator, low: float, high: float, knock: float) -> Samples:
    t = control_times(n)
    rough = drawn_out(np.exp(0.6 * wandering(t, rng, 0.05)), n)
    x = noise(n, rng, bell(rng.uniform(low, high), 1.0)) * rough
    gaps = rng.uniform(1.5, 8.0)
    click = np.exp(-((np.arange(n) / RATE * gaps) % 1.0) / (0.01 * gaps))
    return x + knock * click * noise(n, rng, bell(rng.uniform(400, 2500), 1.0))


def skateboard(n: int, rng: np.random.Generator) -> Samples:
    """Hard wheels on slabs."""
    return _rolling(n, rng, 500, 2500, rng.uniform(1, 4))


def handcart(n: int, rng: np.random.Generator) -> Samples:
    """A cart or a suitcase on cobbles: knocks at the rate of the stones, 10 to 30 a second."""
    rate = rng.uniform(10, 30) * (1 + 0.1 * drawn_out(wandering(control_times(n), rng, 0.5), n))
    rattle = np.exp(-(cycles_of(rate) % 1.0) / 0.2) * noise(n, rng, bell(rng.uniform(300, 1500), 1.2))
    return rattle + 0.3 * _rolling(n, rng, 300, 1200, 1.0)


def air_brake(n: int, rng: np.random.Generator) -> Samples:
    """Air that is let out: a hiss that starts at once and dies away, once or twice."""
    t = np.arange(n) / RATE
    x = np.zeros(n)
    for _ in range(int(rng.integers(1, 4))):
        since = t - rng.uniform(0.1, 0.8 * n / RATE)
        shape = np.where(since > 0, np.exp(-np.maximum(since, 0) / rng.uniform(0.08, 0.6)), 0.0)
        x += rng.uniform(0.4, 1.0) * shape * noise(n, rng, bell(rng.uniform(2500, 8000), 0.9))
    return x


def tyre_squeal(n: int, rng: np.random.Generator) -> Samples:
    """Tyres that slide: a rough tone of 500 to 1,500 Hz that wavers, its harmonics, noise."""
    t = control_times(n)
    hz = rng.uniform(500, 1500) * np.exp(0.06 * drawn_out(wandering(t, rng, 0.15), n))
    loud = drawn_out(np.clip(2 * wandering(t, rng, 0.6) + 0.8, 0, 1), n)
    rough = np.exp(0.4 * drawn_out(wandering(t, rng, 0.01), n))
    tone = periodic(cycles_of(hz * (0.98 + 0.02 * rough)), [1.0, 0.5, 0.3, 0.15, 0.1], rng)
    return (tone * rough + rng.uniform(0.2, 0.8) * noise(n, rng, bell(2000, 1.0))) * loud
