"""A row of the result: what was measured, what the goal is, and which class that reaches. Pure.

Rules of this file
- All values of a row are levels, in dB (dB/s for decay rates): limits are lowest and highest allowed value.
- A row that is not claimed says what it reaches and does not count.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.conformance.tables import Limits


@dataclass(frozen=True, slots=True)
class Row:
    """`quantity` of `test`, at `frequency_hz`; of a burst of `burst_ms` when it has that."""

    test: str
    quantity: str
    goal_db: float
    measured_db: float
    limits: Limits
    frequency_hz: float | None = None
    burst_ms: float | None = None
    claimed: bool = True

    @property
    def lower_db(self) -> float | None:
        """The lowest value that class 1 allows."""
        return _plus(self.goal_db, self.limits.class1_lower)

    @property
    def upper_db(self) -> float | None:
        """The highest value that class 1 allows."""
        return _plus(self.goal_db, self.limits.class1_upper)

    @property
    def margin_db(self) -> float:
        """How far the measured value is inside the limits of class 1; negative outside."""
        return _margin(self.measured_db, self.lower_db, self.upper_db)

    @property
    def reached(self) -> int | None:
        """1 or 2; None when it is neither."""
        limits = self.limits
        if self.margin_db >= 0:
            return 1
        lower, upper = _plus(self.goal_db, limits.class2_lower), _plus(self.goal_db, limits.class2_upper)
        return 2 if _margin(self.measured_db, lower, upper) >= 0 else None

    def as_json(self) -> dict[str, object]:
        """Return the row as the JSON file has it."""
        where = {"frequency_hz": self.frequency_hz} if self.burst_ms is None else {"burst_ms": self.burst_ms}
        return {
            "test": self.test,
            "quantity": self.quantity,
            **where,
            "goal_db": self.goal_db,
            "measured_db": round(self.measured_db, 4),
            "lower_db": _rounded(self.lower_db),
            "upper_db": _rounded(self.upper_db),
            "margin_db": round(self.margin_db, 4),
            "class": self.reached,
        }


def class_reached(rows: Iterable[Row]) -> int | None:
    """Return the class that all claimed rows reach: 1, 2, or None when there is none."""
    reached = [row.reached for row in rows if row.claimed]
    return None if None in reached or not reached else max(number for number in reached if number)


def _plus(goal: float, deviation: float | None) -> float | None:
    return None if deviation is None else goal + deviation


def _margin(measured: float, lower: float | None, upper: float | None) -> float:
    below = measured - lower if lower is not None else float("inf")
    above = upper - measured if upper is not None else float("inf")
    return min(below, above)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
