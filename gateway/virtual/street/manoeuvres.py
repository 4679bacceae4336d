"""What a driver does for noise, or in passing: the throttle over time, and the drive that follows from it.

A manoeuvre is drawn by lot within its kind. Behaviour words are those of the sensor: revving, acceleration,
steady_pass, idling, pops, unknown.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street.drivetrain import Drive, in_gear, out_of_gear
from gateway.virtual.street.engines.engine import Engine
from gateway.virtual.street.gearboxes import gearbox
from gateway.virtual.street.shaping import CONTROL_HZ, wandering

Rng: TypeAlias = np.random.Generator

# What does not go faster than a town allows.
_SLOW: Final = ("moped_two_stroke", "scooter", "quad", "quad_twin", "truck", "tractor")


@dataclass(frozen=True, slots=True)
class Manoeuvre:
    """A drive and what it is called; `off_s` is until when the engine has not started."""

    drive: Drive
    behaviour: str
    off_s: float = 0.0


def _throttle(knots: list[tuple[float, float]], seconds: float) -> Samples:
    times = np.arange(int(seconds * CONTROL_HZ) + 2) / CONTROL_HZ
    at, opened = zip(*knots, strict=True)
    return np.interp(times, at, opened)


def revving(engine: Engine, seconds: float, rng: Rng) -> Manoeuvre:
    """At the kerb: blips, single or double, some held, some into the limiter."""
    return Manoeuvre(out_of_gear(engine, _blips(seconds, rng, rng.uniform(0.1, 0.8)), rng), "revving")


def _blips(seconds: float, rng: Rng, start: float) -> Samples:
    knots = [(0.0, 0.0)]
    at = start
    pace = rng.uniform(0.6, 2.2)
    style = rng.choice(["short", "long", "mixed"])
    while at < seconds - 0.3:
        long = style == "long" or (style == "mixed" and rng.random() < 0.4)
        held = rng.uniform(0.5, 2.0) if long else rng.uniform(0.12, 0.5)
        opened = rng.uniform(0.45, 1.0)
        for _ in range(2 if rng.random() < 0.25 else 1):
            knots += [(at, 0.0), (at + 0.05, opened), (at + 0.05 + held, opened), (at + 0.1 + held, 0.0)]
            at += held + rng.uniform(0.18, 0.35)
        at += pace * rng.uniform(0.5, 1.5)
    return _throttle(knots, seconds)


def limiter(engine: Engine, seconds: float, rng: Rng) -> Manoeuvre:
    """The throttle held open at a standstill: the engine bounces off its limiter."""
    on = rng.uniform(0.2, 1.2)
    off = min(seconds - 0.6, on + rng.uniform(1.5, 4.0))
    knots = [(0.0, 0.0), (on, 0.0), (on + 0.1, 1.0), (off, 1.0), (off + 0.05, 0.0)]
    return Manoeuvre(out_of_gear(engine, _throttle(knots, seconds), rng), "revving")


def held(engine: Engine, seconds: float, rng: Rng) -> Manoeuvre:
    """The engine held at one speed at the kerb, a little up and down as a hand does it."""
    times = np.arange(int(seconds * CONTROL_HZ) + 2) / CONTROL_HZ
    wander = 1.0 + rng.uniform(0.0, 0.04) * wandering(times, rng, rng.uniform(0.3, 1.0))
    rpm = np.clip(rng.uniform(0.3, 0.9) * engine.top_rpm * wander, engine.idle_rpm, engine.top_rpm)
    load = np.full(times.size, rng.uniform(0.3, 1.0))
    still = np.zeros(times.size)
    return Manoeuvre(Drive(rpm, load, still, still, still), "unknown")


def start_and_rev(engine: Engine, seconds: float, rng: Rng) -> Manoeuvre:
    """The engine is started, flares up, and is revved."""
    off = rng.uniform(0.6, 1.5)
    throttle = np.maximum(
        _blips(seconds, rng, off + rng.uniform(0.8, 1.8)),
        _throttle([(0.0, 0.0), (off, 0.0), (off + 0.05, 0.35), (off + 0.3, 0.0)], seconds),
    )
    return Manoeuvre(out_of_gear(engine, throttle, rng), "revving", off)


def idling(engine: Engine, seconds: float, rng: Rng) -> Manoeuvre:
    """Nothing but idling."""
    return Manoeuvre(out_of_gear(engine, _throttle([(0.0, 0.0)], seconds), rng), "idling")


def accelerating(engine: Engine, seconds: float, rng: Rng) -> Manoeuvre:
    """Full or nearly full throttle through the gears, from slow."""
    box = gearbox(engine, rng)
    opened = rng.uniform(0.7, 1.0)
    on = rng.uniform(0.0, 1.2)
    # A belt goes to its speed at once; with gears it is a pull through the range that is heard.
    start = rng.uniform(0.0, 0.4) * box.speeds_m_s[-1 if box.belt else min(1, len(box.speeds_m_s) - 1)]
    throttle = _throttle([(0.0, 0.15), (on, 0.15), (on + 0.15, opened), (seconds, opened)], seconds)
    drive = in_gear(engine, box, throttle, rng, start_m_s=max(2.0, start), shift_at=rng.uniform(0.75, 0.97))
    return Manoeuvre(drive, "acceleration")


def launching(engine: Engine, seconds: float, rng: Rng) -> Manoeuvre:
    """From a standstill, clutch slipping, throttle open."""
    on = rng.uniform(0.3, 1.0)
    throttle = _throttle([(0.0, 0.0), (on, 0.0), (on + 0.12, 1.0), (seconds, 1.0)], seconds)
    drive = in_gear(
        engine, gearbox(engine, rng), throttle, rng, start_m_s=0.0, shift_at=rng.uniform(0.85, 0.97)
    )
    return Manoeuvre(drive, "acceleration")


def steady(engine: Engine, seconds: float, rng: Rng) -> Manoeuvre:
    """Past at an even speed, loud: engine speed high for the gear."""
    box = gearbox(engine, rng)
    times = np.arange(int(seconds * CONTROL_HZ) + 2) / CONTROL_HZ
    speed = (
        rng.uniform(0.55, 0.95) * box.speeds_m_s[0]
        if box.belt
        else rng.uniform(6, 16 if engine.family in _SLOW else 30)
    )
    part = rng.uniform(0.4, 0.8)
    if box.belt:
        part = box.belt * rng.uniform(0.85, 1.0)
    hunting = 0.03 if engine.family.startswith("quad") else 0.008
    turning = 1.0 + rng.uniform(0.3, 1.0) * hunting * wandering(times, rng, rng.uniform(0.4, 1.2))
    load = np.clip(rng.uniform(0.45, 0.95) + 0.08 * wandering(times, rng, 0.5), 0.0, 1.0)
    fast = speed * turning
    way = np.cumsum(fast) / CONTROL_HZ
    return Manoeuvre(
        Drive(part * engine.top_rpm * turning, load, np.zeros(times.size), way, fast), "steady_pass"
    )


def overrun(engine: Engine, seconds: float, rng: Rng) -> Manoeuvre:
    """From speed the throttle is shut: the engine brakes and pops."""
    box = gearbox(engine, rng)
    off = rng.uniform(0.15, 0.5) * seconds
    throttle = _throttle([(0.0, 0.8), (off, 0.8), (off + 0.08, 0.0), (seconds, 0.0)], seconds)
    drive = in_gear(
        engine, box, throttle, rng, start_m_s=rng.uniform(0.5, 0.9) * box.speeds_m_s[0], shift_at=2.0
    )
    return Manoeuvre(drive, "pops" if engine.pops_per_s > 2.0 else "unknown")


def on_and_off(engine: Engine, seconds: float, rng: Rng) -> Manoeuvre:
    """Throttle stabs while driving, as for wheelies or for show."""
    box = gearbox(engine, rng)
    throttle = np.clip(_blips(seconds, rng, 0.2) + 0.05, 0.0, 1.0)
    drive = in_gear(
        engine, box, throttle, rng, start_m_s=rng.uniform(0.3, 0.7) * box.speeds_m_s[0], shift_at=2.0
    )
    return Manoeuvre(drive, "unknown")


STANDING: Final[dict[str, Callable[[Engine, float, Rng], Manoeuvre]]] = {
    "revving": revving,
    "limiter": limiter,
    "held": held,
    "start_and_rev": start_and_rev,
}
MOVING: Final[dict[str, Callable[[Engine, float, Rng], Manoeuvre]]] = {
    "acceleration": accelerating,
    "launch": launching,
    "steady": steady,
    "overrun": overrun,
    "on_and_off": on_and_off,
}
