"""What the summary of a clip says, on CPython."""

from types import SimpleNamespace

import pytest

from firmware.sensor.event import Event


def frame(laeq=60.0, lafmax=61.0, score=0.1, hz=0.0, behaviour="unknown", flags=0):
    """Return an analysis as it is after a frame."""
    return SimpleNamespace(
        laeq_db=laeq,
        lafmax_db=lafmax,
        score=score,
        firing_hz=hz,
        behaviour=behaviour,
        evidence=behaviour,
        flags=flags,
    )


def test_levels_count_over_the_whole_clip_the_seconds_before_the_trigger_included():
    """A steady 60 dB over ten seconds: LAeq 60, LAE 70, and the maximum is found before the trigger."""
    event = Event([(60.0, 61.0)] * 31 + [(60.0, 92.0)])
    for _ in range(48):
        event.add(frame())
    summary = event.summary()

    assert (summary["lafmax"], summary["laeq"]) == (92.0, 60.0)
    assert summary["lae"] == pytest.approx(70.0, abs=0.05)


def test_behaviour_is_that_of_the_frame_most_like_an_exhaust():
    """An unknown frame with a higher score does not take the word away."""
    event = Event([(60.0, 61.0)])
    for score, behaviour, hz in ((0.6, "revving", 90.0), (0.8, "acceleration", 180.0), (0.9, "unknown", 0.0)):
        event.add(frame(score=score, behaviour=behaviour, hz=hz))
    summary = event.summary()

    assert (summary["behaviour"], summary["score"]) == ("acceleration", 0.9)
    assert summary["firing_hz"] == [90.0, 180.0]


def test_an_overload_anywhere_is_said():
    """One clipped frame marks the clip."""
    event = Event([])
    event.add(frame())
    event.add(frame(flags=1))
    event.add(frame())

    assert event.summary()["overload"] is True
