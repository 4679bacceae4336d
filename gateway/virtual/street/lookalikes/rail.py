"""What rolls with motors that are no exhaust: trains, trams, electric cars. `name(n, rng)` returns (n,), any scale."""

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street.drivetrain import out_of_gear
from gateway.virtual.street.engines.exhaust import sound
from gateway.virtual.street.engines.families import engine
from gateway.virtual.street.shaping import (
    RATE,
    bell,
    control_times,
    cycles_of,
    deviation,
    drawn_out,
    noise,
    periodic,
    wandering,
)


def _rising(n: int, rng: np.random.Generator, low: float, high: float) -> Samples:
    """Return (n,) of a frequency that rises, falls or stays between `low` and `high`, as a vehicle's speed does."""
    first, last = (low * (high / low) ** rng.random() for _ in range(2))
    t = np.clip(np.arange(n) / n * rng.uniform(1.0, 2.0) - rng.uniform(0.0, 0.5), 0.0, 1.0)
    return first + (last - first) * t


def diesel_train(n: int, rng: np.random.Generator) -> Samples:
    """A diesel locomotive: a large slow engine on its notch, fans, wheels."""
    motor = engine("truck", rng)
    throttle = np.full(control_times(n).size, rng.uniform(0.1, 0.35))
    drive = out_of_gear(motor, throttle, rng)
    slow = rng.uniform(0.45, 0.8)
    x = sound(motor, drive.rpm * slow, np.clip(drive.load + 0.4, 0, 1), drive.cut, n, rng)
    fan = periodic(cycles_of(np.full(n, rng.uniform(40, 120))), [1, 0.5, 0.3], rng)
    return (
        x / deviation(x) + 0.3 * fan + rng.uniform(0.1, 0.8) * noise(n, rng, bell(rng.uniform(150, 700), 1.8))
    )


def train_passing(n: int, rng: np.random.Generator) -> Samples:
    """Wheels on rails: roar around 1 kHz, joints or flats that clatter, a hum of the motors."""
    t = np.arange(n) / RATE
    rolling = noise(n, rng, bell(rng.uniform(120, 1200), rng.uniform(1.2, 2.0)))
    beat = rng.uniform(1.0, 4.0)
    clatter = np.exp(-((t * beat) % 1.0) / 0.06) + 0.7 * np.exp(-((t * beat + 0.15) % 1.0) / 0.06)
    hum = periodic(cycles_of(_rising(n, rng, 80, 600)), [1, 0.6, 0.4, 0.2, 0.2], rng)
    knocks = clatter * noise(n, rng, bell(rng.uniform(200, 900), 1.2))
    return rolling + rng.uniform(0.2, 1.5) * knocks + rng.uniform(0.0, 0.8) * hum


def tram(n: int, rng: np.random.Generator) -> Samples:
    """A tram: gears that sing higher the faster it goes, the steps of its inverter, wheels, some squeal."""
    speed = _rising(n, rng, 0.15, 1.0)
    gears = rng.uniform(250, 900) * speed
    song = periodic(cycles_of(gears), [1.0, *rng.uniform(0.05, 0.7, 7)], rng)
    # An inverter keeps its own tone and changes it in steps.
    steps = np.where(speed < 0.35, rng.uniform(300, 500), np.where(speed < 0.6, gears * 1.5, gears * 0.75))
    inverter = periodic(cycles_of(steps), [1.0, 0.2, 0.5, 0.2, 0.3], rng)
    rolling = noise(n, rng, bell(rng.uniform(250, 900), 1.2)) * speed
    squeal = periodic(cycles_of(np.full(n, rng.uniform(900, 3500))), [1.0, 0.4, 0.2], rng)
    swell = np.clip(drawn_out(wandering(control_times(n), rng, 0.8), n), 0.0, None)
    return (
        rng.uniform(0.3, 1.5) * song
        + rng.uniform(0.0, 0.8) * inverter
        + rolling
        + rng.choice([0.0, 0.6]) * swell * squeal
    )


def electric_car(n: int, rng: np.random.Generator) -> Samples:
    """Tyres, and a motor or warning sound that glides with the speed."""
    speed = _rising(n, rng, 0.3, 1.0)
    whine = periodic(cycles_of(rng.uniform(400, 2500) * speed), [1.0, 0.3, 0.1], rng)
    hum = periodic(cycles_of(rng.uniform(120, 500) * speed), [1.0, 0.5, 0.5, 0.25], rng)
    rolling = noise(n, rng, bell(rng.uniform(700, 1200), 1.1)) * speed**1.7
    return rolling + rng.uniform(0.05, 0.6) * whine + rng.uniform(0.0, 0.8) * hum
