"""A stretch of street: the same each time, and as loud as is said of it."""

import numpy as np
import pytest

from gateway.virtual.sound import a_weighted_fast_max_db
from gateway.virtual.street.scenario import LOUD_ENGINES, OTHERS, Scenario, loud_vehicle
from gateway.virtual.street.shaping import RATE


def test_a_scenario_is_the_same_each_time_and_says_what_happens_in_it():
    """The first event is a loud vehicle; each is as loud as is said of it, within the street's own noise."""
    scenario = Scenario(3, 45.0)
    heard = np.concatenate([block[0] for block in scenario])

    assert np.array_equal(heard, np.concatenate([block[0] for block in Scenario(3, 45.0)]))
    assert heard.size == 45 * RATE
    assert ["positive", "negative", "positive"] == [event.label for event in scenario.events]
    for event in scenario.events:
        part = heard[round(event.start_s * RATE) : round((event.start_s + event.duration_s) * RATE)]
        assert a_weighted_fast_max_db(part, RATE) == pytest.approx(event.lafmax_db, abs=0.5)
    assert np.abs(heard).max() < 1.0


def test_a_scenario_for_two_microphones_has_two_channels_that_differ():
    """Also of the sounds that are no vehicles."""
    heard = np.concatenate(list(Scenario(1, 26.0, channels=2)), axis=1)
    second = heard[:, 18 * RATE : 24 * RATE]

    assert heard.shape == (2, 26 * RATE)
    assert not np.array_equal(second[0], second[1])


@pytest.mark.parametrize("family", LOUD_ENGINES)
def test_every_loud_vehicle_of_a_scenario_can_be_heard(family):
    """Finite sound of the asked length, with one or two microphones."""
    for channels in (1, 2):
        heard, kind = loud_vehicle(family, 2.0, seed=4, channels=channels)

        assert heard.shape == (channels, 2 * RATE)
        assert np.isfinite(heard).all()
        assert kind in {"acceleration", "revving", "steady_pass"}


def test_a_scenario_brings_one_kind_after_the_other():
    """No vehicle and no sound twice before each has come once."""
    events = Scenario(2, 5.0 + 13.0 * 6).events
    vehicles = [event.kind.split()[0] for event in events if event.label == "positive"]
    others = [event.kind for event in events if event.label == "negative"]

    assert set(vehicles) <= set(LOUD_ENGINES)
    assert set(others) <= set(OTHERS)
    assert len(set(vehicles)) == len(set(others)) == 3
