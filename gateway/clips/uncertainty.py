"""How far an A-weighted level of a clip can be from the truth: a budget combined as the GUM says.

Rules of this file
- The budget is data, `uncertainty.csv`: one row a component, for all types of microphone ("*") or one, in all states of
  the calibration ("*") or one. The first row of a component that fits counts; a component without one is left out.
- A standard uncertainty is sensitivity * half width / divisor; the divisor follows from the distribution. They are
  independent: the combined one is the root of the sum of squares, expanded is `COVERAGE` times that (about 95 %).
- What is put in without a measurement says "own estimate" in its source.
"""

import csv
import math
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

COVERAGE = 2.0
# JCGM 100:2008, 4.3: equally probable within the half width, or known as an expanded uncertainty.
DIVISORS = {"rectangular": math.sqrt(3.0), "normal": COVERAGE}
ANY = "*"
OF_THE_OFFSET = (
    "calibrator",
    "coupling",
)  # what is there in the minute of the calibration, before anything drifts
TABLE = Path(__file__).with_suffix(".csv")


class CalibrationState(StrEnum):
    """Whether a level rests on a calibrator."""

    CALIBRATED = "calibrated"
    EXPIRED = "expired"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Component:
    """One cause of doubt. `standard_db` is its standard uncertainty."""

    component: str
    half_width_db: float
    distribution: str
    sensitivity: float
    source: str

    @property
    def divisor(self) -> float:
        """Return by what the half width is divided."""
        return DIVISORS[self.distribution]

    @property
    def standard_db(self) -> float:
        """Return the standard uncertainty."""
        return self.sensitivity * self.half_width_db / self.divisor


def budget(microphone: str, state: CalibrationState, spread_db: float | None = None) -> list[Component]:
    """Return the components for a type of `microphone`; `spread_db` is that of the tone when it was calibrated."""
    found: dict[str, Component] = {}
    for row in _rows():
        fits = row["microphone"] in (microphone, ANY) and row["calibration"] in (state, ANY)
        if fits and row["component"] not in found:
            found[row["component"]] = Component(
                row["component"],
                float(row["half_width_db"]),
                row["distribution"],
                float(row["sensitivity"]),
                row["source"],
            )
    if spread_db is not None:
        found["spread"] = Component(
            "spread", spread_db / 2, "rectangular", 1.0, "how much the tone moved while it was calibrated"
        )
    return list(found.values())


def combined_db(components: list[Component]) -> float:
    """Return the combined standard uncertainty of independent `components`."""
    return math.hypot(*(component.standard_db for component in components))


def of_offset_db(spread_db: float) -> float:
    """Return the expanded uncertainty of an offset in the minute it is measured, the tone moving by `spread_db`."""
    components = budget(ANY, CalibrationState.CALIBRATED, spread_db)
    return COVERAGE * combined_db(
        [each for each in components if each.component in (*OF_THE_OFFSET, "spread")]
    )


def tolerance_db(microphone: str) -> float:
    """Return how far the sensitivity of a microphone of that type may be from its data sheet."""
    never = budget(microphone, CalibrationState.NEVER)
    return next(each.half_width_db for each in never if each.component == "sensitivity")


@cache
def _rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
