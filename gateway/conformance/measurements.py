"""What is measured and how: for each test the steps, each a few signals and the rows that come of them.

Rules of this file
- To the levels every signal is the first that is heard: no row depends on another.
- Where the place of a signal in the firmware's blocks, or between its samples, could matter, several are tried and the
  worst is the row.
- A step is a function of the meter: nothing is measured before it is called.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final, TypeAlias

from firmware.common.flags import OVERLOAD
from gateway.conformance.meter import FRAMES_PER_SECOND, Frame, Meter
from gateway.conformance.rows import Row
from gateway.conformance.signal import FULL_SCALE_DB, Signal
from gateway.conformance.tables import Burst, Peak, Tables, Weighting

Step: TypeAlias = Callable[[Meter], list[Row]]

LEVEL_DB: Final = 110.0
REFERENCE_DB: Final = 94.0  # the level of calibrators
FRAME_S: Final = 1 / FRAMES_PER_SECOND
LOW_HZ: Final = 200.0  # below, the filters take longer to settle and part of a period is more of a second
# Highest frequency at which class 1 is claimed: where the weighting's design ends, see firmware/sensor/weighting.py.
CLAIMED_HZ: Final = {48000: 20000.0, 32000: 14000.0}
BURST_HZ: Final = (
    4000.0  # not 3981: every duration of Table 4 is then a whole number of periods, as it must be
)
LINEARITY_HZ: Final = (31.5, 1000.0, 8000.0)
LOWEST_DB: Final = 30.0
STEP_DB: Final = 5.0  # of the level; 1 dB this close to an end of the range
OVERLOAD_HZ: Final = 4000.0
OVERLOAD_RANGE_DB: Final = (115.0, 125.0)
OVERLOAD_STEP_DB: Final = 0.02
RUMBLE: Final = Signal(1.25, 100.0)  # A takes 142 dB off: what is left is what the arithmetic adds


def weighting(tables: Tables, rate: int) -> Iterator[Step]:
    """Table 3: steady tones at the exact frequencies, their time-averaged level less what they have."""
    for line in tables.weighting:
        if line.hz < rate / 2:
            yield partial(_weighting, line)


def _weighting(line: Weighting, meter: Meter) -> list[Row]:
    claimed = line.hz <= CLAIMED_HZ[meter.rate]
    levels = steady(meter, line.hz, LEVEL_DB)
    return [
        Row(
            "frequency weighting",
            name,
            goal,
            level - LEVEL_DB,
            line.limits,
            frequency_hz=line.hz,
            claimed=claimed,
        )
        for name, goal, level in zip("ACZ", line.goals_db, levels, strict=True)
    ]


def toneburst(tables: Tables, _rate: int) -> Iterator[Step]:
    """Table 4: LAFmax, LASmax and LAE of one burst, less LA of the steady tone."""
    for ms in dict.fromkeys(line.ms for line in tables.toneburst):
        yield partial(_toneburst, [line for line in tables.toneburst if line.ms == ms])


def _toneburst(lines: list[Burst], meter: Meter) -> list[Row]:
    duration = lines[0].ms / 1000
    level = steady(meter, BURST_HZ, LEVEL_DB)[0]
    found: list[list[Row]] = []
    # On the border of a frame, across one, and on no border of anything.
    for start in (
        2 * FRAME_S,
        3 * FRAME_S - round(meter.rate * duration / 2) / meter.rate,
        0.3 + 7 / meter.rate,
    ):
        signal = Signal(BURST_HZ, LEVEL_DB, max(start, 0.0), duration)
        frames = meter.hear(signal, math.ceil((signal.start_s + duration) / FRAME_S + 2) * FRAME_S)
        measured = {
            "F": max(frame.lafmax for frame in frames),
            "S": max(frame.lasmax for frame in frames),
            "E": exposure(frame.laeq for frame in frames),
        }
        names = {"F": "LAFmax - LA", "S": "LASmax - LA", "E": "LAE - LA"}
        found.append(
            [
                Row(
                    "toneburst",
                    names[line.quantity],
                    line.goal_db,
                    measured[line.quantity] - level,
                    line.limits,
                    burst_ms=line.ms,
                )
                for line in lines
            ]
        )
    return [worst(rows) for rows in zip(*found, strict=True)]


def peak(tables: Tables, _rate: int) -> Iterator[Step]:
    """Table 5: LCpeak of one period or half of one, less LC of the steady tone."""
    for line in tables.peak:
        yield partial(_peak, line)


def _peak(line: Peak, meter: Meter) -> list[Row]:
    level = steady(meter, line.hz, LEVEL_DB)[1]
    duration = (0.5 if "half" in line.signal else 1.0) / line.hz
    rows: list[Row] = []
    for quarter in range(4):
        start = 2.3 * FRAME_S + quarter / 4 / meter.rate
        signal = Signal(line.hz, LEVEL_DB, start, duration, negative="negative" in line.signal)
        highest = max(frame.lcpeak for frame in meter.hear(signal, 4 * FRAME_S))
        rows.append(
            Row(
                "C-weighted peak",
                f"LCpeak - LC, {line.signal}",
                line.goal_db,
                highest - level,
                line.limits,
                frequency_hz=line.hz,
            )
        )
    return [worst(rows)]


def decay(tables: Tables, _rate: int) -> Iterator[Step]:
    """How fast F and S fall when a tone ends."""

    def falling(quantity: str, seconds: float, level: Callable[[Frame], float], meter: Meter) -> list[Row]:
        sounding = 1.0
        frames = meter.hear(Signal(BURST_HZ, LEVEL_DB, 0.0, sounding), sounding + FRAME_S + seconds)
        after = frames[round(sounding / FRAME_S) :]
        slope = (level(after[0]) - level(after[-1])) / ((len(after) - 1) * FRAME_S)
        scalar = tables.scalars[f"decay of {quantity}"]
        return [
            Row("decay", f"{quantity}, dB/s", scalar.goal_db, slope, scalar.limits, frequency_hz=BURST_HZ)
        ]

    yield partial(falling, "F", 1.0, lambda frame: frame.laf)
    yield partial(falling, "S", 4.0, lambda frame: frame.las)


def agreement(tables: Tables, _rate: int) -> Iterator[Step]:
    """What must be the same of a steady tone of 1 kHz, and is."""

    def same(meter: Meter) -> list[Row]:
        frames = meter.hear(Signal(1000.0, REFERENCE_DB), 12.0)  # S is then within 0.0001 dB of its end
        a, c, z = averaged(frames[-FRAMES_PER_SECOND:])
        last = frames[-1]
        time, frequency = tables.scalars["time weightings"], tables.scalars["frequency weightings"]
        pairs = (
            ("LAS - LAF", last.las - last.laf, time),
            ("LAeq - LAF", a - last.laf, time),
            ("LCeq - LAeq", c - a, frequency),
            ("LZeq - LAeq", z - a, frequency),
        )
        return [
            Row("agreement", name, scalar.goal_db, measured, scalar.limits, frequency_hz=1000.0)
            for name, measured, scalar in pairs
        ]

    yield same


def linearity(tables: Tables, _rate: int) -> Iterator[Step]:
    """LA of tones from 30 dB to full scale, against what the change from the reference level makes of it."""
    scalar = tables.scalars["linearity"]

    def linear(hz: float, goal: float, level: float, meter: Meter) -> list[Row]:
        reference, measured = (
            averaged(meter.hear(Signal(hz, db), 12 * FRAME_S)[4:])[0] for db in (REFERENCE_DB, level)
        )
        expected = reference + level - REFERENCE_DB
        row = Row(
            "linearity", f"LA, {goal:.1f} dB", round(expected, 4), measured, scalar.limits, frequency_hz=hz
        )
        return [row]

    for line in tables.weighting:
        if line.nominal_hz in LINEARITY_HZ:
            weight = line.goals_db[0]
            for level in levels(FULL_SCALE_DB + weight):
                yield partial(linear, line.hz, level, level - weight)


def overload(tables: Tables, _rate: int) -> Iterator[Step]:
    """The level at which the overload flag comes: of a tone, and of the halves of a period."""
    half = 0.5 / OVERLOAD_HZ

    def tone(meter: Meter) -> list[Row]:
        scalar = tables.scalars["overload"]
        first = first_flagged(meter, lambda level: Signal(OVERLOAD_HZ, level))
        return [Row("overload", "tone", scalar.goal_db, first, scalar.limits, frequency_hz=OVERLOAD_HZ)]

    def halves(meter: Meter) -> list[Row]:
        scalar = tables.scalars["half cycles"]
        positive, negative = (
            first_flagged(
                meter, lambda level, down=down: Signal(OVERLOAD_HZ, level, 0.1, half, negative=down)
            )
            for down in (False, True)
        )
        return [
            Row(
                "overload",
                "positive - negative half cycle",
                scalar.goal_db,
                positive - negative,
                scalar.limits,
                frequency_hz=OVERLOAD_HZ,
            )
        ]

    yield tone
    yield halves


def noise(tables: Tables, _rate: int) -> Iterator[Step]:
    """What the arithmetic adds while wind shakes the microphone."""

    def rumble(meter: Meter) -> list[Row]:
        scalar = tables.scalars["noise"]
        measured = averaged(meter.hear(RUMBLE, 6.0)[2 * FRAMES_PER_SECOND :])[0]
        row = Row(
            "noise", "LAeq of the arithmetic", scalar.goal_db, measured, scalar.limits, frequency_hz=RUMBLE.hz
        )
        return [row]

    yield rumble


TESTS: Final[dict[str, Callable[[Tables, int], Iterator[Step]]]] = {
    "frequency weighting": weighting,
    "toneburst": toneburst,
    "C-weighted peak": peak,
    "decay": decay,
    "agreement": agreement,
    "linearity": linearity,
    "overload": overload,
    "noise": noise,
}


def steady(meter: Meter, hz: float, level_db: float) -> tuple[float, float, float]:
    """Return the levels A, C, Z of a steady tone."""
    settle, window = (8, 24) if hz < LOW_HZ else (4, 8)
    return averaged(meter.hear(Signal(hz, level_db), (settle + window) * FRAME_S)[settle:])


def averaged(frames: list[Frame]) -> tuple[float, float, float]:
    """Return the levels A, C, Z over `frames`; those at the ends count less, so that part of a period does not."""
    weights = [math.sin(math.pi * (index + 0.5) / len(frames)) ** 2 for index in range(len(frames))]

    def level(of: Iterable[float]) -> float:
        energy = sum(weight * 10 ** (value / 10) for weight, value in zip(weights, of, strict=True))
        return 10 * math.log10(energy / sum(weights))

    return (
        level(frame.laeq for frame in frames),
        level(frame.lceq for frame in frames),
        level(frame.lzeq for frame in frames),
    )


def exposure(laeq: Iterable[float]) -> float:
    """Return LAE of frames of the levels `laeq`."""
    return 10 * math.log10(sum(10 ** (level / 10) * FRAME_S for level in laeq))


def levels(highest: float) -> list[float]:
    """Return the levels of the linearity test up to `highest`."""
    low = [LOWEST_DB + step for step in range(5)]
    high = [highest - 5 + step for step in range(6)]
    count = math.ceil((high[0] - low[0]) / STEP_DB) - 1
    return [*low, *(LOWEST_DB + STEP_DB * (1 + step) for step in range(count)), *high]


def first_flagged(meter: Meter, signal: Callable[[float], Signal]) -> float:
    """Return the lowest level at which `signal` of it raises the overload flag, or an end of OVERLOAD_RANGE_DB."""
    low, high = OVERLOAD_RANGE_DB

    def flagged(level: float) -> bool:
        return any(frame.flags & OVERLOAD for frame in meter.hear(signal(level), 2 * FRAME_S))

    if flagged(low):
        return low
    while high - low > OVERLOAD_STEP_DB:
        middle = (low + high) / 2
        low, high = (low, middle) if flagged(middle) else (middle, high)
    return high


def worst(rows: Iterable[Row]) -> Row:
    """Return the row with the least margin."""
    return min(rows, key=lambda row: row.margin_db)
