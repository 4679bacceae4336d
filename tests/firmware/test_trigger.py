"""Level and signature, held, not again too soon, not too often."""

import math
from types import SimpleNamespace

import pytest

from firmware.sensor.trigger import FRAMES_PER_HOUR, Trigger


def trigger(**changes):
    """Return a trigger at 82 dB(A), signature 0.5, held 0.25 s, hold-off 10 s, six an hour."""
    settings = {
        "threshold_dba": 82.0,
        "signature_threshold": 0.5,
        "min_duration_s": 0.25,
        "hold_off_s": 10.0,
        "max_per_hour": 6,
    }
    return Trigger(SimpleNamespace(**{**settings, **changes}))


def fire(subject):
    """Give one event of one second and return how often it fired."""
    return sum(subject.frame(90.0, 0.9) for _ in range(8))


def quiet(subject, frames):
    """Give `frames` quiet frames."""
    for _ in range(frames):
        assert not subject.frame(50.0, 0.0)


def test_it_needs_level_and_signature_together():
    """Neither a loud siren nor a quiet engine is enough."""
    subject = trigger()

    assert not any(subject.frame(95.0, 0.1) for _ in range(100))
    assert not any(subject.frame(81.9, 0.99) for _ in range(100))
    assert fire(subject) == 1


def test_the_nearer_to_the_threshold_the_surer_the_signature_must_be():
    """At 3 dB over the threshold a score counts as it is; nearer to it less, up to 9 dB over it more, then no more."""
    subject = trigger()

    assert subject.weighed(85.0, 0.5) == pytest.approx(0.5)
    assert subject.weighed(82.0, 0.5) == pytest.approx(1 / (1 + math.exp(0.9)))
    assert subject.weighed(91.0, 0.5) == pytest.approx(1 / (1 + math.exp(-1.8)))
    assert subject.weighed(91.0, 0.5) == subject.weighed(120.0, 0.5)
    assert (0.0, 1.0) == (subject.weighed(100.0, 0.0), subject.weighed(82.0, 1.0))
    assert not any(subject.frame(82.1, 0.6) for _ in range(100))
    assert any(subject.frame(88.0, 0.4) for _ in range(100))


def test_it_fires_on_the_frame_that_completes_the_duration():
    """0.25 s are two frames."""
    subject = trigger()

    assert [False, True, False] == [subject.frame(90.0, 0.9) for _ in range(3)]


def test_a_gap_starts_the_duration_again():
    """One frame above is a clap, not an engine."""
    subject = trigger()

    assert not any(subject.frame(90.0, 0.9 * (index % 2)) for index in range(100))


def test_one_long_noise_is_one_event():
    """A minute of full throttle gives one clip, not one every hold-off."""
    subject = trigger()

    assert sum(subject.frame(90.0, 0.9) for _ in range(8 * 60)) == 1


def test_it_fires_again_after_the_hold_off():
    """A second vehicle within the hold-off is not a second clip; one after it is."""
    subject = trigger()

    assert fire(subject) == 1
    quiet(subject, 10)
    assert fire(subject) == 0
    quiet(subject, 80)
    assert fire(subject) == 1


def test_the_maximum_per_hour_binds_and_is_counted():
    """The seventh in an hour is refused; an hour later it is not."""
    subject = trigger()
    fired = 0
    for _ in range(8):
        fired += fire(subject)
        quiet(subject, 100)

    assert fired == 6
    assert subject.refused == 2
    quiet(subject, FRAMES_PER_HOUR)
    assert fire(subject) == 1
