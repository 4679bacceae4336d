"""The street simulator: what physics says of it, and that it is the same each time."""

from dataclasses import replace

import numpy as np
import pytest

from gateway.virtual.sound import a_weighted_fast_max_db
from gateway.virtual.street import driving
from gateway.virtual.street.distractors import DISTRACTORS
from gateway.virtual.street.engine import ENGINES, RATE, exhaust
from gateway.virtual.street.passby import SPEED_OF_SOUND, Path, between_houses, passing
from gateway.virtual.street.scenario import LOUD_ENGINES, Scenario, loud_vehicle


def peaks_hz(x, *, below=1000.0):
    """Return frequencies and powers of `x`, up to `below` Hz."""
    window = np.hanning(x.size)
    power = np.abs(np.fft.rfft(x * window)) ** 2
    hz = np.fft.rfftfreq(x.size, 1 / RATE)
    return hz[hz < below], power[hz < below]


@pytest.mark.parametrize(
    ("name", "rpm", "expected"), [("four", 6000, 200.0), ("single", 6000, 50.0), ("moped", 6000, 100.0)]
)
def test_an_engine_sounds_at_its_firing_frequency_and_its_orders(name, rpm, expected):
    """Of all series below 1 kHz, the one of the firing frequency carries more than its half and its neighbours."""
    engine = ENGINES[name]
    size = 2 * RATE
    x = exhaust(engine, np.full(size, float(rpm)), np.ones(size), seed=1)
    hz, power = peaks_hz(x)

    def comb(base):
        return sum(power[np.abs(hz - k * base).argmin()] for k in range(1, int(900 / base)))

    assert expected == pytest.approx(engine.firing_hz(rpm))
    assert comb(expected) > 10 * comb(expected * 1.13)
    assert comb(expected) > 10 * comb(expected / 1.13)


def test_unequal_cylinders_make_half_orders_and_equal_ones_do_not():
    """A V-twin's uneven spacing is heard at half its firing frequency."""
    size = 2 * RATE
    shares = []
    for unevenness in (0.0, 0.2):
        engine = ENGINES["v_twin"].__class__("twin", 2, unevenness=unevenness, scatter=0.0, noise=0.0)
        hz, power = peaks_hz(exhaust(engine, np.full(size, 6000.0), np.ones(size), seed=1))
        shares.append(power[np.abs(hz - 50.0).argmin()] / power[np.abs(hz - 100.0).argmin()])

    assert shares[1] > 20 * shares[0]


def test_open_throttle_is_louder_and_sharper():
    """More load, more of everything, and most of all above 1 kHz: the front of a pulse gets steep."""
    size = 2 * RATE
    low, high = [], []
    for load in (0.1, 1.0):
        x = exhaust(ENGINES["single"], np.full(size, 4000.0), np.full(size, load), seed=1)
        power, hz = np.abs(np.fft.rfft(x)) ** 2, np.fft.rfftfreq(size, 1 / RATE)
        low.append(10 * np.log10(power[hz < 500].sum()))
        high.append(10 * np.log10(power[(hz > 1000) & (hz < 4000)].sum()))

    assert low[1] > low[0] + 6
    assert high[1] - high[0] > low[1] - low[0] + 3


def test_pops_come_on_the_overrun_only():
    """With the throttle shut at high speed, and not while it is open or the engine idles."""
    engine = ENGINES["sports_car"]
    silent = replace(engine, pops_per_s=0.0)
    size = 4 * RATE
    for rpm, load, expected in ((0.8, 0.0, True), (0.8, 1.0, False), (0.2, 0.0, False)):
        speed, throttle = np.full(size, rpm * engine.top_rpm), np.full(size, load)
        difference = exhaust(engine, speed, throttle, seed=1) - exhaust(silent, speed, throttle, seed=1)
        assert bool(np.any(difference)) == expected


def test_every_engine_has_a_spectrum_like_the_recorded_ones():
    """Strongest from 63 to 400 Hz, 3 to 30 dB less around 1 kHz, little left at 10 kHz."""
    size = 2 * RATE
    hz = np.fft.rfftfreq(size, 1 / RATE)
    for name in LOUD_ENGINES:
        engine = ENGINES[name]
        power = (
            np.abs(np.fft.rfft(exhaust(engine, np.full(size, 0.6 * engine.top_rpm), np.ones(size), seed=2)))
            ** 2
        )
        boom, middle, top = (
            10 * np.log10(power[(hz > first) & (hz < last)].sum())
            for first, last in ((63, 400), (800, 1600), (8000, 16000))
        )
        assert 3 < boom - middle < 30, name
        assert boom - top > 12, name


@pytest.mark.parametrize("distance", [5.0, 10.0, 20.0])
def test_pressure_falls_with_distance(distance):
    """6 dB for each doubling, at a standstill, far against the height."""
    # Low enough for the road's reflection to arrive in step with the direct sound.
    source = np.sin(2 * np.pi * 50 * np.arange(RATE) / RATE)
    near, far = (
        passing(source, Path(0.5, speed_m_s=1e-6, distance_m=metres, height_m=0.0))[0]
        for metres in (distance, 2 * distance)
    )
    ratio = 10 * np.log10(np.mean(near[9600:] ** 2) / np.mean(far[9600:] ** 2))

    assert ratio == pytest.approx(6.0, abs=0.2)


def test_a_tone_that_passes_falls_by_the_doppler_ratio():
    """(1 + v/c) / (1 - v/c) between far before and far after."""
    speed = 20.0
    t = np.arange(8 * RATE) / RATE
    heard = passing(np.sin(2 * np.pi * 500 * t), Path(4.0, speed_m_s=speed, distance_m=3.0, height_m=0.0))[0]

    def tone(part):
        hz, power = peaks_hz(part)
        return hz[power.argmax()]

    ratio = tone(heard[RATE // 2 : 2 * RATE]) / tone(heard[-2 * RATE : -RATE // 2])
    assert ratio == pytest.approx((1 + speed / SPEED_OF_SOUND) / (1 - speed / SPEED_OF_SOUND), rel=0.01)


def test_two_microphones_hear_a_vehicle_from_its_side():
    """From left to right: the left one first hears it earlier, then later."""
    source = np.random.default_rng(2).standard_normal(6 * RATE)
    left, right = passing(source, Path(3.0, speed_m_s=15.0), spacing_m=0.2)

    def lag(start, stop):
        a, b = left[start:stop], right[start:stop]
        shifts = range(-40, 41)
        return shifts[int(np.argmax([np.dot(a[50:-50], np.roll(b, -shift)[50:-50]) for shift in shifts]))]

    assert lag(RATE // 2, RATE) > 10
    assert lag(5 * RATE, 5 * RATE + RATE // 2) < -10


def test_houses_answer_later_and_weaker():
    """A crack is followed by a tail 9 dB weaker in all, which has died away within a second, each channel its own."""
    crack = np.zeros((2, 2 * RATE))
    crack[:, 100] = 1.0
    heard = between_houses(crack, seed=1)
    tail = heard - crack

    assert np.abs(tail[:, : 100 + RATE // 40]).max() < 1e-3
    assert 10 * np.log10(np.sum(tail[0] ** 2)) == pytest.approx(-16, abs=4)  # white sound loses its high end
    assert np.sum(tail[0, RATE:] ** 2) < 1e-5 * np.sum(tail[0] ** 2)
    assert abs(np.corrcoef(tail[0], tail[1])[0, 1]) < 0.1


def test_a_rev_goes_up_fast_and_comes_down():
    """Between idling and most of the highest speed, several times in six seconds."""
    engine = ENGINES["four"]
    rpm, load = driving.revving(engine, 6.0, seed=1)
    crossings = np.count_nonzero(np.diff(rpm > 0.5 * engine.top_rpm))

    assert rpm.max() <= engine.top_rpm
    assert rpm.min() >= engine.idle_rpm * 0.99
    assert crossings >= 4
    assert 0.0 <= load.min() <= load.max() <= 1.0


@pytest.mark.parametrize("kind", sorted(DISTRACTORS))
def test_every_other_sound_is_finite_loud_and_the_same_each_time(kind):
    """Same seed, same samples; another seed, other samples."""
    first, again, other = (DISTRACTORS[kind](2.0, seed=seed) for seed in (1, 1, 2))

    assert np.isfinite(first).all()
    assert first.size == 2 * RATE
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.mean(first**2) > 0


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


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_every_engine_can_be_driven_for_noise(name):
    """Finite sound of the asked length, with one or two microphones."""
    for channels in (1, 2):
        heard, kind = loud_vehicle(name, 3.0, seed=4, channels=channels)

        assert heard.shape == (channels, 3 * RATE)
        assert np.isfinite(heard).all()
        assert kind in {"acceleration", "revving", "steady_pass"}
