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
from gateway.virtual.street import manoeuvres
from gateway.virtual.street.background import quiet_street
from gateway.virtual.street.engines.families import engine
from gateway.virtual.street.events import SPACING_M
from gateway.virtual.street.lookalikes import LOOKALIKES
from gateway.virtual.street.places import place
from gateway.virtual.street.shaping import RATE
from gateway.virtual.street.vehicles import LEAD_S, in_street

LOUD_DBA: Final = 92.0
FIRST_S: Final = 5.0
"""The board's ring needs four seconds before the first trigger."""
EVENT_S: Final = 6.0
EVERY_S: Final = 13.0
LOUD_ENGINES: Final = ("four", "v_twin", "quad", "single", "hot_four", "moped_two_stroke", "cruiser", "v8")
KINDS: Final = {
    "acceleration": manoeuvres.accelerating,
    "revving": manoeuvres.revving,
    "steady_pass": manoeuvres.steady,
}
OTHERS: Final = (
    "siren_two_tone",
    "car_horn",
    "speech",
    "rain",
    "thunder",
    "band",
    "birds",
    "truck_passing",
    "tram",
    "bell",
)
_BLOCK: Final = RATE // 40


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
        others = [str(name) for name in rng.permutation(OTHERS)]
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

    def _add_vehicle(self, family: str, start_s: float, number: int) -> None:
        kind = "acceleration" if number == 0 else None
        heard, kind = loud_vehicle(
            family, EVENT_S, seed=self.seed + number, channels=self.channels, kind=kind
        )
        self._add(heard, start_s, "positive", f"{family} {kind}")

    def _add_other(self, family: str, start_s: float, number: int) -> None:
        rng = np.random.default_rng([self.seed + number, 0x07])
        spacing = SPACING_M if self.channels > 1 else None
        heard = LOOKALIKES[family].heard(EVENT_S, place("canyon", rng), rng, spacing).samples
        self._add(np.stack([faded(channel) for channel in heard]), start_s, "negative", family)

    def _add(self, heard: Samples, start_s: float, label: str, kind: str) -> None:
        # One factor for all microphones: their difference is the direction.
        scale = float(np.max(np.abs(at_level(heard[0], LOUD_DBA))) / np.max(np.abs(heard[0])))
        at = round(start_s * RATE)
        self._samples[:, at : at + heard.shape[1]] += scale * heard
        self.events.append(Event(start_s, heard.shape[1] / RATE, label, kind, LOUD_DBA))


def loud_vehicle(
    family: str, seconds: float, *, seed: int, channels: int = 1, kind: str | None = None
) -> tuple[Samples, str]:
    """Return (channels, n) of an engine of `family` driven for noise, any scale, and how: `kind`, or one by lot."""
    rng = np.random.default_rng([seed, 0x10])
    kind = kind or str(rng.choice(list(KINDS)))
    motor = engine(family, rng)
    done = KINDS[kind](motor, seconds + LEAD_S, rng)
    spacing = SPACING_M if channels > 1 else None
    heard = in_street(motor, done, seconds, place("canyon", rng), rng, tyres=0.1, spacing_m=spacing)
    return np.stack([faded(channel) for channel in heard.samples]), kind
