"""What is said of an event when its clip ends: levels, behaviour, the range of the firing frequency.

Levels count over the whole clip, the seconds before the trigger included: the loudest moment of a pass-by often lies
before the frame that decided. Behaviour and firing frequency count from the trigger on.
"""

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import Json
    from firmware.sensor.analysis import Analysis

FRAME_S = 0.125


class Event:
    """`before` are (LAeq, LAFmax) in dB of the frames that the clip begins with, the triggering one last."""

    def __init__(self, before: "list[tuple[float, float]]") -> None:
        self._energy = 0.0
        self._frames = 0
        self._lafmax = -99.0
        for laeq_db, lafmax_db in before:
            self._level(laeq_db, lafmax_db)
        self._score = 0.0
        self._behaviour = "unknown"
        self._evidence = ""
        self._lowest_hz = 0.0
        self._highest_hz = 0.0
        self._overload = False

    def add(self, analysis: "Analysis") -> None:
        """Take a frame; behaviour is the one at the frame that looks most like an exhaust."""
        self._level(analysis.laeq_db, analysis.lafmax_db)
        self.look(analysis)

    def look(self, analysis: "Analysis") -> None:
        """Take behaviour and firing frequency of a frame whose levels are counted already."""
        self._overload = self._overload or bool(analysis.flags & 1)
        if analysis.score > self._score:
            self._score = analysis.score
            if analysis.behaviour != "unknown" or self._behaviour == "unknown":
                self._behaviour = analysis.behaviour
                self._evidence = analysis.evidence
        hz = analysis.firing_hz
        if hz:
            self._lowest_hz = min(self._lowest_hz or hz, hz)
            self._highest_hz = max(self._highest_hz, hz)

    def _level(self, laeq_db: float, lafmax_db: float) -> None:
        self._energy += 10.0 ** (laeq_db / 10.0)
        self._frames += 1
        self._lafmax = max(self._lafmax, lafmax_db)

    def summary(self) -> "Json":
        """Return the summary part's dict (docs/protocol.md), without the counters."""
        seconds = max(self._frames, 1) * FRAME_S
        exposure = 10.0 * math.log10(max(self._energy * FRAME_S, 1e-9))
        return {
            "lafmax": round(self._lafmax, 1),
            "laeq": round(exposure - 10.0 * math.log10(seconds), 1),
            "lae": round(exposure, 1),
            "behaviour": self._behaviour,
            "evidence": self._evidence,
            "firing_hz": [round(self._lowest_hz, 1), round(self._highest_hz, 1)],
            "score": round(self._score, 3),
            "overload": self._overload,
        }
