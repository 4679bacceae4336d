"""A stretch of street: quiet, and in it events, loud exhausts among what merely is loud. What happened is written down.

Rules of this file
- Everything follows from the seed. The first event is always a motorcycle that accelerates, so that a short demo
  shows one.
- An event has the level said of it (LAFmax at the microphone) and a start, both known to who listens.
- Loud vehicles and other sounds come by turns, far enough apart for each to be an event of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.sound import at_level, faded
from gateway.virtual.street import driving
from gateway.virtual.street.background import quiet_street
from gateway.virtual.street.distractors import DISTRACTORS
from gateway.virtual.street.engine import ENGINES, RATE, exhaust
from gateway.virtual.street.passby import Path, between_houses, passing

LOUD_DBA: Final = 92.0
FIRST_S: Final = 5.0
"""The board's ring needs four seconds before the first trigger."""
EVENT_S: Final = 6.0
EVERY_S: Final = 13.0
LOUD_ENGINES: Final = ("four", "v_twin", "quad", "single", "sports_car", "moped", "triple", "v8")
KINDS: Final = ("acceleration", "revving", "steady_pass")
_BLOCK: Final = RATE // 40
_MICROPHONES_M: Final = 0.2


@dataclass(frozen=True, slots=True)
class Event:
    """What happens from `start_s` for `duration_s`, with `lafmax_db` at the microphone.

    `label` is "positive" for a loud exhaust.
    """

    start_s: float
    duration_s: float
    label: str
    kind: str
    lafmax_db: float


class Scenario:
    """`seconds` of street for `channels` microphones; iterates arrays (channels, 1200), `events` is what happens."""

    def __init__(self, seed: int, seconds: float, *, channels: int = 1) -> None:
        self.seed = seed
        self.seconds = seconds
        self.channels = channels
        self.events: list[Event] = []
        self._samples = np.stack(
            [quiet_street(round(seconds * RATE), seed=seed + channel) for channel in range(channels)]
        )
        rng = np.random.default_rng([seed, 0x5C])
        others = [str(name) for name in rng.permutation(list(DISTRACTORS))]
        engines = [LOUD_ENGINES[0], *(str(name) for name in rng.permutation(LOUD_ENGINES[1:]))]
        start = FIRST_S
        while start + EVENT_S <= seconds:
            number = len(self.events)
            if number % 2 == 0:
                self._add_vehicle(engines[number // 2 % len(engines)], start, number)
            else:
                self._add_other(others[number // 2 % len(others)], start, number)
            start += EVERY_S

    def __iter__(self) -> Iterator[Samples]:
        """Yield the street, 25 ms at a time."""
        for start in range(0, self._samples.shape[1], _BLOCK):
            yield self._samples[:, start : start + _BLOCK]

    def _add_vehicle(self, name: str, start_s: float, number: int) -> None:
        kind = KINDS[0] if number == 0 else None
        heard, kind = loud_vehicle(name, EVENT_S, seed=self.seed + number, channels=self.channels, kind=kind)
        self._add(heard, start_s, "positive", f"{name} {kind}")

    def _add_other(self, kind: str, start_s: float, number: int) -> None:
        one = faded(DISTRACTORS[kind](EVENT_S, seed=self.seed + number))
        self._add(np.repeat(one[np.newaxis], self.channels, axis=0), start_s, "negative", kind)

    def _add(self, heard: Samples, start_s: float, label: str, kind: str) -> None:
        # One factor for all microphones: their difference is the direction.
        scale = float(np.max(np.abs(at_level(heard[0], LOUD_DBA))) / np.max(np.abs(heard[0])))
        at = round(start_s * RATE)
        self._samples[:, at : at + heard.shape[1]] += scale * heard
        self.events.append(Event(start_s, heard.shape[1] / RATE, label, kind, LOUD_DBA))


def loud_vehicle(
    name: str, seconds: float, *, seed: int, channels: int = 1, kind: str | None = None
) -> tuple[Samples, str]:
    """Return (channels, n) of the engine `name` driven for noise, any scale, and how: `kind`, or one drawn by lot."""
    engine = ENGINES[name]
    rng = np.random.default_rng([seed, 0x10])
    drawn = KINDS[int(rng.integers(len(KINDS)))]
    kind = kind or drawn
    spacing = _MICROPHONES_M if channels > 1 else None
    if kind == "revving":
        rpm, load = driving.revving(engine, seconds, seed=seed)
        path = Path(seconds / 2, speed_m_s=0.01)
    elif kind == "acceleration":
        rpm, load = driving.accelerating(engine, seconds, seed=seed)
        path = Path(seconds * 0.45, speed_m_s=float(rng.choice([-1, 1]) * rng.uniform(9, 16)))
    else:
        rpm, load = driving.steady(engine, seconds, seed=seed, part=rng.uniform(0.55, 0.8), load=0.8)
        path = Path(seconds / 2, speed_m_s=float(rng.choice([-1, 1]) * rng.uniform(11, 18)))
    heard = passing(exhaust(engine, rpm, load, seed=seed), path, spacing_m=spacing)
    heard = between_houses(heard, seed=seed)
    return np.stack([faded(channel) for channel in heard]), kind
