"""Events of the street simulator: what physics and the labels promise of each, and that they are the same each time."""

import numpy as np
import pytest

from gateway.virtual.street.engines.families import FAMILIES, HELD_OUT_FAMILIES, TRAIN_FAMILIES
from gateway.virtual.street.events import SPACING_M, Event, negative, positive
from gateway.virtual.street.lookalikes import HELD_OUT_LOOKALIKES, LOOKALIKES, TRAIN_LOOKALIKES
from gateway.virtual.street.places import HELD_OUT_PLACES, TRAIN_PLACES, place

RATE = 48_000
BEHAVIOURS = {"revving", "acceleration", "steady_pass", "idling", "pops", "unknown"}


def check(event: Event, channels: int = 1):
    """Assert what every event promises."""
    frames = event.samples.shape[1] // (RATE // 8)
    assert event.samples.shape[0] == channels
    assert np.isfinite(event.samples).all()
    assert np.abs(event.samples).max() == pytest.approx(1.0)
    assert event.firing_hz.shape == (frames,)
    assert event.bearing_deg.shape[1:] == event.speed_m_s.shape[1:] == (frames,)
    assert np.abs(event.bearing_deg).max(initial=0.0) <= 90.0
    assert event.behaviour in BEHAVIOURS


@pytest.mark.parametrize("make", [positive, negative])
def test_an_event_is_the_same_to_the_bit_for_the_same_seed(make):
    """Samples and truth; another seed gives another event."""
    first, again, other = make(7), make(7), make(8)

    assert np.array_equal(first.samples, again.samples)
    assert np.array_equal(first.firing_hz, again.firing_hz)
    assert not np.array_equal(first.samples[:, :1000], other.samples[:, :1000])


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_heard_and_labelled(family):
    """Finite, positive, with a firing frequency that its engine can have."""
    event = positive(3, families=[family])

    check(event)
    assert event.label == "positive"
    assert event.family == family
    assert 5.0 < event.firing_hz.max() < 1100.0


@pytest.mark.parametrize("family", sorted(LOOKALIKES))
def test_every_look_alike_is_heard_the_same_each_time(family):
    """Finite, of the asked length, by two microphones, to the bit."""
    first, again = (
        LOOKALIKES[family].heard(1.0, place("square", rng), rng, SPACING_M)
        for rng in (np.random.default_rng(3), np.random.default_rng(3))
    )

    assert first.samples.shape == (2, RATE)
    assert np.isfinite(first.samples).all()
    assert np.std(first.samples) > 0.0
    assert np.array_equal(first.samples, again.samples)
    assert first.firing_hz.shape == (8,)


def test_a_look_alike_is_labelled():
    """Negative, of the class that its family is of."""
    event = negative(3, families=["tram"])

    check(event)
    assert event.label == "negative"
    assert event.kind == "tram"
    assert event.firing_hz.max() == 0.0


def test_what_is_judged_by_is_not_learnt_from():
    """Engines, streets and look-alikes of the two parts have nothing in common."""
    assert not set(TRAIN_FAMILIES) & set(HELD_OUT_FAMILIES)
    assert not set(TRAIN_LOOKALIKES) & set(HELD_OUT_LOOKALIKES)
    assert not set(TRAIN_PLACES) & set(HELD_OUT_PLACES)
    for seed in range(3):
        assert positive(seed, part="held_out").family in HELD_OUT_FAMILIES
        assert negative(seed, part="held_out").place in HELD_OUT_PLACES


def test_two_microphones_hear_two_channels():
    """With the same truth as one."""
    event = positive(5, channels=2)

    check(event, channels=2)
    assert np.array_equal(event.firing_hz > 0, positive(5).firing_hz > 0)
