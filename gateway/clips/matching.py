"""Which pictures belong to which sound: by the KEEP edge, which both boards stamped. Pure.

Rules of this file
- Nothing is guessed: a pair is made only when each is the only candidate of the other.
- Two edges can be the same when they are no further apart than both uncertainties and `EDGE_NS` allow.
- An edge that is less certain than `MAX_UNCERTAINTY_NS` could be any edge and is no candidate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from gateway.timing import MILLISECOND_NS, SECOND_NS

# The sensor raises KEEP and stamps it within a block of 25 ms; a camera that looks at its lines once a frame
# is a frame later (66 ms at 15 frames a second).
EDGE_NS = 100 * MILLISECOND_NS
# Edges of one camera line are a clip (10 s) apart; beyond half of that two of them could not be told apart.
MAX_UNCERTAINTY_NS = 5 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Edge:
    """A KEEP edge: `key` names the clip, `at_ns` is in the gateway's time."""

    key: int
    at_ns: int
    uncertainty_ns: int

    @property
    def certain(self) -> bool:
        """True when it can be told from other edges."""
        return self.uncertainty_ns <= MAX_UNCERTAINTY_NS


class Verdict(Enum):
    """What can be said of the pictures of a sound."""

    PAIRED = "one camera clip has the same edge"
    NOBODY = "no camera clip has the same edge"
    AMBIGUOUS = "more than one pair is possible"
    UNCERTAIN = "the clocks are not known well enough"


@dataclass(frozen=True, slots=True)
class Match:
    """The verdict on one sensor clip; `camera` is the key of its camera clip when PAIRED."""

    verdict: Verdict
    camera: int | None = None


def could_be_same(one: Edge, other: Edge) -> bool:
    """Return whether both stamps can be of one edge."""
    if not (one.certain and other.certain):
        return False
    return abs(one.at_ns - other.at_ns) <= EDGE_NS + one.uncertainty_ns + other.uncertainty_ns


def match(sensors: Sequence[Edge], cameras: Sequence[Edge]) -> dict[int, Match]:
    """Return a verdict for each of `sensors` (the edges of all sensors whose lines reach one camera)."""
    verdicts: dict[int, Match] = {}
    for sensor in sensors:
        candidates = [camera for camera in cameras if could_be_same(sensor, camera)]
        if not sensor.certain or (not candidates and any(not camera.certain for camera in cameras)):
            verdicts[sensor.key] = Match(Verdict.UNCERTAIN)
        elif not candidates:
            verdicts[sensor.key] = Match(Verdict.NOBODY)
        elif len(candidates) > 1 or sum(could_be_same(other, candidates[0]) for other in sensors) > 1:
            verdicts[sensor.key] = Match(Verdict.AMBIGUOUS)
        else:
            verdicts[sensor.key] = Match(Verdict.PAIRED, candidates[0].key)
    return verdicts
