"""Made-up variants of a recording, for learning: the same source at another place, speed, street and microphone.

Rules of this file
- Everything follows from the clip's name and the number of the variant; variant 0 is the recording as it is.
- A loop of an engine (its class ends in `_loop`) turns at one speed: it is played as racing games do, at a rate that
  follows an engine driven through revs, gears or a steady pass, and louder with speed and load.
- Any other sound keeps its course and is moved a little in speed; some drive past, with Doppler and distance.
- A simulated event has its own course and its own houses, and is only recorded anew.
- Then, by lot: what the houses answer, a street with a noise of its own, and what recording does: a microphone's
  response, level control, clipping, a sample clock that is off. The street is made, never recorded: a variant of one
  recording holds nothing of another.
"""

import zlib
from typing import Final

import numpy as np

from gateway.signature.manifest import Clip, SignatureError
from gateway.signature.playing import RATE, in_street
from gateway.virtual import sound
from gateway.virtual.street import manoeuvres, paths
from gateway.virtual.street.engines.families import engine
from gateway.virtual.street.places import TRAIN_PLACES, place, reverberant
from gateway.virtual.street.recording_chain import TRAIN_BACKGROUNDS, background, chain
from gateway.virtual.street.shaping import control_times, drawn_out

LOOP: Final = "_loop"
PLAIN_DBA: Final = 88.0
_LEVELS_DBA: Final = (84.0, 102.0)
_RATIOS_DB: Final = (15.0, 35.0)  # of the sound's LAFmax over the street's LAeq
_DRIVE_S: Final = 6.0
_RATES: Final = (0.55, 2.2)  # of a loop's own speed: between idle and limiter lies a factor of about four
_SPEED: Final = 0.06  # standard deviation of ln(rate) of what is no loop
_DRIVERS: Final = ("four", "hot_four")  # whose engine speed a loop follows


def variant(clip: Clip, number: int) -> sound.Samples:
    """Return variant `number` of `clip` in its street: (n,) at 48 kHz, full scale 1. Raises `SignatureError`."""
    rng = np.random.default_rng([zlib.crc32(clip.name.encode()), number, 0xA6])
    seed = int(rng.integers(2**31))
    samples = clip.load()
    try:
        if number == 0:
            return in_street(samples, PLAIN_DBA, seed=seed)
        moved = samples if clip.simulated else _moved(clip, samples, rng, seed=seed)
        level_dba = float(rng.uniform(*_LEVELS_DBA))
        kind = TRAIN_BACKGROUNDS[int(rng.integers(len(TRAIN_BACKGROUNDS)))]
        street = in_street(
            moved,
            level_dba,
            seed=seed,
            background_dba=level_dba - float(rng.uniform(*_RATIOS_DB)),
            background=lambda size: background(kind, size, rng),
        )
        # A recording has been recorded once already: half of them are not again.
        if clip.simulated or rng.random() < 0.5:  # noqa: PLR2004
            street = chain(rng).applied(street[np.newaxis])[0]
        return sound.at_level(street, level_dba)
    except sound.LevelError as error:
        raise SignatureError(f"{clip.name}: {error}") from error


def _moved(clip: Clip, samples: sound.Samples, rng: np.random.Generator, *, seed: int) -> sound.Samples:
    moved = driven(samples, seed=seed) if clip.kind.endswith(LOOP) else elsewhere(samples, seed=seed)
    if rng.random() < 0.6:  # noqa: PLR2004  most streets have houses
        kind = TRAIN_PLACES[int(rng.integers(len(TRAIN_PLACES)))]
        return reverberant(moved[np.newaxis], place(kind, rng), rng)[0]
    return moved


def driven(loop: sound.Samples, *, seed: int) -> sound.Samples:
    """Return six seconds of the engine whose `loop` (n,) is given, revved, accelerated or passing at a steady speed."""
    rng = np.random.default_rng([seed, 0xD1])
    kind = int(rng.integers(3))
    motor = engine(_DRIVERS[int(rng.integers(len(_DRIVERS)))], rng)
    drive = (manoeuvres.revving, manoeuvres.accelerating, manoeuvres.steady)[kind](motor, _DRIVE_S, rng).drive
    rpm, load = (drawn_out(knots, round(_DRIVE_S * RATE)) for knots in (drive.rpm, drive.load))
    part = np.clip((rpm - motor.idle_rpm) / (motor.top_rpm - motor.idle_rpm), 0.0, 1.0)
    rate = _RATES[0] * (_RATES[1] / _RATES[0]) ** part
    # Loops differ in the speed they were recorded at.
    rate *= np.exp(rng.uniform(-0.2, 0.2))
    played = _at_rate(loop, rate) * rate * (0.3 + 0.7 * load)
    return played if kind == 0 else _past(played, rng)


def elsewhere(samples: sound.Samples, *, seed: int) -> sound.Samples:
    """Return `samples` (n,) at a slightly other speed; every third drives past."""
    rng = np.random.default_rng([seed, 0xE1])
    rate = float(np.exp(rng.normal(0.0, _SPEED)))
    played = _at_rate(samples, np.full(int(samples.size / rate), rate))
    return _past(played, rng) if rng.random() < 1 / 3 else played


def _at_rate(samples: sound.Samples, rate: sound.Samples) -> sound.Samples:
    # As many samples as `rate` has; the sound begins again where it ends.
    at: sound.Samples = np.cumsum(rate) - rate[0]
    return np.interp(at % samples.size, np.arange(samples.size + 1), np.append(samples, samples[0]))


def _past(samples: sound.Samples, rng: np.random.Generator) -> sound.Samples:
    times = control_times(samples.size)
    speed = rng.uniform(6, 17)
    path = paths.straight(
        times * speed,
        nearest_m=speed * times[-1] * rng.uniform(0.3, 0.7),
        distance_m=rng.uniform(4, 12),
        below_m=rng.uniform(1, 4),
        to_right=bool(rng.integers(2)),
    )
    # It is heard from the first sample on: what left before is not known.
    lead_s = float(path.distance_m()[0]) / paths.SPEED_OF_SOUND
    return paths.received(samples, paths.arrival(path, samples.size, lead_s), samples.size)
