"""The families that are driven for noise: motorcycles, mopeds and quads, sports cars.

Ranges are what workshop manuals and data sheets say: headers of 0.3 to 0.8 m, motorcycles' pipes of 0.3 to 1 m and
cars' of 1.5 to 3.5 m, idle and highest speeds; what no sheet says (fronts, jets, scatter) is wide on purpose.
"""

from dataclasses import replace
from typing import Final

from gateway.virtual.street.engines.ranges import Range, Span

MOTORCYCLE: Final = {
    "single": Range(("single",), (1200, 1700), (7000, 10500), (0.35, 0.7), (0.6, 1.1), pops=(0, 5)),
    "parallel_twin": Range(
        ("twin_180", "twin_270", "twin_360"), (1100, 1400), (7500, 10500), (0.35, 0.6), (0.6, 1.1)
    ),
    "v_twin": Range(
        ("v_twin_90", "v_twin_60"),
        (1000, 1350),
        (7000, 10500),
        (0.3, 0.55),
        (0.5, 1.0),
        uneven_headers=0.35,
        pops=(0, 5),
    ),
    "cruiser": Range(
        ("v_twin_45",),
        (750, 1050),
        (4800, 6000),
        (0.4, 0.7),
        (0.6, 1.2),
        uneven_headers=0.4,
        pipe=(0.5, 1.2),
        front=(0.0002, 0.0012),
        radiates=(100, 500),
        lope=(0.02, 0.08),
    ),
    "four": Range(
        ("four",), (1050, 1300), (10500, 14500), (0.25, 0.5), (0.5, 1.0), front=(0.00008, 0.0006), pops=(0, 3)
    ),
    "boxer_twin": Range(("boxer_twin",), (950, 1200), (7000, 8800), (0.35, 0.6), (0.6, 1.1)),
    "triple": Range(("triple", "triple_t"), (1050, 1300), (8800, 13000), (0.3, 0.5), (0.5, 1.0)),
    "cross_plane_four": Range(("four_cross_plane",), (1100, 1350), (11000, 14000), (0.25, 0.45), (0.5, 0.9)),
    "v4": Range(("v4", "v4_twin_pulse"), (1150, 1500), (10500, 14500), (0.25, 0.45), (0.45, 0.9)),
}

SMALL: Final = {
    "moped_two_stroke": Range(
        ("two_stroke",),
        (1500, 2200),
        (7000, 12500),
        (0.3, 0.6),
        (0.5, 0.9),
        header=(0.2, 0.35),
        pipe=(0.5, 0.9),
        silencer=(1200, 5000),
        open_part=0.25,
        front=(0.00006, 0.0005),
        radiates=(300, 1800),
        jet=(0.15, 1.0),
        scatter=(0.1, 0.3),
        intake=(0.1, 0.9),
        intake_hz=(150, 450),
        rattle=(0.03, 0.25),
        pops=(0, 1),
        chamber=(220, 520),
    ),
    "scooter": Range(
        ("single",),
        (1500, 1900),
        (7500, 9800),
        (0.35, 0.6),
        (0.6, 1.0),
        header=(0.3, 0.6),
        pipe=(0.2, 0.5),
        rattle=(0.03, 0.2),
        whine=(0.0, 0.1),
        pops=(0, 2),
    ),
    "quad": Range(
        ("single",),
        (1200, 1700),
        (6500, 9500),
        (0.35, 0.7),
        (0.6, 1.1),
        header=(0.5, 0.9),
        radiates=(120, 700),
        rattle=(0.02, 0.15),
        pops=(0, 5),
    ),
    "dirt_bike": Range(
        ("two_stroke",),
        (1400, 2000),
        (8500, 12000),
        (0.2, 0.4),
        (0.4, 0.7),
        header=(0.2, 0.4),
        pipe=(0.7, 1.1),
        silencer=(1500, 4000),
        open_part=0.2,
        front=(0.00005, 0.0002),
        radiates=(300, 1500),
        intake=(0.1, 0.7),
        intake_hz=(150, 400),
        chamber=(180, 420),
    ),
    "quad_twin": Range(
        ("twin_360", "twin_270"), (1100, 1400), (6500, 9000), (0.35, 0.7), (0.6, 1.1), pops=(0, 5)
    ),
}

_SPORTS: Final = Range(
    ("four",),
    (750, 1000),
    (6300, 8500),
    (0.45, 0.9),
    (0.8, 1.5),
    header=(0.35, 0.8),
    pipe=(1.5, 3.5),
    silencer=(400, 1800),
    open_part=0.3,
    front=(0.0002, 0.0015),
    radiates=(80, 700),
    jet=(0.1, 0.8),
    intake=(0.05, 0.7),
    intake_hz=(70, 220),
    rattle=(0.005, 0.06),
    pops=(0, 6),
)


def _sports(layouts: tuple[str, ...], idle: Span, top: Span, uneven: float = 0.12) -> Range:
    return replace(_SPORTS, layouts=layouts, idle=idle, top=top, uneven_headers=uneven)


SPORTS_CAR: Final = {
    "hot_four": _sports(("four",), (750, 1000), (6300, 8500)),
    "boxer_four": _sports(("boxer_four",), (700, 950), (6000, 7800), 0.5),
    "six": _sports(("six", "v6"), (650, 850), (6300, 8200)),
    "v8": _sports(("v8_cross_plane",), (600, 900), (5500, 7500), 0.25),
    "five": _sports(("five",), (700, 900), (6200, 7800)),
    "flat_six": _sports(("flat_six",), (700, 950), (6800, 9200)),
    "v8_flat_plane": _sports(("v8_flat_plane",), (850, 1100), (7500, 9200)),
    "v10": _sports(("v10", "v10_uneven"), (750, 1000), (6200, 9000)),
    "v12": _sports(("v12",), (700, 950), (7000, 9000)),
    "rotary": _sports(("rotary",), (750, 1100), (7500, 9500)),
}
