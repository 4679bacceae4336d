"""What the summary of a clip says, on CPython."""

from types import SimpleNamespace

import pytest

from firmware.common import flags as flag
from firmware.sensor.event import Event, moment


def frame(laeq=60.0, lafmax=61.0, score=0.1, hz=0.0, behaviour="unknown", flags=0, **more):
    """Return an analysis as it is after a frame."""
    values = {"lasmax_db": lafmax - 1.0, "lceq_db": laeq + 6.0, "lcpeak_db": lafmax + 12.0, **more}
    return SimpleNamespace(
        laeq_db=laeq,
        lafmax_db=lafmax,
        score=score,
        firing_hz=hz,
        judge=lambda frames: (behaviour, f"over {frames} frames"),
        flags=flags,
        **values,
    )


def test_levels_count_over_the_whole_clip_the_seconds_before_the_trigger_included():
    """A steady 60 dB over ten seconds: LAeq 60, LAE 70, LCeq 66, and the maxima are found before the trigger."""
    event = Event([moment(frame())] * 31 + [moment(frame(lafmax=92.0))])
    for _ in range(48):
        event.add(frame())
    summary = event.summary()

    assert (summary["lafmax"], summary["lasmax"], summary["lcpeak"]) == (92.0, 91.0, 104.0)
    assert (summary["laeq"], summary["lceq"]) == (60.0, 66.0)
    assert summary["lae"] == pytest.approx(70.0, abs=0.05)


def test_behaviour_is_judged_over_the_clip_from_two_seconds_before_the_trigger():
    """Two seconds and the three frames since; the score is the highest."""
    event = Event([moment(frame())])
    for score, behaviour, hz in (
        (0.6, "revving", 90.0),
        (0.9, "acceleration", 180.0),
        (0.8, "steady_pass", 0.0),
    ):
        event.add(frame(score=score, behaviour=behaviour, hz=hz))
    summary = event.summary()

    assert (summary["behaviour"], summary["evidence"]) == ("steady_pass", "over 19 frames")
    assert summary["score"] == 0.9
    assert summary["firing_hz"] == [90.0, 180.0]


def test_a_flag_anywhere_in_the_clip_is_said():
    """One clipped frame marks the clip, before the trigger and after it; so does what belongs to no frame."""
    event = Event([moment(frame(flags=flag.UNDER_RANGE)), moment(frame())])
    event.add(frame())
    event.add(frame(flags=flag.OVERLOAD))
    event.add(frame())
    event.flag(flag.SAMPLES_LOST)

    assert event.summary()["flags"] == flag.UNDER_RANGE | flag.OVERLOAD | flag.SAMPLES_LOST
