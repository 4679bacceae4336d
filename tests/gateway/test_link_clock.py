"""The clock model: its bound holds for simulated counters with drift, jitter and one-sided delays."""

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.link.clock import MAX_PPM, PATIENCE, ClockModel
from gateway.timing import MILLISECOND_NS, SECOND_NS

PERIOD_NS = 983_900_000


class Counter:
    """A board's counter: `ticks` at a true time, `ppm` too fast."""

    def __init__(self, hz: int, ppm: float, start_ns: int) -> None:
        self.hz = hz
        self.ppm = ppm
        self.start_ns = start_ns

    def ticks(self, at_ns: float) -> int:
        """Return the count at `at_ns`."""
        return int((at_ns - self.start_ns) * self.hz * (1 + self.ppm / 1e6) / SECOND_NS)


def feed(
    model: ClockModel, counter: Counter, *, count: int, seed: int, there_ms: float, back_ms: float
) -> int:
    """Ask `count` times with random delays up to `there_ms` and `back_ms`; return the last time."""
    chance = random.Random(seed)
    now = 100 * SECOND_NS
    for _ in range(count):
        answered = now + chance.uniform(0.05, there_ms) * MILLISECOND_NS
        received = answered + chance.uniform(0.05, back_ms) * MILLISECOND_NS
        model.feed(now, round(received), counter.ticks(answered))
        now += PERIOD_NS
    return now


@settings(deadline=None, max_examples=60)
@example(hz=48000, ppm=0.0, count=78, seed=80, there_ms=0.125, back_ms=26.0)  # one way is slow
@given(
    hz=st.sampled_from([48000, 1_000_000]),
    ppm=st.floats(-100, 100),
    count=st.integers(1, 90),
    seed=st.integers(0, 10_000),
    there_ms=st.floats(0.1, 30),
    back_ms=st.floats(0.1, 30),
)
def test_the_true_time_is_within_the_stated_uncertainty(
    hz: int, ppm: float, count: int, seed: int, there_ms: float, back_ms: float
) -> None:
    """For an edge around the newest samples the error never exceeds the bound."""
    counter = Counter(hz, ppm, 3 * SECOND_NS)
    model = ClockModel(hz)
    now = feed(model, counter, count=count, seed=seed, there_ms=there_ms, back_ms=back_ms)
    for back_s in (0, 5, 20):
        true_ns = now - back_s * SECOND_NS
        ticks = counter.ticks(true_ns)

        assert abs(model.to_host_ns(ticks) - true_ns) <= model.uncertainty_ns(ticks)


def test_a_minute_of_samples_over_usb_gives_a_millisecond_and_the_drift() -> None:
    """With round trips of a few milliseconds the bound is small and the rate is found."""
    counter = Counter(48000, 43.0, 0)
    model = ClockModel(48000)
    feed(model, counter, count=64, seed=1, there_ms=3, back_ms=3)

    assert model.uncertainty_ns() < 2 * MILLISECOND_NS
    assert model.drift_ppm == pytest.approx(43.0, abs=10.0)


def test_one_sample_gives_an_estimate_that_is_as_unsure_as_its_round_trip() -> None:
    """Before there is more, the middle of the only round trip counts, and half of it is the bound."""
    model = ClockModel(1_000_000)
    model.feed(1000 * MILLISECOND_NS, 1040 * MILLISECOND_NS, 5_000_000)

    assert model.to_host_ns(5_000_000) == 1020 * MILLISECOND_NS
    assert model.drift_ppm is None
    assert 20 * MILLISECOND_NS <= model.uncertainty_ns(5_000_000) <= 21 * MILLISECOND_NS
    assert model.uncertainty_ns(15_000_000) > model.uncertainty_ns(5_000_000) + 2 * MILLISECOND_NS


def test_before_the_first_sample_nothing_is_made_up() -> None:
    """Asking too early is an error, not a zero."""
    model = ClockModel(48000)

    assert not model.known
    with pytest.raises(ValueError, match="not been asked"):
        model.to_host_ns(0)


def test_an_impossible_sample_changes_nothing() -> None:
    """A counter that is seconds off for one answer is refused."""
    counter = Counter(48000, 0.0, 0)
    model = ClockModel(48000)
    now = feed(model, counter, count=20, seed=2, there_ms=2, back_ms=2)
    before = model.to_host_ns(counter.ticks(now))

    assert not model.feed(now, now + MILLISECOND_NS, counter.ticks(now) + 5 * 48000)
    assert model.to_host_ns(counter.ticks(now)) == before


def test_a_counter_that_jumped_for_good_is_believed_after_some_answers() -> None:
    """A board that restarted unnoticed is followed again, with a new model."""
    model = ClockModel(48000)
    now = feed(model, Counter(48000, 0.0, 0), count=20, seed=3, there_ms=2, back_ms=2)
    restarted = Counter(48000, 0.0, now)
    for _ in range(PATIENCE + 1):
        now += PERIOD_NS
        model.feed(now, now + MILLISECOND_NS, restarted.ticks(now))

    assert model.restarts == 1
    assert abs(model.to_host_ns(restarted.ticks(now)) - now) <= model.uncertainty_ns()


def test_a_rate_that_no_crystal_has_is_not_believed() -> None:
    """The estimated rate stays within the bound for real boards."""
    model = ClockModel(48000)
    feed(model, Counter(48000, 290.0, 0), count=64, seed=4, there_ms=1, back_ms=1)

    assert model.drift_ppm is None or abs(model.drift_ppm) <= MAX_PPM
