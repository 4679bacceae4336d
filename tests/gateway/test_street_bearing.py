"""Bearing, direction and number of sources in simulated streets: the board's code on what two microphones hear.

The figures of docs/bearing.md are printed with `pytest -s`, and with STALENSTRAAT_EVENTS=100 in the environment for as
many events.
"""

import os
from dataclasses import replace

import numpy as np
import pytest

from gateway.clips.bearing import ENOUGH, LOUD_DB, Direction, judge
from gateway.clips.contents import BearingRecord, sensor_clip
from gateway.testing.clips import sensor_parts
from gateway.virtual import i2s
from gateway.virtual.interpreter import Interpreter, firmware_files
from gateway.virtual.level import a_weighted, a_weighted_fast_max_db
from gateway.virtual.street.background import quiet_street
from gateway.virtual.street.events import SPACING_M, crossing, positive

EVENTS = int(os.environ.get("STALENSTRAAT_EVENTS", "20"))
RATE = 48000
FRAME = RATE // 8
SNR_DB = (20.0, 40.0)  # LAFmax over LAeq of the street, of which each microphone hears its own
STANDS_DEG = 15.0
SINGLE, CROSSING = 1, 2

LISTENING = f"""
import struct
from ulab import numpy as np
from firmware.sensor.bearing import Bearing
from firmware.sensor.microphone import unpack
from firmware.sensor.transform import Transform
words = np.zeros(2400)
bearing = Bearing(words, {RATE}, {SPACING_M}, Transform())
def hear(data):
    found = []
    for block in range(len(data) // 9600):
        unpack(data[9600 * block : 9600 * block + 9600], words)
        bearing.block()
        if block % 5 == 4:
            bearing.end()
            found.append(
                struct.pack(
                    "<ffff", bearing.degrees, bearing.height, bearing.other_degrees, bearing.other_height
                )
            )
    return b"".join(found)
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60 + 10 * EVENTS)]


class Heard:
    """What a board said of `samples` (2, n) in a street, and the truth: bearings (vehicles, frames)."""

    def __init__(self, board: Interpreter, samples, bearing_deg, name: str, seed: int) -> None:
        rng = np.random.default_rng(seed)
        samples = samples[:, : samples.shape[1] // FRAME * FRAME] * (0.3 / np.abs(samples).max())
        street_dba = a_weighted_fast_max_db(samples[0], RATE) - rng.uniform(*SNR_DB)
        samples = samples + [
            quiet_street(samples.shape[1], seed=2 * seed + channel, dba=street_dba) for channel in range(2)
        ]
        words = i2s.words(samples)
        data = b"".join(
            board.call("listening.hear", words[at : at + 64 * FRAME])
            for at in range(0, len(words), 64 * FRAME)
        )
        found = np.frombuffer(data, "<f4").reshape(-1, 4).astype(float)
        power = a_weighted(samples[0], RATE).reshape(-1, FRAME) ** 2
        level_db = 100 + 10 * np.log10(power.mean(axis=1))
        clip = sensor_clip(sensor_parts(channels=2, seconds=len(found) / 8, first=0))
        records = zip(clip.trace, level_db, found, strict=True)
        trace = (replace(each, laeq_db=db, bearing=BearingRecord(*row)) for each, db, row in records)
        self.said = judge(replace(clip, trace=tuple(trace)))
        self.name = name
        self.loud = level_db > level_db.max() - LOUD_DB
        self.true = bearing_deg[:, : len(found)]
        self.error_deg = np.abs(found[:, 0] - self.true[0])[self.loud]

    @property
    def way_deg(self) -> float:
        """Return by how much the bearing of the vehicle changed while it was loud, positive to the right."""
        loud = np.flatnonzero(self.loud)
        return float(self.true[0, loud[-1]] - self.true[0, loud[0]])

    @property
    def direction(self) -> Direction:
        """Return the true one."""
        if abs(self.way_deg) < STANDS_DEG:
            return Direction.STANDING
        return Direction.LEFT_TO_RIGHT if self.way_deg > 0 else Direction.RIGHT_TO_LEFT


@pytest.fixture(scope="module")
def streets():
    """Return {SINGLE: vehicles alone, CROSSING: pairs of them that meet, one up to 6 dB weaker}."""
    with Interpreter(firmware_files()) as board:
        board.write_files({"listening.py": LISTENING.encode()})
        board.exec("import listening")
        events = [positive(seed, channels=2, part="all") for seed in range(EVENTS)]
        alone = [Heard(board, each.samples, each.bearing_deg, each.family, each.seed) for each in events]
        pairs = [crossing(seed, part="all") for seed in range(2 * EVENTS // 5)]
        two = [Heard(board, each.samples, each.bearing_deg, each.family, each.seed) for each in pairs]
    return {SINGLE: alone, CROSSING: two}


def test_bearings_are_within_five_degrees(streets):
    """Of the moments within 10 dB of the loudest, in houses' echoes, 20 to 40 dB over the street: nine of ten."""
    error = np.concatenate([each.error_deg for each in streets[SINGLE]])
    within = np.mean(error < 5)
    print(
        f"{error.size} loud moments of {EVENTS} vehicles: median error {np.median(error):.1f} degrees, "
        f"{100 * within:.0f} % within 5, 95 % within {np.percentile(error, 95):.1f}"
    )

    assert np.median(error) < 2
    assert within > 0.88


def test_the_direction_is_right_in_nineteen_of_twenty(streets):
    """Left, right or standing, of all that are loud for half a second; what is shorter is said to be not known."""
    long = [each for each in streets[SINGLE] if each.loud.sum() >= ENOUGH]
    wrong = [each for each in long if each.said.direction != each.direction]
    print(f"direction: {len(long) - len(wrong)} of {len(long)} right")
    for each in wrong:
        print(f"  {each.name}: {each.way_deg:+.0f} degrees, said {each.said.direction}: {each.said.reason}")

    assert len(long) >= 0.8 * EVENTS
    assert len(wrong) <= 0.05 * len(long)
    for each in streets[SINGLE]:
        assert each in long or each.said.direction is Direction.UNKNOWN


def test_one_vehicle_is_one_and_two_that_cross_are_not(streets):
    """Of vehicles alone nine of ten, whatever the echoes; of crossing ones three of four: one may hide."""
    long = [each for each in streets[SINGLE] if each.loud.sum() >= ENOUGH]
    doubted = [each for each in long if each.said.single_source is not True]
    seen = [each for each in streets[CROSSING] if each.said.single_source is False]
    print(
        f"alone: {len(long) - len(doubted)} of {len(long)} are one source; "
        f"crossing: {len(seen)} of {len(streets[CROSSING])} are several"
    )
    for each in [*doubted, *(each for each in streets[CROSSING] if each not in seen)]:
        print(f"  {each.name}: {each.said.evidence}")

    assert len(doubted) <= 0.1 * len(long)
    assert len(seen) >= 0.75 * len(streets[CROSSING])
