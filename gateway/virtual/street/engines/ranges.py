"""What the engines of a family can be: the spans that `families.engine` draws from.

Lengths in metres, times in seconds, speeds in turns per minute; the meaning of each is that of `Engine` and `Exhaust`.
"""

from dataclasses import dataclass
from typing import TypeAlias

Span: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Range:
    """What the engines of a family can be. `open_part` is the share without a silencer."""

    layouts: tuple[str, ...]
    idle: Span
    top: Span
    spin: Span
    fall: Span
    header: Span = (0.3, 0.7)
    uneven_headers: float = 0.12
    pipe: Span = (0.3, 1.0)
    silencer: Span = (700.0, 3000.0)
    open_part: float = 0.45
    front: Span = (0.0001, 0.0010)
    steepening: Span = (0.0, 0.0004)
    radiates: Span = (150.0, 1200.0)
    jet: Span = (0.12, 1.0)
    jet_hz: Span = (350.0, 2500.0)
    scatter: Span = (0.05, 0.25)
    spread: Span = (0.02, 0.15)
    misfires: Span = (0.0, 0.03)
    closed: Span = (0.08, 0.35)
    intake: Span = (0.05, 0.6)
    intake_hz: Span = (80.0, 280.0)
    rattle: Span = (0.01, 0.12)
    pops: Span = (0.0, 4.0)
    lope: Span = (0.005, 0.04)
    whine: Span = (0.0, 0.0)
    chamber: Span | None = None
