"""How long a clip may stay. Pure.

Rules of this file
- Ages are in the store's own time (elapsed.py): no clock that is set makes a clip older.
- What lacks sound or picture goes within a day: it is no evidence, so there is nothing to keep it for. A behaviour may
  have a shorter term than the rest; none has a longer one.
- What would be over its term before the next look goes now: a term is never exceeded while the gateway runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.store.records import ClipRecord, SealedSummary
from gateway.store.states import ClipState
from gateway.timing import SECOND_NS

LOOK_S: Final = 3600.0  # how often to look
SOONER_NS: Final = 3660 * SECOND_NS  # than its term: until the next look, and a minute that it may be late
HOUR_NS: Final = 3600 * SECOND_NS
DAY_NS: Final = 24 * HOUR_NS
INCOMPLETE_NS: Final = DAY_NS


@dataclass(frozen=True, slots=True)
class Terms:
    """How many days a clip may stay, and those of some behaviours, which are fewer."""

    days: int
    by_behaviour: Mapping[str, int] = field(default_factory=dict[str, int])


def too_old(clip: ClipRecord, terms: Terms, now_ns: int) -> str | None:
    """Return why `clip`, which is still here, must go at `now_ns` of the store's time; None when it may stay."""
    term_ns, why = _term(clip, terms)
    return None if now_ns - clip.accepted_at_ns + SOONER_NS <= term_ns else why


def _term(clip: ClipRecord, terms: Terms) -> tuple[int, str]:
    """Return the term of `clip` in nanoseconds, and what to say when it is over."""
    summary = SealedSummary.model_validate_json(clip.summary or "{}")
    alone = clip.kind == "camera" or clip.state in (ClipState.RECEIVING, ClipState.PARTIAL)
    if alone or summary.missing:
        return INCOMPLETE_NS, "incomplete, and a day old"
    days = terms.by_behaviour.get(summary.behaviour or "", terms.days)
    if days < terms.days:
        return days * DAY_NS, f"{summary.behaviour}, and {days} days old"
    return terms.days * DAY_NS, f"{terms.days} days old"
