"""What flies over: propellers, helicopters, jets. `name(n, rng)` returns (n,), any scale; the path is another's."""

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street.engines.exhaust import sound
from gateway.virtual.street.engines.families import engine
from gateway.virtual.street.shaping import (
    bell,
    control_times,
    cycles_of,
    deviation,
    drawn_out,
    noise,
    periodic,
    wandering,
)


def propeller(n: int, rng: np.random.Generator) -> Samples:
    """A light aircraft: two or three blades' harmonics, and the engine that turns them."""
    motor = engine("propeller", rng)
    t = control_times(n)
    rpm = motor.top_rpm * rng.uniform(0.75, 1.0) * (1.0 + 0.003 * wandering(t, rng, 0.8))
    x = sound(motor, rpm, np.full(t.size, 0.8), np.zeros(t.size), n, rng)
    blades = int(rng.integers(2, 4))
    orders = np.arange(1, 25)
    turning = cycles_of(drawn_out(rpm / 60.0 * blades, n))
    blade = periodic(turning, np.exp(-orders / rng.uniform(2, 8)), rng)
    if rng.random() < 0.3:
        # A second engine beats with the first.
        blade += periodic(turning * rng.uniform(1.002, 1.02), np.exp(-orders / 5.0), rng)
    return rng.uniform(0.2, 1.0) * x / deviation(x) + blade / deviation(blade)


def helicopter(n: int, rng: np.random.Generator) -> Samples:
    """A main rotor's slaps at 10 to 25 Hz, a tail rotor's tone, a turbine's hiss and whine."""
    main = rng.uniform(10, 25)
    beat = (np.arange(n) / 48_000 * main) % 1.0
    slap = np.exp(-(((beat - 0.5) / rng.uniform(0.04, 0.12)) ** 2))
    thud = periodic(np.arange(n) / 48_000 * main, np.exp(-np.arange(1, 40) / rng.uniform(4, 12)), rng)
    tail = periodic(np.arange(n) / 48_000 * main * rng.uniform(4, 6), [1.0, 0.7, 0.5, 0.3, 0.2], rng)
    chop = noise(n, rng, bell(rng.uniform(200, 800), 1.3)) * (0.2 + slap)
    whine = periodic(np.arange(n) / 48_000 * rng.uniform(1500, 5000), [1.0, 0.3], rng)
    return thud / deviation(thud) + rng.uniform(0.1, 0.6) * tail + rng.uniform(0.3, 1.2) * chop + 0.1 * whine


def jet(n: int, rng: np.random.Generator) -> Samples:
    """A broad roar with a fan's tones that sink as it goes."""
    roar = noise(n, rng, bell(rng.uniform(150, 600), 2.0))
    fan = periodic(cycles_of(np.full(n, rng.uniform(1000, 3500))), [1.0, 0.4, 0.2], rng)
    # Buzz-saw: the many orders of a fan whose tips are faster than sound.
    buzz = periodic(cycles_of(np.full(n, rng.uniform(40, 90))), rng.uniform(0, 1, 40), rng)
    swell = 1.0 + 0.3 * drawn_out(wandering(control_times(n), rng, 0.5), n)
    return roar * swell + rng.uniform(0.0, 0.4) * fan + rng.choice([0.0, 0.15]) * buzz
