"""Weather at the microphone, and water. `name(n, rng)` returns (n,), any scale."""

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street.shaping import (
    RATE,
    bell,
    control_times,
    drawn_out,
    noise,
    shaped,
    wandering,
)


def wind(n: int, rng: np.random.Generator) -> Samples:
    """Gusts at the windscreen: turbulence that falls steeply with frequency, swelling; some rustle of leaves."""
    steep = rng.uniform(1.2, 2.2)
    corner = 30.0 * 20.0 ** rng.random()
    gusts = np.exp(0.9 * drawn_out(wandering(control_times(n), rng, rng.uniform(0.4, 1.5)), n))
    turbulence = noise(n, rng, lambda hz: (hz > 8) / (1 + (hz / corner) ** steep))
    flutter = np.exp(0.5 * drawn_out(wandering(control_times(n), rng, 0.04), n))
    leaves = noise(n, rng, bell(4000, 1.0))
    return turbulence * gusts * flutter + rng.uniform(0.0, 0.1) * gusts * leaves


def rain(n: int, rng: np.random.Generator) -> Samples:
    """Rain on the street and drops on the housing."""
    hiss = noise(n, rng, bell(rng.uniform(800, 7000), rng.uniform(1.3, 3.0)))
    drops = np.where(rng.random(n) < rng.uniform(10, 150) / RATE, rng.exponential(1.0, n), 0.0)
    taps = shaped(drops, bell(rng.uniform(600, 2500), 0.7))
    return hiss + rng.uniform(0.0, 1.0) * taps / (float(np.std(taps)) or 1.0)


def thunder(n: int, rng: np.random.Generator) -> Samples:
    """A crack, near or far, then rumble that rolls and dies away."""
    t = np.arange(n) / RATE - rng.uniform(0.1, 1.5)
    after = np.where(t > 0, np.exp(-np.maximum(t, 0) / rng.uniform(1.0, 4.0)), 0.0)
    rolls = np.exp(0.8 * drawn_out(wandering(control_times(n), rng, 0.35), n))
    rumble = noise(n, rng, lambda hz: hz / (hz + 20.0) / (1 + (hz / rng.uniform(60, 250)) ** 2))
    crack = noise(n, rng, bell(1500, 1.8)) * np.where(t > 0, np.exp(-np.maximum(t, 0) / 0.1), 0.0)
    return rumble * after * rolls + rng.uniform(0.0, 0.5) * crack


def water(n: int, rng: np.random.Generator) -> Samples:
    """A hose, a fountain, a street sweeper's jets."""
    splash = np.exp(0.3 * drawn_out(wandering(control_times(n), rng, 0.08), n))
    return noise(n, rng, bell(rng.uniform(800, 4000), 1.4)) * splash
