"""What is said of an event when its clip ends: levels, behaviour, the range of the firing frequency, flags.

Levels and flags count over the whole clip, the seconds before the trigger included: the loudest moment of a pass-by
often lies before the frame that decided. The firing frequency counts from the trigger on, the behaviour from two
seconds before it: what was loud enough had begun before.
"""

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import Json, Moment
    from firmware.sensor.analysis import Analysis

FRAME_S = 0.125
BEFORE = 16  # frames before the trigger from which on the behaviour counts


def moment(analysis: "Analysis") -> "Moment":
    """Return what a clip's summary needs of a frame: LAFmax, LASmax, LCpeak, LAeq, LCeq in dB, and its flags."""
    return (
        analysis.lafmax_db,
        analysis.lasmax_db,
        analysis.lcpeak_db,
        analysis.laeq_db,
        analysis.lceq_db,
        analysis.flags,
    )


class Event:
    """`before` are the moments of the frames that the clip begins with, the triggering one last."""

    def __init__(self, before: "list[Moment]") -> None:
        self._energy_a = 0.0
        self._energy_c = 0.0
        self._frames = 0
        self._lafmax = self._lasmax = self._lcpeak = -99.0
        self._flags = 0
        for each in before:
            self._take(each)
        self._score = 0.0
        self._heard: Analysis | None = None
        self._since = BEFORE
        self._lowest_hz = 0.0
        self._highest_hz = 0.0

    def add(self, analysis: "Analysis") -> None:
        """Take a frame."""
        self._take(moment(analysis))
        self._since += 1
        self.look(analysis)

    def look(self, analysis: "Analysis") -> None:
        """Take score and firing frequency of a frame whose levels are counted already."""
        self._heard = analysis
        self._score = max(self._score, analysis.score)
        hz = analysis.firing_hz
        if hz:
            self._lowest_hz = min(self._lowest_hz or hz, hz)
            self._highest_hz = max(self._highest_hz, hz)

    def flag(self, flags: int) -> None:
        """Latch `flags` that belong to no frame."""
        self._flags |= flags

    def _take(self, each: "Moment") -> None:
        lafmax_db, lasmax_db, lcpeak_db, laeq_db, lceq_db, flags = each
        self._lafmax = max(self._lafmax, lafmax_db)
        self._lasmax = max(self._lasmax, lasmax_db)
        self._lcpeak = max(self._lcpeak, lcpeak_db)
        self._energy_a += 10.0 ** (laeq_db / 10.0)
        self._energy_c += 10.0 ** (lceq_db / 10.0)
        self._frames += 1
        self._flags |= flags

    def summary(self) -> "Json":
        """Return the summary part's dict (docs/protocol.md), without the counters, after the last frame."""
        behaviour, evidence = self._heard.judge(self._since) if self._heard else ("unknown", "")
        frames = max(self._frames, 1)
        exposure = 10.0 * math.log10(max(self._energy_a * FRAME_S, 1e-9))
        return {
            "lafmax": round(self._lafmax, 1),
            "lasmax": round(self._lasmax, 1),
            "laeq": round(exposure - 10.0 * math.log10(frames * FRAME_S), 1),
            "lae": round(exposure, 1),
            "lceq": round(10.0 * math.log10(max(self._energy_c / frames, 1e-9)), 1),
            "lcpeak": round(self._lcpeak, 1),
            "behaviour": behaviour,
            "evidence": evidence,
            "firing_hz": [round(self._lowest_hz, 1), round(self._highest_hz, 1)],
            "score": round(self._score, 3),
            "flags": self._flags,
        }
