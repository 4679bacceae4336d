"""Tools and works: chainsaws, mowers, saws, drills, hammers, pumps. `name(n, rng)` returns (n,), any scale."""

from typing import Final

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street.drivetrain import Drive, out_of_gear
from gateway.virtual.street.engines.exhaust import sound
from gateway.virtual.street.engines.families import engine
from gateway.virtual.street.shaping import (
    CONTROL_HZ,
    RATE,
    Spectrum,
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

_MAINS_HZ: Final = 50.0


def _work(n: int, rng: np.random.Generator, pace: float) -> Samples:
    """Return 0..1 on the control grid: how hard the tool is pressed, on and off."""
    t = control_times(n)
    return np.clip(0.5 + 1.2 * wandering(t, rng, pace), 0.0, 1.0)


def _governed(
    family: str, n: int, rng: np.random.Generator, part: float, sag: float
) -> tuple[Drive, Samples]:
    """Return an engine held at `part` of its highest speed, that sags under the work; and its sound."""
    motor = engine(family, rng)
    t = control_times(n)
    work = _work(n, rng, rng.uniform(0.5, 2.0))
    rpm = part * motor.top_rpm * (1.0 - sag * work) * (1.0 + 0.008 * wandering(t, rng, 0.2))
    load = 0.3 + 0.6 * work
    return Drive(rpm, load, np.zeros(t.size), work, work), sound(motor, rpm, load, np.zeros(t.size), n, rng)


def chainsaw(n: int, rng: np.random.Generator) -> Samples:
    """Bursts of full throttle, held, bogging in the wood, the chain's hiss; idling between."""
    motor = engine("chainsaw", rng)
    t = control_times(n)
    pressed = np.clip(2.0 * wandering(t, rng, rng.uniform(0.5, 1.5)) + rng.uniform(-0.5, 2.0), 0.0, 1.0)
    drive = out_of_gear(motor, pressed, rng)
    cut = 0.25 * _work(n, rng, 0.7) * pressed
    x = sound(motor, drive.rpm * (1.0 - cut), drive.load, drive.cut, n, rng)
    chain = noise(n, rng, bell(rng.uniform(2500, 5000), 0.8)) * drawn_out(drive.rpm / motor.top_rpm, n) ** 2
    return x / deviation(x) + rng.uniform(0.1, 0.7) * chain


def mower(n: int, rng: np.random.Generator) -> Samples:
    """A four-stroke single at 2,600 to 3,400 turns, governed, and its blade."""
    drive, x = _governed("small_machine", n, rng, rng.uniform(0.75, 1.0), rng.uniform(0.02, 0.12))
    blade = periodic(cycles_of(drawn_out(drive.rpm / 30.0, n)), [1.0, 0.6, 0.4, 0.2], rng)
    whoosh = noise(n, rng, bell(rng.uniform(500, 1500), 1.3))
    return x / deviation(x) + rng.uniform(0.1, 0.7) * blade + rng.uniform(0.2, 1.0) * whoosh


def leaf_blower(n: int, rng: np.random.Generator) -> Samples:
    """A small two-stroke at a speed that the finger plays with, a fan's tone, much air."""
    motor = engine("chainsaw", rng)
    t = control_times(n)
    rpm = motor.top_rpm * np.clip(rng.uniform(0.45, 0.75) + 0.12 * wandering(t, rng, 1.0), 0.3, 0.95)
    x = sound(motor, rpm, np.full(t.size, 0.8), np.zeros(t.size), n, rng)
    fan = periodic(cycles_of(drawn_out(rpm / 60.0 * int(rng.integers(7, 14)), n)), [1.0, 0.3], rng)
    air = noise(n, rng, bell(rng.uniform(700, 3000), 1.4))
    return x / deviation(x) + rng.uniform(0.1, 0.7) * fan + rng.uniform(0.5, 1.5) * air


def _electric(n: int, rng: np.random.Generator, top_hz: float, sag: float) -> Samples:
    """Return the frequency of a universal motor: runs up, sags under work, runs down at times."""
    t = control_times(n)
    on = np.clip(4.0 * wandering(t, rng, 1.5) + 2.5, 0.0, 1.0)
    speed = np.zeros(t.size)
    now = 0.0
    for k, wanted in enumerate(on.tolist()):
        now += (wanted - now) / CONTROL_HZ / (0.15 if wanted > now else 0.9)
        speed[k] = now
    return drawn_out(top_hz * speed * (1.0 - sag * _work(n, rng, 0.6)), n)


def _whining(hz: Samples, orders: int, rng: np.random.Generator) -> Samples:
    return periodic(cycles_of(hz), rng.uniform(0.1, 1.0, orders) / np.arange(1, orders + 1) ** 0.3, rng)


def grinder(n: int, rng: np.random.Generator) -> Samples:
    """An angle grinder: gears at 600 Hz and more, that sing down under the work; sparks' hiss."""
    top = rng.uniform(120, 190)
    hz = _electric(n, rng, top, rng.uniform(0.1, 0.4))
    gears = _whining(hz * int(rng.integers(4, 12)), 8, rng)
    shaft = _whining(hz, 12, rng)
    hiss = noise(n, rng, bell(rng.uniform(2500, 6000), 0.9))
    return (gears + 0.4 * shaft + rng.uniform(0.3, 1.5) * hiss) * (hz / top)


def circular_saw(n: int, rng: np.random.Generator) -> Samples:
    """A blade's teeth above 1 kHz, the motor below, wood that screams at times."""
    top = rng.uniform(60, 100)
    hz = _electric(n, rng, top, rng.uniform(0.05, 0.3))
    teeth = _whining(hz * int(rng.integers(18, 40)), 5, rng)
    motor = _whining(hz * int(rng.integers(2, 5)), 12, rng)
    wood = noise(n, rng, bell(rng.uniform(1500, 4000), 1.0)) * drawn_out(_work(n, rng, 0.7), n)
    return (teeth + 0.7 * motor + 1.2 * wood) * (hz / top)


def _struck(
    n: int, rng: np.random.Generator, hz: Samples, ring_hz: float, q: float, uneven: float
) -> Samples:
    """Return blows at `hz`, that make something ring at `ring_hz` and its upper modes."""
    cycles = cycles_of(hz)
    at = np.flatnonzero(np.diff(np.floor(cycles)) > 0)
    blows = np.zeros(n)
    blows[at] = np.maximum(0.1, 1.0 + uneven * rng.standard_normal(at.size))
    modes = rng.uniform(1.5, 6.0, 3)

    def ringing(f: Samples) -> Spectrum:
        gain = resonance(f, ring_hz, q) * f / ring_hz
        for mode in modes:
            gain = gain + resonance(f, ring_hz * mode, 1.5 * q) * f / ring_hz / mode
        return gain / (1.0 + (f / 6000.0) ** 2)

    return shaped(blows, ringing)


def hammer_drill(n: int, rng: np.random.Generator) -> Samples:
    """Blows at 40 to 90 Hz on stone, the motor's whine, dust."""
    hz = _electric(n, rng, rng.uniform(40, 90), 0.1)
    blows = _struck(n, rng, hz, rng.uniform(400, 1800), rng.uniform(2, 6), 0.15)
    whine = _whining(hz * rng.uniform(5, 9), 8, rng)
    on = hz / (hz.max() + 1e-9)
    hiss = noise(n, rng, bell(3000, 1.2)) * on
    return blows / deviation(blows) + (rng.uniform(0.1, 0.7) * whine + rng.uniform(0.4, 1.5) * hiss) * on


def jackhammer(n: int, rng: np.random.Generator) -> Samples:
    """Blows at 12 to 30 Hz that ring in steel, air that puffs with each, a compressor behind."""
    rate = rng.uniform(12, 30)
    wander = 1.0 + 0.02 * drawn_out(wandering(control_times(n), rng, 0.3), n)
    hz = rate * wander
    on = drawn_out(np.clip(4.0 * wandering(control_times(n), rng, 1.5) + 2.5, 0.0, 1.0), n)
    blows = _struck(n, rng, hz, rng.uniform(150, 1500), rng.uniform(2, 8), 0.2)
    puffs = noise(n, rng, bell(rng.uniform(400, 3500), 1.7)) * np.exp(-(cycles_of(hz) % 1.0) / 0.2)
    return (blows / deviation(blows) + rng.uniform(0.8, 3.0) * puffs) * on + 0.1 * compressor(n, rng)


def compressor(n: int, rng: np.random.Generator) -> Samples:
    """A diesel at an even speed in a box."""
    _, x = _governed("truck", n, rng, rng.uniform(0.6, 0.95), 0.03)
    return x / deviation(x) + 0.4 * noise(n, rng, bell(rng.uniform(300, 900), 1.3))


def generator(n: int, rng: np.random.Generator) -> Samples:
    """A single at 3,000 turns for 50 Hz, or a multiple, with mains hum."""
    _, x = _governed("small_machine", n, rng, rng.uniform(0.85, 0.95), 0.01)
    hum = periodic(np.arange(n) / RATE * 2 * _MAINS_HZ, [1.0, 0.5, 0.3, 0.3, 0.1], rng)
    return x / deviation(x) + rng.uniform(0.05, 0.3) * hum + 0.3 * noise(n, rng, bell(800, 1.5))


def excavator(n: int, rng: np.random.Generator) -> Samples:
    """A diesel that sags under its pump, which whines; buckets that knock."""
    drive, x = _governed("tractor", n, rng, rng.uniform(0.6, 0.9), rng.uniform(0.1, 0.3))
    pump = periodic(cycles_of(drawn_out(drive.rpm / 60.0 * 9, n)), [1.0, 0.6, 0.4, 0.2, 0.1], rng)
    knocks = _struck(n, rng, np.full(n, rng.uniform(0.3, 1.2)), rng.uniform(100, 400), 4.0, 0.6)
    return (
        x / deviation(x)
        + rng.uniform(0.05, 0.5) * pump * drawn_out(drive.load, n)
        + rng.uniform(0.0, 1.0) * knocks / deviation(knocks)
    )


def vacuum(n: int, rng: np.random.Generator) -> Samples:
    """A street sweeper's or cleaner's fan: tone that wanders little, much air."""
    hz = _electric(n, rng, rng.uniform(150, 700), 0.05)
    air = noise(n, rng, bell(rng.uniform(500, 2000), 1.4)) * (hz / (hz.max() + 1e-9))
    return air + rng.uniform(0.1, 1.0) * _whining(hz, 6, rng)


def air_conditioner(n: int, rng: np.random.Generator) -> Samples:
    """A facade unit: mains hum, a fan, a bearing."""
    hum = periodic(np.arange(n) / RATE * _MAINS_HZ, [0.4, 1.0, 0.3, 0.6, 0.1, 0.3], rng)
    fan = periodic(cycles_of(np.full(n, rng.uniform(20, 80))), rng.uniform(0.1, 1.0, 6), rng)
    return hum + rng.uniform(0.1, 1.0) * fan + rng.uniform(0.5, 2.0) * noise(n, rng, bell(300, 2.0))
