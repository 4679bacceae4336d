"""What the track of the firing frequency says of the driving. Pure: runs on CPython too."""

import math

import pytest

from firmware.sensor.behaviour import FRAMES, Behaviour


def judged(track, levels=None, bangs=(), frames=24):
    """Return (behaviour, evidence) after `track` (Hz a frame) at `levels` (dB), with a bang in each of `bangs`."""
    behaviour = Behaviour()
    for index, hz in enumerate(track):
        behaviour.add(hz, levels[index] if levels else 80.0, bangs.count(index))
    return behaviour.judge(frames)


RISE = [40.0 * 1.04**step for step in range(12)]


@pytest.mark.parametrize(
    ("expected", "track", "levels"),
    [
        ("revving", RISE + RISE[::-1], None),
        ("acceleration", RISE, None),
        ("steady_pass", [100.0] * 12 + [94.0] * 12, [70.0 + index for index in range(12)] + [82.0] * 12),
        ("idling", [28.0] * 24, None),
        ("unknown", [0.0] * 24, None),
        ("unknown", [0.0] * 20 + [60.0] * 4, None),
        ("unknown", RISE[::-1], None),
    ],
)
def test_each_way_of_driving_has_its_track(expected, track, levels):
    """Rises and falls, rises, stays with a changing level, stays low and even; else nothing is claimed."""
    assert expected == judged(track, levels)[0]


def test_an_idling_frequency_that_gets_louder_is_a_pass():
    """A slow engine that comes nearer is not parked."""
    assert "steady_pass" == judged([30.0] * 24, [60.0 + index for index in range(24)])[0]


def test_a_jump_to_another_series_is_not_taken_for_an_engine():
    """From 70 to 30 Hz in an eighth of a second no engine goes: only what comes after counts."""
    assert "idling" == judged([70.0] * 12 + [30.0] * 12)[0]


def test_a_tracker_that_hops_between_parts_of_a_series_changes_nothing():
    """Half and a third of the frequency fit the orders too; the usual one is named."""
    hops = [127.0, 63.5, 126.0, 125.0, 41.6, 124.0, 112.0, 110.0, 55.0, 110.0, 110.0, 109.0]
    assert (
        "steady_pass",
        "firing frequency from 127 to 109 Hz in 1.5 s, level changing by 0.0 dB",
    ) == judged(hops)


def test_only_the_last_three_seconds_count():
    """A rev that is over is not told again."""
    assert "idling" == judged(RISE + [30.0] * FRAMES)[0]


def test_the_evidence_names_the_frequencies():
    """What is claimed can be checked by ear."""
    behaviour, evidence = judged(RISE)
    assert ("acceleration", "firing frequency rose from 40 to 61 Hz in 1.4 s") == (behaviour, evidence)


def test_revs_are_counted():
    """Three times up in half a second and down in one."""
    rev = [40.0, 55.0, 75.0, 100.0, 90.0, 80.0, 70.0, 60.0, 50.0, 40.0]
    assert (
        "revving",
        "firing frequency rose from 40 to 100 Hz in 0.4 s, three times, and fell again",
    ) == judged(rev * 3, frames=30)


def test_a_gear_change_is_no_rev():
    """The engine drops to the next gear's speed within a moment, and pulls on."""
    first = [60.0 * 1.05**step for step in range(16)]
    second = [first[-1] * 0.68 * 1.03**step for step in range(16)]
    assert ("acceleration", "firing frequency rose from 60 to 132 Hz in 3.9 s, with 1 gear change") == judged(
        first + second, frames=32
    )


def test_bangs_on_the_overrun_are_pops():
    """They are counted, and the engine slows down meanwhile; one bang alone says nothing."""
    falling = [140.0 * 0.965**step for step in range(20)]
    assert ("pops", "5 bangs in 2.1 s while the firing frequency fell from 140 to 71 Hz") == judged(
        falling, bangs=(2, 5, 9, 14, 18)
    )
    assert "unknown" == judged(falling, bangs=(9,))[0]


def test_bangs_need_no_track():
    """A backfire has no firing frequency."""
    assert ("pops", "3 bangs in 1.1 s") == judged([0.0] * 24, bangs=(4, 7, 12))


def test_a_level_that_leaps_and_drops_is_a_rev_without_a_track():
    """Up by 18 dB in a quarter of a second, and down again, twice: no vehicle comes and goes like that."""
    levels = ([60.0] * 5 + [70.0, 78.0, 78.0, 78.0, 70.0, 63.0] + [60.0] * 5) * 2
    assert ("revving", "level rose by 18 dB in 0.2 s, twice, and fell again") == judged(
        [0.0] * len(levels), levels, frames=len(levels)
    )


def test_a_pass_by_is_no_leap():
    """At 72 km/h, 8 m away: 12 dB up and down in two seconds each."""
    levels = [82.0 - 10.0 * math.log10(1.0 + (2.5 * (frame - 24) / 8) ** 2) for frame in range(48)]
    track = [105.0] * 24 + [94.0] * 24
    assert "steady_pass" == judged(track, levels, frames=48)[0]
    assert "unknown" == judged([0.0] * 48, levels, frames=48)[0]
