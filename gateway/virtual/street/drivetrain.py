"""How fast an engine and a vehicle follow the throttle: inertia, gears, clutch, belt, limiter.

Rules of this file
- A drive is computed in steps of 2 ms (the control grid). Out of gear the throttle spins up the crank alone; in gear
  it moves the vehicle, and the crank follows the wheels through the gear.
- The limiter cuts the ignition until the speed has fallen by a little: the engine bounces off it.
- A continuously variable belt (scooters, many quads) lets the engine go to a speed of its own and holds it there.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street.engines.engine import Engine
from gateway.virtual.street.shaping import CONTROL_HZ

_STEP_S: Final = 1.0 / CONTROL_HZ
_DRAG_AT_TOP: Final = 1.0


@dataclass(frozen=True, slots=True)
class Gearbox:
    """What is between engine and road.

    `speeds_m_s` are the vehicle's speeds at the engine's highest, gear by gear; `pull_m_s2` the acceleration in first
    gear at full throttle; `shift_s` the time without drive; `quick`: shifts with the throttle open, ignition cut.
    `belt` is the part of the highest engine speed a belt drive holds, 0 for gears.
    """

    speeds_m_s: tuple[float, ...]
    pull_m_s2: float
    shift_s: float = 0.2
    quick: bool = False
    belt: float = 0.0


@dataclass(frozen=True, slots=True)
class Drive:
    """What an engine did, on the control grid: speed, load 0..1, cut 0 or 1, and the vehicle's way and speed."""

    rpm: Samples
    load: Samples
    cut: Samples
    way_m: Samples
    speed_m_s: Samples


def out_of_gear(engine: Engine, throttle: Samples, rng: np.random.Generator) -> Drive:
    """Return what the engine does in neutral when the throttle (m,) is 0..1 open."""
    span = engine.top_rpm - engine.idle_rpm
    limit = engine.top_rpm * rng.uniform(0.93, 1.0)
    hold = rng.uniform(0.02, 0.09)
    wander = _lope(engine, throttle.size, rng)
    rpm, load, cut = (np.zeros(throttle.size) for _ in range(3))
    now, cut_until = engine.idle_rpm, -1.0
    for k, open_ in enumerate(throttle.tolist()):
        if now > limit:
            cut_until = k * _STEP_S + hold
        is_cut = k * _STEP_S < cut_until
        part = now / engine.top_rpm
        torque = 0.0 if is_cut else open_ * (0.75 + 1.2 * part - 1.0 * part**2)
        brake = (0.35 + 0.65 * part) * span / engine.fall_s
        idle = engine.idle_rpm * wander[k]
        now = max(idle, now + (torque * (span / engine.spin_s + brake) - brake) * _STEP_S)
        rpm[k], load[k], cut[k] = now, max(open_, 0.12 if now < 1.2 * idle else 0.0), is_cut
    still = np.zeros(throttle.size)
    return Drive(rpm, load, cut, still, still.copy())


def in_gear(
    engine: Engine,
    gearbox: Gearbox,
    throttle: Samples,
    rng: np.random.Generator,
    *,
    start_m_s: float,
    shift_at: float = 0.92,
) -> Drive:
    """Return what engine and vehicle do from `start_m_s` when the throttle (m,) is 0..1 open; shifts up by itself."""
    if gearbox.belt:
        return _on_a_belt(engine, gearbox, throttle, rng, start_m_s)
    speeds = gearbox.speeds_m_s
    gear = next((g for g, top in enumerate(speeds) if start_m_s < 0.75 * top), len(speeds) - 1)
    speed, way, shifting, free = start_m_s, 0.0, 0.0, 0.0
    launch = engine.idle_rpm + rng.uniform(0.25, 0.6) * (engine.top_rpm - engine.idle_rpm)
    hunt = _lope(engine, throttle.size, rng)
    rpm, load, cut, ways, fast = (np.zeros(throttle.size) for _ in range(5))
    now = max(engine.idle_rpm, speed / speeds[gear] * engine.top_rpm)
    for k, open_ in enumerate(throttle.tolist()):
        wheels = speed / speeds[gear] * engine.top_rpm
        part = min(1.1, now / engine.top_rpm)
        limited = now > engine.top_rpm
        drive = open_
        if shifting > 0.0:
            shifting -= _STEP_S
            drive = 1.0 if gearbox.quick else 0.0
            free = 0.06
        elif open_ > 0.3 and wheels > shift_at * engine.top_rpm and gear + 1 < len(speeds):
            gear, shifting = gear + 1, gearbox.shift_s
        driven = 0.0 if shifting > 0.0 or limited else open_ * (0.55 + 1.3 * part - part**2)
        pull = gearbox.pull_m_s2 * speeds[0] / speeds[gear]
        drag = _DRAG_AT_TOP * (speed / speeds[-1]) ** 2 * gearbox.pull_m_s2 * speeds[0] / speeds[-1] + 0.15
        brake = 0.35 * pull * part * (1.0 - open_)
        speed = max(0.0, speed + (pull * driven - drag - brake) * _STEP_S)
        way += speed * _STEP_S
        # A slipping clutch lets the engine turn faster than the wheels ask; a shift lets it fall to them.
        wanted = max(speed / speeds[gear] * engine.top_rpm, launch * min(1.0, open_ * 2), engine.idle_rpm)
        free = max(0.0, free - _STEP_S)
        now += (wanted - now) * min(1.0, _STEP_S / (0.05 if shifting > 0.0 or free > 0.0 else 0.025))
        rpm[k], load[k] = now * (1.0 + 0.15 * (hunt[k] - 1.0)), drive
        cut[k] = float(limited or (gearbox.quick and shifting > 0.0))
        ways[k], fast[k] = way, speed
    return Drive(rpm, load, cut, ways, fast)


def _on_a_belt(
    engine: Engine, gearbox: Gearbox, throttle: Samples, rng: np.random.Generator, start_m_s: float
) -> Drive:
    top = gearbox.speeds_m_s[-1]
    hunt = _lope(engine, throttle.size, rng)
    rpm, load, ways, fast = (np.zeros(throttle.size) for _ in range(4))
    speed, way = start_m_s, 0.0
    now = engine.idle_rpm + (gearbox.belt * engine.top_rpm - engine.idle_rpm) * min(1.0, 1.5 * speed / top)
    for k, open_ in enumerate(throttle.tolist()):
        part = speed / top
        # It climbs to the belt's speed, and on above it when the belt is at its end.
        held = gearbox.belt * (0.55 + 0.45 * open_) + 0.2 * max(0.0, part - 0.7)
        wanted = engine.idle_rpm + (held * engine.top_rpm - engine.idle_rpm) * min(
            1.0, 0.4 * open_ + 1.6 * part
        )
        now += (wanted - now) * min(1.0, _STEP_S / (0.18 if wanted > now else 0.35))
        speed = max(0.0, speed + (gearbox.pull_m_s2 * (open_ - part**2 - 0.08)) * _STEP_S)
        way += speed * _STEP_S
        rpm[k] = now * (1.0 + 0.3 * (hunt[k] - 1.0))
        load[k], ways[k], fast[k] = open_, way, speed
    return Drive(rpm, load, np.zeros(throttle.size), ways, fast)


def _lope(engine: Engine, size: int, rng: np.random.Generator) -> list[float]:
    """Return factors of the speed: an engine never turns evenly, at idle least of all."""
    x = rng.standard_normal(size)
    slow = np.zeros(size)
    state = 0.0
    decay = np.exp(-_STEP_S / 0.15)
    gain = np.sqrt(1.0 - decay**2)
    for k, step in enumerate(x.tolist()):
        state = state * decay + gain * step
        slow[k] = state
    return (1.0 + engine.lope * slow).tolist()
