"""The street before an event, as percentile levels, and how far the event stands out of it.

LAN is the A-weighted Fast level that is exceeded N % of the time; the background is LA95, as VLAREM's LA95,1h. What
flagged frames do to it: see gateway/service/percentiles.py.
"""

from dataclasses import dataclass

Values = dict[str, object]


@dataclass(frozen=True, slots=True)
class Exceeded:
    """Levels in dB(A) over `over_s` seconds, from `frames` of 125 ms; `left_out` more had a flag."""

    la10_db: float
    la50_db: float
    la90_db: float
    la95_db: float
    over_s: float
    frames: int
    left_out: int


def section(before: Exceeded | str, lafmax_db: float | None) -> Values:
    """Return `background` of measurement.json; `before` is the hour before the clip, or why it is not known."""
    if isinstance(before, str):
        levels = dict.fromkeys(("la10_db", "la50_db", "la90_db", "la95_db"))
        return {**levels, "over_s": 0.0, "frames": 0, "left_out": 0, "emergence_db": None, "reason": before}
    emergence_db = None if lafmax_db is None else round(lafmax_db - before.la95_db, 1)
    return {
        "la10_db": before.la10_db,
        "la50_db": before.la50_db,
        "la90_db": before.la90_db,
        "la95_db": before.la95_db,
        "over_s": before.over_s,
        "frames": before.frames,
        "left_out": before.left_out,
        "emergence_db": emergence_db,
        "reason": None,
    }
