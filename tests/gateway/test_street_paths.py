"""What paths, places and recording do to a sound: Doppler, distance, delay, answers, bands."""

import numpy as np
import pytest

from gateway.virtual.street import manoeuvres, paths
from gateway.virtual.street.engines.families import engine
from gateway.virtual.street.events import crossing, idling
from gateway.virtual.street.places import Place, place, reverberant
from gateway.virtual.street.recording_chain import (
    HELD_OUT_BACKGROUNDS,
    TRAIN_BACKGROUNDS,
    Chain,
    background,
    chain,
    over_background,
)
from gateway.virtual.street.shaping import CONTROL, CONTROL_HZ, RATE
from gateway.virtual.street.vehicles import LEAD_S, in_street

PLAIN = Chain(0.0, 1, 0.0, (1000.0, 1.0, 0.0), 0.0, 1.0, soft=False, band_hz=0.0, clock=1.0)


def tone(hz: float, seconds: float):
    """Return a sine."""
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)


def frequency(x):
    """Return the frequency of the strongest tone of `x`."""
    return float(np.abs(np.fft.rfft(x * np.hanning(x.size), 8 * x.size)).argmax()) * RATE / (8 * x.size)


def test_a_tone_that_passes_falls_by_the_doppler_ratio():
    """(1 + v/c) / (1 - v/c) between far before and far after, and the arrival says so too."""
    speed, n = 20.0, 8 * RATE
    way = np.arange(n // CONTROL + int(LEAD_S * CONTROL_HZ) + 2) / CONTROL_HZ * speed
    path = paths.straight(way, nearest_m=90.0, distance_m=3.0, below_m=0.0, to_right=True)
    coming = paths.arrival(path, n, LEAD_S)
    x = paths.received(tone(500.0, 8.6), coming, n)
    expected = (1 + speed / paths.SPEED_OF_SOUND) / (1 - speed / paths.SPEED_OF_SOUND)

    assert frequency(x[:RATE]) / frequency(x[-RATE:]) == pytest.approx(expected, rel=2e-3)
    assert coming.doppler()[10] / coming.doppler()[-10] == pytest.approx(expected, rel=2e-3)


def test_pressure_falls_with_distance_and_sound_takes_its_time():
    """Half at twice the distance; 34.3 m are a tenth of a second."""
    click = np.zeros(RATE)
    click[1000] = 1.0
    near, far = (
        paths.received(
            click,
            paths.arrival(
                paths.standing(RATE // CONTROL + 300, x_m=0.0, distance_m=metres, below_m=0.0), RATE, 0.0
            ),
            RATE,
        )
        for metres in (17.15, 34.3)
    )

    assert np.abs(far).argmax() - np.abs(near).argmax() == pytest.approx(0.05 * RATE, abs=1)
    assert np.sum(far) / np.sum(near) == pytest.approx(0.5, rel=1e-3)


def test_bearing_is_what_two_microphones_hear():
    """The later microphone is the farther one, by spacing times sine of the bearing over c."""
    size = RATE // CONTROL + 300
    path = paths.standing(size, x_m=8.0, distance_m=6.0, below_m=2.0)
    left, right = (paths.arrival(path, RATE, 0.0, offset) for offset in (-0.1, 0.1))
    lag = float(right.left_s[-1] - left.left_s[-1])
    bearing = float(paths.bearing_deg(path, np.array([0.1]))[0])

    assert lag == pytest.approx(0.2 * np.sin(np.radians(bearing)) / paths.SPEED_OF_SOUND, rel=1e-3)


def test_a_corner_is_turned_without_a_jump():
    """The way along the path is the way driven, and the houses hide what is in the side street."""
    way = np.linspace(0.0, 60.0, 3000)
    path = paths.round_a_corner(way, corner_m=20.0, corner_x_m=-15.0, distance_m=6.0, below_m=2.0)
    driven = np.cumsum(np.hypot(np.diff(path.x), np.diff(path.y)))

    assert driven == pytest.approx(way[1:], abs=0.05)
    assert path.clear[0] == 0.0
    assert path.clear[-1] == 1.0
    assert path.x[-1] > 0.0


def test_houses_answer_later_and_weaker_and_die_away():
    """A crack: the tail carries what is said of it, each microphone its own, gone after the decay."""
    at = Place("canyon", 0.8, -10.0, (18.0, 2.0), 0.5, 0.6, 3.0)
    crack = np.zeros((2, 2 * RATE))
    crack[:, 100] = 1.0
    tail = reverberant(crack, at, np.random.default_rng(1), loss_hz=20_000.0) - crack

    assert 10 * np.log10(np.sum(tail[0] ** 2)) == pytest.approx(-10, abs=2)
    assert np.sum(tail[0, RATE:] ** 2) < 1e-5 * np.sum(tail[0] ** 2)
    assert abs(np.corrcoef(tail[0], tail[1])[0, 1]) < 0.2


def test_the_truth_of_a_steady_pass_is_in_its_sound():
    """The comb of the stated firing frequency fits the sound better than one beside it, in nearly all frames."""
    found = []
    for family in ("four", "six", "moped_two_stroke"):
        rng = np.random.default_rng(3)
        motor = engine(family, rng)
        done = manoeuvres.steady(motor, 4.0 + LEAD_S, rng)
        heard = in_street(motor, done, 4.0, place("country", rng), rng, tyres=0.1)
        for frame in range(2, heard.firing_hz.size - 2):
            part = heard.samples[0, (frame - 1) * RATE // 8 : (frame + 2) * RATE // 8]
            power = np.abs(np.fft.rfft(part * np.hanning(part.size), 4 * part.size)) ** 2
            combs = [
                sum(power[round(k * base * 4 * part.size / RATE)] for k in range(1, int(1000 / base) + 1))
                for base in heard.firing_hz[frame] * np.array([1 / 1.12, 1.0, 1.12])
            ]
            found.append(int(np.argmax(combs)) == 1)

    assert np.mean(found) > 0.9


def test_vehicles_that_cross_have_two_bearings():
    """One from the left, one from the right."""
    event = crossing(1)
    ways = np.sign(event.bearing_deg[:, -1] - event.bearing_deg[:, 0])

    assert event.samples.shape[0] == 2
    assert sorted(ways) == [-1.0, 1.0]
    assert np.array_equal(event.samples, crossing(1).samples)


def test_an_idling_motorcycle_is_called_so():
    """Firing slowly, standing."""
    event = idling(1)

    assert event.kind == "motorcycle_idle"
    assert event.behaviour == "idling"
    assert event.speed_m_s.max() == 0.0
    assert 5.0 < event.firing_hz.max() < 80.0


def test_a_band_limit_and_a_clock_do_what_they_say():
    """Nothing above the band, a tone of 1 kHz moved by two per cent."""
    rng = np.random.default_rng(1)
    narrow = Chain(0.0, 1, 0.0, (1000.0, 1.0, 0.0), 0.0, 1.0, soft=False, band_hz=5000.0, clock=1.0)
    power = np.abs(np.fft.rfft(narrow.applied(rng.standard_normal((1, RATE)))[0])) ** 2
    fast = Chain(0.0, 1, 0.0, (1000.0, 1.0, 0.0), 0.0, 1.0, soft=False, band_hz=0.0, clock=1.02)
    moved = fast.applied(tone(1000.0, 1.0)[np.newaxis])[0, : RATE * 9 // 10]

    assert power[6500:].mean() < 1e-5 * power[:4000].mean()
    assert frequency(moved) == pytest.approx(1020.0, abs=0.5)


def test_a_level_control_takes_away_part_of_a_change_of_level():
    """20 dB become 10 where half is squeezed away; and clipping keeps the peak under its limit."""
    x = tone(1000.0, 6.0)
    x[: 4 * RATE] *= 0.1
    squeezed = Chain(0.0, 1, 0.0, (1000.0, 1.0, 0.0), 0.5, 1.0, soft=False, band_hz=0.0, clock=1.0).applied(
        x[np.newaxis]
    )[0]
    clipped = Chain(0.0, 1, 0.0, (1000.0, 1.0, 0.0), 0.0, 0.5, soft=False, band_hz=0.0, clock=1.0).applied(
        x[np.newaxis]
    )[0]
    step = 20 * np.log10(np.std(squeezed[5 * RATE :]) / np.std(squeezed[3 * RATE : 4 * RATE]))

    assert step == pytest.approx(10.0, abs=1.0)
    assert np.abs(clipped).max() <= 0.5 + 1e-9


def test_a_plain_chain_changes_nothing_and_one_by_lot_is_finite():
    """The same samples; and any draw keeps the shape."""
    x = np.random.default_rng(1).standard_normal((2, RATE))

    assert np.allclose(PLAIN.applied(x), x)
    for seed in range(5):
        assert np.isfinite(chain(np.random.default_rng(seed)).applied(x)).all()


@pytest.mark.parametrize("kind", [*TRAIN_BACKGROUNDS, *HELD_OUT_BACKGROUNDS])
def test_a_background_lies_as_far_below_as_is_said(kind):
    """20 dB of LAFmax over LAeq, and no sound of its own scale."""
    x = tone(1000.0, 2.0)[np.newaxis]
    under = background(kind, x.shape[1], np.random.default_rng(2))
    mixed = over_background(x, under, 20.0)

    assert np.isfinite(mixed).all()
    assert 10 * np.log10(np.mean((mixed - x) ** 2) / np.mean(x**2)) > -25.0
