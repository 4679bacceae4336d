"""Percentile levels against numpy's own, over time that is cut, doubled and marked."""

import numpy as np
import pytest

from firmware.common import flags as flag
from gateway.service.percentiles import HOUR_S, TEN_MINUTES_S, Percentiles

RATE = 48000
FRAME = RATE // 8


def street(seconds: int, seed: int = 1) -> np.ndarray:
    """LAF of a street every 125 ms: a steady background and cars."""
    rng = np.random.default_rng(seed)
    return 45.0 + rng.normal(0, 1.0, seconds * 8) + 20.0 * (rng.random(seconds * 8) > 0.8)


def fill(percentiles: Percentiles, levels: np.ndarray, first: int = 0, flags: int = 0) -> None:
    """Add `levels` as the frames from number `first`."""
    for number, level in enumerate(levels, start=first):
        percentiles.add(number * FRAME, float(level), flags)


def test_levels_are_those_that_so_many_percent_of_the_frames_exceed() -> None:
    """Within a class of 0.1 dB of the sorted frames; the newest ten minutes, and the hour, exactly."""
    levels = street(4000)
    percentiles = Percentiles(RATE)
    fill(percentiles, levels)
    for seconds in (TEN_MINUTES_S, HOUR_S):
        found = percentiles.over(seconds)
        newest = levels[-seconds * 8 :]
        assert found is not None
        assert (found.over_s, found.frames, found.left_out) == (seconds, seconds * 8, 0)
        for percent, level in (
            (10, found.la10_db),
            (50, found.la50_db),
            (90, found.la90_db),
            (95, found.la95_db),
        ):
            assert level == pytest.approx(np.percentile(newest, 100 - percent), abs=0.11), percent


def test_nothing_is_said_of_less_than_a_minute() -> None:
    """And of a minute, all of it, with how long it was."""
    percentiles = Percentiles(RATE)
    assert percentiles.over(HOUR_S) is None
    fill(percentiles, street(59))
    assert percentiles.over(HOUR_S) is None
    assert percentiles.heard_s() == 59.0
    fill(percentiles, street(61), first=59 * 8)
    found = percentiles.over(HOUR_S)
    assert found is not None
    assert found.over_s == 120.0


def test_the_time_before_an_event_ends_at_its_first_sample() -> None:
    """What the event adds afterwards changes nothing, also when it comes before the question."""
    percentiles = Percentiles(RATE)
    fill(percentiles, np.full(600 * 8, 44.0))
    fill(percentiles, np.full(600 * 8, 95.0), first=600 * 8)
    found = percentiles.over(HOUR_S, until=600 * RATE)
    assert found is not None
    assert (found.la95_db, found.la10_db, found.over_s) == (44.0, 44.0, 600.0)
    assert percentiles.heard_s(until=600 * RATE) == 600.0


def test_frames_with_a_flag_are_left_out_except_where_only_the_range_ended() -> None:
    """A floating line is no street; an overload is loud all the same, and under-range is quiet."""
    percentiles = Percentiles(RATE)
    fill(percentiles, np.full(800, 45.0))
    fill(percentiles, np.full(800, 100.0), first=800, flags=flag.FLOATING)
    fill(percentiles, np.full(800, 30.0), first=1600, flags=flag.UNDER_RANGE)
    fill(percentiles, np.full(800, 120.0), first=2400, flags=flag.OVERLOAD | flag.CLIPPED)
    found = percentiles.over(HOUR_S)
    assert found is not None
    assert (found.frames, found.left_out) == (1600, 1600)
    assert (found.la10_db, found.la90_db) == (45.0, 30.0)


def test_a_gap_on_the_line_is_a_gap_and_an_hour_without_a_frame_forgets_all() -> None:
    """Missing frames are neither loud nor quiet; a frame that comes twice counts once."""
    percentiles = Percentiles(RATE)
    fill(percentiles, np.full(800, 45.0))
    fill(percentiles, np.full(800, 55.0), first=1600)
    fill(percentiles, np.full(800, 99.0), first=1600)
    found = percentiles.over(HOUR_S)
    assert found is not None
    assert (found.frames, found.over_s, found.la10_db, found.la95_db) == (1600, 300.0, 55.0, 45.0)
    percentiles.add(10_000_000 * FRAME, 60.0, 0)
    assert percentiles.over(HOUR_S) is None


def test_levels_beyond_the_classes_are_at_their_ends() -> None:
    """Digital silence and nonsense make no error."""
    percentiles = Percentiles(RATE)
    fill(percentiles, np.array([-200.0, 900.0] * 400))
    found = percentiles.over(HOUR_S)
    assert found is not None
    assert (found.la10_db, found.la95_db) == (149.9, 0.0)
