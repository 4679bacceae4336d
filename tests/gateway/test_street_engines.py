"""Engines of the street simulator: firing orders, pulses, pipes and drives, against what physics says of them."""

from dataclasses import replace

import numpy as np
import pytest

from gateway.virtual.street import manoeuvres
from gateway.virtual.street.drivetrain import Gearbox, in_gear, out_of_gear
from gateway.virtual.street.engines.engine import Engine
from gateway.virtual.street.engines.exhaust import sound
from gateway.virtual.street.engines.families import FAMILIES, engine
from gateway.virtual.street.engines.layout import LAYOUTS
from gateway.virtual.street.engines.pulses import firings, flow
from gateway.virtual.street.shaping import CONTROL, CONTROL_HZ, RATE

SIZE = 2 * RATE
KNOTS = SIZE // CONTROL + 1


def plain(family: str, seed: int = 1) -> Engine:
    """Return an engine of `family` whose cylinders are alike and whose firings do not scatter."""
    drawn = engine(family, np.random.default_rng(seed))
    cylinders = len(drawn.layout.angles)
    exhaust = replace(drawn.exhaust, headers_m=(0.5,) * cylinders, jet=0.0, second_pipe=1.0)
    return replace(
        drawn,
        exhaust=exhaust,
        strengths=(1.0,) * cylinders,
        scatter=0.0,
        jitter_deg=0.0,
        misfires=0.0,
        rattle=0.0,
        whine=0.0,
        four_strokes=False,
        pops_per_s=0.0,
    )


def heard(motor: Engine, rpm: float, load: float = 1.0):
    """Return two seconds of `motor` at an even speed."""
    still = np.zeros(KNOTS)
    return sound(motor, still + rpm, still + load, still, SIZE, np.random.default_rng(2))


def strength(x, hz: float) -> float:
    """Return the amplitude of `x` at `hz`."""
    t = np.arange(x.size) / RATE
    return float(np.abs(np.mean(x * np.hanning(x.size) * np.exp(-2j * np.pi * hz * t))))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("single", (720,)),
        ("two_stroke", (360,)),
        ("twin_180", (180, 540)),
        ("twin_270", (270, 450)),
        ("v_twin_45", (315, 405)),
        ("v_twin_90", (270, 450)),
        ("triple", (240, 240, 240)),
        ("four_cross_plane", (270, 180, 90, 180)),
        ("v8_cross_plane", (90,) * 8),
        ("v12", (60,) * 12),
    ],
)
def test_cylinders_fire_as_the_crank_says(name, expected):
    """Degrees from firing to firing."""
    assert LAYOUTS[name].intervals() == pytest.approx(expected)


def test_a_cross_plane_v8_is_uneven_in_each_of_its_exhausts_and_a_flat_plane_one_is_not():
    """90, 180 and 270 degrees against 180 throughout."""

    def gaps(name):
        layout = LAYOUTS[name]
        own = [angle for angle, bank in zip(layout.angles, layout.banks, strict=True) if bank == 0]
        return sorted(np.diff([*own, own[0] + layout.cycle]))

    assert gaps("v8_cross_plane") == [90, 180, 180, 270]
    assert gaps("v8_flat_plane") == [180, 180, 180, 180]


@pytest.mark.parametrize(
    ("family", "rpm", "expected"),
    [("single", 6000, 50.0), ("four", 9000, 300.0), ("moped_two_stroke", 9000, 150.0), ("v8", 6000, 400.0)],
)
def test_an_engine_sounds_at_its_firing_frequency(family, rpm, expected):
    """Even cylinders: the firing order and its harmonics, and next to nothing between them."""
    motor = plain(family)
    if family == "v8":
        motor = replace(motor, layout=LAYOUTS["v8_flat_plane"])
    x = heard(motor, rpm)

    assert expected == pytest.approx(motor.firing_hz(rpm))
    assert strength(x, expected) > 30 * strength(x, 1.5 * expected)


@pytest.mark.parametrize(("name", "half"), [("twin_360", False), ("twin_270", True), ("v_twin_45", True)])
def test_uneven_twins_have_half_orders(name, half):
    """At half the firing frequency, where an even twin has nothing."""
    x = heard(replace(plain("parallel_twin"), layout=LAYOUTS[name]), 6000)
    part = strength(x, 50.0) / strength(x, 100.0)

    assert (part > 0.03) if half else (part < 0.01)


def test_headers_of_unequal_length_make_half_orders_too():
    """A flat four with unequal headers: the same crank, and every cylinder's own order is heard."""
    even = plain("boxer_four")
    uneven = replace(even, exhaust=replace(even.exhaust, headers_m=(0.3, 0.9, 0.9, 0.3)))
    sounds = [heard(motor, 3000) for motor in (even, uneven)]
    parts = [strength(x, 75.0) / strength(x, 100.0) for x in sounds]

    assert parts[1] > 10 * parts[0]
    assert parts[1] > 0.02


def test_a_closed_open_pipe_rings_at_odd_quarter_waves():
    """A pulse in a pipe of 1 m without silencer: 130 and 390 Hz are stronger than 260 Hz."""
    motor = plain("single")
    way_out = replace(
        motor.exhaust,
        headers_m=(0.5,),
        pipe_m=0.5,
        gas_m_s=520.0,
        reflects=0.8,
        junction=0.0,
        silencer_hz=0.0,
        steepening_s=0.0,
        blur=0.0,
    )
    motor = replace(motor, exhaust=way_out, intake=0.0)
    x = heard(motor, 1200)  # ten orders a second apart: the envelope is that of the pipe
    low, between, high = (strength(x, hz) for hz in (130.0, 260.0, 390.0))

    assert low > 3 * between
    assert high > 2 * between


def test_open_throttle_is_louder_and_sharper():
    """More load, more of everything, and most above 1 kHz: fronts get steep, and steeper on their way."""
    motor = plain("single")
    motor = replace(
        motor,
        exhaust=replace(motor.exhaust, steepening_s=0.0003, silencer_hz=0.0),
        front_s=0.0005,
        closed=0.15,
    )
    hz = np.fft.rfftfreq(SIZE, 1 / RATE)
    low, high = [], []
    for load in (0.1, 1.0):
        power = np.abs(np.fft.rfft(heard(motor, 4000, load))) ** 2
        low.append(10 * np.log10(power[hz < 500].sum()))
        high.append(10 * np.log10(power[(hz > 1000) & (hz < 4000)].sum()))

    assert low[1] > low[0] + 6
    assert high[1] - high[0] > low[1] - low[0] + 2


def test_a_cut_leaves_pulses_out():
    """Ignition off: an eighth of the flow at most."""
    motor = plain("four")
    turns = np.arange(KNOTS) * CONTROL / RATE * 100.0
    flows = [
        flow(
            firings(motor, turns, np.ones(KNOTS), np.full(KNOTS, cut), CONTROL, np.random.default_rng(1)),
            SIZE,
        )
        for cut in (0.0, 1.0)
    ]

    assert flows[1].sum() < flows[0].sum() / 8


def test_pops_come_on_the_overrun_only():
    """With the throttle shut at high speed, and not while it is open or the engine idles."""
    motor = replace(plain("single"), pops_per_s=6.0)
    silent = replace(motor, pops_per_s=0.0)
    for part, load, expected in ((0.8, 0.0, True), (0.8, 1.0, False), (0.2, 0.0, False)):
        rpm = part * motor.top_rpm
        differs = not np.allclose(
            np.abs(heard(motor, rpm, load)).max(), np.abs(heard(silent, rpm, load)).max()
        )
        assert differs == expected


@pytest.mark.parametrize("family", FAMILIES)
def test_an_engine_follows_the_throttle_as_its_flywheel_allows(family):
    """Up within its own time, down within twice its own, never far over the limiter, never under idle."""
    motor = engine(family, np.random.default_rng(4))
    motor = replace(motor, lope=0.0)
    seconds = np.arange(int(6 * CONTROL_HZ)) / CONTROL_HZ
    drive = out_of_gear(motor, ((seconds > 1) & (seconds < 2.5)).astype(float), np.random.default_rng(1))
    up = np.argmax(drive.rpm > 0.85 * motor.top_rpm) / CONTROL_HZ - 1.0

    assert 0.4 * motor.spin_s < up < 1.5 * motor.spin_s
    assert drive.rpm.max() < 1.05 * motor.top_rpm
    assert drive.rpm.min() > 0.98 * motor.idle_rpm
    assert drive.cut.max() == 1.0  # held open, it reached its limiter
    assert drive.rpm[int((2.5 + 2 * motor.fall_s) * CONTROL_HZ)] < 0.4 * motor.top_rpm


def test_gears_are_changed_and_a_belt_holds_the_speed():
    """With gears the engine's speed falls at each shift; a belt drive climbs once and stays."""
    motor = replace(engine("single", np.random.default_rng(4)), lope=0.0)
    throttle = np.ones(int(6 * CONTROL_HZ))
    geared = in_gear(
        motor, Gearbox((12.0, 18.0, 24.0), 6.0), throttle, np.random.default_rng(1), start_m_s=5.0
    )
    belted = in_gear(
        motor, Gearbox((20.0,), 3.0, belt=0.8), throttle, np.random.default_rng(1), start_m_s=2.0
    )
    late = belted.rpm[int(1.5 * CONTROL_HZ) :]

    assert geared.rpm.max() - geared.rpm[int(1.0 * CONTROL_HZ) :].min() > 0.2 * motor.top_rpm
    assert np.all(np.diff(geared.way_m) >= 0)
    assert late.max() / late.min() < 1.3
    assert belted.speed_m_s[-1] > 2 * belted.speed_m_s[0]


@pytest.mark.parametrize("name", sorted({**manoeuvres.STANDING, **manoeuvres.MOVING}))
def test_every_manoeuvre_can_be_driven_by_every_family(name):
    """Finite, within the engine's range, load and cut within 0 and 1; and the standing ones stand."""
    for family in FAMILIES:
        rng = np.random.default_rng(6)
        motor = engine(family, rng)
        drive = {**manoeuvres.STANDING, **manoeuvres.MOVING}[name](motor, 4.0, rng).drive
        assert 0.5 * motor.idle_rpm < drive.rpm.min()
        assert drive.rpm.max() < 1.15 * motor.top_rpm
        assert 0.0 <= min(drive.load.min(), drive.cut.min())
        assert max(drive.load.max(), drive.cut.max()) <= 1.0
        assert (drive.way_m[-1] == 0.0) == (name in manoeuvres.STANDING)
