"""Where in the working cycle each cylinder fires, and into which exhaust: what makes an engine's rhythm.

Angles are degrees of crankshaft within one working cycle: 720 of a four-stroke, 360 of a two-stroke or rotary.
Uneven twins and V-engines are the true ones: a 90 degree V-twin fires after 270 and 450 degrees, a 45 degree one
after 315 and 405, a parallel twin with a 180 degree crank after 180 and 540. `banks` says which of two exhausts a
cylinder breathes into; a cross-plane V8 is even as a whole and uneven in each of its exhausts.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Layout:
    """Angles at which the cylinders fire, degrees, ascending; the bank of each; degrees in a working cycle."""

    angles: tuple[float, ...]
    banks: tuple[int, ...]
    cycle: float = 720.0

    @property
    def turns(self) -> float:
        """Return how often the crank turns in a working cycle."""
        return self.cycle / 360.0

    def intervals(self) -> tuple[float, ...]:
        """Return the degrees from each firing to the next one."""
        after = (*self.angles[1:], self.angles[0] + self.cycle)
        return tuple(later - earlier for earlier, later in zip(self.angles, after, strict=True))


def _even(count: int, banks: str = "", cycle: float = 720.0) -> Layout:
    return _at(*(cycle * k / count for k in range(count)), banks=banks, cycle=cycle)


def _at(*angles: float, banks: str = "", cycle: float = 720.0) -> Layout:
    return Layout(angles, tuple(int(bank) for bank in banks) or (0,) * len(angles), cycle)


LAYOUTS: Final[dict[str, Layout]] = {
    "single": _even(1),
    "two_stroke": _even(1, cycle=360.0),
    "two_stroke_twin": _even(2, cycle=360.0),
    "twin_360": _even(2),
    "twin_180": _at(0, 180),
    "twin_270": _at(0, 270),
    "v_twin_45": _at(0, 315),
    "v_twin_60": _at(0, 300),
    "v_twin_90": _at(0, 270),
    "boxer_twin": _even(2, "01"),
    "triple": _even(3),
    "triple_t": _at(0, 180, 450),
    "four": _even(4),
    "four_cross_plane": _at(0, 270, 450, 540),
    "v4": _at(0, 180, 270, 450),
    "v4_twin_pulse": _at(0, 90, 290, 380),
    "boxer_four": _even(4, "0110"),
    "five": _even(5),
    "six": _even(6),
    "flat_six": _even(6, "010101"),
    "v6": _even(6, "010101"),
    "v8_cross_plane": _even(8, "01101001"),
    "v8_flat_plane": _even(8, "01010101"),
    "v10": _even(10, "0101010101"),
    "v10_uneven": _at(0, 54, 144, 198, 288, 342, 432, 486, 576, 630, banks="0101010101"),
    "v12": _even(12, "010101010101"),
    "rotary": _even(2, cycle=360.0),
}
