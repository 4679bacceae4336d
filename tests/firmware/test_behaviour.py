"""What the track of the firing frequency says of the driving. Pure: runs on CPython too."""

import pytest

from firmware.sensor.behaviour import FRAMES, Behaviour


def judged(track, levels=None):
    """Return (behaviour, evidence) after `track` (Hz a frame) at `levels` (dB)."""
    behaviour = Behaviour()
    for index, hz in enumerate(track):
        behaviour.add(hz, levels[index] if levels else 80.0)
    return behaviour.judge()


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
