"""What a clip came to: taken for an exhaust or not, how near it was, how quickly, and as what.

Rules of this file
- A clip that triggers once is taken for an exhaust.
- `score` is the highest that was held, at the level of a trigger, as long as a trigger needs: a clip triggers if and
  only if that reaches the signature's threshold.
- The delay is counted from the start of the first frame that is loud enough to the end of the frame that triggers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firmware.common.blocks import FRAMES_PER_SECOND
from gateway.signature.manifest import Clip
from gateway.signature.playing import Frames, Setup

NOTHING = "nothing"
"""What a clip is taken for that does not trigger; else the behaviour that the firmware names."""


@dataclass(frozen=True)
class Verdict:
    """What the firmware made of a clip; `triggers` and `level_triggers` (of level alone) are counted."""

    clip: Clip
    score: float
    triggers: int
    level_triggers: int
    delay_s: float | None
    behaviour: str
    seconds: float

    @property
    def taken(self) -> bool:
        """Return whether the clip was taken for an exhaust."""
        return self.triggers > 0


def verdict(clip: Clip, frames: Frames, setup: Setup) -> Verdict:
    """Return what `frames` of `clip` come to."""
    loud = np.flatnonzero(frames.lafmax_db >= np.float32(setup.threshold_dba))
    edges = np.flatnonzero(frames.triggered)
    behaviour, delay = NOTHING, None
    if edges.size:
        first = int(edges[0])
        delay = (first + 1 - int(loud[0])) / FRAMES_PER_SECOND
        behaviour = frames.words[first][0] if first in frames.words else "unknown"
    return Verdict(
        clip,
        held(frames.lafmax_db, frames.score, setup),
        int(edges.size),
        int(np.sum(frames.loud)),
        delay,
        behaviour,
        frames.seconds,
    )


def held(
    lafmax_db: npt.NDArray[np.float32], score: Sequence[float] | npt.NDArray[np.floating], setup: Setup
) -> float:
    """Return the highest `score` (n,) that was held over the level threshold as long as a trigger needs, else 0."""
    loud = np.where(lafmax_db >= np.float32(setup.threshold_dba), np.asarray(score, np.float64), 0.0)
    if loud.size < setup.needed:
        return 0.0
    return float(np.lib.stride_tricks.sliding_window_view(loud, setup.needed).min(axis=1).max())
