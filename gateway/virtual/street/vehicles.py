"""A vehicle in a street: engine and tyres on a path, heard between houses; and the truth about it.

Rules of this file
- Truth is taken at the microphone: frames of 125 ms, of what is heard in their middle, with delay and Doppler. The
  firing frequency is that of all cylinders together; it is 0 while the engine is off or is not heard.
- An exhaust points backwards: what is high is heard better once the vehicle has passed. Air takes the high tones of
  what is far; a parked van takes them of what is behind it.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street import paths
from gateway.virtual.street.engines.engine import Engine
from gateway.virtual.street.engines.exhaust import sound
from gateway.virtual.street.manoeuvres import Manoeuvre
from gateway.virtual.street.places import Place, reverberant
from gateway.virtual.street.shaping import (
    CONTROL,
    RATE,
    bell,
    control_times,
    cycles_of,
    deviation,
    drawn_out,
    frequencies,
    low_pass,
    noise,
    periodic,
    quick_length,
)

FRAME_S: Final = 0.125
LEAD_S: Final = 0.5
"""The farthest source is heard half a second late."""

_INAUDIBLE: Final = 10 ** (-35 / 20)
_SPLIT_HZ: Final = 2000.0
_AIR_DB_PER_M: Final = 0.04  # around 5 kHz, 15 degrees, 50 % humidity, ISO 9613-1


@dataclass(frozen=True, slots=True)
class Heard:
    """What microphones hear of one source, (channels, n), and frames (f,) of what is true of it."""

    samples: Samples
    firing_hz: Samples
    bearing_deg: Samples
    speed_m_s: Samples


def driven(
    engine: Engine, manoeuvre: Manoeuvre, seconds: float, tyres: float, rng: np.random.Generator
) -> Samples:
    """Return the source: the engine as it is driven and its tyres, `tyres` in parts of its strength at 14 m/s."""
    drive = manoeuvre.drive
    n = int((seconds + LEAD_S) * RATE)
    motor = sound(engine, drive.rpm, drive.load, drive.cut, n, rng)
    if manoeuvre.off_s:
        runs = drawn_out(1.0 / (1.0 + np.exp((manoeuvre.off_s - control_times(n)) / 0.03)), n)
        motor *= runs
        motor += rng.uniform(0.05, 0.5) * deviation(motor) * _starter(n, rng) * (1.0 - runs)
    motor /= deviation(motor)
    if tyres and drive.speed_m_s.max() > 1.0:
        # Tyre noise grows by 9 to 12 dB with twice the speed.
        rolling = drawn_out((np.maximum(drive.speed_m_s, 0.3) / 14.0) ** 1.7, n)
        motor += tyres * rolling * noise(n, rng, bell(rng.uniform(350, 1200), rng.uniform(1.1, 2.0)))
    return motor


def _starter(n: int, rng: np.random.Generator) -> Samples:
    """Return a starter motor: gears that whine, slower at each compression, four to eight times a second."""
    cranking = np.sin(2 * np.pi * rng.uniform(4, 8) * control_times(n))
    hz = drawn_out(rng.uniform(120, 400) * (1.0 + 0.15 * cranking), n)
    whine = periodic(cycles_of(hz), rng.uniform(0.2, 1.0, 12), rng)
    return whine * drawn_out(1.0 - 0.5 * cranking, n) + noise(n, rng, bell(1500, 1.5))


def path_for(manoeuvre: Manoeuvre, seconds: float, at: Place, rng: np.random.Generator) -> paths.Path:
    """Return a path that suits the drive: standing, along the road, or out of a side street."""
    way = manoeuvre.drive.way_m
    distance = rng.uniform(3.0, 15.0) if rng.random() < 0.85 else rng.uniform(15.0, 35.0)
    below = at.height_m - 0.4
    if way[-1] < 3.0:
        path = paths.standing(way.size, x_m=rng.uniform(-15, 15), distance_m=distance, below_m=below)
        hidden = rng.uniform(0.2, 1.0) if rng.random() < 0.2 else 0.0
        return replace(path, clear=path.clear - hidden)
    times = np.arange(way.size) * CONTROL / RATE
    nearest = float(np.interp(rng.uniform(0.3, 0.7) * seconds + LEAD_S, times, way))
    if rng.random() < 0.15:
        corner_x = float(rng.choice([-1, 1])) * rng.uniform(12, 40)
        corner = max(0.0, nearest - abs(corner_x))
        return paths.round_a_corner(
            way, corner_m=corner, corner_x_m=corner_x, distance_m=distance, below_m=below
        )
    right = bool(rng.random() < 0.5)
    path = paths.straight(way, nearest_m=nearest, distance_m=distance, below_m=below, to_right=right)
    if rng.random() < 0.2:
        van = 1.0 / (1.0 + (np.abs(path.x - rng.uniform(-12, 12)) / 3.0) ** 6)
        return replace(path, clear=1.0 - rng.uniform(0.4, 1.0) * van)
    return path


def heard_in(
    source: Samples,
    path: paths.Path,
    at: Place,
    n: int,
    rng: np.random.Generator,
    *,
    spacing_m: float | None = None,
    points_back: float = 0.0,
) -> Samples:
    """Return (1, n) or (2, n): `source` on `path` in the street `at`; `points_back` dB less of its highs in front."""
    size = quick_length(source.size)
    low = np.fft.irfft(np.fft.rfft(source, size) * low_pass(frequencies(size), _SPLIT_HZ) ** 2, size)[
        : source.size
    ]
    high = source - low
    offsets = [0.0] if spacing_m is None else [-spacing_m / 2, spacing_m / 2]
    images = [(path.mirrored_in_road(0.4), at.road)]
    images += [
        (path.mirrored(wall), at.wall)
        for wall in (at.walls_m[0] if at.walls_m[0] > path.y.max() + 1 else 0.0, -at.walls_m[1])
        if wall
    ]
    out = np.empty((len(offsets), n))
    for channel, offset in enumerate(offsets):
        coming = paths.arrival(path, n, LEAD_S, offset)
        knots = (coming.left_s * RATE / CONTROL).astype(np.int64)
        view = path.clear[np.minimum(knots, path.clear.size - 1)]
        behind = np.sign(path.x[-1] - path.x[0]) * path.x / path.distance_m()
        facing = behind[np.minimum(knots, behind.size - 1)]
        loss = _AIR_DB_PER_M * coming.distance_m + 14.0 * (1.0 - view) + points_back * 0.5 * (1.0 - facing)
        total = paths.received(low, coming, n, 10 ** (-6.0 * (1.0 - view) / 20))
        total += paths.received(high, coming, n, 10 ** (-loss / 20))
        for image, part in images:
            total += part * paths.received(
                low if part < 0.25 else source, paths.arrival(image, n, LEAD_S, offset), n
            )
        out[channel] = total
    return reverberant(out, at, rng)


def truth(engine: Engine, manoeuvre: Manoeuvre, path: paths.Path, samples: Samples) -> tuple[Samples, ...]:
    """Return firing frequency, bearing and speed by frames (f,) of what `samples` (channels, n) are of."""
    n = samples.shape[1]
    coming = paths.arrival(path, n, LEAD_S)
    frames = int(n / RATE / FRAME_S)
    middles = (np.arange(frames) + 0.5) * FRAME_S
    left = np.interp(middles, control_times(n), coming.left_s)
    drive = manoeuvre.drive
    emitted = np.arange(drive.rpm.size) * CONTROL / RATE
    rpm = np.interp(left, emitted, drive.rpm)
    doppler = np.interp(middles, control_times(n), coming.doppler())
    size = int(FRAME_S * RATE)
    strength = np.sqrt(np.mean(samples[0, : frames * size].reshape(frames, size) ** 2, axis=1))
    audible = (strength > _INAUDIBLE * strength.max()) & (left > manoeuvre.off_s)
    firing = np.where(audible, engine.firing_hz(1.0) * rpm * doppler, 0.0)
    return firing, paths.bearing_deg(path, left), np.interp(left, emitted, drive.speed_m_s)


def in_street(
    engine: Engine,
    manoeuvre: Manoeuvre,
    seconds: float,
    at: Place,
    rng: np.random.Generator,
    *,
    tyres: float,
    spacing_m: float | None = None,
) -> Heard:
    """Return what is heard of `engine` driven as `manoeuvre` says, for `seconds`, and the truth about it."""
    n = int(seconds * RATE)
    source = driven(engine, manoeuvre, seconds, tyres, rng)
    path = path_for(manoeuvre, seconds, at, rng)
    samples = heard_in(source, path, at, n, rng, spacing_m=spacing_m, points_back=rng.uniform(0.0, 8.0))
    firing, bearing, speed = truth(engine, manoeuvre, path, samples)
    return Heard(samples, firing, bearing, speed)
