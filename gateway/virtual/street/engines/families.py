"""Engines by lot, within named families: what stands in a street is never the same twice.

Rules of this file
- A family says what its engines can be (`loud.py`, `muffled.py`); `engine(family, rng)` draws one.
- `TRAIN_FAMILIES` teach the default model, `HELD_OUT_FAMILIES` are kept for judging it: other cylinder counts,
  firing orders and kinds of vehicle. Together they are `FAMILIES`.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from gateway.virtual.street.engines.engine import Engine, Exhaust
from gateway.virtual.street.engines.layout import LAYOUTS
from gateway.virtual.street.engines.loud import MOTORCYCLE, SMALL, SPORTS_CAR
from gateway.virtual.street.engines.muffled import MUFFLED
from gateway.virtual.street.engines.ranges import Span

LOUD: Final = {**MOTORCYCLE, **SMALL, **SPORTS_CAR}
MOTORCYCLES: Final = tuple(MOTORCYCLE)
SPORTS_CARS: Final = tuple(SPORTS_CAR)
HELD_OUT_FAMILIES: Final = (
    "boxer_twin",
    "triple",
    "cross_plane_four",
    "v4",
    "dirt_bike",
    "quad_twin",
    "five",
    "flat_six",
    "v8_flat_plane",
    "v10",
    "v12",
    "rotary",
)
TRAIN_FAMILIES: Final = tuple(name for name in LOUD if name not in HELD_OUT_FAMILIES)
FAMILIES: Final = (*TRAIN_FAMILIES, *HELD_OUT_FAMILIES)

_TWO_STROKE_CYCLE: Final = 360.0


def engine(family: str, rng: np.random.Generator) -> Engine:
    """Return an engine of `family` (of `FAMILIES` or `MUFFLED`), drawn with `rng`."""
    kind = LOUD[family] if family in LOUD else MUFFLED[family]
    layout = LAYOUTS[kind.layouts[int(rng.integers(len(kind.layouts)))]]
    draw = _drawer(rng)
    cylinders = len(layout.angles)
    header = draw(kind.header)
    spread = draw(kind.spread) if cylinders > 1 else 0.0
    silenced = rng.random() >= kind.open_part
    two_stroke = layout.cycle == _TWO_STROKE_CYCLE and cylinders == 1
    headers = header * (1.0 + kind.uneven_headers * rng.random() * rng.random(cylinders))
    exhaust = Exhaust(
        headers_m=tuple(headers.tolist()),
        pipe_m=draw(kind.pipe),
        reflects=rng.uniform(0.3, 0.85) if not silenced else rng.uniform(0.1, 0.6),
        junction=rng.uniform(0.0, 0.45) if cylinders > 1 else rng.uniform(0.0, 0.2),
        radiates_hz=draw(kind.radiates),
        jet=draw(kind.jet),
        jet_hz=draw(kind.jet_hz),
        gas_m_s=rng.uniform(430, 620),
        silencer_hz=draw(kind.silencer) if silenced else 0.0,
        silencer_order=int(rng.integers(1, 3)),
        silencer_m=rng.uniform(0.15, 0.6),
        chamber_hz=draw(kind.chamber) if kind.chamber else 0.0,
        steepening_s=rng.uniform(*kind.steepening) * (0.4 if silenced else 1.0),
        second_pipe=rng.uniform(0.9, 1.12),
        dull_hz=draw((1200.0, 6000.0)),
        blur=rng.uniform(0.5, 2.5),
        blur_s=draw((0.001, 0.010)),
    )
    return Engine(
        family=family,
        layout=layout,
        exhaust=exhaust,
        strengths=tuple(np.maximum(0.3, 1.0 + spread * rng.standard_normal(cylinders)).tolist()),
        idle_rpm=rng.uniform(*kind.idle),
        top_rpm=rng.uniform(*kind.top),
        spin_s=rng.uniform(*kind.spin),
        fall_s=rng.uniform(*kind.fall),
        front_s=draw(kind.front),
        blowdown_deg=rng.uniform(35, 100),
        scatter=draw(kind.scatter),
        jitter_deg=rng.uniform(0.5, 4.0),
        misfires=rng.uniform(*kind.misfires) * float(rng.random() < 0.5),
        closed=draw(kind.closed),
        intake=draw(kind.intake),
        intake_hz=draw(kind.intake_hz),
        rattle=draw(kind.rattle),
        rattle_hz=draw((600.0, 3500.0)),
        whine=rng.uniform(*kind.whine),
        whine_order=rng.uniform(12, 45),
        pops_per_s=rng.uniform(*kind.pops),
        lope=rng.uniform(*kind.lope),
        four_strokes=two_stroke,
    )


def _drawer(rng: np.random.Generator) -> Callable[[Span], float]:
    """Return a function that draws from a span by octaves, not by hertz or metres; 0 stays possible as a lower end."""

    def draw(span: Span) -> float:
        low, high = span
        if low <= 0.0:
            return float(rng.uniform(low, high))
        return float(low * (high / low) ** rng.random())

    return draw
